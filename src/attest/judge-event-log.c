/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A firmware's event log: what it says, and, with register values that are believed, what it
 * proves.
 */
#include "attest/judge.h"

#include "attest/describe-log.h"
#include "format/event-log.h"
#include "format/userspace-log.h"
#include "verify/boot-facts.h"
#include "verify/refuse.h"

#include <errno.h>
#include <stdio.h>

#define PADDING_MIN 64 /* bytes; fewer at the end of a log may belong to an event */

unsigned judge_log_flags(ByteView log)
{
    EventLogSummary summary;
    size_t n = 0;

    if (event_log_summarise(log, 0, NULL, &summary) == EVENT_LOG_OK || log.size == 0)
        return 0;
    while (n < log.size && log.data[log.size - 1 - n] == log.data[log.size - 1])
        n++;
    return n >= PADDING_MIN ? EVENT_LOG_PADDED : 0;
}

/* The bank whose word counts most: the longest but for SHA-1, SHA-256 before others. */
static int rank(uint16_t bank)
{
    switch (bank) {
    case TPM_ALG_SHA256:
        return 3;
    case TPM_ALG_SHA384:
    case TPM_ALG_SHA512:
        return 2;
    case TPM_ALG_SHA1:
        return 1;
    }
    return 0;
}

/* Has the log digests of this bank at all? One that cannot be read is for replay() to refuse. */
static bool log_has_bank(ByteView bytes, unsigned flags, uint16_t bank)
{
    EventLog log;

    if (event_log_open(bytes, flags, &log) != EVENT_LOG_OK)
        return true;
    for (size_t i = 0; i < log.n_banks; i++)
        if (log.banks[i].alg == bank)
            return true;
    return false;
}

static int add_boot(const Judgement *j, const ReplayedLog *log)
{
    _cleanup_boot_facts_ BootFacts boot = { 0 };
    json_t *described = NULL;

    int r = boot_facts_read(log, &boot);
    if (r >= 0)
        r = describe_boot(log, &boot, &described);
    return r < 0 ? r : outcome_claim(j->outcome, "boot", described);
}

/* As a register is after reset: zeros, or ones for those of a late launch. */
static bool is_reset(const EvidencePcrs *stated, unsigned pcr)
{
    return view_is_filled_with(evidence_pcr(stated, pcr), pcr >= 17 && pcr <= 22 ? 0xff : 0);
}

/* Registers that the firmware's log extends, one bit each. */
static uint32_t extended_pcrs(const ReplayInput *input)
{
    EventLogSummary summary = { 0 };

    if (input->firmware_log.size > 0 &&
        event_log_summarise(input->firmware_log, input->flags, NULL, &summary) != EVENT_LOG_OK)
        return 0;
    return summary.pcrs;
}

/* Which registers agree with what was stated, and which the log says nothing of. */
static json_t *comparison(const ReplayInput *input, const ReplayedLog *log)
{
    json_auto_t *equal = json_array(), *different = json_array();
    json_auto_t *not_in_log = json_array(), *outside = json_array();
    const EvidencePcrs *stated = input->quoted;
    uint32_t extended = extended_pcrs(input);
    int r = 0;

    for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
        bool in_log = (extended & 1U << pcr) != 0;
        bool proven = replayed_log_result(log, pcr) == REPLAY_PROVEN;
        json_t *list = in_log ? different : outside;
        if (!(stated->mask & 1U << pcr))
            continue;
        if (proven)
            list = in_log || !is_reset(stated, pcr) ? equal : not_in_log;
        r |= json_array_append_new(list, json_integer(pcr));
    }
    return r ? NULL
             : json_pack("{s:O, s:O, s:O, s:O}", "equal", equal, "different", different,
                         "not_in_log", not_in_log, "extended_outside_log", outside);
}

/* No register of any bank differs. */
static bool agrees(const json_t *compared)
{
    const char *bank;
    json_t *lists;

    json_object_foreach ((json_t *)(uintptr_t)compared, bank, lists)
        if (json_array_size(json_object_get(lists, "different")) > 0)
            return false;
    return true;
}

/* One bank. BEST gets the log, when its bank counts for more. */
static int replay_bank(const Judgement *j, const ReplayInput *input, json_t *compared,
                       ReplayedLog **best)
{
    _cleanup_(replayed_log_freep) ReplayedLog *log = NULL;
    const char *name = tpm_alg_name(input->quoted->bank);

    if (input->firmware_log.size > 0 && input->userspace_log.size == 0 &&
        !log_has_bank(input->firmware_log, input->flags, input->quoted->bank))
        return warn(&j->outcome->findings, "eventlog-bank-missing", "eventlog", name,
                    "the log has no digests of this bank");
    int r = replay(input, &j->outcome->findings, &log);
    if (r != REPLAY_OK)
        return r < 0 ? r : 0;
    if (json_object_set_new(compared, name ? name : "unknown", comparison(input, log)))
        return -ENOMEM;
    if (*best && rank(replayed_log_bank(*best)) >= rank(input->quoted->bank))
        return 0;
    replayed_log_free(*best);
    *best = TAKE_PTR(log);
    return 0;
}

/* A log without a byte is given, and is none. */
static int refuse_empty(const Judgement *j, const ReplayInput *input)
{
    const ByteView firmware = input->firmware_log, userspace = input->userspace_log;
    int r = 0;

    if (firmware.data && firmware.size == 0)
        r = refuse(&j->outcome->findings, "eventlog-malformed", "eventlog", "a TCG event log",
                   "empty");
    if (r >= 0 && userspace.data && userspace.size == 0)
        r = refuse(&j->outcome->findings, "eventlog-userspace-malformed", "eventlog-userspace",
                   "systemd's log", "empty");
    return r;
}

/* A log that leads to none of the values is not shown to be this machine's. */
static int refuse_unproven(const Judgement *j, const ReplayedLog *log)
{
    if (replayed_log_event(log, 0) || findings_first_failure(&j->outcome->findings))
        return 0;
    return refuse(&j->outcome->findings, "eventlog-unproven", "eventlog",
                  "an event of a PCR whose value is given", "none");
}

int judge_replay(const Judgement *j, const PcrFile *believed)
{
    ByteView firmware = items_get(j->input, ATTEST_ITEM_EVENT_LOG);
    _cleanup_(replayed_log_freep) ReplayedLog *best = NULL;
    json_auto_t *compared = json_object();
    int r = 0;

    ReplayInput input = {
        .firmware_log = firmware,
        .userspace_log = items_get(j->input, ATTEST_ITEM_USERSPACE_LOG),
        .flags = judge_log_flags(firmware),
        .all_must_agree = true,
    };
    if (!input.firmware_log.data && !input.userspace_log.data)
        return 0;
    r = refuse_empty(j, &input);
    for (size_t i = 0; i < believed->n_banks && r >= 0; i++) {
        input.quoted = &believed->banks[i];
        r = replay_bank(j, &input, compared, &best);
    }
    if (r < 0)
        return r;
    if (json_object_set(j->outcome->claims, "compare_with_stated_pcrs", compared))
        return -ENOMEM;
    r = outcome_claim(j->outcome, "replay_matches_stated_pcrs",
                      json_boolean(best && replayed_log_event(best, 0) && agrees(compared)));
    if (r >= 0 && best)
        r = refuse_unproven(j, best);
    if (r < 0)
        return r;
    if (best)
        return add_boot(j, best);
    if (findings_first_failure(&j->outcome->findings))
        return 0;
    return refuse(&j->outcome->findings, "eventlog-bank-missing", "eventlog",
                  "a bank that the log has", "none of the values can be compared");
}

/* Fields of the log, beside each other among the claims. */
static int add_log(const Judgement *j, ByteView log)
{
    json_auto_t *described = NULL;

    int r = describe_event_log(log, judge_log_flags(log), &described);
    if (r < 0)
        return r;
    if (json_object_update(j->outcome->claims, described))
        return -ENOMEM;
    if (r == EVENT_LOG_OK)
        return 0;
    return refuse(&j->outcome->findings, "eventlog-malformed", "eventlog", "a TCG event log", "%s",
                  json_string_value(json_object_get(described, "parse_error")));
}

/* Without values it is not replayed; that it can be read is asked all the same. */
static int check_userspace_log(const Judgement *j)
{
    ByteView bytes = items_get(j->input, ATTEST_ITEM_USERSPACE_LOG);
    _cleanup_userspace_log_ UserspaceLog log = { 0 };
    size_t at = 0;

    if (!bytes.data)
        return 0;
    int r = userspace_log_parse(bytes, &at, &log);
    if (r <= 0)
        return r;
    return refuse(&j->outcome->findings, "eventlog-userspace-malformed", "eventlog-userspace",
                  "systemd's log", "record %zu: %s", at, userspace_log_reason(r));
}

int judge_event_log(const Judgement *j)
{
    PcrFile pcrs;

    int r = add_log(j, items_get(j->input, ATTEST_ITEM_EVENT_LOG));
    if (r >= 0)
        r = judge_read_pcrs(j, &pcrs);
    if (r < 0 || j->outcome->unreadable)
        return r;
    if (pcrs.n_banks == 0)
        return check_userspace_log(j);
    return findings_has(&j->outcome->findings, "eventlog-malformed") ? 0 : judge_replay(j, &pcrs);
}
