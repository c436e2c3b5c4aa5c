/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate revocation lists, judged apart from chains: OpenSSL's own check wants a list of every
 * issuer, and AMD's intermediates issue none (spec/snp 5.5).
 */
#pragma once

#include "crypto/certificate.h"

typedef struct Crl Crl;

enum {
    CRL_OK,
    CRL_E_SYNTAX,    /* not a list, too large, bytes left over, or a critical extension unknown */
    CRL_E_ISSUER,    /* names another issuer, or the issuer may not sign lists */
    CRL_E_SIGNATURE, /* does not verify under the issuer's key */
    CRL_E_NOT_YET,   /* thisUpdate is in the future */
    CRL_E_EXPIRED,   /* nextUpdate has passed, or is absent */
    CRL_E_REVOKED,   /* the certificate is listed */
};

#define CRL_SIZE_MAX (1 << 20) /* bytes; AMD's have under 2 KiB */

const char *crl_reason(int reason);

/* DER or PEM. CRL_OK or CRL_E_SYNTAX; -ENOMEM. */
_must_check_ int crl_parse(ByteView bytes, Crl **ret);
Crl *crl_free(Crl *crl);
DEFINE_CLEANUP(Crl *, crl_free);

/*
 * Genuine and current at AT_SEC (CERTIFICATE_TIME_ANY: at whatever time)? CRL_OK or a named no to
 * CRL_E_EXPIRED; -ENOMEM, -EIO.
 */
_must_check_ int crl_verify(const Crl *crl, const Certificate *issuer, int64_t at_sec);
/* The same where only the issuer's key and common name are known. */
_must_check_ int crl_verify_by_key(const Crl *crl, const char *issuer_cn, const Key *key,
                                   int64_t at_sec);
/*
 * Is CERTIFICATE's serial listed? Ask after crl_verify(), for certificates of the same issuer:
 * CRL_E_ISSUER otherwise. CRL_OK or CRL_E_REVOKED.
 */
_must_check_ int crl_lookup(const Crl *crl, const Certificate *certificate);
/* The same for a certificate of the list's issuer of which only the serial is known. CRL_OK,
 * CRL_E_REVOKED; -ENOMEM. */
_must_check_ int crl_lookup_serial(const Crl *crl, uint32_t serial);
int64_t crl_this_update_sec(const Crl *crl); /* since 1970, UTC */
int64_t crl_next_update_sec(const Crl *crl); /* 0: absent */
