/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of TPM codes, and the patience that goes with it.
 */
#include "format/catalog.h"
#include "testing.h"
#include "tpm/tpm-reason.h"

#include <errno.h>
#include <tss2/tss2_tpm2_types.h>

static void numbers_are_cut_from_codes(void)
{
    check_int(tpm_code_base(0x18b), TPM2_RC_HANDLE);
    check_int(tpm_code_base(0x1cb), TPM2_RC_HANDLE);
    check_int(tpm_code_base(0x3c3), TPM2_RC_HASH);
    check_int(tpm_code_base(0x5e0), TPM2_RC_TICKET);
    check_int(tpm_code_base(0x9a2), TPM2_RC_BAD_AUTH);
    check_int(tpm_code_base(0x921), TPM2_RC_LOCKOUT);
    check_int(tpm_code_base(0xb0143), TPM2_RC_COMMAND_CODE);
    check_int(tpm_code_base(0xc018b), TPM2_RC_HANDLE);
    check_int(tpm_code_base(0xa000a), 0xa000a);
}

static void every_code_has_its_name(void)
{
    static const struct {
        TSS2_RC rc;
        int error;
        const char *finding;
    } wanted[] = {
        { 0x100, -ENODEV, "tpm-not-started" },
        { 0x101, -EIO, "tpm-failure-mode" },
        { 0x921, -EPERM, "tpm-lockout" },
        { 0x922, -EBUSY, "tpm-busy" },
        { 0x90a, -EBUSY, "tpm-busy" },
        { 0x908, -EBUSY, "tpm-busy" },
        { 0x920, -EBUSY, "tpm-busy" },
        { 0x923, -EBUSY, "tpm-busy" },
        { 0x901, -ENOSPC, "tpm-slots-full" },
        { 0x902, -ENOSPC, "tpm-slots-full" },
        { 0x903, -ENOSPC, "tpm-slots-full" },
        { 0x904, -ENOSPC, "tpm-slots-full" },
        { 0x98e, -EACCES, "tpm-authorization-needed" },
        { 0x9a2, -EACCES, "tpm-authorization-needed" },
        { 0x99d, -EACCES, "tpm-authorization-needed" },
        { 0x18b, -ENOENT, "tpm-object-missing" },
        { 0x14a, -ENODATA, "tpm-object-missing" },
        { 0x143, -EOPNOTSUPP, "tpm-command-unsupported" },
        { 0xb0143, -EOPNOTSUPP, "tpm-command-unsupported" },
        { 0x3c3, -EOPNOTSUPP, "tpm-bank-unknown" },
        { 0xa000a, -EIO, "tpm-unreachable" },
        { 0xa0008, -EIO, "tpm-unreachable" },
        { 0x14c, -EREMOTEIO, "tpm-command-refused" },
        { 0x70007, -EREMOTEIO, "tpm-command-refused" },
    };

    for (size_t i = 0; i < ELEMENTSOF(wanted); i++) {
        check_int(tpm_reason(wanted[i].rc)->error, wanted[i].error);
        check_str(tpm_reason(wanted[i].rc)->finding, wanted[i].finding);
        check(catalog_find(wanted[i].finding) != NULL);
    }
}

static void patience_ends_after_ten_seconds(void)
{
    TpmPatience patience = { 0 };
    unsigned tries = 0;

    check_int(tpm_patience_next(&patience, 0x922), 20000);
    check_int(tpm_patience_next(&patience, 0x922), 40000);
    while (tpm_patience_next(&patience, 0x922) > 0)
        tries++;
    check(tries < 20);
    check_int(patience.waited_usec, TPM_PATIENCE_LIMIT_USEC);
    check_int(tpm_patience_next(&patience, 0x922), 0);
}

static void lockout_and_success_are_not_retried(void)
{
    TpmPatience patience = { 0 };

    check_int(tpm_patience_next(&patience, 0x921), 0);
    check_int(tpm_patience_next(&patience, 0x101), 0);
    check_int(tpm_patience_next(&patience, 0xa000a), 0);
    check_int(tpm_patience_next(&patience, 0), 0);
}

static const Test tests[] = {
    { "numbers of parameters, handles, sessions and layers are cut from codes",
      numbers_are_cut_from_codes },
    { "every code has its errno and its name in the catalogue", every_code_has_its_name },
    { "patience grows and ends after ten seconds", patience_ends_after_ten_seconds },
    { "lockout, failure mode, a lost TPM and success are not retried",
      lockout_and_success_are_not_retried },
};

TEST_MAIN(tests)
