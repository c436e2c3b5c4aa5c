/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the believed log says of the boot, against the wishes about it.
 */
#include "verify/appraise-boot.h"

#include "verify/boot-sections.h"
#include "verify/boot-signers.h"
#include "verify/refuse.h"

#include <stdio.h>
#include <string.h>

#define SECURE_BOOT "secure-boot" /* subject */

static bool list_has(const PolicyBytesList *list, ByteView value)
{
    for (size_t i = 0; i < list->n_items; i++)
        if (view_equal(VIEW(list->items[i]), value))
            return true;
    return false;
}

static int judge_secure_boot_state(const AppraiseTpmInput *input, Findings *findings)
{
    if (!input->boot)
        return refuse(findings, "eventlog-absent", "secure-boot", "an event log that replays",
                      "none");
    if (input->boot->secure_boot == SECURE_BOOT_ON)
        return 0;
    if (input->boot->secure_boot == SECURE_BOOT_OFF)
        return refuse(findings, "secure-boot-off", "secure-boot", "on", "off");
    return refuse(findings, "secure-boot-unproven", "secure-boot", "on", "%s",
                  input->boot->secure_boot_reason);
}

static int judge_signers(const AppraiseTpmInput *input, Findings *findings)
{
    const PolicyBytesList *wanted = &input->policy->secure_boot_signers;
    _cleanup_boot_signers_ BootSigners signers = { 0 };
    char text[HEX_TEXT_MAX];

    int r = boot_signers_read(input->boot, &signers);
    for (size_t i = 0; i < signers.n_items && r >= 0; i++) {
        const BootSigner *signer = &signers.items[i];
        if (list_has(wanted, VIEW_OF_ARRAY(signer->id)))
            continue;
        hex_text(VIEW_OF_ARRAY(signer->id), text);
        r = refuse(findings, "secure-boot-signer-unknown", SECURE_BOOT,
                   "signers that the policy lists", "%s in %s", text, signer->variable);
    }
    return r;
}

int appraise_secure_boot(const AppraiseTpmInput *input, Findings *findings)
{
    const PolicyTpm *policy = input->policy;
    int r = 0;

    if (policy->secure_boot || policy->secure_boot_signers.present)
        r = judge_secure_boot_state(input, findings);
    if (r < 0 || !policy->secure_boot_signers.present || !input->boot)
        return r;
    return judge_signers(input, findings);
}

static const BootSection *find_section(const BootFacts *boot, const char *name)
{
    for (size_t i = 0; boot && i < boot->n_sections; i++)
        if (strcmp(boot->sections[i].name, name) == 0)
            return &boot->sections[i];
    return NULL;
}

static int judge_section(const AppraiseTpmInput *input, const PolicySection *wish,
                         Findings *findings)
{
    const BootSection *section = find_section(input->boot, wish->name);
    char subject[32], found[HEX_TEXT_MAX];

    (void)snprintf(subject, sizeof(subject), "section %s", wish->name);
    if (!section)
        return refuse(findings, "boot-section-missing", subject, "one that a stub measured",
                      input->boot ? "none that the log shows beyond doubt" : "no event log");
    if (list_has(&wish->digests, section->digest))
        return 0;
    hex_text(section->digest, found);
    return refuse(findings, "boot-section-unknown", subject, "a digest of the policy", "%s", found);
}

int appraise_sections(const AppraiseTpmInput *input, Findings *findings)
{
    int r = 0;

    for (size_t i = 0; i < input->policy->n_sections && r >= 0; i++)
        r = judge_section(input, &input->policy->sections[i], findings);
    return r;
}

static bool begins_with(const char *at, const char *argument)
{
    size_t length = strlen(argument);

    return strncmp(at, argument, length) == 0 && (at[length] == ' ' || at[length] == 0);
}

/*
 * Is ARGUMENT in LINE with a space or an end on either side, where the kernel takes it for one: not
 * between quotes, which no backslash escapes there, and not behind "--"?
 */
static bool has_argument(const char *line, const char *argument)
{
    bool in_quotes = false, is_start = true;

    for (const char *at = line; *at; at++) {
        if (is_start && begins_with(at, argument))
            return true;
        if (is_start && begins_with(at, "--"))
            return false;
        in_quotes ^= *at == '"';
        is_start = *at == ' ' && !in_quotes;
    }
    return false;
}

/* Systemd takes - and _ in the names of arguments for the same, as the kernel does. */
static bool is_same_character(char a, char b)
{
    return a == b || ((a == '-' || a == '_') && (b == '-' || b == '_'));
}

static bool has_text(const char *line, const char *text)
{
    for (const char *start = line; *start; start++) {
        size_t n = 0;
        while (text[n] && is_same_character(start[n], text[n]))
            n++;
        if (!text[n])
            return true;
    }
    return !*text;
}

static bool list_has_text(const PolicyTextList *list, const char *text)
{
    for (size_t i = 0; i < list->n_items; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

int appraise_command_line(const AppraiseTpmInput *input, Findings *findings)
{
    const PolicyCommandLine *wish = &input->policy->command_line;
    const char *line = input->boot ? input->boot->command_line : NULL;
    int r = 0;

    if (!wish->present)
        return 0;
    if (!line)
        return refuse(findings, "command-line-unproven", COMMAND_LINE,
                      "a command line that GRUB or a stub measured",
                      input->boot ? "none that the log shows beyond doubt" : "no event log");
    if (wish->equals.present && !list_has_text(&wish->equals, line))
        r = refuse(findings, "command-line-not-accepted", COMMAND_LINE,
                   wish->equals.n_items == 1 ? wish->equals.items[0] : "one of those listed", "%s",
                   line);
    for (size_t i = 0; i < wish->contains.n_items && r >= 0; i++)
        if (!has_argument(line, wish->contains.items[i]))
            r = refuse(findings, "command-line-not-accepted", COMMAND_LINE, wish->contains.items[i],
                       "%s", line);
    for (size_t i = 0; i < wish->excludes.n_items && r >= 0; i++)
        if (has_text(line, wish->excludes.items[i]))
            r = refuse(findings, "command-line-not-accepted", COMMAND_LINE, "without it",
                       "\"%s\" in %s", wish->excludes.items[i], line);
    return r;
}
