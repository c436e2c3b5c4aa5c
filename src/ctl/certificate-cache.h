/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates of AMD on disk, one file each, by chip and TCB: they never change. Nothing in it is
 * believed but through its chain; the worst that a bad file does is to be refused.
 */
#pragma once

#include "ctl/certificate-want.h"

#define CERTIFICATE_FILE_MAX (64u * 1024) /* bytes */

/*
 * /var/cache/attestd for root, else $XDG_CACHE_HOME/attestd or ~/.cache/attestd. Owned; NULL: out
 * of memory, or there is no home.
 */
char *certificate_cache_default(void);

enum {
    CERTIFICATE_CACHE_OK,
    CERTIFICATE_CACHE_E_ABSENT,
    CERTIFICATE_CACHE_E_DAMAGED, /* a file is there and is not what its name says */
};

/* Reads what is wanted. A named no; negative errno. */
_must_check_ int certificate_cache_get(const char *directory, const CertificateWant *want,
                                       Bytes *ret);
/* Keeps BYTES, whole or not at all; directories are made. Negative errno. */
_must_check_ int certificate_cache_put(const char *directory, const CertificateWant *want,
                                       ByteView bytes);

/* Until when AMD asked not to be asked, in seconds since 1970; 0: nobody asked that. */
int64_t certificate_cache_wait(const char *directory, int64_t now_sec);
/* Keeps that for everybody who uses DIRECTORY. Negative errno. */
_must_check_ int certificate_cache_set_wait(const char *directory, int64_t until_sec);
