/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the options of attestctl gate add to a gate.
 */
#pragma once

#include "ctl/verb.h"
#include "format/gate-file.h"

/*
 * The gate NAME that OPTIONS describe; what does not go with its kind is refused before a file is
 * read. 0, else an exit class with its complaint.
 */
_must_check_ int gate_make(const char *name, const Options *options, GateFile *ret);
/*
 * Gives GATE the keys that its verifier has now, by --trust and --next-release-key, or its vault,
 * by --key and --key-url; the rest stays. 0, else an exit class with its complaint; then some of
 * the keys may have changed.
 */
_must_check_ int gate_renew(const Options *options, GateFile *gate);
/* The trust file PATH, a new reference; NULL when it was complained of. */
json_t *gate_make_trust(const char *path);
/*
 * The certificates in the file PATH, owned text; untouched when PATH is NULL. REMEDY says which are
 * wanted. 0, else an exit class with its complaint.
 */
_must_check_ int gate_make_ca(const char *path, const char *remedy, char **ret);
