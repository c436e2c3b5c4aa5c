/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PolicySigned, PolicyTicket and PolicyOR in one session (TPM 2.0 Part 3, 23.3, 23.5, 23.6).
 * tpm-policy-state.c has PolicyNV and PolicyPCR.
 */
#include "tpm/tpm-policy.h"

#include "base/wipe.h"
#include "crypto/random.h"
#include "tpm/tpm-answer.h"
#include "tpm/tpm-key.h"

#include <errno.h>
#include <string.h>

#define REVISION_MIN 138 /* of the TPM library: errors in timeouts before (go-tpm pull 237) */

const char *tpm_policy_finding(int no)
{
    switch (no) {
    case TPM_POLICY_E_TOO_OLD:
        return "tpm-too-old";
    case TPM_POLICY_E_NONCE_SIZE:
        return "tpm-nonce-size";
    case TPM_POLICY_E_MALFORMED:
        return "tpm-approval-malformed";
    case TPM_POLICY_E_EXPIRATION:
        return "tpm-approval-expiration";
    case TPM_POLICY_E_RELEASE_KEY:
        return "tpm-release-key-unfit";
    case TPM_POLICY_E_REFUSED:
        return "tpm-approval-refused";
    case TPM_POLICY_E_EXPIRED:
        return "tpm-approval-expired";
    case TPM_POLICY_E_NO_TICKET:
        return "tpm-ticket-missing";
    case TPM_POLICY_E_LOST:
        return "tpm-approval-lost";
    case TPM_POLICY_E_SESSION:
        return "tpm-session-lost";
    case TPM_POLICY_E_PCRS:
        return "tpm-pcrs-differ";
    case TPM_POLICY_E_COUNTER:
        return "tpm-counter-differs";
    }
    return "tpm-policy-failed"; /* TPM_POLICY_E_FAILED */
}

static const TpmNo rows[] = {
    { TPM2_RC_NONCE, TPM_POLICY_E_REFUSED },   { TPM2_RC_SIGNATURE, TPM_POLICY_E_REFUSED },
    { TPM2_RC_EXPIRED, TPM_POLICY_E_EXPIRED }, { TPM2_RC_TICKET, TPM_POLICY_E_LOST },
    { TPM2_RC_SIZE, TPM_POLICY_E_LOST },       { TPM2_RC_VALUE, TPM_POLICY_E_FAILED },
    TPM_NO_GONE(TPM_POLICY_E_SESSION),
};

static const TpmNoTable noes = { rows, ELEMENTSOF(rows), tpm_policy_finding };

static int say(TpmPolicy *policy, int no, const char *text)
{
    return tpm_say_no(policy->tpm, &noes, no, text);
}

TpmPolicy *tpm_policy_free(TpmPolicy *policy)
{
    if (!policy)
        return NULL;
    tpm_flush(policy->tpm, &policy->session);
    free(policy);
    return NULL;
}

void tpm_ticket_done(TpmTicket *ticket)
{
    bytes_wipe_done(&ticket->timeout);
    bytes_wipe_done(&ticket->digest);
    *ticket = (TpmTicket){ 0 };
}

static int check_revision(TpmContext *tpm)
{
    _cleanup_esys_ TPMS_CAPABILITY_DATA *data = NULL;
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    do
        rc = Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                TPM2_CAP_TPM_PROPERTIES, TPM2_PT_REVISION, 1, NULL, &data);
    while (tpm_retry(&patience, rc));

    int r = tpm_result(tpm, "TPM2_GetCapability", rc);
    if (r < 0)
        return r;

    const TPML_TAGGED_TPM_PROPERTY *list = &data->data.tpmProperties;
    if (list->count == 0 || list->tpmProperty[0].property != TPM2_PT_REVISION ||
        list->tpmProperty[0].value < REVISION_MIN)
        return tpm_say_no(tpm, &noes, TPM_POLICY_E_TOO_OLD, "TPM library before 1.38");
    return TPM_POLICY_OK;
}

static int start_session(TpmPolicy *policy)
{
    const TPMT_SYM_DEF symmetric = { .algorithm = TPM2_ALG_NULL };
    TPM2B_NONCE nonce = { .size = GATE_NONCE_SIZE }; /* nonceTPM becomes as long as this */
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    int r = random_fill(nonce.buffer, nonce.size);
    if (r < 0)
        return r;
    do
        rc = Esys_StartAuthSession(policy->tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                   ESYS_TR_NONE, ESYS_TR_NONE, &nonce, TPM2_SE_POLICY, &symmetric,
                                   TPM2_ALG_SHA256, &policy->session);
    while (tpm_retry(&patience, rc));
    if (rc != TSS2_RC_SUCCESS)
        policy->session = ESYS_TR_NONE;
    return tpm_result(policy->tpm, "TPM2_StartAuthSession", rc);
}

static int take_nonce(TpmPolicy *policy)
{
    _cleanup_esys_ TPM2B_NONCE *nonce = NULL;

    int r = tpm_result(policy->tpm, "Esys_TRSess_GetNonceTPM",
                       Esys_TRSess_GetNonceTPM(policy->tpm->esys, policy->session, &nonce));
    if (r < 0)
        return r;
    if (nonce->size != sizeof(policy->nonce))
        return say(policy, TPM_POLICY_E_NONCE_SIZE, "nonceTPM has not 24 bytes");
    memcpy(policy->nonce, nonce->buffer, sizeof(policy->nonce));
    return TPM_POLICY_OK;
}

int tpm_policy_start(TpmContext *tpm, TpmPolicy **ret)
{
    int r = check_revision(tpm);

    if (r != TPM_POLICY_OK)
        return r;

    _cleanup_(tpm_policy_freep) TpmPolicy *policy = malloc(sizeof(*policy));
    if (!policy)
        return -ENOMEM;
    *policy = (TpmPolicy){ .tpm = tpm, .session = ESYS_TR_NONE };
    r = start_session(policy);
    if (r < 0)
        return r;
    r = take_nonce(policy);
    if (r != TPM_POLICY_OK)
        return r;
    *ret = TAKE_PTR(policy);
    return TPM_POLICY_OK;
}

/* The frozen area as the TPM takes it. */
static int area_of(TpmPolicy *policy, const Key *release_key, TPM2B_PUBLIC *ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    int r = gate_key_public(release_key, &bytes);
    if (r < 0)
        return r;
    if (r != GATE_OK || tpm_key_parse(VIEW(bytes), &ret->publicArea) != TPM_KEY_OK)
        return say(policy, TPM_POLICY_E_RELEASE_KEY, "the release key is not P-256");
    return TPM_POLICY_OK;
}

/* Does the TPM call the loaded key as the sealed policies do? */
static int check_name(TpmPolicy *policy, ESYS_TR key, const Key *release_key)
{
    _cleanup_esys_ TPM2B_NAME *found = NULL;
    TpmName wanted;

    int r =
        tpm_result(policy->tpm, "Esys_TR_GetName", Esys_TR_GetName(policy->tpm->esys, key, &found));
    if (r < 0)
        return r;
    r = gate_key_name(release_key, &wanted);
    if (r < 0)
        return r;
    if (r != GATE_OK || !view_equal((ByteView){ found->name, found->size }, tpm_name_view(&wanted)))
        return say(policy, TPM_POLICY_E_RELEASE_KEY, "the TPM gives the key another Name");
    return TPM_POLICY_OK;
}

/* Under the owner hierarchy, whose proof makes the ticket. */
static int load_release_key(TpmPolicy *policy, const Key *release_key, ESYS_TR *ret)
{
    TPM2B_PUBLIC area = { 0 };
    TpmPatience patience = { 0 };
    ESYS_TR key = ESYS_TR_NONE;
    TSS2_RC rc;

    int r = area_of(policy, release_key, &area);
    if (r != TPM_POLICY_OK)
        return r;
    do
        rc = Esys_LoadExternal(policy->tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL,
                               &area, ESYS_TR_RH_OWNER, &key);
    while (tpm_retry(&patience, rc));
    r = tpm_result(policy->tpm, "TPM2_LoadExternal", rc);
    if (r < 0)
        return r;
    r = check_name(policy, key, release_key);
    if (r != TPM_POLICY_OK) {
        tpm_flush(policy->tpm, &key);
        return r;
    }
    *ret = key;
    return TPM_POLICY_OK;
}

static int check_approval(TpmPolicy *policy, const TpmApproval *approval)
{
    if (approval->expiration_sec < GATE_EXPIRATION_MIN ||
        approval->expiration_sec > GATE_EXPIRATION_MAX)
        return say(policy, TPM_POLICY_E_EXPIRATION, "expiration is not from -3600 to -1");
    if (approval->policy_ref.size != GATE_POLICY_SIZE ||
        approval->signature.size != GATE_SIGNATURE_SIZE)
        return say(policy, TPM_POLICY_E_MALFORMED, "policyRef or signature of a wrong size");
    return TPM_POLICY_OK;
}

static TPMT_SIGNATURE signature_of(ByteView raw)
{
    TPMT_SIGNATURE signature = { .sigAlg = TPM2_ALG_ECDSA };
    TPMS_SIGNATURE_ECDSA *ecdsa = &signature.signature.ecdsa;
    const uint16_t half = GATE_SIGNATURE_SIZE / 2;

    ecdsa->hash = TPM2_ALG_SHA256;
    ecdsa->signatureR.size = half;
    ecdsa->signatureS.size = half;
    memcpy(ecdsa->signatureR.buffer, raw.data, half);
    memcpy(ecdsa->signatureS.buffer, raw.data + half, half);
    return signature;
}

/* What PolicySigned gives back. */
typedef struct Granted {
    TPM2B_TIMEOUT *timeout;
    TPMT_TK_AUTH *ticket;
} Granted;

static void granted_done(Granted *granted)
{
    if (granted->timeout)
        wipe(granted->timeout, sizeof(*granted->timeout));
    if (granted->ticket)
        wipe(granted->ticket, sizeof(*granted->ticket));
    Esys_Free(granted->timeout);
    Esys_Free(granted->ticket);
}

static int ask(TpmPolicy *policy, ESYS_TR key, const TpmApproval *approval, Granted *granted)
{
    const TPMT_SIGNATURE signature = signature_of(approval->signature);
    const TPM2B_DIGEST any_command = { 0 }; /* no cpHash: the message keeps one reading */
    TPM2B_NONCE nonce = { .size = sizeof(policy->nonce) };
    TPM2B_NONCE reference = { .size = GATE_POLICY_SIZE };
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    memcpy(nonce.buffer, policy->nonce, nonce.size);
    memcpy(reference.buffer, approval->policy_ref.data, reference.size);
    do
        rc = Esys_PolicySigned(policy->tpm->esys, key, policy->session, ESYS_TR_NONE, ESYS_TR_NONE,
                               ESYS_TR_NONE, &nonce, &any_command, &reference,
                               (INT32)approval->expiration_sec, &signature, &granted->timeout,
                               &granted->ticket);
    while (tpm_retry(&patience, rc));
    return tpm_answer(policy->tpm, &noes, "TPM2_PolicySigned", rc);
}

static bool is_part(size_t size)
{
    return size > 0 && size <= TPM_TICKET_PART_MAX;
}

static int keep(TpmPolicy *policy, const Granted *granted, TpmTicket *ret)
{
    const TPMT_TK_AUTH *given = granted->ticket;
    _cleanup_tpm_ticket_ TpmTicket ticket = { .tag = given->tag, .hierarchy = given->hierarchy };

    if (given->tag != TPM2_ST_AUTH_SIGNED || given->hierarchy != TPM2_RH_OWNER ||
        !is_part(given->digest.size) || !is_part(granted->timeout->size))
        return say(policy, TPM_POLICY_E_NO_TICKET, "the TPM gave no ticket");

    int r = bytes_copy((ByteView){ given->digest.buffer, given->digest.size }, &ticket.digest);
    if (r == 0)
        r = bytes_copy((ByteView){ granted->timeout->buffer, granted->timeout->size },
                       &ticket.timeout);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(ticket);
    return TPM_POLICY_OK;
}

int tpm_policy_sign(TpmPolicy *policy, const TpmApproval *approval, TpmTicket *ret)
{
    _cleanup_(granted_done) Granted granted = { 0 };
    ESYS_TR key = ESYS_TR_NONE;

    int r = check_approval(policy, approval);
    if (r != TPM_POLICY_OK)
        return r;
    r = load_release_key(policy, approval->release_key, &key);
    if (r != TPM_POLICY_OK)
        return r;
    r = ask(policy, key, approval, &granted);
    tpm_flush(policy->tpm, &key);
    if (r != TPM_POLICY_OK)
        return r;
    return keep(policy, &granted, ret);
}

int tpm_policy_restart(TpmPolicy *policy)
{
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    do
        rc = Esys_PolicyRestart(policy->tpm->esys, policy->session, ESYS_TR_NONE, ESYS_TR_NONE,
                                ESYS_TR_NONE);
    while (tpm_retry(&patience, rc));
    return tpm_answer(policy->tpm, &noes, "TPM2_PolicyRestart", rc);
}

static bool is_presentable(const TpmTicket *ticket, ByteView policy_ref, ByteView key_name)
{
    return is_part(ticket->timeout.size) && is_part(ticket->digest.size) &&
           ticket->tag == TPM2_ST_AUTH_SIGNED && ticket->hierarchy == TPM2_RH_OWNER &&
           policy_ref.size == GATE_POLICY_SIZE && key_name.size == TPM_NAME_SIZE;
}

int tpm_policy_present(TpmPolicy *policy, const TpmTicket *ticket, ByteView policy_ref,
                       ByteView key_name)
{
    const TPM2B_DIGEST any_command = { 0 };
    TPM2B_TIMEOUT timeout = { .size = (uint16_t)ticket->timeout.size };
    TPMT_TK_AUTH proof = { .tag = ticket->tag, .hierarchy = ticket->hierarchy };
    TPM2B_NONCE reference = { .size = GATE_POLICY_SIZE };
    TPM2B_NAME name = { .size = TPM_NAME_SIZE };
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    if (!is_presentable(ticket, policy_ref, key_name))
        return say(policy, TPM_POLICY_E_MALFORMED, "ticket, policyRef or Name of a wrong kind");
    memcpy(timeout.buffer, ticket->timeout.data, timeout.size);
    proof.digest.size = (uint16_t)ticket->digest.size;
    memcpy(proof.digest.buffer, ticket->digest.data, proof.digest.size);
    memcpy(reference.buffer, policy_ref.data, reference.size);
    memcpy(name.name, key_name.data, name.size);
    do
        rc = Esys_PolicyTicket(policy->tpm->esys, policy->session, ESYS_TR_NONE, ESYS_TR_NONE,
                               ESYS_TR_NONE, &timeout, &any_command, &reference, &name, &proof);
    while (tpm_retry(&patience, rc));
    wipe(&timeout, sizeof(timeout));
    wipe(&proof, sizeof(proof));
    return tpm_answer(policy->tpm, &noes, "TPM2_PolicyTicket", rc);
}

int tpm_policy_or(TpmPolicy *policy, const Digest *current, const Digest *next)
{
    const Digest *const branches[] = { current, next };
    TPML_DIGEST list = { .count = ELEMENTSOF(branches) };
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    for (size_t i = 0; i < ELEMENTSOF(branches); i++) {
        if (branches[i]->size != GATE_POLICY_SIZE)
            return say(policy, TPM_POLICY_E_MALFORMED, "a branch of a wrong size");
        list.digests[i].size = GATE_POLICY_SIZE;
        memcpy(list.digests[i].buffer, branches[i]->data, GATE_POLICY_SIZE);
    }
    do
        rc = Esys_PolicyOR(policy->tpm->esys, policy->session, ESYS_TR_NONE, ESYS_TR_NONE,
                           ESYS_TR_NONE, &list);
    while (tpm_retry(&patience, rc));
    return tpm_answer(policy->tpm, &noes, "TPM2_PolicyOR", rc);
}

int tpm_policy_digest(TpmPolicy *policy, Digest *ret)
{
    _cleanup_esys_ TPM2B_DIGEST *found = NULL;
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    do
        rc = Esys_PolicyGetDigest(policy->tpm->esys, policy->session, ESYS_TR_NONE, ESYS_TR_NONE,
                                  ESYS_TR_NONE, &found);
    while (tpm_retry(&patience, rc));

    int r = tpm_answer(policy->tpm, &noes, "TPM2_PolicyGetDigest", rc);
    if (r != TPM_POLICY_OK)
        return r;
    if (found->size > DIGEST_SIZE_MAX)
        return -EBADMSG;

    Digest digest = { .size = found->size };
    memcpy(digest.data, found->buffer, found->size);
    *ret = digest;
    return TPM_POLICY_OK;
}
