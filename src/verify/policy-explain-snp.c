/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The "snp" object of a policy in words.
 */
#include "verify/policy-sayer.h"

#include <string.h>

static const BitName platform_names[] = {
    { SNP_PLATFORM_SMT_EN, "SMT" },
    { SNP_PLATFORM_TSME_EN, "TSME" },
    { SNP_PLATFORM_ECC_EN, "ECC" },
    { SNP_PLATFORM_RAPL_DIS, "RAPL off" },
    { SNP_PLATFORM_CIPHERTEXT_HIDING_DRAM_EN, "ciphertext hiding" },
    { SNP_PLATFORM_ALIAS_CHECK_COMPLETE, "alias check complete" },
    { SNP_PLATFORM_TIO_EN, "TIO" },
    { 0, NULL },
};

static const BitName policy_names[] = {
    { SNP_POLICY_SMT, "SMT allowed" },
    { SNP_POLICY_RESERVED_ONE, "reserved, always set" },
    { SNP_POLICY_MIGRATE_MA, "migration agent allowed" },
    { SNP_POLICY_DEBUG, "debugging allowed" },
    { SNP_POLICY_SINGLE_SOCKET, "single socket" },
    { SNP_POLICY_CXL_ALLOW, "CXL allowed" },
    { SNP_POLICY_MEM_AES_256_XTS, "AES-256-XTS" },
    { SNP_POLICY_RAPL_DIS, "RAPL off" },
    { SNP_POLICY_CIPHERTEXT_HIDING_DRAM, "ciphertext hiding" },
    { SNP_POLICY_PAGE_SWAP_DISABLE, "page swap off" },
    { 0, NULL },
};

static void say_platform_info(const Policy *policy, Sentences *sentences)
{
    sentences_say_mask(sentences, "PLATFORM_INFO, how the host is set up,",
                       &policy->snp.platform_info, platform_names);
}

static void say_policy_bits(const Policy *policy, Sentences *sentences)
{
    sentences_say_mask(sentences, "POLICY, how the guest was started,", &policy->snp.policy_bits,
                       policy_names);
}

/* "FIELD must be 3, 4 or 5." for the bits of a set. */
static void say_numbers(const char *field, unsigned bits, Sentences *sentences)
{
    unsigned n = (unsigned)__builtin_popcount(bits), k = 0;
    Sentence sentence = { 0 };

    if (bits == 0)
        return;
    sentence_add(&sentence, "%s must be ", field);
    for (unsigned i = 0; i < 32; i++) {
        if (!(bits & 1U << i))
            continue;
        sentence_join(&sentence, k++, n, "or");
        sentence_add(&sentence, "%u", i);
    }
    sentences_put(sentences, &sentence);
}

static void say_report_versions(const Policy *policy, Sentences *sentences)
{
    say_numbers("The version of the report", policy->snp.report_versions, sentences);
}

static void say_vmpl(const Policy *policy, Sentences *sentences)
{
    say_numbers("The privilege level (VMPL) that the report speaks for", policy->snp.vmpls,
                sentences);
}

static void say_products(const Policy *policy, Sentences *sentences)
{
    unsigned n = (unsigned)__builtin_popcount(policy->snp.products), k = 0;
    Sentence sentence = { 0 };

    if (n == 0)
        return;
    sentence_add(&sentence, "The processor must be ");
    for (unsigned i = SNP_PRODUCT_MILAN; i < SNP_PRODUCT_COUNT; i++) {
        if (!(policy->snp.products & 1U << i))
            continue;
        sentence_join(&sentence, k++, n, "or");
        sentence_add(&sentence, "%s", snp_product_name((SnpProduct)i));
    }
    sentences_put(sentences, &sentence);
}

static void say_tcb(const char *field, const char *bound, const PolicyTcb *tcb, const char *product,
                    Sentences *sentences)
{
    const SnpTcb *limit = &tcb->bound;
    Sentence sentence = { 0 };

    if (!tcb->present)
        return;
    sentence_add(&sentence, "On %s each part of %s must be %s ", product, field, bound);
    if (strcmp(product, "Turin") == 0)
        sentence_add(&sentence, "fmc %u, ", limit->fmc);
    sentence_add(&sentence, "boot_loader %u, tee %u, snp %u, microcode %u", limit->boot_loader,
                 limit->tee, limit->snp, limit->microcode);
    sentences_put(sentences, &sentence);
}

static void say_tcbs(const char *field, const char *bound, const PolicyTcbs *tcbs,
                     Sentences *sentences)
{
    Sentence others = { 0 };
    bool all = true;

    if (!tcbs->present)
        return;
    sentence_add(&others, "Refused, since no bound on %s is given for them:", field);
    for (unsigned i = SNP_PRODUCT_MILAN; i < SNP_PRODUCT_COUNT; i++) {
        const char *product = snp_product_name((SnpProduct)i);
        say_tcb(field, bound, &tcbs->products[i], product, sentences);
        if (tcbs->products[i].present)
            continue;
        sentence_add(&others, "%s %s", all ? "" : ",", product);
        all = false;
    }
    if (!all)
        sentences_put(sentences, &others);
}

static void say_minimum_tcb(const Policy *policy, Sentences *sentences)
{
    say_tcbs("REPORTED_TCB", "at least", &policy->snp.minimum_tcb, sentences);
}

static void say_maximum_tcb(const Policy *policy, Sentences *sentences)
{
    say_tcbs("REPORTED_TCB", "at most", &policy->snp.maximum_tcb, sentences);
}

static void say_committed_tcb(const Policy *policy, Sentences *sentences)
{
    say_tcbs("COMMITTED_TCB, which the host cannot go back behind,", "at least",
             &policy->snp.minimum_committed_tcb, sentences);
}

static void say_launch_tcb(const Policy *policy, Sentences *sentences)
{
    say_tcbs("LAUNCH_TCB, under which the guest was started,", "at least",
             &policy->snp.minimum_launch_tcb, sentences);
}

static void say_minimum_firmware(const Policy *policy, Sentences *sentences)
{
    static const SnpFirmwareVersion any = { 0 };
    SnpFirmwareVersion least = policy->snp.minimum_firmware;

    if (snp_firmware_version_compare(least, any) > 0)
        sentences_say(sentences, "The committed SEV firmware must be %u.%u.%u or newer",
                      least.major, least.minor, least.build);
}

static void say_maximum_firmware(const Policy *policy, Sentences *sentences)
{
    static const SnpFirmwareVersion any = { UINT8_MAX, UINT8_MAX, UINT8_MAX };
    SnpFirmwareVersion most = policy->snp.maximum_firmware;

    if (snp_firmware_version_compare(most, any) < 0)
        sentences_say(sentences, "The SEV firmware that runs must be %u.%u.%u or older", most.major,
                      most.minor, most.build);
}

static void say_mitigations(const Policy *policy, Sentences *sentences)
{
    if (policy->snp.minimum_mitigations != 0)
        sentences_say(sentences, "These mitigations must be in force, at launch and now: 0x%llx",
                      (unsigned long long)policy->snp.minimum_mitigations);
}

static void say_debug(const Policy *policy, Sentences *sentences)
{
    if (!policy->snp.debug)
        sentences_say(sentences, "The host must not be able to debug the guest");
}

static void say_migration_agent(const Policy *policy, Sentences *sentences)
{
    if (!policy->snp.migration_agent)
        sentences_say(sentences, "There must be no migration agent");
}

static void say_smt(const Policy *policy, Sentences *sentences)
{
    if (!policy->snp.smt)
        sentences_say(sentences, "The guest must forbid SMT on its host");
}

static void say_masked_chip_id(const Policy *policy, Sentences *sentences)
{
    if (!policy->snp.masked_chip_id)
        sentences_say(sentences, "A report signed by the chip's key must name its chip");
}

static void say_minimum_abi(const Policy *policy, Sentences *sentences)
{
    if (policy->snp.minimum_abi != 0)
        sentences_say(sentences, "The guest must demand firmware of ABI %u.%u or newer",
                      policy->snp.minimum_abi >> 8, policy->snp.minimum_abi & 0xff);
}

static void say_minimum_guest_svn(const Policy *policy, Sentences *sentences)
{
    if (policy->snp.minimum_guest_svn > 0)
        sentences_say(sentences, "GUEST_SVN, the version of the image, must be %u or more",
                      policy->snp.minimum_guest_svn);
}

static void say_maximum_guest_svn(const Policy *policy, Sentences *sentences)
{
    if (policy->snp.maximum_guest_svn < UINT32_MAX)
        sentences_say(sentences, "GUEST_SVN, the version of the image, must be %u or less",
                      policy->snp.maximum_guest_svn);
}

static void say_signing_keys(const Policy *policy, Sentences *sentences)
{
    if (policy->snp.signing_keys == 1U << SNP_SIGNING_KEY_VCEK)
        sentences_say(sentences, "The report must be signed by the chip's key (VCEK)");
    else if (policy->snp.signing_keys == 1U << SNP_SIGNING_KEY_VLEK)
        sentences_say(sentences, "The report must be signed by a cloud's key (VLEK)");
    else if (policy->snp.signing_keys != 0)
        sentences_say(sentences, "The report must be signed by the chip's key (VCEK) or a cloud's "
                                 "(VLEK)");
}

static void say_csp_ids(const Policy *policy, Sentences *sentences)
{
    Sentence sentence = { 0 };

    if (!policy->snp.csp_ids.present)
        return;
    sentence_add(&sentence, "A cloud's key (VLEK) must be of ");
    sentence_add_texts(&sentence, &policy->snp.csp_ids);
    sentences_put(sentences, &sentence);
}

static void say_measurements(const Policy *policy, Sentences *sentences)
{
    const PolicySnp *snp = &policy->snp;

    if (snp->measurements_present)
        sentences_say_measurements(sentences, "launch measurement", snp->measurements,
                                   snp->n_measurements);
}

static void say_chip_ids(const Policy *policy, Sentences *sentences)
{
    sentences_say_list(sentences, "The chip (CHIP_ID)", &policy->snp.chip_ids);
}

static void say_host_data(const Policy *policy, Sentences *sentences)
{
    sentences_say_list(sentences, "HOST_DATA", &policy->snp.host_data);
}

static void say_family_ids(const Policy *policy, Sentences *sentences)
{
    sentences_say_list(sentences, "FAMILY_ID", &policy->snp.family_ids);
}

static void say_image_ids(const Policy *policy, Sentences *sentences)
{
    sentences_say_list(sentences, "IMAGE_ID", &policy->snp.image_ids);
}

static void say_id_key_digests(const Policy *policy, Sentences *sentences)
{
    sentences_say_list(sentences, "The key that signed the ID block", &policy->snp.id_key_digests);
}

static void say_author_key_digests(const Policy *policy, Sentences *sentences)
{
    sentences_say_list(sentences, "The author key (zeros: none)", &policy->snp.author_key_digests);
}

static const PolicySayer rows[] = {
    { "/snp/products", say_products },
    { "/snp/report_versions", say_report_versions },
    { "/snp/signing_keys", say_signing_keys },
    { "/snp/csp_ids", say_csp_ids },
    { "/snp/masked_chip_id", say_masked_chip_id },
    { "/snp/chip_ids", say_chip_ids },
    { "/snp/minimum_tcb", say_minimum_tcb },
    { "/snp/maximum_tcb", say_maximum_tcb },
    { "/snp/minimum_committed_tcb", say_committed_tcb },
    { "/snp/minimum_launch_tcb", say_launch_tcb },
    { "/snp/minimum_firmware", say_minimum_firmware },
    { "/snp/maximum_firmware", say_maximum_firmware },
    { "/snp/minimum_mitigations", say_mitigations },
    { "/snp/platform_info", say_platform_info },
    { "/snp/debug", say_debug },
    { "/snp/migration_agent", say_migration_agent },
    { "/snp/smt", say_smt },
    { "/snp/vmpl", say_vmpl },
    { "/snp/policy_bits", say_policy_bits },
    { "/snp/minimum_abi", say_minimum_abi },
    { "/snp/measurements", say_measurements },
    { "/snp/host_data", say_host_data },
    { "/snp/minimum_guest_svn", say_minimum_guest_svn },
    { "/snp/maximum_guest_svn", say_maximum_guest_svn },
    { "/snp/family_ids", say_family_ids },
    { "/snp/image_ids", say_image_ids },
    { "/snp/id_key_digests", say_id_key_digests },
    { "/snp/author_key_digests", say_author_key_digests },
};

const PolicySayers policy_snp_sayers = { HARDWARE_SNP, rows, ELEMENTSOF(rows) };
