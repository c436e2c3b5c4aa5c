/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A SEV-SNP report and the certificate behind it as JSON; nothing is believed here.
 */
#pragma once

#include "base/json.h"
#include "crypto/certificate.h"
#include "format/finding.h"
#include "format/snp-certs.h"
#include "verify/genuine-snp.h"

/*
 * "report": every field, the TCBs by the layout of the report's own CPU, else by that of PRODUCT.
 * RET is a new reference. -ENOMEM.
 */
_must_check_ int describe_snp_report(const SnpReport *report, SnpProduct product, json_t **ret);

/* "cert_ext": AMD's extensions, null where one cannot be read. A new reference. -ENOMEM. */
_must_check_ int describe_vek(const Certificate *certificate, json_t **ret);

/* The entries of a certificate table: GUID, kind, and what is in them. -ENOMEM, -EIO. */
_must_check_ int describe_snp_certs(const SnpCerts *certs, json_t **ret);

/* How the report was judged. */
typedef struct SnpVerification {
    const SnpReport *report;   /* NULL: it could not be read */
    const Certificate *vek;    /* NULL: none came along */
    const GenuineSnp *genuine; /* NULL: refused */
    const Findings *findings;  /* of genuine_snp_verify() */
} SnpVerification;

/* "verification": how each step ended. A new reference. -ENOMEM, -EIO. */
_must_check_ int describe_snp_verification(const SnpVerification *verification, json_t **ret);
