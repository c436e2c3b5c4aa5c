/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is it? One function a format, each of which looks for itself and believes nothing: whether
 * the bytes are whole, and then what is in them.
 */
#pragma once

#include "attest/outcome.h"

enum {
    RECOGNISE_OK,
    RECOGNISE_E_OTHER,   /* something else */
    RECOGNISE_E_DAMAGED, /* it has the marks of it, but cannot be read: reterr_reason */
};

typedef struct Recogniser {
    const char *kind; /* as attest_result_kind_name() */
    /*
     * RECOGNISE_OK with RET_CONTENT, a new reference to an object; or a named no, with static text
     * in RETERR_REASON for the second. -ENOMEM, -EIO.
     */
    int (*recognise)(ByteView bytes, const char **reterr_reason, json_t **ret_content);
} Recogniser;

/* Tables, each ending in a row without a kind. */
extern const Recogniser recognisers_hardware[]; /* recognise-hardware.c: what processors say */
extern const Recogniser recognisers_tpm[];      /* recognise-tpm.c: what a TPM says, and logs */
extern const Recogniser recognisers_text[];     /* recognise-text.c: JSON and tokens */
extern const Recogniser recognisers_x509[];     /* recognise-x509.c: certificates and keys */
