/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data keys in a descriptor: label, count, entries, zeros.
 */
#include "secret/data-keys.h"

#include "base/reader.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define LABEL      "attestd data keys 1" /* with its NUL */
#define ENTRY_SIZE (DATA_KEY_ID_SIZE + DATA_KEY_SIZE)
#define SEALS      (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)
#define MEMFD_NAME "data-keys"

#ifndef SECRETMEM_MAGIC
#define SECRETMEM_MAGIC 0x5345434d /* linux/magic.h */
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447 /* Linux 5.14; one number on every architecture */
#endif

typedef struct DataKey {
    uint8_t id[DATA_KEY_ID_SIZE];
    uint8_t key[DATA_KEY_SIZE];
} DataKey;

struct DataKeys {
    size_t n_items;
    DataKey items[DATA_KEYS_MAX];
};

static_assert(sizeof(LABEL) + 4 + DATA_KEYS_MAX * ENTRY_SIZE <= DATA_KEYS_SIZE, "all of them fit");

int data_keys_new(DataKeys **ret)
{
    DataKeys *keys =
        mmap(NULL, sizeof(*keys), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (keys == MAP_FAILED)
        return -ENOMEM;
    if (mlock(keys, sizeof(*keys)) < 0 || madvise(keys, sizeof(*keys), MADV_DONTDUMP) < 0) {
        int r = -errno;
        (void)munmap(keys, sizeof(*keys));
        return r;
    }
    *ret = keys;
    return 0;
}

DataKeys *data_keys_free(DataKeys *keys)
{
    if (!keys)
        return NULL;
    wipe(keys, sizeof(*keys));
    (void)munmap(keys, sizeof(*keys));
    return NULL;
}

size_t data_keys_count(const DataKeys *keys)
{
    return keys->n_items;
}

static const DataKey *find(const DataKeys *keys, const uint8_t *id)
{
    for (size_t i = 0; i < keys->n_items; i++)
        if (memcmp(keys->items[i].id, id, DATA_KEY_ID_SIZE) == 0)
            return &keys->items[i];
    return NULL;
}

int data_keys_add(DataKeys *keys, const uint8_t id[static DATA_KEY_ID_SIZE], ByteView key)
{
    if (key.size != DATA_KEY_SIZE)
        return -EINVAL;
    if (find(keys, id))
        return -EEXIST;
    if (keys->n_items == DATA_KEYS_MAX)
        return -ENOBUFS;
    DataKey *item = &keys->items[keys->n_items++];
    memcpy(item->id, id, DATA_KEY_ID_SIZE);
    memcpy(item->key, key.data, DATA_KEY_SIZE);
    return 0;
}

int data_keys_find(const DataKeys *keys, const uint8_t id[static DATA_KEY_ID_SIZE], Secret **ret)
{
    const DataKey *item = find(keys, id);

    return item ? secret_new(VIEW_OF_ARRAY(item->key), ret) : DATA_KEYS_E_ABSENT;
}

/* OUT has DATA_KEYS_SIZE bytes, all zero. */
static void fill(const DataKeys *keys, uint8_t *out)
{
    const size_t count = sizeof(LABEL) + 3;

    memcpy(out, LABEL, sizeof(LABEL));
    out[count] = (uint8_t)keys->n_items;
    for (size_t i = 0; i < keys->n_items; i++) {
        uint8_t *entry = out + count + 1 + i * ENTRY_SIZE;
        memcpy(entry, keys->items[i].id, DATA_KEY_ID_SIZE);
        memcpy(entry + DATA_KEY_ID_SIZE, keys->items[i].key, DATA_KEY_SIZE);
    }
}

/* Through a mapping, since memfd_secret(2) knows no write(). */
static int write_to(int fd, const DataKeys *keys)
{
    if (ftruncate(fd, DATA_KEYS_SIZE) < 0)
        return -errno;
    uint8_t *map = mmap(NULL, DATA_KEYS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return -errno;
    fill(keys, map);
    return munmap(map, DATA_KEYS_SIZE) < 0 ? -errno : 0;
}

/* Memory that is in no page table but its users'. A kernel may lack it, or a filter forbid it. */
static int store_in_secret(const DataKeys *keys, int *ret_fd)
{
    _cleanup_close_ int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);

    if (fd < 0)
        return -errno;
    int r = write_to(fd, keys);
    if (r == 0)
        *ret_fd = TAKE_FD(fd);
    return r;
}

static int store_in_memfd(const DataKeys *keys, int *ret_fd)
{
    _cleanup_close_ int fd = memfd_create(MEMFD_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0)
        return -errno;
    int r = write_to(fd, keys);
    if (r < 0)
        return r;
    if (fcntl(fd, F_ADD_SEALS, SEALS) < 0)
        return -errno;
    *ret_fd = TAKE_FD(fd);
    return 0;
}

int data_keys_store(const DataKeys *keys, int *ret_fd)
{
    if (store_in_secret(keys, ret_fd) == 0)
        return 0;
    return store_in_memfd(keys, ret_fd);
}

/* A memfd must be sealed, or it could shrink under the reader. memfd_secret(2) has one size ever.
 */
static int check_memory(int fd)
{
    struct statfs system;
    struct stat status;

    if (fstat(fd, &status) < 0 || fstatfs(fd, &system) < 0)
        return -errno;
    if (status.st_size != DATA_KEYS_SIZE)
        return DATA_KEYS_E_SIZE;
    if (system.f_type == SECRETMEM_MAGIC)
        return DATA_KEYS_OK;
    int seals = fcntl(fd, F_GET_SEALS);
    return seals >= 0 && (seals & SEALS) == SEALS ? DATA_KEYS_OK : DATA_KEYS_E_MEMORY;
}

/* memfd_secret(2) is only mapped shared; a memfd sealed against writing only private (before 6.7).
 */
static uint8_t *map(int fd)
{
    uint8_t *map = mmap(NULL, DATA_KEYS_SIZE, PROT_READ, MAP_SHARED, fd, 0);

    return map != MAP_FAILED ? map : mmap(NULL, DATA_KEYS_SIZE, PROT_READ, MAP_PRIVATE, fd, 0);
}

int data_keys_load(int fd, DataKeys **ret)
{
    _cleanup_(secret_freep) Secret *copy = NULL;

    int r = check_memory(fd);
    if (r != DATA_KEYS_OK)
        return r;
    uint8_t *mapped = map(fd);
    if (mapped == MAP_FAILED)
        return -errno;
    r = secret_new((ByteView){ mapped, DATA_KEYS_SIZE }, &copy);
    (void)munmap(mapped, DATA_KEYS_SIZE);
    return r < 0 ? r : data_keys_parse(secret_view(copy), ret);
}

static int take(Reader *reader, DataKeys *keys)
{
    ByteView id = reader_view(reader, DATA_KEY_ID_SIZE);
    ByteView key = reader_view(reader, DATA_KEY_SIZE);

    if (reader_check(reader) != READER_OK)
        return DATA_KEYS_E_MALFORMED;
    return data_keys_add(keys, id.data, key) == 0 ? DATA_KEYS_OK : DATA_KEYS_E_MALFORMED;
}

int data_keys_parse(ByteView bytes, DataKeys **ret)
{
    _cleanup_(data_keys_freep) DataKeys *keys = NULL;
    Reader reader = reader_over(bytes);

    if (bytes.size != DATA_KEYS_SIZE)
        return DATA_KEYS_E_SIZE;
    ByteView label = reader_view(&reader, sizeof(LABEL));
    uint32_t n = reader_be32(&reader);
    if (memcmp(label.data, LABEL, sizeof(LABEL)) != 0 || n > DATA_KEYS_MAX)
        return DATA_KEYS_E_MALFORMED;
    int r = data_keys_new(&keys);
    for (uint32_t i = 0; r == 0 && i < n; i++)
        r = take(&reader, keys);
    if (r)
        return r;
    if (!view_is_filled_with(reader.left, 0))
        return DATA_KEYS_E_MALFORMED;
    *ret = TAKE_PTR(keys);
    return DATA_KEYS_OK;
}
