/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gates kept by the TPM, in a real swtpm: what opens them, what closes them, and by which name.
 */
#include "sample.h"
#include "secret/gates.h"
#include "secret/secret-policy.h"
#include "tpm/tpm-counter.h"
#include "tpm/tpm-pcr.h"
#include "unit/tpm/gate-lab.h"

#include <time.h>

#define CAP_PCR    13
#define IMA_PCR    10
#define EXPIRES_IN 600

/* How often a register is extended between the policy and the key. */
static unsigned disturbances, tries;

TSS2_RC __wrap_Esys_Unseal(ESYS_CONTEXT *esys, ESYS_TR object, ESYS_TR one, ESYS_TR two,
                           ESYS_TR three, TPM2B_SENSITIVE_DATA **ret);
TSS2_RC __real_Esys_Unseal(ESYS_CONTEXT *esys, ESYS_TR object, ESYS_TR one, ESYS_TR two,
                           ESYS_TR three, TPM2B_SENSITIVE_DATA **ret);

TSS2_RC __wrap_Esys_Unseal(ESYS_CONTEXT *esys, ESYS_TR object, ESYS_TR one, ESYS_TR two,
                           ESYS_TR three, TPM2B_SENSITIVE_DATA **ret)
{
    tries++;
    if (disturbances > 0) {
        TpmContext tpm = { .esys = esys };
        disturbances--;
        swtpm_extend(&tpm, IMA_PCR, 0x10);
    }
    return __real_Esys_Unseal(esys, object, one, two, three, ret);
}

/* What sealing fills in from the TPM. */
static SecretHeader header_of(const GateLab *lab, GateKind kind, uint64_t version)
{
    SecretHeader header = sample_header("db-password", version);

    header.gate_kind = kind;
    memcpy(header.parent_name, lab->parent_name.data, SECRET_TPM_NAME_SIZE);
    memcpy(header.ak_name, lab->ak_name.data, SECRET_TPM_NAME_SIZE);
    memcpy(header.release_key_name, lab->key_name.data, SECRET_TPM_NAME_SIZE);
    return header;
}

/* As the registers are now. */
static void take_pcrs(const GateLab *lab, uint32_t mask, GatePcrs *ret)
{
    TpmContext *tpm = swtpm_open(&lab->swtpm);
    EvidencePcrs read = { 0 };

    check_int(tpm_pcr_read(tpm, (TpmSelection){ TPM2_ALG_SHA256, mask }, &read), TPM_PCR_OK);
    *ret = (GatePcrs){ .mask = mask };
    for (unsigned i = 0; i < GATE_PCR_COUNT; i++)
        memcpy(ret->values[i], read.values[i], sizeof(ret->values[i]));
    tpm_context_free(tpm);
}

static void take_counter(const TpmCounter *counter, uint64_t value, SecretHeader *header)
{
    header->has_counter = true;
    header->counter = (SecretCounter){ .index = counter->index, .value = value };
    memcpy(header->counter.name, counter->name.data, SECRET_TPM_NAME_SIZE);
}

/* Takes HEADER. */
static SecretFile seal(GateLab *lab, SecretHeader header)
{
    _cleanup_(secret_freep) Secret *key = NULL;
    SecretFile file = { 0 };
    SecretPolicy policy;

    check_int(secret_policy_of(&header, &policy), SECRET_POLICY_OK);
    gate_lab_seal(lab, &policy.digest);
    check_int(secret_new(VIEW_OF_ARRAY(gate_lab_data_key), &key), 0);
    check_int(secret_encrypt(&header, key, view_of_string(SAMPLE_SECRET), &file), SECRET_CIPHER_OK);
    file.sealed_public = TAKE_STRUCT(lab->sealed.public_area);
    file.sealed_private = TAKE_STRUCT(lab->sealed.private_area);
    return file;
}

static Approval approve(const GateLab *lab, int64_t expiration_sec)
{
    Approval approval = {
        .gate = sample_text(GATE_LAB_GATE),
        .key_name = lab->key_name,
        .ticket = gate_lab_ticket(lab, expiration_sec),
        .expires_boottime_usec = UINT64_MAX,
    };

    memcpy(approval.policy_ref, lab->policy_ref.data, GATE_POLICY_SIZE);
    memcpy(approval.ak_name.data, lab->ak_name.data, TPM_NAME_SIZE);
    return approval;
}

/* All that the release worker does, with nothing held but APPROVAL. FAILURE is why not. */
static int release(const GateLab *lab, SecretFile *file, const Approval *approval,
                   TpmFailure *failure)
{
    const UnlockWith with = { .approval = approval, .vtpm_root = "paravisor" };
    TpmContext *tpm = swtpm_open(&lab->swtpm);
    _cleanup_(secret_freep) Secret *key = NULL;
    TpmKey *parent = NULL;

    tries = 0;
    int r = unlock_check(file, &with);
    if (r == UNLOCK_OK)
        r = unlock_key(tpm, file, &with, &parent, &key);
    check((r == UNLOCK_OK) == (key != NULL));
    if (key)
        check(view_equal(secret_view(key), VIEW_OF_ARRAY(gate_lab_data_key)));
    *failure = tpm->failure;
    tpm_key_free(parent);
    tpm_context_free(tpm);
    return r;
}

static void check_opens(const GateLab *lab, SecretFile *file, const Approval *approval)
{
    TpmFailure failure;

    check_int(release(lab, file, approval, &failure), UNLOCK_OK);
}

static void check_refused(const GateLab *lab, SecretFile *file, const Approval *approval, int no,
                          const char *text)
{
    TpmFailure failure;

    check_int(release(lab, file, approval, &failure), no);
    check_str(failure.finding, unlock_finding(no));
    check_str(failure.text, text);
}

static void check_refused_by_tpm(const GateLab *lab, SecretFile *file, const Approval *approval,
                                 const char *finding)
{
    TpmFailure failure;

    check_int(release(lab, file, approval, &failure), UNLOCK_E_TPM);
    check_str(failure.finding, finding);
}

static void extend(const GateLab *lab, unsigned pcr)
{
    TpmContext *tpm = swtpm_open(&lab->swtpm);

    swtpm_extend(tpm, pcr, 0x77);
    tpm_context_free(tpm);
}

static void an_approval_opens_whatever_is_behind_its_gate(void)
{
    GateLab lab = gate_lab_start();
    _cleanup_approval_ Approval approval = approve(&lab, -EXPIRES_IN);
    _cleanup_secret_file_ SecretFile plain = seal(&lab, header_of(&lab, GATE_KIND_VERIFIER, 1));
    SecretHeader two = header_of(&lab, GATE_KIND_VERIFIER, 2);

    two.has_next_release_key = true;
    memcpy(two.next_release_key_name, two.release_key_name, SECRET_TPM_NAME_SIZE);
    sample_name_of_tpm(two.release_key_name, 0x11);
    _cleanup_secret_file_ SecretFile rotated = seal(&lab, two);
    check_opens(&lab, &plain, &approval);
    check_opens(&lab, &rotated, &approval);
    check_opens(&lab, &plain, &approval);
    gate_lab_stop(&lab);
}

static void a_refusal_closes_a_gate_with_a_cap_until_the_tpm_is_reset(void)
{
    GateLab lab = gate_lab_start();
    _cleanup_approval_ Approval approval = approve(&lab, -EXPIRES_IN);
    SecretHeader header = header_of(&lab, GATE_KIND_VERIFIER, 1);

    take_pcrs(&lab, 1 << CAP_PCR, &header.pcrs);
    _cleanup_secret_file_ SecretFile file = seal(&lab, header);
    check_opens(&lab, &file, &approval);
    extend(&lab, 4); /* what a gate of kind pcr would mind */
    check_opens(&lab, &file, &approval);

    TpmContext *tpm = swtpm_open(&lab.swtpm);
    check_int(tpm_pcr_extend(tpm, CAP_PCR, tpm_pcr_cap_event()), TPM_PCR_OK);
    tpm_context_free(tpm);
    check_refused(&lab, &file, &approval, UNLOCK_E_CAPPED, "PCR 13 differs");
    _cleanup_approval_ Approval later = approve(&lab, -EXPIRES_IN);
    check_refused(&lab, &file, &later, UNLOCK_E_CAPPED, "PCR 13 differs");

    swtpm_restart(&lab.swtpm);
    _cleanup_approval_ Approval next_boot = approve(&lab, -EXPIRES_IN);
    check_opens(&lab, &file, &next_boot);
    gate_lab_stop(&lab);
}

static void registers_that_moved_are_named(void)
{
    GateLab lab = gate_lab_start();
    SecretHeader header = header_of(&lab, GATE_KIND_PCR, 1);

    extend(&lab, 4);
    take_pcrs(&lab, 1 << 4 | 1 << 7 | 1 << 9, &header.pcrs);
    _cleanup_secret_file_ SecretFile file = seal(&lab, header);
    check_opens(&lab, &file, NULL);
    extend(&lab, IMA_PCR);
    check_opens(&lab, &file, NULL);
    extend(&lab, 9);
    check_refused(&lab, &file, NULL, UNLOCK_E_PCRS, "PCR 9 differs");
    extend(&lab, 4);
    check_refused(&lab, &file, NULL, UNLOCK_E_PCRS, "PCR 4 and 9 differ");
    extend(&lab, 7);
    check_refused(&lab, &file, NULL, UNLOCK_E_PCRS, "PCR 4, 7 and 9 differ");
    gate_lab_stop(&lab);
}

static void a_register_extended_in_between_is_healed_by_trying_again(void)
{
    GateLab lab = gate_lab_start();
    _cleanup_approval_ Approval approval = approve(&lab, -EXPIRES_IN);
    SecretHeader header = header_of(&lab, GATE_KIND_VERIFIER, 1);
    SecretHeader local = header_of(&lab, GATE_KIND_PCR, 2);

    take_pcrs(&lab, 1 << CAP_PCR, &header.pcrs);
    take_pcrs(&lab, 1 << 4 | 1 << 7, &local.pcrs);
    _cleanup_secret_file_ SecretFile capped = seal(&lab, header), pcr = seal(&lab, local);
    for (unsigned n = 0; n < 5; n++) {
        disturbances = n;
        check_opens(&lab, &capped, &approval);
        check_int(tries, n + 1);
        disturbances = n;
        check_opens(&lab, &pcr, NULL);
        check_int(tries, n + 1);
    }
    disturbances = 5;
    check_refused(&lab, &capped, &approval, UNLOCK_E_MOVING, "five times in a row");
    check_int(tries, 5);
    check_int(disturbances, 0);
    gate_lab_stop(&lab);
}

/* A gate without registers in its policy does not mind. */
static void a_gate_without_registers_needs_one_try(void)
{
    GateLab lab = gate_lab_start();
    _cleanup_approval_ Approval approval = approve(&lab, -EXPIRES_IN);
    _cleanup_secret_file_ SecretFile file = seal(&lab, header_of(&lab, GATE_KIND_VERIFIER, 1));

    disturbances = 1;
    check_opens(&lab, &file, &approval);
    check_int(tries, 1);
    disturbances = 0;
    gate_lab_stop(&lab);
}

static TpmCounter counter_of(const GateLab *lab)
{
    TpmContext *tpm = swtpm_open(&lab->swtpm);
    TpmCounter counter = { 0 };

    check_int(tpm_counter_define(tpm, "db-password", &counter), TPM_COUNTER_OK);
    tpm_context_free(tpm);
    return counter;
}

static void advance(const GateLab *lab, uint32_t index, uint64_t value)
{
    TpmContext *tpm = swtpm_open(&lab->swtpm);

    check_int(tpm_counter_advance(tpm, "db-password", index, value), TPM_COUNTER_OK);
    tpm_context_free(tpm);
}

static void an_old_copy_is_refused_and_a_kill_while_sealing_is_harmless(void)
{
    GateLab lab = gate_lab_start();
    _cleanup_approval_ Approval approval = approve(&lab, -EXPIRES_IN);
    const TpmCounter counter = counter_of(&lab);
    SecretHeader first = header_of(&lab, GATE_KIND_VERIFIER, 1);
    SecretHeader second = header_of(&lab, GATE_KIND_VERIFIER, 2);
    char text[128];

    take_counter(&counter, counter.value, &first);
    take_counter(&counter, counter.value + 1, &second);
    _cleanup_secret_file_ SecretFile old = seal(&lab, first);
    check_opens(&lab, &old, &approval);

    /* Killed here: the new file is there, the counter has not moved. */
    _cleanup_secret_file_ SecretFile new = seal(&lab, second);
    check_opens(&lab, &new, &approval);
    check_opens(&lab, &old, &approval);

    advance(&lab, counter.index, counter.value + 1);
    check_opens(&lab, &new, &approval);
    (void)snprintf(text, sizeof(text), "the TPM's counter is at %llu, this file is of %llu",
                   (unsigned long long)counter.value + 1, (unsigned long long)counter.value);
    check_refused(&lab, &old, &approval, UNLOCK_E_COUNTER, text);
    check_str(unlock_finding(UNLOCK_E_COUNTER), "secret-version-lower");
    gate_lab_stop(&lab);
}

/* Root with the old copy, an approval and TPM commands of its own. */
static void the_tpm_itself_refuses_an_old_copy(void)
{
    GateLab lab = gate_lab_start();
    _cleanup_tpm_ticket_ TpmTicket ticket = gate_lab_ticket(&lab, -EXPIRES_IN);
    const TpmCounter counter = counter_of(&lab);
    SecretHeader header = header_of(&lab, GATE_KIND_VERIFIER, 1);
    SecretPolicy policy;

    take_counter(&counter, counter.value, &header);
    check_int(secret_policy_of(&header, &policy), SECRET_POLICY_OK);
    gate_lab_seal(&lab, &policy.digest);
    advance(&lab, counter.index, counter.value + 1);

    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmPolicy *session = gate_lab_session(tpm);
    ByteView name = tpm_name_view(&counter.name);
    check_int(gate_lab_present(&lab, session, &ticket), TPM_POLICY_OK);
    check_int(gate_lab_unseal(&lab, session, &policy.digest), TPM_SEAL_E_REFUSED);
    check_int(tpm_policy_nv(session, counter.index, name, counter.value), TPM_POLICY_E_COUNTER);
    check_int(tpm_policy_nv(session, counter.index, name, counter.value + 1), TPM_POLICY_OK);
    check_int(gate_lab_unseal(&lab, session, &policy.digest), TPM_SEAL_E_REFUSED);
    tpm_policy_free(session);
    tpm_context_free(tpm);
    secret_header_done(&header);
    gate_lab_stop(&lab);
}

static void a_counter_that_was_removed_or_made_anew_opens_nothing(void)
{
    GateLab lab = gate_lab_start();
    _cleanup_approval_ Approval approval = approve(&lab, -EXPIRES_IN);
    const TpmCounter counter = counter_of(&lab);
    SecretHeader header = header_of(&lab, GATE_KIND_VERIFIER, 1);
    TpmFailure failure;
    char text[128];

    take_counter(&counter, counter.value, &header);
    _cleanup_secret_file_ SecretFile file = seal(&lab, header);
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    check_int(tpm_counter_remove(tpm, "db-password", 0), TPM_COUNTER_OK);
    tpm_context_free(tpm);
    (void)snprintf(text, sizeof(text), "the TPM's counter 0x%08x is gone or was made anew",
                   (unsigned)counter.index);
    check_refused(&lab, &file, &approval, UNLOCK_E_COUNTER, text);

    const TpmCounter again = counter_of(&lab);
    check_int(again.index, counter.index);
    check_int(release(&lab, &file, &approval, &failure), UNLOCK_E_COUNTER);
    check_str(failure.finding, "secret-version-lower");
    gate_lab_stop(&lab);
}

static void counter_cap_and_two_keys_go_together_and_heal(void)
{
    GateLab lab = gate_lab_start();
    _cleanup_approval_ Approval approval = approve(&lab, -EXPIRES_IN);
    const TpmCounter counter = counter_of(&lab);
    SecretHeader header = header_of(&lab, GATE_KIND_VERIFIER, 1);
    SecretHeader local = header_of(&lab, GATE_KIND_PCR, 2);

    header.has_next_release_key = true;
    sample_name_of_tpm(header.next_release_key_name, 0x55);
    take_pcrs(&lab, 1 << CAP_PCR, &header.pcrs);
    take_pcrs(&lab, 1 << 4, &local.pcrs);
    take_counter(&counter, counter.value, &header);
    take_counter(&counter, counter.value, &local);
    _cleanup_secret_file_ SecretFile file = seal(&lab, header), pcr = seal(&lab, local);
    disturbances = 2;
    check_opens(&lab, &file, &approval);
    check_int(tries, 3);
    check_opens(&lab, &pcr, NULL);
    gate_lab_stop(&lab);
}

static void an_approval_whose_time_is_over_is_named(void)
{
    GateLab lab = gate_lab_start();
    _cleanup_secret_file_ SecretFile file = seal(&lab, header_of(&lab, GATE_KIND_VERIFIER, 1));
    uint64_t start = clock_boottime_usec(&clock_system);
    _cleanup_approval_ Approval approval = approve(&lab, -3);
    const struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };

    /* The TPM's clock decides; it is asked until it says so. */
    TpmFailure failure;
    while (release(&lab, &file, &approval, &failure) == UNLOCK_OK) {
        check(clock_boottime_usec(&clock_system) - start < 60 * USEC_PER_SEC);
        (void)nanosleep(&pause, NULL);
    }
    check_refused_by_tpm(&lab, &file, &approval, "tpm-approval-expired");
    gate_lab_stop(&lab);
}

static void an_approval_from_before_a_reset_is_named(void)
{
    GateLab lab = gate_lab_start();
    _cleanup_approval_ Approval approval = approve(&lab, -EXPIRES_IN);
    _cleanup_secret_file_ SecretFile file = seal(&lab, header_of(&lab, GATE_KIND_VERIFIER, 1));

    check_opens(&lab, &file, &approval);
    swtpm_restart(&lab.swtpm);
    check_refused_by_tpm(&lab, &file, &approval, "tpm-approval-lost");
    _cleanup_approval_ Approval again = approve(&lab, -EXPIRES_IN);
    check_opens(&lab, &file, &again);
    gate_lab_stop(&lab);
}

static void every_kind_is_in_the_table(void)
{
    for (unsigned kind = 0; kind < N_GATE_KINDS; kind++) {
        const SecretGate *gate = secret_gate((GateKind)kind);
        check_int(gate->kind, kind);
        check(gate->check && gate->open);
        check(gate->needs_approval || gate->needs_tpm);
    }
    for (int no = UNLOCK_OK + 1; no < UNLOCK_E_TPM; no++)
        check(unlock_finding(no) != NULL);
    check(!unlock_finding(UNLOCK_E_TPM));
}

static const Test tests[] = {
    { "an approval opens whatever is behind its gate",
      an_approval_opens_whatever_is_behind_its_gate },
    { "a refusal closes a gate with a cap until the TPM is reset",
      a_refusal_closes_a_gate_with_a_cap_until_the_tpm_is_reset },
    { "registers that moved are named", registers_that_moved_are_named },
    { "a register extended in between is healed by trying again",
      a_register_extended_in_between_is_healed_by_trying_again },
    { "a gate without registers needs one try", a_gate_without_registers_needs_one_try },
    { "an old copy is refused, and a kill while sealing is harmless",
      an_old_copy_is_refused_and_a_kill_while_sealing_is_harmless },
    { "the TPM itself refuses an old copy", the_tpm_itself_refuses_an_old_copy },
    { "a counter that was removed or made anew opens nothing",
      a_counter_that_was_removed_or_made_anew_opens_nothing },
    { "counter, cap and two keys go together, and heal",
      counter_cap_and_two_keys_go_together_and_heal },
    { "an approval whose time is over is named", an_approval_whose_time_is_over_is_named },
    { "an approval from before a reset is named", an_approval_from_before_a_reset_is_named },
    { "every kind is in the table", every_kind_is_in_the_table },
};

TEST_MAIN(tests)
