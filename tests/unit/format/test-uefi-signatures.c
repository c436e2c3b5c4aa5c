/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signature databases: three sizes that must agree.
 */
#include "build.h"
#include "format/uefi-signatures.h"

static void put_list(Bytes *out, const uint8_t *type, uint64_t list_size, uint64_t header_size,
                     uint64_t entry_size)
{
    put(out, type, UEFI_GUID_SIZE);
    put_le(out, list_size, 4);
    put_le(out, header_size, 4);
    put_le(out, entry_size, 4);
}

static void put_entry(Bytes *out, uint8_t fill, size_t size)
{
    put_fill(out, 0x99, UEFI_GUID_SIZE);
    put_fill(out, fill, size);
}

/* One list of two digests, one of one certificate. */
static Bytes make(void)
{
    Bytes out = { 0 };

    put_list(&out, uefi_guid_sha256, 28 + 2 * 48, 0, 48);
    put_entry(&out, 1, 32);
    put_entry(&out, 2, 32);
    put_list(&out, uefi_guid_x509, 28 + 5 + 26, 5, 26);
    put_fill(&out, 0, 5);
    put_entry(&out, 3, 10);
    return out;
}

/* Walks all of it; N_ENTRIES may be NULL. */
static int walk(ByteView database, size_t *n_entries)
{
    _cleanup_free_ uint8_t *copy = tight_copy(database.data, database.size);
    UefiSignatures signatures = uefi_signatures_over((ByteView){ copy, database.size });
    UefiSignature signature;
    size_t n = 0;
    int r;

    while ((r = uefi_signatures_next(&signatures, &signature)) == UEFI_SIGNATURES_OK)
        n++;
    check(r == UEFI_SIGNATURES_END || uefi_signatures_next(&signatures, &signature) > 0);
    if (n_entries)
        *n_entries = n;
    return r;
}

static int try_list(uint64_t list_size, uint64_t header_size, uint64_t entry_size)
{
    _cleanup_bytes_ Bytes out = { 0 };

    put_list(&out, uefi_guid_sha256, list_size, header_size, entry_size);
    put_entry(&out, 1, 32);
    return walk(VIEW(out), NULL);
}

static void test_a_database_is_walked(void)
{
    _cleanup_bytes_ Bytes bytes = make();
    UefiSignatures signatures = uefi_signatures_over(VIEW(bytes));
    UefiSignature signature;

    check_int(uefi_signatures_next(&signatures, &signature), UEFI_SIGNATURES_OK);
    check(memcmp(signature.type, uefi_guid_sha256, UEFI_GUID_SIZE) == 0);
    check(view_is_filled_with(VIEW_OF_ARRAY(signature.owner), 0x99));
    check(signature.data.size == 32 && view_is_filled_with(signature.data, 1));
    check_int(uefi_signatures_next(&signatures, &signature), UEFI_SIGNATURES_OK);
    check(view_is_filled_with(signature.data, 2));
    check_int(uefi_signatures_next(&signatures, &signature), UEFI_SIGNATURES_OK);
    check(memcmp(signature.type, uefi_guid_x509, UEFI_GUID_SIZE) == 0);
    check(signature.data.size == 10 && view_is_filled_with(signature.data, 3));
    check_int(uefi_signatures_next(&signatures, &signature), UEFI_SIGNATURES_END);
    check_int(uefi_signatures_next(&signatures, &signature), UEFI_SIGNATURES_END);
}

static void test_empty_databases_and_lists_have_no_entries(void)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    size_t n = 9;

    check_int(walk(VIEW(bytes), &n), UEFI_SIGNATURES_END);
    check_int(n, 0);
    put_list(&bytes, uefi_guid_x509, 28, 0, 48);
    check_int(walk(VIEW(bytes), &n), UEFI_SIGNATURES_END);
    check_int(n, 0);
}

static void test_contradicting_sizes_are_refused(void)
{
    check_int(try_list(28 + 48, 0, 48), UEFI_SIGNATURES_END);
    check_int(try_list(28 + 48, 0, 0), UEFI_SIGNATURES_E_SIZES);
    check_int(try_list(28 + 48, 0, 15), UEFI_SIGNATURES_E_SIZES);
    check_int(try_list(28 + 48, 0, 16), UEFI_SIGNATURES_E_SIZES);
    check_int(try_list(28 + 48, 0, 47), UEFI_SIGNATURES_E_SIZES);
    check_int(try_list(27, 0, 48), UEFI_SIGNATURES_E_SIZES);
    check_int(try_list(0, 0, 48), UEFI_SIGNATURES_E_SIZES);
    check_int(try_list(28 + 48, 0xffffffff, 48), UEFI_SIGNATURES_E_SIZES);
    check_int(try_list(28 + 48, 0xffffffe4, 48), UEFI_SIGNATURES_E_SIZES);
    check_int(try_list(28 + 48, 0, 0xffffffff), UEFI_SIGNATURES_E_SIZES);
    check_int(try_list(28 + 96, 0, 48), UEFI_SIGNATURES_E_TRUNCATED);
    check_int(try_list(28 + 96, 48, 48), UEFI_SIGNATURES_E_TRUNCATED);
}

static void test_a_database_cut_anywhere_is_refused(void)
{
    _cleanup_bytes_ Bytes bytes = make();

    for (size_t size = 1; size < bytes.size; size++)
        check_int(walk((ByteView){ bytes.data, size }, NULL),
                  size == 28 + 2 * 48 ? UEFI_SIGNATURES_END : UEFI_SIGNATURES_E_TRUNCATED);
}

static void test_a_single_entry_needs_data(void)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    UefiSignature signature;

    put_entry(&bytes, 7, 0);
    check_int(uefi_signature_parse(VIEW(bytes), &signature), UEFI_SIGNATURES_E_TRUNCATED);
    put_fill(&bytes, 7, 3);
    check_int(uefi_signature_parse(VIEW(bytes), &signature), UEFI_SIGNATURES_OK);
    check_int(signature.data.size, 3);
    check(view_is_filled_with(VIEW_OF_ARRAY(signature.type), 0));
}

static const Test tests[] = {
    { "a database is walked", test_a_database_is_walked },
    { "empty databases and lists have no entries", test_empty_databases_and_lists_have_no_entries },
    { "contradicting sizes are refused", test_contradicting_sizes_are_refused },
    { "a database cut anywhere is refused", test_a_database_cut_anywhere_is_refused },
    { "a single entry needs data", test_a_single_entry_needs_data },
};

TEST_MAIN(tests)
