/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From one machine that is trusted as it stands to the policy that accepts exactly it, with a note
 * on every value that the next update will change.
 */
#pragma once

#include "verify/verify.h"

enum {
    BASELINE_OK,
    BASELINE_E_REFUSED, /* the evidence is not genuine, or cannot be held to; FINDINGS say why */
};

/*
 * Drafts. Of INPUT->policy (NULL: none) only what makes things believed is heeded: certificate
 * roots, paravisors, simulated roots; its wishes are not. ID names the draft; NULL: "baseline-1".
 * INPUT->nonce and ->audience are usually left out, for evidence from a file.
 *
 * RET_POLICY is the policy as JSON, members in the order in which a person reads them, a "comment"
 * wherever a choice was made. It parses, and verify_evidence() with it accepts this evidence: both
 * were tried. RET_NOTES is an array of {"member": "/tpm/rules", "changes_with": "kernel", "text":
 * sentence}. Both are new references. BASELINE_OK or a named no; -ENOMEM, -EIO.
 */
_must_check_ int baseline_draft(const VerifyInput *input, const char *id, Findings *findings,
                                json_t **ret_policy, json_t **ret_notes);
