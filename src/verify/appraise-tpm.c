/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The "tpm" object of a policy against a genuine quote, its replayed log and what that shows.
 */
#include "verify/appraise-boot.h"

#include "verify/boot-sections.h"
#include "verify/refuse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SUBJECT_MAX 16 /* "secure-boot", "pcr 15" */
#define PCR_GRUB    8

static void pcr_subject(unsigned pcr, char out[static SUBJECT_MAX])
{
    (void)snprintf(out, SUBJECT_MAX, "pcr %u", pcr % TPM_PCR_COUNT);
}

int appraise_absent_tpm(const PolicyTpm *policy, Findings *findings)
{
    if (!policy->required && !policy_tpm_has_rules(policy))
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

static bool list_has(const PolicyBytesList *list, ByteView value)
{
    for (size_t i = 0; i < list->n_items; i++)
        if (view_equal(VIEW(list->items[i]), value))
            return true;
    return false;
}

/* The key that quotes is known by its Name, whatever stands behind it. */
static int judge_ak_name(const AppraiseTpmInput *input, Findings *findings)
{
    const PolicyBytesList *names = &input->policy->ak_names;
    const ByteView name = { .data = input->tpm->ak_name, .size = input->tpm->ak_name_size };
    char found[HEX_TEXT_MAX], wanted[64];

    if (!names->present || list_has(names, name))
        return 0;
    hex_text(name, found);
    (void)snprintf(wanted, sizeof(wanted), "one of %zu in the policy", names->n_items);
    return refuse(findings, "tpm-ak-not-accepted", "vtpm", wanted, "%s", found);
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

    if (policy->secure_boot || policy->secure_boot_signers.present)
        r = refuse_unendorsed(input, PCR_SECURE_BOOT, findings);
    for (size_t i = 0; i < policy->n_rules && r >= 0; i++)
        r = refuse_unendorsed(input, policy->rules[i].pcr, findings);
    for (size_t i = 0; i < policy->n_log && r >= 0; i++)
        r = refuse_unendorsed(input, policy->log[i].pcr, findings);
    for (size_t i = 0; i < policy->n_events && r >= 0; i++)
        r = refuse_unendorsed(input, policy->events[i].pcr, findings);
    if (r >= 0 && policy->n_sections > 0)
        r = refuse_unendorsed(input, PCR_SECTIONS, findings);
    if (r >= 0 && policy->command_line.present)
        r = refuse(findings, "vtpm-unendorsed", COMMAND_LINE,
                   "a vTPM that the hardware vouches for", "the host's vTPM");
    return r;
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

/*
 * Would a rule that forbids a text forbid this one? Its label is the log's choice, so in GRUB's
 * register any of them may have been it.
 */
static int is_forbidden(const PolicyLogRule *rule, const char *text, bool *ret)
{
    const char *bare = grub_text_strip(text);

    *ret = text_matches(rule, text) || text_matches(rule, bare);
    for (size_t i = 0; !*ret && rule->pcr == PCR_GRUB && grub_label(i); i++) {
        _cleanup_free_ char *labelled = NULL;
        if (asprintf(&labelled, "%s%s", grub_label(i), bare) < 0)
            return -ENOMEM;
        *ret = text_matches(rule, labelled);
    }
    return 0;
}

/* What a rule saw of the log. Types and labels are not covered by digests, texts are. */
typedef struct TextCount {
    const char *required;        /* matches, and is of the type the rule names */
    const char *forbidden;       /* matches under some type and label */
    const char *other;           /* of the type, and does not match */
    const BootEvent *unreadable; /* could be anything */
} TextCount;

static int count_texts(const BootFacts *boot, const PolicyLogRule *rule, TextCount *ret)
{
    TextCount count = { 0 };

    for (size_t i = boot->n_events; i-- > 0;) {
        const BootEvent *event = &boot->events[i];
        bool forbidden;
        if (event->event->pcr != rule->pcr)
            continue;
        if (!event->text) {
            count.unreadable = event->is_known ? count.unreadable : event;
            continue;
        }
        int r = is_forbidden(rule, event->text, &forbidden);
        if (r < 0)
            return r;
        if (forbidden)
            count.forbidden = event->text;
        if (event->event->type == rule->type)
            *(text_matches(rule, event->text) ? &count.required : &count.other) = event->text;
    }
    *ret = count;
    return 0;
}

static int judge_log_rule(const AppraiseTpmInput *input, const PolicyLogRule *rule,
                          Findings *findings)
{
    char subject[SUBJECT_MAX];
    TextCount count;
    bool firm;

    int r = judge_ground(input, rule->pcr, findings, &firm);
    if (r < 0 || !firm)
        return r;
    pcr_subject(rule->pcr, subject);
    r = count_texts(input->boot, rule, &count);
    if (r < 0)
        return r;
    if (rule->required && !count.required)
        return refuse(findings, "eventlog-text-missing", subject, rule->text, "%s",
                      count.other ? count.other : "no such text");
    if (rule->required)
        return 0;
    if (count.forbidden)
        return refuse(findings, "eventlog-text-forbidden", subject, NULL, "%s", count.forbidden);
    if (count.unreadable)
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
 * One event of a PCR with event rules. Types are not covered by digests, and data that hashes to
 * the digest can be found for whatever was measured, a program included: an event that no rule
 * speaks of must be one of the few that can be nothing else.
 */
static int judge_event(const AppraiseTpmInput *input, const BootEvent *boot, Findings *findings)
{
    char subject[SUBJECT_MAX], digest[HEX_TEXT_MAX];
    bool listed;

    bool ruled = find_event_rule(input->policy, boot->event, &listed);
    if (ruled ? listed : boot->is_known)
        return 0;
    pcr_subject(boot->event->pcr, subject);
    hex_text(boot->event->digest, digest);
    return refuse(findings, ruled ? "eventlog-digest-unknown" : "eventlog-event-opaque", subject,
                  ruled ? "a digest of the policy" : "a separator, an action or a known word",
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
    if (r >= 0)
        r = judge_event_rules(input, findings);
    if (r >= 0)
        r = appraise_sections(input, findings);
    return r < 0 ? r : appraise_command_line(input, findings);
}

typedef int (*Judge)(const AppraiseTpmInput *input, Findings *findings);

/*
 * Has JUDGE a failure to report? In a list of its own, so that a full one cannot hide it: adding to
 * that drops a finding or puts it in the place of a warning.
 */
static int judge_apart(Judge judge, const AppraiseTpmInput *input, Findings *findings,
                       bool *ret_failed)
{
    _cleanup_findings_ Findings own = { .source = findings->source };

    int r = judge(input, &own);
    if (r < 0)
        return r;
    *ret_failed = findings_first_failure(&own) != NULL;
    return findings_move(findings, &own);
}

int appraise_tpm(const AppraiseTpmInput *input, Findings *findings, TrustVector *vector)
{
    const PolicyTpm *policy = input->policy;
    bool names_programs = policy->n_rules > 0 || policy->n_log > 0 || policy->n_events > 0 ||
                          policy->n_sections > 0 || policy->command_line.present;
    bool wants_secure_boot = policy->secure_boot || policy->secure_boot_signers.present;
    bool failed = false;

    *vector = (TrustVector){ 0 };
    int r = judge_root(input, findings);
    if (r >= 0)
        r = judge_selection(input, findings);
    if (r >= 0)
        r = judge_ak_name(input, findings);
    if (r < 0)
        return r;
    if (input->root == VTPM_ROOT_HOST)
        return refuse_all_rules(input, findings);

    r = judge_apart(judge_programs, input, findings, &failed);
    if (r < 0)
        return r;
    vector->hardware = TRUST_APPROVED;
    if (names_programs)
        vector->executables = failed ? TRUST_UNRECOGNISED_PROGRAMS : TRUST_APPROVED_BOOT;
    r = judge_apart(appraise_secure_boot, input, findings, &failed);
    if (r >= 0 && wants_secure_boot)
        vector->configuration = failed ? TRUST_CONTRAINDICATED : TRUST_APPROVED;
    return r;
}
