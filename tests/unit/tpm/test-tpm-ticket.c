/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickets: what another session takes, what nobody takes, and what ends them.
 */
#include "gate-lab.h"

static void check_digest(TpmPolicy *session, const Digest *wanted)
{
    Digest found;

    check_int(tpm_policy_digest(session, &found), TPM_POLICY_OK);
    check(digest_equal(&found, wanted));
}

static void a_ticket_is_taken_by_another_session(void)
{
    GateLab lab = gate_lab_start();
    _cleanup_tpm_ticket_ TpmTicket ticket = gate_lab_ticket(&lab, -600);
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmPolicy *session = gate_lab_session(tpm);

    check_int(gate_lab_present(&lab, session, &ticket), TPM_POLICY_OK);
    check_digest(session, &lab.policy);
    tpm_policy_free(session);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

static void check_lost(const GateLab *lab, const TpmTicket *ticket, ByteView policy_ref,
                       ByteView key_name)
{
    TpmContext *tpm = swtpm_open(&lab->swtpm);
    TpmPolicy *session = gate_lab_session(tpm);

    check_int(tpm_policy_present(session, ticket, policy_ref, key_name), TPM_POLICY_E_LOST);
    check_str(tpm->failure.finding, "tpm-approval-lost");
    tpm_policy_free(session);
    tpm_context_free(tpm);
}

static void check_every_byte(const GateLab *lab, const TpmTicket *ticket, Bytes *part)
{
    for (size_t i = 0; i < part->size; i += 3) {
        part->data[i] ^= 0x10;
        check_lost(lab, ticket, digest_view(&lab->policy_ref), tpm_name_view(&lab->key_name));
        part->data[i] ^= 0x10;
    }
    part->size--;
    check_lost(lab, ticket, digest_view(&lab->policy_ref), tpm_name_view(&lab->key_name));
    part->size++;
}

static void an_altered_ticket_is_refused(void)
{
    GateLab lab = gate_lab_start();
    _cleanup_tpm_ticket_ TpmTicket ticket = gate_lab_ticket(&lab, -600);
    Digest other_ref;
    TpmName other_name = lab.key_name;

    check_every_byte(&lab, &ticket, &ticket.timeout);
    check_every_byte(&lab, &ticket, &ticket.digest);
    check_int(gate_policy_ref("other", VIEW(lab.ak_name), &other_ref), GATE_OK);
    check_lost(&lab, &ticket, digest_view(&other_ref), tpm_name_view(&lab.key_name));
    other_name.data[10] ^= 1;
    check_lost(&lab, &ticket, digest_view(&lab.policy_ref), tpm_name_view(&other_name));
    gate_lab_stop(&lab);
}

static void a_ticket_of_another_tpm_is_refused(void)
{
    GateLab lab = gate_lab_start();
    GateLab other = gate_lab_start();
    _cleanup_tpm_ticket_ TpmTicket ticket = { 0 };

    /* The same release key, gate and attestation key's Name: only the TPM differs. */
    key_free(other.release_key);
    other.release_key = key_ref(lab.release_key);
    other.policy_ref = lab.policy_ref;
    ticket = gate_lab_ticket(&other, -600);
    check_lost(&lab, &ticket, digest_view(&lab.policy_ref), tpm_name_view(&lab.key_name));
    gate_lab_stop(&other);
    gate_lab_stop(&lab);
}

static void a_ticket_dies_with_a_reset(void)
{
    static const struct {
        TPM2_SU shutdown;
        TPM2_SU startup;
    } ways[] = {
        { TPM2_SU_CLEAR, TPM2_SU_CLEAR }, /* reset */
        { TPM2_SU_STATE, TPM2_SU_CLEAR }, /* restart */
        { TPM2_SU_STATE, TPM2_SU_STATE }, /* resume */
    };
    GateLab lab = gate_lab_start();

    for (size_t i = 0; i < ELEMENTSOF(ways); i++) {
        _cleanup_tpm_ticket_ TpmTicket ticket = gate_lab_ticket(&lab, -600);
        gate_lab_reset(&lab, ways[i].shutdown, ways[i].startup);
        check_lost(&lab, &ticket, digest_view(&lab.policy_ref), tpm_name_view(&lab.key_name));
    }
    _cleanup_tpm_ticket_ TpmTicket ticket = gate_lab_ticket(&lab, -600);
    swtpm_restart(&lab.swtpm);
    check_lost(&lab, &ticket, digest_view(&lab.policy_ref), tpm_name_view(&lab.key_name));
    gate_lab_stop(&lab);
}

static void a_ticket_dies_with_the_owner(void)
{
    GateLab lab = gate_lab_start();
    _cleanup_tpm_ticket_ TpmTicket ticket = gate_lab_ticket(&lab, -600);
    TpmContext *tpm = swtpm_open(&lab.swtpm);

    check_int(
        Esys_Clear(tpm->esys, ESYS_TR_RH_LOCKOUT, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE),
        TSS2_RC_SUCCESS);
    tpm_context_free(tpm);
    check_lost(&lab, &ticket, digest_view(&lab.policy_ref), tpm_name_view(&lab.key_name));
    gate_lab_stop(&lab);
}

static void an_approval_out_of_time_is_refused(void)
{
    GateLab lab = gate_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmPolicy *first = gate_lab_session(tpm);
    TpmPolicy *second = gate_lab_session(tpm);
    _cleanup_tpm_ticket_ TpmTicket ticket = { 0 }, none = { 0 };

    check_int(gate_lab_approve(&lab, first, -3, &ticket), TPM_POLICY_OK);
    (void)usleep(3300000);
    check_int(gate_lab_approve(&lab, second, -3, &none), TPM_POLICY_E_EXPIRED);
    check_str(tpm->failure.finding, "tpm-approval-expired");
    tpm->failure.finding = NULL;
    check_int(gate_lab_present(&lab, second, &ticket), TPM_POLICY_E_EXPIRED);
    check_str(tpm->failure.finding, "tpm-approval-expired");
    tpm_policy_free(first);
    tpm_policy_free(second);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

static const Test tests[] = {
    { "a ticket is taken by another session", a_ticket_is_taken_by_another_session },
    { "an altered ticket, timeout, policyRef or Name is refused", an_altered_ticket_is_refused },
    { "a ticket of another TPM is refused", a_ticket_of_another_tpm_is_refused },
    { "a ticket dies with a reset, a restart and a resume", a_ticket_dies_with_a_reset },
    { "a ticket dies with the owner", a_ticket_dies_with_the_owner },
    { "an approval out of time is refused", an_approval_out_of_time_is_refused },
};

TEST_MAIN(tests)
