/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be judged and what may be believed: byte strings, each of a named kind, and the time.
 */
#pragma once

#include <attest/declare.h>

#include <stddef.h>
#include <stdint.h>

ATTEST_BEGIN_DECLS

/* Opaque. Holds copies of everything that was added. */
typedef struct attest_input attest_input;

/*
 * Kinds of byte strings. The numbers are ABI. Those from 32 on may be added more than once, and
 * are hints or anchors; of the others there is one at most.
 */
typedef enum attest_item {
    ATTEST_ITEM_EVIDENCE = 1,      /* evidence JSON of attestd */
    ATTEST_ITEM_SNP_REPORT = 2,    /* ATTESTATION_REPORT, 1184 bytes, or the firmware's response */
    ATTEST_ITEM_TPM_QUOTE = 3,     /* TPMS_ATTEST or TPM2B_ATTEST */
    ATTEST_ITEM_TPM_SIGNATURE = 4, /* TPMT_SIGNATURE; or the signature alone: raw RSA, DER ECDSA */
    ATTEST_ITEM_TPM_AK = 5,        /* TPMT_PUBLIC, TPM2B_PUBLIC; PEM or DER: public key, X.509 */
    ATTEST_ITEM_PCRS = 6,          /* JSON {"sha256": {"0": "<hex>"}}, or tpm2_quote -o */
    ATTEST_ITEM_EVENT_LOG = 7,     /* TCG 1.2 or crypto-agile */
    ATTEST_ITEM_USERSPACE_LOG = 8, /* systemd's tpm2-measure.log */
    ATTEST_ITEM_HCL_REPORT = 9,    /* Azure */
    ATTEST_ITEM_TD_QUOTE = 10,     /* Intel TDX, version 4 or 5 */
    ATTEST_ITEM_TOKEN = 11,        /* JWT, compact form */
    ATTEST_ITEM_JWKS = 12,         /* the keys of the token's issuer, JSON */
    ATTEST_ITEM_POLICY = 13,       /* JSON, docs/policy.md */
    ATTEST_ITEM_NONCE = 14,        /* bytes that must have been answered */
    ATTEST_ITEM_REPORT_DATA = 15,  /* 64 bytes that the hardware report must carry */
    ATTEST_ITEM_CERTIFICATE = 32,  /* DER, PEM (one or several) or AMD's table: hints */
    ATTEST_ITEM_CRL = 33,          /* DER or PEM */
    ATTEST_ITEM_AMD_ROOT = 34,     /* DER or PEM: ARK, ASK or ASVK by its subject. The first one
                                    * replaces the built-in keys of AMD */
    ATTEST_ITEM_VTPM_ROOT = 35,    /* DER or PEM: root of AK and EK certificates */
} attest_item;

/* Named noes of attest_input_add(). */
enum {
    ATTEST_INPUT_OK = 0,
    ATTEST_INPUT_E_SIZE = 1,  /* more bytes than anything of this kind can have */
    ATTEST_INPUT_E_COUNT = 2, /* more of them than are ever needed */
    ATTEST_INPUT_E_TWICE = 3, /* there is one already, and there is to be one only */
};

/* -ENOMEM. */
ATTEST_API ATTEST_MUST_CHECK int attest_input_new(attest_input **ret);
/* Frees; NULL is welcome. Always NULL. */
ATTEST_API attest_input *attest_input_free(attest_input *input);

/*
 * Copies SIZE bytes at DATA, which may be none: an empty log is one that fails. What they mean is
 * asked only when something is judged.
 * ATTEST_INPUT_OK or a named no, INPUT being unchanged; -ENOMEM; -EINVAL for an unknown item.
 */
ATTEST_API ATTEST_MUST_CHECK int attest_input_add(attest_input *input, attest_item item,
                                                  const void *data, size_t size);

/*
 * The time to judge dates by, seconds since 1970. Never called: dates are not judged, neither of
 * certificates nor of revocation lists nor of tokens.
 */
ATTEST_API void attest_input_set_time(attest_input *input, int64_t seconds);

/* A word for each named no of attest_input_add(), for error texts. Static. */
ATTEST_API const char *attest_input_reason(int reason);

ATTEST_END_DECLS
