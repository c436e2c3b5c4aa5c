/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A verdict for a person: yes or no, why, and what is known of it.
 */
#include "ctl/judged.h"

#include "ctl/complain.h"
#include "ctl/output.h"
#include "ctl/show-content.h"
#include "format/catalog.h"

#include <attest/verify.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

json_t *judged_json(const attest_result *result)
{
    const char *text = attest_result_json(result);

    return json_loadb(text, strlen(text), JSON_REJECT_DUPLICATES, NULL);
}

int judged_print_json(const json_t *json)
{
    _cleanup_free_ char *text = json ? json_dumps(json, JSON_INDENT(2) | JSON_ENSURE_ASCII) : NULL;

    if (!text)
        return complain_of_errno(-ENOMEM, "output");
    (void)puts(text);
    return 0;
}

int judged_exit_class(const attest_result *result)
{
    switch (attest_result_verdict(result)) {
    case ATTEST_PASS:
        return 0;
    case ATTEST_E_FAIL:
        return EXIT_CLASS_REFUSED;
    }
    return EXIT_CLASS_USAGE;
}

static void print_finding(const attest_finding *finding)
{
    const CatalogEntry *entry = catalog_find(attest_finding_name(finding));
    bool decides = attest_finding_decides(finding);
    const char *subject = attest_finding_subject(finding);

    (void)printf("%s%s%s ", output_tone(decides ? TONE_BAD : TONE_WARN),
                 decides ? "failure:" : "warning:", output_reset());
    show_text(entry ? entry->text : attest_finding_name(finding));
    if (*subject) {
        (void)fputs(" (", stdout);
        show_text(subject);
        (void)putchar(')');
    }
    (void)putchar('\n');
    show_row("finding", attest_finding_name(finding));
    if (*attest_finding_found(finding))
        show_row("found", attest_finding_found(finding));
    if (*attest_finding_wanted(finding))
        show_row("wanted", attest_finding_wanted(finding));
    if (*attest_finding_remedy(finding))
        show_row("remedy", attest_finding_remedy(finding));
}

void judged_print_findings(const attest_result *result)
{
    size_t n = attest_result_n_findings(result);

    for (size_t i = 0; i < n; i++)
        if (attest_finding_decides(attest_result_finding(result, i)))
            print_finding(attest_result_finding(result, i));
    for (size_t i = 0; i < n; i++)
        if (!attest_finding_decides(attest_result_finding(result, i)))
            print_finding(attest_result_finding(result, i));
}

typedef struct VerdictWords {
    const char *kind; /* of <attest/result.h> */
    const char *pass; /* what a pass says of it */
    const char *name;
} VerdictWords;

static const VerdictWords words[] = {
    { "evidence", "is genuine, and what was demanded of it", "the evidence" },
    { "snp", "was signed by genuine AMD hardware", "the report" },
    { "quote", "was signed by the attestation key", "the quote" },
    { "event-log", "replays to the values that were given", "the event log" },
    { "hcl", "belongs to its claims, and to what came with it", "the HCL report" },
    { "tdx", "was signed by genuine Intel hardware", "the TDX quote" },
    { "token", "was signed by a key of its issuer", "the token" },
};

/* A log by itself proves nothing. */
static const VerdictWords words_without_pcrs = {
    "event-log", "is whole; there were no values to compare it with", "the event log"
};

static const VerdictWords *find_words(const Options *options, const char *kind)
{
    if (strcmp(kind, words_without_pcrs.kind) == 0 && !options->pcrs)
        return &words_without_pcrs;
    for (size_t i = 0; i < ELEMENTSOF(words); i++)
        if (strcmp(words[i].kind, kind) == 0)
            return &words[i];
    return &words[0];
}

static void print_verdict(const Options *options, const attest_result *result)
{
    const VerdictWords *found = find_words(options, attest_result_kind_name(result));

    switch (attest_result_verdict(result)) {
    case ATTEST_PASS:
        (void)printf("%sPASS%s  %s %s\n", output_tone(TONE_GOOD), output_reset(), found->name,
                     found->pass);
        return;
    case ATTEST_E_FAIL:
        (void)printf("%sFAIL%s  %s is not to be believed\n", output_tone(TONE_BAD), output_reset(),
                     found->name);
        return;
    }
    (void)printf("%sFAIL%s  %s cannot be read\n", output_tone(TONE_BAD), output_reset(),
                 found->name);
}

/* The parts of claims that have a form of their own; the heading says where a part begins. */
typedef struct ClaimsPart {
    const char *member;
    const char *heading;
    void (*show)(const json_t *part);
} ClaimsPart;

static const ClaimsPart parts[] = {
    { "report", "SEV-SNP report", show_snp_report },
    { "verification", "Certificate of the report", show_snp_verification },
    { "hcl", "HCL report", show_hcl_report },
    { "td_quote", "TDX quote", show_td_quote },
    { "quote", "TPM quote", show_quote },
    { "ak", "Attestation key", show_tpm_public },
    { "ak_cert", "Certificate of the attestation key", show_certificate },
    { "pcr_values", "PCR values", show_pcrs },
    { "boot", "Proven by the log", show_boot },
};

static bool is_part(const char *member)
{
    for (size_t i = 0; i < ELEMENTSOF(parts); i++)
        if (strcmp(parts[i].member, member) == 0)
            return true;
    return false;
}

/* Claims of evidence are facts by name, and so are the odd members beside the parts. */
static void print_rest(const json_t *claims)
{
    json_auto_t *rest = json_object();
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)claims, name, value)
        if (!is_part(name) && json_object_set(rest, name, value) < 0)
            return;
    if (json_object_size(rest) == 0)
        return;
    show_heading("Facts");
    show_tree(rest);
}

static void print_claims(const char *kind, const json_t *claims)
{
    if (strcmp(kind, "event-log") == 0) {
        show_event_log(claims);
        return;
    }
    if (strcmp(kind, "token") == 0) {
        show_token(claims);
        return;
    }
    for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
        const json_t *part = json_object_get(claims, parts[i].member);
        if (!part)
            continue;
        show_heading(parts[i].heading);
        parts[i].show(part);
    }
    print_rest(claims);
}

/* 0 or -ENOMEM. */
static int add_notes(json_t *verdict, const Findings *notes)
{
    json_auto_t *array = findings_to_json(notes);

    return !array || json_array_extend(json_object_get(verdict, "checks"), array) < 0 ? -ENOMEM : 0;
}

int judged_print(const Options *options, const attest_result *result, const Findings *notes)
{
    json_auto_t *json = judged_json(result);
    int exit_class = judged_exit_class(result);

    if (!json || add_notes(json, notes) < 0)
        return complain_of_errno(-ENOMEM, "output");
    (void)complain_of_findings(notes);
    if (options->json) {
        int r = judged_print_json(json);
        return r != 0 ? r : exit_class;
    }
    print_verdict(options, result);
    judged_print_findings(result);
    if (attest_result_verdict(result) != ATTEST_PASS &&
        json_object_size(show_at(json, "claims")) > 0)
        show_heading("What follows is what it says, which is not believed.");
    print_claims(attest_result_kind_name(result), show_at(json, "claims"));
    return exit_class;
}
