/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list without doubles. Who has a secret matters only where something is done about it.
 */
#include "agent/releases.h"

#include "agent/asker.h"

#include <errno.h>
#include <string.h>

static void release_done(Release *release)
{
    free(release->secret);
    free(release->asker);
}

void releases_done(Releases *releases)
{
    for (size_t i = 0; i < releases->n_items; i++)
        release_done(&releases->items[i]);
    free(releases->items);
    *releases = (Releases){ 0 };
}

static bool is_noted(const Releases *releases, const Release *like)
{
    for (size_t i = 0; i < releases->n_items; i++) {
        const Release *item = &releases->items[i];
        if (item->on_loss == like->on_loss && strcmp(item->secret, like->secret) == 0 &&
            strcmp(item->asker, like->asker) == 0)
            return true;
    }
    return false;
}

/* Takes RELEASE, also on failure. */
static int append(Releases *releases, Release release)
{
    Release *items = NULL;

    if (release.secret && release.asker)
        items = realloc(releases->items, (releases->n_items + 1) * sizeof(*items));
    if (!items) {
        release_done(&release);
        return -ENOMEM;
    }
    items[releases->n_items++] = release;
    releases->items = items;
    return RELEASES_OK;
}

/* A user has no unit that could be stopped. */
static bool has_unit(const char *asker)
{
    return strncmp(asker, ASKER_USER_PREFIX, strlen(ASKER_USER_PREFIX)) != 0;
}

int releases_note(Releases *releases, const char *secret, const char *asker, OnLoss on_loss)
{
    bool matters = on_loss == ON_LOSS_STOP_UNITS && has_unit(asker);
    const char *who = matters ? asker : "";
    Release release = { .on_loss = on_loss };

    release.secret = strdup(secret);
    release.asker = strdup(who);
    if (release.secret && release.asker && is_noted(releases, &release)) {
        release_done(&release);
        return RELEASES_OK;
    }
    if (releases->n_items >= RELEASES_MAX) {
        release_done(&release);
        return RELEASES_E_FULL;
    }
    return append(releases, release);
}

json_t *releases_to_json(const Releases *releases)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; array && i < releases->n_items; i++) {
        const Release *release = &releases->items[i];
        json_t *item = json_pack("{ss ss ss}", "secret", release->secret, "asker", release->asker,
                                 "on_loss", on_loss_name(release->on_loss));
        if (json_array_append_new(array, item) < 0)
            return NULL;
    }
    return TAKE_PTR(array);
}

static int read_item(const json_t *item, Releases *releases)
{
    const char *secret, *asker, *on_loss;
    OnLoss value;

    if (json_get_string(item, "secret", &secret) || json_get_string(item, "asker", &asker) ||
        json_get_string(item, "on_loss", &on_loss) || !on_loss_by_name(on_loss, &value))
        return RELEASES_E_MEMBER;
    return append(releases, (Release){ strdup(secret), strdup(asker), value });
}

int releases_from_json(const json_t *array, Releases *ret)
{
    _cleanup_(releases_done) Releases releases = { 0 };
    size_t i;
    json_t *item;

    if (!json_is_array(array) || json_array_size(array) > RELEASES_MAX)
        return RELEASES_E_MEMBER;
    json_array_foreach (array, i, item) {
        int r = read_item(item, &releases);
        if (r)
            return r;
    }
    *ret = TAKE_STRUCT(releases);
    return RELEASES_OK;
}
