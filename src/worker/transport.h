/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way to one verifier: credentials, its list of URLs, and every failure on the way as a
 * finding. The next URL is tried only while the server has not seen the request.
 */
#pragma once

#include "format/worker-answer.h"
#include "net/http.h"
#include "protocol/protocol.h"
#include "worker/request.h"

typedef struct Transport Transport;

enum {
    TRANSPORT_OK,
    TRANSPORT_E_FAILED, /* the answer's findings gained a failure */
};

/* Reads the passed descriptors. REQUEST is borrowed. A named no or negative errno. */
_must_check_ int transport_new(const RoundRequest *request, const VerifierProtocol *protocol,
                               WorkerAnswer *answer, Transport **ret);
Transport *transport_free(Transport *transport);
DEFINE_CLEANUP(Transport *, transport_free);

/*
 * Sends and waits for the reply, of whatever status. ANSWER gets the URL, Retry-After, the skew of
 * the clocks and findings. RET must be zeroed. A named no or negative errno.
 */
_must_check_ int transport_exchange(Transport *transport, const ProtocolRequest *request,
                                    WorkerAnswer *answer, HttpReply *ret);

/*
 * Certificates that will end soon, as warnings: ours, and those by which the server showed itself
 * in the exchange before. -ENOMEM.
 */
_must_check_ int transport_note_ends(const Transport *transport, Findings *findings);

/* Name of the finding for a no of http_exchange(). */
const char *transport_finding(int http_reason);
