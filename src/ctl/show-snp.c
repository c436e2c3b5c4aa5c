/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An SEV-SNP report: TCB by component, policy and platform in words (SNP ABI 7.3).
 */
#include "ctl/output.h"
#include "ctl/show-content.h"

#include <string.h>

#define POLICY_ABI_MASK UINT64_C(0xffff) /* ABI_MINOR and ABI_MAJOR */

static const ShowBit policy_bits[] = {
    { 16, "SMT allowed", "SMT forbidden" },
    { 17, NULL, "bit 17 is 0, which no firmware accepts" },
    { 18, "a migration agent may move the guest", "no migration agent" },
    { 19, "DEBUG: the host may read and change the memory of the guest", "debugging forbidden" },
    { 20, "one socket only", NULL },
    { 21, "CXL devices allowed", NULL },
    { 22, "memory encryption must be AES-256-XTS", NULL },
    { 23, "RAPL must be disabled", NULL },
    { 24, "ciphertext of DRAM must be hidden", NULL },
    { 25, "moving guest pages must be disabled", NULL },
};

static const ShowBit platform_bits[] = {
    { 0, "SMT is on", "SMT is off" },
    { 1, "TSME: all memory is encrypted", NULL },
    { 2, "ECC memory", "no ECC memory" },
    { 3, "RAPL is disabled", NULL },
    { 4, "ciphertext of DRAM is hidden", NULL },
    { 5, "no memory aliases: the check since the last reset is complete",
      "memory aliases have not been checked for" },
    { 7, "trusted I/O is on", NULL },
};

/* "boot loader 3, TEE 0, SNP 8, microcode 115", and what it is of. */
static void show_tcb(const json_t *object, const char *label, const char *path)
{
    const json_t *tcb = show_at(object, path);
    static const char *const names[] = { "fmc", "bootloader", "tee", "snp", "microcode" };
    static const char *const words[] = { "FMC", "boot loader", "TEE", "SNP", "microcode" };
    char line[128] = "";
    size_t used = 0;

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        const json_t *value = json_object_get(tcb, names[i]);
        if (json_is_integer(value) && used < sizeof(line))
            used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%s %lld",
                                     used > 0 ? ", " : "", words[i],
                                     (long long)json_integer_value(value));
    }
    if (used > 0)
        show_row(label, line);
    else if (*show_string(tcb, "raw"))
        show_rowf(label, "%s (which byte is what depends on the processor, which is not known)",
                  show_string(tcb, "raw"));
}

/* A field that is often all zero and then says nothing. */
static void show_unless_zero(const json_t *report, const char *label, const char *path)
{
    const char *text = show_string(report, path);

    if (text[strspn(text, "0")])
        show_row(label, text);
}

static void show_origin(const json_t *report)
{
    const json_t *cpuid = show_at(report, "cpuid");
    const char *product = show_string(report, "product_from_cpuid");

    if (*product)
        show_rowf("Product", "%s (family %lld, model %lld, stepping %lld)", product,
                  (long long)json_integer_value(show_at(cpuid, "family")),
                  (long long)json_integer_value(show_at(cpuid, "model")),
                  (long long)json_integer_value(show_at(cpuid, "stepping")));
    show_field(report, "Signing key", "signing_key");
    if (show_is_true(report, "mask_chip_key"))
        show_row("", "the chip key is masked: nothing is signed");
    const char *chip = show_string(report, "chip_id");
    if (*chip)
        show_row("Chip", chip[strspn(chip, "0")] ? chip : "masked by the host");
}

static void show_guest(const json_t *report)
{
    show_field(report, "VMPL", "vmpl");
    show_field(report, "Measurement", "measurement");
    show_field(report, "Report data", "report_data");
    show_unless_zero(report, "Host data", "host_data");
    show_field(report, "Guest SVN", "guest_svn");
    show_unless_zero(report, "Family id", "family_id");
    show_unless_zero(report, "Image id", "image_id");
    show_unless_zero(report, "Id key", "id_key_digest");
    show_unless_zero(report, "Author key", "author_key_digest");
    show_field(report, "Report id", "report_id");
}

void show_snp_report(const json_t *report)
{
    show_field(report, "Version", "version");
    show_origin(report);
    show_guest(report);
    show_bits(report, "Guest policy", "policy", policy_bits, ELEMENTSOF(policy_bits),
              POLICY_ABI_MASK);
    show_rowf("", "firmware ABI %lld.%lld or newer",
              (long long)json_integer_value(show_at(report, "policy_bits.abi_major")),
              (long long)json_integer_value(show_at(report, "policy_bits.abi_minor")));
    show_bits(report, "Platform", "platform_info", platform_bits, ELEMENTSOF(platform_bits), 0);
    show_tcb(report, "Reported TCB", "reported_tcb");
    show_tcb(report, "Current TCB", "current_tcb");
    show_tcb(report, "Committed TCB", "committed_tcb");
    show_tcb(report, "Launch TCB", "launch_tcb");
    show_field(report, "Firmware", "current_version");
    show_field(report, "Committed", "committed_version");
    show_field(report, "Mitigations", "current_mit_vector");
    show_field(report, "at launch", "launch_mit_vector");
}

/* AMD's, of a VCEK or VLEK. */
static void show_extensions(const json_t *certificate)
{
    const json_t *extensions = show_at(certificate, "cert_ext");

    show_field(extensions, "For product", "product_name");
    show_tcb(certificate, "for TCB", "cert_ext");
    show_field(extensions, "for chip", "hwid");
    show_field(extensions, "for cloud", "csp_id");
}

void show_snp_verification(const json_t *verification)
{
    show_field(verification, "Product", "product_from_chain");
    show_field(verification, "Certified by", "issuer_ca");
    show_certificate(show_at(verification, "cert"));
    show_extensions(verification);
}

void show_certificate(const json_t *certificate)
{
    show_field(certificate, "Subject", "subject");
    show_field(certificate, "Issuer", "issuer");
    show_field(certificate, "Serial", "serial");
    show_field(certificate, "Valid from", "not_before");
    show_field(certificate, "Valid until", "not_after");
    show_field(certificate, "SHA-256", "sha256");
    show_certificate_key(certificate);
    show_field(certificate, "SPKI SHA-384", "spki_sha384");
    show_field(certificate, "Is a CA", "is_ca");
    show_extensions(certificate);
}
