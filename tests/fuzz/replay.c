/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in for libFuzzer where it is not built in: feeds the corpus, and for each of its files all
 * prefixes at a stride and a few hundred single-byte changes, to the fuzz target.
 */
#include "base/file.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of its own, so that a sanitizer sees the first byte read past the end. */
static void feed(const uint8_t *data, size_t size)
{
    _cleanup_free_ uint8_t *copy = malloc(size > 0 ? size : 1);

    if (!copy)
        abort();
    if (size > 0)
        memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
}

static void feed_neighbours(Bytes *input)
{
    size_t stride = input->size / 256 + 1;

    for (size_t size = 0; size < input->size; size += stride)
        feed(input->data, size);
    for (size_t i = 0; i < input->size; i += stride) {
        static const uint8_t masks[] = { 0x01, 0x80, 0xff };
        for (size_t k = 0; k < ELEMENTSOF(masks); k++) {
            input->data[i] ^= masks[k];
            feed(input->data, input->size);
            input->data[i] ^= masks[k];
        }
    }
}

int main(int argc, char **argv)
{
    size_t n = 0;
    DIR *dir = argc > 1 ? opendir(argv[1]) : NULL;

    feed(NULL, 0);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char path[4096];
        _cleanup_bytes_ Bytes input = { 0 };

        (void)snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
        if (entry->d_name[0] == '.' || file_read(path, 1 << 20, &input) < 0)
            continue;
        feed(input.data, input.size);
        feed_neighbours(&input);
        n++;
    }
    if (dir)
        (void)closedir(dir);
    (void)printf("%zu corpus files\n", n);
    if (n == 0)
        (void)fprintf(stderr, "no corpus in %s\n", argc > 1 ? argv[1] : "(none given)");
    return n > 0 ? 0 : 1;
}
