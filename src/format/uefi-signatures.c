/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EFI_SIGNATURE_LIST, with its three sizes that must agree.
 */
#include "format/uefi-signatures.h"

#include <string.h>

#define LIST_HEADER_SIZE 28 /* bytes: type, list size, header size, entry size */

const uint8_t uefi_guid_x509[UEFI_GUID_SIZE] = {
    0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a, 0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72,
};
const uint8_t uefi_guid_sha256[UEFI_GUID_SIZE] = {
    0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40, 0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28,
};

UefiSignatures uefi_signatures_over(ByteView database)
{
    return (UefiSignatures){ .lists = reader_over(database) };
}

static int open_list(UefiSignatures *signatures)
{
    Reader *lists = &signatures->lists;

    reader_copy(lists, signatures->type, sizeof(signatures->type));
    uint32_t list_size = reader_le32(lists);
    uint32_t header_size = reader_le32(lists);
    uint32_t entry_size = reader_le32(lists);
    if (reader_check(lists))
        return UEFI_SIGNATURES_E_TRUNCATED;

    uint64_t overhead = (uint64_t)LIST_HEADER_SIZE + header_size;
    if (entry_size <= UEFI_GUID_SIZE || list_size < overhead ||
        (list_size - overhead) % entry_size != 0)
        return UEFI_SIGNATURES_E_SIZES;
    reader_skip(lists, header_size);
    signatures->entries = reader_over(reader_view(lists, list_size - overhead));
    signatures->entry_size = entry_size;
    return reader_check(lists) ? UEFI_SIGNATURES_E_TRUNCATED : UEFI_SIGNATURES_OK;
}

int uefi_signatures_next(UefiSignatures *signatures, UefiSignature *ret)
{
    while (signatures->entries.left.size == 0) {
        if (signatures->lists.failed)
            return UEFI_SIGNATURES_E_TRUNCATED;
        if (signatures->lists.left.size == 0)
            return UEFI_SIGNATURES_END;
        int r = open_list(signatures);
        if (r) {
            signatures->lists.failed = true;
            return r;
        }
    }

    ByteView entry = reader_view(&signatures->entries, signatures->entry_size);
    UefiSignature signature;
    int r = uefi_signature_parse(entry, &signature);
    if (r)
        return r;
    memcpy(signature.type, signatures->type, sizeof(signature.type));
    *ret = signature;
    return UEFI_SIGNATURES_OK;
}

int uefi_signature_parse(ByteView bytes, UefiSignature *ret)
{
    UefiSignature signature = { 0 };
    Reader reader = reader_over(bytes);

    reader_copy(&reader, signature.owner, sizeof(signature.owner));
    if (reader_check(&reader) || reader.left.size == 0)
        return UEFI_SIGNATURES_E_TRUNCATED;
    signature.data = reader.left;
    *ret = signature;
    return UEFI_SIGNATURES_OK;
}
