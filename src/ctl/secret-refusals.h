/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who was refused which secret in this boot, and why, as attestd told the journal: its properties
 * are for everybody's eyes, and names of secrets are not.
 */
#pragma once

#include "base/json.h"

#define SECRET_REFUSALS_MAX 256 /* of askers and secrets; the newest count */

/* What became of the last time that ASKER asked for SECRET. */
typedef struct SecretRefusal {
    char *secret, *asker; /* printable; ASKER may be "" */
    bool is_released;     /* then the rest is empty */
    char *finding;        /* of the catalogue */
    char *text;           /* what the journal says, printable */
    uint64_t realtime_usec;
} SecretRefusal;

/* Owned: secret_refusals_done(). Zeroed is empty. */
typedef struct SecretRefusals {
    SecretRefusal *items;
    size_t n_items;
} SecretRefusals;

void secret_refusals_done(SecretRefusals *refusals);
#define _cleanup_secret_refusals_ _cleanup_(secret_refusals_done)

enum { SECRET_REFUSALS_OK, SECRET_REFUSALS_E_FULL };

/*
 * Notes one record of the journal, newest first: an older one of the same asker and secret counts
 * no more. Its texts are copied, printable and cut. A named no or -ENOMEM.
 */
_must_check_ int secret_refusals_note(SecretRefusals *refusals, const SecretRefusal *record);
/* Of this boot and of attestd.service; none where there is no journal to read. -ENOMEM. */
_must_check_ int secret_refusals_read(SecretRefusals *ret);

/* Was somebody refused NAME who has not got it since? */
bool secret_refusals_has(const SecretRefusals *refusals, const char *name);
/* [{"asker", "finding", "text", "at_usec"}, …] of NAME, newest first; NULL: no memory. */
json_t *secret_refusals_to_json(const SecretRefusals *refusals, const char *name);
/* The same for a person, a line each. */
void secret_refusals_print(const SecretRefusals *refusals, const char *name);
