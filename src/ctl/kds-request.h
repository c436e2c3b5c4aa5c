/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking AMD: the worker does it, since attestctl has no network code.
 */
#pragma once

#include "ctl/certificate-want.h"
#include "ctl/verb.h"
#include "format/finding.h"

typedef struct KdsAnswer {
    Bytes bytes;
    uint64_t retry_after_sec; /* AMD asks to wait; 0: it does not */
    bool is_not_found;        /* for the caller to say: it may have another to try */
} KdsAnswer;

enum {
    KDS_REQUEST_OK,
    KDS_REQUEST_E_REFUSED, /* FINDINGS say why, as warnings */
};

/* --timeout, or the default; -EINVAL for what is none. */
_must_check_ int kds_timeout(const Options *options, unsigned *ret_sec);

/* One request. KDS_REQUEST_OK or a named no, RET being filled for both; negative errno. */
_must_check_ int kds_request(const Options *options, const CertificateWant *want,
                             Findings *findings, KdsAnswer *ret);
