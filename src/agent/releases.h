/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is out: the secrets that were given out since a verdict is held, to whom where that matters,
 * and what follows when the verdict is lost. Names only. Pure.
 */
#pragma once

#include "base/json.h"
#include "format/on-loss.h"

#define RELEASES_MAX 1024 /* entries; as many secrets as are listed */

typedef struct Release {
    char *secret;
    char *asker; /* whose unit is to be stopped; "": nobody's */
    OnLoss on_loss;
} Release;

/* Each entry once. Owned: releases_done(). Zeroed is empty. */
typedef struct Releases {
    Release *items;
    size_t n_items;
} Releases;

void releases_done(Releases *releases);

enum {
    RELEASES_OK,
    RELEASES_E_FULL,   /* what could not be taken back must not be given out */
    RELEASES_E_MEMBER, /* from_json: not what releases_to_json() wrote */
};

/* SECRET goes to ASKER ("unit:db.service"). A named no or -ENOMEM. */
_must_check_ int releases_note(Releases *releases, const char *secret, const char *asker,
                               OnLoss on_loss);

/* [{"secret", "asker", "on_loss"}, …]; NULL: no memory. */
json_t *releases_to_json(const Releases *releases);
_must_check_ int releases_from_json(const json_t *array, Releases *ret);
