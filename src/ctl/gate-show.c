/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same object is the row of --json and what a person is shown.
 */
#include "ctl/gate-show.h"

#include "ctl/gate-directory.h"
#include "ctl/gate-paravisors.h"
#include "ctl/gate-vault.h"
#include "ctl/output.h"
#include "ctl/public-key.h"
#include "ctl/show.h"

#include <stdio.h>
#include <string.h>

const char *gate_worth(GateKind kind)
{
    static const char *const texts[] = {
        [GATE_KIND_VERIFIER] = "the TPM opens it only with the verifier's signature for this boot",
        [GATE_KIND_REWRAP] = "the verifier opens it each time; the TPM does not guard it",
        [GATE_KIND_KEY_RELEASE] = "the vault releases the key by its policy; no TPM guards it",
        [GATE_KIND_PCR] = "the weakest: the TPM looks at PCRs; the verdict is attestd's word only",
    };

    return texts[kind];
}

static json_t *bits_to_numbers(uint32_t mask)
{
    json_auto_t *list = json_array();

    for (int i = 0; list && i < 32; i++)
        if ((mask >> i & 1) && json_array_append_new(list, json_integer(i)) < 0)
            return NULL;
    return TAKE_PTR(list);
}

static json_t *binds_to_names(unsigned binds)
{
    json_auto_t *list = json_array();

    for (BindKind kind = 0; list && kind < N_BIND_KINDS; kind++)
        if ((binds & BIND_BIT(kind)) &&
            json_array_append_new(list, json_string(bind_kind_name(kind))) < 0)
            return NULL;
    return TAKE_PTR(list);
}

/* What only gates of its kind have. 0, or -1 when out of memory. */
static int set_own(json_t *object, const GateFile *gate)
{
    _cleanup_free_ char *release = public_key_tpm_name(gate->release_key);
    _cleanup_free_ char *next = public_key_tpm_name(gate->next_release_key);

    switch (gate->kind) {
    case GATE_KIND_VERIFIER: {
        json_auto_t *own = json_pack("{ss* ss* sb so*}", "release_key_name", release,
                                     "next_release_key_name", next, "ticket", !gate->no_ticket,
                                     "cap_pcr", gate->cap_pcr ? json_integer(gate->cap_pcr) : NULL);
        return own ? json_object_update(object, own) : -1;
    }
    case GATE_KIND_REWRAP: {
        json_auto_t *own = json_pack("{ss* so}", "rewrap_key",
                                     json_string_value(json_object_get(gate->rewrap_key, "kid")),
                                     "bind", binds_to_names(gate->binds));
        return own ? json_object_update(object, own) : -1;
    }
    case GATE_KIND_KEY_RELEASE: {
        json_auto_t *own = gate_vault_to_show(gate);
        return own ? json_object_update(object, own) : -1;
    }
    case GATE_KIND_PCR: {
        json_auto_t *own =
            json_pack("{ss so}", "pcr_bank", "sha256", "pcrs", bits_to_numbers(gate->pcrs));
        return own ? json_object_update(object, own) : -1;
    }
    case N_GATE_KINDS:
        break;
    }
    return -1;
}

json_t *gate_to_show(const char *name, const GateFile *gate)
{
    _cleanup_free_ char *recovery = public_key_thumbprint(gate->recovery_key);
    json_auto_t *object =
        json_pack("{ss ss ss ss* ss* ss* sO*}", "name", name, "kind", gate_kind_name(gate->kind),
                  "worth", gate_worth(gate->kind), "verifier", gate->verifier, "recovery_key",
                  recovery, "vtpm_root", gate->vtpm_root, "paravisors", gate->paravisors);

    return object && set_own(object, gate) == 0 ? TAKE_PTR(object) : NULL;
}

json_t *gate_to_complain(const char *name, int reason)
{
    return json_pack("{ss ss}", "name", name, "error",
                     reason < 0 ? strerror(-reason) : gate_file_reason(reason));
}

void gate_show(const json_t *gate)
{
    const char *name = show_string(gate, "name");

    if (show_at(gate, "error")) {
        (void)printf("%s %scannot be used: %s%s\n", name, output_tone(TONE_BAD),
                     show_string(gate, "error"), output_reset());
        return;
    }
    show_heading(name);
    show_rowf("Kind", "%s: %s", show_string(gate, "kind"), show_string(gate, "worth"));
    show_field(gate, "Verifier", "verifier");
    show_field(gate, "Release key", "release_key_name");
    show_field(gate, "or", "next_release_key_name");
    show_field(gate, "Rewrap key", "rewrap_key");
    show_field(gate, "Bound to", "bind");
    if (show_at(gate, "key_url"))
        gate_vault_show(gate);
    show_field(gate, "PCRs", "pcrs");
    if (json_is_false(show_at(gate, "ticket")))
        show_row("Ticket", "none is kept: it opens within a round only");
    if (show_at(gate, "cap_pcr"))
        show_rowf("On refusal",
                  "PCR %" JSON_INTEGER_FORMAT " is extended, and it stays shut until a reset",
                  json_integer_value(show_at(gate, "cap_pcr")));
    if (show_at(gate, "recovery_key"))
        show_field(gate, "Recovery key", "recovery_key");
    else
        show_row("Recovery key", "none: what is sealed to it is lost with this TPM");
    show_row("vTPM root",
             show_at(gate, "vtpm_root") ? show_string(gate, "vtpm_root") : "not stated");
    gate_paravisors_show(show_at(gate, "paravisors"));
}

/* A layer, and the PCRs any of which covers it (docs/secrets.md). */
typedef struct Layer {
    uint32_t pcrs;
    const char *text;
} Layer;

static const Layer layers[] = {
    { 1U << 0, "the firmware (PCR 0)" },
    { 1U << 7, "Secure Boot and its keys (PCR 7)" },
    { 1U << 4 | 1U << 11, "boot loader and kernel (PCR 4, or 11 of a UKI)" },
    { 1U << 8 | 1U << 9 | 1U << 11 | 1U << 12,
      "initrd and kernel command line (PCR 9, or 8 with GRUB, 11 and 12 with a UKI)" },
};

void gate_note_uncovered(const GateFile *gate)
{
    if (gate->kind == GATE_KIND_KEY_RELEASE)
        output_note("What opens it is the release policy of the vault's key, which is not looked "
                    "at here. Over the claims of MAA it can demand genuine hardware and Secure "
                    "Boot; not which kernel, initrd or command line.");
    if (gate->kind != GATE_KIND_PCR)
        return;
    output_note("These PCRs say nothing about:");
    for (size_t i = 0; i < ELEMENTSOF(layers); i++)
        if (!(gate->pcrs & layers[i].pcrs))
            (void)fprintf(stderr, "  %s\n", layers[i].text);
    output_note("  the root file system, but by a verity hash in a covered command line");
}
