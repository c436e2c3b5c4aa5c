/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was given to judge and to believe, from the options into libattest. Whatever cannot be read
 * is said here, and is an exit class.
 */
#pragma once

#include "base/bytes.h"
#include "ctl/verb.h"

#include <attest/input.h>

static inline void attest_input_freep(attest_input **input)
{
    (void)attest_input_free(*input);
}

/* The rows of an option list that give an item; tests/check/manuals looks for them. */
#define FILE_OPTION(name_, member_, item_, needed_, help_)                                         \
    {                                                                                              \
        .name = (name_), .kind = OPTION_ONE, .offset = offsetof(Options, member_),                 \
        .value = "FILE", .help = (help_), .is_required = (needed_), .item = (item_)                \
    }
#define FILES_OPTION(name_, member_, item_, help_)                                                 \
    {                                                                                              \
        .name = (name_), .kind = OPTION_TEXTS, .offset = offsetof(Options, member_),               \
        .value = "FILE", .help = (help_), .item = (item_)                                          \
    }
#define HEX_OPTION(name_, member_, item_, help_)                                                   \
    {                                                                                              \
        .name = (name_), .kind = OPTION_ONE, .offset = offsetof(Options, member_), .value = "HEX", \
        .help = (help_), .item = (item_)                                                           \
    }

#define NEEDED true
#define EXTRA  false

/*
 * Everything that the options of the verb name: files, bytes as hex, certificates, --roots. 0, else
 * an exit class.
 */
_must_check_ int input_gather(const Options *options, attest_input **ret);

/* What the file PATH holds. 0, else an exit class. */
_must_check_ int input_read_file(const Options *options, const char *path, Bytes *ret);
/* Adds that. 0, else an exit class. */
_must_check_ int input_add_file(const Options *options, attest_input *input, attest_item item,
                                const char *path);
/* Adds BYTES, which SUBJECT names in a complaint. 0, else an exit class. */
_must_check_ int input_add_bytes(const Options *options, attest_input *input, attest_item item,
                                 ByteView bytes, const char *subject);

/*
 * --at, or with NOW the present time; without either dates are not judged. 0, else an exit class.
 */
_must_check_ int input_set_time(const Options *options, attest_input *input, bool now);

/*
 * Says on stderr that SUBJECT cannot be used, by the catalogue's entry NAME; when a verdict as JSON
 * was asked for, says so there as well. EXIT_CLASS_USAGE.
 */
int input_refuse(const Options *options, const char *name, const char *subject, const char *found);
