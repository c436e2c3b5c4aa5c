/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file with the authorisation of the TPM's owner: opened here, read by the worker alone.
 */
#pragma once

#include "config/config.h"

/*
 * The file of OwnerAuthorizationFile=; -EBADF where none is set. 0, else an exit class with its
 * complaint.
 */
_must_check_ int owner_file_open(const Config *config, int *ret_fd);
