/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the authorities of PCR 7. Firmware measures {owner, entry}, shim the bare certificate of
 * its vendor (spec TPM 4.4); which it is shows in the length that a certificate states.
 */
#include "verify/boot-signers.h"

#include "format/event-type.h"
#include "format/uefi-signatures.h"

#include <errno.h>
#include <string.h>

void boot_signers_done(BootSigners *signers)
{
    free(signers->items);
    *signers = (BootSigners){ 0 };
}

/* Is it a DER SEQUENCE of exactly its own length (two or more length bytes, as certificates have)?
 */
static bool is_der(ByteView bytes)
{
    if (bytes.size < 4 || bytes.data[0] != 0x30)
        return false;
    if (bytes.data[1] == 0x81)
        return bytes.size == 3U + bytes.data[2];
    return bytes.data[1] == 0x82 && bytes.size == 4U + ((size_t)bytes.data[2] << 8 | bytes.data[3]);
}

/* Notes of shim's about itself. Their names are covered by the digest of the event. */
static bool is_note(const UefiVariable *variable)
{
    static const char *const names[] = { "SbatLevel", "MokListTrusted", "MokSBState" };

    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        if (uefi_variable_is(variable, uefi_guid_shim_lock, names[i]))
            return true;
    return false;
}

static int read_signer(const UefiVariable *variable, BootSigner *ret)
{
    BootSigner signer = { 0 };
    UefiSignature entry;
    Digest digest;

    utf16_to_ascii(variable->name, signer.variable, sizeof(signer.variable));
    bool has_owner = uefi_signature_parse(variable->data, &entry) == UEFI_SIGNATURES_OK;
    if (is_der(variable->data))
        signer.certificate = variable->data;
    else if (has_owner && is_der(entry.data))
        signer.certificate = entry.data;

    if (signer.certificate.size == 0 && has_owner && entry.data.size == BOOT_SIGNER_SIZE) {
        memcpy(signer.id, entry.data.data, BOOT_SIGNER_SIZE);
        *ret = signer;
        return 0;
    }
    int r = digest_of(DIGEST_SHA256,
                      signer.certificate.size > 0 ? signer.certificate : variable->data, &digest);
    if (r < 0)
        return r;
    memcpy(signer.id, digest.data, BOOT_SIGNER_SIZE);
    *ret = signer;
    return 0;
}

int boot_signers_read(const BootFacts *facts, BootSigners *ret)
{
    _cleanup_boot_signers_ BootSigners signers = { 0 };

    if (facts->secure_boot != SECURE_BOOT_ON) {
        *ret = signers;
        return 0;
    }
    signers.items = calloc(MAX(facts->n_events, (size_t)1), sizeof(*signers.items));
    if (!signers.items)
        return -ENOMEM;
    for (size_t i = 0; i < facts->n_events; i++) {
        const ReplayedEvent *event = facts->events[i].event;
        UefiVariable variable;
        if (event->pcr != PCR_SECURE_BOOT || event->type != EV_EFI_VARIABLE_AUTHORITY ||
            event->is_userspace ||
            uefi_variable_parse(event->data, &variable) != UEFI_VARIABLE_OK || is_note(&variable))
            continue;
        int r = read_signer(&variable, &signers.items[signers.n_items]);
        if (r < 0)
            return r;
        signers.n_items++;
    }
    *ret = TAKE_STRUCT(signers);
    return 0;
}
