/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list without doubles. Who has a secret makes an entry of its own where something is done about
 * it; else it is a name for the journal, which is neither worth a refusal nor kept for the next
 * run.
 */
#include "agent/releases.h"

#include "agent/asker.h"

#include <errno.h>
#include <string.h>

static void release_done(Release *release)
{
    free(release->secret);
    free(release->asker);
    free(release->gate);
    free(release->holders);
}

void releases_done(Releases *releases)
{
    for (size_t i = 0; i < releases->n_items; i++)
        release_done(&releases->items[i]);
    free(releases->items);
    *releases = (Releases){ 0 };
}

static Release *find(const Releases *releases, const Release *like)
{
    for (size_t i = 0; i < releases->n_items; i++) {
        Release *item = &releases->items[i];
        if (item->on_loss == like->on_loss && item->version == like->version &&
            strcmp(item->secret, like->secret) == 0 && strcmp(item->asker, like->asker) == 0)
            return item;
    }
    return NULL;
}

const char *release_next_holder(const Release *release, const char *previous)
{
    const char *next = release->holders;

    if (!previous && *release->asker)
        return release->asker;
    if (previous && previous != release->asker)
        next = previous + strlen(previous) + 1;
    return next && next < release->holders + release->holders_size ? next : NULL;
}

bool release_is_held_by(const Release *release, const char *asker)
{
    for (const char *holder = release_next_holder(release, NULL); holder;
         holder = release_next_holder(release, holder))
        if (strcmp(holder, asker) == 0)
            return true;
    return false;
}

static int add_holder(Releases *releases, Release *release, const char *asker)
{
    size_t size = strlen(asker) + 1;

    if (release_is_held_by(release, asker))
        return RELEASES_OK;
    if (releases->holders_size + size > RELEASES_HOLDERS_MAX) {
        release->has_unknown_holders = true;
        return RELEASES_OK;
    }
    char *holders = realloc(release->holders, release->holders_size + size);
    if (!holders)
        return -ENOMEM;
    memcpy(holders + release->holders_size, asker, size);
    release->holders = holders;
    release->holders_size += (uint32_t)size;
    releases->holders_size += size;
    return RELEASES_OK;
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

static int add(Releases *releases, const Release *like)
{
    if (releases->n_items >= RELEASES_MAX)
        return RELEASES_E_FULL;
    Release copy = { .secret = strdup(like->secret),
                     .asker = strdup(like->asker),
                     .on_loss = like->on_loss,
                     .gate = like->gate ? strdup(like->gate) : NULL,
                     .version = like->version };
    return append(releases, copy);
}

/* A user has no unit that could be stopped. */
static bool has_unit(const char *asker)
{
    return strncmp(asker, ASKER_USER_PREFIX, strlen(ASKER_USER_PREFIX)) != 0;
}

int releases_note(Releases *releases, const Release *release)
{
    bool matters = release->on_loss == ON_LOSS_STOP_UNITS && has_unit(release->asker);
    char nobody[] = "";
    Release like = *release;

    if (!matters)
        like.asker = nobody;
    Release *noted = find(releases, &like);
    if (!noted) {
        int r = add(releases, &like);
        if (r)
            return r;
        noted = &releases->items[releases->n_items - 1];
    }
    return matters ? RELEASES_OK : add_holder(releases, noted, release->asker);
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
    return append(releases, (Release){ .secret = strdup(secret),
                                       .asker = strdup(asker),
                                       .on_loss = value,
                                       .has_unknown_holders = !*asker });
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
