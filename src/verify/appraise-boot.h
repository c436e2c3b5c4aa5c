/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wishes about the boot as a whole: Secure Boot and who signed, the sections of a unified
 * kernel, the kernel's command line.
 */
#pragma once

#include "verify/appraise.h"

#define COMMAND_LINE "command-line" /* subject */

/* Each adds its differences to FINDINGS; nothing to add when the policy has no such wish. */
_must_check_ int appraise_secure_boot(const AppraiseTpmInput *input, Findings *findings);
_must_check_ int appraise_sections(const AppraiseTpmInput *input, Findings *findings);
_must_check_ int appraise_command_line(const AppraiseTpmInput *input, Findings *findings);
