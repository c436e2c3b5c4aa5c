/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Erased memory and comparison in constant time.
 */
#pragma once

#include "base/bytes.h"

/* Zeroes SIZE bytes in a way the compiler keeps. DATA may be NULL when SIZE is 0. */
void wipe(void *data, size_t size);
/* Wipes, then frees. */
void bytes_wipe_done(Bytes *bytes);
#define _cleanup_wiped_bytes_ _cleanup_(bytes_wipe_done)
/* bytes_append(), and no copy of what BYTES had stays behind. -ENOMEM, -EOVERFLOW. */
_must_check_ int bytes_wipe_append(Bytes *bytes, ByteView more);
/*
 * From now on JSON values are erased when they are freed: for a process in whose JSON tokens come
 * by, before its first value.
 */
void wipe_json(void);

/* Time depends on the sizes only. */
bool equal_constant_time(ByteView a, ByteView b);

/*
 * A secret: pages of its own, locked, left out of core dumps, wiped on free. Opaque, so that
 * handing one to a format string does not compile quietly.
 */
typedef struct Secret Secret;

/* Copies SIZE bytes in. -ENOMEM, -EPERM when the memory lock limit is exceeded, -EOVERFLOW. */
_must_check_ int secret_new(ByteView bytes, Secret **ret);
Secret *secret_free(Secret *secret);
DEFINE_CLEANUP(Secret *, secret_free);
/* Borrowed; valid until the secret is freed. */
ByteView secret_view(const Secret *secret);
