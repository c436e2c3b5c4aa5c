/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole test framework: a check that names its place and stops, a table of named tests, skip.
 */
#pragma once

#include "base/file.h"
#include "base/macro.h"

#include <stdio.h>
#include <string.h>

#define TEST_SKIP 77 /* exit status that the runner counts as skipped */

#define check(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition);          \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#define check_int(found, wanted)                                                                   \
    do {                                                                                           \
        long long _found = (long long)(found), _wanted = (long long)(wanted);                      \
        if (_found != _wanted) {                                                                   \
            (void)fprintf(stderr, "%s:%d: %s is %lld, wanted %s = %lld\n", __FILE__, __LINE__,     \
                          #found, _found, #wanted, _wanted);                                       \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#define check_str(found, wanted)                                                                   \
    do {                                                                                           \
        const char *_found = (found), *_wanted = (wanted);                                         \
        if (!_found || strcmp(_found, _wanted) != 0) {                                             \
            (void)fprintf(stderr, "%s:%d: %s is \"%s\", wanted \"%s\"\n", __FILE__, __LINE__,      \
                          #found, _found ? _found : "(null)", _wanted);                            \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

typedef struct Test {
    const char *name; /* a sentence: "a report of the wrong size is refused" */
    void (*run)(void);
} Test;

/* Runs all, or those whose name contains argv[1]. */
static inline int run_tests(const Test *tests, size_t n_tests, int argc, char **argv)
{
    for (size_t i = 0; i < n_tests; i++) {
        if (argc > 1 && !strstr(tests[i].name, argv[1]))
            continue;
        (void)printf("- %s\n", tests[i].name);
        (void)fflush(stdout);
        tests[i].run();
    }
    return 0;
}

#define TEST_MAIN(tests)                                                                           \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        return run_tests(tests, ELEMENTSOF(tests), argc, argv);                                    \
    }

/* Reads VECTORS_DIR/NAME, or exits 77 saying that the vectors are not beside the checkout. */
static inline Bytes test_vector(const char *name)
{
    char path[512];
    Bytes bytes = { 0 };

    if (access(VECTORS_DIR, R_OK) != 0) {
        (void)printf("skipped: no test vectors at %s\n", VECTORS_DIR);
        exit(TEST_SKIP);
    }
    (void)snprintf(path, sizeof(path), "%s/%s", VECTORS_DIR, name);
    check(file_read(path, 8 << 20, &bytes) == 0);
    return bytes;
}
