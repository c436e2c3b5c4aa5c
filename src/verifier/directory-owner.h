/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose a verifier's directory is: what root writes there is to be that user's, who serves from it,
 * and root follows no link that this user could put there.
 */
#pragma once

#include "base/macro.h"

/* Where the package's unit serves from, and what commands mean that name no directory. */
#define DIRECTORY_DEFAULT "/var/lib/attest-verifier"

/*
 * Root becomes the owner of DIRECTORY, for good; everybody else, and root where it is root's or not
 * there, stays. Negative errno.
 */
_must_check_ int directory_owner_become(const char *directory);
