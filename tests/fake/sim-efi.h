/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The UEFI structures that firmware and shim put into measured events: variables, signature lists,
 * image loads, device paths, partition tables. Deterministic: the same call yields the same bytes.
 */
#pragma once

#include "base/bytes.h"

#define SIM_GUID_SIZE   16u
#define SIM_SHIM_SIGNER "attestd lab UEFI CA" /* in db; signs shim */

/* In memory order: the first three fields little-endian. */
extern const uint8_t sim_efi_global_variable[SIM_GUID_SIZE];
extern const uint8_t sim_efi_security_database[SIM_GUID_SIZE];
extern const uint8_t sim_efi_shim_lock[SIM_GUID_SIZE];
extern const uint8_t sim_efi_owner[SIM_GUID_SIZE]; /* of every signature here */

/* All append to RET. 0 or negative errno. */

/* UTF-16LE of an ASCII text; with its NUL if TERMINATED. */
_must_check_ int sim_efi_utf16(const char *text, bool terminated, Bytes *ret);
/* UEFI_VARIABLE_DATA. */
_must_check_ int sim_efi_variable(const uint8_t guid[static SIM_GUID_SIZE], const char *name,
                                  ByteView value, Bytes *ret);
/* A self-signed Ed25519 certificate for CN; the key is derived from the name. DER. */
_must_check_ int sim_efi_certificate(const char *common_name, Bytes *ret);
/* EFI_SIGNATURE_DATA: owner, then DATA. */
_must_check_ int sim_efi_signature(ByteView data, Bytes *ret);
/* An EFI_SIGNATURE_LIST with the certificate of CN. */
_must_check_ int sim_efi_certificate_list(const char *common_name, Bytes *ret);
/* An EFI_SIGNATURE_LIST with the SHA-256 digests of N made-up images. */
_must_check_ int sim_efi_hash_list(unsigned n, Bytes *ret);
/* A path to FILE on the EFI system partition; WHOLE starts at the PCI root, else at the file. */
_must_check_ int sim_efi_device_path(const char *file, bool whole, Bytes *ret);
/* UEFI_IMAGE_LOAD_EVENT. */
_must_check_ int sim_efi_image_load(uint64_t address, uint64_t length, ByteView device_path,
                                    Bytes *ret);
/* EFI_LOAD_OPTION with a whole device path to FILE. */
_must_check_ int sim_efi_load_option(const char *description, const char *file, Bytes *ret);
/* UEFI_GPT_DATA: header and two partitions, EFI system and root. */
_must_check_ int sim_efi_gpt(Bytes *ret);
