/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secure key release by Azure Key Vault or a Managed HSM: what it is asked, and what it says when
 * it declines (spec azure 6.2). What it hands out is key-release-answer.h's. Pure.
 */
#pragma once

#include "protocol/protocol.h"

/* How the key is to be wrapped: RSA-OAEP over SHA-1, AES-256-KWP. What every tier of vaults does.
 */
#define KEY_RELEASE_ENC "CKM_RSA_AES_KEY_WRAP"

/* KEY_URL is vault_key_url_is_valid(). The URL to post to, owned; NULL: no memory. */
char *key_release_url(const char *key_url, const char *api_version);
/*
 * The JSON to post: TOKEN is that of an attestation provider, in the clear, NONCE comes back in the
 * answer. RET is to be wiped. -EINVAL: neither is base64url and dots; -ENOMEM.
 */
_must_check_ int key_release_request(ByteView token, const char *nonce, Bytes *ret);

/*
 * REPLY has any status but 200: the name of the finding, and into FOUND what the vault says.
 * -ENOMEM.
 */
_must_check_ int key_release_refusal(const ProtocolReply *reply,
                                     char found[static FINDING_TEXT_MAX], const char **ret_finding);
