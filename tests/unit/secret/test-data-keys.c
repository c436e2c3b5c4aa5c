/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data keys through a descriptor, of either kind of memory. memfd_secret(2) is refused to a test
 * that wants the other.
 */
#include "secret/data-keys.h"

#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#define SECRETMEM 0x5345434d

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

static bool refuses;

long __wrap_syscall(long number, ...);
long __real_syscall(long number, ...);

long __wrap_syscall(long number, ...)
{
    va_list list;

    va_start(list, number);
    unsigned flags = (unsigned)va_arg(list, int);
    va_end(list);
    check_int(number, SYS_memfd_secret);
    if (refuses) {
        errno = ENOSYS;
        return -1;
    }
    return __real_syscall(number, flags);
}

static const uint8_t id_one[DATA_KEY_ID_SIZE] = "id of the first.";
static const uint8_t id_two[DATA_KEY_ID_SIZE] = "id of the second";

static Secret *key_of(uint8_t fill)
{
    uint8_t bytes[DATA_KEY_SIZE];
    Secret *key = NULL;

    memset(bytes, fill, sizeof(bytes));
    check_int(secret_new(VIEW_OF_ARRAY(bytes), &key), 0);
    return key;
}

static DataKeys *two_keys(void)
{
    _cleanup_(secret_freep) Secret *one = key_of(1), *two = key_of(2);
    DataKeys *keys = NULL;

    check_int(data_keys_new(&keys), 0);
    check_int(data_keys_add(keys, id_one, secret_view(one)), 0);
    check_int(data_keys_add(keys, id_two, secret_view(two)), 0);
    return keys;
}

static int store(const DataKeys *keys)
{
    int fd = -1;

    check_int(data_keys_store(keys, &fd), 0);
    check(fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC));
    return fd;
}

static bool is_secret_memory(int fd)
{
    struct statfs system;

    check_int(fstatfs(fd, &system), 0);
    return system.f_type == SECRETMEM;
}

/* What comes out is what went in, and st_size is all that a holder needs to see. */
static void check_descriptor(int fd)
{
    _cleanup_(data_keys_freep) DataKeys *read = NULL;
    _cleanup_(secret_freep) Secret *two = key_of(2), *found = NULL;
    struct stat status;

    check_int(fstat(fd, &status), 0);
    check_int(status.st_size, DATA_KEYS_SIZE);
    check_int(data_keys_load(fd, &read), DATA_KEYS_OK);
    check_int(data_keys_count(read), 2);
    check_int(data_keys_find(read, id_two, &found), DATA_KEYS_OK);
    check(view_equal(secret_view(found), secret_view(two)));
    /* A second reader has the same. */
    data_keys_free(read);
    read = NULL;
    check_int(data_keys_load(fd, &read), DATA_KEYS_OK);
}

static void keys_go_through_secret_memory_where_the_kernel_has_it(void)
{
    _cleanup_(data_keys_freep) DataKeys *keys = two_keys();
    _cleanup_close_ int probe = (int)__real_syscall(SYS_memfd_secret, O_CLOEXEC);
    uint8_t byte;

    refuses = false;
    _cleanup_close_ int fd = store(keys);
    check_descriptor(fd);
    if (probe < 0) {
        (void)printf("  (this kernel has no memfd_secret)\n");
        return;
    }
    check(is_secret_memory(fd));
    check(read(fd, &byte, 1) < 0); /* the kernel itself does not see into it */
    check(ftruncate(fd, 0) < 0);
}

static void keys_go_through_a_sealed_memfd_where_it_has_not(void)
{
    const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
    _cleanup_(data_keys_freep) DataKeys *keys = two_keys();

    refuses = true;
    _cleanup_close_ int fd = store(keys);
    check(!is_secret_memory(fd));
    check_int(fcntl(fd, F_GET_SEALS), seals);
    check_descriptor(fd);
    check(ftruncate(fd, 0) < 0);
    check(pwrite(fd, "x", 1, 0) < 0);
    refuses = false;
}

static void no_keys_at_all_go_through_as_well(void)
{
    _cleanup_(data_keys_freep) DataKeys *keys = NULL, *read = NULL;
    Secret *found = NULL;

    check_int(data_keys_new(&keys), 0);
    _cleanup_close_ int fd = store(keys);
    check_int(data_keys_load(fd, &read), DATA_KEYS_OK);
    check_int(data_keys_count(read), 0);
    check_int(data_keys_find(read, id_one, &found), DATA_KEYS_E_ABSENT);
}

static void a_key_is_there_once_and_there_is_a_limit(void)
{
    _cleanup_(data_keys_freep) DataKeys *keys = two_keys(), *read = NULL;
    _cleanup_(secret_freep) Secret *key = key_of(9);
    uint8_t id[DATA_KEY_ID_SIZE] = { 0 };

    check_int(data_keys_add(keys, id_one, secret_view(key)), -EEXIST);
    check_int(data_keys_add(keys, id, (ByteView){ secret_view(key).data, 31 }), -EINVAL);
    while (data_keys_count(keys) < DATA_KEYS_MAX) {
        id[0]++;
        check_int(data_keys_add(keys, id, secret_view(key)), 0);
    }
    id[0]++;
    check_int(data_keys_add(keys, id, secret_view(key)), -ENOBUFS);
    _cleanup_close_ int fd = store(keys);
    check_int(data_keys_load(fd, &read), DATA_KEYS_OK);
    check_int(data_keys_count(read), DATA_KEYS_MAX);
}

/* A memfd with BYTES, sealed or not. */
static int memfd(size_t size, bool sealed)
{
    int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    check(fd >= 0);
    check_int(ftruncate(fd, (off_t)size), 0);
    if (sealed)
        check_int(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL),
                  0);
    return fd;
}

static void memory_that_could_change_under_the_reader_is_refused(void)
{
    _cleanup_close_ int loose = memfd(DATA_KEYS_SIZE, false), small = memfd(100, true);
    _cleanup_close_ int zeros = memfd(DATA_KEYS_SIZE, true);
    char path[] = "/tmp/data-keys-XXXXXX";
    _cleanup_close_ int file = mkstemp(path);
    DataKeys *keys = NULL;

    check(file >= 0);
    check_int(unlink(path), 0);
    check_int(ftruncate(file, DATA_KEYS_SIZE), 0);
    check_int(data_keys_load(loose, &keys), DATA_KEYS_E_MEMORY);
    check_int(data_keys_load(file, &keys), DATA_KEYS_E_MEMORY);
    check_int(data_keys_load(small, &keys), DATA_KEYS_E_SIZE);
    check_int(data_keys_load(zeros, &keys), DATA_KEYS_E_MALFORMED);
    check(!keys);
}

/* What data_keys_store() writes, in memory that can be changed. */
static void image(uint8_t bytes[static DATA_KEYS_SIZE])
{
    _cleanup_(data_keys_freep) DataKeys *keys = two_keys();

    refuses = true;
    _cleanup_close_ int fd = store(keys);
    refuses = false;
    check_int(pread(fd, bytes, DATA_KEYS_SIZE, 0), DATA_KEYS_SIZE);
}

static int parse(const uint8_t bytes[static DATA_KEYS_SIZE], size_t size)
{
    _cleanup_(data_keys_freep) DataKeys *keys = NULL;

    int r = data_keys_parse((ByteView){ bytes, size }, &keys);
    check((r == DATA_KEYS_OK) == (keys != NULL));
    return r;
}

static void what_is_not_as_it_is_written_is_refused(void)
{
    const size_t count = 23, entry = 24, entry_size = DATA_KEY_ID_SIZE + DATA_KEY_SIZE;
    uint8_t bytes[DATA_KEYS_SIZE];

    image(bytes);
    check_int(parse(bytes, DATA_KEYS_SIZE), DATA_KEYS_OK);
    check_int(parse(bytes, DATA_KEYS_SIZE - 1), DATA_KEYS_E_SIZE);
    bytes[0] ^= 1;
    check_int(parse(bytes, DATA_KEYS_SIZE), DATA_KEYS_E_MALFORMED);
    bytes[0] ^= 1;
    bytes[count] = DATA_KEYS_MAX + 1;
    check_int(parse(bytes, DATA_KEYS_SIZE), DATA_KEYS_E_MALFORMED);
    bytes[count] = 1; /* something behind the last */
    check_int(parse(bytes, DATA_KEYS_SIZE), DATA_KEYS_E_MALFORMED);
    bytes[count] = 2;
    memcpy(bytes + entry + entry_size, bytes + entry, DATA_KEY_ID_SIZE); /* twice */
    check_int(parse(bytes, DATA_KEYS_SIZE), DATA_KEYS_E_MALFORMED);
    image(bytes);
    bytes[DATA_KEYS_SIZE - 1] = 1;
    check_int(parse(bytes, DATA_KEYS_SIZE), DATA_KEYS_E_MALFORMED);
}

static const Test tests[] = {
    { "keys go through secret memory where the kernel has it",
      keys_go_through_secret_memory_where_the_kernel_has_it },
    { "keys go through a sealed memfd where it has not",
      keys_go_through_a_sealed_memfd_where_it_has_not },
    { "no keys at all go through as well", no_keys_at_all_go_through_as_well },
    { "a key is there once, and there is a limit", a_key_is_there_once_and_there_is_a_limit },
    { "memory that could change under the reader is refused",
      memory_that_could_change_under_the_reader_is_refused },
    { "what is not as it is written is refused", what_is_not_as_it_is_written_is_refused },
};

TEST_MAIN(tests)
