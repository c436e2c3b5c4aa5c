/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TPM's quote, its key and its registers as JSON; nothing is believed here.
 */
#pragma once

#include "base/json.h"
#include "format/bundle.h"
#include "format/tpm-attest.h"
#include "format/tpm-public.h"

/* "quote": the fields of a TPMS_ATTEST. RET is a new reference. -ENOMEM. */
_must_check_ int describe_tpm_attest(const TpmAttest *attest, json_t **ret);
/* A public area: type, attributes by name, scheme, Name. A new reference. -ENOMEM, -EIO. */
_must_check_ int describe_tpm_public(const TpmPublic *public, json_t **ret);
/* {"scheme", "hash"}. A new reference. -ENOMEM. */
_must_check_ int describe_tpm_signature(const TpmSignature *signature, json_t **ret);
/* "pcr_values": {"sha256": {"0": hex}}. A new reference. -ENOMEM. */
_must_check_ int describe_pcrs(const EvidencePcrs *banks, size_t n_banks, json_t **ret);
