/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of what is out.
 */
#include "agent/releases.h"
#include "testing.h"

#include <string.h>

static int note(Releases *releases, const char *secret, const char *asker, OnLoss on_loss)
{
    const Release release = { .secret = (char *)(uintptr_t)secret,
                              .asker = (char *)(uintptr_t)asker,
                              .on_loss = on_loss };

    return releases_note(releases, &release);
}

static void each_is_noted_once(void)
{
    _cleanup_(releases_done) Releases releases = { 0 };

    check_int(note(&releases, "a", "unit:x.service", ON_LOSS_STOP_UNITS), RELEASES_OK);
    check_int(note(&releases, "a", "unit:x.service", ON_LOSS_STOP_UNITS), RELEASES_OK);
    check_int(note(&releases, "a", "unit:y.service", ON_LOSS_STOP_UNITS), RELEASES_OK);
    check_int(note(&releases, "b", "unit:x.service", ON_LOSS_STOP_UNITS), RELEASES_OK);
    check_int(releases.n_items, 3);
    check_str(releases.items[1].asker, "unit:y.service");
}

static void who_has_it_matters_only_where_somebody_is_stopped(void)
{
    _cleanup_(releases_done) Releases releases = { 0 };

    check_int(note(&releases, "a", "unit:x.service", ON_LOSS_KEEP), RELEASES_OK);
    check_int(note(&releases, "a", "unit:y.service", ON_LOSS_KEEP), RELEASES_OK);
    check_int(note(&releases, "b", "unit:x.service", ON_LOSS_POWEROFF), RELEASES_OK);
    check_int(note(&releases, "b", "user:0", ON_LOSS_POWEROFF), RELEASES_OK);
    check_int(note(&releases, "c", "user:1000", ON_LOSS_STOP_UNITS), RELEASES_OK);
    check_int(releases.n_items, 3);
    for (size_t i = 0; i < 3; i++)
        check_str(releases.items[i].asker, "");
}

static size_t count_holders(const Release *release)
{
    size_t n = 0;

    for (const char *at = release_next_holder(release, NULL); at;
         at = release_next_holder(release, at))
        n++;
    return n;
}

static void who_has_it_is_known_all_the_same(void)
{
    _cleanup_(releases_done) Releases releases = { 0 };

    check_int(note(&releases, "a", "unit:x.service", ON_LOSS_KEEP), RELEASES_OK);
    check_int(note(&releases, "a", "unit:x.service", ON_LOSS_KEEP), RELEASES_OK);
    check_int(note(&releases, "a", "user:0", ON_LOSS_KEEP), RELEASES_OK);
    check_int(note(&releases, "a", "unit:x", ON_LOSS_KEEP), RELEASES_OK);
    check_int(note(&releases, "c", "user:1000", ON_LOSS_STOP_UNITS), RELEASES_OK);
    check_int(note(&releases, "d", "unit:x.service", ON_LOSS_STOP_UNITS), RELEASES_OK);
    const Release *a = &releases.items[0], *d = &releases.items[2];
    check_int(count_holders(a), 3);
    check_str(release_next_holder(a, NULL), "unit:x.service");
    check(release_is_held_by(a, "unit:x") && release_is_held_by(a, "user:0"));
    check(!release_is_held_by(a, "unit:x.serv") && !release_is_held_by(a, ""));
    check(release_is_held_by(&releases.items[1], "user:1000"));
    check_int(count_holders(d), 1);
    check_str(release_next_holder(d, NULL), "unit:x.service");
    check(!a->has_unknown_holders && !d->has_unknown_holders);
}

static void who_has_it_beyond_the_bound_is_not_refused_for_that(void)
{
    _cleanup_(releases_done) Releases releases = { 0 };
    char asker[128];
    size_t n;

    for (int i = 0; i < RELEASES_HOLDERS_MAX / 64; i++) {
        (void)snprintf(asker, sizeof(asker), "unit:%0100d.service", i);
        check_int(note(&releases, "a", asker, ON_LOSS_KEEP), RELEASES_OK);
    }
    check_int(
        note(&releases, "b", "unit:x-that-comes-too-late-to-be-remembered.service", ON_LOSS_KEEP),
        RELEASES_OK);
    n = count_holders(&releases.items[0]);
    check(n > 0 && n < RELEASES_HOLDERS_MAX / 64);
    check(releases.holders_size <= RELEASES_HOLDERS_MAX);
    check(releases.items[0].has_unknown_holders);
}

static void a_secret_that_was_sealed_anew_is_noted_as_it_is_now_too(void)
{
    _cleanup_(releases_done) Releases releases = { 0 };

    check_int(note(&releases, "a", "unit:x.service", ON_LOSS_KEEP), RELEASES_OK);
    check_int(note(&releases, "a", "unit:x.service", ON_LOSS_POWEROFF), RELEASES_OK);
    check_int(releases.n_items, 2);
}

static void what_could_not_be_taken_back_is_a_no(void)
{
    _cleanup_(releases_done) Releases releases = { 0 };
    char name[24];

    for (int i = 0; i < RELEASES_MAX; i++) {
        (void)snprintf(name, sizeof(name), "s%d", i);
        check_int(note(&releases, name, "unit:x.service", ON_LOSS_KEEP), RELEASES_OK);
    }
    check_int(note(&releases, "more", "unit:x.service", ON_LOSS_KEEP), RELEASES_E_FULL);
    check_int(note(&releases, "s7", "unit:x.service", ON_LOSS_KEEP), RELEASES_OK);
    check_int(releases.n_items, RELEASES_MAX);
}

static void the_list_reads_back(void)
{
    _cleanup_(releases_done) Releases releases = { 0 }, again = { 0 };

    check_int(note(&releases, "a", "volume:a", ON_LOSS_STOP_UNITS), RELEASES_OK);
    check_int(note(&releases, "b", "", ON_LOSS_POWEROFF), RELEASES_OK);
    json_auto_t *array = releases_to_json(&releases);
    check_int(releases_from_json(array, &again), RELEASES_OK);
    check_int(again.n_items, 2);
    check_str(again.items[0].secret, "a");
    check_str(again.items[0].asker, "volume:a");
    check_int(again.items[0].on_loss, ON_LOSS_STOP_UNITS);
    check_int(again.items[1].on_loss, ON_LOSS_POWEROFF);
    check(!again.items[0].has_unknown_holders && again.items[1].has_unknown_holders);
    check(release_next_holder(&again.items[1], NULL) == NULL);
}

static void a_list_that_is_none_is_refused(void)
{
    static const char *const texts[] = {
        "{}",
        "[1]",
        "[{}]",
        "[{\"secret\":\"a\",\"asker\":\"\"}]",
        "[{\"secret\":\"a\",\"asker\":\"\",\"on_loss\":\"explode\"}]",
        "[{\"secret\":1,\"asker\":\"\",\"on_loss\":\"keep\"}]",
    };

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        Releases releases = { 0 };
        json_auto_t *array = json_loads(texts[i], 0, NULL);
        check_int(releases_from_json(array, &releases), RELEASES_E_MEMBER);
        check_int(releases.n_items, 0);
    }
    Releases none = { 0 };
    check_int(releases_from_json(NULL, &none), RELEASES_E_MEMBER);
    json_auto_t *many = json_array();
    for (int i = 0; i <= RELEASES_MAX; i++)
        check(json_array_append_new(many, json_object()) == 0);
    check_int(releases_from_json(many, &none), RELEASES_E_MEMBER);
}

static const Test tests[] = {
    { "each is noted once", each_is_noted_once },
    { "who has it matters only where somebody is stopped",
      who_has_it_matters_only_where_somebody_is_stopped },
    { "who has it is known all the same", who_has_it_is_known_all_the_same },
    { "who has it beyond the bound is not refused for that",
      who_has_it_beyond_the_bound_is_not_refused_for_that },
    { "a secret that was sealed anew is noted as it is now, too",
      a_secret_that_was_sealed_anew_is_noted_as_it_is_now_too },
    { "what could not be taken back is a no", what_could_not_be_taken_back_is_a_no },
    { "the list reads back", the_list_reads_back },
    { "a list that is none is refused", a_list_that_is_none_is_refused },
};

TEST_MAIN(tests)
