/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an answer says of the TPM, in JSON: members "tpm_clock" and "tpm_key".
 */
#pragma once

#include "format/worker-answer.h"

/* Is TEXT a TPM Name in lower-case hex that fits ANSWER_TPM_NAME_SIZE? */
bool answer_tpm_name_is_valid(const char *text);

/* Sets those that the answer has. -ENOMEM. */
_must_check_ int answer_tpm_to_json(json_t *object, const WorkerAnswer *answer);
/* Takes those that are there; fails closed on what is not as it should be. WORKER_ANSWER_OK or
 * WORKER_ANSWER_E_MEMBER. */
_must_check_ int answer_tpm_from_json(json_t *object, WorkerAnswer *answer);
