/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The "snp" object of a policy against a genuine report: one judge a wish, all of them in a table
 * (spec SNP 6.1 steps 11 to 16).
 */
#include "verify/appraise.h"

#include "verify/difference.h"

#include <stdio.h>
#include <string.h>

static bool judge_product(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    difference_say(difference->found, "%s", snp_product_name(s->product));
    difference_say(difference->wanted, "%s%s%s",
                   p->products & 1U << SNP_PRODUCT_MILAN ? "Milan " : "",
                   p->products & 1U << SNP_PRODUCT_GENOA ? "Genoa " : "",
                   p->products & 1U << SNP_PRODUCT_TURIN ? "Turin" : "");
    return p->products == 0 || (p->products & 1U << s->product) != 0;
}

static bool judge_version(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    difference_say(difference->found, "version %u", s->report.version);
    difference_say(difference->wanted, "report_versions of the policy");
    return p->report_versions == 0 ||
           (s->report.version < 32 && (p->report_versions & 1U << s->report.version) != 0);
}

static bool judge_signing_key(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    difference_say(difference->found, "%s",
                   s->signing_key == SNP_SIGNING_KEY_VLEK ? "vlek" : "vcek");
    difference_say(difference->wanted, "signing_keys of the policy");
    return p->signing_keys == 0 || (p->signing_keys & 1U << s->signing_key) != 0;
}

static bool judge_csp(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    if (!p->csp_ids.present || s->signing_key != SNP_SIGNING_KEY_VLEK)
        return true;
    for (size_t i = 0; i < p->csp_ids.n_items; i++)
        if (strcmp(p->csp_ids.items[i], s->csp_id) == 0)
            return true;
    difference_say(difference->found, "\"%s\"", s->csp_id);
    difference_say(difference->wanted, "one of %zu in the policy", p->csp_ids.n_items);
    return false;
}

static bool judge_masked_chip(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    difference_say(difference->found, "CHIP_ID is zero: the certificate may be another chip's");
    difference_say(difference->wanted, "CHIP_ID, or masked_chip_id: true");
    return p->masked_chip_id || !s->chip_id_masked;
}

static bool judge_debug(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    difference_say(difference->found, "POLICY allows the host to debug the guest");
    difference_say(difference->wanted, "DEBUG 0");
    return p->debug || !(s->report.policy & SNP_POLICY_DEBUG);
}

static bool judge_migration(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    bool allowed = (s->report.policy & SNP_POLICY_MIGRATE_MA) != 0;

    difference_say(difference->found, "%s",
                   allowed ? "POLICY allows a migration agent"
                           : "REPORT_ID_MA names a migration agent");
    difference_say(difference->wanted, "none");
    return p->migration_agent || (!allowed && !snp_report_has_migration_agent(&s->report));
}

static bool judge_smt(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    difference_say(difference->found, "POLICY allows SMT on the host");
    difference_say(difference->wanted, "SMT 0");
    return p->smt || !(s->report.policy & SNP_POLICY_SMT);
}

static bool judge_vmpl(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    difference_say(difference->found, "VMPL %u", s->report.vmpl);
    difference_say(difference->wanted, "vmpl of the policy (0 unless it says otherwise)");
    return s->report.vmpl <= SNP_VMPL_MAX && (p->vmpls & 1U << s->report.vmpl) != 0;
}

static bool judge_guest_svn(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    difference_say(difference->found, "%u", s->report.guest_svn);
    difference_say(difference->wanted, "%u or more", p->minimum_guest_svn);
    return s->report.guest_svn >= p->minimum_guest_svn;
}

static bool judge_guest_svn_most(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    difference_say(difference->found, "%u", s->report.guest_svn);
    difference_say(difference->wanted, "%u or less", p->maximum_guest_svn);
    return s->report.guest_svn <= p->maximum_guest_svn;
}

static bool judge_abi(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    unsigned major = snp_policy_abi_major(s->report.policy);
    unsigned minor = snp_policy_abi_minor(s->report.policy);

    difference_say(difference->found, "POLICY asks for %u.%u", major, minor);
    difference_say(difference->wanted, "%u.%u or more", p->minimum_abi >> 8, p->minimum_abi & 0xff);
    return (major << 8 | minor) >= p->minimum_abi;
}

static bool judge_firmware(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    SnpFirmwareVersion found = s->report.committed_version, wanted = p->minimum_firmware;

    difference_say(difference->found, "committed firmware %u.%u.%u", found.major, found.minor,
                   found.build);
    difference_say(difference->wanted, "%u.%u.%u or more", wanted.major, wanted.minor,
                   wanted.build);
    return snp_firmware_version_compare(found, wanted) >= 0;
}

static bool judge_firmware_most(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    SnpFirmwareVersion found = s->report.current_version, wanted = p->maximum_firmware;

    difference_say(difference->found, "firmware %u.%u.%u runs", found.major, found.minor,
                   found.build);
    difference_say(difference->wanted, "%u.%u.%u or less", wanted.major, wanted.minor,
                   wanted.build);
    return snp_firmware_version_compare(found, wanted) <= 0;
}

/* Every component that is beyond its bound, by name. */
static void say_components(SnpTcb tcb, const SnpTcb *bound, bool is_maximum, Difference *difference)
{
    const struct {
        const char *name;
        unsigned found, wanted;
    } components[] = {
        { "fmc", tcb.fmc, bound->fmc },
        { "boot_loader", tcb.boot_loader, bound->boot_loader },
        { "tee", tcb.tee, bound->tee },
        { "snp", tcb.snp, bound->snp },
        { "microcode", tcb.microcode, bound->microcode },
    };

    difference_say(difference->wanted, is_maximum ? "or less of each" : "or more of each");
    for (size_t i = 0; i < ELEMENTSOF(components); i++) {
        size_t used = strlen(difference->found);
        unsigned low = is_maximum ? components[i].wanted : components[i].found;
        unsigned high = is_maximum ? components[i].found : components[i].wanted;
        if (low < high)
            (void)snprintf(difference->found + used, sizeof(difference->found) - used,
                           "%s%s %u of %u", used > 0 ? ", " : "", components[i].name,
                           components[i].found, components[i].wanted);
    }
}

static bool judge_tcbs(const PolicyTcbs *wishes, SnpTcbRaw raw, const GenuineSnp *s,
                       bool is_maximum, Difference *difference)
{
    const PolicyTcb *wish = &wishes->products[s->product];
    SnpTcb tcb = snp_tcb_decode(raw, s->layout);

    if (!wishes->present)
        return true;
    if (!wish->present) {
        difference_say(difference->found, "%s", snp_product_name(s->product));
        difference_say(difference->wanted, "a product that the policy names there");
        return false;
    }
    say_components(tcb, &wish->bound, is_maximum, difference);
    return is_maximum ? snp_tcb_is_at_least(&wish->bound, &tcb)
                      : snp_tcb_is_at_least(&tcb, &wish->bound);
}

static bool judge_tcb(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    return judge_tcbs(&p->minimum_tcb, s->report.reported_tcb, s, false, difference);
}

static bool judge_tcb_most(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    return judge_tcbs(&p->maximum_tcb, s->report.reported_tcb, s, true, difference);
}

static bool judge_committed(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    return judge_tcbs(&p->minimum_committed_tcb, s->report.committed_tcb, s, false, difference);
}

static bool judge_launch(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    return judge_tcbs(&p->minimum_launch_tcb, s->report.launch_tcb, s, false, difference);
}

static bool judge_measurement(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    difference_digest(difference, VIEW_OF_ARRAY(s->report.measurement), p->n_measurements);
    return !p->measurements_present ||
           policy_measurement_find(p->measurements, p->n_measurements, s->report.measurement);
}

static bool judge_host_data(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    return difference_in_list(&p->host_data, VIEW_OF_ARRAY(s->report.host_data), difference);
}

/* A masked CHIP_ID is zeros, which name no chip. */
static bool judge_chip(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    if (!p->chip_ids.present)
        return true;
    if (!snp_report_chip_id_is_masked(&s->report))
        return difference_in_list(&p->chip_ids, VIEW_OF_ARRAY(s->report.chip_id), difference);
    difference_say(difference->found, "CHIP_ID is zero");
    difference_say(difference->wanted, "a chip of the policy");
    return false;
}

static bool judge_family(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    return difference_in_list(&p->family_ids, VIEW_OF_ARRAY(s->report.family_id), difference);
}

static bool judge_image(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    return difference_in_list(&p->image_ids, VIEW_OF_ARRAY(s->report.image_id), difference);
}

static bool judge_id_key(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    return difference_in_list(&p->id_key_digests, VIEW_OF_ARRAY(s->report.id_key_digest),
                              difference);
}

/* Meaningful only with AUTHOR_KEY_EN; without it there is none, which a policy writes as zeros. */
static bool judge_author_key(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    static const uint8_t none[sizeof(s->report.author_key_digest)] = { 0 };
    bool enabled = (s->report.key_info & SNP_KEY_INFO_AUTHOR_KEY_EN) != 0;

    if (difference_in_list(
            &p->author_key_digests,
            enabled ? VIEW_OF_ARRAY(s->report.author_key_digest) : VIEW_OF_ARRAY(none), difference))
        return true;
    if (!enabled)
        difference_say(difference->found, "AUTHOR_KEY_EN 0");
    return false;
}

static bool judge_platform(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    return difference_mask(&p->platform_info, s->report.platform_info, difference);
}

static bool judge_policy_bits(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    return difference_mask(&p->policy_bits, s->report.policy, difference);
}

/* Before version 5 nothing is known about mitigations, which is not the same as enough. */
static bool judge_mitigations(const PolicySnp *p, const GenuineSnp *s, Difference *difference)
{
    uint64_t both = s->report.launch_mitigations & s->report.current_mitigations;

    if (p->minimum_mitigations == 0)
        return true;
    difference_say(difference->wanted, "0x%llx set at launch and now",
                   (unsigned long long)p->minimum_mitigations);
    if (!s->report.has_mitigations)
        difference_say(difference->found, "report version %u does not say", s->report.version);
    else
        difference_say(difference->found, "launch 0x%llx, current 0x%llx",
                       (unsigned long long)s->report.launch_mitigations,
                       (unsigned long long)s->report.current_mitigations);
    return s->report.has_mitigations && (both & p->minimum_mitigations) == p->minimum_mitigations;
}

#define CLAIM(member) offsetof(TrustVector, member)

static const struct {
    const char *name; /* of the finding */
    bool (*judge)(const PolicySnp *p, const GenuineSnp *s, Difference *difference);
    size_t claim;  /* what of the vector it speaks about */
    int otherwise; /* its value when the wish is not met */
} wishes[] = {
    { "snp-product-not-accepted", judge_product, CLAIM(hardware), TRUST_UNRECOGNISED },
    { "snp-report-version-not-accepted", judge_version, CLAIM(hardware), TRUST_CONTRAINDICATED },
    { "snp-signing-key-not-accepted", judge_signing_key, CLAIM(hardware), TRUST_UNRECOGNISED },
    { "snp-csp-unknown", judge_csp, CLAIM(hardware), TRUST_UNRECOGNISED },
    { "snp-chip-id-masked", judge_masked_chip, CLAIM(hardware), TRUST_UNRECOGNISED },
    { "snp-tcb-too-low", judge_tcb, CLAIM(hardware), TRUST_CONTRAINDICATED },
    { "snp-tcb-too-high", judge_tcb_most, CLAIM(hardware), TRUST_UNRECOGNISED },
    { "snp-committed-tcb-too-low", judge_committed, CLAIM(hardware), TRUST_CONTRAINDICATED },
    { "snp-launch-tcb-too-low", judge_launch, CLAIM(hardware), TRUST_CONTRAINDICATED },
    { "snp-chip-unknown", judge_chip, CLAIM(hardware), TRUST_UNRECOGNISED },
    { "snp-firmware-too-new", judge_firmware_most, CLAIM(hardware), TRUST_UNRECOGNISED },
    { "snp-firmware-too-old", judge_firmware, CLAIM(hardware), TRUST_CONTRAINDICATED },
    { "snp-mitigations-missing", judge_mitigations, CLAIM(hardware), TRUST_CONTRAINDICATED },
    { "snp-debug-enabled", judge_debug, CLAIM(runtime_opaque), TRUST_CONTRAINDICATED },
    { "snp-migration-agent", judge_migration, CLAIM(runtime_opaque), TRUST_CONTRAINDICATED },
    { "snp-smt-allowed", judge_smt, CLAIM(configuration), TRUST_CONTRAINDICATED },
    { "snp-vmpl-not-accepted", judge_vmpl, CLAIM(configuration), TRUST_CONTRAINDICATED },
    { "snp-abi-too-low", judge_abi, CLAIM(configuration), TRUST_CONTRAINDICATED },
    { "snp-platform-info", judge_platform, CLAIM(configuration), TRUST_CONTRAINDICATED },
    { "snp-policy-bits", judge_policy_bits, CLAIM(configuration), TRUST_CONTRAINDICATED },
    { "snp-host-data-unknown", judge_host_data, CLAIM(configuration), TRUST_CONTRAINDICATED },
    { "snp-measurement-unknown", judge_measurement, CLAIM(executables),
      TRUST_UNRECOGNISED_PROGRAMS },
    { "snp-guest-svn-too-low", judge_guest_svn, CLAIM(executables), TRUST_CONTRAINDICATED },
    { "snp-guest-svn-too-high", judge_guest_svn_most, CLAIM(executables),
      TRUST_UNRECOGNISED_PROGRAMS },
    { "snp-family-id-unknown", judge_family, CLAIM(executables), TRUST_UNRECOGNISED_PROGRAMS },
    { "snp-image-id-unknown", judge_image, CLAIM(executables), TRUST_UNRECOGNISED_PROGRAMS },
    { "snp-id-key-unknown", judge_id_key, CLAIM(executables), TRUST_UNRECOGNISED_PROGRAMS },
    { "snp-author-key-unknown", judge_author_key, CLAIM(executables), TRUST_UNRECOGNISED_PROGRAMS },
};

/* Does each item name a key? Zeros stand for there being none. */
static bool names_signers(const PolicyBytesList *list)
{
    for (size_t i = 0; i < list->n_items; i++)
        if (view_is_filled_with(VIEW(list->items[i]), 0))
            return false;
    return list->present;
}

int appraise_snp(const PolicySnp *policy, const GenuineSnp *snp, Findings *findings,
                 TrustVector *vector)
{
    bool names_programs = policy->measurements_present || names_signers(&policy->id_key_digests);

    *vector = (TrustVector){
        .hardware = TRUST_APPROVED,
        .configuration = TRUST_APPROVED,
        /* A policy that allows debugging gets no promise about memory, good or bad. */
        .runtime_opaque = snp->report.policy & SNP_POLICY_DEBUG ? 0 : TRUST_APPROVED,
        .executables = names_programs ? TRUST_APPROVED_BOOT : 0,
    };
    for (size_t i = 0; i < ELEMENTSOF(wishes); i++) {
        Difference difference = { 0 };
        int *claim = (int *)(void *)((uint8_t *)vector + wishes[i].claim);
        if (wishes[i].judge(policy, snp, &difference))
            continue;
        *claim = MAX(*claim, wishes[i].otherwise);
        int r = findings_add(findings, wishes[i].name, "cpu", FINDING_FAILURE, difference.found,
                             difference.wanted);
        if (r < 0)
            return r;
    }
    return 0;
}
