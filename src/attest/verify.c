/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attest_verify(): the table of kinds, what each needs, and the way from input to result.
 */
#include "attest/judge.h"

#include <attest/attest.h>

#include <errno.h>

/* Hints and anchors hurt nobody who does not need them. */
#define ITEMS_HARMLESS                                                                             \
    (ITEM_BIT(ATTEST_ITEM_CERTIFICATE) | ITEM_BIT(ATTEST_ITEM_CRL) |                               \
     ITEM_BIT(ATTEST_ITEM_AMD_ROOT) | ITEM_BIT(ATTEST_ITEM_VTPM_ROOT))
#define ITEMS_QUOTE (ITEM_BIT(ATTEST_ITEM_TPM_QUOTE) | ITEM_BIT(ATTEST_ITEM_TPM_SIGNATURE))
#define ITEMS_LOGS  (ITEM_BIT(ATTEST_ITEM_EVENT_LOG) | ITEM_BIT(ATTEST_ITEM_USERSPACE_LOG))

typedef struct JudgedKind {
    attest_kind kind;
    const char *name;
    uint64_t needed; /* items without which nothing can be judged */
    uint64_t taken;  /* and others that it makes something of */
    TrustScope scope;
    int (*judge)(const Judgement *judgement);
} JudgedKind;

static const JudgedKind kinds[] = {
    { ATTEST_KIND_EVIDENCE, "evidence", ITEM_BIT(ATTEST_ITEM_EVIDENCE),
      ITEM_BIT(ATTEST_ITEM_POLICY) | ITEM_BIT(ATTEST_ITEM_NONCE), TRUST_SCOPE_ALL, judge_evidence },
    { ATTEST_KIND_SNP, "snp", ITEM_BIT(ATTEST_ITEM_SNP_REPORT),
      ITEM_BIT(ATTEST_ITEM_POLICY) | ITEM_BIT(ATTEST_ITEM_REPORT_DATA), TRUST_SCOPE_ALL,
      judge_snp },
    { ATTEST_KIND_QUOTE, "quote", ITEMS_QUOTE | ITEM_BIT(ATTEST_ITEM_TPM_AK),
      ITEM_BIT(ATTEST_ITEM_PCRS) | ITEM_BIT(ATTEST_ITEM_NONCE) | ITEMS_LOGS,
      TRUST_SCOPE_WITHOUT_AMD, judge_quote },
    { ATTEST_KIND_EVENT_LOG, "event-log", ITEM_BIT(ATTEST_ITEM_EVENT_LOG),
      ITEM_BIT(ATTEST_ITEM_USERSPACE_LOG) | ITEM_BIT(ATTEST_ITEM_PCRS), TRUST_SCOPE_WITHOUT_AMD,
      judge_event_log },
    { ATTEST_KIND_HCL, "hcl", ITEM_BIT(ATTEST_ITEM_HCL_REPORT),
      ITEMS_QUOTE | ITEM_BIT(ATTEST_ITEM_PCRS) | ITEM_BIT(ATTEST_ITEM_NONCE) | ITEMS_LOGS |
          ITEM_BIT(ATTEST_ITEM_TD_QUOTE) | ITEM_BIT(ATTEST_ITEM_REPORT_DATA),
      TRUST_SCOPE_ALL, judge_hcl },
    { ATTEST_KIND_TDX, "tdx", ITEM_BIT(ATTEST_ITEM_TD_QUOTE),
      ITEM_BIT(ATTEST_ITEM_REPORT_DATA) | ITEM_BIT(ATTEST_ITEM_EVENT_LOG), TRUST_SCOPE_WITHOUT_AMD,
      judge_tdx },
    { ATTEST_KIND_TOKEN, "token", ITEM_BIT(ATTEST_ITEM_TOKEN) | ITEM_BIT(ATTEST_ITEM_JWKS),
      ITEM_BIT(ATTEST_ITEM_NONCE), TRUST_SCOPE_WITHOUT_AMD, judge_token },
};

const char *attest_version(void)
{
    return ATTEST_VERSION;
}

static const JudgedKind *find(attest_kind kind)
{
    for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
        if (kinds[i].kind == kind)
            return &kinds[i];
    return NULL;
}

/* Nothing that was given is left out in silence: a demand that is not heard would be a pass. */
static int check_items(const JudgedKind *kind, const attest_input *input, Outcome *outcome)
{
    uint64_t present = items_present(input);
    const ItemKind *item;
    int r = 0;

    for (size_t i = 0; r >= 0 && (item = item_kind_at(i)); i++) {
        uint64_t bit = ITEM_BIT(item->item);
        if (kind->needed & bit && !(present & bit))
            r = outcome_unreadable(outcome, "item-missing", item->name, NULL, "%s cannot be judged",
                                   kind->name);
        else if (present & bit & ~(kind->needed | kind->taken | ITEMS_HARMLESS))
            r = outcome_unreadable(outcome, "item-unwanted", item->name, NULL,
                                   "%s is judged without", kind->name);
    }
    return r;
}

int attest_verify(const attest_input *input, attest_kind kind, attest_result **ret)
{
    const JudgedKind *judged = find(kind);
    _cleanup_outcome_ Outcome outcome = { 0 };
    _cleanup_trust_ Trust trust = { 0 };

    if (!judged)
        return -EINVAL;
    int r = outcome_init(&outcome, judged->name);
    if (r >= 0)
        r = check_items(judged, input, &outcome);
    if (r >= 0)
        r = trust_read(input, judged->scope, &outcome, &trust);
    if (r < 0)
        return r;
    const Judgement judgement = { .input = input, .trust = &trust, .outcome = &outcome };
    if (!outcome.unreadable)
        r = judged->judge(&judgement);
    return r < 0 ? r : outcome_to_verdict(&outcome, ret);
}
