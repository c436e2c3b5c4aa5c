/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies as data: what one demands in words, and one drafted from evidence. The language is
 * docs/policy.md.
 */
#pragma once

#include <attest/input.h>
#include <attest/result.h>

ATTEST_BEGIN_DECLS

/*
 * Puts a policy of SIZE bytes at DATA into words. The JSON of RET is {"id": text, "demands":
 * [sentence…], "uncovered": [{"layer": …, "text": …}…]} and "checks" where there are findings: the
 * layers are those it leaves to whoever runs the machine. ATTEST_PASS, or ATTEST_E_UNREADABLE when
 * it is no policy (a finding says where and why). RET is set for both, and owned. -ENOMEM.
 */
ATTEST_API ATTEST_MUST_CHECK int attest_policy_explain(const void *data, size_t size,
                                                       attest_result **ret);

/*
 * Drafts a policy that accepts exactly the machine of the evidence in INPUT, which is judged first,
 * as by attest_verify(): nothing is drafted from what does not pass. The JSON of RET is {"policy":
 * {…}, "notes": [{"member": "/tpm/rules", "changes_with": "kernel", "text": sentence}…]}: the notes
 * say which values change at the next kernel or firmware update. ATTEST_PASS, ATTEST_E_FAIL,
 * ATTEST_E_UNREADABLE; RET is set for all three ("policy" is null but for the first), and owned.
 * -ENOMEM, -EIO.
 */
ATTEST_API ATTEST_MUST_CHECK int attest_baseline(const attest_input *input, attest_result **ret);

ATTEST_END_DECLS
