/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vTPM of a policy in words: what must be quoted and what may stand behind it.
 */
#include "verify/policy-sayer.h"

#include "format/tpm-alg.h"

static void say_required(const Policy *policy, Sentences *sentences)
{
    if (policy->tpm.required || policy_tpm_has_rules(&policy->tpm))
        sentences_say(sentences, "A quote of a vTPM must be there");
}

static void say_roots(const Policy *policy, Sentences *sentences)
{
    static const char *const refusals[VTPM_ROOT_MAX] = {
        [VTPM_ROOT_HOST] = "A vTPM that only the host vouches for is refused",
        [VTPM_ROOT_PARAVISOR] = "A vTPM that rests on a paravisor is refused",
        [VTPM_ROOT_SVSM] = "A vTPM that rests on an SVSM is refused",
        [VTPM_ROOT_CERTIFICATE] = "A vTPM that rests on a certificate is refused",
    };

    for (VtpmRoot root = VTPM_ROOT_HOST; root < VTPM_ROOT_MAX; root++)
        if (!(policy->tpm.roots & 1U << root))
            sentences_say(sentences, "%s", refusals[root]);
    if (policy->tpm.roots & 1U << VTPM_ROOT_HOST)
        sentences_say(sentences, "A vTPM that only the host vouches for satisfies no rule and "
                                 "affirms nothing");
}

static void say_certificates(const char *what, const CertificateList *list, Sentences *sentences)
{
    Sentence sentence = { 0 };

    if (list->n_items == 0)
        return;
    sentence_add(&sentence, "%s believed when it leads to ", what);
    for (size_t i = 0; i < list->n_items; i++) {
        sentence_join(&sentence, i, list->n_items, "or");
        sentence_add(&sentence, "\"%.60s\"", certificate_subject_cn(list->items[i]));
    }
    sentences_put(sentences, &sentence);
}

static void say_certificate_roots(const Policy *policy, Sentences *sentences)
{
    say_certificates("The certificate of an attestation or endorsement key is",
                     &policy->tpm.certificate_roots, sentences);
}

static void say_ak_certificate_roots(const Policy *policy, Sentences *sentences)
{
    say_certificates("The certificate of an attestation key is", &policy->tpm.ak_certificate_roots,
                     sentences);
}

static void say_ek_certificate_roots(const Policy *policy, Sentences *sentences)
{
    say_certificates("The certificate of an endorsement key is", &policy->tpm.ek_certificate_roots,
                     sentences);
}

static void say_paravisors(const Policy *policy, Sentences *sentences)
{
    for (size_t i = 0; i < policy->tpm.n_paravisors; i++) {
        const PolicyParavisor *paravisor = &policy->tpm.paravisors[i];
        Sentence sentence = { 0 };
        sentence_add(&sentence, "A paravisor is believed when");
        if (paravisor->measurement.size > 0) {
            sentence_add(&sentence, " its launch measurement is ");
            sentence_add_digest(&sentence, VIEW(paravisor->measurement));
        }
        if (paravisor->mrtd.size > 0) {
            sentence_add(&sentence, " its guest of TDX is measured (MRTD) as ");
            sentence_add_digest(&sentence, VIEW(paravisor->mrtd));
        }
        if (paravisor->id_key_digest.size > 0) {
            sentence_add(&sentence, "%s its ID block is signed by ",
                         paravisor->measurement.size > 0 ? " and" : "");
            sentence_add_digest(&sentence, VIEW(paravisor->id_key_digest));
        }
        sentences_put(sentences, &sentence);
    }
}

static void say_ak_names(const Policy *policy, Sentences *sentences)
{
    Sentence sentence = { 0 };

    if (!policy->tpm.ak_names.present)
        return;
    sentence_add(&sentence, "The attestation key must be ");
    sentence_add_digests(&sentence, &policy->tpm.ak_names);
    sentences_put(sentences, &sentence);
}

static void say_bank(const Policy *policy, Sentences *sentences)
{
    if (policy->tpm.bank != TPM_ALG_SHA1)
        sentences_say(sentences, "Registers of the sha1 bank are refused");
    if (policy->tpm.bank != 0)
        sentences_say(sentences, "The quoted bank must be %s", tpm_alg_name(policy->tpm.bank));
}

static void say_pcrs(const Policy *policy, Sentences *sentences)
{
    uint32_t pcrs = policy->tpm.pcrs;
    unsigned n = (unsigned)__builtin_popcount(pcrs), k = 0;
    Sentence sentence = { 0 };

    if (pcrs == 0)
        return;
    sentence_add(&sentence, "Exactly these PCRs must be quoted: ");
    for (unsigned i = 0; i < TPM_PCR_COUNT; i++) {
        if (!(pcrs & 1U << i))
            continue;
        sentence_join(&sentence, k++, n, "and");
        sentence_add(&sentence, "%u", i);
    }
    sentences_put(sentences, &sentence);
}

static const PolicySayer rows[] = {
    { "/tpm/required", say_required },
    { "/tpm/roots", say_roots },
    { "/tpm/certificate_roots", say_certificate_roots },
    { "/tpm/ak_certificate_roots", say_ak_certificate_roots },
    { "/tpm/ek_certificate_roots", say_ek_certificate_roots },
    { "/tpm/paravisors", say_paravisors },
    { "/tpm/ak_names", say_ak_names },
    { "/tpm/bank", say_bank },
    { "/tpm/pcrs", say_pcrs },
};

const PolicySayers policy_tpm_sayers = { HARDWARE_NONE, rows, ELEMENTSOF(rows) };
