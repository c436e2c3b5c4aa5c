/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runtime claims: numbers without leading zeros, user data and VM id in their one form, and the
 * same again from what jansson writes.
 */
#include "format/hcl-claims.h"
#include "fuzz/require.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require_number(const uint8_t *number, size_t size, size_t size_max)
{
    require(size <= size_max && (size == 0 || number[0] != 0));
}

static void require_key(const HclKey *key)
{
    require_number(key->modulus, key->modulus_size, HCL_MODULUS_MAX);
    require_number(key->exponent, key->exponent_size, HCL_EXPONENT_MAX);
    require((key->modulus_size == 0) == (key->exponent_size == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_hcl_claims_ HclClaims claims = { 0 }, again = { 0 };

    if (hcl_claims_parse((ByteView){ data, size }, &claims) != HCL_CLAIMS_OK)
        return 0;
    require_key(&claims.ak);
    require_key(&claims.ek);
    require(claims.ak.modulus_size > 0);
    require(strlen(claims.vm_id) == 0 || strlen(claims.vm_id) == HCL_VM_ID_SIZE - 1);
    require(json_is_array(hcl_claims_keys(&claims)));

    _cleanup_free_ char *text = json_text(claims.json);
    require(text != NULL);
    if (strlen(text) > HCL_CLAIMS_SIZE_MAX) /* escapes and numbers may grow */
        return 0;
    require(hcl_claims_parse(view_of_string(text), &again) == HCL_CLAIMS_OK);
    require(memcmp(&again.ak, &claims.ak, sizeof(claims.ak)) == 0);
    require(memcmp(&again.ek, &claims.ek, sizeof(claims.ek)) == 0);
    require(again.has_user_data == claims.has_user_data);
    require(memcmp(again.user_data, claims.user_data, sizeof(claims.user_data)) == 0);
    require(strcmp(again.vm_id, claims.vm_id) == 0);
    return 0;
}
