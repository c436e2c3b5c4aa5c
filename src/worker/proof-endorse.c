/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kept answer first, then the service. Chip and TCB are compared here so that a VM that was
 * moved, or a host whose firmware was updated, is told by that name; pre-flight then judges the
 * chain as everybody's.
 */
#include "worker/proof-endorse.h"

#include "base/clock.h"
#include "base/file.h"
#include "crypto/certificate.h"
#include "format/hcl-report.h"
#include "protocol/td-quote.h"
#include "protocol/thim.h"
#include "verify/vek.h"
#include "worker/metadata.h"
#include "worker/proof-kds.h"
#include "worker/round-gates.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUBJECT               "endorsements"
#define HELD_PATIENCE_SEC     UINT64_C(5)
#define TD_QUOTE_PATIENCE_SEC 30 /* an enclave of the host works for it */
#define FILE_MODE             0600

static int add(Findings *findings, const char *name, const char *found, const char *wanted)
{
    int r = findings_add(findings, name, SUBJECT, FINDING_FAILURE, found, wanted);

    return r < 0 ? r : PROOF_E_FAILED;
}

static char *cache_path(const Proof *proof)
{
    char *path;

    return asprintf(&path, "%s/%s", proof->request->lock_directory, THIM_CACHE_FILE) < 0 ? NULL
                                                                                         : path;
}

/* As the chip and cloud write it: the digits of THIM's tcbm. */
static void tcb_text(SnpTcbRaw tcb, char out[static 17])
{
    for (size_t i = 0; i < sizeof(tcb.bytes); i++)
        (void)snprintf(out + 2 * i, 3, "%02x", tcb.bytes[sizeof(tcb.bytes) - 1 - i]);
}

static bool is_of_chip(const SnpReport *report, const Vek *vek)
{
    return snp_report_chip_id_is_masked(report) || vek->hwid_size == 0 ||
           memcmp(report->chip_id, vek->hwid, vek->hwid_size) == 0;
}

/* Is THIM for the chip and TCB that REPORT is of? PROOF_OK, or PROOF_E_FAILED with a finding. */
static int check_fit(const SnpReport *report, const Thim *thim, Findings *findings)
{
    _cleanup_(certificate_freep) Certificate *certificate = NULL;
    SnpTcb wanted = snp_tcb_decode(report->reported_tcb, snp_report_tcb_layout(report));
    char found_text[17], wanted_text[17];
    Vek vek;

    tcb_text(thim->tcb, found_text);
    tcb_text(report->reported_tcb, wanted_text);
    if (memcmp(&thim->tcb, &report->reported_tcb, sizeof(thim->tcb)) != 0)
        return add(findings, "thim-tcb-mismatch", found_text, wanted_text);
    int r = certificate_from_der(VIEW(thim->vcek), &certificate);
    if (r < 0)
        return r;
    if (r != CERTIFICATE_OK || vek_parse(certificate, &vek) != VEK_OK)
        return add(findings, "thim-answer-malformed", "vcekCert is no VCEK", NULL);
    if (!is_of_chip(report, &vek))
        return add(findings, "thim-chip-mismatch", NULL, NULL);
    if (!snp_tcb_is_equal(&vek.tcb, &wanted))
        return add(findings, "thim-tcb-mismatch", "the certificate's TCB is another than tcbm",
                   wanted_text);
    return PROOF_OK;
}

static int parse(ByteView body, Findings *findings, Thim *ret)
{
    int r = thim_parse(body, ret);

    if (r <= 0)
        return r;
    return add(findings, "thim-answer-malformed", thim_reason(r), NULL);
}

/* Seconds since the answer was kept; UINT64_MAX: it is not there, or from the future. */
static uint64_t age_sec(const char *path)
{
    struct stat st;
    int64_t now = (int64_t)(clock_realtime_usec(&clock_system) / USEC_PER_SEC);

    if (stat(path, &st) < 0 || st.st_mtime > now)
        return UINT64_MAX;
    return (uint64_t)(now - st.st_mtime);
}

/* What is kept, if it is for REPORT: THIM is empty when it is not. */
static int look_up(const char *path, const SnpReport *report, bool *ret_fresh, Thim *thim)
{
    _cleanup_findings_ Findings unused = { 0 };
    _cleanup_bytes_ Bytes body = { 0 };

    int r = file_read(path, THIM_SIZE_MAX, &body);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    r = parse(VIEW(body), &unused, thim);
    if (r == 0)
        r = check_fit(report, thim, &unused);
    if (r > 0)
        thim_done(thim);
    *ret_fresh = r == 0 && age_sec(path) < thim->fresh_sec;
    return r < 0 ? r : 0;
}

/* Does a policy session keep everybody else from the TPM? */
static bool is_held(const Proof *proof)
{
    return proof->gates && round_gates_vtpm(proof->gates);
}

/* What the report has left of the time for which others wait for the TPM. */
static unsigned held_patience_sec(const Proof *proof)
{
    uint64_t spent = proof->answer->timings_usec[TIMING_COLLECT];
    uint64_t left = spent < ROUND_GATES_PATIENCE_USEC ? ROUND_GATES_PATIENCE_USEC - spent : 0;

    return left < USEC_PER_SEC ? 1 : (unsigned)MIN(left / USEC_PER_SEC, HELD_PATIENCE_SEC);
}

/* Not kept is asked for again. */
static int keep(const char *path, ByteView body)
{
    return file_write_atomic(path, body, FILE_MODE) == -ENOMEM ? -ENOMEM : 0;
}

static int ask(const Proof *proof, const char *path, const SnpReport *report, Findings *findings,
               Thim *ret)
{
    _cleanup_bytes_ Bytes body = { 0 };
    _cleanup_thim_ Thim thim = { 0 };
    const MetadataRequest request = {
        .base = proof->request->evidence.metadata_url,
        .path = THIM_PATH,
        .reply_limit = THIM_SIZE_MAX,
        /* An open session of gates keeps everybody else from the TPM meanwhile. */
        .patience_sec = is_held(proof) ? held_patience_sec(proof) : METADATA_TIMEOUT_SEC,
    };

    int r = metadata_ask(&request, findings, proof->answer, &body);
    if (r != METADATA_OK)
        return r < 0 ? r : PROOF_E_FAILED;
    r = parse(VIEW(body), findings, &thim);
    if (r == 0)
        r = check_fit(report, &thim, findings);
    if (r == 0)
        r = keep(path, VIEW(body));
    if (r)
        return r;
    *ret = TAKE_STRUCT(thim);
    return PROOF_OK;
}

static int ask_kds(Proof *proof, const char *path, const SnpReport *report, Findings *findings,
                   Thim *ret)
{
    _cleanup_findings_ Findings unfit = { 0 };
    _cleanup_free_ char *text = NULL;
    _cleanup_thim_ Thim thim = { 0 };

    /* It may take longer than others wait for the TPM; gates stay shut until the next round. */
    if (is_held(proof))
        round_gates_let_go(proof->gates);
    int r = proof_kds(proof, report, findings, &thim);
    if (r != PROOF_OK)
        return r;
    r = check_fit(report, &thim, &unfit);
    if (r == PROOF_E_FAILED)
        return add(findings, "kds-answer-unusable", "a certificate for another chip or TCB", NULL);
    if (r < 0)
        return r;
    text = thim_text(&thim);
    r = text ? keep(path, view_of_string(text)) : -ENOMEM;
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(thim);
    return PROOF_OK;
}

/* The cloud's own service first; AMD's where that has none, and where it may be asked. */
static int ask_either(Proof *proof, const char *path, const SnpReport *report, Findings *findings,
                      Thim *ret)
{
    const EvidenceSettings *evidence = &proof->request->evidence;
    int r = PROOF_E_FAILED;

    if (evidence->metadata_url)
        r = ask(proof, path, report, findings, ret);
    if (r == PROOF_E_FAILED && evidence->kds_url)
        r = ask_kds(proof, path, report, findings, ret);
    return r;
}

/* What was found becomes warnings where it does not decide. */
static int conclude(Proof *proof, bool is_fatal, Findings *own)
{
    for (size_t i = 0; i < own->n_items && !is_fatal; i++)
        own->items[i].result = FINDING_WARNING;
    int r = findings_move(&proof->answer->findings, own);
    if (r < 0)
        return r;
    return is_fatal ? PROOF_E_FAILED : PROOF_OK;
}

static void adopt(Thim *thim, EvidenceEndorsements *endorsements)
{
    endorsements->vcek = TAKE_STRUCT(thim->vcek);
    endorsements->ask = TAKE_STRUCT(thim->ask);
    endorsements->ark = TAKE_STRUCT(thim->ark);
}

static int endorse(Proof *proof, const SnpReport *report)
{
    _cleanup_free_ char *path = cache_path(proof);
    _cleanup_findings_ Findings own = { 0 };
    _cleanup_thim_ Thim kept = { 0 }, asked = { 0 };
    bool is_fresh = false;

    if (!path)
        return -ENOMEM;
    int r = look_up(path, report, &is_fresh, &kept);
    if (r < 0)
        return r;
    if (!is_fresh) {
        r = ask_either(proof, path, report, &own, &asked);
        if (r < 0)
            return r;
    }
    bool has_any = asked.vcek.size > 0 || kept.vcek.size > 0;
    adopt(asked.vcek.size > 0 ? &asked : &kept, &proof->evidence.endorsements);
    if (own.n_items == 0)
        return PROOF_OK;
    return conclude(proof, !has_any && proof->request->evidence.preflight_enforce, &own);
}

static int ask_quote(const Proof *proof, ByteView td_report, unsigned patience_sec,
                     Findings *findings, Bytes *ret)
{
    _cleanup_free_ char *body = td_quote_request(td_report);
    _cleanup_bytes_ Bytes reply = { 0 };
    const MetadataRequest request = {
        .base = proof->request->evidence.metadata_url,
        .path = TD_QUOTE_PATH,
        .body = body,
        .reply_limit = TD_QUOTE_REPLY_MAX,
        .patience_sec = patience_sec,
    };

    if (!body)
        return -ENOMEM;
    int r = metadata_ask(&request, findings, proof->answer, &reply);
    if (r != METADATA_OK)
        return r < 0 ? r : PROOF_E_FAILED;
    r = td_quote_parse(VIEW(reply), ret);
    if (r <= 0)
        return r;
    return add(findings, "td-quote-answer-malformed", td_quote_reason(r), NULL);
}

/*
 * Never kept: a TDREPORT can be quoted on the host and in the boot that it was made in alone. With
 * a session of gates the answer has to come before others have waited too long for the TPM; one
 * that takes longer proves the machine, and its gates stay shut in this round.
 */
static int quote(Proof *proof, ByteView td_report)
{
    _cleanup_findings_ Findings own = { 0 }, late = { 0 };
    Bytes *quoted = &proof->evidence.td_quote;
    bool holds = is_held(proof);

    int r = ask_quote(proof, td_report, holds ? held_patience_sec(proof) : TD_QUOTE_PATIENCE_SEC,
                      &own, quoted);
    if (r == PROOF_E_FAILED && holds && findings_has(&own, "metadata-unreachable")) {
        round_gates_let_go(proof->gates);
        r = ask_quote(proof, td_report, TD_QUOTE_PATIENCE_SEC, &late, quoted);
        return r <= 0 ? r : conclude(proof, proof->request->evidence.preflight_enforce, &late);
    }
    if (r <= 0)
        return r;
    return conclude(proof, proof->request->evidence.preflight_enforce, &own);
}

int proof_endorse_distrust(const Proof *proof)
{
    _cleanup_free_ char *path = NULL;

    if (proof->evidence.hcl.size == 0 || proof->evidence.endorsements.vcek.size == 0)
        return 0;
    path = cache_path(proof);
    if (!path)
        return -ENOMEM;
    (void)unlink(path);
    return 0;
}

int proof_endorse(Proof *proof)
{
    const EvidenceSettings *evidence = &proof->request->evidence;
    SnpReport report;
    HclReport hcl;

    if ((!evidence->metadata_url && !evidence->kds_url) || proof->evidence.hcl.size == 0 ||
        hcl_report_parse(VIEW(proof->evidence.hcl), &hcl) != HCL_REPORT_OK)
        return PROOF_OK; /* pre-flight names what is wrong with the report */
    if (hcl.type == HCL_REPORT_TYPE_TDX)
        return evidence->metadata_url ? quote(proof, hcl.hardware) : PROOF_OK;
    if (snp_report_parse(hcl.hardware, SNP_REPORT_ACCEPT_NEWER, &report) != SNP_REPORT_OK)
        return PROOF_OK;
    return endorse(proof, &report);
}
