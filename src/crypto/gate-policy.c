/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy digests, as a session of the TPM comes to them (TPM 2.0 Part 3, 23).
 */
#include "crypto/gate-policy.h"
#include "base/reader.h"
#include "format/tpm-public.h"

#include <stdio.h>
#include <string.h>

/* TPM 2.0 Part 2, 6.5.2 */
#define CC_POLICY_NV     0x00000149
#define CC_POLICY_SIGNED 0x00000160
#define CC_POLICY_OR     0x00000171
#define CC_POLICY_PCR    0x0000017f

#define ALL_PCRS       ((UINT32_C(1) << GATE_PCR_COUNT) - 1)
#define PCRS_TEXT_SIZE 64                  /* "0, 1, … 14 and 15" has 49 characters */
#define EO_UNSIGNED_LE 0x09                /* TPM_EO, Part 2, 6.8 */
#define LABEL          "attestd counter 1" /* with its NUL */
#define COUNTER_ATTRIBUTES                                                                         \
    0x22060012 /* ownerWrite, counter, ownerRead, authRead, noDA, written (Part 2, 13.4) */

/* H(FROM ‖ CODE ‖ FIRST ‖ SECOND): what a policy command makes of a session. */
static int policy_update(const Digest *from, uint32_t code, ByteView first, ByteView second,
                         Digest *ret)
{
    static const uint8_t zeros[GATE_POLICY_SIZE] = { 0 };
    uint8_t command[] = { (uint8_t)(code >> 24), (uint8_t)(code >> 16), (uint8_t)(code >> 8),
                          (uint8_t)code };
    const ByteView parts[] = { from ? digest_view(from) : VIEW_OF_ARRAY(zeros),
                               VIEW_OF_ARRAY(command), first, second };

    return digest_of_parts(DIGEST_SHA256, parts, ELEMENTSOF(parts), ret);
}

int gate_policy_signed(ByteView key_name, ByteView policy_ref, Digest *ret)
{
    Digest named;

    if (!tpm_name_is_valid(key_name))
        return GATE_E_TPM_NAME;
    int r = policy_update(NULL, CC_POLICY_SIGNED, key_name, (ByteView){ 0 }, &named);
    if (r < 0)
        return r;

    const ByteView parts[] = { digest_view(&named), policy_ref };
    return digest_of_parts(DIGEST_SHA256, parts, ELEMENTSOF(parts), ret);
}

int gate_policy_or(const Digest *current, const Digest *next, Digest *ret)
{
    return policy_update(NULL, CC_POLICY_OR, digest_view(current), digest_view(next), ret);
}

char *gate_pcrs_text(uint32_t mask)
{
    char text[PCRS_TEXT_SIZE] = "";
    size_t used = 0;

    mask &= ALL_PCRS;
    for (unsigned pcr = 0; pcr < GATE_PCR_COUNT; pcr++) {
        uint32_t bit = UINT32_C(1) << pcr;
        if (!(mask & bit))
            continue;
        bool is_first = (mask & (bit - 1)) == 0, is_last = (mask & ~(bit | (bit - 1))) == 0;
        const char *between = is_first ? "" : is_last ? " and " : ", ";
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%u", between, pcr);
    }
    return strdup(text);
}

int gate_pcrs_digest(const GatePcrs *pcrs, Digest *ret)
{
    ByteView parts[GATE_PCR_COUNT];
    size_t n = 0;

    if (pcrs->mask == 0 || (pcrs->mask & ~ALL_PCRS))
        return GATE_E_PCRS;
    for (unsigned pcr = 0; pcr < GATE_PCR_COUNT; pcr++)
        if (pcrs->mask & (UINT32_C(1) << pcr))
            parts[n++] = VIEW_OF_ARRAY(pcrs->values[pcr]);
    return digest_of_parts(DIGEST_SHA256, parts, n, ret);
}

int gate_policy_pcr(const Digest *from, const GatePcrs *pcrs, Digest *ret)
{
    /* TPML_PCR_SELECTION: one bank, SHA-256, three octets */
    uint8_t selection[] = {
        0, 0, 0, 1, 0, TPM_ALG_SHA256, 3, (uint8_t)pcrs->mask, (uint8_t)(pcrs->mask >> 8), 0
    };
    Digest values;

    int r = gate_pcrs_digest(pcrs, &values);
    if (r != GATE_OK)
        return r;
    return policy_update(from, CC_POLICY_PCR, VIEW_OF_ARRAY(selection), digest_view(&values), ret);
}

int gate_counter_label(const char *secret, Digest *ret)
{
    ByteView name = view_of_string(secret);

    if (name.size > UINT16_MAX)
        return GATE_E_NAME;
    const uint8_t length[] = { (uint8_t)(name.size >> 8), (uint8_t)name.size };
    const ByteView parts[] = { { (const uint8_t *)LABEL, sizeof(LABEL) },
                               VIEW_OF_ARRAY(length),
                               name };
    return digest_of_parts(DIGEST_SHA256, parts, ELEMENTSOF(parts), ret);
}

/* TPMS_NV_PUBLIC (Part 2, 13.5). Frozen. */
static int append_counter(Bytes *area, uint32_t index, const Digest *label)
{
    int r = bytes_append_be32(area, index);

    if (r == 0)
        r = bytes_append_be16(area, TPM_ALG_SHA256);
    if (r == 0)
        r = bytes_append_be32(area, COUNTER_ATTRIBUTES);
    if (r == 0)
        r = bytes_append_be16(area, (uint16_t)label->size); /* authPolicy */
    if (r == 0)
        r = bytes_append(area, digest_view(label));
    return r < 0 ? r : bytes_append_be16(area, GATE_COUNTER_SIZE);
}

int gate_counter_name(uint32_t index, const char *secret, TpmName *ret)
{
    _cleanup_bytes_ Bytes area = { 0 };
    TpmName name = { { 0, TPM_ALG_SHA256 } };
    Digest label, digest;

    int r = gate_counter_label(secret, &label);
    if (r == GATE_OK)
        r = append_counter(&area, index, &label);
    if (r == GATE_OK)
        r = digest_of(DIGEST_SHA256, VIEW(area), &digest);
    if (r != GATE_OK)
        return r;
    memcpy(name.data + 2, digest.data, digest.size);
    *ret = name;
    return GATE_OK;
}

int gate_policy_nv(const Digest *from, ByteView name, uint64_t most, Digest *ret)
{
    uint8_t arguments[GATE_COUNTER_SIZE + 4] = { 0 }; /* operand, offset 0, operation */
    Digest digest;

    if (!tpm_name_is_valid(name))
        return GATE_E_TPM_NAME;
    for (size_t i = 0; i < GATE_COUNTER_SIZE; i++)
        arguments[i] = (uint8_t)(most >> (56 - 8 * i));
    arguments[sizeof(arguments) - 1] = EO_UNSIGNED_LE;
    int r = digest_of(DIGEST_SHA256, VIEW_OF_ARRAY(arguments), &digest);
    return r < 0 ? r : policy_update(from, CC_POLICY_NV, digest_view(&digest), name, ret);
}
