/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the reader of data keys accepts, a descriptor carries unchanged. Inputs are the bytes up to
 * the last that is not zero.
 */
#include "require.h"
#include "secret/data-keys.h"

#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_through(const DataKeys *keys, const uint8_t *bytes)
{
    _cleanup_(data_keys_freep) DataKeys *again = NULL;
    int fd = -1;

    require(data_keys_store(keys, &fd) == 0);
    uint8_t *map = mmap(NULL, DATA_KEYS_SIZE, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        map = mmap(NULL, DATA_KEYS_SIZE, PROT_READ, MAP_PRIVATE, fd, 0);
    require(map != MAP_FAILED && memcmp(map, bytes, DATA_KEYS_SIZE) == 0);
    (void)munmap(map, DATA_KEYS_SIZE);
    require(data_keys_load(fd, &again) == DATA_KEYS_OK);
    require(data_keys_count(again) == data_keys_count(keys));
    (void)close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(data_keys_freep) DataKeys *keys = NULL;
    uint8_t bytes[DATA_KEYS_SIZE] = { 0 };

    if (size > sizeof(bytes)) {
        require(data_keys_parse((ByteView){ data, size }, &keys) == DATA_KEYS_E_SIZE);
        return 0;
    }
    memcpy(bytes, data, size);
    int r = data_keys_parse(VIEW_OF_ARRAY(bytes), &keys);
    require((r == DATA_KEYS_OK) == (keys != NULL));
    if (r == DATA_KEYS_OK)
        check_through(keys, bytes);
    return 0;
}
