/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is out: the secrets that were given out since a verdict is held, to whom, and what follows
 * when the verdict is lost. Names only. Pure.
 */
#pragma once

#include "base/json.h"
#include "format/on-loss.h"

#define RELEASES_MAX 1024 /* entries; as many secrets as are listed */
/* Bytes of the names of all who are not to be stopped; beyond that some are not known by name. */
#define RELEASES_HOLDERS_MAX (64 * 1024)

typedef struct Release {
    char *secret;
    char *asker; /* whose unit is to be stopped; "": nobody's */
    OnLoss on_loss;
    char *gate;       /* NULL: of a run before, which did not say */
    uint64_t version; /* likewise 0 */
    /* Who else has it, and is not stopped: see release_next_holder(). */
    char *holders; /* texts with their NUL, one behind the other */
    uint32_t holders_size;
    bool has_unknown_holders; /* of a run before, or beyond RELEASES_HOLDERS_MAX */
} Release;

/* Each entry once. Owned: releases_done(). Zeroed is empty. */
typedef struct Releases {
    Release *items;
    size_t n_items;
    size_t holders_size; /* bytes, of all items */
} Releases;

void releases_done(Releases *releases);

enum {
    RELEASES_OK,
    RELEASES_E_FULL,   /* what could not be taken back must not be given out */
    RELEASES_E_MEMBER, /* from_json: not what releases_to_json() wrote */
};

/*
 * A secret goes to an asker ("unit:db.service"): these, on_loss, gate and version are copied. A
 * named no or -ENOMEM.
 */
_must_check_ int releases_note(Releases *releases, const Release *release);

/*
 * Each who has RELEASE and is known by name, its asker first: the one after PREVIOUS, the first for
 * NULL, NULL after the last. Borrowed.
 */
const char *release_next_holder(const Release *release, const char *previous);
bool release_is_held_by(const Release *release, const char *asker);

/* [{"secret", "asker", "on_loss"}, …], without the other holders; NULL: no memory. */
json_t *releases_to_json(const Releases *releases);
_must_check_ int releases_from_json(const json_t *array, Releases *ret);
