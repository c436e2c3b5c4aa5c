/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One function a kind of evidence: it judges what is in the input by the words of verify and token,
 * and adds findings and claims. Everything it needs is there; whether it can be read is its matter.
 */
#pragma once

#include "attest/items.h"
#include "attest/outcome.h"
#include "attest/trust.h"
#include "format/pcr-file.h"
#include "verify/genuine-snp.h"
#include "verify/genuine-tdx.h"
#include "verify/replay.h"

/* What is judged, and by what. */
typedef struct Judgement {
    const attest_input *input;
    const Trust *trust;
    Outcome *outcome;
} Judgement;

/* Each: 0; -ENOMEM, -EIO. The verdict is in the outcome. */
_must_check_ int judge_evidence(const Judgement *judgement);
_must_check_ int judge_snp(const Judgement *judgement);
_must_check_ int judge_quote(const Judgement *judgement);
_must_check_ int judge_event_log(const Judgement *judgement);
_must_check_ int judge_hcl(const Judgement *judgement);
_must_check_ int judge_tdx(const Judgement *judgement);
_must_check_ int judge_token(const Judgement *judgement);

/* Parts that more than one kind has. */

/* How a SEV-SNP report was judged. */
typedef struct SnpJudged {
    const SnpReport *report;
    const Endorsements *endorsements;
    const Findings *findings;  /* of genuine_snp_verify() */
    const GenuineSnp *genuine; /* NULL: refused */
} SnpJudged;

/* The hints, read. 0; -ENOMEM. */
_must_check_ int judge_gather_endorsements(const Judgement *judgement, Findings *findings,
                                           Endorsements *ret);
/* Adds "verification" when there is a certificate to speak of. 0; -ENOMEM, -EIO. */
_must_check_ int judge_add_verification(const Judgement *judgement, const SnpJudged *judged);

/* The PCR values of the input, or RET->n_banks 0 when there are none. 0; -ENOMEM. */
_must_check_ int judge_read_pcrs(const Judgement *judgement, PcrFile *ret);

/*
 * The firmware's log of the input against values that are believed, bank by bank; adds "boot" from
 * the best bank. 0; -ENOMEM, -EIO.
 */
_must_check_ int judge_replay(const Judgement *judgement, const PcrFile *believed);

/*
 * The TD quote of the input; adds "td_quote". REPORT_DATA: .data NULL for any. RET borrows, and is
 * set when RET_GENUINE is. 0; -ENOMEM, -EIO.
 */
_must_check_ int judge_td_quote(const Judgement *judgement, ByteView report_data, GenuineTdx *ret,
                                bool *ret_genuine);

/* flags of event_log_open() for LOG: a log out of memory has padding behind it. */
unsigned judge_log_flags(ByteView log);
