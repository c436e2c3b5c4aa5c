/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Microsoft Azure Attestation: GET /certs, POST /attest/SevSnpVm or /attest/TdxVm (docs/azure.md).
 * MAA has no challenge: the nonce is our own, and the paravisor's report carries the hash of the
 * claims that name it and our key.
 */
#pragma once

#include "protocol/protocol.h"

extern const VerifierProtocol protocol_maa;
