/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The identity that a cloud gives to a virtual machine: Azure's metadata service hands out an
 * access token for it (spec azure 6.1). Pure.
 */
#pragma once

#include "base/wipe.h"
#include "protocol/protocol.h"

#define MANAGED_IDENTITY_REPLY_MAX (64 * 1024) /* bytes; real answers have 2 to 4 KiB */
#define MANAGED_IDENTITY_TOKEN_MAX 8192        /* characters: what a header takes */

/*
 * Path and query to ask for a token for RESOURCE ("https://vault.azure.net"), owned. CLIENT_ID
 * names one of several identities; NULL: the only one. NULL: no memory.
 */
char *managed_identity_path(const char *resource, const char *client_id);

enum {
    MANAGED_IDENTITY_OK,
    MANAGED_IDENTITY_E_JSON,  /* not one bounded JSON object with a text access_token */
    MANAGED_IDENTITY_E_TOKEN, /* one that is no word a header takes, or not of type Bearer */
};

/* A word for each of the above, for error texts. */
const char *managed_identity_reason(int reason);
/* BODY of a 200; what JSON leaves behind is for wipe_json(). A named no; -ENOMEM, and those of
 * secret_new(). */
_must_check_ int managed_identity_parse(ByteView body, Secret **ret);

/*
 * Any other answer: the name of the finding, and into FOUND what the service says. Its errors hold
 * no token. -ENOMEM.
 */
_must_check_ int managed_identity_refusal(const ProtocolReply *reply,
                                          char found[static FINDING_TEXT_MAX],
                                          const char **ret_finding);
