/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of what is out.
 */
#include "agent/releases.h"
#include "testing.h"

#include <string.h>

static int note(Releases *releases, const char *secret, const char *asker, OnLoss on_loss)
{
    return releases_note(releases, secret, asker, on_loss);
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
    { "a secret that was sealed anew is noted as it is now, too",
      a_secret_that_was_sealed_anew_is_noted_as_it_is_now_too },
    { "what could not be taken back is a no", what_could_not_be_taken_back_is_a_no },
    { "the list reads back", the_list_reads_back },
    { "a list that is none is refused", a_list_that_is_none_is_refused },
};

TEST_MAIN(tests)
