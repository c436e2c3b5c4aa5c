/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the attestation key to the claims to the runtime claims to the hardware report.
 */
#include "lab-hcl.h"

#include "crypto/signature.h"

#include "forge.h"

#include <ctype.h>
#include <stdio.h>

static Key *ak, *other_ak;

void lab_hcl_done(void)
{
    ak = key_free(ak);
    other_ak = key_free(other_ak);
}

static void make_keys(void)
{
    if (ak)
        return;
    ak = forge_key("RSA-2048");
    other_ak = forge_key("RSA-2048");
}

static void put_text(Bytes *out, const char *text)
{
    lab_put(out, text, strlen(text));
}

static void put_key(Bytes *out, const char *name, const Key *key)
{
    _cleanup_bytes_ Bytes n = { 0 }, e = { 0 };

    check_int(key_rsa_numbers(key, &n, &e), KEY_OK);
    _cleanup_free_ char *n_text = base64url_encode(VIEW(n));
    _cleanup_free_ char *e_text = base64url_encode(VIEW(e));
    put_text(out, "{\"kid\":\"");
    put_text(out, name);
    put_text(out, "\",\"key_ops\":[\"sign\"],\"kty\":\"RSA\",\"e\":\"");
    put_text(out, e_text);
    put_text(out, "\",\"n\":\"");
    put_text(out, n_text);
    put_text(out, "\"}");
}

static void put_user_data(Bytes *out, const LabHclOrder *order, ByteView claims)
{
    Digest digest;

    check_int(digest_of(DIGEST_SHA512, claims, &digest), 0);
    digest.data[0] ^= order->stale_user_data;
    _cleanup_free_ char *text = hex_encode(digest_view(&digest));
    for (char *c = text; *c && !order->lower_case; c++)
        *c = (char)toupper((unsigned char)*c);
    put_text(out, ",\"user-data\":\"");
    put_text(out, text);
    put_text(out, "\"");
}

static Bytes runtime_claims(const LabHclOrder *order, ByteView claims)
{
    Bytes out = { 0 };

    put_text(&out, "{\"keys\":[");
    put_key(&out, "HCLAkPub", order->other_ak_in_claims ? other_ak : ak);
    put_text(&out, ",");
    put_key(&out, "HCLEkPub", other_ak);
    put_text(&out, "],\"vm-configuration\":{\"secure-boot\":true,\"tpm-enabled\":true,"
                   "\"something-new\":{\"a\":[1,2]},\"vmUniqueId\":\"" LAB_VM_ID "\"}");
    if (!order->no_user_data)
        put_user_data(&out, order, claims);
    put_text(&out, "}");
    return out;
}

static void put_hardware(Lab *lab, const LabHclOrder *order, ByteView runtime, Bytes *out)
{
    uint8_t bytes[SIM_REPORT_SIZE];
    SimReport report;
    Digest digest;

    sim_report_default(lab_chip(lab), &report);
    check_int(sim_report_set(&report, "measurement", LAB_PARAVISOR), SIM_OK);
    check_int(sim_report_set(&report, "id_key_digest", LAB_ID_KEY), SIM_OK);
    for (size_t i = 0; i < ELEMENTSOF(order->fields) && order->fields[i].name; i++)
        check_int(sim_report_set(&report, order->fields[i].name, order->fields[i].value), SIM_OK);
    check_int(digest_of(DIGEST_SHA256, runtime, &digest), 0);
    memset(report.report_data, 0, sizeof(report.report_data));
    memcpy(report.report_data, digest.data, digest.size);
    report.report_data[0] ^= order->other_claims;
    check_int(sim_report_emit(lab_chip(lab), &report, bytes), SIM_OK);
    lab_put(out, bytes, sizeof(bytes));
}

static void put_hash(const uint8_t *data, size_t size, uint8_t *out)
{
    Digest digest;

    check_int(digest_of(DIGEST_SHA384, (ByteView){ data, size }, &digest), 0);
    memcpy(out, digest.data, digest.size);
}

/* TDREPORT over RUNTIME (Intel TDX Module ABI, TDREPORT_STRUCT); its MAC is nobody's. */
static void make_td_report(const LabTd *td, ByteView runtime, uint8_t out[static TDX_REPORT_SIZE])
{
    const uint64_t attributes = TDX_ATTRIBUTE_SEPT_VE_DISABLE | td->attributes;
    uint8_t *tcb = out + TDX_REPORT_OFFSET_TCB_INFO, *info = out + TDX_REPORT_OFFSET_TD_INFO;
    Digest digest;

    memset(out, 0, TDX_REPORT_SIZE);
    out[TDX_REPORT_OFFSET_TYPE] = 0x81;
    tcb[8] = td->module_svn ? td->module_svn : 5;
    tcb[9] = 1;
    memset(tcb + 24, 0x52, TDX_REGISTER_SIZE);
    for (size_t i = 0; i < 8; i++)
        info[i] = (uint8_t)(attributes >> 8 * i);
    memcpy(info + 8, "\xe7\x18\x06", 3);
    memset(info + 16, td->mrtd ? td->mrtd : 0x31, TDX_REGISTER_SIZE);
    memset(info + 16 + TDX_REGISTER_SIZE, td->owner, 3 * (size_t)TDX_REGISTER_SIZE);
    check_int(digest_of(DIGEST_SHA256, runtime, &digest), 0);
    memcpy(out + TDX_REPORT_OFFSET_REPORT_DATA, digest.data, digest.size);
    put_hash(tcb, TDX_REPORT_TCB_INFO_SIZE, out + TDX_REPORT_OFFSET_TCB_INFO_HASH);
    put_hash(info, TDX_REPORT_TD_INFO_SIZE, out + TDX_REPORT_OFFSET_TD_INFO_HASH);
    out[TDX_REPORT_OFFSET_TD_INFO_HASH] ^= td->damaged_report_hash;
}

static void put_td_report(const LabHclOrder *order, ByteView runtime, Bytes *out)
{
    static const uint8_t zeros[HCL_HARDWARE_SIZE - TDX_REPORT_SIZE];
    uint8_t report[TDX_REPORT_SIZE];

    make_td_report(&order->td, runtime, report);
    lab_put(out, report, sizeof(report));
    lab_put(out, zeros, sizeof(zeros));
}

static void put_td_quote(const LabHclOrder *order, Evidence *evidence)
{
    uint8_t report[TDX_REPORT_SIZE];

    memcpy(report, evidence->hcl.data + HCL_HARDWARE_OFFSET, sizeof(report));
    report[TDX_REPORT_OFFSET_TD_INFO + 16] ^= order->td.quote_of_another;
    report[TDX_REPORT_OFFSET_REPORT_DATA] ^= order->td.other_report_data;
    evidence->td_quote = tdx_lab_quote(order->td.lab, &(TdxOrder){ .td_report = report });
    evidence->td_quote.data[TDX_QUOTE_HEADER_SIZE + TDX_BODY_1_0_SIZE + 4] ^=
        order->td.damaged_quote;
}

/* The blob as it stands in the NV index, with the padding of one. */
static Bytes hcl_report(Lab *lab, const LabHclOrder *order, ByteView claims)
{
    static const uint8_t zeros[64];
    _cleanup_bytes_ Bytes runtime = runtime_claims(order, claims);
    Bytes out = { 0 };

    put_text(&out, "HCLA");
    lab_put_le(&out, 2, 4);
    lab_put_le(&out, HCL_CLAIMS_OFFSET + runtime.size, 4);
    lab_put_le(&out, 2, 4);
    lab_put(&out, zeros, 16);
    if (order->td.lab)
        put_td_report(order, VIEW(runtime), &out);
    else
        put_hardware(lab, order, VIEW(runtime), &out);
    lab_put_le(&out, HCL_CLAIMS_OFFSET - HCL_RUNTIME_OFFSET + runtime.size, 4);
    lab_put_le(&out, 1, 4);
    lab_put_le(&out, order->is_tdx || order->td.lab ? HCL_REPORT_TYPE_TDX : HCL_REPORT_TYPE_SNP, 4);
    lab_put_le(&out, HCL_HASH_SHA256, 4);
    lab_put_le(&out, runtime.size, 4);
    lab_put(&out, runtime.data, runtime.size);
    lab_put(&out, zeros, sizeof(zeros));
    return out;
}

/* nameAlg ‖ SHA-256(PREFIX ‖ BYTES) */
static Bytes name_of(ByteView prefix, ByteView bytes)
{
    const ByteView parts[] = { prefix, bytes };
    Bytes out = { 0 };
    Digest digest;

    check_int(digest_of_parts(DIGEST_SHA256, parts, ELEMENTSOF(parts), &digest), 0);
    lab_put_be(&out, TPM_ALG_SHA256, 2);
    lab_put(&out, digest.data, digest.size);
    return out;
}

static void put_quote(const LabHclOrder *order, Evidence *evidence)
{
    static const uint8_t endorsement[] = { 0x40, 0, 0, 0x0b };
    EvidenceVtpm *vtpm = &evidence->vtpm;
    _cleanup_bytes_ Bytes name = name_of((ByteView){ 0 }, VIEW(vtpm->ak_public));
    _cleanup_bytes_ Bytes signer = name_of(VIEW_OF_ARRAY(endorsement), VIEW(name));
    _cleanup_bytes_ Bytes signature = { 0 };
    Digest digest;

    check_int(digest_of(DIGEST_SHA256, VIEW(evidence->claims), &digest), 0);
    signer.data[2] ^= order->other_name;
    vtpm->attest = lab_attest(&vtpm->pcrs, VIEW(signer), digest_view(&digest));
    check_int(signature_sign(ak, SIGNATURE_RSASSA, DIGEST_SHA256, VIEW(vtpm->attest), &signature),
              SIGNATURE_OK);
    vtpm->signature = lab_wrap_rsassa(VIEW(signature));
}

static void put_certificates(const Lab *lab, EvidenceEndorsements *out)
{
    check_int(bytes_copy(sim_chip_certificate(lab_chip(lab), "vcek"), &out->vcek), 0);
    check_int(bytes_copy(sim_chip_certificate(lab_chip(lab), "ask"), &out->ask), 0);
    check_int(bytes_copy(sim_chip_certificate(lab_chip(lab), "ark"), &out->ark), 0);
}

/* One of the same claims, as a bare machine would send it. */
static void put_cpu(Lab *lab, Evidence *evidence)
{
    SimReport report;
    Digest digest;

    sim_report_default(lab_chip(lab), &report);
    check_int(digest_of(DIGEST_SHA512, VIEW(evidence->claims), &digest), 0);
    memcpy(report.report_data, digest.data, sizeof(report.report_data));
    check_int(bytes_new(SIM_REPORT_SIZE, &evidence->cpu.outblob), 0);
    check_int(sim_report_emit(lab_chip(lab), &report, evidence->cpu.outblob.data), SIM_OK);
    check((evidence->cpu.provider = strdup("sev_guest")) != NULL);
}

Evidence lab_hcl_evidence(Lab *lab, const LabHclOrder *order)
{
    unsigned sent = EVIDENCE_MEMBER_HCL | (order->with_cpu ? EVIDENCE_MEMBER_CPU : 0U) |
                    (order->no_vtpm ? 0U : EVIDENCE_MEMBER_VTPM | EVIDENCE_MEMBER_EVENTLOG);
    const LabOrder claims = { .members = order->members ? order->members : sent };
    Evidence evidence = { 0 };
    LabLog own;

    make_keys();
    lab_log_begin(&own, DIGEST_SHA256);
    lab_log_boot(&own, NULL);
    const LabLog *log = order->log ? order->log : &own;
    if (!order->no_vtpm) {
        evidence.vtpm.ak_public =
            lab_tpm_public(ak, order->ak_attributes ? order->ak_attributes : LAB_AK_ATTRIBUTES);
        evidence.vtpm.pcrs = log->pcrs;
        check_int(bytes_copy(VIEW(log->bytes), &evidence.eventlog), 0);
    }
    lab_put_claims(lab, &claims, &evidence);
    evidence.hcl = hcl_report(lab, order, VIEW(evidence.claims));
    if (order->td.lab && !order->td.no_quote)
        put_td_quote(order, &evidence);
    if (!order->no_certificates && !order->td.lab)
        put_certificates(lab, &evidence.endorsements);
    if (!order->no_vtpm)
        put_quote(order, &evidence);
    if (order->with_cpu)
        put_cpu(lab, &evidence);
    lab_log_done(&own);
    return evidence;
}
