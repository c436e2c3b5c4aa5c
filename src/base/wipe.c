/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Erased memory and comparison in constant time.
 */
#include "base/wipe.h"

#include <errno.h>
#include <jansson.h>
#include <malloc.h>
#include <string.h>
#include <sys/mman.h>

struct Secret {
    size_t mapped; /* bytes of the mapping, this header included */
    size_t size;   /* bytes of the secret */
    uint8_t data[];
};

void wipe(void *data, size_t size)
{
    if (size > 0)
        explicit_bzero(data, size);
}

void bytes_wipe_done(Bytes *bytes)
{
    wipe(bytes->data, bytes->size);
    bytes_done(bytes);
}

int bytes_wipe_append(Bytes *bytes, ByteView more)
{
    _cleanup_wiped_bytes_ Bytes longer = { 0 };

    if (more.size >= SIZE_MAX - bytes->size)
        return -EOVERFLOW;
    int r = bytes_new(bytes->size + more.size, &longer);
    if (r < 0)
        return r;
    if (bytes->size > 0)
        memcpy(longer.data, bytes->data, bytes->size);
    if (more.size > 0)
        memcpy(longer.data + bytes->size, more.data, more.size);
    bytes_wipe_done(bytes);
    *bytes = TAKE_STRUCT(longer);
    return 0;
}

static void wipe_and_free(void *data)
{
    wipe(data, malloc_usable_size(data));
    free(data);
}

void wipe_json(void)
{
    /* Where they grow, it copies and frees. */
    json_set_alloc_funcs(malloc, wipe_and_free);
}

bool equal_constant_time(ByteView a, ByteView b)
{
    volatile uint8_t difference = 0;

    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        difference = (uint8_t)(difference | (a.data[i] ^ b.data[i]));
    return difference == 0;
}

int secret_new(ByteView bytes, Secret **ret)
{
    if (bytes.size > SIZE_MAX - sizeof(Secret))
        return -EOVERFLOW;

    size_t mapped = sizeof(Secret) + bytes.size;
    Secret *secret = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (secret == MAP_FAILED)
        return -ENOMEM;

    if (mlock(secret, mapped) < 0 || madvise(secret, mapped, MADV_DONTDUMP) < 0) {
        int r = -errno;
        (void)munmap(secret, mapped);
        return r;
    }

    secret->mapped = mapped;
    secret->size = bytes.size;
    if (bytes.size > 0)
        memcpy(secret->data, bytes.data, bytes.size);
    *ret = secret;
    return 0;
}

Secret *secret_free(Secret *secret)
{
    if (!secret)
        return NULL;

    size_t mapped = secret->mapped;
    explicit_bzero(secret, mapped);
    (void)munmap(secret, mapped);
    return NULL;
}

ByteView secret_view(const Secret *secret)
{
    return (ByteView){ .data = secret->data, .size = secret->size };
}
