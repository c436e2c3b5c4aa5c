/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The owner's authorisation: read from a file in each of its forms, used for everything that is the
 * owner's, and named where it is absent or wrong.
 */
#include "swtpm.h"
#include "tpm/tpm-counter.h"
#include "tpm/tpm-nv.h"
#include "tpm/tpm-owner.h"
#include "tpm/tpm-storage-key.h"

#include "base/file.h"

#define INDEX  0x01400002u
#define SECRET "db-password"

static const uint8_t data[64] = { 1, 2, 3 };

static void set_owner(const Swtpm *swtpm, const char *value)
{
    TPM2B_AUTH auth = { .size = (uint16_t)strlen(value) };
    TpmContext *tpm = swtpm_open(swtpm);

    memcpy(auth.buffer, value, auth.size);
    check_int(Esys_HierarchyChangeAuth(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                       ESYS_TR_NONE, &auth),
              TSS2_RC_SUCCESS);
    tpm_context_free(tpm);
}

static int open_with(const Swtpm *swtpm, ByteView file, TpmFailure *failure, TpmContext **ret)
{
    _cleanup_close_ int fd = memfd_sealed("owner", file);
    const TpmContextOptions options = { .tcti = swtpm->tcti,
                                        .owner = { .is_given = true, .fd = fd } };

    check(fd >= 0);
    return tpm_context_open(&options, failure, ret);
}

static TpmContext *open_as(const Swtpm *swtpm, const char *file)
{
    TpmFailure failure = { 0 };
    TpmContext *tpm = NULL;

    check_int(open_with(swtpm, view_of_string(file), &failure, &tpm), TPM_CONTEXT_OK);
    return tpm;
}

static void check_everything_works(TpmContext *tpm)
{
    _cleanup_bytes_ Bytes read = { 0 };
    TpmKey *key = NULL;
    bool is_replaced = false;
    TpmCounter counter;

    check_int(tpm_owner_check(tpm), 0);
    check_int(tpm_nv_write(tpm, INDEX, VIEW_OF_ARRAY(data), NULL), 0);
    check_int(tpm_nv_read(tpm, INDEX, sizeof(data), &read), TPM_NV_OK);
    check(view_equal(VIEW(read), VIEW_OF_ARRAY(data)));
    check_int(tpm_storage_key_find(tpm, (ByteView){ 0 }, &key), TPM_STORAGE_KEY_OK);
    tpm_key_free(key);
    check_int(tpm_counter_define(tpm, SECRET, &counter), TPM_COUNTER_OK);
    check_int(tpm_counter_advance(tpm, SECRET, counter.index, counter.value + 2), TPM_COUNTER_OK);
    check_int(tpm_counter_remove(tpm, SECRET, 0), TPM_COUNTER_OK);
    /* Of another shape: removed, and defined anew. */
    check_int(tpm_nv_write(tpm, INDEX, (ByteView){ data, 32 }, &is_replaced), 0);
}

static void the_value_serves_everything_that_is_the_owners(void)
{
    Swtpm swtpm = swtpm_start();

    set_owner(&swtpm, "pass");
    TpmContext *tpm = open_as(&swtpm, "pass\n");
    check_everything_works(tpm);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void an_owner_without_one_is_taken_as_it_is(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = open_as(&swtpm, "pass\n");

    check(!tpm->has_owner);
    check_everything_works(tpm);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

/* A TPM whose owner may read SIZE bytes of an index, by the owner's authorisation alone. */
static void prepare(const Swtpm *swtpm, TpmCounter *ret)
{
    TpmContext *tpm = swtpm_open(swtpm);

    check_int(tpm_nv_write(tpm, INDEX, VIEW_OF_ARRAY(data), NULL), 0);
    check_int(tpm_counter_define(tpm, SECRET, ret), TPM_COUNTER_OK);
    tpm_context_free(tpm);
}

static void check_refused(TpmContext *tpm, const TpmCounter *counter, const char *finding,
                          const char *of_storage_key)
{
    TpmCounter unused;
    TpmKey *key = NULL;

    check_int(tpm_owner_check(tpm), -EACCES);
    check_str(tpm->failure.finding, finding);
    check_int(tpm_nv_write(tpm, INDEX, VIEW_OF_ARRAY(data), NULL), -EACCES);
    check_str(tpm->failure.finding, finding);
    check_int(tpm_nv_write(tpm, INDEX + 0x100, VIEW_OF_ARRAY(data), NULL), -EACCES);
    check_str(tpm->failure.finding, finding);
    check_int(tpm_storage_key_find(tpm, (ByteView){ 0 }, &key), TPM_STORAGE_KEY_E_AUTHORIZATION);
    check_str(tpm->failure.finding, of_storage_key);
    check_int(tpm_counter_define(tpm, "other", &unused), TPM_COUNTER_E_DENIED);
    check_str(tpm->failure.finding, finding);
    check_int(tpm_counter_advance(tpm, SECRET, counter->index, counter->value + 1),
              TPM_COUNTER_E_DENIED);
    check_str(tpm->failure.finding, finding);
    check_int(tpm_counter_remove(tpm, SECRET, 0), TPM_COUNTER_E_DENIED);
    check_str(tpm->failure.finding, finding);
    check(!strstr(tpm->failure.text, "pass"));
}

static void a_wrong_one_and_none_have_names(void)
{
    Swtpm swtpm = swtpm_start();
    TpmCounter counter;

    prepare(&swtpm, &counter);
    set_owner(&swtpm, "pass");
    TpmContext *tpm = open_as(&swtpm, "passed over");
    check_refused(tpm, &counter, "tpm-owner-authorization-wrong", "tpm-owner-authorization-wrong");
    tpm_context_free(tpm);
    tpm = swtpm_open(&swtpm);
    check_refused(tpm, &counter, "tpm-authorization-needed", "tpm-storage-key-authorization");
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

/* As the paravisor's report is: the index has an authorisation that nobody has. */
static void a_wrong_one_is_what_is_told_of_a_read(void)
{
    const TPM2B_AUTH nobodys = { .size = 6, .buffer = "random" };
    const TPM2B_NV_PUBLIC area = {
        .nvPublic = {
            .nvIndex = INDEX,
            .nameAlg = TPM2_ALG_SHA256,
            .attributes = TPMA_NV_OWNERWRITE | TPMA_NV_OWNERREAD | TPMA_NV_AUTHREAD | TPMA_NV_NO_DA,
            .dataSize = sizeof(data),
        },
    };
    const TPM2B_MAX_NV_BUFFER buffer = { .size = sizeof(data) };
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    _cleanup_bytes_ Bytes read = { 0 };
    ESYS_TR handle = ESYS_TR_NONE;

    check_int(Esys_NV_DefineSpace(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                  ESYS_TR_NONE, &nobodys, &area, &handle),
              TSS2_RC_SUCCESS);
    check_int(Esys_NV_Write(tpm->esys, ESYS_TR_RH_OWNER, handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                            ESYS_TR_NONE, &buffer, 0),
              TSS2_RC_SUCCESS);
    tpm_context_free(tpm);
    set_owner(&swtpm, "pass");
    tpm = open_as(&swtpm, "other");
    check_int(tpm_nv_read(tpm, INDEX, sizeof(data), &read), TPM_NV_E_DENIED);
    check_str(tpm->failure.finding, "tpm-owner-authorization-wrong");
    tpm_context_free(tpm);
    tpm = open_as(&swtpm, "pass");
    check_int(tpm_nv_read(tpm, INDEX, sizeof(data), &read), TPM_NV_OK);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void every_form_of_the_file_is_read(void)
{
    static const char *const files[] = { "pass",         "pass\n",         "pass\r\n",
                                         "hex:70617373", "hex:70617373\n", "hex:7061737300" };
    static const char longest[] =
        "hex:" /* 64 bytes */
        "4142434445464748414243444546474841424344454647484142434445464748"
        "4142434445464748414243444546474841424344454647484142434445464A4b";
    Swtpm swtpm = swtpm_start();

    set_owner(&swtpm, "pass");
    for (size_t i = 0; i < ELEMENTSOF(files); i++) {
        TpmContext *tpm = open_as(&swtpm, files[i]);
        check_int(tpm_owner_check(tpm), 0);
        tpm_context_free(tpm);
    }
    TpmContext *tpm = open_as(&swtpm, longest);
    check_int(tpm_owner_check(tpm), -EACCES);
    check_str(tpm->failure.finding, "tpm-owner-authorization-wrong");
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void check_unusable(const Swtpm *swtpm, ByteView file)
{
    TpmFailure failure = { 0 };
    TpmContext *tpm = NULL;

    check_int(open_with(swtpm, file, &failure, &tpm), TPM_CONTEXT_E_OWNER);
    check_str(failure.finding, "tpm-owner-authorization-unusable");
    check(!tpm && failure.text[0]);
}

static void a_file_without_a_value_is_named(void)
{
    static const char *const files[] = {
        "",       "\n",     "two\nlines", "hex:",      "hex:7",
        "hex:7g", "hex:7 ", "hex:70:71",  "hex:0\x1f", "hex:70 71"
    };
    char text[300];
    Swtpm swtpm = swtpm_start();
    const TpmContextOptions closed = { .tcti = swtpm.tcti, .owner = { true, -EBADF } };
    TpmFailure failure = { 0 };
    TpmContext *tpm = NULL;

    for (size_t i = 0; i < ELEMENTSOF(files); i++)
        check_unusable(&swtpm, view_of_string(files[i]));
    memset(text, 'x', sizeof(text));
    check_unusable(&swtpm, (ByteView){ (const uint8_t *)text, TPM_OWNER_SIZE_MAX + 1 });
    check_unusable(&swtpm, (ByteView){ (const uint8_t *)text, sizeof(text) });
    check_int(tpm_context_open(&closed, &failure, &tpm), TPM_CONTEXT_E_OWNER);
    check_str(failure.text, strerror(EBADF));
    swtpm_stop(&swtpm);
}

static const Test tests[] = {
    { "the value serves everything that is the owner's",
      the_value_serves_everything_that_is_the_owners },
    { "an owner without one is taken as it is", an_owner_without_one_is_taken_as_it_is },
    { "a wrong one and none have names", a_wrong_one_and_none_have_names },
    { "a wrong one is what is told of a read", a_wrong_one_is_what_is_told_of_a_read },
    { "every form of the file is read", every_form_of_the_file_is_read },
    { "a file without a value is named", a_file_without_a_value_is_named },
};

TEST_MAIN(tests)
