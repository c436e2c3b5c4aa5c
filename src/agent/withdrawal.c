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

static bool is_first_of_its_secret(const Releases *releases, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(releases->items[i].secret, releases->items[index].secret) == 0)
            return false;
    return true;
}

void withdrawal_carry_out(const Withdrawal *withdrawal)
{
    const Releases *releases = withdrawal->releases;

    for (size_t i = 0; i < releases->n_items; i++)
        carry_out(withdrawal, &releases->items[i]);
    for (size_t i = 0; i < releases->n_items; i++) {
        if (!is_first_of_its_secret(releases, i))
            continue;
        publish_withdrawn(withdrawal->context, releases->items[i].secret);
        if (withdrawal->bus)
            bus_announce_withdrawn(withdrawal->bus, releases->items[i].secret);
    }
}
