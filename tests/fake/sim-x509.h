/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys and certificates of the simulated chip: RSA-4096 authorities and P-384 leaves with AMD's
 * names, serials, key usages and private extensions (KDS specification 57230; spec: snp 5.1, 5.2).
 */
#pragma once

#include "sim-chip.h"

#include <openssl/evp.h>

/* OpenSSL failures come out as -ENOTRECOVERABLE, memory as -ENOMEM. */

EVP_PKEY *sim_key_free(EVP_PKEY *key);
DEFINE_CLEANUP(EVP_PKEY *, sim_key_free);

_must_check_ int sim_key_new_rsa4096(EVP_PKEY **ret);
_must_check_ int sim_key_new_p384(EVP_PKEY **ret);
/* PEM, unencrypted, mode 0600, written whole or not at all. */
_must_check_ int sim_key_save(EVP_PKEY *key, const char *path);
/* SIM_OK, SIM_E_KEYS when it is not a private key; -ENOENT. */
_must_check_ int sim_key_load(const char *path, EVP_PKEY **ret);

typedef enum SimAuthority { SIM_ARK, SIM_ASK, SIM_ASVK } SimAuthority;

/* A CA certificate, DER. ISSUER_KEY is the ARK's, also for the ARK itself. */
_must_check_ int sim_authority_certificate(SimAuthority authority, SimProduct product,
                                           EVP_PKEY *key, EVP_PKEY *issuer_key, Bytes *ret);
/* A VCEK or VLEK certificate, DER, signed with ISSUER_KEY of the ASK or ASVK. */
_must_check_ int sim_leaf_certificate(const SimLeaf *leaf, EVP_PKEY *key, EVP_PKEY *issuer_key,
                                      Bytes *ret);
/* An ARK's CRL, DER; SERIAL 0 revokes nothing. */
_must_check_ int sim_authority_crl(SimProduct product, uint32_t serial,
                                   const int64_t dates[static 2], EVP_PKEY *ark_key, Bytes *ret);
uint32_t sim_authority_serial(SimAuthority authority, SimProduct product);
/* DER to PEM text. */
_must_check_ int sim_certificate_to_pem(ByteView der, Bytes *ret);

/* Within the library: the chip's own hardware id (64 bytes) and a signing key, both borrowed. */
const uint8_t *sim_chip_id(const SimChip *chip);
EVP_PKEY *sim_chip_signing_key(const SimChip *chip, SimSigner signer); /* NULL when it has none */
