/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate table: hostile offsets in, borrowed blobs out; and the way back.
 */
#include "format/snp-certs.h"

#include "base/reader.h"

#include <errno.h>
#include <string.h>

#define ENTRY_SIZE 24 /* bytes: GUID, offset, length */

static const struct {
    SnpCertKind kind;
    const char *name;
    uint8_t guid[SNP_GUID_SIZE];
} kinds[] = {
    { SNP_CERT_VCEK,
      "vcek",
      { 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac,
        0xcd } },
    { SNP_CERT_VLEK,
      "vlek",
      { 0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e, 0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8,
        0xa1 } },
    { SNP_CERT_ASK,
      "ask",
      { 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7,
        0x82 } },
    { SNP_CERT_ARK,
      "ark",
      { 0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0,
        0xae } },
    { SNP_CERT_CRL,
      "crl",
      { 0x92, 0xf8, 0x1b, 0xc3, 0x58, 0x11, 0x4d, 0x3d, 0x97, 0xff, 0xd1, 0x9f, 0x88, 0xdc, 0x67,
        0xea } },
};

const uint8_t *snp_cert_guid(SnpCertKind kind)
{
    for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
        if (kinds[i].kind == kind)
            return kinds[i].guid;
    return NULL;
}

const char *snp_cert_kind_name(SnpCertKind kind)
{
    for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
        if (kinds[i].kind == kind)
            return kinds[i].name;
    return "other";
}

static SnpCertKind kind_by_guid(const uint8_t guid[static SNP_GUID_SIZE])
{
    for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
        if (memcmp(kinds[i].guid, guid, SNP_GUID_SIZE) == 0)
            return kinds[i].kind;
    return SNP_CERT_OTHER;
}

static bool begins_with(ByteView view, const char *text)
{
    size_t size = strlen(text);

    return view.size >= size && memcmp(view.data, text, size) == 0;
}

/* Bytes of the DER SEQUENCE at the start, 0 when there is none or it is longer than VIEW. */
static size_t der_sequence_size(ByteView view)
{
    Reader reader = reader_over(view);

    if (reader_u8(&reader) != 0x30)
        return 0;
    uint8_t first = reader_u8(&reader);
    uint64_t length = first;
    if (first >= 0x80) {
        if (first < 0x81 || first > 0x84)
            return 0;
        length = 0;
        for (int i = 0; i < first - 0x80; i++)
            length = length << 8 | reader_u8(&reader);
    }
    if (reader_check(&reader) || length > reader.left.size)
        return 0;
    return reader.offset + (size_t)length;
}

/* A DER value may itself end in zeros, so its own length decides; a PEM text cannot. */
static ByteView without_padding(ByteView blob, bool is_pem)
{
    ByteView content = blob;

    if (is_pem) {
        while (content.size > 0 && content.data[content.size - 1] == 0)
            content.size--;
        return content;
    }

    size_t size = der_sequence_size(blob);
    ByteView rest = { blob.data + size, blob.size - size };
    if (size > 0 && view_is_filled_with(rest, 0))
        content.size = size;
    return content;
}

typedef struct Entry {
    uint8_t guid[SNP_GUID_SIZE];
    uint32_t offset;
    uint32_t length;
} Entry;

/* Reads the entries up to their terminator. */
static int read_entries(ByteView table, Entry entries[static SNP_CERTS_MAX], size_t *ret_n)
{
    Reader reader = reader_over(table);

    for (size_t n = 0; reader.left.size >= ENTRY_SIZE; n++) {
        ByteView raw = reader_view(&reader, ENTRY_SIZE);
        if (view_is_filled_with(raw, 0)) {
            *ret_n = n;
            return SNP_CERTS_OK;
        }
        if (n == SNP_CERTS_MAX)
            return SNP_CERTS_E_COUNT;
        Reader fields = reader_over(raw);
        reader_copy(&fields, entries[n].guid, SNP_GUID_SIZE);
        entries[n].offset = reader_le32(&fields);
        entries[n].length = reader_le32(&fields);
    }
    if (table.size > 0)
        return SNP_CERTS_E_TERMINATOR;
    *ret_n = 0;
    return SNP_CERTS_OK;
}

static const SnpCert *find_guid(const SnpCerts *certs, const uint8_t guid[static SNP_GUID_SIZE])
{
    for (size_t i = 0; i < certs->n_items; i++)
        if (memcmp(certs->items[i].guid, guid, SNP_GUID_SIZE) == 0)
            return &certs->items[i];
    return NULL;
}

/* HEADER_SIZE: bytes of all entries with their terminator. */
static int add_entry(ByteView table, size_t header_size, const Entry *entry, SnpCerts *certs)
{
    uint64_t end = (uint64_t)entry->offset + entry->length;

    if (entry->length == 0 || entry->offset < header_size || end > table.size)
        return SNP_CERTS_E_RANGE;

    ByteView blob = { table.data + entry->offset, entry->length };
    const SnpCert *twin = find_guid(certs, entry->guid);
    if (twin)
        return view_equal(twin->blob, blob) ? SNP_CERTS_OK : SNP_CERTS_E_DUPLICATE;

    SnpCert *cert = &certs->items[certs->n_items++];
    *cert = (SnpCert){
        .kind = kind_by_guid(entry->guid),
        .blob = blob,
        .is_pem = begins_with(blob, "-----BEGIN"),
    };
    memcpy(cert->guid, entry->guid, SNP_GUID_SIZE);
    cert->content = without_padding(blob, cert->is_pem);
    certs->extent = MAX(certs->extent, (size_t)end);
    return SNP_CERTS_OK;
}

int snp_certs_parse(ByteView table, SnpCerts *ret)
{
    Entry entries[SNP_CERTS_MAX];
    SnpCerts certs = { 0 };
    size_t n = 0;

    if (table.size > SNP_CERTS_SIZE_MAX)
        return SNP_CERTS_E_SIZE;
    int r = read_entries(table, entries, &n);
    if (r)
        return r;

    for (size_t i = 0; i < n; i++) {
        r = add_entry(table, (n + 1) * ENTRY_SIZE, &entries[i], &certs);
        if (r)
            return r;
    }
    *ret = certs;
    return SNP_CERTS_OK;
}

const SnpCert *snp_certs_find(const SnpCerts *certs, SnpCertKind kind)
{
    for (size_t i = 0; i < certs->n_items; i++)
        if (certs->items[i].kind == kind)
            return &certs->items[i];
    return NULL;
}

static int append_entries(const SnpCertInput *items, size_t n_items, Bytes *table)
{
    size_t offset = (n_items + 1) * ENTRY_SIZE;

    for (size_t i = 0; i < n_items; i++) {
        const uint8_t *known = snp_cert_guid(items[i].kind);
        ByteView guid = { known ? known : items[i].guid, SNP_GUID_SIZE };
        if (items[i].blob.size == 0)
            return -EINVAL;
        if (items[i].blob.size > SNP_CERTS_SIZE_MAX - offset)
            return -E2BIG;
        int r = bytes_append(table, guid);
        if (r == 0)
            r = bytes_append_le32(table, (uint32_t)offset);
        if (r == 0)
            r = bytes_append_le32(table, (uint32_t)items[i].blob.size);
        if (r < 0)
            return r;
        offset += items[i].blob.size;
    }
    return 0;
}

int snp_certs_build(const SnpCertInput *items, size_t n_items, Bytes *ret)
{
    static const uint8_t terminator[ENTRY_SIZE];
    _cleanup_bytes_ Bytes table = { 0 };

    if (n_items > SNP_CERTS_MAX)
        return -E2BIG;
    int r = append_entries(items, n_items, &table);
    if (r < 0)
        return r;
    r = bytes_append(&table, VIEW_OF_ARRAY(terminator));
    for (size_t i = 0; r == 0 && i < n_items; i++)
        r = bytes_append(&table, items[i].blob);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(table);
    return 0;
}
