/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A data key sealed in a real swtpm, opened by approvals of a software verifier and by nothing
 * else.
 */
#include "gate-lab.h"

#include <time.h>
#include <tss2/tss2_mu.h>

static const ByteView any = { 0 };

/* As the next process does it, long after the round. */
static void in_another_process(const GateLab *lab, const TpmTicket *ticket, int wanted)
{
    int status;
    pid_t pid = fork();

    check(pid >= 0);
    if (pid == 0)
        _exit(gate_lab_release(lab, ticket) == wanted ? 0 : 1);
    check_int(waitpid(pid, &status, 0), pid);
    check_int(status, 0);
}

static void a_ticket_opens_it_in_another_process_again_and_again(void)
{
    GateLab lab = gate_lab_start();
    _cleanup_tpm_ticket_ TpmTicket ticket = gate_lab_ticket(&lab, -600);

    for (int i = 0; i < 3; i++)
        in_another_process(&lab, &ticket, TPM_SEAL_OK);
    gate_lab_stop(&lab);
}

static void the_session_that_was_approved_opens_it_once(void)
{
    GateLab lab = gate_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmPolicy *session = gate_lab_session(tpm);
    _cleanup_tpm_ticket_ TpmTicket ticket = { 0 };

    check_int(gate_lab_approve(&lab, session, -600, &ticket), TPM_POLICY_OK);
    check_int(gate_lab_unseal(&lab, session, &lab.policy), TPM_SEAL_OK);
    check_int(gate_lab_unseal(&lab, session, &lab.policy), TPM_SEAL_E_REFUSED);
    tpm_policy_free(session);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

/* Unseals after REF was approved by KEY, and not for what the lab's key is sealed to. */
static void check_policy_fails(const GateLab *lab, const Key *key, const Digest *policy_ref)
{
    TpmContext *tpm = swtpm_open(&lab->swtpm);
    TpmPolicy *session = gate_lab_session(tpm);
    _cleanup_bytes_ Bytes signature =
        gate_lab_sign(key, VIEW_OF_ARRAY(session->nonce), -600, policy_ref);
    const TpmApproval approval = { key, digest_view(policy_ref), -600, VIEW(signature) };
    _cleanup_tpm_ticket_ TpmTicket ticket = { 0 };
    Digest other = gate_lab_policy(key, policy_ref);

    check_int(tpm_policy_sign(session, &approval, &ticket), TPM_POLICY_OK);
    check_int(gate_lab_unseal(lab, session, &lab->policy), TPM_SEAL_E_REFUSED);
    check_str(tpm->failure.finding, "tpm-policy-failed");
    check(strstr(tpm->failure.text, "TPM2_Unseal"));
    check_int(gate_lab_unseal(lab, session, &other), TPM_SEAL_E_POLICY);
    check_str(tpm->failure.finding, "tpm-sealed-policy");
    tpm_policy_free(session);
    tpm_context_free(tpm);
}

static void another_gate_machine_or_release_key_does_not_open_it(void)
{
    GateLab lab = gate_lab_start();
    _cleanup_(key_freep) Key *other_key = gate_lab_key();
    _cleanup_bytes_ Bytes other_ak = { 0 };
    Digest other_gate, other_machine;

    check_int(bytes_copy(VIEW(lab.ak_name), &other_ak), 0);
    other_ak.data[33] ^= 1;
    check_int(gate_policy_ref("other", VIEW(lab.ak_name), &other_gate), GATE_OK);
    check_int(gate_policy_ref(GATE_LAB_GATE, VIEW(other_ak), &other_machine), GATE_OK);
    check_policy_fails(&lab, lab.release_key, &other_gate);
    check_policy_fails(&lab, lab.release_key, &other_machine);
    check_policy_fails(&lab, other_key, &lab.policy_ref);
    gate_lab_stop(&lab);
}

/* Root with TPM commands alone. */
static void no_approval_does_not_open_it(void)
{
    GateLab lab = gate_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmPolicy *session = gate_lab_session(tpm);
    _cleanup_esys_ TPM2B_SENSITIVE_DATA *data = NULL;
    TPM2B_PRIVATE private_area = { 0 };
    TPM2B_PUBLIC public_area = { 0 };
    TpmKey *parent = NULL;
    ESYS_TR object;

    check_int(gate_lab_unseal(&lab, session, &lab.policy), TPM_SEAL_E_REFUSED);
    tpm_policy_free(session);
    check_int(tpm_storage_key_find(tpm, any, &parent), TPM_STORAGE_KEY_OK);
    check_int(Tss2_MU_TPM2B_PUBLIC_Unmarshal(lab.sealed.public_area.data,
                                             lab.sealed.public_area.size, NULL, &public_area),
              TSS2_RC_SUCCESS);
    check_int(Tss2_MU_TPM2B_PRIVATE_Unmarshal(lab.sealed.private_area.data,
                                              lab.sealed.private_area.size, NULL, &private_area),
              TSS2_RC_SUCCESS);
    check_int(Esys_Load(tpm->esys, parent->handle, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                        &private_area, &public_area, &object),
              TSS2_RC_SUCCESS);
    check_int(Esys_Unseal(tpm->esys, object, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &data),
              TPM2_RC_AUTH_UNAVAILABLE);
    tpm_flush(tpm, &object);
    tpm_key_free(parent);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

/* Approves with KEY, goes through the OR, and unseals what is sealed to EITHER. */
static int open_by_or(const GateLab *lab, const Key *key, const Digest *next, const Digest *either)
{
    TpmContext *tpm = swtpm_open(&lab->swtpm);
    TpmPolicy *session = gate_lab_session(tpm);
    _cleanup_bytes_ Bytes signature =
        gate_lab_sign(key, VIEW_OF_ARRAY(session->nonce), -600, &lab->policy_ref);
    const TpmApproval approval = { key, digest_view(&lab->policy_ref), -600, VIEW(signature) };
    _cleanup_tpm_ticket_ TpmTicket ticket = { 0 };
    TpmName name;

    check_int(tpm_policy_sign(session, &approval, &ticket), TPM_POLICY_OK);
    check_int(tpm_policy_restart(session), TPM_POLICY_OK);
    check_int(gate_key_name(key, &name), GATE_OK);
    check_int(
        tpm_policy_present(session, &ticket, digest_view(&lab->policy_ref), tpm_name_view(&name)),
        TPM_POLICY_OK);
    if (next)
        check_int(tpm_policy_or(session, &lab->policy, next), TPM_POLICY_OK);
    int r = gate_lab_unseal(lab, session, either);
    tpm_policy_free(session);
    tpm_context_free(tpm);
    return r;
}

static void the_present_and_the_next_release_key_open_it(void)
{
    GateLab lab = gate_lab_start();
    _cleanup_(key_freep) Key *next_key = gate_lab_key();
    Digest next = gate_lab_policy(next_key, &lab.policy_ref), either;

    check_int(gate_policy_or(&lab.policy, &next, &either), 0);
    gate_lab_seal(&lab, &either);
    check_int(open_by_or(&lab, lab.release_key, &next, &either), TPM_SEAL_OK);
    check_int(open_by_or(&lab, next_key, &next, &either), TPM_SEAL_OK);
    check_int(open_by_or(&lab, next_key, NULL, &either), TPM_SEAL_E_REFUSED);
    gate_lab_stop(&lab);
}

static void an_approval_that_runs_out_before_the_end_does_not_open_it(void)
{
    GateLab lab = gate_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmPolicy *session = gate_lab_session(tpm);
    _cleanup_tpm_ticket_ TpmTicket ticket = { 0 };

    check_int(gate_lab_approve(&lab, session, -3, &ticket), TPM_POLICY_OK);
    (void)usleep(3300000);
    check_int(gate_lab_unseal(&lab, session, &lab.policy), TPM_SEAL_E_EXPIRED);
    check_str(tpm->failure.finding, "tpm-approval-expired");
    tpm_policy_free(session);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

static void a_session_or_key_that_is_gone_is_named(void)
{
    GateLab lab = gate_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm), *other = NULL;
    TpmPolicy *session = gate_lab_session(tpm);
    TpmKey *parent = NULL;
    Secret *none = NULL;

    check_int(tpm_storage_key_find(tpm, any, &parent), TPM_STORAGE_KEY_OK);
    const TpmUnseal wanted = { parent, VIEW(lab.parent_name), &lab.sealed, &lab.policy };

    /* Another program flushes what is not its own. */
    other = swtpm_open(&lab.swtpm);
    ESYS_TR flushed = ESYS_TR_NONE;
    uint32_t handle = 0;
    check_int(Esys_TR_GetTpmHandle(tpm->esys, session->session, &handle), TSS2_RC_SUCCESS);
    check_int(Esys_TR_FromTPMPublic(other->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                    &flushed),
              TSS2_RC_SUCCESS);
    check_int(Esys_FlushContext(other->esys, flushed), TSS2_RC_SUCCESS);
    tpm_context_free(other);
    check_int(tpm_unseal(session, &wanted, &none), TPM_SEAL_E_SESSION);
    check_str(tpm->failure.finding, "tpm-session-lost");

    gate_lab_reset(&lab, TPM2_SU_CLEAR, TPM2_SU_CLEAR);
    tpm->failure.finding = NULL;
    check_int(tpm_unseal(session, &wanted, &none), TPM_SEAL_E_SESSION);
    check_str(tpm->failure.finding, "tpm-session-lost");
    tpm_policy_free(session);
    tpm_key_free(parent);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

typedef enum SavedWhen { SAVED_BEFORE_APPROVAL, SAVED_BEFORE_UNSEAL } SavedWhen;

/* The round's session, saved, carried over Shutdown(STATE) and Startup, and loaded again. */
static void check_saved_session_fails(TPM2_SU startup, SavedWhen when)
{
    GateLab lab = gate_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmPolicy *session = gate_lab_session(tpm);
    _cleanup_tpm_ticket_ TpmTicket ticket = { 0 };
    _cleanup_esys_ TPMS_CONTEXT *saved = NULL;

    if (when == SAVED_BEFORE_UNSEAL)
        check_int(gate_lab_approve(&lab, session, -600, &ticket), TPM_POLICY_OK);
    check_int(Esys_ContextSave(tpm->esys, session->session, &saved), TSS2_RC_SUCCESS);
    tpm_context_free(tpm);
    gate_lab_reset(&lab, TPM2_SU_STATE, startup);
    session->tpm = tpm = swtpm_open(&lab.swtpm);
    session->session = ESYS_TR_NONE;
    check_int(Esys_ContextLoad(tpm->esys, saved, &session->session), TSS2_RC_SUCCESS);
    if (when == SAVED_BEFORE_APPROVAL)
        check_int(gate_lab_approve(&lab, session, -600, &ticket), TPM_POLICY_E_EXPIRED);
    else
        check_int(gate_lab_unseal(&lab, session, &lab.policy), TPM_SEAL_E_EXPIRED);
    check_str(tpm->failure.finding, "tpm-approval-expired");
    tpm_policy_free(session);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

static void a_saved_session_does_not_outlive_a_start_of_the_tpm(void)
{
    static const TPM2_SU startups[] = { TPM2_SU_STATE, TPM2_SU_CLEAR };

    for (size_t i = 0; i < ELEMENTSOF(startups); i++) {
        check_saved_session_fails(startups[i], SAVED_BEFORE_APPROVAL);
        check_saved_session_fails(startups[i], SAVED_BEFORE_UNSEAL);
    }
}

/* Unseals with an approval; all is right but what the caller changed. */
static int try_open(const GateLab *lab, const TpmKey *parent, ByteView parent_name,
                    const TpmSealed *sealed)
{
    TpmPolicy *session = gate_lab_session(parent->tpm);
    const TpmUnseal wanted = { parent, parent_name, sealed, &lab->policy };
    _cleanup_tpm_ticket_ TpmTicket ticket = { 0 };
    Secret *key = NULL;

    check_int(gate_lab_approve(lab, session, -600, &ticket), TPM_POLICY_OK);
    int r = tpm_unseal(session, &wanted, &key);
    check((r == TPM_SEAL_OK) == (key != NULL));
    if (r > 0)
        check_str(parent->tpm->failure.finding, tpm_seal_finding(r));
    secret_free(key);
    tpm_policy_free(session);
    return r;
}

static void another_storage_key_does_not_open_it(void)
{
    GateLab lab = gate_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    _cleanup_bytes_ Bytes wrong_name = { 0 };
    TpmKey *parent = NULL, *other = NULL;
    TPMT_PUBLIC template;

    check_int(tpm_storage_key_find(tpm, VIEW(lab.parent_name), &parent), TPM_STORAGE_KEY_OK);
    check_int(try_open(&lab, parent, VIEW(parent->name), &lab.sealed), TPM_SEAL_OK);
    check_int(bytes_copy(VIEW(parent->name), &wrong_name), 0);
    wrong_name.data[7] ^= 1;
    check_int(try_open(&lab, parent, VIEW(wrong_name), &lab.sealed), TPM_SEAL_E_PARENT);
    check_int(try_open(&lab, parent, any, &lab.sealed), TPM_SEAL_E_PARENT);

    check_int(tpm_key_parse(VIEW(parent->public_area), &template), TPM_KEY_OK);
    parent = tpm_key_free(parent);
    template.unique.ecc = (TPMS_ECC_POINT){ .x.size = 0, .y.size = 0 };
    check_int(tpm_key_create(tpm, ESYS_TR_RH_OWNER, &template, &other), 0);
    check_int(try_open(&lab, other, VIEW(lab.parent_name), &lab.sealed), TPM_SEAL_E_PARENT);
    check_int(try_open(&lab, other, VIEW(other->name), &lab.sealed), TPM_SEAL_E_FOREIGN);
    tpm_key_free(other);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

static void a_key_that_is_no_storage_key_takes_nothing(void)
{
    GateLab lab = gate_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmKey *ak = NULL;
    TpmSealed none = { 0 };
    Secret *key = NULL, *shorter = NULL, *longer = NULL;
    const uint8_t bytes[33] = { 1 };

    check_int(secret_new((ByteView){ bytes, 32 }, &key), 0);
    check_int(secret_new((ByteView){ bytes, 31 }, &shorter), 0);
    check_int(secret_new((ByteView){ bytes, 33 }, &longer), 0);
    check_int(tpm_attestation_key_find(tpm, "template", &ak), TPM_ATTESTATION_KEY_OK);
    check_int(tpm_seal(ak, VIEW(ak->name), &lab.policy, key, &none), TPM_SEAL_E_PARENT);
    check_int(tpm_seal(ak, VIEW(ak->name), &lab.policy, shorter, &none), -EINVAL);
    check_int(tpm_seal(ak, VIEW(ak->name), &lab.policy, longer, &none), -EINVAL);
    check(none.public_area.data == NULL);
    secret_free(key);
    secret_free(shorter);
    secret_free(longer);
    tpm_key_free(ak);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

static void altered_parts_do_not_open(void)
{
    GateLab lab = gate_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    Bytes *private_area = &lab.sealed.private_area, *public_area = &lab.sealed.public_area;
    TpmKey *parent = NULL;

    check_int(tpm_storage_key_find(tpm, any, &parent), TPM_STORAGE_KEY_OK);
    for (size_t i = 2; i < private_area->size; i += 13) {
        private_area->data[i] ^= 1;
        check_int(try_open(&lab, parent, VIEW(parent->name), &lab.sealed), TPM_SEAL_E_FOREIGN);
        private_area->data[i] ^= 1;
    }
    /* unique, which binds the data */
    public_area->data[public_area->size - 1] ^= 1;
    check_int(try_open(&lab, parent, VIEW(parent->name), &lab.sealed), TPM_SEAL_E_FOREIGN);
    public_area->data[public_area->size - 1] ^= 1;
    private_area->size--;
    check_int(try_open(&lab, parent, VIEW(parent->name), &lab.sealed), TPM_SEAL_E_MALFORMED);
    private_area->size++;
    check_int(bytes_append_u8(private_area, 0), 0);
    check_int(try_open(&lab, parent, VIEW(parent->name), &lab.sealed), TPM_SEAL_E_MALFORMED);
    private_area->size = 0;
    check_int(try_open(&lab, parent, VIEW(parent->name), &lab.sealed), TPM_SEAL_E_MALFORMED);
    tpm_key_free(parent);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

static void only_the_frozen_shape_is_let_through(void)
{
    GateLab lab = gate_lab_start();
    _cleanup_bytes_ Bytes area = { 0 };
    Digest other = lab.policy;

    check_int(bytes_copy(VIEW(lab.sealed.public_area), &area), 0);
    check_int(tpm_seal_check(VIEW(area), &lab.policy), TPM_SEAL_OK);
    other.data[31] ^= 1;
    check_int(tpm_seal_check(VIEW(area), &other), TPM_SEAL_E_POLICY);
    other.size = 0;
    check_int(tpm_seal_check(VIEW(area), &other), TPM_SEAL_E_POLICY);
    /* size 0, type 2, nameAlg 4, attributes 6, policy 10, scheme 44, unique 46 */
    for (size_t bit = 0; bit < 8 * 48; bit++) {
        area.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        check(tpm_seal_check(VIEW(area), &lab.policy) != TPM_SEAL_OK);
        if (bit / 8 >= 2 && bit / 8 < 10)
            check_int(tpm_seal_check(VIEW(area), &lab.policy), TPM_SEAL_E_SHAPE);
        area.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t size = 0; size < area.size; size++)
        check_int(tpm_seal_check((ByteView){ area.data, size }, &lab.policy), TPM_SEAL_E_MALFORMED);
    check_int(bytes_append_u8(&area, 0), 0);
    check_int(tpm_seal_check(VIEW(area), &lab.policy), TPM_SEAL_E_MALFORMED);
    gate_lab_stop(&lab);
}

/* What an attacker with the TPM makes, to have it taken for ours. */
static void seal_otherwise(GateLab *lab, const TpmKey *parent, TPMA_OBJECT attributes,
                           uint16_t size)
{
    const TPM2B_DATA outside = { 0 };
    const TPML_PCR_SELECTION registers = { 0 };
    TPM2B_SENSITIVE_CREATE sensitive = { .sensitive.data.size = size };
    TPM2B_PUBLIC area = {
        .publicArea = {
            .type = TPM2_ALG_KEYEDHASH,
            .nameAlg = TPM2_ALG_SHA256,
            .objectAttributes = attributes,
            .authPolicy = { .size = GATE_POLICY_SIZE },
            .parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL,
        },
    };
    _cleanup_esys_ TPM2B_PRIVATE *made_private = NULL;
    _cleanup_esys_ TPM2B_PUBLIC *made_public = NULL;
    uint8_t buffer[1024];
    size_t used = 0;

    memcpy(area.publicArea.authPolicy.buffer, lab->policy.data, GATE_POLICY_SIZE);
    check_int(Esys_Create(parent->tpm->esys, parent->handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                          ESYS_TR_NONE, &sensitive, &area, &outside, &registers, &made_private,
                          &made_public, NULL, NULL, NULL),
              TSS2_RC_SUCCESS);
    tpm_sealed_done(&lab->sealed);
    check_int(Tss2_MU_TPM2B_PUBLIC_Marshal(made_public, buffer, sizeof(buffer), &used), 0);
    check_int(bytes_copy((ByteView){ buffer, used }, &lab->sealed.public_area), 0);
    used = 0;
    check_int(Tss2_MU_TPM2B_PRIVATE_Marshal(made_private, buffer, sizeof(buffer), &used), 0);
    check_int(bytes_copy((ByteView){ buffer, used }, &lab->sealed.private_area), 0);
}

static void keys_sealed_otherwise_are_refused(void)
{
    const TPMA_OBJECT ours = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_NODA;
    const TPMA_OBJECT others[] = {
        ours | TPMA_OBJECT_USERWITHAUTH,
        ours & ~(TPMA_OBJECT)TPMA_OBJECT_NODA,
        TPMA_OBJECT_NODA, /* could leave this TPM */
        ours | TPMA_OBJECT_ADMINWITHPOLICY,
    };
    GateLab lab = gate_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmKey *parent = NULL;

    check_int(tpm_storage_key_find(tpm, any, &parent), TPM_STORAGE_KEY_OK);
    for (size_t i = 0; i < ELEMENTSOF(others); i++) {
        seal_otherwise(&lab, parent, others[i], TPM_SEAL_KEY_SIZE);
        check_int(try_open(&lab, parent, VIEW(parent->name), &lab.sealed), TPM_SEAL_E_SHAPE);
    }
    seal_otherwise(&lab, parent, ours, TPM_SEAL_KEY_SIZE);
    check_int(try_open(&lab, parent, VIEW(parent->name), &lab.sealed), TPM_SEAL_OK);
    seal_otherwise(&lab, parent, ours, 16);
    check_int(try_open(&lab, parent, VIEW(parent->name), &lab.sealed), TPM_SEAL_E_SIZE);
    tpm_key_free(parent);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

/* With the disk of one machine in another. */
static void another_tpm_does_not_open_it(void)
{
    GateLab lab = gate_lab_start();
    GateLab other = gate_lab_start();
    TpmContext *tpm = swtpm_open(&other.swtpm);
    TpmKey *parent = NULL;

    check_int(tpm_storage_key_find(tpm, VIEW(lab.parent_name), &parent), TPM_STORAGE_KEY_E_OTHER);
    check_int(tpm_storage_key_find(tpm, any, &parent), TPM_STORAGE_KEY_OK);
    other.policy_ref = lab.policy_ref;
    key_free(other.release_key);
    other.release_key = key_ref(lab.release_key);
    other.policy = lab.policy;
    check_int(try_open(&other, parent, VIEW(lab.parent_name), &lab.sealed), TPM_SEAL_E_PARENT);
    check_int(try_open(&other, parent, VIEW(parent->name), &lab.sealed), TPM_SEAL_E_FOREIGN);
    tpm_key_free(parent);
    tpm_context_free(tpm);
    gate_lab_stop(&other);
    gate_lab_stop(&lab);
}

static void a_provisioned_storage_key_serves_as_well(void)
{
    GateLab lab = gate_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    _cleanup_tpm_ticket_ TpmTicket ticket = { 0 };
    TpmKey *parent = NULL;

    check_int(tpm_storage_key_find(tpm, any, &parent), TPM_STORAGE_KEY_OK);
    swtpm_persist(tpm, parent->handle, 0x81000001);
    tpm_key_free(parent);
    tpm_context_free(tpm);
    gate_lab_seal(&lab, &lab.policy);
    ticket = gate_lab_ticket(&lab, -600);
    check_int(gate_lab_release(&lab, &ticket), TPM_SEAL_OK);
    gate_lab_stop(&lab);
}

static double milliseconds_since(uint64_t *start)
{
    uint64_t now = clock_boottime_usec(&clock_system);
    double passed = (double)(now - *start) / 1000;

    *start = now;
    return passed;
}

/* Spent in this process: nearly all of it tpm2-tss and its OpenSSL contexts; the rest is swtpm. */
static double cpu_milliseconds(void)
{
    struct timespec spent;

    check_int(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent), 0);
    return (double)spent.tv_sec * 1000 + (double)spent.tv_nsec / 1000000;
}

static void a_release_takes_milliseconds(void)
{
    enum { ROUNDS = 20 };
    GateLab lab = gate_lab_start();
    _cleanup_tpm_ticket_ TpmTicket ticket = gate_lab_ticket(&lab, -600);
    double opening = 0, session_start = 0, presenting = 0, unsealing = 0, closing = 0;
    double cpu = cpu_milliseconds();
    uint64_t start = clock_boottime_usec(&clock_system);

    for (int i = 0; i < ROUNDS; i++) {
        (void)milliseconds_since(&start);
        TpmContext *tpm = swtpm_open(&lab.swtpm);
        opening += milliseconds_since(&start);
        TpmPolicy *session = gate_lab_session(tpm);
        session_start += milliseconds_since(&start);
        check_int(gate_lab_present(&lab, session, &ticket), TPM_POLICY_OK);
        presenting += milliseconds_since(&start);
        check_int(gate_lab_unseal(&lab, session, &lab.policy), TPM_SEAL_OK);
        unsealing += milliseconds_since(&start);
        tpm_policy_free(session);
        tpm_context_free(tpm);
        closing += milliseconds_since(&start);
    }
    (void)printf("    ms: open %.2f, session %.2f, ticket %.2f, storage key and unseal %.2f, "
                 "close %.2f; together %.2f, of which in this process %.2f\n",
                 opening / ROUNDS, session_start / ROUNDS, presenting / ROUNDS, unsealing / ROUNDS,
                 closing / ROUNDS,
                 (opening + session_start + presenting + unsealing + closing) / ROUNDS,
                 (cpu_milliseconds() - cpu) / ROUNDS);
    gate_lab_stop(&lab);
}

static void every_no_has_a_finding(void)
{
    for (int no = TPM_SEAL_OK + 1; no <= TPM_SEAL_E_FORGED; no++)
        check(strncmp(tpm_seal_finding(no), "tpm-", 4) == 0);
}

static const Test tests[] = {
    { "a ticket opens it in another process, again and again",
      a_ticket_opens_it_in_another_process_again_and_again },
    { "the session that was approved opens it once", the_session_that_was_approved_opens_it_once },
    { "another gate, machine or release key does not open it",
      another_gate_machine_or_release_key_does_not_open_it },
    { "no approval, and no password, opens it", no_approval_does_not_open_it },
    { "the present and the next release key open it",
      the_present_and_the_next_release_key_open_it },
    { "an approval that runs out before the end does not open it",
      an_approval_that_runs_out_before_the_end_does_not_open_it },
    { "a session or key that is gone is named", a_session_or_key_that_is_gone_is_named },
    { "a saved session does not outlive a start of the TPM",
      a_saved_session_does_not_outlive_a_start_of_the_tpm },
    { "another storage key, or another Name, does not open it",
      another_storage_key_does_not_open_it },
    { "a key that is no storage key takes nothing, and only 32 bytes are sealed",
      a_key_that_is_no_storage_key_takes_nothing },
    { "altered parts do not open", altered_parts_do_not_open },
    { "only the frozen shape is let through", only_the_frozen_shape_is_let_through },
    { "keys sealed otherwise are refused", keys_sealed_otherwise_are_refused },
    { "another TPM does not open it", another_tpm_does_not_open_it },
    { "a provisioned storage key serves as well", a_provisioned_storage_key_serves_as_well },
    { "a release takes milliseconds", a_release_takes_milliseconds },
    { "every no has a finding", every_no_has_a_finding },
};

TEST_MAIN(tests)
