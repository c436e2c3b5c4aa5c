/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules inside the "tpm" object of a policy: on registers, events, texts, sections and the
 * kernel's command line.
 */
#include "verify/policy-member.h"

#include "format/event-type.h"

#include <stdlib.h>
#include <string.h>

#define SECTION_NAME_LENGTH 15 /* as boot-sections.h reads them; 8 in a PE image */

static const PolicyMember pcr_rule_members[] = {
    POLICY_NEEDED("pcr", policy_u32, PolicyPcrRule, pcr, PCR_RULE_MAX),
    POLICY_NEEDED("values", policy_hex_list, PolicyPcrRule, values, 0),
};

const PolicyTable policy_pcr_rule_table = { POLICY_TABLE(pcr_rule_members),
                                            .item_size = sizeof(PolicyPcrRule) };

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

static void log_rule_begin(void *target)
{
    ((PolicyLogRule *)target)->required = true;
}

static int log_rule_finish(PolicyReader *reader, void *target)
{
    if (!((const PolicyLogRule *)target)->text)
        return policy_invalid(reader, "must have \"contains\" or \"equals\"");
    return POLICY_OK;
}

static const PolicyMember log_rule_members[] = {
    { "contains", parse_contains, NULL, 0, 0, false },
    { "equals", parse_equals, NULL, 0, 0, false },
    POLICY_NEEDED("pcr", policy_u32, PolicyLogRule, pcr, PCR_RULE_MAX),
    POLICY_VALUE("required", policy_bool, PolicyLogRule, required, 0),
    POLICY_NEEDED("type", parse_event_type, PolicyLogRule, type, 0),
};

const PolicyTable policy_log_rule_table = { POLICY_TABLE(log_rule_members),
                                            .item_size = sizeof(PolicyLogRule),
                                            .begin = log_rule_begin, .finish = log_rule_finish };

static const PolicyMember event_rule_members[] = {
    POLICY_NEEDED("digests", policy_hex_list, PolicyEventRule, digests, 0),
    POLICY_NEEDED("pcr", policy_u32, PolicyEventRule, pcr, PCR_RULE_MAX),
    POLICY_NEEDED("type", parse_event_type, PolicyEventRule, type, 0),
};

const PolicyTable policy_event_rule_table = { POLICY_TABLE(event_rule_members),
                                              .item_size = sizeof(PolicyEventRule) };

bool policy_section_name_is_valid(const char *name)
{
    return name[0] == '.' && name[1] && strlen(name) <= SECTION_NAME_LENGTH &&
           strspn(name + 1, "abcdefghijklmnopqrstuvwxyz0123456789") == strlen(name + 1);
}

static int parse_section_name(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    const char *text = json_string_value(value);

    if (!text || strlen(text) != json_string_length(value) || !policy_section_name_is_valid(text))
        return policy_invalid(reader, "must be the name of a section, as \".linux\"");
    return policy_text(reader, value, target, argument);
}

static const PolicyMember section_members[] = {
    POLICY_NEEDED("digests", policy_hex_list, PolicySection, digests, 0),
    POLICY_NEEDED("name", parse_section_name, PolicySection, name, 0),
};

const PolicyTable policy_section_table = { POLICY_TABLE(section_members),
                                           .item_size = sizeof(PolicySection) };

static void command_line_begin(void *target)
{
    ((PolicyCommandLine *)target)->present = true;
}

static const PolicyMember command_line_members[] = {
    POLICY_VALUE("contains", policy_text_list, PolicyCommandLine, contains, 0),
    POLICY_VALUE("equals", policy_text_list, PolicyCommandLine, equals, 0),
    POLICY_VALUE("excludes", policy_text_list, PolicyCommandLine, excludes, 0),
};

const PolicyTable policy_command_line_table = { POLICY_TABLE(command_line_members),
                                                .begin = command_line_begin };

void policy_tpm_rules_done(PolicyTpm *tpm)
{
    for (size_t i = 0; i < tpm->n_rules; i++)
        policy_bytes_list_done(&tpm->rules[i].values);
    for (size_t i = 0; i < tpm->n_log; i++)
        free(tpm->log[i].text);
    for (size_t i = 0; i < tpm->n_events; i++)
        policy_bytes_list_done(&tpm->events[i].digests);
    for (size_t i = 0; i < tpm->n_sections; i++) {
        free(tpm->sections[i].name);
        policy_bytes_list_done(&tpm->sections[i].digests);
    }
    policy_text_list_done(&tpm->command_line.equals);
    policy_text_list_done(&tpm->command_line.contains);
    policy_text_list_done(&tpm->command_line.excludes);
    free(tpm->rules);
    free(tpm->log);
    free(tpm->events);
    free(tpm->sections);
}
