/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One certificate from AMD's key distribution service, or from what stands in for it. What comes is
 * a hint like any other certificate.
 */
#pragma once

#include "format/finding.h"
#include "worker/kds.h"

/* Where it is and how it is reached. Borrowed. */
typedef struct KdsSource {
    const char *base;   /* https URL, or http of this link (http.h); no slash at the end */
    const char *ca_pem; /* NULL: the system's certificate authorities */
    const char *proxy;  /* NULL: none; never for http */
    unsigned timeout_sec;
} KdsSource;

enum {
    KDS_FETCH_OK,
    KDS_FETCH_E_NOT_FOUND, /* it has no such certificate; FINDINGS says so, as of the rest: */
    KDS_FETCH_E_FAILED,
};

/*
 * RET is DER or PEM, as kds_url() says, not looked into. RET_RETRY_SEC: how long it asked to be
 * left alone; 0: not. -ENOMEM, -EIO.
 */
_must_check_ int kds_fetch(const KdsSource *source, const KdsRequest *request, Findings *findings,
                           uint64_t *ret_retry_sec, Bytes *ret);
