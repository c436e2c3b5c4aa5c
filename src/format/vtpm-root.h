/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands behind a vTPM, and which of two is better: the one place that ranks them.
 */
#pragma once

#include "base/macro.h"

/*
 * "host" 0: a program of the host's; "certificate" 1: somebody vouches for it; "svsm" and
 * "paravisor" 2: inside the confidential guest. -1 for any other text, and for NULL.
 */
int vtpm_root_rank(const char *text);
