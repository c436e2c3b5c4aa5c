/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence to order: claims, a report of the simulated chip over them, a quote by a software AK.
 */
#include "lab.h"

#include "crypto/jwk.h"
#include "crypto/signature.h"

#include <stdio.h>

struct Lab {
    char directory[64];
    SimChip *chip;
    Key *ak;
    Key *response; /* cnf */
    SpkiDigest root;
};

const uint8_t lab_nonce[32] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

Lab *lab_new(SimProduct product, bool vlek)
{
    Lab *lab = calloc(1, sizeof(*lab));
    const SimChipOptions options = { .product = product, .vlek = vlek, .keys_from = SIM_KEYS_DIR };

    check(lab != NULL);
    (void)snprintf(lab->directory, sizeof(lab->directory), "/tmp/verify-lab.XXXXXX");
    check(mkdtemp(lab->directory) != NULL);
    check_int(sim_chip_create(lab->directory, &options), SIM_OK);
    check_int(sim_chip_open(lab->directory, &lab->chip), SIM_OK);
    check_int(sim_chip_fingerprint(lab->chip, lab->root.bytes), SIM_OK);
    check_int(key_generate(KEY_P256, &lab->ak), KEY_OK);
    check_int(key_generate(KEY_P256, &lab->response), KEY_OK);
    return lab;
}

Lab *lab_free(Lab *lab)
{
    char command[128];

    if (!lab)
        return NULL;
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", lab->directory);
    check_int(system(command), 0);
    sim_chip_free(lab->chip);
    key_free(lab->ak);
    key_free(lab->response);
    free(lab);
    return NULL;
}

SimChip *lab_chip(const Lab *lab)
{
    return lab->chip;
}

const Key *lab_ak(const Lab *lab)
{
    return lab->ak;
}

SpkiDigest lab_root(const Lab *lab)
{
    return lab->root;
}

void lab_put_claims(Lab *lab, const LabOrder *order, Evidence *evidence)
{
    EvidenceClaims claims = { .purpose = order->purpose };
    const ByteView nonce = VIEW_OF_ARRAY(lab_nonce);
    Digest digest;

    check_int(bytes_copy(nonce, &claims.nonce), 0);
    if (order->purpose == EVIDENCE_PURPOSE_ROUND) {
        check((claims.audience = strdup(LAB_AUDIENCE)) != NULL);
        check_int(jwk_emit(lab->response, NULL, "enc", "ECDH-ES+A256KW", &claims.jwk), 0);
    }
    if (order->credential.size > 0)
        check_int(bytes_copy(order->credential, &claims.credential), 0);
    claims.members = (order->no_cpu ? 0U : EVIDENCE_MEMBER_CPU) |
                     (order->no_vtpm ? 0U : EVIDENCE_MEMBER_VTPM) |
                     (order->no_log || order->no_vtpm ? 0U : EVIDENCE_MEMBER_EVENTLOG) |
                     (order->userspace_log.size > 0 ? EVIDENCE_MEMBER_EVENTLOG_USERSPACE : 0U);
    claims.members = order->members ? order->members : claims.members;
    if (claims.members & EVIDENCE_MEMBER_VTPM) {
        check_int(digest_of(DIGEST_SHA384, VIEW(evidence->vtpm.ak_public), &digest), 0);
        memcpy(claims.ak_sha384, digest.data, sizeof(claims.ak_sha384));
        claims.ak_sha384[0] ^= order->other_ak_in_claims;
    }
    check_int(evidence_claims_emit(&claims, &evidence->claims), 0);
    evidence_claims_done(&claims);
}

static void put_report(Lab *lab, const LabOrder *order, Evidence *evidence)
{
    SimReport report;
    Digest digest;

    sim_report_default(lab->chip, &report);
    for (size_t i = 0; i < ELEMENTSOF(order->fields) && order->fields[i].name; i++)
        check_int(sim_report_set(&report, order->fields[i].name, order->fields[i].value), SIM_OK);
    check_int(digest_of(DIGEST_SHA512, VIEW(evidence->claims), &digest), 0);
    memcpy(report.report_data, digest.data, sizeof(report.report_data));
    report.report_data[63] ^= order->other_report_data;
    check_int(bytes_new(SIM_REPORT_SIZE, &evidence->cpu.outblob), 0);
    check_int(sim_report_emit(lab->chip, &report, evidence->cpu.outblob.data), SIM_OK);
    check_int(
        sim_chip_table(lab->chip, order->table, order->signer, order->leaf, &evidence->cpu.auxblob),
        SIM_OK);
    check((evidence->cpu.provider = strdup("sev_guest")) != NULL);
}

/* TPMS_ATTEST of a quote, TPM 2.0 Part 2, 10.12.8. */
Bytes lab_attest(const EvidencePcrs *pcrs, ByteView qualified_signer, ByteView qualifying_data)
{
    ByteView parts[TPM_PCR_COUNT];
    size_t n = 0;
    Digest digest;
    Bytes out = { 0 };

    for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++)
        if (pcrs->mask & 1U << pcr)
            parts[n++] = evidence_pcr(pcrs, pcr);
    check_int(digest_of_parts(DIGEST_SHA256, parts, n, &digest), 0);
    lab_put_be(&out, 0xff544347, 4);
    lab_put_be(&out, 0x8018, 2);
    lab_put_be(&out, qualified_signer.size, 2);
    lab_put(&out, qualified_signer.data, qualified_signer.size);
    lab_put_be(&out, qualifying_data.size, 2);
    lab_put(&out, qualifying_data.data, qualifying_data.size);
    lab_put_be(&out, 1000, 8);
    lab_put_be(&out, 7, 4);
    lab_put_be(&out, 0, 4);
    lab_put_be(&out, 1, 1);
    lab_put_be(&out, 0x1234, 8);
    lab_put_be(&out, 1, 4);
    lab_put_be(&out, pcrs->bank, 2);
    lab_put_be(&out, 3, 1);
    lab_put_le(&out, pcrs->mask, 3);
    lab_put_be(&out, digest.size, 2);
    lab_put(&out, digest.data, digest.size);
    return out;
}

static void put_quote(Lab *lab, const LabOrder *order, Evidence *evidence)
{
    const Key *ak = order->ak ? order->ak : lab->ak;
    _cleanup_bytes_ Bytes raw = { 0 };
    Digest digest;

    check_int(digest_of(DIGEST_SHA256, VIEW(evidence->claims), &digest), 0);
    digest.data[0] ^= order->other_qualifying_data;
    evidence->vtpm.attest = lab_attest(&evidence->vtpm.pcrs, (ByteView){ 0 }, digest_view(&digest));
    check_int(
        signature_sign(ak, SIGNATURE_ECDSA_RAW, DIGEST_SHA256, VIEW(evidence->vtpm.attest), &raw),
        SIGNATURE_OK);
    lab_put_be(&evidence->vtpm.signature, TPM_ALG_ECDSA, 2);
    lab_put_be(&evidence->vtpm.signature, TPM_ALG_SHA256, 2);
    lab_put_be(&evidence->vtpm.signature, 32, 2);
    lab_put(&evidence->vtpm.signature, raw.data, 32);
    lab_put_be(&evidence->vtpm.signature, 32, 2);
    lab_put(&evidence->vtpm.signature, raw.data + 32, 32);
}

static void put_optional(ByteView from, Bytes *to)
{
    if (from.size > 0)
        check_int(bytes_copy(from, to), 0);
}

Evidence lab_evidence(Lab *lab, const LabOrder *order)
{
    Evidence evidence = { 0 };
    LabLog own;

    lab_log_begin(&own, DIGEST_SHA256);
    lab_log_boot(&own, NULL);
    const LabLog *log = order->log ? order->log : &own;
    if (!order->no_vtpm) {
        evidence.vtpm.ak_public =
            lab_tpm_public(order->ak ? order->ak : lab->ak,
                           order->ak_attributes ? order->ak_attributes : LAB_AK_ATTRIBUTES);
        evidence.vtpm.pcrs = log->pcrs;
        put_optional(order->ak_certificate, &evidence.vtpm.ak_certificate);
        put_optional(order->ek_certificate, &evidence.vtpm.ek_certificate);
        put_optional(order->ek_public, &evidence.vtpm.ek_public);
        if (!order->no_log)
            check_int(bytes_copy(VIEW(log->bytes), &evidence.eventlog), 0);
        put_optional(order->userspace_log, &evidence.eventlog_userspace);
    }
    lab_put_claims(lab, order, &evidence);
    if (!order->no_cpu)
        put_report(lab, order, &evidence);
    if (!order->no_vtpm)
        put_quote(lab, order, &evidence);
    lab_log_done(&own);
    return evidence;
}

VerifyInput lab_input(const Lab *lab, const Evidence *evidence, const Policy *policy)
{
    return (VerifyInput){
        .evidence = evidence,
        .policy = policy,
        .nonce = VIEW_OF_ARRAY(lab_nonce),
        .audience = LAB_AUDIENCE,
        .now_sec = lab_now(),
        .simulated_roots = &lab->root,
        .n_simulated_roots = 1,
        .source = "verifier",
    };
}

Appraisal *lab_verify(Lab *lab, const Evidence *evidence, const Policy *policy)
{
    const VerifyInput input = lab_input(lab, evidence, policy);
    Appraisal *appraisal = NULL;

    int r = verify_evidence(&input, &appraisal);
    check(r >= 0 && appraisal);
    check_int(r, findings_first_failure(&appraisal->findings) ? VERIFY_E_REFUSED : VERIFY_OK);
    check_int(appraisal->status == TIER_CONTRAINDICATED, r);
    return appraisal;
}

Policy *lab_policy(const char *text)
{
    char *json = strdup(text);
    PolicyError error;
    Policy *policy = NULL;

    check(json != NULL);
    for (char *c = json; *c; c++)
        if (*c == '\'')
            *c = '"';
    int r = policy_parse(view_of_string(json), &policy, &error);
    if (r != POLICY_OK)
        (void)fprintf(stderr, "%s: %s\n", error.path, error.cause);
    check_int(r, POLICY_OK);
    free(json);
    return policy;
}
