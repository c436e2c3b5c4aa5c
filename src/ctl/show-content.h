/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One function for each kind of content; show-content.c lists them.
 */
#pragma once

#include "ctl/show.h"

void show_snp_report(const json_t *report);
/* What a verdict knows of the certificates: "verification" of a report. */
void show_snp_verification(const json_t *verification);
void show_certificate(const json_t *certificate);
/* Of an inspection; a key that is not accepted is said to be none. */
void show_certificate_key(const json_t *certificate);
void show_public_key(const json_t *key);
void show_tpm_public(const json_t *key);
void show_tpm_signature(const json_t *signature);
void show_crl(const json_t *crl);
void show_jwks(const json_t *content);
void show_quote(const json_t *quote);
void show_event_log(const json_t *log);
/* Of systemd. */
void show_userspace_log(const json_t *log);
/* What a log proves when its values were given: "boot" of a verdict. */
void show_boot(const json_t *boot);
void show_td_quote(const json_t *content);
void show_hcl_report(const json_t *hcl);
/* Demands and uncovered layers (<attest/policy.h>). */
void show_policy(const json_t *explanation);
void show_token(const json_t *token);
void show_pcrs(const json_t *banks);
