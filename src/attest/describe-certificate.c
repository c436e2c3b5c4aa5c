/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names as RFC 4514, dates as ISO 8601 with the offset written out, SHA-256 over the DER.
 */
#include "attest/describe-certificate.h"

#include "base/encode.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

/* "2026-01-23T18:09:41+00:00"; "" for a year that cannot be written so. */
static void date_text(int64_t at_sec, char *out, size_t size)
{
    time_t time = (time_t)at_sec;
    struct tm parts;

    out[0] = 0;
    if (gmtime_r(&time, &parts))
        (void)strftime(out, size, "%Y-%m-%dT%H:%M:%S+00:00", &parts);
}

int describe_certificate(const Certificate *certificate, json_t **ret)
{
    _cleanup_free_ char *subject = NULL, *issuer = NULL, *fingerprint = NULL;
    char not_before[32], not_after[32];
    Digest digest;

    int r = certificate_subject_name(certificate, &subject);
    if (r >= 0)
        r = certificate_issuer_name(certificate, &issuer);
    if (r >= 0)
        r = digest_of(DIGEST_SHA256, certificate_der(certificate), &digest);
    if (r < 0)
        return r;
    fingerprint = hex_encode(digest_view(&digest));
    if (!fingerprint)
        return -ENOMEM;
    date_text(certificate_not_before_sec(certificate), not_before, sizeof(not_before));
    date_text(certificate_not_after_sec(certificate), not_after, sizeof(not_after));

    json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "subject", subject, "issuer", issuer,
                             "serial", certificate_serial(certificate), "not_before", not_before,
                             "not_after", not_after, "sha256", fingerprint);
    if (!json)
        return -ENOMEM;
    *ret = json;
    return 0;
}
