/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extends what the logs say, register by register, and compares with what was quoted.
 */
#include "verify/replay.h"

#include "crypto/digest.h"
#include "format/cc-event-log.h"
#include "format/userspace-log.h"
#include "verify/pcr-start.h"
#include "verify/refuse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PCR_IMA          10
#define PCR_FIRMWARE_MAX 9  /* extended before userspace runs, or with a record of it */
#define PCR_JUDGED_MAX   15 /* 16 and 23 can be reset, 17 to 22 belong to a late launch */
#define PCR_EXIT_BOOT    5
#define NO_EVENT         SIZE_MAX

/* One register on its way. */
typedef struct Register {
    Digest value;
    size_t n_events;
    size_t last_index;  /* of the last event that extended it */
    size_t equal_after; /* events after which it had the quoted value; NO_EVENT: never */
    bool last_is_userspace;
    bool bank_missing;
    ReplayResult result;
} Register;

struct ReplayedLog {
    uint16_t bank;
    bool is_cc;
    Register registers[TPM_PCR_COUNT];
    UserspaceLog userspace;
    ReplayedEvent *events; /* all of them until finish() drops the unproven */
    size_t n_events;
    size_t n_allocated;
    bool exit_unlogged;
};

ReplayedLog *replayed_log_free(ReplayedLog *log)
{
    if (!log)
        return NULL;
    userspace_log_done(&log->userspace);
    free(log->events);
    free(log);
    return NULL;
}

static bool is_quoted_value(const ReplayInput *input, unsigned pcr, const Digest *value)
{
    return view_equal(digest_view(value), evidence_pcr(input->quoted, pcr));
}

static void note_value(const ReplayInput *input, unsigned pcr, Register *reg)
{
    if (reg->equal_after == NO_EVENT && is_quoted_value(input, pcr, &reg->value))
        reg->equal_after = reg->n_events;
}

static void start_registers(const ReplayInput *input, DigestAlgorithm algorithm, ReplayedLog *log)
{
    for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
        Register *reg = &log->registers[pcr];
        *reg = (Register){ .value = pcr_start(pcr, algorithm), .equal_after = NO_EVENT };
        note_value(input, pcr, reg);
    }
}

/* PCR 0 starts with the locality of TPM2_Startup in its last byte (PFP 10.4.5.3). */
static void start_locality(const ReplayInput *input, ReplayedLog *log, uint8_t locality)
{
    Register *reg = &log->registers[0];

    reg->value.data[reg->value.size - 1] = locality;
    reg->equal_after = NO_EVENT;
    note_value(input, 0, reg);
}

static int keep_event(ReplayedLog *log, const ReplayedEvent *event)
{
    if (log->n_events == log->n_allocated) {
        size_t n = MAX(log->n_allocated * 2, 128);
        ReplayedEvent *events = reallocarray(log->events, n, sizeof(*events));
        if (!events)
            return -ENOMEM;
        log->events = events;
        log->n_allocated = n;
    }
    log->events[log->n_events++] = *event;
    return 0;
}

static int extend(const ReplayInput *input, ReplayedLog *log, Hasher *hasher,
                  const ReplayedEvent *event)
{
    Register *reg = &log->registers[event->pcr];

    reg->n_events++;
    reg->last_index = event->index;
    reg->last_is_userspace = event->is_userspace;
    if (event->digest.size == 0) {
        reg->bank_missing = true;
        return 0;
    }
    int r = hasher_extend(hasher, &reg->value, event->digest);
    if (r < 0)
        return r;
    note_value(input, event->pcr, reg);
    return keep_event(log, event);
}

/* REPLAY_OK, REPLAY_E_MALFORMED; errno. */
static int replay_firmware(const ReplayInput *input, ReplayedLog *log, Hasher *hasher,
                           Findings *findings)
{
    EventLog events;
    Event event;
    size_t n = 0;

    int r = event_log_open(input->firmware_log, input->flags, &events);
    while (r == EVENT_LOG_OK && (r = event_log_next(&events, &event)) == EVENT_LOG_OK) {
        n = event.index + 1;
        if (event.starts_pcr0)
            start_locality(input, log, event.locality);
        if (!event_is_extended(&event))
            continue;
        const ReplayedEvent replayed = {
            .index = event.index,
            .pcr = event.pcr,
            .type = event.type,
            .digest = event_digest(&event, log->bank),
            .data = event.data,
        };
        int failed = extend(input, log, hasher, &replayed);
        if (failed < 0)
            return failed;
    }
    if (r == EVENT_LOG_END)
        return REPLAY_OK;
    r = refuse(findings, "eventlog-malformed", "eventlog", "a TCG event log", "event %zu: %s", n,
               event_log_reason(r));
    return r < 0 ? r : REPLAY_E_MALFORMED;
}

static int replay_userspace(const ReplayInput *input, ReplayedLog *log, Hasher *hasher,
                            Findings *findings)
{
    size_t at = 0;

    int r = userspace_log_parse(input->userspace_log, &at, &log->userspace);
    if (r < 0)
        return r;
    if (r != USERSPACE_LOG_OK) {
        r = refuse(findings, "eventlog-userspace-malformed", "eventlog-userspace", "systemd's log",
                   "record %zu: %s", at, userspace_log_reason(r));
        return r < 0 ? r : REPLAY_E_MALFORMED;
    }
    for (size_t i = 0; i < log->userspace.n_items; i++) {
        const UserspaceEvent *record = &log->userspace.items[i];
        const ReplayedEvent replayed = {
            .index = i,
            .pcr = record->pcr,
            .type = EV_IPL,
            .is_userspace = true,
            .digest = userspace_event_digest(record, log->bank),
            .text = record->text,
        };
        if (!record->has_pcr)
            continue;
        r = extend(input, log, hasher, &replayed);
        if (r < 0)
            return r;
    }
    return REPLAY_OK;
}

/* "PCR 7", or "RTMR0". */
static const char *register_text(const ReplayedLog *log, unsigned pcr, char out[static 16])
{
    if (log->is_cc)
        return cc_register_name(pcr);
    (void)snprintf(out, 16, "PCR %u", pcr);
    return out;
}

/* Where the log leaves the register: the first event too many, or the last one where none fits. */
static void where_text(const ReplayedLog *log, unsigned pcr, char *out, size_t size)
{
    const Register *reg = &log->registers[pcr];
    const char *kind = reg->last_is_userspace ? "userspace record" : "event";
    char name[16];
    size_t n = 0;

    if (reg->n_events == 0) {
        (void)snprintf(out, size, "no event extends it");
        return;
    }
    if (reg->equal_after == NO_EVENT) {
        (void)snprintf(out, size, "does not replay for %s at %s %zu", register_text(log, pcr, name),
                       kind, reg->last_index);
        return;
    }
    for (size_t i = 0; i < log->n_events; i++) {
        const ReplayedEvent *event = &log->events[i];
        if (event->pcr != pcr || n++ < reg->equal_after)
            continue;
        (void)snprintf(out, size, "leaves %s at %s %zu, which was never extended",
                       register_text(log, pcr, name),
                       event->is_userspace ? "userspace record" : "event", event->index);
        return;
    }
}

/* Which disagreements decide, and which only say that the logs cannot know (replay.h). */
static FindingResult severity(const ReplayInput *input, unsigned pcr)
{
    if (pcr == PCR_IMA || (input->is_cc && pcr == CC_REGISTER_MAX))
        return FINDING_WARNING;
    if (input->all_must_agree || pcr <= PCR_FIRMWARE_MAX || input->userspace_log.size > 0)
        return FINDING_FAILURE;
    return FINDING_WARNING;
}

static bool is_judged(const ReplayInput *input, const Register *reg, unsigned pcr)
{
    if (reg->result == REPLAY_NOT_QUOTED || reg->result == REPLAY_PROVEN)
        return false;
    return input->all_must_agree ? reg->n_events > 0 : pcr <= PCR_JUDGED_MAX;
}

static int report_register(const ReplayInput *input, const ReplayedLog *log, unsigned pcr,
                           Findings *findings)
{
    const Register *reg = &log->registers[pcr];
    char subject[16], where[96], value[HEX_TEXT_MAX], quoted[HEX_TEXT_MAX];
    char found[sizeof(where) + sizeof(value) + 16];

    (void)snprintf(subject, sizeof(subject), log->is_cc ? "rtmr %u" : "pcr %u",
                   log->is_cc ? pcr - CC_REGISTER_RTMR0 : pcr);
    if (reg->result == REPLAY_BANK_MISSING)
        return findings_add(findings, "eventlog-bank-missing", subject, severity(input, pcr),
                            "an event without a digest of this bank", tpm_alg_name(log->bank));
    where_text(log, pcr, where, sizeof(where));
    hex_text(digest_view(&reg->value), value);
    hex_text(evidence_pcr(input->quoted, pcr), quoted);
    (void)snprintf(found, sizeof(found), "%s; log gives %s", where, value);
    return findings_add(findings, "eventlog-replay-mismatch", subject, severity(input, pcr), found,
                        quoted);
}

/*
 * Some firmware extends PCR 5 when it hands over to the kernel, too late for its own log (spec TPM
 * 4.3). These words, in these orders, may follow what is logged; nothing else may, nowhere else.
 */
static int add_unlogged_exit(const ReplayInput *input, ReplayedLog *log, Hasher *hasher)
{
    static const char invocation[] = "Exit Boot Services Invocation";
    static const char failure[] = "Exit Boot Services Returned with Failure";
    static const char success[] = "Exit Boot Services Returned with Success";
    static const char *const orders[][4] = { { invocation, success },
                                             { invocation, failure, invocation, success } };
    Register *reg = &log->registers[PCR_EXIT_BOOT];

    for (size_t i = 0; i < ELEMENTSOF(orders); i++) {
        Digest value = reg->value, digest;
        for (size_t k = 0; k < ELEMENTSOF(orders[i]) && orders[i][k]; k++) {
            int r = hasher_update(hasher, view_of_string(orders[i][k]));
            if (r >= 0)
                r = hasher_finish(hasher, &digest);
            if (r >= 0)
                r = hasher_extend(hasher, &value, digest_view(&digest));
            if (r < 0)
                return r;
        }
        if (!is_quoted_value(input, PCR_EXIT_BOOT, &value))
            continue;
        reg->value = value;
        log->exit_unlogged = true;
    }
    return 0;
}

static void drop_unproven(ReplayedLog *log)
{
    size_t kept = 0;

    for (size_t i = 0; i < log->n_events; i++)
        if (log->registers[log->events[i].pcr].result == REPLAY_PROVEN)
            log->events[kept++] = log->events[i];
    log->n_events = kept;
}

static int finish(const ReplayInput *input, ReplayedLog *log, Hasher *hasher, Findings *findings)
{
    int r = log->registers[PCR_EXIT_BOOT].n_events > 0 ? add_unlogged_exit(input, log, hasher) : 0;
    if (r < 0)
        return r;
    for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
        Register *reg = &log->registers[pcr];
        if (!(input->quoted->mask & 1U << pcr))
            reg->result = REPLAY_NOT_QUOTED;
        else if (reg->bank_missing)
            reg->result = REPLAY_BANK_MISSING;
        else
            reg->result =
                is_quoted_value(input, pcr, &reg->value) ? REPLAY_PROVEN : REPLAY_MISMATCH;
        if (!is_judged(input, reg, pcr))
            continue;
        r = report_register(input, log, pcr, findings);
        if (r < 0)
            return r;
    }
    drop_unproven(log);
    return 0;
}

int replay(const ReplayInput *input, Findings *findings, ReplayedLog **ret)
{
    _cleanup_(replayed_log_freep) ReplayedLog *log = calloc(1, sizeof(*log));
    _cleanup_(hasher_freep) Hasher *hasher = NULL;
    DigestAlgorithm algorithm;

    if (!log)
        return -ENOMEM;
    log->bank = input->quoted->bank;
    log->is_cc = input->is_cc;
    if (digest_from_tpm_id(log->bank, &algorithm) != DIGEST_OK ||
        digest_size(algorithm) != input->quoted->digest_size) {
        int r = refuse(findings, "eventlog-bank-missing", "eventlog", "a bank of the SHA family",
                       "bank 0x%04x", log->bank);
        return r < 0 ? r : REPLAY_E_MALFORMED;
    }
    int r = hasher_new(algorithm, &hasher);
    if (r < 0)
        return r;

    start_registers(input, algorithm, log);
    if (input->firmware_log.size > 0)
        r = replay_firmware(input, log, hasher, findings);
    if (r == REPLAY_OK && input->userspace_log.size > 0)
        r = replay_userspace(input, log, hasher, findings);
    if (r != REPLAY_OK)
        return r;
    r = finish(input, log, hasher, findings);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(log);
    return REPLAY_OK;
}

ReplayResult replayed_log_result(const ReplayedLog *log, unsigned pcr)
{
    return pcr < TPM_PCR_COUNT ? log->registers[pcr].result : REPLAY_NOT_QUOTED;
}

uint32_t replayed_log_proven(const ReplayedLog *log)
{
    uint32_t proven = 0;

    for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++)
        if (log->registers[pcr].result == REPLAY_PROVEN)
            proven |= 1U << pcr;
    return proven;
}

ByteView replayed_log_value(const ReplayedLog *log, unsigned pcr)
{
    if (pcr >= TPM_PCR_COUNT || log->registers[pcr].bank_missing)
        return (ByteView){ 0 };
    return digest_view(&log->registers[pcr].value);
}

const ReplayedEvent *replayed_log_event(const ReplayedLog *log, size_t i)
{
    return i < log->n_events ? &log->events[i] : NULL;
}

bool replayed_log_exit_is_unlogged(const ReplayedLog *log)
{
    return log->exit_unlogged;
}

uint16_t replayed_log_bank(const ReplayedLog *log)
{
    return log->bank;
}
