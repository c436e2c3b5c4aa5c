/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PolicyNV and PolicyPCR in a real swtpm: what the arithmetic says, and what stops being so.
 */
#include "gate-lab.h"
#include "tpm/tpm-counter.h"
#include "tpm/tpm-pcr.h"

#define CAP_PCR 13

static void check_digest(TpmPolicy *session, const Digest *wanted)
{
    Digest found;

    check_int(tpm_policy_digest(session, &found), TPM_POLICY_OK);
    check(digest_equal(&found, wanted));
}

static GatePcrs read_pcrs(TpmContext *tpm, uint32_t mask)
{
    GatePcrs pcrs = { .mask = mask };
    EvidencePcrs read = { 0 };

    check_int(tpm_pcr_read(tpm, (TpmSelection){ TPM2_ALG_SHA256, mask }, &read), TPM_PCR_OK);
    for (unsigned i = 0; i < GATE_PCR_COUNT; i++)
        memcpy(pcrs.values[i], read.values[i], sizeof(pcrs.values[i]));
    return pcrs;
}

static void the_session_comes_to_what_was_computed(void)
{
    GateLab lab = gate_lab_start();
    _cleanup_tpm_ticket_ TpmTicket ticket = gate_lab_ticket(&lab, -600);
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmPolicy *session = gate_lab_session(tpm);
    TpmCounter counter = { 0 };
    Digest counted, whole;

    swtpm_extend(tpm, 4, 0x44);
    check_int(tpm_counter_define(tpm, "secret", &counter), TPM_COUNTER_OK);
    const GatePcrs pcrs = read_pcrs(tpm, 1 << 4 | 1 << 9 | 1 << 15);
    check_int(gate_policy_nv(&lab.policy, tpm_name_view(&counter.name), counter.value, &counted),
              GATE_OK);
    check_int(gate_policy_pcr(&counted, &pcrs, &whole), GATE_OK);

    check_int(gate_lab_present(&lab, session, &ticket), TPM_POLICY_OK);
    check_digest(session, &lab.policy);
    check_int(tpm_policy_nv(session, counter.index, tpm_name_view(&counter.name), counter.value),
              TPM_POLICY_OK);
    check_digest(session, &counted);
    check_int(tpm_policy_pcr(session, &pcrs), TPM_POLICY_OK);
    check_digest(session, &whole);
    tpm_policy_free(session);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

static void other_values_in_registers_are_refused_at_once(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmPolicy *session = gate_lab_session(tpm);
    const GatePcrs pcrs = read_pcrs(tpm, 1 << 4 | 1 << 9), none = { 0 };

    check_int(tpm_policy_pcr(session, &pcrs), TPM_POLICY_OK);
    check_int(tpm_policy_restart(session), TPM_POLICY_OK);
    swtpm_extend(tpm, 9, 0x99);
    check_int(tpm_policy_pcr(session, &pcrs), TPM_POLICY_E_PCRS);
    check_str(tpm->failure.finding, "tpm-pcrs-differ");
    check_int(tpm_policy_pcr(session, &none), TPM_POLICY_E_MALFORMED);
    tpm_policy_free(session);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void a_counter_that_is_further_is_refused(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmPolicy *session = gate_lab_session(tpm);
    TpmCounter counter = { 0 };

    check_int(tpm_counter_define(tpm, "secret", &counter), TPM_COUNTER_OK);
    ByteView name = tpm_name_view(&counter.name);
    check_int(tpm_policy_nv(session, counter.index, name, counter.value), TPM_POLICY_OK);
    check_int(tpm_policy_nv(session, counter.index, name, counter.value + 1), TPM_POLICY_OK);
    check_int(tpm_policy_nv(session, counter.index, name, counter.value - 1), TPM_POLICY_E_COUNTER);
    check_str(tpm->failure.finding, "tpm-counter-differs");
    check_int(tpm_counter_advance(tpm, "secret", counter.index, counter.value + 1), TPM_COUNTER_OK);
    check_int(tpm_policy_nv(session, counter.index, name, counter.value), TPM_POLICY_E_COUNTER);
    tpm_policy_free(session);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void a_counter_that_is_gone_or_another_is_refused(void)
{
    static const uint8_t bytes[GATE_COUNTER_SIZE] = { 0 };
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmPolicy *session = gate_lab_session(tpm);
    TpmCounter counter = { 0 };

    check_int(tpm_counter_define(tpm, "secret", &counter), TPM_COUNTER_OK);
    ByteView name = tpm_name_view(&counter.name);
    check_int(tpm_counter_remove(tpm, "secret", 0), TPM_COUNTER_OK);
    check_int(tpm_policy_nv(session, counter.index, name, counter.value), TPM_POLICY_E_COUNTER);
    /* Its index, eight bytes that are low enough, and no counter. */
    swtpm_define_nv(tpm, counter.index, VIEW_OF_ARRAY(bytes));
    check_int(tpm_policy_nv(session, counter.index, name, counter.value), TPM_POLICY_E_COUNTER);
    check_str(tpm->failure.finding, "tpm-counter-differs");
    tpm_policy_free(session);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void check_extended(TpmContext *tpm, uint16_t bank, DigestAlgorithm algorithm)
{
    const TpmSelection selection = { bank, 1u << CAP_PCR };
    uint8_t zeros[TPM_DIGEST_SIZE_MAX] = { 0 };
    EvidencePcrs read = { 0 };
    Digest event, wanted;

    check_int(tpm_pcr_read(tpm, selection, &read), TPM_PCR_OK);
    check_int(digest_of(algorithm, view_of_string("attestd cap 1"), &event), 0);
    const ByteView parts[] = { { zeros, read.digest_size }, digest_view(&event) };
    check_int(digest_of_parts(algorithm, parts, ELEMENTSOF(parts), &wanted), 0);
    check(memcmp(read.values[CAP_PCR], wanted.data, wanted.size) == 0);
}

static void the_caps_event_is_in_every_bank(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);

    check_int(tpm_pcr_extend(tpm, CAP_PCR, tpm_pcr_cap_event()), TPM_PCR_OK);
    check_extended(tpm, TPM2_ALG_SHA256, DIGEST_SHA256);
    check_extended(tpm, TPM2_ALG_SHA384, DIGEST_SHA384);
    check_int(tpm_pcr_extend(tpm, 24, tpm_pcr_cap_event()), TPM_PCR_E_SELECTION);
    check_int(tpm_pcr_extend(tpm, CAP_PCR, (ByteView){ 0 }), TPM_PCR_E_SELECTION);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

/* IMA measures something between the policy and the key. */
static void a_register_extended_in_between_is_named_and_once_more_heals(void)
{
    GateLab lab = gate_lab_start();
    _cleanup_tpm_ticket_ TpmTicket ticket = gate_lab_ticket(&lab, -600);
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    const GatePcrs pcrs = read_pcrs(tpm, 1 << 4);
    Digest policy;

    check_int(gate_policy_pcr(&lab.policy, &pcrs, &policy), GATE_OK);
    gate_lab_seal(&lab, &policy);
    TpmPolicy *session = gate_lab_session(tpm);
    check_int(gate_lab_present(&lab, session, &ticket), TPM_POLICY_OK);
    check_int(tpm_policy_pcr(session, &pcrs), TPM_POLICY_OK);
    swtpm_extend(tpm, 10, 0x10);
    check_int(gate_lab_unseal(&lab, session, &policy), TPM_SEAL_E_MOVED);
    check_str(tpm->failure.finding, "tpm-pcrs-moving");

    check_int(tpm_policy_restart(session), TPM_POLICY_OK);
    check_int(gate_lab_present(&lab, session, &ticket), TPM_POLICY_OK);
    swtpm_extend(tpm, 10, 0x11); /* before PolicyPCR it does no harm */
    check_int(tpm_policy_pcr(session, &pcrs), TPM_POLICY_OK);
    check_int(gate_lab_unseal(&lab, session, &policy), TPM_SEAL_OK);
    tpm_policy_free(session);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

static const Test tests[] = {
    { "the session comes to what was computed", the_session_comes_to_what_was_computed },
    { "other values in registers are refused at once",
      other_values_in_registers_are_refused_at_once },
    { "a counter that is further is refused", a_counter_that_is_further_is_refused },
    { "a counter that is gone, or another, is refused",
      a_counter_that_is_gone_or_another_is_refused },
    { "the cap's event is in every bank", the_caps_event_is_in_every_bank },
    { "a register extended in between is named, and once more heals",
      a_register_extended_in_between_is_named_and_once_more_heals },
};

TEST_MAIN(tests)
