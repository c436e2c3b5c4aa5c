/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drafts the object "tpm": the quote, what stands behind it, and what booted.
 */
#include "verify/baseline-draft.h"

#include "base/encode.h"
#include "crypto/gate.h"
#include "format/event-type.h"
#include "format/tpm-alg.h"
#include "verify/boot-sections.h"
#include "verify/boot-signers.h"

#include <errno.h>
#include <string.h>

#define PEM_LINE    64  /* characters, RFC 7468 */
#define DIGESTS_MAX 256 /* of programs or signers; real boots have a handful */

/* Registers that stay as they are from boot to boot, and what changes them. */
static const struct {
    unsigned pcr;
    const char *changes_with;
    const char *comment;
} registers[] = {
    { 0, "guest firmware", "firmware code" },
    { 1, "guest firmware", "firmware settings, and the size of the machine on some clouds" },
    { 2, "guest firmware", "option ROMs" },
    { 3, "guest firmware", "settings of option ROMs" },
    { 4, "boot loader", "boot loader, or unified kernel" },
    { 5, "partition table", "partition table and boot manager settings" },
    { 6, "guest firmware", "vendor events" },
    { 7, "Secure Boot keys", "Secure Boot, its keys, its revocations and who signed the boot" },
    { 8, "kernel", "GRUB's commands and the kernel's command line" },
    { 9, "kernel", "kernel, initrd and other files that GRUB read; the initrd of an EFI stub" },
    { 11, "kernel", "sections of a unified kernel" },
    { 12, "kernel", "command line and extras beside a unified kernel" },
    { 13, "system extensions", "system extensions" },
    { 14, "Secure Boot keys", "the keys of the machine's owner (MOK)" },
};

/* PEM text of a certificate, as a JSON string. */
static json_t *pem(const Certificate *certificate)
{
    _cleanup_free_ char *base64 = base64_encode(certificate_der(certificate));
    _cleanup_bytes_ Bytes text = { 0 };

    int r = base64 ? bytes_append(&text, view_of_string("-----BEGIN CERTIFICATE-----\n")) : -ENOMEM;
    for (size_t i = 0; r >= 0 && i < strlen(base64); i += PEM_LINE) {
        const ByteView line = { .data = (const uint8_t *)base64 + i,
                                .size = MIN(strlen(base64) - i, (size_t)PEM_LINE) };
        r = bytes_append(&text, line);
        if (r >= 0)
            r = bytes_append(&text, view_of_string("\n"));
    }
    if (r >= 0)
        r = bytes_append(&text, view_of_string("-----END CERTIFICATE-----\n"));
    return r < 0 ? NULL : json_stringn((const char *)text.data, text.size);
}

static void put_certificates(Draft *draft, json_t *tpm, const char *name,
                             const CertificateList *list)
{
    json_t *array = json_array();

    for (size_t i = 0; i < list->n_items; i++)
        draft_append(draft, array, pem(list->items[i]));
    if (list->n_items > 0)
        draft_put(draft, tpm, name, array);
    else
        json_decref(array);
}

static void put_paravisor_of_snp(Draft *draft, json_t *item)
{
    const SnpReport *report = &draft->believed->snp->report;
    const ByteView id_key = VIEW_OF_ARRAY(report->id_key_digest);

    draft_put(draft, item, "measurement", draft_hex(VIEW_OF_ARRAY(report->measurement)));
    if (!view_is_filled_with(id_key, 0))
        draft_put(draft, item, "id_key_digest", draft_hex(id_key));
}

static void put_paravisor(Draft *draft, json_t *tpm)
{
    const GenuineTdx *tdx = draft->believed->tdx;
    json_t *array = json_array(), *item = json_object();

    if (tdx)
        draft_put(draft, item, "mrtd", draft_hex(VIEW_OF_ARRAY(tdx->quote.td.mr_td)));
    else
        put_paravisor_of_snp(draft, item);
    draft_put_text(draft, item, "comment",
                   "WARNING: compare this with what the cloud publishes about its paravisor. On a "
                   "bare guest, whose root can have anything reported, it would be no paravisor.");
    draft_append(draft, array, item);
    draft_put(draft, tpm, "paravisors", array);
    draft_note(draft, "/tpm/paravisors", "guest firmware",
               "another measurement with every build of the paravisor; id_key_digest alone lasts "
               "longer");
}

static void put_root(Draft *draft, json_t *tpm)
{
    VtpmRoot root = draft->believed->appraisal->vtpm_root;
    json_t *roots = json_array();

    draft_append(draft, roots, json_string(vtpm_root_name(root)));
    draft_put(draft, tpm, "roots", roots);
    if (root == VTPM_ROOT_PARAVISOR)
        put_paravisor(draft, tpm);
    if (root != VTPM_ROOT_CERTIFICATE)
        return;
    put_certificates(draft, tpm, "certificate_roots", &draft->trust->tpm.certificate_roots);
    put_certificates(draft, tpm, "ak_certificate_roots", &draft->trust->tpm.ak_certificate_roots);
    put_certificates(draft, tpm, "ek_certificate_roots", &draft->trust->tpm.ek_certificate_roots);
}

static void put_quote(Draft *draft, json_t *tpm)
{
    const GenuineTpm *genuine = draft->believed->tpm;
    json_t *pcrs = json_array();

    if (genuine->ak_name_size == TPM_NAME_SIZE) {
        const ByteView name = { .data = genuine->ak_name, .size = genuine->ak_name_size };
        draft_put_digest(draft, tpm, "ak_names", name);
        draft_note(draft, "/tpm/ak_names", "redeployment",
                   "another key when the vTPM or its key is made anew; remove it to accept every "
                   "machine of this kind");
    } else {
        draft_note(draft, "/tpm/ak_names", "vTPM",
                   "WARNING: the Name of the key is no SHA-256, which no policy can hold, so every "
                   "key passes that roots accepts");
    }
    draft_put_text(draft, tpm, "bank", tpm_alg_name(genuine->pcrs.bank));
    for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++)
        if (genuine->pcrs.mask & 1U << pcr)
            draft_append(draft, pcrs, json_integer(pcr));
    draft_put(draft, tpm, "pcrs", pcrs);
    if (genuine->pcrs.bank == TPM_ALG_SHA1)
        draft_note(draft, "/tpm/bank", "quoted bank",
                   "WARNING: SHA-1 registers can be made to collide; have the agent quote sha256");
}

static bool is_quoted(const Draft *draft, unsigned pcr)
{
    return (draft->believed->tpm->pcrs.mask & 1U << pcr) != 0;
}

/* Sections are ruled one by one: the register also gets a word at each milestone of the boot. */
static bool is_by_section(const Draft *draft)
{
    const BootFacts *boot = draft->believed->boot;

    return boot && boot->n_sections > 0 && is_quoted(draft, PCR_LOADERS);
}

/* Has userspace extended the register of sections, and so may do it again before the next round? */
static bool has_milestones(const Draft *draft)
{
    const BootFacts *boot = draft->believed->boot;

    for (size_t i = 0; boot && i < boot->n_events; i++)
        if (boot->events[i].event->pcr == PCR_SECTIONS && boot->events[i].event->is_userspace)
            return true;
    return false;
}

static void put_rules(Draft *draft, json_t *tpm)
{
    const EvidencePcrs *pcrs = &draft->believed->tpm->pcrs;
    bool sections_grow = is_by_section(draft) || has_milestones(draft);
    json_t *rules = json_array();

    for (size_t i = 0; i < ELEMENTSOF(registers); i++) {
        unsigned pcr = registers[i].pcr;
        if (!is_quoted(draft, pcr) || (pcr == PCR_SECTIONS && sections_grow))
            continue;
        json_t *rule = json_object();
        draft_put_number(draft, rule, "pcr", pcr);
        draft_put_digest(draft, rule, "values", evidence_pcr(pcrs, pcr));
        draft_put_text(draft, rule, "comment", registers[i].comment);
        draft_append(draft, rules, rule);
        draft_append(draft, draft->notes,
                     json_pack("{s:o, s:s, s:s}", "member",
                               json_sprintf("/tpm/rules (PCR %u)", pcr), "changes_with",
                               registers[i].changes_with, "text", registers[i].comment));
    }
    draft_put(draft, tpm, "rules", rules);
    draft_note(draft, "/tpm/rules", "time",
               "PCR 10 (IMA) and PCR 15 (identity of the system) have no rule, nor PCR 11 where "
               "milestones of the boot go into it: they grow while the machine runs");
}

static bool has_text(const json_t *array, const char *text)
{
    for (size_t i = 0; i < json_array_size(array); i++)
        if (strcmp(json_string_value(json_array_get(array, i)), text) == 0)
            return true;
    return false;
}

/* Appends what is not in it yet. */
static void append_once(Draft *draft, json_t *array, ByteView digest)
{
    _cleanup_free_ char *text = hex_encode(digest);

    if (!text)
        draft->r = -ENOMEM;
    else if (!has_text(array, text))
        draft_append(draft, array, json_string(text));
}

/* The digests of one type of event in PCR 4, as a rule; nothing when there is none. */
static void put_event_rule(Draft *draft, json_t *events, uint32_t type)
{
    const BootFacts *boot = draft->believed->boot;
    json_t *digests = json_array(), *rule = json_object();

    for (size_t i = 0; i < boot->n_events && draft->r >= 0; i++) {
        const ReplayedEvent *event = boot->events[i].event;
        if (event->pcr == PCR_LOADERS && event->type == type && !event->is_userspace)
            append_once(draft, digests, event->digest);
    }
    bool is_empty = json_array_size(digests) == 0;
    draft_put_number(draft, rule, "pcr", PCR_LOADERS);
    draft_put_text(draft, rule, "type", event_type_name(type));
    draft_put(draft, rule, "digests", digests);
    if (is_empty)
        json_decref(rule);
    else
        draft_append(draft, events, rule);
}

static void put_events(Draft *draft, json_t *tpm)
{
    const BootFacts *boot = draft->believed->boot;
    json_t *events = json_array();

    if (boot->n_applications > 0 && boot->n_applications <= DIGESTS_MAX) {
        put_event_rule(draft, events, EV_EFI_BOOT_SERVICES_APPLICATION);
        put_event_rule(draft, events, EV_EFI_BOOT_SERVICES_DRIVER);
        put_event_rule(draft, events, EV_EFI_RUNTIME_SERVICES_DRIVER);
    }
    if (json_array_size(events) == 0) {
        json_decref(events);
        return;
    }
    draft_put(draft, tpm, "events", events);
    draft_note(draft, "/tpm/events", "boot loader",
               "what the firmware started, by digest. It survives firmware updates; the value of "
               "PCR 4 in rules does not, and says in which order besides");
}

static void put_sections(Draft *draft, json_t *tpm)
{
    const BootFacts *boot = draft->believed->boot;
    json_t *sections = json_array();

    for (size_t i = 0; i < boot->n_sections; i++) {
        if (!policy_section_name_is_valid(boot->sections[i].name))
            continue;
        json_t *section = json_object();
        draft_put_text(draft, section, "name", boot->sections[i].name);
        draft_put_digest(draft, section, "digests", boot->sections[i].digest);
        draft_append(draft, sections, section);
    }
    draft_put(draft, tpm, "sections", sections);
    draft_note(draft, "/tpm/sections", "kernel",
               "each part of the unified kernel by its digest; all of them with the next image");
}

static void put_signers(Draft *draft, json_t *tpm)
{
    _cleanup_boot_signers_ BootSigners signers = { 0 };

    if (draft->r >= 0)
        draft->r = boot_signers_read(draft->believed->boot, &signers);
    if (draft->r < 0 || signers.n_items > DIGESTS_MAX)
        return;
    json_t *list = json_array();
    for (size_t i = 0; i < signers.n_items && draft->r >= 0; i++)
        append_once(draft, list, VIEW_OF_ARRAY(signers.items[i].id));
    draft_put(draft, tpm, "secure_boot_signers", list);
    draft_note(draft, "/tpm/secure_boot_signers", "boot loader",
               "only when another certificate signs the next boot loader or kernel");
}

static void put_command_line(Draft *draft, json_t *tpm)
{
    json_t *line = json_object(), *list = json_array();

    draft_append(draft, list, json_string(draft->believed->boot->command_line));
    draft_put(draft, line, "equals", list);
    draft_put(draft, tpm, "command_line", line);
    draft_note(draft, "/tpm/command_line", "kernel",
               "GRUB's names the kernel's file, and a verity root hash changes with the image");
}

void draft_boot(Draft *draft, json_t *tpm)
{
    const BootFacts *boot = draft->believed->boot;

    if (boot && boot->secure_boot == SECURE_BOOT_ON) {
        draft_put(draft, tpm, "secure_boot", json_true());
        put_signers(draft, tpm);
    } else {
        draft_note(draft, "/tpm/secure_boot", "Secure Boot keys",
                   "WARNING: no log shows that Secure Boot was on, so it is not demanded");
    }
    put_rules(draft, tpm);
    if (!boot) {
        draft_note(draft, "/tpm/events", "evidence",
                   "no log that can be read came along, so there are rules on values alone");
        return;
    }
    put_events(draft, tpm);
    if (is_by_section(draft))
        put_sections(draft, tpm);
    if (boot->command_line && is_quoted(draft, PCR_LOADERS))
        put_command_line(draft, tpm);
}

json_t *draft_tpm(Draft *draft)
{
    bool is_host = draft->believed->appraisal->vtpm_root == VTPM_ROOT_HOST;
    json_t *tpm = json_object();

    draft_put_text(draft, tpm, "comment",
                   is_host ? "WARNING: nothing but the host vouches for this vTPM. Its registers "
                             "satisfy no rule, so there are none: the kernel, its command line and "
                             "all behind them are not covered. A paravisor, an SVSM or a "
                             "certificate with its root in this policy would change that."
                           : "What booted, as this vTPM quoted it.");
    draft_put(draft, tpm, "required", json_true());
    put_root(draft, tpm);
    put_quote(draft, tpm);
    if (is_host)
        draft_note(draft, "/tpm/roots", "vTPM",
                   "WARNING: host is listed because nothing better was shown; no register is held");
    else
        draft_boot(draft, tpm);
    return tpm;
}
