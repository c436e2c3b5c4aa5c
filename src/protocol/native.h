/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own protocol, spoken by attest-verifier (docs/protocols.md): POST /challenge, POST /attest.
 */
#pragma once

#include "protocol/protocol.h"

extern const VerifierProtocol protocol_native;
