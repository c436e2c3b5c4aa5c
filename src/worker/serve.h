/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection, one request, one answer: everything around a verb.
 */
#pragma once

#include "worker/verb.h"

/*
 * Receives from SOCKET, runs VERB, answers. An answer that cannot be made is replaced by
 * "internal-error". 0 when an answer was sent; negative errno; MESSAGE_E_TIMEOUT.
 */
_must_check_ int serve(int socket, const Verb *verb);
