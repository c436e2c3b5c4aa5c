/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The forms of attestctl volume that look and do not change anything below /etc.
 */
#pragma once

#include "ctl/verb.h"

int volume_list(const Options *options);
int volume_check(const Options *options);
/* What attestd-luks-header@.service runs: checks the header and writes the copy. */
int volume_header(const Options *options);
