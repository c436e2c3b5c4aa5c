/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks the tables: a sentence for each member, a gap for each layer.
 */
#include "verify/policy-explain.h"

#include "verify/policy-layers.h"
#include "verify/policy-sayer.h"

#include <errno.h>

/* What no policy can switch off. */
static void say_genuine(const Policy *policy, Sentences *sentences)
{
    if (policy->hardware & 1U << HARDWARE_SNP)
        sentences_say(sentences,
                      "The hardware report must be genuine: signed by a chip or a cloud whose "
                      "certificates lead to a root of AMD's, and made for this very challenge");
    if (policy->hardware & 1U << HARDWARE_TDX)
        sentences_say(sentences,
                      "A report of TDX comes from a paravisor, with a quote that must be genuine: "
                      "made by Intel's quoting enclave, whose certificates lead to Intel's root, "
                      "of a report for this very challenge");
}

/* SEV-SNP alone is what goes without saying. */
static void say_hardware(const Policy *policy, Sentences *sentences)
{
    if (policy->hardware == 0)
        sentences_say(sentences, "No kind of hardware is accepted, so every machine is refused");
    else if (!(policy->hardware & 1U << HARDWARE_SNP))
        sentences_say(sentences, "Machines of SEV-SNP are refused");
    if (policy->hardware & 1U << HARDWARE_NONE)
        sentences_say(sentences, "A machine that shows a vTPM alone is accepted too, though no "
                                 "hardware vouches for it");
}

static void say_id(const Policy *policy, Sentences *sentences)
{
    sentences_say(sentences, "Tokens made under this policy name it \"%s\"", policy->id);
}

static void say_simulated_roots(const Policy *policy, Sentences *sentences)
{
    Sentence sentence = { 0 };
    size_t n = policy->n_simulated_roots;

    if (n == 0)
        return;
    sentence_add(&sentence,
                 "Simulated hardware is accepted, and called simulated, under %zu root%s"
                 " (the first is ",
                 n, n == 1 ? "" : "s");
    sentence_add_digest(&sentence, VIEW_OF_ARRAY(policy->simulated_roots[0].bytes));
    sentence_add(&sentence, ")");
    sentences_put(sentences, &sentence);
}

static const PolicySayer first[] = {
    { "/attestd_policy", say_genuine },
    { "/hardware", say_hardware },
    { "/simulated_roots", say_simulated_roots },
};
static const PolicySayer last[] = {
    { "/id", say_id },
};
static const PolicySayers first_sayers = { HARDWARE_NONE, first, ELEMENTSOF(first) };
static const PolicySayers last_sayers = { HARDWARE_NONE, last, ELEMENTSOF(last) };

static const PolicySayers *const all[] = {
    &first_sayers,       &policy_snp_sayers,  &policy_tdx_sayers, &policy_tpm_sayers,
    &policy_rule_sayers, &policy_gate_sayers, &last_sayers,
};

static const PolicySayer *sayer_at(size_t index)
{
    for (size_t i = 0; i < ELEMENTSOF(all); i++) {
        if (index < all[i]->n_rows)
            return &all[i]->rows[index];
        index -= all[i]->n_rows;
    }
    return NULL;
}

const char *policy_explained_member(size_t index)
{
    const PolicySayer *sayer = sayer_at(index);

    return sayer ? sayer->member : NULL;
}

const char *policy_layer_name(size_t index)
{
    const PolicyLayer *layer = policy_layer_at(index);

    return layer ? layer->name : NULL;
}

static int list_demands(const Policy *policy, json_t *array)
{
    Sentences sentences = { .array = array };

    for (size_t i = 0; i < ELEMENTSOF(all); i++) {
        Hardware hardware = all[i]->hardware;
        bool is_heard = hardware == HARDWARE_NONE || policy->hardware & 1U << hardware;
        for (size_t k = 0; is_heard && k < all[i]->n_rows; k++)
            all[i]->rows[k].say(policy, &sentences);
    }
    return sentences.r;
}

static int list_gaps(const Policy *policy, json_t *array)
{
    const PolicyLayer *layer;

    for (size_t i = 0; (layer = policy_layer_at(i)); i++) {
        const char *gap = layer->gap(policy);
        if (!gap)
            continue;
        if (json_array_append_new(array,
                                  json_pack("{s:s, s:s}", "layer", layer->name, "text", gap)) < 0)
            return -ENOMEM;
    }
    return 0;
}

json_t *policy_uncovered(const Policy *policy)
{
    json_auto_t *names = json_array();
    const PolicyLayer *layer;

    for (size_t i = 0; names && (layer = policy_layer_at(i)); i++)
        if (layer->gap(policy) && json_array_append_new(names, json_string(layer->name)) < 0)
            return NULL;
    return TAKE_PTR(names);
}

int policy_explain(const Policy *policy, json_t **ret)
{
    json_auto_t *demands = json_array();
    json_auto_t *uncovered = json_array();

    if (!demands || !uncovered)
        return -ENOMEM;
    int r = list_demands(policy, demands);
    if (r >= 0)
        r = list_gaps(policy, uncovered);
    if (r < 0)
        return r;
    json_t *explained =
        json_pack("{s:s, s:O, s:O}", "id", policy->id, "demands", demands, "uncovered", uncovered);
    if (!explained)
        return -ENOMEM;
    *ret = explained;
    return 0;
}
