/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the authorisation of the TPM's owner is to be had, for those who only pass it on.
 */
#pragma once

#include <stdbool.h>

/* Zeroed: there is none. */
typedef struct TpmOwner {
    bool is_given;
    int fd; /* borrowed: a regular file, read from its beginning each time */
} TpmOwner;
