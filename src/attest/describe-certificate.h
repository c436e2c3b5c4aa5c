/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A certificate as JSON, in one spelling wherever one is shown.
 */
#pragma once

#include "base/json.h"
#include "crypto/certificate.h"

/*
 * {"subject", "issuer", "serial", "not_before", "not_after", "sha256"}; names as RFC 4514 writes
 * them. RET is a new reference. -ENOMEM, -EIO.
 */
_must_check_ int describe_certificate(const Certificate *certificate, json_t **ret);
