/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate table: what the host may put in it, and what it may not.
 */
#include "build.h"
#include "format/snp-certs.h"

#define ENTRY_SIZE 24

static const uint8_t der[] = { 0x30, 0x03, 0x02, 0x01, 0x00 };
static const char pem[] = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";

static void put_entry(Bytes *table, SnpCertKind kind, uint64_t offset, uint64_t length)
{
    put(table, snp_cert_guid(kind), SNP_GUID_SIZE);
    put_le(table, offset, 4);
    put_le(table, length, 4);
}

static void put_terminator(Bytes *table)
{
    put_fill(table, 0, ENTRY_SIZE);
}

static int try_parse(const Bytes *table)
{
    _cleanup_free_ uint8_t *copy = tight_copy(table->data, table->size);
    SnpCerts certs;

    return snp_certs_parse((ByteView){ copy, table->size }, &certs);
}

static void test_an_empty_table_has_nothing_in_it(void)
{
    _cleanup_bytes_ Bytes table = { 0 };
    SnpCerts certs = { .n_items = 7 };

    check_int(snp_certs_parse(VIEW(table), &certs), SNP_CERTS_OK);
    check_int(certs.n_items, 0);
    put_terminator(&table);
    put_fill(&table, 0, 4096);
    certs.n_items = 7;
    check_int(snp_certs_parse(VIEW(table), &certs), SNP_CERTS_OK);
    check_int(certs.n_items, 0);
    check_int(certs.extent, 0);
    check(snp_certs_find(&certs, SNP_CERT_VCEK) == NULL);
}

static void test_what_is_built_is_read(void)
{
    const SnpCertInput inputs[] = {
        { .kind = SNP_CERT_VCEK, .blob = VIEW_OF_ARRAY(der) },
        { .kind = SNP_CERT_ASK, .blob = { (const uint8_t *)pem, sizeof(pem) } },
        { .kind = SNP_CERT_OTHER, .guid = { 1, 2, 3 }, .blob = VIEW_OF_ARRAY(der) },
    };
    _cleanup_bytes_ Bytes table = { 0 };
    SnpCerts certs;

    check_int(snp_certs_build(inputs, ELEMENTSOF(inputs), &table), 0);
    check_int(snp_certs_parse(VIEW(table), &certs), SNP_CERTS_OK);
    check_int(certs.n_items, 3);
    check_int(certs.extent, table.size);
    check(view_equal(snp_certs_find(&certs, SNP_CERT_VCEK)->content, VIEW_OF_ARRAY(der)));
    check(!snp_certs_find(&certs, SNP_CERT_VCEK)->is_pem);
    check(snp_certs_find(&certs, SNP_CERT_ASK)->is_pem);
    check_int(snp_certs_find(&certs, SNP_CERT_ASK)->content.size, sizeof(pem) - 1);
    check_int(snp_certs_find(&certs, SNP_CERT_ASK)->blob.size, sizeof(pem));
    check_int(certs.items[2].kind, SNP_CERT_OTHER);
    check_int(certs.items[2].guid[2], 3);
    check(snp_certs_find(&certs, SNP_CERT_ARK) == NULL);
}

static void test_guids_stand_in_printed_order(void)
{
    check(memcmp(snp_cert_guid(SNP_CERT_ARK), "\xc0\xb4\x06\xa4\xa8\x03\x49\x52", 8) == 0);
    check(memcmp(snp_cert_guid(SNP_CERT_VCEK), "\x63\xda\x75\x8d\xe6\x64", 6) == 0);
    check(snp_cert_guid(SNP_CERT_OTHER) == NULL);
    check_str(snp_cert_kind_name(SNP_CERT_VLEK), "vlek");
    check_str(snp_cert_kind_name(SNP_CERT_OTHER), "other");
}

static void test_padding_behind_a_certificate_is_cut(void)
{
    static const uint8_t padded[] = { 0x30, 0x03, 0x02, 0x01, 0x00, 0, 0, 0 };
    static const uint8_t dirty[] = { 0x30, 0x03, 0x02, 0x01, 0x00, 0, 1, 0 };
    static const uint8_t overlong[] = { 0x30, 0x82, 0xff, 0xff, 0x00 };
    const SnpCertInput inputs[] = {
        { .kind = SNP_CERT_VCEK, .blob = VIEW_OF_ARRAY(padded) },
        { .kind = SNP_CERT_VLEK, .blob = VIEW_OF_ARRAY(dirty) },
        { .kind = SNP_CERT_ASK, .blob = VIEW_OF_ARRAY(overlong) },
    };
    _cleanup_bytes_ Bytes table = { 0 };
    SnpCerts certs;

    check_int(snp_certs_build(inputs, ELEMENTSOF(inputs), &table), 0);
    check_int(snp_certs_parse(VIEW(table), &certs), SNP_CERTS_OK);
    check(view_equal(certs.items[0].content, VIEW_OF_ARRAY(der)));
    check_int(certs.items[0].blob.size, sizeof(padded));
    check_int(certs.items[1].content.size, sizeof(dirty));
    check_int(certs.items[2].content.size, sizeof(overlong));
}

static void test_entries_without_a_terminator_are_refused(void)
{
    _cleanup_bytes_ Bytes table = { 0 };

    put_entry(&table, SNP_CERT_VCEK, ENTRY_SIZE, 5);
    check_int(try_parse(&table), SNP_CERTS_E_TERMINATOR);
    put(&table, der, sizeof(der));
    check_int(try_parse(&table), SNP_CERTS_E_TERMINATOR);
}

static void test_hostile_offsets_are_refused(void)
{
    static const struct {
        uint64_t offset, length;
    } hostile[] = {
        { 0, 5 },           { 47, 5 },         { 48, 6 },          { 53, 1 },
        { 48, 0 },          { 0xffffffff, 2 }, { 48, 0xffffffff }, { 0xffffffd0, 0x60 },
        { 0x80000000, 48 },
    };

    for (size_t i = 0; i < ELEMENTSOF(hostile); i++) {
        _cleanup_bytes_ Bytes table = { 0 };
        put_entry(&table, SNP_CERT_VCEK, hostile[i].offset, hostile[i].length);
        put_terminator(&table);
        put(&table, der, sizeof(der));
        check_int(try_parse(&table), SNP_CERTS_E_RANGE);
    }
}

static void test_a_repeated_entry_counts_once_and_a_conflict_is_refused(void)
{
    _cleanup_bytes_ Bytes table = { 0 };
    SnpCerts certs;

    put_entry(&table, SNP_CERT_VCEK, 3 * ENTRY_SIZE, 5);
    put_entry(&table, SNP_CERT_VCEK, 3 * ENTRY_SIZE + 5, 5);
    put_terminator(&table);
    put(&table, der, sizeof(der));
    put(&table, der, sizeof(der));
    check_int(snp_certs_parse(VIEW(table), &certs), SNP_CERTS_OK);
    check_int(certs.n_items, 1);
    table.data[table.size - 1] ^= 1;
    check_int(try_parse(&table), SNP_CERTS_E_DUPLICATE);
}

static void test_too_much_of_it_is_refused(void)
{
    _cleanup_bytes_ Bytes table = { 0 }, large = { 0 };

    for (int i = 0; i <= SNP_CERTS_MAX; i++)
        put_entry(&table, SNP_CERT_VCEK, 24 * 40, 1);
    put_terminator(&table);
    check_int(try_parse(&table), SNP_CERTS_E_COUNT);

    check_int(bytes_new(SNP_CERTS_SIZE_MAX + 1, &large), 0);
    check_int(try_parse(&large), SNP_CERTS_E_SIZE);
}

static void test_what_cannot_be_read_is_not_built(void)
{
    SnpCertInput inputs[SNP_CERTS_MAX + 1] = { { .kind = SNP_CERT_VCEK } };
    _cleanup_bytes_ Bytes table = { 0 }, large = { 0 };

    check(snp_certs_build(inputs, 1, &table) < 0);
    check(snp_certs_build(inputs, ELEMENTSOF(inputs), &table) < 0);
    check_int(bytes_new(SNP_CERTS_SIZE_MAX, &large), 0);
    inputs[0].blob = VIEW(large);
    check(snp_certs_build(inputs, 1, &table) < 0);
    check(table.data == NULL);
}

static const Test tests[] = {
    { "an empty table has nothing in it", test_an_empty_table_has_nothing_in_it },
    { "what is built is read", test_what_is_built_is_read },
    { "GUIDs stand in printed order", test_guids_stand_in_printed_order },
    { "padding behind a certificate is cut", test_padding_behind_a_certificate_is_cut },
    { "entries without a terminator are refused", test_entries_without_a_terminator_are_refused },
    { "hostile offsets are refused", test_hostile_offsets_are_refused },
    { "a repeated entry counts once and a conflict is refused",
      test_a_repeated_entry_counts_once_and_a_conflict_is_refused },
    { "too much of it is refused", test_too_much_of_it_is_refused },
    { "what cannot be read is not built", test_what_cannot_be_read_is_not_built },
};

TEST_MAIN(tests)
