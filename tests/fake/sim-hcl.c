/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runtime claims as compact JSON in the paravisor's order, and the frame around them.
 */
#include "sim-hcl.h"

#include "base/encode.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#define HEADER_SIZE    32
#define HARDWARE_SIZE  1184
#define RUNTIME_HEADER 20
#define REQUEST_AK     2
#define TYPE_SNP       2
#define TYPE_TDX       4
#define HASH_SHA256    1

#define TDREPORT_SIZE  1024
#define TD_REPORT_DATA 128 /* in the TDREPORT: where each hash and what it is over stand */
#define TD_TCB_HASH    32
#define TD_INFO_HASH   80
#define TD_TCB         256
#define TD_TCB_SIZE    239
#define TD_INFO        512
#define TD_INFO_SIZE   512

#define VM_ID "5f1c7a04-93d2-4be8-a1c6-0d2e4f6a8b90"

static char *hex_of(const SimHcl *hcl, const uint8_t *bytes, size_t size)
{
    char *text = hex_encode((ByteView){ .data = bytes, .size = size });

    for (char *c = text; hcl->upper_case && c && *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return text;
}

static char *key_text(const char *kid, const char *operation, const uint8_t *modulus)
{
    static const uint8_t exponent[] = { 1, 0, 1 };
    _cleanup_free_ char *n = base64url_encode((ByteView){ modulus, SIM_HCL_MODULUS });
    _cleanup_free_ char *e =
        base64url_encode(view_is_filled_with((ByteView){ modulus, SIM_HCL_MODULUS }, 0)
                             ? (ByteView){ modulus, sizeof(exponent) }
                             : VIEW_OF_ARRAY(exponent));
    char *text = NULL;

    if (!n || !e ||
        asprintf(&text,
                 "{\"kid\":\"%s\",\"key_ops\":[\"%s\"],\"kty\":\"RSA\",\"e\":\"%s\",\"n\":\"%s\"}",
                 kid, operation, e, n) < 0)
        return NULL;
    return text;
}

static char *user_data_text(const SimHcl *hcl)
{
    uint8_t data[SIM_HCL_USER_DATA];
    char *text = NULL;

    memcpy(data, hcl->user_data, sizeof(data));
    if (hcl->faults.wrong_user_data)
        data[0] ^= 1;
    _cleanup_free_ char *hex = hex_of(hcl, data, sizeof(data));
    if (!hex || asprintf(&text, ",\"user-data\":\"%s\"", hex) < 0)
        return NULL;
    return text;
}

/* Members of vm-configuration as each version has them. */
static const char *configuration_of(const SimHcl *hcl)
{
    if (hcl->is_oldest)
        return "\"console-enabled\":true,\"current-time\":1678652405,\"secure-boot\":true,"
               "\"tpm-enabled\":true";
    if (hcl->header_version == 1)
        return "\"console-enabled\":true,\"secure-boot\":true,\"tpm-enabled\":true";
    return hcl->forgets
               ? "\"root-cert-thumbprint\":\"\",\"console-enabled\":true,\"secure-boot\":true,"
                 "\"tpm-enabled\":true,\"tpm-persisted\":false"
               : "\"root-cert-thumbprint\":\"\",\"console-enabled\":true,\"secure-boot\":true,"
                 "\"tpm-enabled\":true,\"tpm-persisted\":true,"
                 "\"filtered-vpci-devices-allowed\":false";
}

static char *keys_text(const SimHcl *hcl, const uint8_t *ak_modulus)
{
    /* sic: the oldest call it a key to encrypt with */
    _cleanup_free_ char *ak = key_text("HCLAkPub", hcl->is_oldest ? "encrypt" : "sign", ak_modulus);
    _cleanup_free_ char *ek = key_text("HCLEkPub", "encrypt", hcl->ek);
    char *text = NULL;

    if (!ak || !ek ||
        asprintf(&text, "%s%s%s", ak, hcl->is_oldest ? "" : ",", hcl->is_oldest ? "" : ek) < 0)
        return NULL;
    return text;
}

static char *claims_text(const SimHcl *hcl)
{
    uint8_t ak_bytes[SIM_HCL_MODULUS];
    char *text = NULL;

    memcpy(ak_bytes, hcl->ak, sizeof(ak_bytes));
    if (hcl->faults.zero_ak)
        memset(ak_bytes, 0, sizeof(ak_bytes));
    if (hcl->faults.other_ak)
        ak_bytes[SIM_HCL_MODULUS / 2] ^= 1;
    char vm_id[] = VM_ID;
    for (char *c = vm_id; hcl->upper_case && *c; c++)
        *c = (char)toupper((unsigned char)*c);

    _cleanup_free_ char *keys = keys_text(hcl, ak_bytes);
    _cleanup_free_ char *user_data =
        hcl->faults.no_user_data || hcl->is_oldest ? strdup("") : user_data_text(hcl);
    if (!keys || !user_data ||
        asprintf(&text, "{\"keys\":[%s],\"vm-configuration\":{%s,\"vmUniqueId\":\"%s\"}%s}", keys,
                 configuration_of(hcl), vm_id, user_data) < 0)
        return NULL;
    return text;
}

static int snp_report(const SimHcl *hcl, const uint8_t hash[static SHA256_DIGEST_LENGTH],
                      uint8_t out[static HARDWARE_SIZE])
{
    SimReport report = *hcl->report;

    memset(report.report_data, 0, sizeof(report.report_data));
    memcpy(report.report_data, hash, SHA256_DIGEST_LENGTH);
    return sim_report_emit(hcl->chip, &report, out);
}

/* Its MAC is for a module that is not there; hashes and measurement are as they should be. */
static int td_report(const uint8_t hash[static SHA256_DIGEST_LENGTH],
                     uint8_t out[static HARDWARE_SIZE])
{
    static const char measured[] = "attestd lab: MRTD";

    memset(out, 0, HARDWARE_SIZE);
    out[0] = 0x81;
    memcpy(out + TD_REPORT_DATA, hash, SHA256_DIGEST_LENGTH);
    (void)SHA384((const uint8_t *)measured, sizeof(measured) - 1, out + TD_INFO + 16);
    (void)SHA384(out + TD_TCB, TD_TCB_SIZE, out + TD_TCB_HASH);
    (void)SHA384(out + TD_INFO, TD_INFO_SIZE, out + TD_INFO_HASH);
    return SIM_OK;
}

static int append_le32s(Bytes *bytes, const uint32_t *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int r = bytes_append_le32(bytes, values[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

static int assemble(const SimHcl *hcl, const uint8_t *hardware, const char *claims, Bytes *out)
{
    static const uint8_t reserved[12] = { 0 };
    const uint32_t size = (uint32_t)strlen(claims);
    const uint32_t header[] = { hcl->header_version,
                                HEADER_SIZE + HARDWARE_SIZE + RUNTIME_HEADER + size, REQUEST_AK,
                                0 };
    const uint32_t runtime[] = { RUNTIME_HEADER + size, 1, hcl->faults.tdx ? TYPE_TDX : TYPE_SNP,
                                 HASH_SHA256, size };

    int r = bytes_append(out, view_of_string("HCLA"));
    if (r == 0)
        r = append_le32s(out, header, ELEMENTSOF(header));
    if (r == 0)
        r = bytes_append(out, VIEW_OF_ARRAY(reserved));
    if (r == 0)
        r = bytes_append(out, (ByteView){ hardware, HARDWARE_SIZE });
    if (r == 0)
        r = append_le32s(out, runtime, ELEMENTSOF(runtime));
    if (r == 0)
        r = bytes_append(out, view_of_string(claims));
    return r;
}

int sim_hcl_emit(const SimHcl *hcl, Bytes *ret)
{
    _cleanup_free_ char *claims = claims_text(hcl);
    _cleanup_bytes_ Bytes bytes = { 0 };
    uint8_t hardware[HARDWARE_SIZE], hash[SHA256_DIGEST_LENGTH];

    if (!claims)
        return -ENOMEM;
    (void)SHA256((const uint8_t *)claims, strlen(claims), hash);
    if (hcl->faults.wrong_hash)
        hash[0] ^= 1;
    int r = hcl->faults.tdx ? td_report(hash, hardware) : snp_report(hcl, hash, hardware);
    if (r == SIM_OK)
        r = assemble(hcl, hardware, claims, &bytes);
    if (r == SIM_OK)
        *ret = TAKE_STRUCT(bytes);
    return r;
}
