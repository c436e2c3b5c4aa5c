/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which storage key is taken, and which is not.
 */
#include "format/tpm-public.h"
#include "swtpm.h"
#include "tpm/tpm-attestation-key.h"
#include "tpm/tpm-storage-key.h"

static const ByteView any = { 0 };

static TpmKey *find(TpmContext *tpm, ByteView name)
{
    TpmKey *key = NULL;

    check_int(tpm_storage_key_find(tpm, name, &key), TPM_STORAGE_KEY_OK);
    check(tpm_storage_key_is_fit(VIEW(key->public_area)));
    return key;
}

static Bytes name_of(TpmContext *tpm)
{
    TpmKey *key = find(tpm, any);
    Bytes name = { 0 };

    check_int(bytes_copy(VIEW(key->name), &name), 0);
    tpm_key_free(key);
    return name;
}

/* Of the right shape, and another key all the same. */
static TpmKey *make_other(TpmContext *tpm)
{
    TpmKey *own = find(tpm, any), *other = NULL;
    TPMT_PUBLIC template;

    check_int(tpm_key_parse(VIEW(own->public_area), &template), TPM_KEY_OK);
    template.unique.ecc = (TPMS_ECC_POINT){ .x.size = 0, .y.size = 0 };
    check_int(tpm_key_create(tpm, ESYS_TR_RH_OWNER, &template, &other), 0);
    check(!view_equal(VIEW(own->name), VIEW(other->name)));
    tpm_key_free(own);
    return other;
}

static void the_template_makes_the_same_key_each_time(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    _cleanup_bytes_ Bytes name = name_of(tpm);
    TpmKey *again = find(tpm, VIEW(name));

    check_int(name.size, 34);
    check_int(again->persistent, 0);
    check(view_equal(VIEW(again->name), VIEW(name)));
    tpm_key_free(again);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void the_provisioned_key_is_taken_when_it_is_fit(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmKey *other = make_other(tpm);

    swtpm_persist(tpm, other->handle, 0x81000001);
    TpmKey *found = find(tpm, any);
    check_int(found->persistent, 0x81000001);
    check(view_equal(VIEW(found->name), VIEW(other->name)));
    tpm_key_free(found);
    tpm_key_free(other);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void a_key_provisioned_later_does_not_hide_the_one_sealed_under(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    _cleanup_bytes_ Bytes name = name_of(tpm);
    TpmKey *other = make_other(tpm);

    swtpm_persist(tpm, other->handle, 0x81000001);
    other = tpm_key_free(other);
    TpmKey *found = find(tpm, VIEW(name));
    check_int(found->persistent, 0);
    tpm_key_free(found);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void another_kind_of_key_at_the_handle_is_passed_over(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmKey *ak = NULL;

    check_int(tpm_attestation_key_find(tpm, "template", &ak), TPM_ATTESTATION_KEY_OK);
    check(!tpm_storage_key_is_fit(VIEW(ak->public_area)));
    swtpm_persist(tpm, ak->handle, 0x81000001);
    tpm_key_free(ak);
    TpmKey *found = find(tpm, any);
    check_int(found->persistent, 0);
    tpm_key_free(found);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void a_name_that_no_key_has_is_named(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    _cleanup_bytes_ Bytes name = name_of(tpm);
    TpmKey *none = NULL;

    name.data[33] ^= 1;
    check_int(tpm_storage_key_find(tpm, VIEW(name), &none), TPM_STORAGE_KEY_E_OTHER);
    check_str(tpm->failure.finding, "tpm-storage-key-changed");
    name.data[33] ^= 1;
    check_int(
        Esys_Clear(tpm->esys, ESYS_TR_RH_LOCKOUT, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE),
        TSS2_RC_SUCCESS);
    check_int(tpm_storage_key_find(tpm, VIEW(name), &none), TPM_STORAGE_KEY_E_OTHER);
    check(none == NULL);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void an_owner_authorisation_is_named(void)
{
    const TPM2B_AUTH authorisation = { .size = 4, .buffer = "pass" };
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmKey *none = NULL;

    check_int(Esys_HierarchyChangeAuth(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                       ESYS_TR_NONE, &authorisation),
              TSS2_RC_SUCCESS);
    tpm_context_free(tpm);
    tpm = swtpm_open(&swtpm);
    check_int(tpm_storage_key_find(tpm, any, &none), TPM_STORAGE_KEY_E_AUTHORIZATION);
    check_str(tpm->failure.finding, "tpm-storage-key-authorization");
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

/* Every attribute the template has, or lacks. */
static void another_attribute_makes_a_key_unfit(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmKey *key = find(tpm, any);

    for (size_t bit = 0; bit < 32; bit++) {
        uint8_t *byte = &key->public_area.data[7 - bit / 8];
        *byte ^= (uint8_t)(1 << bit % 8);
        check(!tpm_storage_key_is_fit(VIEW(key->public_area)));
        *byte ^= (uint8_t)(1 << bit % 8);
    }
    check(tpm_storage_key_is_fit(VIEW(key->public_area)));
    for (size_t size = 0; size < key->public_area.size; size++)
        check(!tpm_storage_key_is_fit((ByteView){ key->public_area.data, size }));
    tpm_key_free(key);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static const Test tests[] = {
    { "the template makes the same key each time", the_template_makes_the_same_key_each_time },
    { "the provisioned key is taken when it is fit", the_provisioned_key_is_taken_when_it_is_fit },
    { "a key provisioned later does not hide the one sealed under",
      a_key_provisioned_later_does_not_hide_the_one_sealed_under },
    { "another kind of key at the handle is passed over",
      another_kind_of_key_at_the_handle_is_passed_over },
    { "a Name that no key has, or has any more, is named", a_name_that_no_key_has_is_named },
    { "an owner authorisation is named", an_owner_authorisation_is_named },
    { "another attribute makes a key unfit", another_attribute_makes_a_key_unfit },
};

TEST_MAIN(tests)
