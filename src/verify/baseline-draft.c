/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes members, and the object "snp".
 */
#include "verify/baseline-draft.h"

#include "base/encode.h"

#include <errno.h>
#include <stdio.h>

void draft_put(Draft *draft, json_t *object, const char *name, json_t *value)
{
    if (draft->r < 0)
        json_decref(value);
    else if (!value || json_object_set_new(object, name, value) < 0)
        draft->r = -ENOMEM;
}

void draft_append(Draft *draft, json_t *array, json_t *value)
{
    if (draft->r < 0)
        json_decref(value);
    else if (!value || json_array_append_new(array, value) < 0)
        draft->r = -ENOMEM;
}

void draft_put_text(Draft *draft, json_t *object, const char *name, const char *text)
{
    draft_put(draft, object, name, json_string(text));
}

void draft_put_number(Draft *draft, json_t *object, const char *name, uint64_t number)
{
    draft_put(draft, object, name, json_integer((json_int_t)number));
}

void draft_put_bits(Draft *draft, json_t *object, const char *name, uint64_t bits)
{
    draft_put(draft, object, name, json_sprintf("0x%llx", (unsigned long long)bits));
}

json_t *draft_hex(ByteView bytes)
{
    _cleanup_free_ char *text = hex_encode(bytes);

    return text ? json_string(text) : NULL;
}

void draft_put_digest(Draft *draft, json_t *object, const char *name, ByteView digest)
{
    json_t *list = json_array();

    draft_append(draft, list, draft_hex(digest));
    draft_put(draft, object, name, list);
}

void draft_note(Draft *draft, const char *member, const char *changes_with, const char *text)
{
    draft_append(
        draft, draft->notes,
        json_pack("{s:s, s:s, s:s}", "member", member, "changes_with", changes_with, "text", text));
}

static void put_list(Draft *draft, json_t *object, const char *name, json_t *item)
{
    json_t *list = json_array();

    draft_append(draft, list, item);
    draft_put(draft, object, name, list);
}

static void put_tcb(Draft *draft, json_t *snp, const char *name, SnpTcbRaw raw)
{
    const GenuineSnp *genuine = draft->believed->snp;
    SnpTcb tcb = snp_tcb_decode(raw, genuine->layout);
    json_t *products = json_object(), *parts = json_object();

    if (tcb.has_fmc)
        draft_put_number(draft, parts, "fmc", tcb.fmc);
    draft_put_number(draft, parts, "boot_loader", tcb.boot_loader);
    draft_put_number(draft, parts, "tee", tcb.tee);
    draft_put_number(draft, parts, "snp", tcb.snp);
    draft_put_number(draft, parts, "microcode", tcb.microcode);
    draft_put(draft, products, snp_product_name(genuine->product), parts);
    draft_put(draft, snp, name, products);
}

void draft_put_mask(Draft *draft, json_t *object, const char *name, uint64_t bits)
{
    json_t *mask = json_object();

    draft_put_bits(draft, mask, "required", bits);
    draft_put_bits(draft, mask, "forbidden", ~bits);
    draft_put(draft, object, name, mask);
}

/* Which machine, and who signs for it. */
static void put_identity(Draft *draft, json_t *snp)
{
    const GenuineSnp *genuine = draft->believed->snp;
    bool is_vlek = genuine->signing_key == SNP_SIGNING_KEY_VLEK;
    bool is_masked = snp_report_chip_id_is_masked(&genuine->report);

    put_list(draft, snp, "products", json_string(snp_product_name(genuine->product)));
    put_list(draft, snp, "report_versions", json_integer(genuine->report.version));
    put_list(draft, snp, "signing_keys", json_string(is_vlek ? "vlek" : "vcek"));
    if (is_vlek)
        put_list(draft, snp, "csp_ids", json_string(genuine->csp_id));
    if (is_masked) {
        draft_put(draft, snp, "masked_chip_id", json_true());
        draft_note(draft, "/snp/masked_chip_id", "host",
                   "the host hides CHIP_ID, so the policy cannot name the chip");
    } else {
        draft_put_digest(draft, snp, "chip_ids", VIEW_OF_ARRAY(genuine->report.chip_id));
        draft_note(draft, "/snp/chip_ids", "host",
                   "another chip as soon as the machine moves to another host; remove it to accept "
                   "every machine of this kind");
    }
    draft_note(draft, "/snp/report_versions", "host firmware",
               "newer SEV firmware may write reports of a newer version");
}

static void put_firmware(Draft *draft, json_t *snp)
{
    const SnpReport *report = &draft->believed->snp->report;
    SnpFirmwareVersion version = report->committed_version;

    put_tcb(draft, snp, "minimum_tcb", report->reported_tcb);
    put_tcb(draft, snp, "minimum_committed_tcb", report->committed_tcb);
    put_tcb(draft, snp, "minimum_launch_tcb", report->launch_tcb);
    draft_put(draft, snp, "minimum_firmware",
              json_sprintf("%u.%u.%u", version.major, version.minor, version.build));
    if (report->has_mitigations && (report->launch_mitigations & report->current_mitigations) != 0)
        draft_put_bits(draft, snp, "minimum_mitigations",
                       report->launch_mitigations & report->current_mitigations);
    draft_put_mask(draft, snp, "platform_info", report->platform_info);
    draft_note(draft, "/snp/minimum_tcb", "host firmware",
               "a minimum: updates pass; raise it after one, so that the host cannot go back");
    draft_note(draft, "/snp/platform_info", "host firmware",
               "exact: another setting of the host, or a bit that newer firmware sets, is refused");
}

/* How it was started. */
static void put_launch(Draft *draft, json_t *snp)
{
    const SnpReport *report = &draft->believed->snp->report;
    bool migrates =
        (report->policy & SNP_POLICY_MIGRATE_MA) || snp_report_has_migration_agent(report);
    bool debug = (report->policy & SNP_POLICY_DEBUG) != 0;

    draft_put(draft, snp, "debug", json_boolean(debug));
    draft_put(draft, snp, "migration_agent", json_boolean(migrates));
    put_list(draft, snp, "vmpl", json_integer(report->vmpl));
    draft_put_mask(draft, snp, "policy_bits", report->policy);
    if (debug)
        draft_note(draft, "/snp/debug", "redeployment",
                   "WARNING: the host may read and write all memory of this machine; start it "
                   "without the debug bit and draft again");
    if (migrates)
        draft_note(draft, "/snp/migration_agent", "redeployment",
                   "WARNING: a migration agent may take this machine's memory elsewhere");
}

void draft_put_measurement(Draft *draft, json_t *object, ByteView value)
{
    json_t *list = json_array(), *item = json_object();

    draft_put(draft, item, "value", draft_hex(value));
    draft_put_text(draft, item, "covers", "firmware");
    draft_put_text(
        draft, item, "comment",
        "boot-chain instead, if kernel, initrd and command line are in it (direct boot)");
    draft_append(draft, list, item);
    draft_put(draft, object, "measurements", list);
}

static void put_image(Draft *draft, json_t *snp)
{
    const SnpReport *report = &draft->believed->snp->report;
    static const uint8_t none[sizeof(report->author_key_digest)] = { 0 };
    bool has_author = (report->key_info & SNP_KEY_INFO_AUTHOR_KEY_EN) != 0;

    draft_put_measurement(draft, snp, VIEW_OF_ARRAY(report->measurement));
    draft_note(draft, "/snp/measurements", "guest firmware",
               "another value with every build of the firmware, and with the number of processors "
               "on some clouds; with direct boot also with every kernel");
    draft_put_digest(draft, snp, "host_data", VIEW_OF_ARRAY(report->host_data));
    draft_put_number(draft, snp, "minimum_guest_svn", report->guest_svn);
    draft_put_number(draft, snp, "maximum_guest_svn", report->guest_svn);
    draft_put_digest(draft, snp, "family_ids", VIEW_OF_ARRAY(report->family_id));
    draft_put_digest(draft, snp, "image_ids", VIEW_OF_ARRAY(report->image_id));
    draft_put_digest(draft, snp, "id_key_digests", VIEW_OF_ARRAY(report->id_key_digest));
    draft_put_digest(draft, snp, "author_key_digests",
                     has_author ? VIEW_OF_ARRAY(report->author_key_digest) : VIEW_OF_ARRAY(none));
    draft_note(draft, "/snp/host_data", "redeployment",
               "chosen by the host when it starts the machine");
    draft_note(draft, "/snp/maximum_guest_svn", "image",
               "a new ID block may count one up; raise both bounds then");
}

json_t *draft_snp(Draft *draft)
{
    json_t *snp = json_object();

    draft_put_text(draft, snp, "comment",
                   "The hardware report as it was. Zeros in a list mean that there was none.");
    put_identity(draft, snp);
    put_firmware(draft, snp);
    put_launch(draft, snp);
    put_image(draft, snp);
    return snp;
}
