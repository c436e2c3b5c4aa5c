/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TPM of a round beside the one of the rounds before: its counters, and its attestation key.
 */
#include "agent/agent-parts.h"

#include "agent/tpm-continuity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NOT_CONTINUOUS "tpm-not-continuous"

static bool replays_no_longer(const Findings *findings)
{
    const Finding *failure = findings_first_failure(findings);

    return failure && strcmp(failure->name, "eventlog-replay-mismatch") == 0;
}

/* A log that no longer replays comes of the reset, and is no forgery for all that is known. */
static int name_lost_registers(Findings *findings, const char *found, const char *wanted)
{
    _cleanup_findings_ Findings all = { .source = "agent" };

    int r = findings_add(&all, "tpm-registers-lost", "vtpm", FINDING_FAILURE, found, wanted);
    if (r == 0)
        r = findings_move(&all, findings);
    if (r == 0)
        *findings = TAKE_STRUCT(all);
    return r;
}

/* Clocks of another TPM say nothing about this one. */
static bool is_of_same_tpm(const Agent *agent)
{
    const Standing *standing = &agent->standing;

    return standing->has_tpm_clock &&
           (!standing->tpm_clock_tcti ||
            strcmp(standing->tpm_clock_tcti, agent->tpm_watch.tcti) == 0);
}

static int keep_clock(Agent *agent, const AnswerTpmClock *now)
{
    Standing *standing = &agent->standing;
    char *tcti = strdup(agent->tpm_watch.tcti);

    if (!tcti)
        return -ENOMEM;
    free(standing->tpm_clock_tcti);
    standing->tpm_clock_tcti = tcti;
    standing->tpm_clock = *now;
    standing->has_tpm_clock = true;
    return 0;
}

/* What is found out is told the journal once, and added to the findings of each round. */
static int add_break(Agent *agent, Findings *findings, const char *name, const char *found,
                     const char *wanted)
{
    PublishContext context = agent_context(agent);

    if (!findings_has(&agent->standing.findings, name))
        publish_rewound(&context, name, found);
    return findings_add(findings, name, "vtpm", FINDING_WARNING, found, wanted);
}

/*
 * A TPM that was reset or put back while this boot went on says that the ground of the verdict is
 * gone, whatever becomes of the round that shows it.
 */
static int note_clock(Agent *agent, AttemptOutcome *outcome)
{
    Findings *findings = &outcome->answer.findings;
    const AnswerTpmClock before = agent->standing.tpm_clock, *now = &outcome->answer.tpm_clock;
    TpmContinuity continuity = is_of_same_tpm(agent) ? tpm_continuity(&before, now) : TPM_CONTINUES;
    bool has_lost = replays_no_longer(findings);
    /* A suspend to memory keeps the registers, one to disk does not. */
    bool is_broken = continuity == TPM_RESET || continuity == TPM_WENT_BACK ||
                     (continuity == TPM_RESTARTED && has_lost);
    char found[TPM_CLOCK_TEXT_SIZE], wanted[TPM_CLOCK_TEXT_SIZE];

    /* A break stays what rounds are compared with until one is judged. */
    int r = !is_broken || outcome->result != ATTEMPT_FAILED ? keep_clock(agent, now) : 0;
    if (r < 0 || continuity == TPM_CONTINUES)
        return r;
    tpm_clock_text(now, found);
    tpm_clock_text(&before, wanted);
    r = add_break(agent, findings, NOT_CONTINUOUS, found, wanted);
    if (r == 0 && is_broken && has_lost)
        r = name_lost_registers(findings, found, wanted);
    if (r < 0 || !is_broken || !state_has_verdict(agent->standing.state))
        return r;
    return agent_lose(agent, EVENT_VERDICT_EXPIRED, NOT_CONTINUOUS);
}

static int trust_key(Agent *agent, const AnswerTpmKey *key)
{
    TpmWatch *watch = &agent->tpm_watch;
    bool was_failing = watch->is_failing;

    int r = tpm_watch_trust(watch, key->name);
    if (r == -ENOMEM)
        return r;
    watch->is_failing = r < 0;
    if (!was_failing)
        agent_report(r, "the attestation key's name cannot be kept for the next boot");
    return 0;
}

/*
 * Said with every round until one passes. The verifier judges the key; here it is explained. Its
 * name would identify the machine.
 */
static int note_key(Agent *agent, AttemptOutcome *outcome)
{
    const AnswerTpmKey *key = &outcome->answer.tpm_key;
    const char *found = key->is_forgotten ? "tpm-persisted is false in the report" : NULL;
    KeyChange change = tpm_watch_compare(&agent->tpm_watch, key->name);
    int r = 0;

    if (change != KEY_IS_KNOWN)
        r = add_break(agent, &outcome->answer.findings,
                      change == KEY_IS_NEW ? "tpm-key-new" : "tpm-key-replaced", found, NULL);
    return r == 0 && outcome->result == ATTEMPT_PASSED ? trust_key(agent, key) : r;
}

int agent_note_tpm(Agent *agent, AttemptOutcome *outcome)
{
    const WorkerAnswer *answer = &outcome->answer;
    int r = answer->tpm_key.name[0] ? note_key(agent, outcome) : 0;

    return r == 0 && answer->has_tpm_clock ? note_clock(agent, outcome) : r;
}
