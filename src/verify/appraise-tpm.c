/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The "tpm" object of a policy against a genuine quote, its replayed log and what that shows.
 */
#include "verify/appraise.h"

#include "verify/refuse.h"

#include <stdio.h>
#include <string.h>

#define SUBJECT_MAX 16 /* "secure-boot", "pcr 15" */

static void pcr_subject(unsigned pcr, char out[static SUBJECT_MAX])
{
    (void)snprintf(out, SUBJECT_MAX, "pcr %u", pcr % TPM_PCR_COUNT);
}

static bool has_rules(const PolicyTpm *policy)
{
    return policy->n_rules > 0 || policy->n_log > 0 || policy->n_events > 0 || policy->secure_boot;
}

int appraise_absent_tpm(const PolicyTpm *policy, Findings *findings)
{
    if (!policy->required && !has_rules(policy))
        return 0;
    return refuse(findings, "vtpm-missing", "vtpm", "a TPM quote", "none was sent");
}

static int judge_root(const AppraiseTpmInput *input, Findings *findings)
{
    char wanted[64] = "";

    if (input->policy->roots & 1U << input->root)
        return 0;
    for (VtpmRoot root = VTPM_ROOT_HOST; root < VTPM_ROOT_MAX; root++) {
        size_t used = strlen(wanted);
        if (input->policy->roots & 1U << root)
            (void)snprintf(wanted + used, sizeof(wanted) - used, "%s%s", used > 0 ? ", " : "",
                           vtpm_root_name(root));
    }
    return refuse(findings, "vtpm-root-not-accepted", "vtpm", wanted, "%s",
                  vtpm_root_name(input->root));
}

static int judge_selection(const AppraiseTpmInput *input, Findings *findings)
{
    const EvidencePcrs *pcrs = &input->tpm->pcrs;
    const PolicyTpm *policy = input->policy;
    bool bank_fits = policy->bank ? pcrs->bank == policy->bank : pcrs->bank != TPM_ALG_SHA1;
    char wanted[32];
    int r = 0;

    if (!bank_fits)
        r = refuse(findings, "tpm-bank-not-accepted", "vtpm",
                   policy->bank ? tpm_alg_name(policy->bank) : "any but sha1", "%s",
                   tpm_alg_name(pcrs->bank));
    if (r < 0 || policy->pcrs == 0 || policy->pcrs == pcrs->mask)
        return r;
    (void)snprintf(wanted, sizeof(wanted), "PCRs 0x%06x", policy->pcrs);
    return refuse(findings, "tpm-pcrs-not-accepted", "vtpm", wanted, "PCRs 0x%06x", pcrs->mask);
}

static int refuse_unendorsed(const AppraiseTpmInput *input, unsigned pcr, Findings *findings)
{
    char subject[SUBJECT_MAX], value[HEX_TEXT_MAX];

    pcr_subject(pcr, subject);
    hex_text(evidence_pcr(&input->tpm->pcrs, pcr), value);
    return refuse(findings, "vtpm-unendorsed", subject, "a vTPM that the hardware vouches for",
                  "the host's vTPM, which says %s", value[0] ? value : "nothing");
}

/* Nothing a host's vTPM says satisfies a rule: each is named, with what it says. */
static int refuse_all_rules(const AppraiseTpmInput *input, Findings *findings)
{
    const PolicyTpm *policy = input->policy;
    int r = 0;

    if (policy->secure_boot)
        r = refuse_unendorsed(input, PCR_SECURE_BOOT, findings);
    for (size_t i = 0; i < policy->n_rules && r >= 0; i++)
        r = refuse_unendorsed(input, policy->rules[i].pcr, findings);
    for (size_t i = 0; i < policy->n_log && r >= 0; i++)
        r = refuse_unendorsed(input, policy->log[i].pcr, findings);
    for (size_t i = 0; i < policy->n_events && r >= 0; i++)
        r = refuse_unendorsed(input, policy->events[i].pcr, findings);
    return r;
}

static bool list_has(const PolicyBytesList *list, ByteView value)
{
    for (size_t i = 0; i < list->n_items; i++)
        if (view_equal(VIEW(list->items[i]), value))
            return true;
    return false;
}

static int judge_pcr_rule(const AppraiseTpmInput *input, const PolicyPcrRule *rule,
                          Findings *findings)
{
    ByteView value = evidence_pcr(&input->tpm->pcrs, rule->pcr);
    char subject[SUBJECT_MAX], found[HEX_TEXT_MAX], wanted[HEX_TEXT_MAX + 32];

    pcr_subject(rule->pcr, subject);
    if (value.size == 0)
        return refuse(findings, "tpm-pcr-not-quoted", subject, "its value in the quote",
                      "not among the quoted PCRs");
    if (list_has(&rule->values, value))
        return 0;
    hex_text(rule->values.n_items > 0 ? VIEW(rule->values.items[0]) : (ByteView){ 0 }, found);
    if (rule->values.n_items == 1)
        (void)snprintf(wanted, sizeof(wanted), "%s", found);
    else
        (void)snprintf(wanted, sizeof(wanted), "one of %zu in the policy", rule->values.n_items);
    hex_text(value, found);
    return refuse(findings, "tpm-pcr-value-unknown", subject, wanted, "%s", found);
}

static int judge_secure_boot(const AppraiseTpmInput *input, Findings *findings)
{
    if (!input->policy->secure_boot)
        return 0;
    if (!input->boot)
        return refuse(findings, "eventlog-absent", "secure-boot", "an event log that replays",
                      "none");
    if (input->boot->secure_boot == SECURE_BOOT_ON)
        return 0;
    if (input->boot->secure_boot == SECURE_BOOT_OFF)
        return refuse(findings, "secure-boot-off", "secure-boot", "on", "off");
    return refuse(findings, "secure-boot-unproven", "secure-boot", "on", "%s",
                  input->boot->secure_boot_reason);
}

/* Rules on the log need one, and a PCR that it proves. False: a finding was added. */
static int judge_ground(const AppraiseTpmInput *input, unsigned pcr, Findings *findings,
                        bool *ret_firm)
{
    char subject[SUBJECT_MAX];

    pcr_subject(pcr, subject);
    *ret_firm = input->log && replayed_log_result(input->log, pcr) == REPLAY_PROVEN;
    if (*ret_firm)
        return 0;
    if (!input->log)
        return refuse(findings, "eventlog-absent", subject, "an event log that replays", "none");
    return refuse(findings, "eventlog-unproven", subject, "a log that replays to the quoted value",
                  "it does not");
}

static bool text_matches(const PolicyLogRule *rule, const char *text)
{
    return rule->contains ? strstr(text, rule->text) != NULL : strcmp(text, rule->text) == 0;
}

/* What a rule saw of the log. */
typedef struct TextCount {
    size_t n_matches;
    const char *first_match;
    const char *first_other;     /* looked at, and does not match */
    const BootEvent *unreadable; /* of this PCR: could be anything */
} TextCount;

static TextCount count_texts(const BootFacts *boot, const PolicyLogRule *rule)
{
    TextCount count = { 0 };

    for (size_t i = 0; i < boot->n_events; i++) {
        const BootEvent *event = &boot->events[i];
        if (event->event->pcr != rule->pcr || event->event->type == EV_SEPARATOR)
            continue;
        if (!event->text) {
            count.unreadable = count.unreadable ? count.unreadable : event;
            continue;
        }
        if (event->event->type != rule->type ||
            (rule->prefix && strncmp(event->text, rule->prefix, strlen(rule->prefix)) != 0))
            continue;
        if (!text_matches(rule, event->text)) {
            count.first_other = count.first_other ? count.first_other : event->text;
            continue;
        }
        count.first_match = count.first_match ? count.first_match : event->text;
        count.n_matches++;
    }
    return count;
}

static int judge_log_rule(const AppraiseTpmInput *input, const PolicyLogRule *rule,
                          Findings *findings)
{
    char subject[SUBJECT_MAX];
    bool firm;

    int r = judge_ground(input, rule->pcr, findings, &firm);
    if (r < 0 || !firm)
        return r;
    pcr_subject(rule->pcr, subject);
    TextCount count = count_texts(input->boot, rule);
    if (rule->required && count.n_matches == 0)
        return refuse(findings, "eventlog-text-missing", subject, rule->text, "%s",
                      count.first_other ? count.first_other : "no such text");
    if (!rule->required && count.n_matches > 0)
        return refuse(findings, "eventlog-text-forbidden", subject, NULL, "%s", count.first_match);
    if (rule->every && count.first_other)
        return refuse(findings, "eventlog-text-unexpected", subject, rule->text, "%s",
                      count.first_other);
    if ((rule->every || !rule->required) && count.unreadable)
        return refuse(findings, "eventlog-event-opaque", subject,
                      "events whose text the digest covers", "event %zu",
                      count.unreadable->event->index);
    return 0;
}

/* Is there a rule for events like this, and does one of them list the digest? */
static bool find_event_rule(const PolicyTpm *policy, const ReplayedEvent *event, bool *ret_listed)
{
    bool found = false;

    *ret_listed = false;
    for (size_t i = 0; i < policy->n_events; i++) {
        const PolicyEventRule *rule = &policy->events[i];
        if (event->is_userspace || rule->pcr != event->pcr || rule->type != event->type)
            continue;
        found = true;
        *ret_listed |= list_has(&rule->digests, event->digest);
    }
    return found;
}

/*
 * One event of a PCR with event rules. Types are not covered by digests, so an event that no rule
 * speaks of must be explained by its data: else a forbidden one could hide under another type.
 */
static int judge_event(const AppraiseTpmInput *input, const BootEvent *boot, Findings *findings)
{
    char subject[SUBJECT_MAX], digest[HEX_TEXT_MAX];
    bool listed;

    bool ruled = find_event_rule(input->policy, boot->event, &listed);
    if (ruled ? listed : boot->verified)
        return 0;
    pcr_subject(boot->event->pcr, subject);
    hex_text(boot->event->digest, digest);
    return refuse(findings, ruled ? "eventlog-digest-unknown" : "eventlog-event-opaque", subject,
                  ruled ? "a digest of the policy" : "an event that its data explains",
                  "%s %zu, %s", boot->event->is_userspace ? "userspace record" : "event",
                  boot->event->index, digest);
}

static int judge_event_presence(const AppraiseTpmInput *input, const PolicyEventRule *rule,
                                Findings *findings)
{
    char subject[SUBJECT_MAX];

    for (size_t i = 0; i < input->boot->n_events; i++) {
        const ReplayedEvent *event = input->boot->events[i].event;
        if (event->pcr == rule->pcr && event->type == rule->type && !event->is_userspace)
            return 0;
    }
    pcr_subject(rule->pcr, subject);
    const char *type = event_type_name(rule->type);
    return refuse(findings, "eventlog-event-missing", subject, type ? type : "the type", "none");
}

static int judge_event_rules(const AppraiseTpmInput *input, Findings *findings)
{
    const PolicyTpm *policy = input->policy;
    uint32_t done = 0;

    for (size_t i = 0; i < policy->n_events; i++) {
        unsigned pcr = policy->events[i].pcr;
        bool firm;
        int r = judge_ground(input, pcr, findings, &firm);
        if (r >= 0 && firm)
            r = judge_event_presence(input, &policy->events[i], findings);
        for (size_t k = 0; r >= 0 && firm && !(done & 1U << pcr) && k < input->boot->n_events; k++)
            if (input->boot->events[k].event->pcr == pcr)
                r = judge_event(input, &input->boot->events[k], findings);
        if (r < 0)
            return r;
        done |= 1U << pcr;
    }
    return 0;
}

/* What booted: PCR values, texts and digests. */
static int judge_programs(const AppraiseTpmInput *input, Findings *findings)
{
    const PolicyTpm *policy = input->policy;
    int r = 0;

    for (size_t i = 0; i < policy->n_rules && r >= 0; i++)
        r = judge_pcr_rule(input, &policy->rules[i], findings);
    for (size_t i = 0; i < policy->n_log && r >= 0; i++)
        r = judge_log_rule(input, &policy->log[i], findings);
    return r < 0 ? r : judge_event_rules(input, findings);
}

int appraise_tpm(const AppraiseTpmInput *input, Findings *findings, TrustVector *vector)
{
    const PolicyTpm *policy = input->policy;
    bool names_programs = policy->n_rules > 0 || policy->n_log > 0 || policy->n_events > 0;

    *vector = (TrustVector){ 0 };
    int r = judge_root(input, findings);
    if (r >= 0)
        r = judge_selection(input, findings);
    if (r < 0)
        return r;
    if (input->root == VTPM_ROOT_HOST)
        return refuse_all_rules(input, findings);

    size_t before = findings->n_items;
    r = judge_programs(input, findings);
    if (r < 0)
        return r;
    vector->hardware = TRUST_APPROVED;
    if (names_programs)
        vector->executables =
            findings->n_items > before ? TRUST_UNRECOGNISED_PROGRAMS : TRUST_APPROVED_BOOT;
    before = findings->n_items;
    r = judge_secure_boot(input, findings);
    if (r >= 0 && policy->secure_boot)
        vector->configuration = findings->n_items > before ? TRUST_CONTRAINDICATED : TRUST_APPROVED;
    return r;
}
