/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A signature database (PK, KEK, db, dbx) as an iterator over all entries of its
 * EFI_SIGNATURE_LISTs (UEFI specification, 32.4.1), and the single EFI_SIGNATURE_DATA of an
 * EV_EFI_VARIABLE_AUTHORITY event.
 */
#pragma once

#include "base/reader.h"
#include "format/uefi-variable.h"

extern const uint8_t uefi_guid_x509[UEFI_GUID_SIZE];   /* EFI_CERT_X509_GUID */
extern const uint8_t uefi_guid_sha256[UEFI_GUID_SIZE]; /* EFI_CERT_SHA256_GUID */

/* Borrows from the database. */
typedef struct UefiSignature {
    uint8_t type[UEFI_GUID_SIZE];
    uint8_t owner[UEFI_GUID_SIZE];
    ByteView data; /* a DER certificate, a digest, … by type */
} UefiSignature;

typedef struct UefiSignatures {
    Reader lists;                 /* behind the list being read */
    Reader entries;               /* inside it */
    uint8_t type[UEFI_GUID_SIZE]; /* of it */
    uint32_t entry_size;          /* bytes, owner included */
} UefiSignatures;

enum {
    UEFI_SIGNATURES_OK,
    UEFI_SIGNATURES_END,         /* no more; not a refusal */
    UEFI_SIGNATURES_E_TRUNCATED, /* a list is longer than what is left */
    UEFI_SIGNATURES_E_SIZES,     /* the sizes of a list contradict each other */
};

/* DATABASE may be empty. */
UefiSignatures uefi_signatures_over(ByteView database);
/* UEFI_SIGNATURES_OK, UEFI_SIGNATURES_END or a named no; after one, always E_TRUNCATED. */
_must_check_ int uefi_signatures_next(UefiSignatures *signatures, UefiSignature *ret);
/* One {owner, data} without a list; RET type is zero. UEFI_SIGNATURES_OK or E_TRUNCATED. */
_must_check_ int uefi_signature_parse(ByteView bytes, UefiSignature *ret);
