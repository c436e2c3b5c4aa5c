/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every protocol we speak.
 */
#pragma once

#include "protocol/protocol.h"

/* NULL when there is no such protocol. */
const VerifierProtocol *protocol_find(const char *name);
