/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HCL report as JSON, for verdicts and for people; nothing is believed here.
 */
#pragma once

#include "format/hcl-report.h"
#include "format/snp-report.h"

#include <jansson.h>

/*
 * What an HCL report says, as an object of "hcl" {signature, header_version, report_size,
 * request_type, status, file_size, runtime_data{…}, key_ids, vm_configuration, user_data}, "report"
 * (SNP, of PRODUCT as describe_snp_report() has it; not there when it cannot be read) or
 * "tdreport_report_data" (TDX), "runtime_claims_hash_matches_report_data", and for SNP
 * "report_data_upper_half_zero". Runtime claims that cannot be read leave key_ids, vm_configuration
 * and user_data null. RET is a new reference. -ENOMEM, -EIO.
 */
_must_check_ int describe_hcl(const HclReport *report, SnpProduct product, json_t **ret);
