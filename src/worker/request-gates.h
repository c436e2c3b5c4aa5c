/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The "gates" of a round request, and the wrapped data keys that go with them.
 */
#pragma once

#include "worker/request-member.h"
#include "worker/request.h"

/* Reads both lists of the reader's object. A caller's request may have neither. */
void read_gates(MemberReader *reader, RoundRequest *request);
void request_gates_done(RoundRequest *request);
