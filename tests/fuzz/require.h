/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a fuzz target demands of the parser it feeds: a crash that the fuzzer reports.
 */
#pragma once

#include <stdlib.h>
#include <string.h>

#define require(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)
