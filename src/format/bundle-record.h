/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members of the evidence JSON as tables: label, media type, indicator and place in Evidence.
 * Parser and emitter both read them, and nobody else does.
 */
#pragma once

#include "format/bundle.h"
#include "format/rewrap-list.h"

/* Indicators of a CMW record (RFC 9999): what kind of message it is. */
enum { CMW_ENDORSEMENT = 2, CMW_EVIDENCE = 4 };

typedef struct RecordKind {
    const char *label;
    const char *path; /* for EvidenceDetail */
    const char *media_type;
    int indicator;
    size_t offset; /* of the Bytes in Evidence; unused where the content is JSON of its own */
} RecordKind;

typedef struct VtpmField {
    const char *name;
    const char *path;
    bool is_required;
    size_t offset; /* of the Bytes in EvidenceVtpm */
} VtpmField;

#define N_ENDORSEMENT_RECORDS 6
#define N_VTPM_FIELDS         6

extern const RecordKind record_claims;
extern const RecordKind record_cpu;
extern const RecordKind record_hcl;
extern const RecordKind record_td_quote;
extern const RecordKind record_vtpm;
extern const RecordKind record_eventlog;
extern const RecordKind record_eventlog_userspace;
extern const RecordKind record_rewrap;
extern const RecordKind endorsement_records[N_ENDORSEMENT_RECORDS];
extern const VtpmField vtpm_fields[N_VTPM_FIELDS];

#define CMW_TYPE_MEMBER     "__cmwc_t"
#define ENDORSEMENTS_MEMBER "endorsements"

/* "sev_guest" and the like: lower-case letters, digits and '_', 1 to 32 bytes. */
bool provider_is_valid(const char *provider);
/* REWRAP_LIST_OK when REWRAP is such a list; a named no, -ENOMEM. */
_must_check_ int rewrap_check(ByteView rewrap);
