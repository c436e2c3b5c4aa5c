/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence JSON in the input, as verify_evidence() takes it.
 */
#pragma once

#include "attest/judge.h"
#include "verify/verify.h"

/* RET is owned; the outcome is unreadable when it cannot be read. 0, -ENOMEM. */
_must_check_ int judge_read_evidence(const Judgement *judgement, Evidence *ret);
/* All that the input says of how to judge it. Borrows from both. */
VerifyInput judge_evidence_input(const Judgement *judgement, const Evidence *evidence);
