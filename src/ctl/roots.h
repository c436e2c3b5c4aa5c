/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory of --roots: AMD's certificates that are believed instead of those built in, and
 * roots of the certificates of TPM keys, of which none is built in.
 */
#pragma once

#include "ctl/verb.h"

#include <attest/input.h>

/*
 * Adds DIRECTORY/{milan,genoa,turin}/{ark,ask,asvk}.der, and every .der and .pem of DIRECTORY/vtpm.
 * Files may be absent, but not all of them. 0, else an exit class.
 */
_must_check_ int roots_add(const Options *options, const char *directory, attest_input *input);
