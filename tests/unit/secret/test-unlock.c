/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is compared before the TPM is asked, and the policy that a header amounts to. That the TPM
 * agrees is test-gates' matter.
 */
#include "secret/unlock.h"

#include "sample.h"
#include "secret/secret-policy.h"

#include <errno.h>

/* TPM2B_PUBLIC of a sealed key with POLICY (TPM 2.0 Part 2, 12.2.5). */
static Bytes sealed_public(const Digest *policy)
{
    static const uint8_t head[] = { 0x00, 0x08, 0x00, 0x0b, 0x00, 0x00, 0x04, 0x12, 0x00, 0x20 };
    static const uint8_t tail[] = { 0x00, 0x10, 0x00, 0x20 };
    uint8_t unique[32] = { 0 };
    Bytes area = { 0 }, bytes = { 0 };

    check_int(bytes_append(&area, VIEW_OF_ARRAY(head)), 0);
    check_int(bytes_append(&area, digest_view(policy)), 0);
    check_int(bytes_append(&area, VIEW_OF_ARRAY(tail)), 0);
    check_int(bytes_append(&area, VIEW_OF_ARRAY(unique)), 0);
    check_int(bytes_append_be16(&bytes, (uint16_t)area.size), 0);
    check_int(bytes_append(&bytes, VIEW(area)), 0);
    bytes_done(&area);
    return bytes;
}

/* A file whose sealed key has the policy of its header. */
static SecretFile file_of(SecretHeader header)
{
    SecretFile file = sample_file_of(header);
    SecretPolicy policy;

    check_int(secret_policy_of(&file.header, &policy), SECRET_POLICY_OK);
    bytes_done(&file.sealed_public);
    file.sealed_public = sealed_public(&policy.digest);
    return file;
}

static Approval approval_of(const SecretFile *file)
{
    Approval approval = { .gate = sample_text("db"), .expires_boottime_usec = 1000 };
    SecretPolicy policy;

    check_int(secret_policy_of(&file->header, &policy), SECRET_POLICY_OK);
    memcpy(approval.policy_ref, policy.policy_ref.data, GATE_POLICY_SIZE);
    memcpy(approval.key_name.data, file->header.release_key_name, TPM_NAME_SIZE);
    memcpy(approval.ak_name.data, file->header.ak_name, TPM_NAME_SIZE);
    return approval;
}

/* The root of the sample's vTPM, so that nothing but the approval decides. */
static int check_at(const SecretFile *file, const Approval *approval, uint64_t boottime_usec)
{
    const UnlockWith with = {
        .approval = approval,
        .vtpm_root = "paravisor",
        .boottime_usec = boottime_usec,
    };

    return unlock_check(file, &with);
}

static void test_what_agrees_is_let_through(void)
{
    _cleanup_secret_file_ SecretFile file = file_of(sample_header("db-password", 1));
    _cleanup_approval_ Approval approval = approval_of(&file);

    check_int(check_at(&file, &approval, 999), UNLOCK_OK);
    check(!unlock_finding(UNLOCK_OK));
}

static void test_what_differs_is_named(void)
{
    _cleanup_secret_file_ SecretFile file = file_of(sample_header("db-password", 1));
    _cleanup_approval_ Approval approval = approval_of(&file);

    approval.gate[0]++;
    check_int(check_at(&file, &approval, 0), UNLOCK_E_GATE);
    check_str(unlock_finding(UNLOCK_E_GATE), "secret-no-approval");
    approval.gate[0]--;
    approval.ak_name.data[9]++;
    check_int(check_at(&file, &approval, 0), UNLOCK_E_AK);
    check_str(unlock_finding(UNLOCK_E_AK), "secret-key-changed");
    approval.ak_name.data[9]--;
    approval.key_name.data[9]++;
    check_int(check_at(&file, &approval, 0), UNLOCK_E_RELEASE_KEY);
    check_str(unlock_finding(UNLOCK_E_RELEASE_KEY), "secret-release-key-changed");
    approval.key_name.data[9]--;
    approval.policy_ref[9]++;
    check_int(check_at(&file, &approval, 0), UNLOCK_E_APPROVAL);
    check_str(unlock_finding(UNLOCK_E_APPROVAL), "secret-approval-malformed");
    approval.policy_ref[9]--;
    check_int(check_at(&file, &approval, 1000), UNLOCK_E_EXPIRED);
    check_str(unlock_finding(UNLOCK_E_EXPIRED), "tpm-approval-expired");
    check_int(check_at(&file, &approval, 999), UNLOCK_OK);
}

static void test_a_sealed_key_that_is_not_ours_is_named(void)
{
    _cleanup_secret_file_ SecretFile file = file_of(sample_header("db-password", 1));
    _cleanup_approval_ Approval approval = approval_of(&file);

    file.sealed_public.data[8] ^= 0x40; /* userWithAuth: the empty authorisation would do */
    check_int(check_at(&file, &approval, 0), UNLOCK_E_SHAPE);
    check_str(unlock_finding(UNLOCK_E_SHAPE), "tpm-sealed-shape");
    file.sealed_public.data[8] ^= 0x40;
    file.sealed_public.data[12] ^= 1;
    check_int(check_at(&file, &approval, 0), UNLOCK_E_POLICY);
    check_str(unlock_finding(UNLOCK_E_POLICY), "tpm-sealed-policy");
    file.sealed_public.data[12] ^= 1;
    file.sealed_public.size--;
    check_int(check_at(&file, &approval, 0), UNLOCK_E_MALFORMED);
    check_str(unlock_finding(UNLOCK_E_MALFORMED), "tpm-sealed-malformed");
}

static void test_either_of_two_release_keys_is_let_through(void)
{
    SecretHeader header = sample_header("db-password", 1);

    header.has_next_release_key = true;
    sample_name_of_tpm(header.next_release_key_name, 0x55);
    _cleanup_secret_file_ SecretFile file = file_of(header);
    _cleanup_approval_ Approval approval = approval_of(&file);
    check_int(check_at(&file, &approval, 0), UNLOCK_OK);
    memcpy(approval.key_name.data, file.header.next_release_key_name, TPM_NAME_SIZE);
    check_int(check_at(&file, &approval, 0), UNLOCK_OK);
    approval.key_name.data[9]++;
    check_int(check_at(&file, &approval, 0), UNLOCK_E_RELEASE_KEY);
}

static void test_a_vtpm_that_is_worse_rooted_than_when_sealing_is_refused(void)
{
    static const char *const all[] = { "host", "certificate", "svsm", "paravisor" };
    static const int ranks[] = { 0, 1, 2, 2 };

    for (size_t least = 0; least < ELEMENTSOF(all); least++) {
        SecretHeader header = sample_header("db-password", 1);
        free(header.vtpm_root_minimum);
        header.vtpm_root_minimum = sample_text(all[least]);
        _cleanup_secret_file_ SecretFile file = file_of(header);
        _cleanup_approval_ Approval approval = approval_of(&file);
        UnlockWith with = { .approval = &approval };

        for (size_t given = 0; given < ELEMENTSOF(all); given++) {
            with.vtpm_root = all[given];
            check_int(unlock_check(&file, &with),
                      ranks[given] < ranks[least] ? UNLOCK_E_VTPM_ROOT : UNLOCK_OK);
        }
        with.vtpm_root = NULL; /* says nothing: the host's */
        check_int(unlock_check(&file, &with), least > 0 ? UNLOCK_E_VTPM_ROOT : UNLOCK_OK);
        with.vtpm_root = "better than all";
        check_int(unlock_check(&file, &with), UNLOCK_E_VTPM_ROOT);
    }
    check_str(unlock_finding(UNLOCK_E_VTPM_ROOT), "secret-vtpm-root-lower");
}

static void test_what_is_held_for_another_kind_is_named(void)
{
    _cleanup_secret_file_ SecretFile verifier = file_of(sample_header("db-password", 1));
    _cleanup_secret_file_ SecretFile rewrap =
        sample_file_of(sample_whole("db-password", 1, GATE_KIND_REWRAP));
    _cleanup_secret_file_ SecretFile pcr = file_of(sample_whole("db-password", 1, GATE_KIND_PCR));
    _cleanup_approval_ Approval approval = approval_of(&verifier);
    _cleanup_(data_keys_freep) DataKeys *keys = NULL;
    const char *root = "paravisor";

    check_int(data_keys_new(&keys), 0);
    const UnlockWith approved = { .approval = &approval, .vtpm_root = root };
    const UnlockWith rewrapped = { .data_keys = keys, .vtpm_root = root };
    const UnlockWith nothing = { .vtpm_root = root };
    check_int(unlock_check(&verifier, &rewrapped), UNLOCK_E_KIND);
    check_int(unlock_check(&rewrap, &approved), UNLOCK_E_KIND);
    check_int(unlock_check(&pcr, &approved), UNLOCK_E_KIND);
    check_int(unlock_check(&pcr, &rewrapped), UNLOCK_E_KIND);
    check_str(unlock_finding(UNLOCK_E_KIND), "secret-gate-kind-changed");
    check_int(unlock_check(&verifier, &nothing), UNLOCK_E_GATE);
    check_int(unlock_check(&rewrap, &nothing), UNLOCK_E_GATE);
    check_int(unlock_check(&pcr, &nothing), UNLOCK_OK);
    check(unlock_needs_tpm(&verifier) && unlock_needs_tpm(&pcr) && !unlock_needs_tpm(&rewrap));
}

static void check_held_key(GateKind kind)
{
    _cleanup_secret_file_ SecretFile file = sample_file_of(sample_whole("db-password", 1, kind));
    static const uint8_t other_id[DATA_KEY_ID_SIZE] = "another secret's";
    _cleanup_(secret_freep) Secret *key = sample_key(0x44), *found = NULL;
    _cleanup_(data_keys_freep) DataKeys *keys = NULL;

    check_int(data_keys_new(&keys), 0);
    const UnlockWith with = { .data_keys = keys, .vtpm_root = "svsm" };
    check_int(data_keys_add(keys, other_id, secret_view(key)), 0);
    check_int(unlock_check(&file, &with), UNLOCK_E_GATE);
    check_int(unlock_key(NULL, &file, &with, NULL, &found), UNLOCK_E_GATE);
    check_int(data_keys_add(keys, file.header.id, secret_view(key)), 0);
    check_int(unlock_check(&file, &with), UNLOCK_OK);
    check_int(unlock_key(NULL, &file, &with, NULL, &found), UNLOCK_OK);
    check(view_equal(secret_view(found), secret_view(key)));
}

static void test_a_wrapped_key_that_was_opened_is_that_of_its_secret(void)
{
    check_held_key(GATE_KIND_REWRAP);
    check_held_key(GATE_KIND_KEY_RELEASE);
}

static void test_a_gate_of_the_tpm_is_not_opened_without_one(void)
{
    _cleanup_secret_file_ SecretFile file = file_of(sample_header("db-password", 1));
    _cleanup_approval_ Approval approval = approval_of(&file);
    const UnlockWith with = { .approval = &approval };
    TpmKey *parent = NULL;
    Secret *key = NULL;

    check_int(unlock_key(NULL, &file, &with, &parent, &key), -EINVAL);
}

static void test_a_sealed_key_with_another_policy_is_named_for_every_member_of_it(void)
{
    for (unsigned i = 0; i < 5; i++) {
        _cleanup_secret_file_ SecretFile file =
            file_of(sample_whole("db-password", 1, GATE_KIND_VERIFIER));
        SecretHeader *header = &file.header;
        _cleanup_approval_ Approval approval = approval_of(&file);

        check_int(check_at(&file, &approval, 0), UNLOCK_OK);
        if (i == 0)
            header->counter.value++;
        if (i == 1)
            header->has_counter = false;
        if (i == 2)
            header->pcrs.values[13][5]++;
        if (i == 3)
            header->pcrs.mask = 0;
        if (i == 4)
            header->next_release_key_name[9]++;
        check_int(check_at(&file, &approval, 0), UNLOCK_E_POLICY);
    }
}

/* docs/gates.md, put together again by hand. */
static void test_a_policy_is_the_arithmetic_of_its_gate(void)
{
    _cleanup_secret_header_ SecretHeader header = sample_header("db-password", 1);
    Digest policy_ref, current, next, both;
    SecretPolicy policy;

    check_int(gate_policy_ref("db", VIEW_OF_ARRAY(header.ak_name), &policy_ref), GATE_OK);
    check_int(gate_policy_signed(VIEW_OF_ARRAY(header.release_key_name), digest_view(&policy_ref),
                                 &current),
              GATE_OK);
    check_int(secret_policy_of(&header, &policy), SECRET_POLICY_OK);
    check(!policy.has_next && digest_equal(&policy.digest, &current));
    check(digest_equal(&policy.policy_ref, &policy_ref));

    header.has_next_release_key = true;
    sample_name_of_tpm(header.next_release_key_name, 0x55);
    check_int(gate_policy_signed(VIEW_OF_ARRAY(header.next_release_key_name),
                                 digest_view(&policy_ref), &next),
              GATE_OK);
    check_int(gate_policy_or(&current, &next, &both), GATE_OK);
    check_int(secret_policy_of(&header, &policy), SECRET_POLICY_OK);
    check(policy.has_next && digest_equal(&policy.digest, &both));
    check(digest_equal(&policy.next, &next));
}

static void test_counter_and_registers_come_last_in_this_order(void)
{
    _cleanup_secret_header_ SecretHeader pcr = sample_whole("db", 1, GATE_KIND_PCR);
    _cleanup_secret_header_ SecretHeader capped = sample_whole("db", 1, GATE_KIND_VERIFIER);
    _cleanup_secret_header_ SecretHeader rewrap = sample_whole("db", 1, GATE_KIND_REWRAP);
    _cleanup_secret_header_ SecretHeader plain = sample_header("db", 1);
    Digest counted, whole, both;
    SecretPolicy policy, before;

    check_int(gate_policy_nv(NULL, VIEW_OF_ARRAY(pcr.counter.name), 42, &counted), GATE_OK);
    check_int(gate_policy_pcr(&counted, &pcr.pcrs, &whole), GATE_OK);
    check_int(secret_policy_of(&pcr, &policy), SECRET_POLICY_OK);
    check(digest_equal(&policy.digest, &whole));

    plain.has_next_release_key = true;
    sample_name_of_tpm(plain.next_release_key_name, 0x55);
    check_int(secret_policy_of(&plain, &before), SECRET_POLICY_OK);
    check_int(gate_policy_nv(&before.digest, VIEW_OF_ARRAY(capped.counter.name), 42, &counted),
              GATE_OK);
    check_int(gate_policy_pcr(&counted, &capped.pcrs, &both), GATE_OK);
    check_int(secret_policy_of(&capped, &policy), SECRET_POLICY_OK);
    check(digest_equal(&policy.digest, &both));

    check_int(secret_policy_of(&rewrap, &policy), SECRET_POLICY_E_KIND);
    rewrap.gate_kind = GATE_KIND_KEY_RELEASE;
    check_int(secret_policy_of(&rewrap, &policy), SECRET_POLICY_E_KIND);
    pcr.pcrs.mask = 0;
    check_int(secret_policy_of(&pcr, &policy), SECRET_POLICY_E_KIND);
}

static void test_a_header_with_a_name_that_is_none_has_no_policy(void)
{
    _cleanup_secret_header_ SecretHeader header = sample_header("db-password", 1);
    SecretPolicy policy;

    header.release_key_name[1] = 0x0c;
    check_int(secret_policy_of(&header, &policy), SECRET_POLICY_E_NAME);
    header.release_key_name[1] = 0x0b;
    header.ak_name[1] = 0x0c;
    check_int(secret_policy_of(&header, &policy), SECRET_POLICY_E_NAME);
    header.ak_name[1] = 0x0b;
    header.gate[0] = 'D';
    check_int(secret_policy_of(&header, &policy), SECRET_POLICY_E_NAME);
}

static const Test tests[] = {
    { "what agrees is let through", test_what_agrees_is_let_through },
    { "what differs is named", test_what_differs_is_named },
    { "a sealed key that is not ours is named", test_a_sealed_key_that_is_not_ours_is_named },
    { "either of two release keys is let through", test_either_of_two_release_keys_is_let_through },
    { "a vTPM that is worse rooted than when sealing is refused",
      test_a_vtpm_that_is_worse_rooted_than_when_sealing_is_refused },
    { "what is held for another kind is named", test_what_is_held_for_another_kind_is_named },
    { "a wrapped key that was opened is that of its secret",
      test_a_wrapped_key_that_was_opened_is_that_of_its_secret },
    { "a gate of the TPM is not opened without one",
      test_a_gate_of_the_tpm_is_not_opened_without_one },
    { "a sealed key with another policy is named, for every member of it",
      test_a_sealed_key_with_another_policy_is_named_for_every_member_of_it },
    { "counter and registers come last, in this order",
      test_counter_and_registers_come_last_in_this_order },
    { "a policy is the arithmetic of its gate", test_a_policy_is_the_arithmetic_of_its_gate },
    { "a header with a Name that is none has no policy",
      test_a_header_with_a_name_that_is_none_has_no_policy },
};

TEST_MAIN(tests)
