/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds quotes from the tables in format/tdx-quote.h, innermost part last.
 */
#include "tdx-lab.h"

#include "base/encode.h"
#include "format/tdx-report.h"

#include <stdio.h>

struct TdxLab {
    EVP_PKEY *keys[TDX_CHAIN_LENGTH];
    Key *pck;
    Key *attestation;
};

TdxLab *tdx_lab_free(TdxLab *lab)
{
    if (!lab)
        return NULL;
    for (size_t i = 0; i < TDX_CHAIN_LENGTH; i++)
        EVP_PKEY_free(lab->keys[i]);
    key_free(lab->pck);
    key_free(lab->attestation);
    free(lab);
    return NULL;
}

TdxLab *tdx_lab_new(void)
{
    TdxLab *lab = calloc(1, sizeof(*lab));

    check(lab != NULL);
    for (size_t i = 0; i < TDX_CHAIN_LENGTH; i++)
        lab->keys[i] = forge_pkey("P-256");
    lab->pck = forge_key_of(lab->keys[TDX_CHAIN_PCK]);
    lab->attestation = forge_key("P-256");
    return lab;
}

EVP_PKEY *tdx_lab_key(const TdxLab *lab, size_t place)
{
    return lab->keys[place];
}

SpkiDigest tdx_lab_root(const TdxLab *lab)
{
    Key *key = forge_key_of(lab->keys[TDX_CHAIN_ROOT]);
    SpkiDigest fingerprint;
    Digest digest;

    check_int(key_spki_sha384(key, &digest), 0);
    memcpy(fingerprint.bytes, digest.data, sizeof(fingerprint.bytes));
    key_free(key);
    return fingerprint;
}

ForgeCertificate tdx_lab_certificate(const TdxLab *lab, size_t place)
{
    static const char *const names[] = { "Intel SGX PCK Certificate", "Intel SGX PCK Platform CA",
                                         "Intel SGX Root CA" };
    size_t issuer = MIN(place + 1, TDX_CHAIN_ROOT);

    return (ForgeCertificate){
        .subject = names[place],
        .issuer = names[issuer],
        .key = lab->keys[place],
        .issuer_key = lab->keys[issuer],
        .serial = (long)place + 1,
        .is_ca = place != TDX_CHAIN_PCK,
        .key_usage = place == TDX_CHAIN_PCK ? "digitalSignature" : "keyCertSign,cRLSign",
        .extension_oid = place == TDX_CHAIN_PCK ? "1.2.840.113741.1.13.1" : NULL,
    };
}

static void put(Bytes *out, const void *data, size_t size)
{
    check_int(bytes_append(out, (ByteView){ .data = data, .size = size }), 0);
}

static void put_fill(Bytes *out, uint8_t byte, size_t size)
{
    for (size_t i = 0; i < size; i++)
        check_int(bytes_append_u8(out, byte), 0);
}

static void put_text(Bytes *out, const char *text)
{
    put(out, text, strlen(text));
}

void tdx_lab_put_pem(Bytes *out, ByteView der)
{
    _cleanup_free_ char *text = base64_encode(der);

    check(text != NULL);
    put_text(out, "-----BEGIN CERTIFICATE-----\n");
    for (size_t at = 0, size = strlen(text); at < size; at += 64) {
        put(out, text + at, MIN(size - at, 64));
        put_text(out, "\n");
    }
    put_text(out, "-----END CERTIFICATE-----\n");
}

Bytes tdx_lab_chain(const ForgeCertificate *certificates, size_t n)
{
    Bytes pem = { 0 };

    for (size_t i = 0; i < n; i++) {
        _cleanup_bytes_ Bytes der = forge_certificate(&certificates[i]);
        tdx_lab_put_pem(&pem, VIEW(der));
    }
    return pem;
}

Bytes tdx_lab_good_chain(const TdxLab *lab)
{
    ForgeCertificate certificates[TDX_CHAIN_LENGTH];

    for (size_t i = 0; i < TDX_CHAIN_LENGTH; i++)
        certificates[i] = tdx_lab_certificate(lab, i);
    return tdx_lab_chain(certificates, TDX_CHAIN_LENGTH);
}

static void put_header(Bytes *out, const TdxOrder *order)
{
    static const uint8_t vendor[] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                      0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };

    check_int(bytes_append_le16(out, order->version ? (uint16_t)order->version : 4), 0);
    check_int(bytes_append_le16(out, TDX_QUOTE_KEY_P256), 0);
    check_int(bytes_append_le32(out, TDX_QUOTE_TEE_TDX), 0);
    put_fill(out, 0, 4);
    put(out, vendor, sizeof(vendor));
    out->data[out->size - 1] ^= order->other_vendor;
    put_fill(out, 0x75, 20);
}

static TdxBodyType body_type(const TdxOrder *order)
{
    if (order->version != 5)
        return TDX_BODY_1_0;
    return order->body_type ? order->body_type : TDX_BODY_1_5;
}

static void put_reported(Bytes *out, const uint8_t *td_report)
{
    put(out, td_report + TDX_REPORT_OFFSET_TCB_INFO + 8, 16 + 48 + 48 + 8);
    put(out, td_report + TDX_REPORT_OFFSET_TD_INFO, 8 + 8 + 4 * 48 + 4 * 48);
    put(out, td_report + TDX_REPORT_OFFSET_REPORT_DATA, 64);
}

static void put_body(Bytes *out, const TdxOrder *order)
{
    if (order->td_report) {
        put_reported(out, order->td_report);
        return;
    }
    if (order->version == 5) {
        check_int(bytes_append_le16(out, (uint16_t)body_type(order)), 0);
        check_int(bytes_append_le32(out, body_type(order) == TDX_BODY_1_0 ? 584 : 648), 0);
    }
    put_fill(out, 0x01, 16); /* TEE_TCB_SVN */
    put_fill(out, 0x02, 48); /* MRSEAM */
    put_fill(out, order->mr_signer_seam, 48);
    check_int(bytes_append_le64(out, order->seam_attributes), 0);
    check_int(bytes_append_le64(out, TDX_ATTRIBUTE_SEPT_VE_DISABLE), 0);
    check_int(bytes_append_le64(out, 0x61ae7), 0); /* XFAM */
    put_fill(out, 0x03, 48);                       /* MRTD */
    put_fill(out, 0x04, 48);
    put_fill(out, 0x05, 48);
    put_fill(out, 0x06, 48);
    for (uint8_t i = 0; i < 4; i++) {
        if (order->rtmr)
            put(out, order->rtmr[i], 48);
        else
            put_fill(out, (uint8_t)(0x10 + i), 48);
    }
    put_fill(out, 0x07, 64); /* REPORTDATA */
    if (body_type(order) == TDX_BODY_1_5) {
        put_fill(out, 0x08, 16);
        put_fill(out, 0x09, 48);
    }
}

static void put_signature(Bytes *out, const Key *key, ByteView message)
{
    _cleanup_bytes_ Bytes signature = { 0 };

    check_int(signature_sign(key, SIGNATURE_ECDSA_RAW, DIGEST_SHA256, message, &signature),
              SIGNATURE_OK);
    check_int(signature.size, 64);
    put(out, signature.data, signature.size);
}

static Bytes qe_report(const TdxOrder *order, ByteView key, ByteView auth_data)
{
    static const uint8_t signer[] = { 0xdc, 0x9e, 0x2a, 0x7c, 0x6f, 0x94, 0x8f, 0x17,
                                      0x47, 0x4e, 0x34, 0xa7, 0xfc, 0x43, 0xed, 0x03,
                                      0x0f, 0x7c, 0x15, 0x63, 0xf1, 0xba, 0xbd, 0xdf,
                                      0x63, 0x40, 0xc8, 0x2e, 0x0e, 0x54, 0xa8, 0xc5 };
    const ByteView parts[] = { key, auth_data };
    Bytes report = { 0 };
    Digest digest;

    put_fill(&report, 0x20, 16); /* CPUSVN */
    put_fill(&report, 0, 32);    /* MISCSELECT, reserved, ISVEXTPRODID */
    check_int(bytes_append_le64(&report, order->qe_attributes ? order->qe_attributes : 0x15), 0);
    check_int(bytes_append_le64(&report, 0xe7), 0);
    put_fill(&report, 0x21, 32); /* MRENCLAVE */
    put_fill(&report, 0, 32);
    put(&report, signer, sizeof(signer));
    report.data[report.size - 1] ^= order->other_qe_signer;
    put_fill(&report, 0, 96); /* reserved, CONFIGID */
    check_int(bytes_append_le16(&report, order->qe_prod_id ? order->qe_prod_id : 2), 0);
    check_int(bytes_append_le16(&report, 7), 0);
    put_fill(&report, 0, 60); /* CONFIGSVN, reserved, ISVFAMILYID */
    check_int(digest_of_parts(DIGEST_SHA256, parts, ELEMENTSOF(parts), &digest), 0);
    put(&report, digest.data, digest.size);
    put_fill(&report, 0, 32);
    check_int(report.size, SGX_REPORT_SIZE);
    return report;
}

/* Certification data of type 6 */
static Bytes certification(const TdxLab *lab, const TdxOrder *order, ByteView key)
{
    static const uint8_t usual[32] = { 1, 2, 3 };
    ByteView auth_data = order->auth_data.data ? order->auth_data : VIEW_OF_ARRAY(usual);
    _cleanup_bytes_ Bytes report = qe_report(order, key, auth_data);
    Bytes chain = { 0 }, out = { 0 };

    if (order->chain.data) {
        put(&chain, order->chain.data, order->chain.size);
    } else {
        chain = tdx_lab_good_chain(lab);
        put_fill(&chain, 0, 1);
    }
    put(&out, report.data, report.size);
    put_signature(&out, lab->pck, VIEW(report));
    check_int(bytes_append_le16(&out, (uint16_t)auth_data.size), 0);
    put(&out, auth_data.data, auth_data.size);
    check_int(bytes_append_le16(&out, TDX_CERTIFICATION_CHAIN), 0);
    check_int(bytes_append_le32(&out, (uint32_t)chain.size), 0);
    put(&out, chain.data, chain.size);
    bytes_done(&chain);
    return out;
}

Bytes tdx_lab_quote(const TdxLab *lab, const TdxOrder *order)
{
    _cleanup_bytes_ Bytes key = { 0 }, x = { 0 }, y = { 0 };
    Bytes out = { 0 };

    check_int(key_ec_point(lab->attestation, &x, &y), KEY_OK);
    put(&key, x.data, x.size);
    put(&key, y.data, y.size);
    _cleanup_bytes_ Bytes certified = certification(lab, order, VIEW(key));

    put_header(&out, order);
    put_body(&out, order);
    const ByteView signed_part = VIEW(out);
    _cleanup_bytes_ Bytes signature = { 0 };
    put_signature(&signature, lab->attestation, signed_part);
    check_int(bytes_append_le32(&out, (uint32_t)(64 + 64 + 6 + certified.size)), 0);
    put(&out, signature.data, signature.size);
    put(&out, key.data, key.size);
    check_int(bytes_append_le16(&out, TDX_CERTIFICATION_QE), 0);
    check_int(bytes_append_le32(&out, (uint32_t)certified.size), 0);
    put(&out, certified.data, certified.size);
    return out;
}
