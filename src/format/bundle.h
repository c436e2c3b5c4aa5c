/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The evidence JSON, both directions: a CMW collection (RFC 9999) of typed members, specified in
 * docs/evidence.md. Strict base64url, one spelling, bounded; what the bytes inside mean is for the
 * parsers of those bytes.
 */
#pragma once

#include "base/json.h"
#include "format/tpm-alg.h"

#define EVIDENCE_PROFILE     "tag:github.com,2026:attestd/evidence#1"
#define ENDORSEMENTS_PROFILE "tag:github.com,2026:attestd/endorsements#1"
/* Content-Type of the whole. */
#define EVIDENCE_MEDIA_TYPE "application/cmw+json; cmwc_t=\"" EVIDENCE_PROFILE "\""

#define EVIDENCE_SIZE_MAX        (4U << 20) /* bytes of JSON */
#define EVIDENCE_MEMBER_SIZE_MAX (1U << 20) /* bytes of each byte string */

/* Members of a collection that claims.members counts. */
typedef enum EvidenceMember {
    EVIDENCE_MEMBER_CPU = 1 << 0,
    EVIDENCE_MEMBER_VTPM = 1 << 1,
    EVIDENCE_MEMBER_EVENTLOG = 1 << 2,
    EVIDENCE_MEMBER_EVENTLOG_USERSPACE = 1 << 3,
    EVIDENCE_MEMBER_HCL = 1 << 4,
} EvidenceMember;

/*
 * All of them. Not among them: "rewrap", which is no evidence, and "td-quote", which is made of a
 * report that names the claims, so that they cannot name it.
 */
#define EVIDENCE_MEMBERS_ALL 0x1fU

/* A hardware report with what came along (the fields of configfs-tsm). */
typedef struct EvidenceCpu {
    char *provider; /* owned; "sev_guest"; NULL: no such member */
    Bytes outblob;  /* the report */
    Bytes auxblob;  /* the certificate table, verbatim; size 0: none */
} EvidenceCpu;

/* PCR values of one bank. */
typedef struct EvidencePcrs {
    uint16_t bank;      /* a hash; 0: none */
    size_t digest_size; /* bytes of each value */
    uint32_t mask;      /* bit n: PCR n is there */
    uint8_t values[TPM_PCR_COUNT][TPM_DIGEST_SIZE_MAX];
} EvidencePcrs;

/* Of the optional ones, size 0 means absent. */
typedef struct EvidenceVtpm {
    Bytes attest;         /* TPMS_ATTEST; size 0: no such member */
    Bytes signature;      /* TPMT_SIGNATURE */
    Bytes ak_public;      /* TPMT_PUBLIC */
    Bytes ak_certificate; /* DER, optional */
    Bytes ek_public;      /* TPMT_PUBLIC, optional */
    Bytes ek_certificate; /* DER, optional */
    EvidencePcrs pcrs;
} EvidenceVtpm;

/* What did not come in the certificate table. Each optional: size 0 means absent. */
typedef struct EvidenceEndorsements {
    Bytes vcek; /* DER */
    Bytes vlek; /* DER */
    Bytes ask;  /* DER */
    Bytes asvk; /* DER */
    Bytes ark;  /* DER; never a trust anchor */
    Bytes crl;  /* DER */
} EvidenceEndorsements;

/* Owned. A zeroed struct is empty and valid. */
typedef struct Evidence {
    Bytes claims; /* the exact bytes that are hashed; evidence-claims.h reads them */
    EvidenceCpu cpu;
    Bytes hcl;      /* Azure paravisor's report, which holds the hardware's; size 0: absent */
    Bytes td_quote; /* of the TDREPORT in HCL; size 0: absent */
    EvidenceVtpm vtpm;
    Bytes eventlog;           /* firmware log; size 0: absent */
    Bytes eventlog_userspace; /* systemd's log; size 0: absent */
    EvidenceEndorsements endorsements;
    Bytes rewrap; /* JSON that rewrap-list.h reads: what is to be wrapped anew; size 0: absent */
} Evidence;

enum {
    EVIDENCE_OK,
    EVIDENCE_E_SIZE,      /* more than EVIDENCE_SIZE_MAX bytes, or a member too large */
    EVIDENCE_E_DEPTH,     /* nested deeper than 16 levels */
    EVIDENCE_E_DUPLICATE, /* a member name twice in one object */
    EVIDENCE_E_SYNTAX,    /* not JSON, or not an object */
    EVIDENCE_E_PROFILE,   /* __cmwc_t or eat_profile is not ours */
    EVIDENCE_E_MISSING,   /* a required member is absent, or an optional one empty */
    EVIDENCE_E_UNKNOWN,   /* a member this version does not know */
    EVIDENCE_E_RECORD,    /* a CMW record is not [type, value, indicator] */
    EVIDENCE_E_MEDIA,     /* a record of another media type */
    EVIDENCE_E_TYPE,      /* a member of the wrong JSON type or out of range; rewrap no such list */
    EVIDENCE_E_ENCODING,  /* base64url with padding, a foreign character or trailing bits */
};

#define EVIDENCE_DETAIL_MAX 96 /* bytes with NUL */

/* Which member it was: "vtpm.pcrs", "endorsements.ask"; printable, "" for the whole. */
typedef struct EvidenceDetail {
    char member[EVIDENCE_DETAIL_MAX];
} EvidenceDetail;

/* EVIDENCE_OK or a named no, then with RETERR filled (may be NULL); -ENOMEM. */
_must_check_ int evidence_parse(ByteView json, EvidenceDetail *reterr, Evidence *ret);
/*
 * Compact JSON. -ENOMEM; -EINVAL when claims or a required part of a member is absent, or rewrap is
 * no list of JWEs; -E2BIG when it is more than evidence_parse() accepts.
 */
_must_check_ int evidence_emit(const Evidence *evidence, Bytes *ret);
/* A word for each of the above, for error texts. */
const char *evidence_reason(int reason);

/* EVIDENCE_MEMBER_… of what is there. */
unsigned evidence_members(const Evidence *evidence);
/* "cpu", "hcl", "vtpm", "eventlog", "eventlog-userspace": one bit at a time. */
const char *evidence_member_name(EvidenceMember member);

/* The value of one PCR; empty when it is not there. */
ByteView evidence_pcr(const EvidencePcrs *pcrs, unsigned pcr);
/* Puts one in. False when PCR is above 23 or the size is not that of the bank. */
_must_check_ bool evidence_pcrs_set(EvidencePcrs *pcrs, unsigned pcr, ByteView value);

/*
 * The object {"provider", "outblob", "auxblob"} by itself, as the answer of a collect worker
 * carries it. EVIDENCE_OK or a named no; -ENOMEM.
 */
_must_check_ int evidence_cpu_from_json(json_t *object, EvidenceDetail *reterr, EvidenceCpu *ret);
/* A new reference; NULL: out of memory. */
json_t *evidence_cpu_to_json(const EvidenceCpu *cpu);

void evidence_cpu_done(EvidenceCpu *cpu);
#define _cleanup_evidence_cpu_ _cleanup_(evidence_cpu_done)
void evidence_done(Evidence *evidence);
#define _cleanup_evidence_ _cleanup_(evidence_done)
