/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gate that the TPM opens: the verifier's signature over the session's nonce becomes a ticket.
 */
#include "base/clock.h"
#include "base/file.h"
#include "crypto/gate.h"
#include "secret/approval.h"
#include "worker/round-gate.h"

#include <errno.h>
#include <string.h>

/* The key in force, or the next one where that is what has signed; the TPM decides. May be NULL. */
static const Key *choose_key(const RequestGate *asked, const GateApproval *approval,
                             ByteView signature)
{
    bool is_next = asked->next_release_key &&
                   gate_verify(asked->next_release_key, approval, signature) == GATE_OK;

    return is_next ? asked->next_release_key : asked->release_key;
}

/* PolicySigned in a session that has been at another gate, perhaps. */
static int sign_session(RoundGates *gates, const TpmApproval *approval, TpmTicket *ret)
{
    int r = tpm_policy_restart(gates->policy);

    return r == TPM_POLICY_OK ? tpm_policy_sign(gates->policy, approval, ret) : r;
}

/* RET has the ticket and what it is for. 0; a named no of tpm-policy.h; negative errno. */
static int approve(RoundGates *gates, const RequestGate *asked, const OpenedGate *opened,
                   Approval *approval)
{
    Digest policy_ref;

    int r = gate_policy_ref(asked->name, VIEW(gates->ak_name), &policy_ref);
    if (r != GATE_OK)
        return r < 0 ? r : TPM_POLICY_E_MALFORMED;
    const GateApproval message = {
        .nonce_tpm = VIEW_OF_ARRAY(gates->nonce),
        .expiration_sec = opened->expiration_sec,
        .policy_ref = digest_view(&policy_ref),
    };
    const Key *key = choose_key(asked, &message, VIEW_OF_ARRAY(opened->signature));
    if (!key)
        return TPM_POLICY_E_RELEASE_KEY;
    const TpmApproval signed_by = {
        .release_key = key,
        .policy_ref = digest_view(&policy_ref),
        .expiration_sec = opened->expiration_sec,
        .signature = VIEW_OF_ARRAY(opened->signature),
    };
    r = sign_session(gates, &signed_by, &approval->ticket);
    if (r != TPM_POLICY_OK)
        return r;
    approval->gate = strdup(asked->name);
    if (!approval->gate)
        return -ENOMEM;
    memcpy(approval->policy_ref, policy_ref.data, sizeof(approval->policy_ref));
    memcpy(approval->ak_name.data, gates->ak_name.data, sizeof(approval->ak_name.data));
    r = gate_key_name(key, &approval->key_name);
    return r > 0 ? TPM_POLICY_E_RELEASE_KEY : r;
}

static int attach(RoundGates *gates, const RoundGate *gate, const Approval *approval, FdList *fds)
{
    _cleanup_wiped_bytes_ Bytes json = { 0 };

    int r = approval_emit(approval, &json);
    if (r < 0)
        return r;
    int fd = memfd_sealed("approval", VIEW(json));
    return fd < 0 ? fd : round_gate_attach(gates, gate, approval->expires_boottime_usec, fd, fds);
}

int round_gate_verifier(RoundGates *gates, const RoundGate *gate, FdList *fds)
{
    const OpenedGate *opened = gate->opened;
    _cleanup_approval_ Approval approval = { 0 };

    if (!gates->policy)
        return round_gate_warn(gates, opened->name, "gate-session-too-old", NULL);
    TpmContext *tpm = vtpm_context(gates->vtpm);
    tpm->failure = (TpmFailure){ 0 };
    int r = approve(gates, gate->asked, opened, &approval);
    if (r == -ENOMEM)
        return r;
    if (r != 0) {
        const char *finding = r > 0 ? tpm_policy_finding(r) : "tpm-command-refused";
        return round_gate_warn(gates, opened->name,
                               tpm->failure.finding ? tpm->failure.finding : finding,
                               tpm->failure.text);
    }
    uint64_t life_usec = (uint64_t)-opened->expiration_sec * USEC_PER_SEC;
    approval.expires_boottime_usec =
        MIN(gates->start_boottime_usec + life_usec, gate->verdict->expires_boottime_usec);
    return attach(gates, gate, &approval, fds);
}
