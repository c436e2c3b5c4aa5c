/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What attestctl secrets list makes of the journal: the newest record of an asker and a secret
 * counts, texts are printable, and there are not too many of them.
 */
#include "ctl/secret-refusals.h"
#include "testing.h"

static char db[] = "db", web[] = "web", unit[] = "unit:db.service", other[] = "unit:o.service";
static char refused[] = "secret-asker-refused", text[] = "unit:db.service was refused db";

static int note(SecretRefusals *refusals, char *secret, char *asker, bool is_released)
{
    const SecretRefusal record = { .secret = secret,
                                   .asker = asker,
                                   .is_released = is_released,
                                   .finding = refused,
                                   .text = text,
                                   .realtime_usec = 1000 + refusals->n_items };

    return secret_refusals_note(refusals, &record);
}

static void a_refusal_is_shown_with_who_and_why(void)
{
    _cleanup_secret_refusals_ SecretRefusals refusals = { 0 };
    const char *asker, *finding, *said;
    json_int_t at = 0;

    check_int(note(&refusals, db, unit, false), SECRET_REFUSALS_OK);
    check(secret_refusals_has(&refusals, "db"));
    check(!secret_refusals_has(&refusals, "web"));
    json_auto_t *array = secret_refusals_to_json(&refusals, "db");
    check_int(json_array_size(array), 1);
    check_int(json_unpack(array, "[{ss ss ss sI !}!]", "asker", &asker, "finding", &finding, "text",
                          &said, "at_usec", &at),
              0);
    check_str(asker, "unit:db.service");
    check_str(finding, "secret-asker-refused");
    check_str(said, text);
    check_int(at, 1000);
}

static void who_got_it_since_is_not_shown(void)
{
    _cleanup_secret_refusals_ SecretRefusals refusals = { 0 };

    check_int(note(&refusals, db, unit, true), SECRET_REFUSALS_OK);
    check_int(note(&refusals, db, unit, false), SECRET_REFUSALS_OK);
    check_int(refusals.n_items, 1);
    check(!secret_refusals_has(&refusals, "db"));
    /* But who did not. */
    check_int(note(&refusals, db, other, false), SECRET_REFUSALS_OK);
    check(secret_refusals_has(&refusals, "db"));
    json_auto_t *array = secret_refusals_to_json(&refusals, "db");
    check_int(json_array_size(array), 1);
}

static void the_newest_refusal_counts(void)
{
    _cleanup_secret_refusals_ SecretRefusals refusals = { 0 };

    check_int(note(&refusals, web, unit, false), SECRET_REFUSALS_OK);
    check_int(note(&refusals, db, unit, false), SECRET_REFUSALS_OK);
    check_int(note(&refusals, web, unit, true), SECRET_REFUSALS_OK);
    check_int(refusals.n_items, 2);
    check(secret_refusals_has(&refusals, "web"));
    check_int(refusals.items[0].realtime_usec, 1000);
}

static void what_is_not_printable_is_replaced(void)
{
    _cleanup_secret_refusals_ SecretRefusals refusals = { 0 };
    char odd[] = "a\033[2J\xff\n";

    check_int(note(&refusals, odd, odd, false), SECRET_REFUSALS_OK);
    check_str(refusals.items[0].secret, "a?[2J??");
    check_str(refusals.items[0].asker, "a?[2J??");
}

static void there_are_only_so_many(void)
{
    _cleanup_secret_refusals_ SecretRefusals refusals = { 0 };
    char name[32];

    for (int i = 0; i < SECRET_REFUSALS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "secret-%d", i);
        check_int(note(&refusals, name, unit, false), SECRET_REFUSALS_OK);
    }
    check_int(note(&refusals, db, unit, false), SECRET_REFUSALS_E_FULL);
    /* One that is there already does not need a place. */
    check_int(note(&refusals, name, unit, false), SECRET_REFUSALS_OK);
    check_int(refusals.n_items, SECRET_REFUSALS_MAX);
}

static void without_a_journal_there_are_none(void)
{
    _cleanup_secret_refusals_ SecretRefusals refusals = { 0 };

    check_int(secret_refusals_read(&refusals), 0);
}

int main(int argc, char **argv)
{
    static const Test tests[] = {
        { "a refusal is shown, with who and why", a_refusal_is_shown_with_who_and_why },
        { "who got it since is not shown", who_got_it_since_is_not_shown },
        { "the newest refusal counts", the_newest_refusal_counts },
        { "what is not printable is replaced", what_is_not_printable_is_replaced },
        { "there are only so many", there_are_only_so_many },
        { "without a journal there are none", without_a_journal_there_are_none },
    };

    return run_tests(tests, ELEMENTSOF(tests), argc, argv);
}
