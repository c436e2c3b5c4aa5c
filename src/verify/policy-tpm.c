/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The "tpm" object of a policy.
 */
#include "verify/policy-member.h"

#include "format/event-type.h"
#include "format/tpm-alg.h"

#include <errno.h>
#include <string.h>

#define PCR_MAX      (TPM_PCR_COUNT - 1)
#define PCR_LOADERS  4
#define PCR_RULE_MAX 15 /* 16 and 23 can be reset by software, 17 to 22 belong to a late launch */

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

static int parse_paravisor(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    static const PolicyMember members[] = {
        { "id_key_digest", policy_hex, offsetof(PolicyParavisor, id_key_digest), 48, false },
        { "measurement", policy_hex, offsetof(PolicyParavisor, measurement), 48, false },
    };
    const PolicyParavisor *paravisor = target;

    (void)argument;
    int r = policy_object(reader, value, members, ELEMENTSOF(members), target);
    if (r != POLICY_OK)
        return r;
    if (paravisor->measurement.size == 0 && paravisor->id_key_digest.size == 0)
        return policy_invalid(reader, "must have \"measurement\" or \"id_key_digest\"");
    return POLICY_OK;
}

static int parse_paravisors(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    PolicyTpm *tpm = target;
    PolicyItems items = { 0 };

    (void)argument;
    int r = policy_items(reader, value, sizeof(PolicyParavisor), parse_paravisor, 0, &items);
    tpm->n_paravisors = items.n_items;
    tpm->paravisors = items.items;
    return r;
}

static int parse_pcr_rule(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    static const PolicyMember members[] = {
        { "pcr", policy_u32, offsetof(PolicyPcrRule, pcr), PCR_RULE_MAX, true },
        { "values", policy_hex_list, offsetof(PolicyPcrRule, values), 0, true },
    };

    (void)argument;
    return policy_object(reader, value, members, ELEMENTSOF(members), target);
}

static int parse_rules(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    PolicyTpm *tpm = target;
    PolicyItems items = { 0 };

    (void)argument;
    int r = policy_items(reader, value, sizeof(PolicyPcrRule), parse_pcr_rule, 0, &items);
    tpm->n_rules = items.n_items;
    tpm->rules = items.items;
    return r;
}

static int parse_event_type(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    const char *text = json_string_value(value);

    (void)argument;
    if (!text || !event_type_by_name(text, target))
        return policy_invalid(reader, "is no event type (\"EV_IPL\", \"EV_EFI_ACTION\", …)");
    return POLICY_OK;
}

static int parse_contains(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    PolicyLogRule *rule = target;

    if (rule->text)
        return policy_invalid(reader, "cannot stand beside \"equals\"");
    rule->contains = true;
    return policy_text(reader, value, &rule->text, argument);
}

static int parse_equals(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    PolicyLogRule *rule = target;

    if (rule->text)
        return policy_invalid(reader, "cannot stand beside \"contains\"");
    return policy_text(reader, value, &rule->text, argument);
}

static int parse_log_rule(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    static const PolicyMember members[] = {
        { "contains", parse_contains, 0, 0, false },
        { "equals", parse_equals, 0, 0, false },
        { "pcr", policy_u32, offsetof(PolicyLogRule, pcr), PCR_RULE_MAX, true },
        { "required", policy_bool, offsetof(PolicyLogRule, required), 0, false },
        { "type", parse_event_type, offsetof(PolicyLogRule, type), 0, true },
    };
    PolicyLogRule *rule = target;

    (void)argument;
    rule->required = true;
    int r = policy_object(reader, value, members, ELEMENTSOF(members), rule);
    if (r != POLICY_OK)
        return r;
    if (!rule->text)
        return policy_invalid(reader, "must have \"contains\" or \"equals\"");
    return POLICY_OK;
}

static int parse_log(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    PolicyTpm *tpm = target;
    PolicyItems items = { 0 };

    (void)argument;
    int r = policy_items(reader, value, sizeof(PolicyLogRule), parse_log_rule, 0, &items);
    tpm->n_log = items.n_items;
    tpm->log = items.items;
    return r;
}

static int parse_event_rule(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    static const PolicyMember members[] = {
        { "digests", policy_hex_list, offsetof(PolicyEventRule, digests), 0, true },
        { "pcr", policy_u32, offsetof(PolicyEventRule, pcr), PCR_RULE_MAX, true },
        { "type", parse_event_type, offsetof(PolicyEventRule, type), 0, true },
    };

    (void)argument;
    return policy_object(reader, value, members, ELEMENTSOF(members), target);
}

static int parse_events(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    PolicyTpm *tpm = target;
    PolicyItems items = { 0 };

    (void)argument;
    int r = policy_items(reader, value, sizeof(PolicyEventRule), parse_event_rule, 0, &items);
    tpm->n_events = items.n_items;
    tpm->events = items.items;
    return r;
}

static int parse_command_line(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    static const PolicyMember members[] = {
        { "contains", policy_text_list, offsetof(PolicyCommandLine, contains), 0, false },
        { "equals", policy_text_list, offsetof(PolicyCommandLine, equals), 0, false },
        { "excludes", policy_text_list, offsetof(PolicyCommandLine, excludes), 0, false },
    };
    PolicyCommandLine *line = target;

    (void)argument;
    line->present = true;
    return policy_object(reader, value, members, ELEMENTSOF(members), target);
}

static const PolicyMember tpm_members[] = {
    { "ak_certificate_roots", parse_certificates, offsetof(PolicyTpm, ak_certificate_roots), 0,
      false },
    { "bank", parse_bank, offsetof(PolicyTpm, bank), 0, false },
    { "certificate_roots", parse_certificates, offsetof(PolicyTpm, certificate_roots), 0, false },
    { "command_line", parse_command_line, offsetof(PolicyTpm, command_line), 0, false },
    { "ek_certificate_roots", parse_certificates, offsetof(PolicyTpm, ek_certificate_roots), 0,
      false },
    { "events", parse_events, 0, 0, false },
    { "log", parse_log, 0, 0, false },
    { "paravisors", parse_paravisors, 0, 0, false },
    { "pcrs", policy_bits, offsetof(PolicyTpm, pcrs), PCR_MAX, false },
    { "required", policy_bool, offsetof(PolicyTpm, required), 0, false },
    { "roots", policy_vtpm_roots, offsetof(PolicyTpm, roots), 0, false },
    { "rules", parse_rules, 0, 0, false },
    { "secure_boot", policy_bool, offsetof(PolicyTpm, secure_boot), 0, false },
};

/* A rule on a PCR that the quote leaves out could never hold. */
static int rules_are_quoted(PolicyReader *reader, const PolicyTpm *tpm)
{
    uint32_t wanted = tpm->secure_boot ? 1U << 7 : 0;

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

/* Root of any boot can write what GRUB writes; only the loader that PCR 4 names can be believed. */
static int command_line_has_ground(PolicyReader *reader, const PolicyTpm *tpm)
{
    bool found = !tpm->command_line.present;

    for (size_t i = 0; i < tpm->n_rules; i++)
        found |= tpm->rules[i].pcr == PCR_LOADERS;
    for (size_t i = 0; i < tpm->n_events; i++)
        found |= tpm->events[i].pcr == PCR_LOADERS;
    if (found)
        return POLICY_OK;
    return policy_invalid(reader,
                          "\"command_line\" needs a rule on PCR %d in \"rules\" or "
                          "\"events\": it is the word of the boot loader",
                          PCR_LOADERS);
}

int policy_tpm_parse(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    (void)argument;
    int r = policy_object(reader, value, tpm_members, ELEMENTSOF(tpm_members), target);
    if (r != POLICY_OK)
        return r;
    r = rules_are_quoted(reader, target);
    return r == POLICY_OK ? command_line_has_ground(reader, target) : r;
}

void policy_tpm_done(PolicyTpm *tpm)
{
    for (size_t i = 0; i < tpm->n_paravisors; i++) {
        bytes_done(&tpm->paravisors[i].measurement);
        bytes_done(&tpm->paravisors[i].id_key_digest);
    }
    for (size_t i = 0; i < tpm->n_rules; i++)
        policy_bytes_list_done(&tpm->rules[i].values);
    for (size_t i = 0; i < tpm->n_log; i++)
        free(tpm->log[i].text);
    for (size_t i = 0; i < tpm->n_events; i++)
        policy_bytes_list_done(&tpm->events[i].digests);
    policy_text_list_done(&tpm->command_line.equals);
    policy_text_list_done(&tpm->command_line.contains);
    policy_text_list_done(&tpm->command_line.excludes);
    free(tpm->paravisors);
    free(tpm->rules);
    free(tpm->log);
    free(tpm->events);
    certificate_list_done(&tpm->ak_certificate_roots);
    certificate_list_done(&tpm->certificate_roots);
    certificate_list_done(&tpm->ek_certificate_roots);
    *tpm = (PolicyTpm){ 0 };
}
