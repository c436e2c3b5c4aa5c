/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attest_inspect(): asks every recogniser. Exactly one must say yes.
 */
#include "attest/recognise.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define INSPECT_SIZE_MAX ((size_t)16 << 20) /* bytes; above the largest of any format */
#define NAMES_MAX        160                /* bytes of a list of kinds */

/* What the recognisers said. Owned. */
typedef struct Recognised {
    const char *kind;
    json_t *content;
    size_t n_kinds;
    char kinds[NAMES_MAX]; /* names of all that said yes */
    const char *damaged_kind;
    const char *damaged_reason;
    size_t n_damaged;
} Recognised;

static const Recogniser *const tables[] = {
    recognisers_hardware,
    recognisers_tpm,
    recognisers_text,
    recognisers_x509,
};

static void note_kind(Recognised *recognised, const char *kind)
{
    size_t used = strlen(recognised->kinds);

    (void)snprintf(recognised->kinds + used, sizeof(recognised->kinds) - used, "%s%s",
                   used > 0 ? ", " : "", kind);
}

static int ask(const Recogniser *recogniser, ByteView bytes, Recognised *recognised)
{
    const char *reason = "cannot be read";
    json_t *content = NULL;

    int r = recogniser->recognise(bytes, &reason, &content);
    if (r < 0)
        return r;
    if (r == RECOGNISE_E_DAMAGED) {
        recognised->n_damaged++;
        recognised->damaged_kind = recogniser->kind;
        recognised->damaged_reason = reason;
    }
    if (r != RECOGNISE_OK)
        return 0;
    note_kind(recognised, recogniser->kind);
    recognised->n_kinds++;
    json_decref(recognised->content);
    recognised->content = content;
    recognised->kind = recogniser->kind;
    return 0;
}

static int ask_all(ByteView bytes, Recognised *recognised)
{
    for (size_t i = 0; i < ELEMENTSOF(tables); i++)
        for (const Recogniser *recogniser = tables[i]; recogniser->kind; recogniser++) {
            int r = ask(recogniser, bytes, recognised);
            if (r < 0)
                return r;
        }
    return 0;
}

static int conclude(Outcome *outcome, const Recognised *recognised)
{
    if (recognised->n_kinds == 1) {
        outcome->kind = recognised->kind;
        return json_object_update(outcome->claims, recognised->content) ? -ENOMEM : 0;
    }
    if (recognised->n_kinds > 1)
        return outcome_unreadable(outcome, "item-ambiguous", "file", "one kind", "it might be: %s",
                                  recognised->kinds);
    if (recognised->n_damaged != 1)
        return outcome_unreadable(outcome, "item-unknown", "file", NULL, "of no kind known here");
    outcome->kind = recognised->damaged_kind;
    return outcome_unreadable(outcome, "item-damaged", "file", NULL, "%s: %s",
                              recognised->damaged_kind, recognised->damaged_reason);
}

int attest_inspect(const void *data, size_t size, attest_result **ret)
{
    _cleanup_outcome_ Outcome outcome = { 0 };
    Recognised recognised = { 0 };

    if (!data && size > 0)
        return -EINVAL;
    int r = outcome_init(&outcome, "");
    if (r < 0)
        return r;
    if (size == 0)
        r = outcome_unreadable(&outcome, "item-unknown", "file", NULL, "empty");
    else if (size > INSPECT_SIZE_MAX)
        r = outcome_unreadable(&outcome, "item-unknown", "file", NULL, "larger than any evidence");
    else
        r = ask_all((ByteView){ .data = data, .size = size }, &recognised);
    if (r >= 0 && !outcome.unreadable)
        r = conclude(&outcome, &recognised);
    json_decref(recognised.content);
    return r < 0 ? r : outcome_to_content(&outcome, ret);
}
