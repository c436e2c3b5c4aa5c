/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The "gates" of a round request.
 */
#pragma once

#include "worker/request-member.h"
#include "worker/request.h"

/* A public P-256 key, owned; NULL and a failure for anything else. */
Key *read_release_key(MemberReader *reader, const char *path);
/* Reads the list of the reader's object. A caller's request may not have one. */
void read_gates(MemberReader *reader, RoundRequest *request);
void request_gates_done(RoundRequest *request);
