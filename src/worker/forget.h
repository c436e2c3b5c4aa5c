/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb "forget": gives back what the TPM keeps for a secret that is about to be removed, the NV
 * index of its counter. No file is looked at: the counter says whose it is. A file that is still
 * there opens no more.
 */
#pragma once

#include "worker/verb.h"

/* A Verb: ForgetRequest in, findings out, by name. */
_must_check_ int forget_run(ByteView line, const FdList *given, WorkerAnswer *answer, FdList *fds);
