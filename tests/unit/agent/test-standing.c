/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record that one run leaves to the next, and what the next may make of it.
 */
#include "agent/standing.h"
#include "testing.h"

#include <errno.h>

static const StandingOwner owner = { .boot_id = "0123456789abcdef0123456789abcdef",
                                     .verifier = "lab",
                                     .issuer = "lab-issuer",
                                     .basis = "{}" };
static const ScheduleConfig config = { .retry_min_usec = USEC_PER_SEC,
                                       .retry_max_usec = 60 * USEC_PER_SEC };

static Schedule make_schedule(void)
{
    return schedule_make(&clock_system, &random_system, &config);
}

static Standing make_standing(State state)
{
    Standing standing = STANDING_INIT;
    Findings findings = { .source = "worker" };

    standing.state = state;
    standing.since_boottime_usec = 5;
    check(findings_add(&findings, "no-verdict", "cpu", FINDING_FAILURE, "a", "b") == 0);
    check(standing_note_round(&standing, &findings, 7) == 0);
    return standing;
}

static int note(Releases *releases, const char *secret, const char *asker, OnLoss on_loss)
{
    const Release release = { .secret = (char *)(uintptr_t)secret,
                              .asker = (char *)(uintptr_t)asker,
                              .on_loss = on_loss };

    return releases_note(releases, &release);
}

static void hold(Standing *standing, uint64_t left_usec)
{
    Verdict *verdict = &standing->verdict;

    verdict->token_fd = memfd_sealed("token", view_of_string("token"));
    verdict->jti = strdup("jti");
    verdict->issuer = strdup("lab-issuer");
    verdict->basis = strdup("{}");
    verdict->claims = json_pack("{ss sb si s[s]}", "a", "text", "b", 1, "c", 7, "d", "item");
    verdict->simulated = true;
    verdict->expires_boottime_usec = clock_boottime_usec(&clock_system) + left_usec;
    verdict->expires_realtime_usec = clock_realtime_usec(&clock_system) + left_usec;
    check(verdict->token_fd >= 0 && texts_add(&verdict->evidence_kinds, "cpu") == 0);
}

static void a_record_reads_back_as_it_was_written(void)
{
    _cleanup_standing_ Standing before = make_standing(STATE_RENEWING), after = STANDING_INIT;
    Schedule schedule = make_schedule(), planned = make_schedule();
    uint64_t inode = 0;

    hold(&before, 900 * USEC_PER_SEC);
    before.verdict.approvals.items[0] =
        (GateApproval){ .gate = strdup("db"), .expires_boottime_usec = 99, .fd = -EBADF };
    before.verdict.approvals.n_items = 1;
    check_int(note(&before.releases, "one", "unit:a.service", ON_LOSS_KEEP), 0);
    check_int(note(&before.releases, "two", "unit:b.service", ON_LOSS_STOP_UNITS), 0);
    schedule.n_failures = 3;
    schedule.next_round_boottime_usec = 77;
    schedule.is_parked = true;
    before.has_tpm_clock = true;
    before.tpm_clock = (AnswerTpmClock){ 123456789012, 7, 3 };
    before.tpm_clock_tcti = strdup("device:/dev/tpmrm0");
    _cleanup_free_ char *record = standing_encode(&before, &schedule, &owner, 4711);
    check(record);
    check_int(standing_decode(view_of_string(record), &owner, &planned, &after, &inode), 0);
    check_int(inode, 4711);
    check_int(planned.n_failures, 3);
    check_int(planned.next_round_boottime_usec, 77);
    check(planned.is_parked);
    check(after.has_tpm_clock);
    check_int(after.tpm_clock.clock_msec, 123456789012);
    check_int(after.tpm_clock.reset_count, 7);
    check_int(after.tpm_clock.restart_count, 3);
    check_str(after.tpm_clock_tcti, "device:/dev/tpmrm0");
    check_int(after.state, STATE_RENEWING);
    check_int(after.since_boottime_usec, 5);
    check_int(after.last_round_boottime_usec, 7);
    check_str(after.last_error.name, before.last_error.name);
    check_str(after.last_error.text, before.last_error.text);
    check_str(after.last_error.remedy, before.last_error.remedy);
    check_int(after.findings.n_items, 1);
    check_str(after.verdict.jti, "jti");
    check_int(after.verdict.evidence_kinds.n_items, 1);
    check(json_equal(after.verdict.claims, before.verdict.claims));
    check(after.verdict.simulated);
    check_int(after.verdict.expires_boottime_usec, before.verdict.expires_boottime_usec);
    check_int(after.verdict.expires_realtime_usec, before.verdict.expires_realtime_usec);
    check_int(after.verdict.approvals.n_items, 1);
    check_str(after.verdict.approvals.items[0].gate, "db");
    check_int(after.verdict.approvals.items[0].expires_boottime_usec, 99);
    check_int(after.releases.n_items, 2);
    check_str(after.releases.items[1].secret, "two");
    check_str(after.releases.items[1].asker, "unit:b.service");
    check_int(after.releases.items[1].on_loss, ON_LOSS_STOP_UNITS);
}

static void the_longest_list_of_what_is_out_fits_a_record(void)
{
    _cleanup_standing_ Standing standing = make_standing(STATE_TRUSTED), again = STANDING_INIT;
    Schedule schedule = make_schedule(), planned = make_schedule();
    uint64_t inode;
    char name[72], asker[300];

    for (int i = 0; i < RELEASES_MAX; i++) {
        (void)snprintf(name, sizeof(name), "%064d", i);
        (void)snprintf(asker, sizeof(asker), "unit:%0255d", i);
        check_int(note(&standing.releases, name, asker, ON_LOSS_STOP_UNITS), 0);
    }
    _cleanup_free_ char *record = standing_encode(&standing, &schedule, &owner, 0);
    check(record && strlen(record) < STANDING_RECORD_MAX - 64 * 1024);
    check_int(standing_decode(view_of_string(record), &owner, &planned, &again, &inode), 0);
    check_int(again.releases.n_items, RELEASES_MAX);
}

static void what_is_out_is_known_under_other_settings_but_not_after_a_boot(void)
{
    _cleanup_standing_ Standing standing = make_standing(STATE_TRUSTED);
    const StandingOwner others[] = {
        { owner.boot_id, "other", owner.issuer, owner.basis },
        { owner.boot_id, owner.verifier, "other", owner.basis },
        { owner.boot_id, owner.verifier, owner.issuer, "other" },
        { "other", owner.verifier, owner.issuer, owner.basis },
    };
    Schedule schedule = make_schedule();
    uint64_t inode;

    hold(&standing, 900 * USEC_PER_SEC);
    check_int(note(&standing.releases, "one", "volume:x", ON_LOSS_POWEROFF), 0);
    _cleanup_free_ char *record = standing_encode(&standing, &schedule, &owner, 0);
    for (size_t i = 0; i < ELEMENTSOF(others); i++) {
        _cleanup_standing_ Standing again = STANDING_INIT;
        check_int(standing_decode(view_of_string(record), &others[i], &schedule, &again, &inode),
                  STANDING_E_OWNER);
        check_int(again.releases.n_items, i < 3 ? 1 : 0);
        check(again.verdict.token_fd < 0 && !again.verdict.jti);
    }
}

static uint64_t early(void *userdata _unused_)
{
    return 6;
}

static void a_record_of_a_later_time_is_a_machine_that_was_put_back(void)
{
    const Clock before_it = { .boottime_usec = early, .realtime_usec = early };
    _cleanup_standing_ Standing standing = make_standing(STATE_TRUSTED), again = STANDING_INIT;
    Schedule schedule = make_schedule();
    uint64_t inode;

    hold(&standing, 900 * USEC_PER_SEC);
    check_int(note(&standing.releases, "one", "volume:x", ON_LOSS_POWEROFF), 0);
    _cleanup_free_ char *record = standing_encode(&standing, &schedule, &owner, 0);
    schedule.clock = &before_it;
    check_int(standing_decode(view_of_string(record), &owner, &schedule, &again, &inode),
              STANDING_E_AHEAD);
    check_int(again.releases.n_items, 1); /* is out all the same */
    check(!again.verdict.jti && again.state == STATE_UNPROVEN);
}

static void a_record_without_what_was_added_later_is_read(void)
{
    _cleanup_standing_ Standing standing = make_standing(STATE_WAITING), again = STANDING_INIT;
    Schedule schedule = make_schedule();
    uint64_t inode;
    json_auto_t *object = NULL;

    standing.has_tpm_clock = true;
    _cleanup_free_ char *record = standing_encode(&standing, &schedule, &owner, 0);
    check_int(json_parse(view_of_string(record), STANDING_RECORD_MAX, &object), 0);
    check(json_object_del(object, "is_parked") == 0);
    check(!json_object_get(json_object_get(object, "tpm_clock"), "tcti"));
    _cleanup_free_ char *older = json_text(object);
    check_int(standing_decode(view_of_string(older), &owner, &schedule, &again, &inode), 0);
    check(!schedule.is_parked && again.has_tpm_clock && !again.tpm_clock_tcti);
}

static void no_planned_round_reads_back_as_none(void)
{
    _cleanup_standing_ Standing before = make_standing(STATE_PROVING), after = STANDING_INIT;
    Schedule schedule = make_schedule(), planned = make_schedule();
    uint64_t inode;

    _cleanup_free_ char *record = standing_encode(&before, &schedule, &owner, 0);
    planned.next_round_boottime_usec = 1;
    check_int(standing_decode(view_of_string(record), &owner, &planned, &after, &inode), 0);
    check(planned.next_round_boottime_usec == USEC_INFINITY);
}

static void every_prefix_of_a_record_is_torn(void)
{
    _cleanup_standing_ Standing before = make_standing(STATE_TRUSTED);
    Schedule schedule = make_schedule();

    hold(&before, USEC_PER_SEC);
    _cleanup_free_ char *record = standing_encode(&before, &schedule, &owner, 1);
    for (size_t size = 0; size < strlen(record); size++) {
        _cleanup_standing_ Standing after = STANDING_INIT;
        uint64_t inode;
        ByteView part = { .data = (const uint8_t *)record, .size = size };
        check_int(standing_decode(part, &owner, &schedule, &after, &inode), STANDING_E_MALFORMED);
    }
}

static void each_member_is_needed(void)
{
    _cleanup_standing_ Standing before = make_standing(STATE_TRUSTED);
    Schedule schedule = make_schedule();

    hold(&before, USEC_PER_SEC);
    _cleanup_free_ char *record = standing_encode(&before, &schedule, &owner, 1);
    json_auto_t *whole = json_loads(record, 0, NULL);
    const char *name;
    json_t *value;
    json_object_foreach (whole, name, value) {
        _cleanup_standing_ Standing after = STANDING_INIT;
        json_auto_t *part = json_copy(whole);
        uint64_t inode;

        check(json_object_del(part, name) == 0);
        _cleanup_free_ char *text = json_text(part);
        int r = standing_decode(view_of_string(text), &owner, &schedule, &after, &inode);
        bool is_optional = strcmp(name, "verdict") == 0 || strcmp(name, "last_error") == 0 ||
                           strcmp(name, "is_parked") == 0;
        check(is_optional ? r == STANDING_OK : r > 0);
    }
}

static void only_the_same_boot_and_verifier_may_read_it(void)
{
    static const StandingOwner others[] = {
        { "fedcba9876543210fedcba9876543210", "lab", "lab-issuer", "{}" },
        { "0123456789abcdef0123456789abcdef", "other", "lab-issuer", "{}" },
        { "0123456789abcdef0123456789abcdef", "lab", "other", "{}" },
        { "", "lab", "lab-issuer", "{}" },
    };
    _cleanup_standing_ Standing before = make_standing(STATE_REFUSED);
    Schedule schedule = make_schedule();
    _cleanup_free_ char *record = standing_encode(&before, &schedule, &owner, 1);

    for (size_t i = 0; i < ELEMENTSOF(others); i++) {
        _cleanup_standing_ Standing after = STANDING_INIT;
        uint64_t inode;
        check_int(standing_decode(view_of_string(record), &others[i], &schedule, &after, &inode),
                  STANDING_E_OWNER);
    }
}

static void a_verdict_under_other_settings_is_not_gone_on_with(void)
{
    StandingOwner stricter = owner;
    Schedule schedule = make_schedule();
    uint64_t inode;

    stricter.basis = "{\"accept_simulated\":false}";
    for (size_t i = 0; i < 2; i++) {
        _cleanup_standing_ Standing before = make_standing(i == 0 ? STATE_TRUSTED : STATE_WAITING);
        _cleanup_standing_ Standing after = STANDING_INIT;
        if (i == 0)
            hold(&before, 1000);
        _cleanup_free_ char *record = standing_encode(&before, &schedule, &owner, 1);
        check_int(standing_decode(view_of_string(record), &stricter, &schedule, &after, &inode),
                  i == 0 ? STANDING_E_OWNER : STANDING_OK);
    }
}

static Event restore(State state, bool has_token, uint64_t left_usec, Schedule *schedule)
{
    _cleanup_standing_ Standing standing = make_standing(state);

    hold(&standing, left_usec);
    if (!has_token) {
        closep(&standing.verdict.token_fd);
        standing.verdict.token_fd = -EBADF;
    }
    Event event = standing_restore(&standing, schedule);
    check_int(standing.state, STATE_UNPROVEN);
    check((event == EVENT_RESTORED_TRUSTED) == (standing.verdict.token_fd >= 0));
    check((event == EVENT_RESTORED_TRUSTED) == (schedule->expires_boottime_usec > 0));
    return event;
}

static void a_verdict_counts_with_its_token_while_it_lasts(void)
{
    uint64_t hour = 3600 * USEC_PER_SEC;
    Schedule s = make_schedule();

    check_int(restore(STATE_TRUSTED, true, hour, &s), EVENT_RESTORED_TRUSTED);
    check_int(restore(STATE_RENEWING, true, hour, &s), EVENT_RESTORED_TRUSTED);
    check_int(restore(STATE_TRUSTED, false, hour, &s), EVENT_RESTORED_WAITING);
    check_int(restore(STATE_TRUSTED, true, 0, &s), EVENT_RESTORED_WAITING);
}

static void a_verdict_beside_a_state_without_one_is_dropped(void)
{
    Schedule s = make_schedule();

    check_int(restore(STATE_REFUSED, true, USEC_PER_SEC * 60, &s), EVENT_RESTORED_REFUSED);
    check_int(restore(STATE_WAITING, true, USEC_PER_SEC * 60, &s), EVENT_RESTORED_WAITING);
    check_int(restore(STATE_PROVING, true, USEC_PER_SEC * 60, &s), EVENT_RESTORED_WAITING);
    check_int(restore(STATE_UNPROVEN, true, USEC_PER_SEC * 60, &s), EVENT_RESTORED_WAITING);
    check_int(restore(STATE_STOPPING, true, USEC_PER_SEC * 60, &s), EVENT_RESTORED_WAITING);
}

static void a_round_cut_short_by_a_crash_counts_as_failed(void)
{
    Schedule s = make_schedule();

    s.n_failures = 2;
    (void)restore(STATE_PROVING, false, 0, &s);
    check_int(s.n_failures, 3);
    check(s.next_round_boottime_usec != USEC_INFINITY);
}

static void a_planned_round_stays_planned(void)
{
    Schedule s = make_schedule();

    s.n_failures = 2;
    s.next_round_boottime_usec = 42;
    (void)restore(STATE_WAITING, false, 0, &s);
    check_int(s.n_failures, 2);
    check_int(s.next_round_boottime_usec, 42);
}

static void a_passed_round_clears_the_last_error(void)
{
    _cleanup_standing_ Standing standing = make_standing(STATE_PROVING);
    Findings findings = { 0 };

    check(standing.last_error.name && standing.last_error.text && standing.last_error.remedy);
    check(standing_note_round(&standing, &findings, 9) == 0);
    check(!standing.last_error.name && standing.findings.n_items == 0);
    check_int(standing.last_round_boottime_usec, 9);
}

static const Test tests[] = {
    { "a record reads back as it was written", a_record_reads_back_as_it_was_written },
    { "a record of a later time is a machine that was put back",
      a_record_of_a_later_time_is_a_machine_that_was_put_back },
    { "a record without what was added later is read",
      a_record_without_what_was_added_later_is_read },
    { "no planned round reads back as none", no_planned_round_reads_back_as_none },
    { "every prefix of a record is torn", every_prefix_of_a_record_is_torn },
    { "the longest list of what is out fits a record",
      the_longest_list_of_what_is_out_fits_a_record },
    { "what is out is known under other settings, but not after a boot",
      what_is_out_is_known_under_other_settings_but_not_after_a_boot },
    { "each member is needed", each_member_is_needed },
    { "only the same boot and verifier may read it", only_the_same_boot_and_verifier_may_read_it },
    { "a verdict under other settings is not gone on with",
      a_verdict_under_other_settings_is_not_gone_on_with },
    { "a verdict counts with its token while it lasts",
      a_verdict_counts_with_its_token_while_it_lasts },
    { "a verdict beside a state without one is dropped",
      a_verdict_beside_a_state_without_one_is_dropped },
    { "a round cut short by a crash counts as failed",
      a_round_cut_short_by_a_crash_counts_as_failed },
    { "a planned round stays planned", a_planned_round_stays_planned },
    { "a passed round clears the last error", a_passed_round_clears_the_last_error },
};

TEST_MAIN(tests)
