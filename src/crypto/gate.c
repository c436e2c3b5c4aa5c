/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that a TPM hashes too, put together without one (TPM 2.0 Part 1, 16 and 19.7).
 */
#include "crypto/gate.h"

#include "base/reader.h"
#include "crypto/signature.h"
#include "format/tpm-public.h"

#include <errno.h>
#include <string.h>

#define REF_LABEL "attestd gate 1" /* counted with its NUL: no other use of SHA-256 begins so */

#define P256_SIZE 32

const char *gate_reason(int reason)
{
    switch (reason) {
    case GATE_OK:
        return "ok";
    case GATE_E_NAME:
        return "not a gate's name";
    case GATE_E_TPM_NAME:
        return "not a TPM Name of SHA-256";
    case GATE_E_NONCE:
        return "nonce of a wrong size";
    case GATE_E_EXPIRATION:
        return "expiration out of bounds";
    case GATE_E_POLICY_REF:
        return "policyRef of a wrong size";
    case GATE_E_KEY:
        return "release key is not P-256, or has no private half";
    case GATE_E_SIGNATURE:
        return "signature does not verify";
    case GATE_E_PUBLIC:
        return "not a TPMT_PUBLIC with SHA-256";
    case GATE_E_PCRS:
        return "no register, or one beyond PCR 15";
    }
    return "unknown";
}

bool tpm_name_is_valid(ByteView name)
{
    return name.size == TPM_NAME_SIZE && name.data[0] == 0 && name.data[1] == TPM_ALG_SHA256;
}

int gate_policy_ref(const char *gate, ByteView ak_name, Digest *ret)
{
    if (!gate_name_is_valid(gate))
        return GATE_E_NAME;
    if (!tpm_name_is_valid(ak_name))
        return GATE_E_TPM_NAME;

    uint8_t length[2] = { 0, (uint8_t)strlen(gate) };
    const ByteView parts[] = {
        { (const uint8_t *)REF_LABEL, sizeof(REF_LABEL) },
        VIEW_OF_ARRAY(length),
        view_of_string(gate),
        ak_name,
    };
    return digest_of_parts(DIGEST_SHA256, parts, ELEMENTSOF(parts), ret);
}

int gate_message(const GateApproval *approval, uint8_t ret[static GATE_MESSAGE_SIZE])
{
    if (approval->nonce_tpm.size != GATE_NONCE_SIZE)
        return GATE_E_NONCE;
    if (approval->expiration_sec < GATE_EXPIRATION_MIN ||
        approval->expiration_sec > GATE_EXPIRATION_MAX)
        return GATE_E_EXPIRATION;
    if (approval->policy_ref.size != GATE_POLICY_SIZE)
        return GATE_E_POLICY_REF;

    uint32_t expiration = (uint32_t)(int32_t)approval->expiration_sec;
    memcpy(ret, approval->nonce_tpm.data, GATE_NONCE_SIZE);
    for (size_t i = 0; i < sizeof(expiration); i++)
        ret[GATE_NONCE_SIZE + i] = (uint8_t)(expiration >> (24 - 8 * i));
    memcpy(ret + GATE_NONCE_SIZE + sizeof(expiration), approval->policy_ref.data, GATE_POLICY_SIZE);
    return GATE_OK;
}

int gate_sign(const Key *release_key, const GateApproval *approval, Bytes *ret)
{
    uint8_t message[GATE_MESSAGE_SIZE];

    if (key_type(release_key) != KEY_P256)
        return GATE_E_KEY;
    int r = gate_message(approval, message);
    if (r != GATE_OK)
        return r;
    r = signature_sign(release_key, SIGNATURE_ECDSA_RAW, DIGEST_SHA256, VIEW_OF_ARRAY(message),
                       ret);
    return r > 0 ? GATE_E_KEY : r;
}

int gate_verify(const Key *release_key, const GateApproval *approval, ByteView signature)
{
    uint8_t message[GATE_MESSAGE_SIZE];

    if (key_type(release_key) != KEY_P256)
        return GATE_E_KEY;
    int r = gate_message(approval, message);
    if (r != GATE_OK)
        return r;
    r = signature_verify(release_key, SIGNATURE_ECDSA_RAW, DIGEST_SHA256, VIEW_OF_ARRAY(message),
                         signature);
    return r > 0 ? GATE_E_SIGNATURE : r;
}

/* TPMT_PUBLIC up to its unique part (TPM 2.0 Part 2, 12.2.4 and 12.2.3.6). Frozen. */
static int append_key_head(Bytes *area)
{
    static const uint16_t parameters[] = { TPM_ALG_NULL /* symmetric */, TPM_ALG_NULL /* scheme */,
                                           TPM_CURVE_P256, TPM_ALG_NULL /* kdf */ };

    int r = bytes_append_be16(area, TPM_ALG_ECC);
    if (r == 0)
        r = bytes_append_be16(area, TPM_ALG_SHA256);
    if (r == 0)
        r = bytes_append_be32(area, TPM_OBJECT_SIGN | TPM_OBJECT_USER_WITH_AUTH);
    if (r == 0)
        r = bytes_append_be16(area, 0); /* authPolicy */
    for (size_t i = 0; r == 0 && i < ELEMENTSOF(parameters); i++)
        r = bytes_append_be16(area, parameters[i]);
    return r;
}

static int append_coordinate(Bytes *area, const Bytes *coordinate)
{
    int r = bytes_append_be16(area, P256_SIZE);

    return r < 0 ? r : bytes_append(area, VIEW(*coordinate));
}

int gate_key_public(const Key *release_key, Bytes *ret)
{
    _cleanup_bytes_ Bytes area = { 0 };
    _cleanup_bytes_ Bytes x = { 0 };
    _cleanup_bytes_ Bytes y = { 0 };

    if (key_type(release_key) != KEY_P256)
        return GATE_E_KEY;
    int r = key_ec_point(release_key, &x, &y);
    if (r != KEY_OK)
        return r < 0 ? r : GATE_E_KEY;
    r = append_key_head(&area);
    if (r == 0)
        r = append_coordinate(&area, &x);
    if (r == 0)
        r = append_coordinate(&area, &y);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(area);
    return GATE_OK;
}

int gate_key_name(const Key *release_key, TpmName *ret)
{
    _cleanup_bytes_ Bytes area = { 0 };

    int r = gate_key_public(release_key, &area);
    if (r != GATE_OK)
        return r;
    return tpm_name_of(VIEW(area), ret);
}

int tpm_name_of(ByteView public_area, TpmName *ret)
{
    Reader reader = reader_over(public_area);
    TpmName name = { { 0, TPM_ALG_SHA256 } };
    Digest digest;

    reader_skip(&reader, 2); /* type */
    if (reader_be16(&reader) != TPM_ALG_SHA256)
        return GATE_E_PUBLIC;
    int r = digest_of(DIGEST_SHA256, public_area, &digest);
    if (r < 0)
        return r;
    memcpy(name.data + 2, digest.data, digest.size);
    *ret = name;
    return GATE_OK;
}

ByteView tpm_name_view(const TpmName *name)
{
    return (ByteView){ .data = name->data, .size = sizeof(name->data) };
}
