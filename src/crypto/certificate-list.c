/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates out of PEM text and padded TPM indices, and lists of them.
 */
#include "crypto/openssl.h"

#include <errno.h>
#include <openssl/pem.h>
#include <string.h>

/* The next certificate block as DER; CERTIFICATE_E_ABSENT when there is none left. */
static int next_der(BIO *reader, Bytes *ret)
{
    for (;;) {
        char *name = NULL;
        char *header = NULL;
        uint8_t *data = NULL;
        long size = 0;

        int found = PEM_read_bio(reader, &name, &header, &data, &size);
        bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
        if (found != 1)
            return openssl_refusal(is_end ? CERTIFICATE_E_ABSENT : CERTIFICATE_E_SYNTAX);
        openssl_forget();

        bool is_ours = strcmp(name, PEM_STRING_X509) == 0;
        int r = is_ours ? bytes_copy((ByteView){ data, (size_t)size }, ret) : 0;
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(data);
        if (is_ours)
            return r;
    }
}

static int next_pem(BIO *reader, Certificate **ret)
{
    _cleanup_bytes_ Bytes der = { 0 };

    int r = next_der(reader, &der);
    return r ? r : certificate_from_der(VIEW(der), ret);
}

int certificate_pem_to_der(ByteView pem, Bytes *ret)
{
    if (pem.size > CERTIFICATE_SIZE_MAX * 2)
        return CERTIFICATE_E_SYNTAX;

    _cleanup_(BIO_free_allp) BIO *reader = openssl_reader(pem);
    if (!reader)
        return openssl_failure();
    int r = next_der(reader, ret);
    return r == CERTIFICATE_E_ABSENT ? CERTIFICATE_E_SYNTAX : r;
}

int certificate_from_pem(ByteView pem, Certificate **ret)
{
    _cleanup_bytes_ Bytes der = { 0 };

    int r = certificate_pem_to_der(pem, &der);
    return r ? r : certificate_from_der(VIEW(der), ret);
}

int certificate_parse(ByteView bytes, Certificate **ret)
{
    bool is_der = bytes.size > 0 && bytes.data[0] == 0x30;

    return is_der ? certificate_from_der(bytes, ret) : certificate_from_pem(bytes, ret);
}

ByteView certificate_trim(ByteView padded)
{
    size_t header = 2;
    size_t length;

    if (padded.size < 4 || padded.data[0] != 0x30)
        return padded;
    if (padded.data[1] < 0x80) {
        length = padded.data[1];
    } else if (padded.data[1] == 0x81) {
        header = 3;
        length = padded.data[2];
    } else if (padded.data[1] == 0x82) {
        header = 4;
        length = (size_t)padded.data[2] << 8 | padded.data[3];
    } else {
        return padded;
    }
    if (header + length > padded.size)
        return padded;
    return (ByteView){ padded.data, header + length };
}

void certificate_list_done(CertificateList *list)
{
    for (size_t i = 0; i < list->n_items; i++)
        certificate_free(list->items[i]);
    free(list->items);
    *list = (CertificateList){ 0 };
}

int certificate_list_add(CertificateList *list, Certificate *certificate)
{
    if (list->n_items >= CERTIFICATE_LIST_MAX)
        return -E2BIG;

    Certificate **items = reallocarray(list->items, list->n_items + 1, sizeof(*items));
    if (!items)
        return -ENOMEM;
    list->items = items;
    list->items[list->n_items++] = certificate_ref(certificate);
    return 0;
}

int certificate_list_add_pem(CertificateList *list, ByteView pem)
{
    bool is_first = true;

    if (pem.size > (size_t)CERTIFICATE_SIZE_MAX * CERTIFICATE_LIST_MAX)
        return CERTIFICATE_E_SYNTAX;
    _cleanup_(BIO_free_allp) BIO *reader = openssl_reader(pem);
    if (!reader)
        return openssl_failure();

    for (;;) {
        _cleanup_(certificate_freep) Certificate *certificate = NULL;
        int r = next_pem(reader, &certificate);
        if (r == CERTIFICATE_E_ABSENT)
            return is_first ? CERTIFICATE_E_SYNTAX : CERTIFICATE_OK;
        if (r)
            return r;
        r = certificate_list_add(list, certificate);
        if (r < 0)
            return r;
        is_first = false;
    }
}
