/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line of text or "hex:" and digits, as tpm2-tools take it; from the file to the library.
 */
#include "tpm/tpm-owner.h"

#include "base/encode.h"
#include "base/wipe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HEX_PREFIX "hex:"
#define LINE_MAX   (sizeof(HEX_PREFIX) - 1 + 2 * TPM_OWNER_SIZE_MAX + 2) /* bytes, "\r\n" too */

_Static_assert(TPM_OWNER_SIZE_MAX <= sizeof(((TPM2B_AUTH *)NULL)->buffer), "it fits");

static int refuse(TpmFailure *failure, const char *why)
{
    failure->finding = "tpm-owner-authorization-unusable";
    (void)snprintf(failure->text, sizeof(failure->text), "%s", why);
    return TPM_CONTEXT_E_OWNER;
}

/* From the beginning each time: the descriptor serves several transactions. Bytes or -errno. */
static ssize_t read_line(int fd, char line[static LINE_MAX + 1])
{
    size_t size = 0;

    while (size <= LINE_MAX) {
        ssize_t n = pread(fd, line + size, LINE_MAX + 1 - size, (off_t)size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        size += (size_t)n;
    }
    return (ssize_t)size;
}

static bool hex_digit(char c, uint8_t *ret)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c | ('a' ^ 'A')) : NULL;

    if (!at || (c >= 0 && c < '0'))
        return false;
    *ret = (uint8_t)(at - digits);
    return true;
}

/* Not by base/encode, whose buffers are not wiped. */
static bool decode_hex(const char *text, size_t size, TPM2B_AUTH *ret)
{
    uint8_t high, low;

    if (size == 0 || size % 2 != 0 || size / 2 > TPM_OWNER_SIZE_MAX)
        return false;
    for (size_t i = 0; i < size / 2; i++) {
        if (!hex_digit(text[2 * i], &high) || !hex_digit(text[2 * i + 1], &low))
            return false;
        ret->buffer[i] = (uint8_t)(high << 4 | low);
    }
    ret->size = (uint16_t)(size / 2);
    return true;
}

static bool decode(const char *line, size_t size, TPM2B_AUTH *ret)
{
    size_t prefix = strlen(HEX_PREFIX);

    while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r'))
        size--;
    if (size >= prefix && memcmp(line, HEX_PREFIX, prefix) == 0)
        return decode_hex(line + prefix, size - prefix, ret);
    if (size == 0 || size > TPM_OWNER_SIZE_MAX || memchr(line, '\n', size))
        return false;
    memcpy(ret->buffer, line, size);
    ret->size = (uint16_t)size;
    return true;
}

static int read_value(const TpmOwner *owner, TpmFailure *failure, TPM2B_AUTH *ret)
{
    char line[LINE_MAX + 1];
    ssize_t size = read_line(owner->fd, line);
    bool is_good = size > 0 && (size_t)size <= LINE_MAX && decode(line, (size_t)size, ret);

    wipe(line, sizeof(line));
    if (is_good)
        return TPM_CONTEXT_OK;
    return refuse(failure, size < 0    ? strerror((int)-size)
                           : size == 0 ? "an empty file"
                                       : "not one line of 1 to 64 bytes, nor hex: and digits");
}

/* TPMA_PERMANENT says whether there is a value at all (TPM 2.0 Part 2, 8.6). */
static int ask_whether_set(TpmContext *tpm, bool *ret)
{
    _cleanup_esys_ TPMS_CAPABILITY_DATA *data = NULL;
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    do
        rc = Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                TPM2_CAP_TPM_PROPERTIES, TPM2_PT_PERMANENT, 1, NULL, &data);
    while (tpm_retry(&patience, rc));

    int r = tpm_result(tpm, "TPM2_GetCapability", rc);
    if (r < 0)
        return r;
    const TPML_TAGGED_TPM_PROPERTY *properties = &data->data.tpmProperties;
    *ret = properties->count == 0 || properties->tpmProperty[0].property != TPM2_PT_PERMANENT ||
           properties->tpmProperty[0].value & TPMA_PERMANENT_OWNERAUTHSET;
    return 0;
}

int tpm_owner_apply(TpmContext *tpm, const TpmOwner *owner, TpmFailure *ret_failure)
{
    TPM2B_AUTH value = { 0 };
    bool is_set = false;

    if (!owner->is_given)
        return TPM_CONTEXT_OK;
    int r = read_value(owner, ret_failure, &value);
    if (r == TPM_CONTEXT_OK) {
        r = ask_whether_set(tpm, &is_set);
        *ret_failure = r == 0 ? *ret_failure : tpm->failure;
    }
    if (r == TPM_CONTEXT_OK && is_set) {
        r = tpm_result(tpm, "Esys_TR_SetAuth",
                       Esys_TR_SetAuth(tpm->esys, ESYS_TR_RH_OWNER, &value));
        tpm->has_owner = true;
    }
    wipe(&value, sizeof(value));
    return r;
}

int tpm_owner_named(TpmContext *tpm, TSS2_RC rc, int r)
{
    TSS2_RC base = tpm_code_base(rc);

    if (tpm->has_owner && (base == TPM2_RC_BAD_AUTH || base == TPM2_RC_AUTH_FAIL))
        tpm->failure.finding = "tpm-owner-authorization-wrong";
    return r;
}

/* A policy that only the owner can agree to: it changes nothing. */
static TSS2_RC prove(TpmContext *tpm, ESYS_TR session)
{
    return Esys_PolicySecret(tpm->esys, ESYS_TR_RH_OWNER, session, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                             ESYS_TR_NONE, NULL, NULL, NULL, 0, NULL, NULL);
}

int tpm_owner_check(TpmContext *tpm)
{
    const TPMT_SYM_DEF none = { .algorithm = TPM2_ALG_NULL };
    ESYS_TR session = ESYS_TR_NONE;
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    do
        rc = Esys_StartAuthSession(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                   ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_POLICY, &none,
                                   TPM2_ALG_SHA256, &session);
    while (tpm_retry(&patience, rc));
    int r = tpm_result(tpm, "TPM2_StartAuthSession", rc);
    if (r < 0)
        return r;
    rc = prove(tpm, session);
    r = tpm_owner_named(tpm, rc, tpm_result(tpm, "TPM2_PolicySecret", rc));
    tpm_flush(tpm, &session);
    return r;
}
