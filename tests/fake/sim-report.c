/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated attestation report: default fields a genuine chip would show, the encoding of SNP
 * ABI 56860 (ATTESTATION_REPORT, versions 2, 3 and 5), and the signature over its first 672 bytes.
 */
#include "sim-chip.h"

#include "sim-x509.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/sha.h>
#include <string.h>

#define FAILED         (-ENOTRECOVERABLE)
#define SIGNATURE_AT   0x2a0u
#define NUMBER_SIZE    72                /* bytes of R and of S, little-endian; P-384 uses 48 */
#define POLICY_DEFAULT UINT64_C(0x30000) /* SMT allowed, reserved bit 17 */

DEFINE_CLEANUP(ECDSA_SIG *, ECDSA_SIG_free);
DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free);

/* What each product showed in genuine reports (spec: snp 3.1, 3.5). */
static const struct {
    uint32_t version;
    uint8_t family, model, step;
    SimTcb tcb;
    uint64_t platform_info;
    uint8_t build, minor, major;
    uint64_t mitigations;
} products[] = {
    [SIM_MILAN] = { .version = 3,
                    .family = 0x19,
                    .model = 0x01,
                    .step = 0x01,
                    .tcb = { .boot_loader = 4, .snp = 27, .microcode = 219 },
                    .platform_info = 0x25,
                    .build = 29,
                    .minor = 55,
                    .major = 1,
                    .mitigations = 0x0b },
    [SIM_GENOA] = { .version = 3,
                    .family = 0x19,
                    .model = 0x11,
                    .step = 0x01,
                    .tcb = { .boot_loader = 10, .snp = 23, .microcode = 84 },
                    .platform_info = 0x25,
                    .build = 40,
                    .minor = 55,
                    .major = 1,
                    .mitigations = 0x0b },
    [SIM_TURIN] = { .version = 5,
                    .family = 0x1a,
                    .model = 0x02,
                    .step = 0x01,
                    .tcb = { .fmc = 1, .boot_loader = 1, .tee = 1, .snp = 4, .microcode = 81 },
                    .platform_info = 0x65,
                    .build = 65,
                    .minor = 55,
                    .major = 1,
                    .mitigations = 0x3f },
};

void sim_report_default(const SimChip *chip, SimReport *ret)
{
    static const char measured[] = "attestd lab: launch measurement";
    const SimProduct product = sim_chip_product(chip);
    const bool vlek = sim_chip_signer(chip) == SIM_VLEK;

    *ret = (SimReport){
        .product = product,
        .version = products[product].version,
        .policy = POLICY_DEFAULT,
        .signature_algo = 1,
        .current_tcb = products[product].tcb,
        .reported_tcb = products[product].tcb,
        .committed_tcb = products[product].tcb,
        .launch_tcb = products[product].tcb,
        .platform_info = products[product].platform_info,
        .key_info = vlek ? UINT32_C(1) << 2 : 0,
        .cpuid_family = products[product].family,
        .cpuid_model = products[product].model,
        .cpuid_step = products[product].step,
        .current_build = products[product].build,
        .current_minor = products[product].minor,
        .current_major = products[product].major,
        .committed_build = products[product].build,
        .committed_minor = products[product].minor,
        .committed_major = products[product].major,
        .launch_mitigations = products[product].mitigations,
        .current_mitigations = products[product].mitigations,
    };
    (void)SHA384((const uint8_t *)measured, sizeof(measured) - 1, ret->measurement);
    (void)SHA256(sim_chip_id(chip), 64, ret->report_id);
    memset(ret->report_id_ma, 0xff, sizeof(ret->report_id_ma));
    /* A host that signs with a VLEK masks the chip id (seen on AWS). */
    if (!vlek)
        memcpy(ret->chip_id, sim_chip_id(chip), sizeof(ret->chip_id));
}

static void put_le(uint8_t *out, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)(value >> (8 * i));
}

static void put_tcb(uint8_t *out, SimProduct product, const SimTcb *tcb)
{
    memset(out, 0, 8);
    if (product == SIM_TURIN) {
        out[0] = tcb->fmc;
        out[1] = tcb->boot_loader;
        out[2] = tcb->tee;
        out[3] = tcb->snp;
    } else {
        out[0] = tcb->boot_loader;
        out[1] = tcb->tee;
        out[6] = tcb->snp;
    }
    out[7] = tcb->microcode;
}

/* 0x000 to 0x18f: what the guest was launched as. */
static void encode_guest(const SimReport *report, uint8_t *out)
{
    put_le(out + 0x000, report->version, 4);
    put_le(out + 0x004, report->guest_svn, 4);
    put_le(out + 0x008, report->policy, 8);
    memcpy(out + 0x010, report->family_id, 16);
    memcpy(out + 0x020, report->image_id, 16);
    put_le(out + 0x030, report->vmpl, 4);
    put_le(out + 0x034, report->signature_algo, 4);
    put_tcb(out + 0x038, report->product, &report->current_tcb);
    put_le(out + 0x040, report->platform_info, 8);
    put_le(out + 0x048, report->key_info, 4);
    memcpy(out + 0x050, report->report_data, 64);
    memcpy(out + 0x090, report->measurement, 48);
    memcpy(out + 0x0c0, report->host_data, 32);
    memcpy(out + 0x0e0, report->id_key_digest, 48);
    memcpy(out + 0x110, report->author_key_digest, 48);
    memcpy(out + 0x140, report->report_id, 32);
    memcpy(out + 0x160, report->report_id_ma, 32);
    put_tcb(out + 0x180, report->product, &report->reported_tcb);
}

/* 0x188 to 0x29f: the machine. */
static void encode_machine(const SimReport *report, uint8_t *out)
{
    if (report->version >= 3) {
        out[0x188] = report->cpuid_family;
        out[0x189] = report->cpuid_model;
        out[0x18a] = report->cpuid_step;
    }
    memcpy(out + 0x1a0, report->chip_id, 64);
    put_tcb(out + 0x1e0, report->product, &report->committed_tcb);
    out[0x1e8] = report->current_build;
    out[0x1e9] = report->current_minor;
    out[0x1ea] = report->current_major;
    out[0x1ec] = report->committed_build;
    out[0x1ed] = report->committed_minor;
    out[0x1ee] = report->committed_major;
    put_tcb(out + 0x1f0, report->product, &report->launch_tcb);
    if (report->version >= 5) {
        put_le(out + 0x1f8, report->launch_mitigations, 8);
        put_le(out + 0x200, report->current_mitigations, 8);
    }
}

void sim_report_encode(const SimReport *report, uint8_t ret[static SIM_REPORT_SIZE])
{
    memset(ret, 0, SIM_REPORT_SIZE);
    encode_guest(report, ret);
    encode_machine(report, ret);
}

static int sign_der(EVP_PKEY *key, const uint8_t *bytes, uint8_t *der, size_t *size)
{
    _cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();

    if (!context)
        return -ENOMEM;
    if (EVP_DigestSignInit(context, NULL, EVP_sha384(), NULL, key) != 1 ||
        EVP_DigestSign(context, der, size, bytes, SIM_SIGNED_SIZE) != 1)
        return FAILED;
    return SIM_OK;
}

int sim_report_sign(const SimChip *chip, SimSigner signer, uint8_t report[static SIM_REPORT_SIZE])
{
    uint8_t der[160]; /* a P-384 signature has at most 104 bytes */
    size_t size = sizeof(der);
    const unsigned char *cursor = der;
    EVP_PKEY *key = sim_chip_signing_key(chip, signer);

    if (!key)
        return SIM_E_KEYS;
    int r = sign_der(key, report, der, &size);
    if (r != SIM_OK)
        return r;

    _cleanup_(ECDSA_SIG_freep) ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &cursor, (long)size);
    uint8_t *out = report + SIGNATURE_AT;
    memset(out, 0, SIM_REPORT_SIZE - SIGNATURE_AT);
    if (!signature ||
        BN_bn2lebinpad(ECDSA_SIG_get0_r(signature), out, NUMBER_SIZE) != NUMBER_SIZE ||
        BN_bn2lebinpad(ECDSA_SIG_get0_s(signature), out + NUMBER_SIZE, NUMBER_SIZE) != NUMBER_SIZE)
        return FAILED;
    return SIM_OK;
}

int sim_report_emit(const SimChip *chip, const SimReport *report,
                    uint8_t ret[static SIM_REPORT_SIZE])
{
    const bool masked = report->key_info & 2;
    const uint32_t signing_key = report->key_info >> 2 & 7;

    sim_report_encode(report, ret);
    if (masked || signing_key > 1)
        return SIM_OK;
    return sim_report_sign(chip, signing_key == 1 ? SIM_VLEK : SIM_VCEK, ret);
}
