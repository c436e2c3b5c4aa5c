/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes facts down, one member a line.
 */
#include "verify/facts.h"

#include "base/encode.h"

#include <stdio.h>
#include <string.h>

static int set(json_t *facts, const char *name, json_t *value)
{
    return json_object_set_new(facts, name, value);
}

static int set_number(json_t *facts, const char *name, uint64_t number)
{
    return set(facts, name, json_integer((json_int_t)number));
}

static int set_bits(json_t *facts, const char *name, uint64_t bits)
{
    return set(facts, name, json_sprintf("0x%llx", (unsigned long long)bits));
}

static int set_version(json_t *facts, const char *name, SnpFirmwareVersion version)
{
    return set(facts, name, json_sprintf("%u.%u.%u", version.major, version.minor, version.build));
}

static int set_tcb(json_t *facts, const SnpTcb *tcb)
{
    int r = 0;

    if (tcb->has_fmc)
        r |= set_number(facts, "tcb_fmc", tcb->fmc);
    r |= set_number(facts, "tcb_boot_loader", tcb->boot_loader);
    r |= set_number(facts, "tcb_tee", tcb->tee);
    r |= set_number(facts, "tcb_snp", tcb->snp);
    r |= set_number(facts, "tcb_microcode", tcb->microcode);
    return r;
}

static int set_launch(json_t *facts, const SnpReport *report)
{
    int r = set_number(facts, "vmpl", report->vmpl);

    r |= set_number(facts, "guest_svn", report->guest_svn);
    r |= set_bits(facts, "guest_policy", report->policy);
    r |= set(facts, "debug", json_boolean(report->policy & SNP_POLICY_DEBUG));
    r |= set(facts, "migration_agent",
             json_boolean((report->policy & SNP_POLICY_MIGRATE_MA) ||
                          snp_report_has_migration_agent(report)));
    r |= set(facts, "smt_allowed", json_boolean(report->policy & SNP_POLICY_SMT));
    r |= set_bits(facts, "platform_info", report->platform_info);
    r |= json_set_hex(facts, "measurement", VIEW_OF_ARRAY(report->measurement));
    r |= json_set_hex(facts, "host_data", VIEW_OF_ARRAY(report->host_data));
    r |= json_set_hex(facts, "family_id", VIEW_OF_ARRAY(report->family_id));
    r |= json_set_hex(facts, "image_id", VIEW_OF_ARRAY(report->image_id));
    r |= json_set_hex(facts, "id_key_digest", VIEW_OF_ARRAY(report->id_key_digest));
    if (report->key_info & SNP_KEY_INFO_AUTHOR_KEY_EN)
        r |= json_set_hex(facts, "author_key_digest", VIEW_OF_ARRAY(report->author_key_digest));
    if (report->has_mitigations) {
        r |= set_bits(facts, "launch_mitigations", report->launch_mitigations);
        r |= set_bits(facts, "current_mitigations", report->current_mitigations);
    }
    return r;
}

static int set_match(json_t *facts, const PolicyMeasurement *match)
{
    int r = 0;

    if (match && match->name)
        r |= set(facts, "measurement_name", json_string(match->name));
    if (match)
        r |=
            set(facts, "measurement_covers",
                json_string(match->covers == POLICY_COVERS_BOOT_CHAIN ? "boot-chain" : "firmware"));
    return r;
}

json_t *facts_of_cpu(const GenuineSnp *snp, const PolicyMeasurement *match)
{
    json_auto_t *facts = json_object();
    SnpTcb reported = snp_tcb_decode(snp->report.reported_tcb, snp->layout);
    bool is_vlek = snp->signing_key == SNP_SIGNING_KEY_VLEK;

    int r = set(facts, "product", json_string(snp_product_name(snp->product)));
    r |= set_number(facts, "report_version", snp->report.version);
    r |= set(facts, "signing_key", json_string(is_vlek ? "vlek" : "vcek"));
    if (is_vlek)
        r |= set(facts, "csp_id", json_string(snp->csp_id));
    r |= set(facts, "chip_id_masked", json_boolean(snp->chip_id_masked));
    r |= set_tcb(facts, &reported);
    r |= set_version(facts, "firmware", snp->report.current_version);
    r |= set_version(facts, "committed_firmware", snp->report.committed_version);
    r |= set_launch(facts, &snp->report);
    r |= set_match(facts, match);
    return r == 0 ? TAKE_PTR(facts) : NULL;
}

json_t *facts_of_tdx(const GenuineTdx *tdx, const PolicyMeasurement *match)
{
    json_auto_t *facts = json_object();
    const TdxQuote *quote = &tdx->quote;
    const TdxTdInfo *td = &quote->td;

    int r = set_number(facts, "quote_version", quote->version);
    r |= json_set_hex(facts, "tee_tcb_svn", VIEW_OF_ARRAY(quote->tee_tcb_svn));
    r |= set_number(facts, "qe_svn", quote->qe.isv_svn);
    r |= json_set_hex(facts, "mr_seam", VIEW_OF_ARRAY(quote->mr_seam));
    r |= set_bits(facts, "attributes", td->attributes);
    r |= set(facts, "debug", json_boolean(td->attributes & TDX_ATTRIBUTES_UNDER_DEBUG));
    r |= set(facts, "migratable", json_boolean(td->attributes & TDX_ATTRIBUTE_MIGRATABLE));
    r |= set_bits(facts, "xfam", td->xfam);
    r |= json_set_hex(facts, "measurement", VIEW_OF_ARRAY(td->mr_td));
    r |= json_set_hex(facts, "mr_config_id", VIEW_OF_ARRAY(td->mr_config_id));
    r |= json_set_hex(facts, "mr_owner", VIEW_OF_ARRAY(td->mr_owner));
    r |= json_set_hex(facts, "mr_owner_config", VIEW_OF_ARRAY(td->mr_owner_config));
    r |= set_match(facts, match);
    return r == 0 ? TAKE_PTR(facts) : NULL;
}

static int set_registers(json_t *facts, const EvidencePcrs *pcrs, const ReplayedLog *log)
{
    json_t *replayed = json_array();
    int r = 0;

    for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
        char name[8];
        if (!(pcrs->mask & 1U << pcr))
            continue;
        (void)snprintf(name, sizeof(name), "pcr%u", pcr);
        r |= json_set_hex(facts, name, evidence_pcr(pcrs, pcr));
        if (log && replayed_log_result(log, pcr) == REPLAY_PROVEN)
            r |= json_array_append_new(replayed, json_integer(pcr));
    }
    r |= set(facts, "replayed", replayed);
    return r;
}

/* ".linux" becomes "uki_linux"; names of other letters are left out. */
static int set_section(json_t *facts, const BootSection *section)
{
    char name[24];
    size_t length = strspn(section->name + 1, "abcdefghijklmnopqrstuvwxyz0123456789");

    if (section->name[0] != '.' || length == 0 || section->name[1 + length] != 0)
        return 0;
    (void)snprintf(name, sizeof(name), "uki_%s", section->name + 1);
    return json_set_hex(facts, name, section->digest);
}

static int set_boot(json_t *facts, const BootFacts *boot)
{
    json_t *applications = json_array();
    int r = 0;

    for (size_t i = 0; i < boot->n_applications; i++) {
        _cleanup_free_ char *text = hex_encode(boot->applications[i].digest);
        r |= json_array_append_new(applications, json_string(text ? text : ""));
        r |= text ? 0 : -1;
    }
    if (boot->n_applications > 0)
        r |= json_object_set(facts, "boot_applications", applications);
    json_decref(applications);
    for (size_t i = 0; i < boot->n_sections; i++)
        r |= set_section(facts, &boot->sections[i]);
    if (boot->secure_boot != SECURE_BOOT_UNKNOWN)
        r |= set(facts, "secure_boot", json_boolean(boot->secure_boot == SECURE_BOOT_ON));
    if (boot->command_line)
        r |= set(facts, "command_line", json_string(boot->command_line));
    return r;
}

json_t *facts_of_vtpm(VtpmRoot root, const GenuineTpm *tpm, const ReplayedLog *log,
                      const BootFacts *boot)
{
    json_auto_t *facts = json_object();

    int r = set(facts, "root", json_string(vtpm_root_name(root)));
    if (root == VTPM_ROOT_HOST)
        return r == 0 ? TAKE_PTR(facts) : NULL;
    r |= set(facts, "bank", json_string(tpm_alg_name(tpm->pcrs.bank)));
    r |= set_registers(facts, &tpm->pcrs, log);
    r |= set_number(facts, "reset_count", tpm->reset_count);
    r |= set_number(facts, "restart_count", tpm->restart_count);
    r |= set(facts, "clock_safe", json_boolean(tpm->clock_safe));
    r |= set_bits(facts, "tpm_firmware", tpm->firmware_version);
    if (boot)
        r |= set_boot(facts, boot);
    return r == 0 ? TAKE_PTR(facts) : NULL;
}

json_t *facts_of_identity(const GenuineSnp *snp, const GenuineTpm *tpm)
{
    json_auto_t *facts = json_object();
    int r = facts ? 0 : -1;

    if (snp && !snp_report_chip_id_is_masked(&snp->report))
        r |= json_set_hex(facts, "chip_id", VIEW_OF_ARRAY(snp->report.chip_id));
    if (snp)
        r |= json_set_hex(facts, "report_id", VIEW_OF_ARRAY(snp->report.report_id));
    if (tpm)
        r |= json_set_hex(facts, "ak_name",
                          (ByteView){ .data = tpm->ak_name, .size = tpm->ak_name_size });
    return r == 0 ? TAKE_PTR(facts) : NULL;
}
