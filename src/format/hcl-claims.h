/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime claims in an HCL report, JSON that the paravisor wrote: the vTPM's keys, how the VM
 * was set up, and what the guest asked to have in the report. The bytes are hashed as they are.
 */
#pragma once

#include "base/json.h"
#include "format/hcl-report.h"

#define HCL_KEYS_MAX       8   /* 2 are known: HCLAkPub, HCLEkPub */
#define HCL_MODULUS_MAX    512 /* bytes, RSA-4096; seen: 256 */
#define HCL_EXPONENT_MAX   4   /* bytes; seen: 3 */
#define HCL_USER_DATA_SIZE 64  /* bytes */
#define HCL_VM_ID_SIZE     37  /* a GUID with NUL */

/* An RSA key, big-endian. Zeroed: not there. */
typedef struct HclKey {
    uint8_t modulus[HCL_MODULUS_MAX];
    size_t modulus_size; /* bytes, without leading zeros; 0: no such key */
    uint8_t exponent[HCL_EXPONENT_MAX];
    size_t exponent_size;
} HclKey;

/* Owned. A zeroed struct is empty and valid. */
typedef struct HclClaims {
    json_t *json; /* all of it, for those who show it */
    HclKey ak;    /* HCLAkPub */
    HclKey ek;    /* HCLEkPub; not there in old ones, or when the paravisor could not make it */
    bool has_user_data;
    uint8_t user_data[HCL_USER_DATA_SIZE];
    char vm_id[HCL_VM_ID_SIZE]; /* vmUniqueId in lower case; "" when absent or no GUID */
} HclClaims;

enum {
    HCL_CLAIMS_OK,
    HCL_CLAIMS_E_SIZE,      /* more than HCL_CLAIMS_SIZE_MAX bytes, or more keys than allowed */
    HCL_CLAIMS_E_DEPTH,     /* nested deeper than 16 levels */
    HCL_CLAIMS_E_DUPLICATE, /* a member name twice in one object, or a key twice */
    HCL_CLAIMS_E_SYNTAX,    /* not JSON, or not an object */
    HCL_CLAIMS_E_MISSING,   /* keys, HCLAkPub or a member of a key is absent */
    HCL_CLAIMS_E_TYPE,      /* a member of the wrong JSON type */
    HCL_CLAIMS_E_ENCODING,  /* not strict base64url or hex */
    HCL_CLAIMS_E_KEY,       /* HCLAkPub is all zero: the paravisor could not make it; or not RSA */
    HCL_CLAIMS_E_USER_DATA, /* user-data is not 64 bytes */
};

/*
 * Unknown members are tolerated, since each version of the paravisor adds some. HCL_CLAIMS_OK or a
 * named no; -ENOMEM.
 */
_must_check_ int hcl_claims_parse(ByteView json, HclClaims *ret);
/* A word for each of the above, for error texts. */
const char *hcl_claims_reason(int reason);

void hcl_claims_done(HclClaims *claims);
#define _cleanup_hcl_claims_ _cleanup_(hcl_claims_done)

/* "keys" and "vm-configuration" as they came; borrowed. NULL: not there. */
json_t *hcl_claims_keys(const HclClaims *claims);
json_t *hcl_claims_vm_configuration(const HclClaims *claims);
