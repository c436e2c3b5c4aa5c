/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NV indices on a real swtpm.
 */
#include "swtpm.h"
#include "tpm/tpm-nv.h"

#define INDEX 0x01800001

static void what_was_written_is_read_in_chunks(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    _cleanup_bytes_ Bytes found = { 0 };
    uint8_t wanted[1500];

    for (size_t i = 0; i < sizeof(wanted); i++)
        wanted[i] = (uint8_t)(i * 7);
    swtpm_define_nv(tpm, INDEX, VIEW_OF_ARRAY(wanted));
    check_int(tpm_nv_read(tpm, INDEX, TPM_NV_LIMIT, &found), TPM_NV_OK);
    check(view_equal(VIEW(found), VIEW_OF_ARRAY(wanted)));
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void an_absent_index_is_named(void)
{
    static const uint8_t other[] = { 1 };
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    Bytes found = { 0 };

    check_int(tpm_nv_read(tpm, INDEX, TPM_NV_LIMIT, &found), TPM_NV_E_ABSENT);
    swtpm_define_nv(tpm, INDEX + 1, VIEW_OF_ARRAY(other));
    check_int(tpm_nv_read(tpm, INDEX, TPM_NV_LIMIT, &found), TPM_NV_E_ABSENT);
    check(found.data == NULL);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void an_index_beyond_the_limit_is_named(void)
{
    static const uint8_t bytes[9] = { 0 };
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    Bytes found = { 0 };

    swtpm_define_nv(tpm, INDEX, VIEW_OF_ARRAY(bytes));
    check_int(tpm_nv_read(tpm, INDEX, 8, &found), TPM_NV_E_SIZE);
    check(found.data == NULL);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void define(TpmContext *tpm, TPMA_NV attributes, const char *auth)
{
    const TPM2B_NV_PUBLIC area = { .nvPublic = { .nvIndex = INDEX,
                                                 .nameAlg = TPM2_ALG_SHA256,
                                                 .attributes = attributes,
                                                 .dataSize = 4 } };
    TPM2B_AUTH value = { .size = (uint16_t)strlen(auth) };
    ESYS_TR handle = ESYS_TR_NONE;

    memcpy(value.buffer, auth, value.size);
    check_int(Esys_NV_DefineSpace(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                  ESYS_TR_NONE, &value, &area, &handle),
              TSS2_RC_SUCCESS);
    tpm_close_handle(tpm, &handle);
}

static void an_index_never_written_is_absent(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    Bytes found = { 0 };

    define(tpm, TPMA_NV_OWNERWRITE | TPMA_NV_OWNERREAD, "");
    check_int(tpm_nv_read(tpm, INDEX, TPM_NV_LIMIT, &found), TPM_NV_E_ABSENT);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void write_four(TpmContext *tpm)
{
    const TPM2B_MAX_NV_BUFFER data = { .size = 4, .buffer = "four" };
    ESYS_TR handle = ESYS_TR_NONE;

    check_int(
        Esys_TR_FromTPMPublic(tpm->esys, INDEX, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &handle),
        TSS2_RC_SUCCESS);
    check_int(Esys_NV_Write(tpm->esys, ESYS_TR_RH_OWNER, handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                            ESYS_TR_NONE, &data, 0),
              TSS2_RC_SUCCESS);
    tpm_close_handle(tpm, &handle);
}

static void an_index_with_a_password_is_denied(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    Bytes found = { 0 };

    define(tpm, TPMA_NV_OWNERWRITE | TPMA_NV_AUTHREAD | TPMA_NV_NO_DA, "secret");
    write_four(tpm);
    check_int(tpm_nv_read(tpm, INDEX, TPM_NV_LIMIT, &found), TPM_NV_E_DENIED);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void an_index_for_policies_only_is_denied(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    Bytes found = { 0 };

    define(tpm, TPMA_NV_OWNERWRITE | TPMA_NV_POLICYREAD, "");
    write_four(tpm);
    check_int(tpm_nv_read(tpm, INDEX, TPM_NV_LIMIT, &found), TPM_NV_E_DENIED);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void define_bits(TpmContext *tpm, TPMA_NV attributes)
{
    const TPM2B_NV_PUBLIC area = { .nvPublic = { .nvIndex = INDEX,
                                                 .nameAlg = TPM2_ALG_SHA256,
                                                 .attributes = attributes,
                                                 .dataSize = 8 } };
    const TPM2B_AUTH empty = { 0 };
    ESYS_TR handle = ESYS_TR_NONE;

    check_int(Esys_NV_DefineSpace(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                  ESYS_TR_NONE, &empty, &area, &handle),
              TSS2_RC_SUCCESS);
    tpm_close_handle(tpm, &handle);
}

static void remove_index(TpmContext *tpm)
{
    ESYS_TR handle = ESYS_TR_NONE;

    check_int(
        Esys_TR_FromTPMPublic(tpm->esys, INDEX, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &handle),
        TSS2_RC_SUCCESS);
    check_int(Esys_NV_UndefineSpace(tpm->esys, ESYS_TR_RH_OWNER, handle, ESYS_TR_PASSWORD,
                                    ESYS_TR_NONE, ESYS_TR_NONE),
              TSS2_RC_SUCCESS);
}

static void expect_content(TpmContext *tpm, const char *wanted)
{
    _cleanup_bytes_ Bytes found = { 0 };

    check_int(tpm_nv_read(tpm, INDEX, TPM_NV_LIMIT, &found), TPM_NV_OK);
    check(view_equal(VIEW(found), view_of_string(wanted)));
}

static void what_is_written_is_there_and_the_owner_s(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmNvShape shape;

    check_int(tpm_nv_describe(tpm, INDEX, &shape), 0);
    check(!shape.exists);
    check_int(tpm_nv_write(tpm, INDEX, view_of_string("first"), NULL), 0);
    expect_content(tpm, "first");
    check_int(tpm_nv_write(tpm, INDEX, view_of_string("again"), NULL), 0);
    expect_content(tpm, "again");
    check_int(tpm_nv_describe(tpm, INDEX, &shape), 0);
    check(shape.exists && shape.written && shape.is_owners);
    check_int(shape.size, 5);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void an_index_that_does_not_serve_is_made_anew(void)
{
    static const TPMA_NV unfit[] = {
        TPMA_NV_OWNERWRITE | TPMA_NV_OWNERREAD, /* four bytes */
        TPMA_NV_OWNERWRITE | TPMA_NV_AUTHREAD,
        TPMA_NV_AUTHWRITE | TPMA_NV_OWNERREAD,
    };
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);

    for (size_t i = 0; i < ELEMENTSOF(unfit); i++) {
        const char *text = i == 0 ? "fiver" : "four";
        define(tpm, unfit[i], "");
        check_int(tpm_nv_write(tpm, INDEX, view_of_string(text), NULL), -EPERM);
        check(strstr(tpm->failure.text, "somebody's"));
        bool is_replaced = false;
        check_int(tpm_nv_write(tpm, INDEX, view_of_string(text), &is_replaced), 0);
        check(is_replaced);
        expect_content(tpm, text);
        remove_index(tpm);
    }
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void what_counts_or_holds_bits_is_not_touched(void)
{
    static const TPM2_NT types[] = { TPM2_NT_BITS, TPM2_NT_COUNTER };
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);

    for (size_t i = 0; i < ELEMENTSOF(types); i++) {
        bool is_replaced = false;
        TpmNvShape shape;
        define_bits(tpm, ((TPMA_NV)types[i] << TPMA_NV_TPM2_NT_SHIFT) | TPMA_NV_OWNERWRITE |
                             TPMA_NV_OWNERREAD);
        check_int(tpm_nv_write(tpm, INDEX, view_of_string("four"), &is_replaced), -EPERM);
        check(!is_replaced && strstr(tpm->failure.text, "8 bytes, no ordinary index"));
        check_int(tpm_nv_describe(tpm, INDEX, &shape), 0);
        check(shape.exists && !shape.is_ordinary && shape.size == 8);
        remove_index(tpm);
    }
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void an_index_of_the_platform_is_not_touched(void)
{
    const TPM2B_NV_PUBLIC area = { .nvPublic = { .nvIndex = INDEX,
                                                 .nameAlg = TPM2_ALG_SHA256,
                                                 .attributes = TPMA_NV_PPWRITE | TPMA_NV_OWNERREAD |
                                                               TPMA_NV_PLATFORMCREATE,
                                                 .dataSize = 4 } };
    const TPM2B_AUTH empty = { 0 };
    ESYS_TR handle = ESYS_TR_NONE;
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);

    check_int(Esys_NV_DefineSpace(tpm->esys, ESYS_TR_RH_PLATFORM, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                  ESYS_TR_NONE, &empty, &area, &handle),
              TSS2_RC_SUCCESS);
    tpm_close_handle(tpm, &handle);
    check_int(tpm_nv_write(tpm, INDEX, view_of_string("four"), NULL), -EPERM);
    check(strstr(tpm->failure.text, "platform") != NULL);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void what_cannot_be_written_is_refused(void)
{
    static const TPM2B_AUTH auth = { .size = 4, .buffer = "mine" };
    uint8_t much[513] = { 0 };
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);

    check_int(tpm_nv_write(tpm, INDEX, VIEW_OF_ARRAY(much), NULL), -EINVAL);
    check_int(tpm_nv_write(tpm, INDEX, (ByteView){ 0 }, NULL), -EINVAL);
    check_int(Esys_HierarchyChangeAuth(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                       ESYS_TR_NONE, &auth),
              TSS2_RC_SUCCESS);
    tpm_context_free(tpm);
    tpm = swtpm_open(&swtpm); /* one that knows no authorisation */
    check_int(tpm_nv_write(tpm, INDEX, view_of_string("four"), NULL), -EACCES);
    check_str(tpm->failure.finding, "tpm-authorization-needed");
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static const Test tests[] = {
    { "what counts or holds bits is not touched", what_counts_or_holds_bits_is_not_touched },
    { "what was written is read in chunks", what_was_written_is_read_in_chunks },
    { "an absent index is named, also where another one follows", an_absent_index_is_named },
    { "an index beyond the limit is named", an_index_beyond_the_limit_is_named },
    { "an index never written is absent", an_index_never_written_is_absent },
    { "an index with a password is denied", an_index_with_a_password_is_denied },
    { "an index for policies only is denied", an_index_for_policies_only_is_denied },
    { "what is written is there, and the owner's", what_is_written_is_there_and_the_owner_s },
    { "an index that does not serve is made anew", an_index_that_does_not_serve_is_made_anew },
    { "an index of the platform is not touched", an_index_of_the_platform_is_not_touched },
    { "what cannot be written is refused", what_cannot_be_written_is_refused },
};

TEST_MAIN(tests)
