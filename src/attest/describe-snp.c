/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields of a report in the order of the report; bit fields taken apart; steps from the findings.
 */
#include "attest/describe-snp.h"

#include "attest/describe-certificate.h"
#include "base/encode.h"
#include "verify/vek.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define OID_STRUCT_VERSION "1.3.6.1.4.1.3704.1.1"
#define OID_PRODUCT_NAME   "1.3.6.1.4.1.3704.1.2"
#define SCALAR_SIZE        72 /* bytes of R and S as they stand in a report */

static int set(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value);
}

static int set_bits(json_t *object, const char *name, uint64_t bits)
{
    return set(object, name, json_sprintf("0x%llx", (unsigned long long)bits));
}

static int set_version(json_t *object, const char *name, SnpFirmwareVersion version)
{
    return set(object, name, json_sprintf("%u.%u.%u", version.major, version.minor, version.build));
}

static int set_components(json_t *object, const SnpTcb *tcb)
{
    int r = 0;

    if (tcb->has_fmc)
        r |= set(object, "fmc", json_integer(tcb->fmc));
    r |= set(object, "bootloader", json_integer(tcb->boot_loader));
    r |= set(object, "tee", json_integer(tcb->tee));
    r |= set(object, "snp", json_integer(tcb->snp));
    r |= set(object, "microcode", json_integer(tcb->microcode));
    return r;
}

static int set_tcb(json_t *object, const char *name, SnpTcbRaw raw, SnpTcbLayout layout)
{
    json_auto_t *tcb = json_object();
    SnpTcb components = snp_tcb_decode(raw, layout);

    int r = json_set_hex(tcb, "raw", VIEW_OF_ARRAY(raw.bytes));
    r |= set_components(tcb, &components);
    return r ? r : json_object_set(object, name, tcb);
}

static json_t *policy_bits(const SnpReport *report)
{
    static const struct {
        const char *name;
        uint64_t bit;
        bool always; /* or only where it is set */
    } bits[] = {
        { "smt", SNP_POLICY_SMT, true },
        { "reserved_one", SNP_POLICY_RESERVED_ONE, true },
        { "migrate_ma", SNP_POLICY_MIGRATE_MA, true },
        { "debug", SNP_POLICY_DEBUG, true },
        { "single_socket", SNP_POLICY_SINGLE_SOCKET, true },
        { "cxl_allow", SNP_POLICY_CXL_ALLOW, false },
        { "mem_aes_256_xts", SNP_POLICY_MEM_AES_256_XTS, false },
        { "rapl_dis", SNP_POLICY_RAPL_DIS, false },
        { "ciphertext_hiding_dram", SNP_POLICY_CIPHERTEXT_HIDING_DRAM, false },
        { "page_swap_disable", SNP_POLICY_PAGE_SWAP_DISABLE, false },
    };
    json_auto_t *object = json_object();
    int r = set(object, "abi_minor", json_integer(snp_policy_abi_minor(report->policy)));

    r |= set(object, "abi_major", json_integer(snp_policy_abi_major(report->policy)));
    for (size_t i = 0; i < ELEMENTSOF(bits); i++) {
        bool is_set = (report->policy & bits[i].bit) != 0;
        if (is_set || bits[i].always)
            r |= set(object, bits[i].name, json_boolean(is_set));
    }
    return r ? NULL : TAKE_PTR(object);
}

static json_t *platform_bits(const SnpReport *report)
{
    static const struct {
        const char *name;
        uint64_t bit;
    } bits[] = {
        { "smt_en", SNP_PLATFORM_SMT_EN },
        { "tsme_en", SNP_PLATFORM_TSME_EN },
        { "ecc_en", SNP_PLATFORM_ECC_EN },
        { "rapl_dis", SNP_PLATFORM_RAPL_DIS },
        { "ciphertext_hiding_dram_en", SNP_PLATFORM_CIPHERTEXT_HIDING_DRAM_EN },
        { "alias_check_complete", SNP_PLATFORM_ALIAS_CHECK_COMPLETE },
        { "tio_en", SNP_PLATFORM_TIO_EN },
    };
    json_auto_t *object = json_object();
    int r = 0;

    for (size_t i = 0; i < ELEMENTSOF(bits); i++)
        r |= set(object, bits[i].name, json_boolean((report->platform_info & bits[i].bit) != 0));
    return r ? NULL : TAKE_PTR(object);
}

static const char *signing_key_name(SnpSigningKey key)
{
    switch (key) {
    case SNP_SIGNING_KEY_VCEK:
        return "VCEK";
    case SNP_SIGNING_KEY_VLEK:
        return "VLEK";
    case SNP_SIGNING_KEY_NONE:
        return "none";
    case SNP_SIGNING_KEY_RESERVED:
        break;
    }
    return "reserved";
}

static int set_head(json_t *object, const SnpReport *report, SnpTcbLayout layout)
{
    int r = set(object, "version", json_integer(report->version));

    r |= set(object, "guest_svn", json_integer(report->guest_svn));
    r |= set(object, "policy", json_sprintf("0x%016llx", (unsigned long long)report->policy));
    r |= set(object, "policy_bits", policy_bits(report));
    r |= json_set_hex(object, "family_id", VIEW_OF_ARRAY(report->family_id));
    r |= json_set_hex(object, "image_id", VIEW_OF_ARRAY(report->image_id));
    r |= set(object, "vmpl", json_integer(report->vmpl));
    r |= set(object, "signature_algo", json_integer(report->signature_algo));
    r |= set_tcb(object, "current_tcb", report->current_tcb, layout);
    r |= set_bits(object, "platform_info", report->platform_info);
    r |= set(object, "platform_info_bits", platform_bits(report));
    r |= set(object, "author_key_en",
             json_boolean((report->key_info & SNP_KEY_INFO_AUTHOR_KEY_EN) != 0));
    r |= set(object, "mask_chip_key", json_boolean(snp_report_chip_key_is_masked(report)));
    r |= set(object, "signing_key", json_string(signing_key_name(snp_report_signing_key(report))));
    return r;
}

static int set_identity(json_t *object, const SnpReport *report, SnpTcbLayout layout)
{
    int r = json_set_hex(object, "report_data", VIEW_OF_ARRAY(report->report_data));

    r |= json_set_hex(object, "measurement", VIEW_OF_ARRAY(report->measurement));
    r |= json_set_hex(object, "host_data", VIEW_OF_ARRAY(report->host_data));
    r |= json_set_hex(object, "id_key_digest", VIEW_OF_ARRAY(report->id_key_digest));
    r |= json_set_hex(object, "author_key_digest", VIEW_OF_ARRAY(report->author_key_digest));
    r |= json_set_hex(object, "report_id", VIEW_OF_ARRAY(report->report_id));
    r |= json_set_hex(object, "report_id_ma", VIEW_OF_ARRAY(report->report_id_ma));
    r |= set_tcb(object, "reported_tcb", report->reported_tcb, layout);
    r |= json_set_hex(object, "chip_id", VIEW_OF_ARRAY(report->chip_id));
    r |= set_tcb(object, "committed_tcb", report->committed_tcb, layout);
    r |= set_version(object, "current_version", report->current_version);
    r |= set_version(object, "committed_version", report->committed_version);
    r |= set_tcb(object, "launch_tcb", report->launch_tcb, layout);
    return r;
}

static int set_tail(json_t *object, const SnpReport *report)
{
    const uint8_t *signature = report->raw + SNP_OFFSET_SIGNATURE;
    const uint8_t *behind = signature + (size_t)2 * SCALAR_SIZE;
    ByteView rest = { behind, (size_t)(report->raw + SNP_REPORT_SIZE - behind) };
    int r = json_set_hex(object, "signature_r", (ByteView){ signature, SCALAR_SIZE });

    r |= json_set_hex(object, "signature_s", (ByteView){ signature + SCALAR_SIZE, SCALAR_SIZE });
    r |= set(object, "reserved_after_signature_zero", json_boolean(view_is_filled_with(rest, 0)));
    if (report->has_cpuid) {
        r |= set(object, "cpuid",
                 json_pack("{s:i, s:i, s:i}", "family", report->cpuid_family, "model",
                           report->cpuid_model, "stepping", report->cpuid_stepping));
        r |= set(object, "product_from_cpuid",
                 json_string(snp_product_name(snp_report_product(report))));
    }
    if (report->has_mitigations) {
        r |= set_bits(object, "launch_mit_vector", report->launch_mitigations);
        r |= set_bits(object, "current_mit_vector", report->current_mitigations);
    }
    return r;
}

int describe_snp_report(const SnpReport *report, SnpProduct product, json_t **ret)
{
    json_auto_t *object = json_object();
    SnpTcbLayout layout = snp_report_tcb_layout(report);

    if (layout == SNP_TCB_LAYOUT_UNKNOWN)
        layout = snp_product_tcb_layout(product);
    int r = set_head(object, report, layout);
    r |= set_identity(object, report, layout);
    r |= set_tail(object, report);
    if (r)
        return -ENOMEM;
    *ret = TAKE_PTR(object);
    return 0;
}

/* INTEGER of one byte. */
static json_t *struct_version(const Certificate *certificate)
{
    ByteView content;

    if (certificate_extension(certificate, OID_STRUCT_VERSION, &content) != CERTIFICATE_OK ||
        content.size != 3 || content.data[0] != 0x02 || content.data[1] != 1)
        return json_null();
    return json_integer(content.data[2]);
}

/* A short IA5String; AMD's is one of a few words. */
static json_t *product_name(const Certificate *certificate)
{
    ByteView content;
    char text[64] = { 0 };

    if (certificate_extension(certificate, OID_PRODUCT_NAME, &content) != CERTIFICATE_OK ||
        content.size < 3 || content.data[0] != 0x16 || content.data[1] != content.size - 2 ||
        content.size - 2 >= sizeof(text))
        return json_null();
    for (size_t i = 2; i < content.size; i++)
        text[i - 2] =
            content.data[i] >= 0x20 && content.data[i] < 0x7f ? (char)content.data[i] : '?';
    return json_string(text);
}

int describe_vek(const Certificate *certificate, json_t **ret)
{
    json_auto_t *object = json_object();
    Vek vek;
    int r = set(object, "struct_version", struct_version(certificate));

    r |= set(object, "product_name", product_name(certificate));
    if (vek_parse(certificate, &vek) == VEK_OK) {
        r |= set_components(object, &vek.tcb);
        if (vek.hwid_size > 0)
            r |= json_set_hex(object, "hwid", (ByteView){ vek.hwid, vek.hwid_size });
        if (vek.csp_id[0])
            r |= set(object, "csp_id", json_string(vek.csp_id));
    }
    if (r)
        return -ENOMEM;
    *ret = TAKE_PTR(object);
    return 0;
}

static int describe_entry(const SnpCert *cert, json_t *object)
{
    _cleanup_(certificate_freep) Certificate *certificate = NULL;
    json_auto_t *described = NULL;
    int r = json_set_hex(object, "guid", VIEW_OF_ARRAY(cert->guid));

    r |= set(object, "name", json_string(snp_cert_kind_name(cert->kind)));
    r |= set(object, "size", json_integer((json_int_t)cert->blob.size));
    if (r)
        return -ENOMEM;
    if (cert->kind == SNP_CERT_CRL || cert->kind == SNP_CERT_OTHER)
        return 0;
    r = certificate_parse(cert->content, &certificate);
    if (r > 0)
        return set(object, "unreadable", json_string(certificate_reason(r))) ? -ENOMEM : 0;
    if (r == 0)
        r = describe_certificate(certificate, &described);
    if (r < 0)
        return r;
    return json_object_update(object, described) ? -ENOMEM : 0;
}

int describe_snp_certs(const SnpCerts *certs, json_t **ret)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; i < certs->n_items; i++) {
        json_auto_t *object = json_object();
        int r = describe_entry(&certs->items[i], object);
        if (r < 0)
            return r;
        if (json_array_append(array, object))
            return -ENOMEM;
    }
    if (!array)
        return -ENOMEM;
    *ret = TAKE_PTR(array);
    return 0;
}

static bool has_any(const Findings *findings, const char *const *names, size_t n_names)
{
    for (size_t i = 0; i < n_names; i++)
        if (findings_has(findings, names[i]))
            return true;
    return false;
}

/* Findings that say of the chain that it does not hold. */
static bool chain_is_valid(const Findings *findings)
{
    static const char *const names[] = {
        "snp-chain-invalid",       "snp-root-untrusted",      "snp-signer-missing",
        "snp-certificate-unfit",   "snp-certificate-expired", "snp-certificate-not-yet-valid",
        "snp-certificate-revoked",
    };

    return !has_any(findings, names, ELEMENTSOF(names));
}

/* What the report itself could be compared with. */
static int set_identity_steps(json_t *object, const SnpVerification *v)
{
    const SnpReport *report = v->report;
    bool is_vcek = snp_report_signing_key(report) == SNP_SIGNING_KEY_VCEK;
    bool masked = snp_report_chip_id_is_masked(report);
    int r = set(object, "tcb_matches_cert",
                json_boolean(!findings_has(v->findings, "snp-tcb-mismatch")));

    if (is_vcek) {
        r |= set(object, "chip_id_matches_cert",
                 masked ? json_null()
                        : json_boolean(!findings_has(v->findings, "snp-chip-id-mismatch")));
        r |= set(object, "chip_id_masked", json_boolean(masked));
    }
    bool mismatch = findings_has(v->findings, "snp-product-mismatch") ||
                    findings_has(v->findings, "snp-product-unknown");
    r |= set(object, "product_matches_chain",
             report->has_cpuid || mismatch ? json_boolean(!mismatch) : json_null());
    return r;
}

static int set_certificate(json_t *object, const Certificate *vek)
{
    json_t *cert = NULL, *extensions = NULL;

    int r = describe_certificate(vek, &cert);
    if (r < 0)
        return r;
    if (set(object, "cert", cert))
        return -ENOMEM;
    r = describe_vek(vek, &extensions);
    if (r < 0)
        return r;
    return set(object, "cert_ext", extensions) ? -ENOMEM : 0;
}

int describe_snp_verification(const SnpVerification *v, json_t **ret)
{
    json_auto_t *object = json_object();
    const GenuineSnp *genuine = v->genuine;
    bool is_signed = v->vek && !findings_has(v->findings, "snp-signature-invalid");
    int r = set(object, "signature_valid", json_boolean(is_signed));

    r |= set(object, "chain_valid",
             v->vek ? json_boolean(chain_is_valid(v->findings)) : json_null());
    r |= set(object, "product_from_chain",
             genuine ? json_string(snp_product_name(genuine->product)) : json_null());
    r |= set(object, "issuer_ca",
             genuine ? json_string(genuine->signing_key == SNP_SIGNING_KEY_VLEK ? "ASVK" : "ASK")
                     : json_null());
    if (genuine && genuine->simulated)
        r |= set(object, "simulated", json_true());
    if (r)
        return -ENOMEM;
    if (v->vek) {
        r = set_certificate(object, v->vek);
        if (r < 0)
            return r;
    }
    if (v->vek && v->report && set_identity_steps(object, v))
        return -ENOMEM;
    *ret = TAKE_PTR(object);
    return 0;
}
