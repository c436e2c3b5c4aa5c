/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of settings. It drives the parser, `attestctl config` and the check against
 * docs/man/attestd.conf.5.
 */
#pragma once

#include "config/config-value.h"

typedef struct ConfigKey {
    const char *section; /* "Evidence", "Verifier", "Schedule", "Secrets" */
    const char *key;
    const ConfigValueType *type; /* its parse function, and how it is reset and shown */
    size_t offset;               /* within the section's struct */
    const char *fallback;        /* the default, as it would be written; NULL: unset */
    const char *detail;          /* choices or range, for type->parse */
} ConfigKey;

extern const ConfigKey config_keys[];
extern const size_t n_config_keys;

/* N_CONFIG_KEYS when there is no such key. */
size_t config_key_find(const char *section, const char *key);
bool config_section_exists(const char *section);
/* What would have been right for this row. Static text. */
const char *config_key_wanted(const ConfigKey *key);
/* "Source=, Device=, …" of one section. Owned; NULL when out of memory. */
char *config_keys_text(const char *section);

/*
 * Where the value of row INDEX lives in CONFIG, and where its origin is noted. VERIFIER is used for
 * rows of [Verifier].
 */
void *config_field(Config *config, VerifierConfig *verifier, size_t index);
const void *config_field_const(const Config *config, const VerifierConfig *verifier, size_t index);
char **config_origin(Config *config, VerifierConfig *verifier, size_t index);
