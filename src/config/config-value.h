/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of value a setting may have: how each is read, reset, shown, and described to someone
 * who wrote something else.
 */
#pragma once

#include "config/config.h"

#define CONFIG_VALUE_MAX      4096 /* bytes of one value */
#define CONFIG_VALUE_WHAT_MAX 256  /* bytes of an explanation, NUL included */

enum {
    CONFIG_VALUE_OK,
    CONFIG_VALUE_E_INVALID, /* not of this kind, or out of range */
    CONFIG_VALUE_E_UNIT,    /* a time with a unit that does not exist */
    CONFIG_VALUE_E_MANY,    /* more items than the list may have */
};

typedef struct ConfigValueType {
    /*
     * Reads TEXT into FIELD: replaces a single value, appends to a list. DETAIL is the row's. On a
     * named no FOUND says what exactly was wrong and FIELD is unchanged, or a list has grown.
     * A named no or -ENOMEM.
     */
    int (*parse)(const char *text, const char *detail, void *field,
                 char found[static CONFIG_VALUE_WHAT_MAX]);
    /* Frees and zeroes FIELD. */
    void (*reset)(void *field);
    /* Text, or an array of texts, as it would be written. NULL when out of memory. */
    json_t *(*show)(const void *field);
    const char *wanted; /* what would have been right; NULL: the row's detail says it */
} ConfigValueType;

extern const ConfigValueType config_value_text;       /* char *, printable */
extern const ConfigValueType config_value_choice;     /* char *, one of DETAIL: "a|b|c" */
extern const ConfigValueType config_value_path;       /* char *, absolute */
extern const ConfigValueType config_value_log_path;   /* char *, absolute or "none" */
extern const ConfigValueType config_value_bool;       /* bool */
extern const ConfigValueType config_value_time;       /* uint64_t usec, DETAIL "MIN MAX" */
extern const ConfigValueType config_value_tcti;       /* char *, "NAME[:CONF]" or "none" */
extern const ConfigValueType config_value_handle;     /* char *, auto, template or 0x81…… */
extern const ConfigValueType config_value_index;      /* char *, 0x01…… */
extern const ConfigValueType config_value_pcrs;       /* uint32_t, bit n: PCR n */
extern const ConfigValueType config_value_proxy;      /* char *, URL of a proxy */
extern const ConfigValueType config_value_metadata;   /* char *, URL on this link or "none" */
extern const ConfigValueType config_value_kds;        /* char *, https, or as above */
extern const ConfigValueType config_value_version;    /* char *, "" or as in 2022-08-01 */
extern const ConfigValueType config_value_urls;       /* Texts, https */
extern const ConfigValueType config_value_pins;       /* Texts, sha256//BASE64 */
extern const ConfigValueType config_value_algorithms; /* Texts, among DETAIL */
extern const ConfigValueType config_value_rules;      /* Texts, one Require= rule each */

void texts_done(Texts *texts);
/* Copies TEXT. -ENOMEM. */
_must_check_ int texts_add(Texts *texts, const char *text);
/* Array of texts; NULL when out of memory. */
json_t *texts_to_json(const Texts *texts);
/* Replaces *FIELD by a copy of TEXT. -ENOMEM; unchanged on failure. */
_must_check_ int text_replace(char **field, const char *text);
/* An https URL without user information, query or fragment, of bounded size. */
bool url_is_acceptable(const char *url);
/* Printable ASCII, not empty, within CONFIG_VALUE_MAX. */
bool text_is_printable(const char *text);
