/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who authorised the boot: the certificates and hashes that Secure Boot and shim found an image
 * good by, as they stand in a PCR 7 that replayed.
 */
#pragma once

#include "verify/boot-facts.h"

#include "crypto/digest.h"

#define BOOT_SIGNER_SIZE 32 /* bytes of its id */

/*
 * One EV_EFI_VARIABLE_AUTHORITY event. The id is the SHA-256 fingerprint of the certificate; for
 * an entry that is an image's SHA-256 itself, that hash; for anything else, the SHA-256 of the
 * variable's data, so that nothing passes unnamed.
 */
typedef struct BootSigner {
    uint8_t id[BOOT_SIGNER_SIZE];
    ByteView certificate; /* DER, borrowed; .size 0: it is none */
    char variable[32];    /* "db", "MokListRT", "Shim", … */
} BootSigner;

/* Owned; borrows from the ReplayedLog. */
typedef struct BootSigners {
    BootSigner *items;
    size_t n_items;
} BootSigners;

/*
 * Every one, in the order of the log, none unless Secure Boot is shown to be on. What shim notes
 * there and authorises nothing (SbatLevel, MokListTrusted, MokSBState) is left out. -ENOMEM, -EIO.
 */
_must_check_ int boot_signers_read(const BootFacts *facts, BootSigners *ret);
void boot_signers_done(BootSigners *signers);
#define _cleanup_boot_signers_ _cleanup_(boot_signers_done)
