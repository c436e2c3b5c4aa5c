/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gates in words: what each opens, for whom, and at which root of the vTPM.
 */
#include "verify/policy-gates.h"
#include "verify/policy-sayer.h"

/* What the TPM has sealed, by an approval; for how long is the verifier's to say. */
static void add_approval(Sentence *sentence, const PolicyGate *gate)
{
    sentence_add(sentence, "Gate \"%s\" opens%s, ", gate->name,
                 gate->ticket ? "" : " while a round lasts");
    if (gate->expiration_sec > 0)
        sentence_add(sentence, "for %u seconds at most, ", gate->expiration_sec);
    else if (!gate->ticket)
        sentence_add(sentence, "for %d seconds at most, ", POLICY_GATE_ONCE_SEC);
    sentence_add(sentence, "for ");
}

/* What a data key must be bound to. */
static void add_rewrap(Sentence *sentence, const PolicyGate *gate)
{
    unsigned binds = gate->binds & BIND_REAL_KINDS;
    unsigned n = (unsigned)__builtin_popcount(binds), k = 0;

    sentence_add(sentence, "Gate \"%s\" has this verifier open data keys that are bound to ",
                 gate->name);
    if (n == 0)
        sentence_add(sentence, "any fact of the machine that asks");
    for (BindKind kind = BIND_KIND_AK_NAME; kind < BIND_KIND_FLEET; kind++) {
        if (!(binds & BIND_BIT(kind)))
            continue;
        sentence_join(sentence, k++, n, "and");
        sentence_add(sentence, "%s", bind_kind_name(kind));
    }
    sentence_add(sentence, "%s, for ", n == 0 ? "" : " of the machine that asks");
}

static void add_machines(Sentence *sentence, const PolicyGate *gate)
{
    if (gate->every_machine) {
        sentence_add(sentence, "every machine that is affirmed");
        return;
    }
    sentence_add(sentence, "the attestation key ");
    sentence_add_digests(sentence, &gate->machines);
}

/* Which hardware must vouch for the machine, where that is not as usual. */
static void add_hardware(Sentence *sentence, const PolicyGate *gate)
{
    unsigned n = (unsigned)__builtin_popcount(gate->hardware), k = 0;

    if (gate->hardware == (1U << HARDWARE_SNP | 1U << HARDWARE_TDX))
        return;
    sentence_add(sentence, ", when what vouches for it is ");
    for (Hardware i = HARDWARE_NONE; i < HARDWARE_MAX; i++) {
        if (!(gate->hardware & 1U << i))
            continue;
        sentence_join(sentence, k++, n, "or");
        sentence_add(sentence, "%s", i == HARDWARE_NONE ? "no hardware" : hardware_name(i));
    }
    if (n == 0)
        sentence_add(sentence, "nothing that exists");
}

static void add_roots(Sentence *sentence, const PolicyGate *gate)
{
    unsigned n = (unsigned)__builtin_popcount(gate->vtpm_roots), k = 0;

    sentence_add(sentence, ", when its vTPM rests on ");
    for (VtpmRoot root = VTPM_ROOT_HOST; root < VTPM_ROOT_MAX; root++) {
        if (!(gate->vtpm_roots & 1U << root))
            continue;
        sentence_join(sentence, k++, n, "or");
        sentence_add(sentence, "%s", vtpm_root_name(root));
    }
    if (n == 0)
        sentence_add(sentence, "nothing that exists");
    if (gate->kind == GATE_KIND_REWRAP && gate->every_machine)
        sentence_add(sentence,
                     ", or when it shows none and its launch measurement covers the boot chain");
    else if (n == 0)
        sentence_add(sentence, ": it opens for nobody");
}

static void say_gate(const PolicyGate *gate, Sentences *sentences)
{
    Sentence sentence = { 0 };

    if (gate->kind == GATE_KIND_REWRAP)
        add_rewrap(&sentence, gate);
    else
        add_approval(&sentence, gate);
    add_machines(&sentence, gate);
    add_hardware(&sentence, gate);
    add_roots(&sentence, gate);
    sentences_put(sentences, &sentence);
    if (gate->binds & BIND_BIT(BIND_KIND_FLEET))
        sentences_say(sentences,
                      "Gate \"%s\" opens data keys that are bound to no machine (fleet) as well: "
                      "each of these machines can have any of them opened",
                      gate->name);
}

static void say_gates(const Policy *policy, Sentences *sentences)
{
    for (size_t i = 0; i < policy->n_gates; i++)
        say_gate(&policy->gates[i], sentences);
}

static const PolicySayer rows[] = {
    { "/gates", say_gates },
};

const PolicySayers policy_gate_sayers = { HARDWARE_NONE, rows, ELEMENTSOF(rows) };
