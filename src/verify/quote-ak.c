/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TPM key in any of its spellings. Declared in genuine-quote.h.
 */
#include "verify/genuine-quote.h"
#include "verify/genuine-tpm.h"

#include <errno.h>
#include <string.h>

void quote_ak_done(QuoteAk *ak)
{
    key_free(ak->key);
    certificate_free(ak->certificate);
    *ak = (QuoteAk){ 0 };
}

static bool has_text(ByteView bytes, const char *text)
{
    return memmem(bytes.data, bytes.size, text, strlen(text)) != NULL;
}

static int read_public(ByteView bytes, const char **reterr_reason, QuoteAk *ak)
{
    int r = tpm_public_parse(bytes, &ak->public_area);

    *reterr_reason = tpm_public_reason(r);
    if (r != TPM_PUBLIC_OK)
        return QUOTE_AK_E_MALFORMED;
    r = tpm_public_key(&ak->public_area, &ak->key);
    *reterr_reason = key_reason(r);
    ak->has_public = r == KEY_OK;
    return r > 0 ? QUOTE_AK_E_MALFORMED : r;
}

static int read_certificate(ByteView bytes, const char **reterr_reason, QuoteAk *ak)
{
    int r = certificate_parse(certificate_trim(bytes), &ak->certificate);

    *reterr_reason = certificate_reason(r);
    if (r)
        return r < 0 ? r : QUOTE_AK_E_MALFORMED;
    ak->key = key_ref(certificate_key(ak->certificate));
    return ak->key ? QUOTE_AK_OK : -ENOMEM;
}

/* A certificate begins with two SEQUENCEs and then another thing than a public key does. */
static int read_der(ByteView bytes, const char **reterr_reason, QuoteAk *ak)
{
    int r = key_from_spki(bytes, &ak->key);

    if (r == KEY_OK || r < 0)
        return r;
    return read_certificate(bytes, reterr_reason, ak);
}

static int read_pem(ByteView bytes, const char **reterr_reason, QuoteAk *ak)
{
    if (has_text(bytes, "-----BEGIN CERTIFICATE-----"))
        return read_certificate(bytes, reterr_reason, ak);

    int r = key_from_pem(bytes, &ak->key);
    *reterr_reason = key_reason(r);
    return r > 0 ? QUOTE_AK_E_MALFORMED : r;
}

static int read_any(ByteView bytes, const char **reterr_reason, QuoteAk *ak)
{
    ByteView inner = tpm_attest_unwrap(bytes); /* any TPM2B */

    if (has_text(bytes, "-----BEGIN "))
        return read_pem(bytes, reterr_reason, ak);
    if (bytes.size > 0 && bytes.data[0] == 0x30 && inner.size == bytes.size)
        return read_der(bytes, reterr_reason, ak);
    return read_public(inner, reterr_reason, ak);
}

int quote_ak_parse(ByteView bytes, const char **reterr_reason, QuoteAk *ret)
{
    _cleanup_quote_ak_ QuoteAk ak = { 0 };

    *reterr_reason = "empty";
    if (bytes.size == 0)
        return QUOTE_AK_E_MALFORMED;
    int r = read_any(bytes, reterr_reason, &ak);
    if (r)
        return r;
    *ret = TAKE_STRUCT(ak);
    return QUOTE_AK_OK;
}
