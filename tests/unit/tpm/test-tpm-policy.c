/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Approvals of a software verifier in sessions of a real swtpm, and each way in which they fail.
 */
#include "bus-tap.h"
#include "gate-lab.h"

/* What the next nonce is made to look like; 0: itself. */
static uint16_t nonce_size_to_come;

TSS2_RC __real_Esys_TRSess_GetNonceTPM(ESYS_CONTEXT *esys, ESYS_TR session, TPM2B_NONCE **ret);
TSS2_RC __wrap_Esys_TRSess_GetNonceTPM(ESYS_CONTEXT *esys, ESYS_TR session, TPM2B_NONCE **ret);

TSS2_RC __wrap_Esys_TRSess_GetNonceTPM(ESYS_CONTEXT *esys, ESYS_TR session, TPM2B_NONCE **ret)
{
    TSS2_RC rc = __real_Esys_TRSess_GetNonceTPM(esys, session, ret);

    if (rc == TSS2_RC_SUCCESS && nonce_size_to_come > 0)
        (*ret)->size = nonce_size_to_come;
    return rc;
}

static void check_digest(TpmPolicy *session, const Digest *wanted)
{
    Digest found;

    check_int(tpm_policy_digest(session, &found), TPM_POLICY_OK);
    check(digest_equal(&found, wanted));
}

static int approve(TpmPolicy *session, const Key *key, const Digest *policy_ref,
                   int64_t expiration_sec, ByteView signature)
{
    const TpmApproval approval = { key, digest_view(policy_ref), expiration_sec, signature };
    TpmTicket none = { 0 };

    int r = tpm_policy_sign(session, &approval, &none);
    check(r == TPM_POLICY_OK || none.digest.data == NULL);
    tpm_ticket_done(&none);
    return r;
}

static void a_nonce_has_24_bytes_and_is_another_each_time(void)
{
    GateLab lab = gate_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmPolicy *first = gate_lab_session(tpm);
    TpmPolicy *second = gate_lab_session(tpm);

    check_int(sizeof(first->nonce), 24);
    check(!view_is_filled_with(VIEW_OF_ARRAY(first->nonce), 0));
    check(memcmp(first->nonce, second->nonce, sizeof(first->nonce)) != 0);
    tpm_policy_free(first);
    tpm_policy_free(second);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

static void a_nonce_of_another_size_is_named(void)
{
    static const uint16_t sizes[] = { 16, 20, 32 };
    GateLab lab = gate_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmPolicy *none = NULL;

    for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
        nonce_size_to_come = sizes[i];
        check_int(tpm_policy_start(tpm, &none), TPM_POLICY_E_NONCE_SIZE);
        check_str(tpm->failure.finding, "tpm-nonce-size");
        check(none == NULL);
    }
    nonce_size_to_come = 0;
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

static void a_tpm_before_1_38_is_named(void)
{
    static const uint8_t present[] = { 0, 0, 1, 2 /* TPM2_PT_REVISION */, 0, 0, 0, 164 };
    static const uint8_t old[] = { 0, 0, 1, 2, 0, 0, 0, 116 };
    GateLab lab = gate_lab_start();
    TpmContext *tpm = bus_tap_open(&lab.swtpm);
    TpmPolicy *none = NULL;

    bus_tap.altered_command = TPM2_CC_GetCapability;
    bus_tap.replaced = VIEW_OF_ARRAY(present);
    bus_tap.replacing = VIEW_OF_ARRAY(old);
    bus_tap.replacements = 1;
    check_int(tpm_policy_start(tpm, &none), TPM_POLICY_E_TOO_OLD);
    check_str(tpm->failure.finding, "tpm-too-old");
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

/* What a TPM that checks nothing comes to. */
static TpmPolicy start_trial(TpmContext *tpm)
{
    const TPMT_SYM_DEF symmetric = { .algorithm = TPM2_ALG_NULL };
    TpmPolicy trial = { .tpm = tpm };

    check_int(Esys_StartAuthSession(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                    ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_TRIAL, &symmetric,
                                    TPM2_ALG_SHA256, &trial.session),
              TSS2_RC_SUCCESS);
    return trial;
}

static void offline_digests_equal_those_of_a_trial_session(void)
{
    static const uint8_t no_signature[GATE_SIGNATURE_SIZE] = { 1 };
    GateLab lab = gate_lab_start();
    _cleanup_(key_freep) Key *next_key = gate_lab_key();
    Digest next = gate_lab_policy(next_key, &lab.policy_ref), either;
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmPolicy trial = start_trial(tpm);

    check_int(gate_policy_or(&lab.policy, &next, &either), 0);
    /* A trial gives no ticket. */
    check_int(approve(&trial, lab.release_key, &lab.policy_ref, -1, VIEW_OF_ARRAY(no_signature)),
              TPM_POLICY_E_NO_TICKET);
    check_str(tpm->failure.finding, "tpm-ticket-missing");
    check_digest(&trial, &lab.policy);
    check_int(tpm_policy_or(&trial, &lab.policy, &next), TPM_POLICY_OK);
    check_digest(&trial, &either);
    tpm_flush(tpm, &trial.session);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

static void an_approval_makes_a_ticket_and_the_digest(void)
{
    GateLab lab = gate_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmPolicy *session = gate_lab_session(tpm);
    _cleanup_tpm_ticket_ TpmTicket ticket = { 0 };

    check_int(gate_lab_approve(&lab, session, -600, &ticket), TPM_POLICY_OK);
    check_int(ticket.tag, TPM2_ST_AUTH_SIGNED);
    check_int(ticket.hierarchy, TPM2_RH_OWNER);
    check(ticket.timeout.size > 0 && ticket.digest.size > 0);
    check_digest(session, &lab.policy);
    tpm_policy_free(session);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

/* As one round does it: one nonce, a ticket for each gate. */
static void one_nonce_serves_several_gates(void)
{
    static const char *const gates[] = { "db", "backup", "signing" };
    GateLab lab = gate_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmPolicy *session = gate_lab_session(tpm);

    for (size_t i = 0; i < ELEMENTSOF(gates); i++) {
        _cleanup_bytes_ Bytes signature = { 0 };
        Digest policy_ref, policy;
        check_int(gate_policy_ref(gates[i], VIEW(lab.ak_name), &policy_ref), GATE_OK);
        policy = gate_lab_policy(lab.release_key, &policy_ref);
        signature =
            gate_lab_sign(lab.release_key, VIEW_OF_ARRAY(session->nonce), -600, &policy_ref);
        check_int(approve(session, lab.release_key, &policy_ref, -600, VIEW(signature)),
                  TPM_POLICY_OK);
        check_digest(session, &policy);
        check_int(tpm_policy_restart(session), TPM_POLICY_OK);
    }
    tpm_policy_free(session);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

/* SIGNED_* is what the verifier signed; the TPM is told the lab's key, policyRef and -600. */
static void check_refused(const GateLab *lab, const Key *signed_by, ByteView signed_nonce,
                          const Digest *signed_ref, int64_t signed_expiration)
{
    TpmContext *tpm = swtpm_open(&lab->swtpm);
    TpmPolicy *session = gate_lab_session(tpm);
    ByteView nonce = signed_nonce.size > 0 ? signed_nonce : VIEW_OF_ARRAY(session->nonce);
    _cleanup_bytes_ Bytes signature =
        gate_lab_sign(signed_by, nonce, signed_expiration, signed_ref);
    Digest empty = { .size = 32 };

    check_int(approve(session, lab->release_key, &lab->policy_ref, -600, VIEW(signature)),
              TPM_POLICY_E_REFUSED);
    check_str(tpm->failure.finding, "tpm-approval-refused");
    check(strstr(tpm->failure.text, "TPM2_PolicySigned"));
    check_digest(session, &empty);
    tpm_policy_free(session);
    tpm_context_free(tpm);
}

static void a_signature_over_something_else_is_refused(void)
{
    static const uint8_t other_nonce[GATE_NONCE_SIZE] = "another session's nonce.";
    const ByteView own_nonce = { 0 };
    GateLab lab = gate_lab_start();
    _cleanup_(key_freep) Key *other_key = gate_lab_key();
    _cleanup_bytes_ Bytes other_ak = { 0 };
    Digest other_gate, other_machine;

    check_int(bytes_copy(VIEW(lab.ak_name), &other_ak), 0);
    other_ak.data[33] ^= 1;
    check_int(gate_policy_ref("other", VIEW(lab.ak_name), &other_gate), GATE_OK);
    check_int(gate_policy_ref(GATE_LAB_GATE, VIEW(other_ak), &other_machine), GATE_OK);

    check_refused(&lab, lab.release_key, VIEW_OF_ARRAY(other_nonce), &lab.policy_ref, -600);
    check_refused(&lab, lab.release_key, own_nonce, &other_gate, -600);
    check_refused(&lab, lab.release_key, own_nonce, &other_machine, -600);
    check_refused(&lab, lab.release_key, own_nonce, &lab.policy_ref, -601);
    check_refused(&lab, other_key, own_nonce, &lab.policy_ref, -600);
    gate_lab_stop(&lab);
}

/* Two sessions of one machine: what was signed for one is nothing to the other. */
static void a_signature_does_not_pass_to_another_session(void)
{
    GateLab lab = gate_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmPolicy *first = gate_lab_session(tpm);
    TpmPolicy *second = gate_lab_session(tpm);
    _cleanup_bytes_ Bytes signature =
        gate_lab_sign(lab.release_key, VIEW_OF_ARRAY(first->nonce), -600, &lab.policy_ref);

    check_int(approve(second, lab.release_key, &lab.policy_ref, -600, VIEW(signature)),
              TPM_POLICY_E_REFUSED);
    /* Nor when the TPM is told the first one's nonce. */
    memcpy(second->nonce, first->nonce, sizeof(second->nonce));
    check_int(approve(second, lab.release_key, &lab.policy_ref, -600, VIEW(signature)),
              TPM_POLICY_E_REFUSED);
    tpm_policy_free(first);
    tpm_policy_free(second);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

static void every_flipped_byte_of_a_signature_is_refused(void)
{
    GateLab lab = gate_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmPolicy *session = gate_lab_session(tpm);
    _cleanup_bytes_ Bytes signature =
        gate_lab_sign(lab.release_key, VIEW_OF_ARRAY(session->nonce), -600, &lab.policy_ref);
    const uint8_t zeros[GATE_SIGNATURE_SIZE] = { 0 };

    for (size_t i = 0; i < signature.size; i += 7) {
        signature.data[i] ^= 1;
        check_int(approve(session, lab.release_key, &lab.policy_ref, -600, VIEW(signature)),
                  TPM_POLICY_E_REFUSED);
        signature.data[i] ^= 1;
    }
    check_int(approve(session, lab.release_key, &lab.policy_ref, -600, VIEW_OF_ARRAY(zeros)),
              TPM_POLICY_E_REFUSED);
    /* None of it did anything to the session. */
    check_int(approve(session, lab.release_key, &lab.policy_ref, -600, VIEW(signature)),
              TPM_POLICY_OK);
    tpm_policy_free(session);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

static void an_approval_that_never_ends_is_not_taken(void)
{
    static const int64_t bad[] = { 0, 1, 600, -3601, INT64_MIN, 4294967295 };
    const uint8_t signature[GATE_SIGNATURE_SIZE] = { 1 };
    GateLab lab = gate_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmPolicy *session = gate_lab_session(tpm);

    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        check_int(
            approve(session, lab.release_key, &lab.policy_ref, bad[i], VIEW_OF_ARRAY(signature)),
            TPM_POLICY_E_EXPIRATION);
        check_str(tpm->failure.finding, "tpm-approval-expiration");
    }
    tpm_policy_free(session);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

static void parts_of_a_wrong_size_or_kind_are_named(void)
{
    GateLab lab = gate_lab_start();
    _cleanup_(key_freep) Key *p384 = NULL;
    _cleanup_tpm_ticket_ TpmTicket ticket = gate_lab_ticket(&lab, -600);
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmPolicy *session = gate_lab_session(tpm);
    const uint8_t bytes[GATE_SIGNATURE_SIZE + 1] = { 1 };
    const Digest short_ref = { .size = 31 };

    check_int(key_generate(KEY_P384, &p384), KEY_OK);
    check_int(approve(session, lab.release_key, &lab.policy_ref, -600, VIEW_OF_ARRAY(bytes)),
              TPM_POLICY_E_MALFORMED);
    check_int(approve(session, lab.release_key, &short_ref, -600,
                      (ByteView){ bytes, GATE_SIGNATURE_SIZE }),
              TPM_POLICY_E_MALFORMED);
    check_int(
        approve(session, p384, &lab.policy_ref, -600, (ByteView){ bytes, GATE_SIGNATURE_SIZE }),
        TPM_POLICY_E_RELEASE_KEY);
    check_str(tpm->failure.finding, "tpm-release-key-unfit");

    ticket.hierarchy = TPM2_RH_NULL;
    check_int(gate_lab_present(&lab, session, &ticket), TPM_POLICY_E_MALFORMED);
    check_str(tpm->failure.finding, "tpm-approval-malformed");
    ticket.hierarchy = TPM2_RH_OWNER;
    ticket.tag = TPM2_ST_AUTH_SECRET;
    check_int(gate_lab_present(&lab, session, &ticket), TPM_POLICY_E_MALFORMED);
    ticket.tag = TPM2_ST_AUTH_SIGNED;
    size_t size = ticket.digest.size;
    ticket.digest.size = 0;
    check_int(gate_lab_present(&lab, session, &ticket), TPM_POLICY_E_MALFORMED);
    ticket.digest.size = size;
    check_int(gate_lab_present(&lab, session, &ticket), TPM_POLICY_OK);
    tpm_policy_free(session);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

static void both_branches_of_an_or_are_reached_and_no_third(void)
{
    GateLab lab = gate_lab_start();
    _cleanup_(key_freep) Key *next_key = gate_lab_key();
    _cleanup_(key_freep) Key *third_key = gate_lab_key();
    const Key *const keys[] = { lab.release_key, next_key, third_key };
    Digest next = gate_lab_policy(next_key, &lab.policy_ref), either;
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmPolicy *session = gate_lab_session(tpm);

    check_int(gate_policy_or(&lab.policy, &next, &either), 0);
    for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
        _cleanup_bytes_ Bytes signature =
            gate_lab_sign(keys[i], VIEW_OF_ARRAY(session->nonce), -600, &lab.policy_ref);
        check_int(approve(session, keys[i], &lab.policy_ref, -600, VIEW(signature)), TPM_POLICY_OK);
        check_int(tpm_policy_or(session, &lab.policy, &next),
                  i < 2 ? TPM_POLICY_OK : TPM_POLICY_E_FAILED);
        if (i < 2)
            check_digest(session, &either);
        else
            check_str(tpm->failure.finding, "tpm-policy-failed");
        check_int(tpm_policy_restart(session), TPM_POLICY_OK);
    }
    tpm_policy_free(session);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

static void a_session_that_is_gone_is_named(void)
{
    GateLab lab = gate_lab_start();
    _cleanup_tpm_ticket_ TpmTicket ticket = gate_lab_ticket(&lab, -600), none = { 0 };
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmPolicy *session = gate_lab_session(tpm);
    Digest digest;

    gate_lab_reset(&lab, TPM2_SU_CLEAR, TPM2_SU_CLEAR);
    check_int(gate_lab_approve(&lab, session, -600, &none), TPM_POLICY_E_SESSION);
    check_str(tpm->failure.finding, "tpm-session-lost");
    check_int(tpm_policy_restart(session), TPM_POLICY_E_SESSION);
    check_int(gate_lab_present(&lab, session, &ticket), TPM_POLICY_E_SESSION);
    check_int(tpm_policy_or(session, &lab.policy, &lab.policy), TPM_POLICY_E_SESSION);
    check_int(tpm_policy_digest(session, &digest), TPM_POLICY_E_SESSION);
    tpm_policy_free(session);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

static void a_tpm_that_goes_away_fails_and_not_the_process(void)
{
    GateLab lab = gate_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmPolicy *session = gate_lab_session(tpm);
    TpmTicket none = { 0 };

    swtpm_end(&lab.swtpm);
    check_int(gate_lab_approve(&lab, session, -600, &none), -EIO);
    check_str(tpm->failure.finding, "tpm-unreachable");
    tpm_policy_free(session);
    tpm_context_free(tpm);
    swtpm_run(&lab.swtpm);
    gate_lab_stop(&lab);
}

static void every_no_has_a_finding(void)
{
    for (int no = TPM_POLICY_OK + 1; no <= TPM_POLICY_E_SESSION; no++)
        check(strncmp(tpm_policy_finding(no), "tpm-", 4) == 0);
}

static const Test tests[] = {
    { "a nonce has 24 bytes and is another each time",
      a_nonce_has_24_bytes_and_is_another_each_time },
    { "a nonce of another size is named", a_nonce_of_another_size_is_named },
    { "a TPM before 1.38 is named", a_tpm_before_1_38_is_named },
    { "offline digests equal those of a trial session, which gives no ticket",
      offline_digests_equal_those_of_a_trial_session },
    { "an approval makes a ticket and the digest", an_approval_makes_a_ticket_and_the_digest },
    { "one nonce serves several gates", one_nonce_serves_several_gates },
    { "a signature over another nonce, gate, machine or time, or by another key, is refused",
      a_signature_over_something_else_is_refused },
    { "a signature does not pass to another session",
      a_signature_does_not_pass_to_another_session },
    { "every flipped byte of a signature is refused",
      every_flipped_byte_of_a_signature_is_refused },
    { "an approval that never ends is not taken", an_approval_that_never_ends_is_not_taken },
    { "parts of a wrong size or kind are named", parts_of_a_wrong_size_or_kind_are_named },
    { "both branches of an OR are reached, and no third",
      both_branches_of_an_or_are_reached_and_no_third },
    { "a session that is gone is named", a_session_that_is_gone_is_named },
    { "a TPM that goes away fails the command and not the process",
      a_tpm_that_goes_away_fails_and_not_the_process },
    { "every no has a finding", every_no_has_a_finding },
};

TEST_MAIN(tests)
