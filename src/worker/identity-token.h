/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access tokens for the managed identity of this virtual machine, from its metadata service. Never
 * kept beyond a round, never logged.
 */
#pragma once

#include "base/wipe.h"
#include "worker/gate-no.h"

/* Borrowed. */
typedef struct IdentityTokenRequest {
    const char *metadata_url; /* NULL: there is none */
    const char *resource;     /* whom the token is for: "https://vault.azure.net" */
    const char *client_id;    /* of one of several identities; NULL: the only one */
} IdentityTokenRequest;

/*
 * Asks for one. GATE_STEP_OK, GATE_STEP_E_NO; -ENOMEM, -EPERM (secret_new()), -EIO.
 */
_must_check_ int identity_token_ask(const IdentityTokenRequest *request, GateNo *no, Secret **ret);
