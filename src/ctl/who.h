/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may ask for a secret, as a person writes and reads it: users by their names, which a file
 * has as numbers.
 */
#pragma once

#include "ctl/verb.h"
#include "secret/secret-file.h"

enum {
    WHO_OK,
    WHO_E_USER,    /* there is no user of this name here */
    WHO_E_GRAMMAR, /* names nobody who asks for secrets */
};

/*
 * "user:NAME" becomes "user:UID"; everything else stays as it is. RET is owned. A named no or
 * negative errno.
 */
_must_check_ int who_parse(const char *text, char **ret);
/* "user:UID" becomes "user:NAME" where that user has one. Owned; NULL when out of memory. */
char *who_text(const char *who);

/* The names of --for as a list, a new reference. 0, else an exit class with its complaint. */
_must_check_ int who_of_options(const Options *options, json_t **ret);
/* Those of HEADER as a list, a new reference; NULL when out of memory. */
json_t *who_of_header(const SecretHeader *header);
