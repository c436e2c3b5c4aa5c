/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LUKS2 headers: bytes as they are, or a JSON text inside a header that is well made. Whatever is
 * accepted has all its keyslots behind the header and no other cipher in it.
 */
#include "format/luks2-header.h"

#include "luks2.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(ByteView copies)
{
    char found[LUKS2_FOUND_SIZE] = "";
    Luks2Header header;

    int r = luks2_header_parse(copies, found, &header);
    if (r != LUKS2_OK) {
        require(*found && strlen(found) < LUKS2_FOUND_SIZE);
        for (const char *c = found; *c; c++)
            require(*c >= ' ' && *c <= '~');
        return;
    }
    uint64_t begin = 2 * header.copy_size;
    require(begin == copies.size && header.copy_size <= LUKS2_COPY_SIZE_MAX);
    require(header.keyslots_size <= LUKS2_KEYSLOTS_SIZE_MAX);
    require(header.used_size > begin && header.used_size <= begin + header.keyslots_size);
    require(header.n_keyslots > 0 && (header.key_bits == 256 || header.key_bits == 512));
    require(memmem(copies.data, copies.size, "\"aes-xts-plain64\"", 17) ||
            memmem(copies.data, copies.size, "\\u", 2) ||
            memmem(copies.data, copies.size, "\\/", 2));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t image[2 * LUKS2_LAB_COPY];

    if (size > 0 && *data == 'L') {
        judge((ByteView){ .data = data, .size = size });
        return 0;
    }
    luks2_lab_header(image, data, size);
    judge(VIEW_OF_ARRAY(image));
    return 0;
}
