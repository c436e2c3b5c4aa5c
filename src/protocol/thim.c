/* SPDX-License-Identifier: Apache-2.0 */
/*
 * {"vcekCert":PEM,"tcbm":"DB18000000000004","certificateChain":PEM PEM,"cacheControl":"86400"}
 * (spec azure 4.1). The lifetime is text, the TCB a number whose first digits are the microcode.
 */
#include "protocol/thim.h"

#include "base/encode.h"
#include "base/json.h"
#include "crypto/certificate.h"

#include <errno.h>
#include <string.h>

#define FRESH_SEC_MAX 86400
#define FRESH_DIGITS  9
#define CHAIN_ITEMS   2
#define PEM_LINE      64

void thim_done(Thim *thim)
{
    bytes_done(&thim->vcek);
    bytes_done(&thim->ask);
    bytes_done(&thim->ark);
    *thim = (Thim){ 0 };
}

const char *thim_reason(int reason)
{
    switch (reason) {
    case THIM_OK:
        return "ok";
    case THIM_E_JSON:
        return "not an object with vcekCert, tcbm and certificateChain";
    case THIM_E_TCB:
        return "tcbm is not 16 hexadecimal digits";
    case THIM_E_VCEK:
        return "vcekCert is not one certificate";
    case THIM_E_CHAIN:
        return "certificateChain is not the certificates of ASK and ARK";
    }
    return "unknown";
}

/* The most significant byte comes first there, and last in a report. */
static int read_tcb(const char *text, SnpTcbRaw *ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    if (strlen(text) != 2 * sizeof(ret->bytes))
        return THIM_E_TCB;
    int r = hex_decode(text, &bytes);
    if (r)
        return r < 0 ? r : THIM_E_TCB;
    for (size_t i = 0; i < sizeof(ret->bytes); i++)
        ret->bytes[i] = bytes.data[sizeof(ret->bytes) - 1 - i];
    return THIM_OK;
}

/* A text of digits; seen as nothing else, and anything else is no time at all. */
static uint64_t read_fresh(const json_t *object)
{
    const char *text = json_string_value(json_object_get(object, "cacheControl"));
    uint64_t seconds = 0;

    if (!text || strlen(text) > FRESH_DIGITS)
        return 0;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return 0;
        seconds = seconds * 10 + (uint64_t)(*text - '0');
    }
    return MIN(seconds, (uint64_t)FRESH_SEC_MAX);
}

static int read_list(ByteView pem, size_t n_wanted, CertificateList *ret)
{
    int r = certificate_list_add_pem(ret, pem);

    if (r < 0 && r != -E2BIG)
        return r;
    return r == CERTIFICATE_OK && ret->n_items == n_wanted ? THIM_OK : THIM_E_CHAIN;
}

static int read_vcek(ByteView pem, Bytes *ret)
{
    _cleanup_certificates_ CertificateList list = { 0 };

    int r = read_list(pem, 1, &list);
    if (r)
        return r < 0 ? r : THIM_E_VCEK;
    return bytes_copy(certificate_der(list.items[0]), ret);
}

/* Which is which is read from them, not from their order. */
static int read_chain(ByteView pem, Thim *thim)
{
    _cleanup_certificates_ CertificateList list = { 0 };

    int r = read_list(pem, CHAIN_ITEMS, &list);
    if (r)
        return r;
    for (size_t i = 0; i < list.n_items; i++) {
        Bytes *to = certificate_is_self_issued(list.items[i]) ? &thim->ark : &thim->ask;
        if (to->data)
            return THIM_E_CHAIN;
        r = bytes_copy(certificate_der(list.items[i]), to);
        if (r < 0)
            return r;
    }
    return THIM_OK;
}

static int read_members(const json_t *object, Thim *thim)
{
    const char *vcek = NULL, *chain = NULL, *tcb = NULL;

    if (json_get_string(object, "vcekCert", &vcek) != JSON_OK ||
        json_get_string(object, "certificateChain", &chain) != JSON_OK ||
        json_get_string(object, "tcbm", &tcb) != JSON_OK)
        return THIM_E_JSON;
    int r = read_tcb(tcb, &thim->tcb);
    if (r == THIM_OK)
        r = read_vcek(view_of_string(vcek), &thim->vcek);
    if (r == THIM_OK)
        r = read_chain(view_of_string(chain), thim);
    thim->fresh_sec = read_fresh(object);
    return r;
}

int thim_parse(ByteView body, Thim *ret)
{
    _cleanup_thim_ Thim thim = { 0 };
    json_auto_t *object = NULL;

    int r = json_parse(body, THIM_SIZE_MAX, &object);
    if (r)
        return r < 0 ? r : THIM_E_JSON;
    r = read_members(object, &thim);
    if (r == THIM_OK)
        *ret = TAKE_STRUCT(thim);
    return r;
}

int thim_make(ByteView vcek, ByteView chain, SnpTcbRaw tcb, Thim *ret)
{
    _cleanup_thim_ Thim thim = { .tcb = tcb, .fresh_sec = FRESH_SEC_MAX };

    int r = read_chain(chain, &thim);
    if (r == THIM_OK)
        r = bytes_copy(vcek, &thim.vcek);
    if (r == THIM_OK)
        *ret = TAKE_STRUCT(thim);
    return r;
}

/* Owned; NULL when out of memory. */
static char *pem_of(ByteView der)
{
    _cleanup_free_ char *base64 = base64_encode(der);
    _cleanup_bytes_ Bytes text = { 0 };

    int r = base64 ? bytes_append(&text, view_of_string("-----BEGIN CERTIFICATE-----\n")) : -ENOMEM;
    for (size_t i = 0, n = base64 ? strlen(base64) : 0; r == 0 && i < n; i += PEM_LINE) {
        r = bytes_append(&text, (ByteView){ (uint8_t *)base64 + i, MIN(n - i, (size_t)PEM_LINE) });
        if (r == 0)
            r = bytes_append_u8(&text, '\n');
    }
    if (r == 0)
        r = bytes_append(&text, view_of_string("-----END CERTIFICATE-----\n"));
    return r == 0 ? strndup((const char *)text.data, text.size) : NULL;
}

char *thim_text(const Thim *thim)
{
    _cleanup_free_ char *vcek = pem_of(VIEW(thim->vcek)), *ask = pem_of(VIEW(thim->ask)),
                        *ark = pem_of(VIEW(thim->ark));
    uint8_t tcb[sizeof(thim->tcb.bytes)];

    for (size_t i = 0; i < sizeof(tcb); i++)
        tcb[i] = thim->tcb.bytes[sizeof(tcb) - 1 - i];
    _cleanup_free_ char *digits = hex_encode(VIEW_OF_ARRAY(tcb));
    json_auto_t *object =
        vcek && ask && ark && digits
            ? json_pack("{ss ss ss+ so}", "vcekCert", vcek, "tcbm", digits, "certificateChain", ask,
                        ark, "cacheControl", json_sprintf("%u", (unsigned)thim->fresh_sec))
            : NULL;
    return object ? json_text(object) : NULL;
}
