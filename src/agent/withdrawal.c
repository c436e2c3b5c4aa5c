/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One entry after the other: first what stops somebody, then what only tells.
 */
#include "agent/withdrawal.h"

#include <string.h>

static void carry_out(const Withdrawal *withdrawal, const Release *release)
{
    int r = 0;

    switch (release->on_loss) {
    case ON_LOSS_STOP_UNITS:
        if (*release->asker)
            r = standing_files_stop_unit(withdrawal->files, release->asker);
        break;
    case ON_LOSS_POWEROFF:
        if (withdrawal->may_power_off)
            r = standing_files_power_off(withdrawal->files);
        break;
    case ON_LOSS_KEEP:
    case N_ON_LOSS:
        break;
    }
    if (r < 0)
        publish_loss_failed(withdrawal->context, release, r);
}

/* Of all that are the same secret, or the same version of it. */
static bool is_first(const Releases *releases, size_t index, bool of_its_version)
{
    const Release *release = &releases->items[index];

    for (size_t i = 0; i < index; i++)
        if (strcmp(releases->items[i].secret, release->secret) == 0 &&
            (!of_its_version || releases->items[i].version == release->version))
            return false;
    return true;
}

/* Did an entry before the one at INDEX say that ASKER, "": somebody, has this version? */
static bool is_told(const Releases *releases, size_t index, const char *asker)
{
    const Release *release = &releases->items[index];

    for (size_t i = 0; i < index; i++) {
        const Release *item = &releases->items[i];
        if (strcmp(item->secret, release->secret) == 0 && item->version == release->version &&
            (*asker ? release_is_held_by(item, asker) : item->has_unknown_holders))
            return true;
    }
    return false;
}

static void tell(const Withdrawal *withdrawal, size_t index)
{
    const Releases *releases = withdrawal->releases;
    const Release *release = &releases->items[index];

    for (const char *holder = release_next_holder(release, NULL); holder;
         holder = release_next_holder(release, holder))
        if (!is_told(releases, index, holder))
            publish_withdrawn(withdrawal->context, release, holder, withdrawal->finding);
    if (release->has_unknown_holders && !is_told(releases, index, ""))
        publish_withdrawn(withdrawal->context, release, "", withdrawal->finding);
}

void withdrawal_carry_out(const Withdrawal *withdrawal)
{
    const Releases *releases = withdrawal->releases;

    for (size_t i = 0; i < releases->n_items; i++)
        carry_out(withdrawal, &releases->items[i]);
    for (size_t i = 0; i < releases->n_items; i++) {
        if (is_first(releases, i, true))
            metrics_note_withdrawn(withdrawal->context->metrics);
        tell(withdrawal, i);
        if (withdrawal->bus && is_first(releases, i, false))
            bus_announce_withdrawn(withdrawal->bus, releases->items[i].secret);
    }
}
