/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judges coverage by the rules that truly pin a layer (docs/policy.md, "What is a rule worth?"): a
 * register above 7 counts only beside PCR 4, a command line only as a whole.
 */
#include "verify/policy-layers.h"

#include "format/tpm-alg.h"

#include <string.h>

#define PCR_FIRMWARE        0
#define PCR_SECURE_BOOT     7
#define PCR_GRUB            8
#define PCR_FILES           9
#define PCR_SECTIONS        11
#define PCR_EXTRAS          12
#define VERITY_HASH_LENGTH  64 /* hex digits of SHA-256 */
#define VERITY_HASH         "roothash="
#define VERITY_ROOT         "/dev/mapper/root"
#define KEXEC_BARRED        "sysctl.kernel.kexec_load_disabled=1"
#define COMMAND_LINE_SPACES " "

static const PolicyPcrRule *find_rule(const PolicyTpm *tpm, unsigned pcr)
{
    for (size_t i = 0; i < tpm->n_rules; i++)
        if (tpm->rules[i].pcr == pcr)
            return &tpm->rules[i];
    return NULL;
}

/* Is any of VALUES zeros, which say only that there was none? */
static bool has_zeros(const PolicyBytesList *values)
{
    for (size_t i = 0; i < values->n_items; i++)
        if (view_is_filled_with(VIEW(values->items[i]), 0))
            return true;
    return false;
}

static bool has_events(const PolicyTpm *tpm, unsigned pcr)
{
    for (size_t i = 0; i < tpm->n_events; i++)
        if (tpm->events[i].pcr == pcr)
            return true;
    return false;
}

static bool is_pinned(const PolicyTpm *tpm, unsigned pcr)
{
    return find_rule(tpm, pcr) || has_events(tpm, pcr);
}

/* Pinned to something that was measured. */
static bool holds_content(const PolicyTpm *tpm, unsigned pcr)
{
    const PolicyPcrRule *rule = find_rule(tpm, pcr);

    return has_events(tpm, pcr) || (rule && !has_zeros(&rule->values));
}

static bool names_keys(const PolicyBytesList *digests)
{
    return digests->present && !has_zeros(digests);
}

static bool has_section(const PolicyTpm *tpm, const char *name)
{
    for (size_t i = 0; i < tpm->n_sections; i++)
        if (strcmp(tpm->sections[i].name, name) == 0)
            return true;
    return false;
}

static bool takes(const Policy *policy, Hardware hardware)
{
    return (policy->hardware & 1U << hardware) != 0;
}

static bool cover_boot(const PolicyMeasurement *measurements, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (measurements[i].covers != POLICY_COVERS_BOOT_CHAIN)
            return false;
    return n > 0;
}

/* Is the whole boot in the launch measurement, whichever hardware made it? */
static bool is_direct_boot(const Policy *policy)
{
    const PolicySnp *snp = &policy->snp;
    const PolicyTdx *tdx = &policy->tdx;

    return !takes(policy, HARDWARE_NONE) &&
           (!takes(policy, HARDWARE_SNP) || cover_boot(snp->measurements, snp->n_measurements)) &&
           (!takes(policy, HARDWARE_TDX) || cover_boot(tdx->measurements, tdx->n_measurements));
}

static bool wants_secure_boot(const PolicyTpm *tpm)
{
    return tpm->secure_boot || tpm->secure_boot_signers.present;
}

static bool holds_loader(const PolicyTpm *tpm)
{
    return holds_content(tpm, PCR_LOADERS);
}

static bool holds_unified_kernel(const PolicyTpm *tpm, const char *section)
{
    return holds_content(tpm, PCR_SECTIONS) || has_section(tpm, section);
}

/* What a stub passes on from beside the image: its own command line, credentials, add-ons. */
static bool holds_extras(const PolicyTpm *tpm)
{
    return is_pinned(tpm, PCR_EXTRAS) || tpm->command_line.equals.present;
}

static const char *gap_of_hardware(const Policy *policy)
{
    if (takes(policy, HARDWARE_NONE))
        return "a machine passes that shows a vTPM alone: its host reads and changes its memory at "
               "will, and nothing in the evidence would show it.";
    if (policy->n_simulated_roots == 0)
        return NULL;
    return "whoever holds the key of a simulated root that is listed can make up a whole machine, "
           "and the verdict on it is worth nothing outside a laboratory.";
}

/* Has each product that may pass a bound that rules something out? */
static bool holds_tcb_of_snp(const Policy *policy)
{
    const PolicySnp *snp = &policy->snp;
    bool covered = snp->minimum_tcb.present;

    for (size_t i = SNP_PRODUCT_MILAN; i < SNP_PRODUCT_COUNT; i++) {
        const PolicyTcb *least = &snp->minimum_tcb.products[i];
        bool may_pass = (snp->products == 0 || snp->products & 1U << i) && least->present;
        covered &= !may_pass || (least->bound.boot_loader > 0 && least->bound.snp > 0 &&
                                 least->bound.microcode > 0);
    }
    return covered;
}

/* Without Intel's TCB info, which is not evaluated, microcode of a TDX host is anybody's guess. */
static const char *gap_of_tcb(const Policy *policy)
{
    if (takes(policy, HARDWARE_NONE))
        return "of a machine that shows a vTPM alone nothing is known about firmware and microcode "
               "of its host.";
    if (takes(policy, HARDWARE_SNP) && !holds_tcb_of_snp(policy))
        return "a host can run firmware and microcode with holes that are public, and read or "
               "forge what the guest believes is protected.";
    if (takes(policy, HARDWARE_TDX))
        return "no rule holds the microcode of a TDX host, since Intel's TCB info is not "
               "evaluated: it may have holes that are public.";
    return NULL;
}

static const char *gap_of_debug(const Policy *policy)
{
    bool is_allowed = takes(policy, HARDWARE_NONE) ||
                      (takes(policy, HARDWARE_SNP) && policy->snp.debug) ||
                      (takes(policy, HARDWARE_TDX) && policy->tdx.debug);

    return is_allowed ? "the host may read and write all memory of the guest, its keys "
                        "among it."
                      : NULL;
}

static const char *gap_of_migration(const Policy *policy)
{
    bool is_allowed = (takes(policy, HARDWARE_SNP) && policy->snp.migration_agent) ||
                      (takes(policy, HARDWARE_TDX) && policy->tdx.migratable);

    return is_allowed ? "a migration agent may take the memory of the guest to "
                        "another machine."
                      : NULL;
}

static const char *gap_of_vmpl(const Policy *policy)
{
    return takes(policy, HARDWARE_SNP) && policy->snp.vmpls & ~1U
               ? "a report of another level than 0 does not say what runs at "
                 "level 0, which can read and change the rest of the guest."
               : NULL;
}

/* Does the report of each hardware that may pass say what was started? */
static bool holds_launch(const Policy *policy)
{
    const PolicySnp *snp = &policy->snp;
    bool by_snp = snp->measurements_present || names_keys(&snp->id_key_digests) ||
                  names_keys(&snp->author_key_digests);

    return !takes(policy, HARDWARE_NONE) && (!takes(policy, HARDWARE_SNP) || by_snp) &&
           (!takes(policy, HARDWARE_TDX) || policy->tdx.measurements_present);
}

static const char *gap_of_firmware(const Policy *policy)
{
    const PolicyTpm *tpm = &policy->tpm;
    bool has_tpm = tpm->required || policy_tpm_has_rules(tpm);

    if (holds_launch(policy) || holds_content(tpm, PCR_FIRMWARE) ||
        (has_tpm && tpm->roots == 1U << VTPM_ROOT_PARAVISOR))
        return NULL;
    return "the host can start the guest with firmware of its own making, which can lie about "
           "all that it measures afterwards.";
}

static const char *gap_of_vtpm_root(const Policy *policy)
{
    const PolicyTpm *tpm = &policy->tpm;
    PolicyTpm nameless = *tpm;

    nameless.ak_names.present = false; /* the one rule that a host's vTPM can satisfy */
    if (policy_tpm_has_rules(&nameless))
        return NULL;
    if (!tpm->required && !tpm->ak_names.present)
        return is_direct_boot(policy) ? NULL
                                      : "no quote has to be there, so nothing is known of what "
                                        "the firmware started.";
    return tpm->roots & 1U << VTPM_ROOT_HOST
               ? "a program of the host can stand in for the TPM and say what it likes; nothing "
                 "it says affirms anything."
               : NULL;
}

static const char *gap_of_bank(const Policy *policy)
{
    return policy->tpm.bank == TPM_ALG_SHA1 ? "two boots can be made that lead to the same SHA-1 "
                                              "registers."
                                            : NULL;
}

static const char *gap_of_secure_boot(const Policy *policy)
{
    if (wants_secure_boot(&policy->tpm) || is_direct_boot(policy))
        return NULL;
    if (holds_content(&policy->tpm, PCR_SECURE_BOOT))
        return "a value of PCR 7 is held, which may be that of a boot with Secure Boot off: only "
               "secure_boot has the log show that it was on.";
    return "the firmware starts any program, whoever signed it, and a boot loader loads unsigned "
           "modules and kernels.";
}

static const char *gap_of_signers(const Policy *policy)
{
    if (policy->tpm.secure_boot_signers.present || holds_content(&policy->tpm, PCR_SECURE_BOOT) ||
        is_direct_boot(policy))
        return NULL;
    return "Secure Boot may have been on with keys of the attacker's, or with those that every "
           "distribution is signed by: it does not say whose system runs.";
}

static const char *gap_of_loader(const Policy *policy)
{
    if (holds_loader(&policy->tpm) || is_direct_boot(policy))
        return NULL;
    return "another boot loader or kernel can be started, and extend every later register just as "
           "the approved one would.";
}

static const char *gap_of_kernel(const Policy *policy)
{
    const PolicyTpm *tpm = &policy->tpm;

    if (is_direct_boot(policy) || (holds_loader(tpm) && (holds_content(tpm, PCR_FILES) ||
                                                         holds_unified_kernel(tpm, ".linux"))))
        return NULL;
    return "another kernel can run, one that obeys the attacker and shows the same evidence.";
}

static const char *gap_of_initrd(const Policy *policy)
{
    const PolicyTpm *tpm = &policy->tpm;
    bool by_stub = holds_unified_kernel(tpm, ".initrd") && holds_extras(tpm);

    if (is_direct_boot(policy) || (holds_loader(tpm) && (holds_content(tpm, PCR_FILES) || by_stub)))
        return NULL;
    return "whoever can write the boot partition can change the initrd, and take the secrets that "
           "pass through it.";
}

/* Is what GRUB or a stub says of the command line backed by what that program was and loaded? */
static bool is_line_backed(const PolicyTpm *tpm)
{
    return holds_loader(tpm) && (wants_secure_boot(tpm) || holds_content(tpm, PCR_FILES) ||
                                 holds_unified_kernel(tpm, ".linux"));
}

static bool holds_command_line(const Policy *policy)
{
    const PolicyTpm *tpm = &policy->tpm;
    bool by_text = tpm->command_line.equals.present && is_line_backed(tpm);
    bool by_grub = holds_content(tpm, PCR_GRUB) && is_line_backed(tpm);
    bool by_stub =
        holds_loader(tpm) && holds_unified_kernel(tpm, ".cmdline") && is_pinned(tpm, PCR_EXTRAS);

    return is_direct_boot(policy) || by_text || by_grub || by_stub;
}

static const char *gap_of_command_line(const Policy *policy)
{
    if (holds_command_line(policy))
        return NULL;
    if (policy->tpm.command_line.present && !policy->tpm.command_line.equals.present)
        return "only parts of the command line are held: of two arguments with one name the kernel "
               "takes the last, and init= or another root can stand beside those.";
    return "the kernel can be told to start another program first, to use another root, or to "
           "leave its protections off.";
}

/* The last argument of LINE that begins with NAME, behind NAME; NULL when there is none. */
static const char *last_argument(const char *line, const char *name)
{
    const char *found = NULL;

    for (const char *at = line; (at = strstr(at, name)); at += strlen(name))
        if (at == line || strchr(COMMAND_LINE_SPACES, at[-1]))
            found = at + strlen(name);
    return found;
}

/* Is something said that may undo the hash: another root, another hash, other options? */
static bool undoes_verity(const char *line)
{
    static const char *const names[] = { "systemd.verity=",
                                         "systemd.verity_root_options=",
                                         "systemd.verity-root-options=",
                                         "rd.systemd.verity",
                                         ("rd." VERITY_HASH),
                                         "rd.root=" };
    const char *root = last_argument(line, "root=");

    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        if (last_argument(line, names[i]))
            return true;
    return root && (strcspn(root, COMMAND_LINE_SPACES) != strlen(VERITY_ROOT) ||
                    strncmp(root, VERITY_ROOT, strlen(VERITY_ROOT)) != 0);
}

static bool has_verity_hash(const char *line)
{
    const char *hash = last_argument(line, VERITY_HASH);

    return hash && strcspn(hash, COMMAND_LINE_SPACES) == strspn(hash, "0123456789abcdefABCDEF") &&
           strcspn(hash, COMMAND_LINE_SPACES) >= VERITY_HASH_LENGTH && !undoes_verity(line);
}

static bool bars_kexec(const char *line)
{
    const char *rest = last_argument(line, KEXEC_BARRED);

    return rest && (*rest == 0 || *rest == ' ');
}

/* Is the command line held as text, and is each that may be there such a one? */
static bool each_line(const Policy *policy, bool (*is_such)(const char *line))
{
    const PolicyTextList *lines = &policy->tpm.command_line.equals;

    for (size_t i = 0; i < lines->n_items; i++)
        if (!is_such(lines->items[i]))
            return false;
    return lines->n_items > 0 && holds_command_line(policy);
}

static const char *gap_of_root(const Policy *policy)
{
    if (each_line(policy, has_verity_hash))
        return NULL;
    return "no verity root hash stands in a command line of this policy, so whoever can write the "
           "disk can change any program on it, unless the approved boot opens an encrypted root "
           "or appraises files (IMA), which no rule here shows.";
}

static const char *gap_of_kexec(const Policy *policy)
{
    if (each_line(policy, bars_kexec))
        return NULL;
    return "root of the approved system can start another kernel in its place, and every register "
           "stays as it is: unless the approved boot bars kexec, what follows counts as approved.";
}

static const PolicyLayer layers[] = {
    { "hardware", gap_of_hardware },
    { "TCB", gap_of_tcb },
    { "debug", gap_of_debug },
    { "migration", gap_of_migration },
    { "VMPL", gap_of_vmpl },
    { "firmware", gap_of_firmware },
    { "vTPM root", gap_of_vtpm_root },
    { "register bank", gap_of_bank },
    { "secure boot", gap_of_secure_boot },
    { "secure boot signers", gap_of_signers },
    { "boot loader", gap_of_loader },
    { "kernel", gap_of_kernel },
    { "initrd", gap_of_initrd },
    { "kernel command line", gap_of_command_line },
    { "root file system", gap_of_root },
    { "kexec", gap_of_kexec },
};

const PolicyLayer *policy_layer_at(size_t index)
{
    return index < ELEMENTSOF(layers) ? &layers[index] : NULL;
}
