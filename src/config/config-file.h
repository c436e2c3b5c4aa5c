/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dialect of one configuration file: sections, assignments, comments, continuation lines, as in
 * systemd.syntax(7). Which sections and keys exist is not known here.
 */
#pragma once

#include "config/config.h"

/* What stands on one (continued) line. Borrowed, valid during the call. */
typedef struct ConfigLine {
    const char *path;
    unsigned line;       /* the first of continued lines, from 1 */
    const char *section; /* "Verifier"; NULL: none yet */
    const char *name;    /* of [Verifier NAME]; NULL: none */
    const char *key;     /* NULL: this is the section's header */
    const char *value;   /* trimmed; "" for an empty assignment */
} ConfigLine;

/* Negative errno stops. */
typedef int ConfigLineHandler(const ConfigLine *line, void *userdata);

/*
 * Hands every header and assignment of TEXT to HANDLER, in order. What is none of them becomes a
 * finding. -ENOMEM or what HANDLER returned.
 */
_must_check_ int config_file_parse(const char *path, ByteView text, ConfigLineHandler *handler,
                                   void *userdata, Findings *findings);

/* Adds the failure NAME at "PATH:LINE", or at PATH for line 0. -ENOMEM. */
_must_check_ int config_refuse(Findings *findings, const char *name, const char *path,
                               unsigned line, const char *found, const char *wanted);
