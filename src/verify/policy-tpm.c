/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The "tpm" object of a policy.
 */
#include "verify/policy-member.h"

#include "crypto/gate.h"
#include "format/tpm-alg.h"

#include <errno.h>
#include <string.h>

#define PCR_MAX         (TPM_PCR_COUNT - 1)
#define PCR_SECURE_BOOT 7

const char *vtpm_root_name(VtpmRoot root)
{
    switch (root) {
    case VTPM_ROOT_PARAVISOR:
        return "paravisor";
    case VTPM_ROOT_SVSM:
        return "svsm";
    case VTPM_ROOT_CERTIFICATE:
        return "certificate";
    case VTPM_ROOT_HOST:
    case VTPM_ROOT_MAX:
        break;
    }
    return "host";
}

int policy_vtpm_roots(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    static const char *const names[] = { "host", "paravisor", "svsm", "certificate", NULL };

    (void)argument;
    _Static_assert(ELEMENTSOF(names) == VTPM_ROOT_MAX + 1, "one name a root, in their order");
    return policy_names(reader, value, names, target);
}

static int parse_bank(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    const char *text = json_string_value(value);
    uint16_t bank = text ? tpm_alg_hash_by_name(text) : 0;

    (void)argument;
    if (bank != TPM_ALG_SHA1 && bank != TPM_ALG_SHA256 && bank != TPM_ALG_SHA384 &&
        bank != TPM_ALG_SHA512)
        return policy_invalid(reader, "must be \"sha256\", \"sha384\", \"sha512\" or \"sha1\"");
    *(uint16_t *)target = bank;
    return POLICY_OK;
}

/* Each string holds one certificate; kept as read. */
static int parse_certificate(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    _cleanup_certificates_ CertificateList list = { 0 };
    Certificate **certificate = target;

    (void)argument;
    if (!json_is_string(value))
        return policy_invalid(reader, "must be one certificate in PEM");
    int r = certificate_list_add_pem(&list, view_of_string(json_string_value(value)));
    if (r < 0)
        return r;
    if (r != CERTIFICATE_OK)
        return policy_invalid(reader, "must be one certificate in PEM: %s", certificate_reason(r));
    if (list.n_items != 1)
        return policy_invalid(reader, "holds %zu certificates; one a string", list.n_items);
    *certificate = certificate_ref(list.items[0]);
    return POLICY_OK;
}

static int parse_certificates(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    CertificateList *list = target;
    PolicyItems items = { 0 };

    if (json_array_size(value) > CERTIFICATE_LIST_MAX)
        return policy_invalid(reader, "has more than %d items", CERTIFICATE_LIST_MAX);
    int r = policy_items(reader, value, sizeof(Certificate *), parse_certificate, argument, &items);
    list->n_items = items.n_items;
    list->items = items.items;
    return r;
}

static int paravisor_finish(PolicyReader *reader, void *target)
{
    const PolicyParavisor *paravisor = target;

    bool is_snp = paravisor->measurement.size > 0 || paravisor->id_key_digest.size > 0;

    if (is_snp == (paravisor->mrtd.size > 0))
        return policy_invalid(reader, "must have \"measurement\", \"id_key_digest\" or both "
                                      "(SEV-SNP), or \"mrtd\" alone (TDX)");
    return POLICY_OK;
}

static const PolicyMember paravisor_members[] = {
    POLICY_VALUE("id_key_digest", policy_hex, PolicyParavisor, id_key_digest, 48),
    POLICY_VALUE("measurement", policy_hex, PolicyParavisor, measurement, 48),
    POLICY_VALUE("mrtd", policy_hex, PolicyParavisor, mrtd, 48),
};

static const PolicyTable paravisor_table = { POLICY_TABLE(paravisor_members),
                                             .item_size = sizeof(PolicyParavisor),
                                             .finish = paravisor_finish };

/* A rule on a PCR that the quote leaves out could never hold. */
static int rules_are_quoted(PolicyReader *reader, const PolicyTpm *tpm)
{
    uint32_t wanted = 0;

    if (tpm->secure_boot || tpm->secure_boot_signers.present)
        wanted |= 1U << PCR_SECURE_BOOT;
    for (size_t i = 0; i < tpm->n_rules; i++)
        wanted |= 1U << tpm->rules[i].pcr;
    for (size_t i = 0; i < tpm->n_log; i++)
        wanted |= 1U << tpm->log[i].pcr;
    for (size_t i = 0; i < tpm->n_events; i++)
        wanted |= 1U << tpm->events[i].pcr;
    wanted &= ~tpm->pcrs;
    if (tpm->pcrs != 0 && wanted != 0)
        return policy_invalid(reader, "a rule needs PCR %d, which \"pcrs\" leaves out",
                              __builtin_ctz(wanted));
    return POLICY_OK;
}

/* Root of any boot can write what a loader writes; only one that PCR 4 names can be believed. */
static int loader_is_ruled(PolicyReader *reader, const PolicyTpm *tpm)
{
    bool found = !tpm->command_line.present && tpm->n_sections == 0;

    for (size_t i = 0; i < tpm->n_rules; i++)
        found |= tpm->rules[i].pcr == PCR_LOADERS;
    for (size_t i = 0; i < tpm->n_events; i++)
        found |= tpm->events[i].pcr == PCR_LOADERS;
    if (found)
        return POLICY_OK;
    return policy_invalid(reader,
                          "\"%s\" needs a rule on PCR %d in \"rules\" or \"events\": it is the "
                          "word of the boot loader",
                          tpm->command_line.present ? "command_line" : "sections", PCR_LOADERS);
}

static int tpm_finish(PolicyReader *reader, void *target)
{
    int r = rules_are_quoted(reader, target);

    return r == POLICY_OK ? loader_is_ruled(reader, target) : r;
}

#define VALUE(name, parse, field, argument) POLICY_VALUE(name, parse, PolicyTpm, field, argument)

static const PolicyMember tpm_members[] = {
    VALUE("ak_certificate_roots", parse_certificates, ak_certificate_roots, 0),
    VALUE("ak_names", policy_ak_name_list, ak_names, TPM_NAME_SIZE),
    VALUE("bank", parse_bank, bank, 0),
    VALUE("certificate_roots", parse_certificates, certificate_roots, 0),
    POLICY_NESTED("command_line", policy_command_line_table, offsetof(PolicyTpm, command_line)),
    VALUE("ek_certificate_roots", parse_certificates, ek_certificate_roots, 0),
    POLICY_LIST("events", policy_event_rule_table, PolicyTpm, events),
    POLICY_LIST("log", policy_log_rule_table, PolicyTpm, log),
    POLICY_LIST("paravisors", paravisor_table, PolicyTpm, paravisors),
    VALUE("pcrs", policy_bits, pcrs, PCR_MAX),
    VALUE("required", policy_bool, required, 0),
    VALUE("roots", policy_vtpm_roots, roots, 0),
    POLICY_LIST("rules", policy_pcr_rule_table, PolicyTpm, rules),
    POLICY_LIST("sections", policy_section_table, PolicyTpm, sections),
    VALUE("secure_boot", policy_bool, secure_boot, 0),
    VALUE("secure_boot_signers", policy_hex_list, secure_boot_signers, 32),
};

const PolicyTable policy_tpm_table = { POLICY_TABLE(tpm_members), .finish = tpm_finish };

bool policy_tpm_has_rules(const PolicyTpm *tpm)
{
    return tpm->n_rules > 0 || tpm->n_log > 0 || tpm->n_events > 0 || tpm->n_sections > 0 ||
           tpm->secure_boot || tpm->secure_boot_signers.present || tpm->command_line.present ||
           tpm->ak_names.present;
}

void policy_tpm_done(PolicyTpm *tpm)
{
    for (size_t i = 0; i < tpm->n_paravisors; i++) {
        bytes_done(&tpm->paravisors[i].measurement);
        bytes_done(&tpm->paravisors[i].id_key_digest);
        bytes_done(&tpm->paravisors[i].mrtd);
    }
    free(tpm->paravisors);
    policy_bytes_list_done(&tpm->ak_names);
    policy_bytes_list_done(&tpm->secure_boot_signers);
    certificate_list_done(&tpm->ak_certificate_roots);
    certificate_list_done(&tpm->certificate_roots);
    certificate_list_done(&tpm->ek_certificate_roots);
    policy_tpm_rules_done(tpm);
    *tpm = (PolicyTpm){ 0 };
}
