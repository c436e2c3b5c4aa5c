/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TDX quote as JSON: its fields, and how each step of judging it ended.
 */
#pragma once

#include "format/cc-event-log.h"
#include "verify/genuine-tdx.h"

/*
 * "td_quote". STEPS (NULL: the quote was only parsed) adds the results of verification, the chain
 * and "tcb_status": "not-evaluated". RET is a new reference. -ENOMEM, -EIO.
 */
_must_check_ int describe_tdx_quote(const TdxQuote *quote, const TdxSteps *steps, json_t **ret);
/* "ccel_table": the ACPI table that says where the log lies. -ENOMEM. */
_must_check_ int describe_ccel_table(const CcelTable *table, json_t **ret);
