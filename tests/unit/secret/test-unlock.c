/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is compared before the TPM is asked, and the policy that a header amounts to. That the TPM
 * agrees is test-release's matter.
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

static void test_what_agrees_is_let_through(void)
{
    _cleanup_secret_file_ SecretFile file = file_of(sample_header("db-password", 1));
    _cleanup_approval_ Approval approval = approval_of(&file);

    check_int(unlock_check(&file, &approval, 999), UNLOCK_OK);
    check(!unlock_finding(UNLOCK_OK));
}

static void test_what_differs_is_named(void)
{
    _cleanup_secret_file_ SecretFile file = file_of(sample_header("db-password", 1));
    _cleanup_approval_ Approval approval = approval_of(&file);

    approval.gate[0]++;
    check_int(unlock_check(&file, &approval, 0), UNLOCK_E_GATE);
    check_str(unlock_finding(UNLOCK_E_GATE), "secret-no-approval");
    approval.gate[0]--;
    approval.ak_name.data[9]++;
    check_int(unlock_check(&file, &approval, 0), UNLOCK_E_AK);
    check_str(unlock_finding(UNLOCK_E_AK), "secret-key-changed");
    approval.ak_name.data[9]--;
    approval.key_name.data[9]++;
    check_int(unlock_check(&file, &approval, 0), UNLOCK_E_RELEASE_KEY);
    check_str(unlock_finding(UNLOCK_E_RELEASE_KEY), "secret-release-key-changed");
    approval.key_name.data[9]--;
    approval.policy_ref[9]++;
    check_int(unlock_check(&file, &approval, 0), UNLOCK_E_APPROVAL);
    check_str(unlock_finding(UNLOCK_E_APPROVAL), "secret-approval-malformed");
    approval.policy_ref[9]--;
    check_int(unlock_check(&file, &approval, 1000), UNLOCK_E_EXPIRED);
    check_str(unlock_finding(UNLOCK_E_EXPIRED), "tpm-approval-expired");
    check_int(unlock_check(&file, &approval, 999), UNLOCK_OK);
}

static void test_a_sealed_key_that_is_not_ours_is_named(void)
{
    _cleanup_secret_file_ SecretFile file = file_of(sample_header("db-password", 1));
    _cleanup_approval_ Approval approval = approval_of(&file);

    file.sealed_public.data[8] ^= 0x40; /* userWithAuth: the empty authorisation would do */
    check_int(unlock_check(&file, &approval, 0), UNLOCK_E_SHAPE);
    check_str(unlock_finding(UNLOCK_E_SHAPE), "tpm-sealed-shape");
    file.sealed_public.data[8] ^= 0x40;
    file.sealed_public.data[12] ^= 1;
    check_int(unlock_check(&file, &approval, 0), UNLOCK_E_POLICY);
    check_str(unlock_finding(UNLOCK_E_POLICY), "tpm-sealed-policy");
    file.sealed_public.data[12] ^= 1;
    file.sealed_public.size--;
    check_int(unlock_check(&file, &approval, 0), UNLOCK_E_MALFORMED);
    check_str(unlock_finding(UNLOCK_E_MALFORMED), "tpm-sealed-malformed");
}

static void test_either_of_two_release_keys_is_let_through(void)
{
    SecretHeader header = sample_header("db-password", 1);

    header.has_next_release_key = true;
    sample_name_of_tpm(header.next_release_key_name, 0x55);
    _cleanup_secret_file_ SecretFile file = file_of(header);
    _cleanup_approval_ Approval approval = approval_of(&file);
    check_int(unlock_check(&file, &approval, 0), UNLOCK_OK);
    memcpy(approval.key_name.data, file.header.next_release_key_name, TPM_NAME_SIZE);
    check_int(unlock_check(&file, &approval, 0), UNLOCK_OK);
    approval.key_name.data[9]++;
    check_int(unlock_check(&file, &approval, 0), UNLOCK_E_RELEASE_KEY);
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
    { "a policy is the arithmetic of its gate", test_a_policy_is_the_arithmetic_of_its_gate },
    { "a header with a Name that is none has no policy",
      test_a_header_with_a_name_that_is_none_has_no_policy },
};

TEST_MAIN(tests)
