/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Algorithm numbers, names and sizes.
 */
#include "format/tpm-alg.h"
#include "testing.h"

static void test_hashes_have_their_true_sizes(void)
{
    check_int(tpm_alg_digest_size(TPM_ALG_SHA1), 20);
    check_int(tpm_alg_digest_size(TPM_ALG_SHA256), 32);
    check_int(tpm_alg_digest_size(TPM_ALG_SHA384), 48);
    check_int(tpm_alg_digest_size(TPM_ALG_SHA512), 64);
    check_int(tpm_alg_digest_size(TPM_ALG_SM3_256), 32);
    check_int(tpm_alg_digest_size(TPM_ALG_RSASSA), 0);
    check_int(tpm_alg_digest_size(TPM_ALG_NULL), 0);
    check_int(tpm_alg_digest_size(0), 0);
    check_int(tpm_alg_digest_size(0xffff), 0);
}

static void test_only_hashes_are_found_by_name(void)
{
    check_int(tpm_alg_hash_by_name("sha256"), TPM_ALG_SHA256);
    check_int(tpm_alg_hash_by_name("sha384"), TPM_ALG_SHA384);
    check_int(tpm_alg_hash_by_name("SHA256"), 0);
    check_int(tpm_alg_hash_by_name("rsassa"), 0);
    check_int(tpm_alg_hash_by_name(""), 0);
    check_str(tpm_alg_name(TPM_ALG_ECDSA), "ecdsa");
    check(tpm_alg_name(0xffff) == NULL);
}

static const Test tests[] = {
    { "hashes have their true sizes", test_hashes_have_their_true_sizes },
    { "only hashes are found by name", test_only_hashes_are_found_by_name },
};

TEST_MAIN(tests)
