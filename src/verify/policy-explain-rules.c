/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules on what booted in words.
 */
#include "verify/policy-sayer.h"

#include "format/event-type.h"

#include <string.h>

static const char *type_name(uint32_t type)
{
    const char *name = event_type_name(type);

    return name ? name : "unknown";
}

static void say_secure_boot(const Policy *policy, Sentences *sentences)
{
    if (policy->tpm.secure_boot || policy->tpm.secure_boot_signers.present)
        sentences_say(sentences, "Secure Boot must have been on, shown by a log that leads to the "
                                 "quoted PCR 7");
}

static void say_signers(const Policy *policy, Sentences *sentences)
{
    Sentence sentence = { 0 };

    if (!policy->tpm.secure_boot_signers.present)
        return;
    sentence_add(&sentence,
                 "Every certificate or hash that authorised a part of the boot must be ");
    sentence_add_digests(&sentence, &policy->tpm.secure_boot_signers);
    sentences_put(sentences, &sentence);
}

static void say_rules(const Policy *policy, Sentences *sentences)
{
    for (size_t i = 0; i < policy->tpm.n_rules; i++) {
        const PolicyPcrRule *rule = &policy->tpm.rules[i];
        Sentence sentence = { 0 };
        sentence_add(&sentence, "PCR %u must be ", rule->pcr);
        sentence_add_digests(&sentence, &rule->values);
        sentences_put(sentences, &sentence);
    }
}

static void say_events(const Policy *policy, Sentences *sentences)
{
    for (size_t i = 0; i < policy->tpm.n_events; i++) {
        const PolicyEventRule *rule = &policy->tpm.events[i];
        Sentence sentence = { 0 };
        sentence_add(
            &sentence,
            "PCR %u must hold %s, nothing that has no rule but separators and known words, "
            "and each digest of that type must be ",
            rule->pcr, type_name(rule->type));
        sentence_add_digests(&sentence, &rule->digests);
        sentences_put(sentences, &sentence);
    }
}

static void say_sections(const Policy *policy, Sentences *sentences)
{
    for (size_t i = 0; i < policy->tpm.n_sections; i++) {
        const PolicySection *section = &policy->tpm.sections[i];
        Sentence sentence = { 0 };
        sentence_add(&sentence, "Section %s of the unified kernel must be ", section->name);
        sentence_add_digests(&sentence, &section->digests);
        sentences_put(sentences, &sentence);
    }
}

static void say_command_line(const Policy *policy, Sentences *sentences)
{
    const PolicyCommandLine *line = &policy->tpm.command_line;
    Sentence equals = { 0 };

    if (!line->present)
        return;
    sentences_say(sentences, "The log must show the kernel's command line beyond doubt");
    sentence_add(&equals, "The kernel's command line must be ");
    sentence_add_texts(&equals, &line->equals);
    if (line->equals.present)
        sentences_put(sentences, &equals);
    for (size_t i = 0; i < line->contains.n_items; i++)
        sentences_say(sentences, "The kernel's command line must have the argument \"%.200s\"",
                      line->contains.items[i]);
    for (size_t i = 0; i < line->excludes.n_items; i++)
        sentences_say(sentences, "The kernel's command line must nowhere have \"%.200s\"%s",
                      line->excludes.items[i],
                      strpbrk(line->excludes.items[i], "-_") ? ", - and _ being the same" : "");
}

static void say_log(const Policy *policy, Sentences *sentences)
{
    for (size_t i = 0; i < policy->tpm.n_log; i++) {
        const PolicyLogRule *rule = &policy->tpm.log[i];
        const char *matches = rule->contains ? "with" : "that is";
        if (rule->required)
            sentences_say(sentences, "The log of PCR %u must have a text of type %s %s \"%.200s\"",
                          rule->pcr, type_name(rule->type), matches, rule->text);
        else
            sentences_say(sentences,
                          "The log of PCR %u must have no text %s \"%.200s\" (as %s or any other "
                          "type), and nothing that cannot be read",
                          rule->pcr, matches, rule->text, type_name(rule->type));
    }
}

static const PolicySayer rows[] = {
    { "/tpm/secure_boot", say_secure_boot },
    { "/tpm/secure_boot_signers", say_signers },
    { "/tpm/rules", say_rules },
    { "/tpm/events", say_events },
    { "/tpm/sections", say_sections },
    { "/tpm/command_line", say_command_line },
    { "/tpm/log", say_log },
};

const PolicySayers policy_rule_sayers = { HARDWARE_NONE, rows, ELEMENTSOF(rows) };
