/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The "tdx" object of a policy in words.
 */
#include "verify/policy-sayer.h"

#include "format/tdx-report.h"

static const BitName attribute_names[] = {
    { TDX_ATTRIBUTE_DEBUG, "debugging allowed" },
    { TDX_ATTRIBUTE_SEPT_VE_DISABLE, "SEPT_VE_DISABLE" },
    { TDX_ATTRIBUTE_MIGRATABLE, "migratable" },
    { TDX_ATTRIBUTE_PKS, "PKS" },
    { TDX_ATTRIBUTE_KL, "KL" },
    { TDX_ATTRIBUTE_PERFMON, "PERFMON" },
    { 0, NULL },
};

static const BitName xfam_names[] = { { 0, NULL } };

static void say_minimum_tee_tcb_svn(const Policy *policy, Sentences *sentences)
{
    ByteView least = VIEW_OF_ARRAY(policy->tdx.minimum_tee_tcb_svn);
    Sentence sentence = { 0 };

    if (view_is_filled_with(least, 0))
        return;
    sentence_add(&sentence, "Each byte of TEE_TCB_SVN, the version of the TDX module, must be at "
                            "least that of ");
    sentence_add_digest(&sentence, least);
    sentences_put(sentences, &sentence);
}

static void say_minimum_qe_svn(const Policy *policy, Sentences *sentences)
{
    if (policy->tdx.minimum_qe_svn > 0)
        sentences_say(sentences, "The quoting enclave must be of version (ISVSVN) %u or newer",
                      policy->tdx.minimum_qe_svn);
}

static void say_mr_seams(const Policy *policy, Sentences *sentences)
{
    sentences_say_list(sentences, "The TDX module (MRSEAM)", &policy->tdx.mr_seams);
}

static void say_debug(const Policy *policy, Sentences *sentences)
{
    if (!policy->tdx.debug)
        sentences_say(sentences, "The host must not be able to debug a guest of TDX");
}

static void say_migratable(const Policy *policy, Sentences *sentences)
{
    if (!policy->tdx.migratable)
        sentences_say(sentences, "No migration TD may move a guest of TDX");
}

static void say_attributes(const Policy *policy, Sentences *sentences)
{
    sentences_say_mask(sentences, "ATTRIBUTES, how the guest of TDX was started,",
                       &policy->tdx.attributes, attribute_names);
}

static void say_xfam(const Policy *policy, Sentences *sentences)
{
    sentences_say_mask(sentences, "XFAM, what the guest of TDX uses of the processor,",
                       &policy->tdx.xfam, xfam_names);
}

static void say_measurements(const Policy *policy, Sentences *sentences)
{
    const PolicyTdx *tdx = &policy->tdx;

    if (tdx->measurements_present)
        sentences_say_measurements(sentences, "measurement of a guest of TDX (MRTD)",
                                   tdx->measurements, tdx->n_measurements);
}

static void say_mr_config_ids(const Policy *policy, Sentences *sentences)
{
    sentences_say_list(sentences, "MRCONFIGID", &policy->tdx.mr_config_ids);
}

static void say_mr_owners(const Policy *policy, Sentences *sentences)
{
    sentences_say_list(sentences, "MROWNER", &policy->tdx.mr_owners);
}

static void say_mr_owner_configs(const Policy *policy, Sentences *sentences)
{
    sentences_say_list(sentences, "MROWNERCONFIG", &policy->tdx.mr_owner_configs);
}

static const PolicySayer rows[] = {
    { "/tdx/minimum_tee_tcb_svn", say_minimum_tee_tcb_svn },
    { "/tdx/minimum_qe_svn", say_minimum_qe_svn },
    { "/tdx/mr_seams", say_mr_seams },
    { "/tdx/debug", say_debug },
    { "/tdx/migratable", say_migratable },
    { "/tdx/attributes", say_attributes },
    { "/tdx/xfam", say_xfam },
    { "/tdx/measurements", say_measurements },
    { "/tdx/mr_config_ids", say_mr_config_ids },
    { "/tdx/mr_owners", say_mr_owners },
    { "/tdx/mr_owner_configs", say_mr_owner_configs },
};

const PolicySayers policy_tdx_sayers = { HARDWARE_TDX, rows, ELEMENTSOF(rows) };
