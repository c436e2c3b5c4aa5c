/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The evidence as a struct: its life, its members, its tables.
 */
#include "format/bundle.h"

#include "format/bundle-record.h"

#include <string.h>

#define PROVIDER_SIZE_MAX 32 /* bytes */

#define ENDORSEMENT(name)                                                                          \
    {                                                                                              \
#name, "endorsements." #name, "application/pkix-cert", CMW_ENDORSEMENT,                    \
            offsetof(Evidence, endorsements.name)                                                  \
    }
#define VTPM_FIELD(name, is_required)                                                              \
    {                                                                                              \
#name, "vtpm." #name, is_required, offsetof(EvidenceVtpm, name)                            \
    }

const RecordKind record_claims = {
    "claims",
    "claims",
    "application/eat-ucs+json; eat_profile=\"" EVIDENCE_PROFILE "\"",
    CMW_EVIDENCE,
    offsetof(Evidence, claims),
};
const RecordKind record_cpu = {
    "cpu", "cpu", "application/vnd.veraison.tsm-report+json", CMW_EVIDENCE, 0,
};
const RecordKind record_hcl = {
    "hcl", "hcl", "application/vnd.attestd.azure-hcl-report", CMW_EVIDENCE, offsetof(Evidence, hcl),
};
const RecordKind record_td_quote = {
    "td-quote",
    "td-quote",
    "application/vnd.attestd.td-quote",
    CMW_EVIDENCE,
    offsetof(Evidence, td_quote),
};
const RecordKind record_vtpm = {
    "vtpm", "vtpm", "application/vnd.attestd.tpm2-quote+json", CMW_EVIDENCE, 0,
};
const RecordKind record_eventlog = {
    "eventlog",
    "eventlog",
    "application/vnd.attestd.tcg-eventlog",
    CMW_EVIDENCE,
    offsetof(Evidence, eventlog),
};
const RecordKind record_eventlog_userspace = {
    "eventlog-userspace",
    "eventlog-userspace",
    "application/vnd.attestd.systemd-eventlog",
    CMW_EVIDENCE,
    offsetof(Evidence, eventlog_userspace),
};
const RecordKind record_rewrap = {
    "rewrap",
    "rewrap",
    "application/vnd.attestd.rewrap+json",
    CMW_EVIDENCE,
    offsetof(Evidence, rewrap),
};
const RecordKind endorsement_records[N_ENDORSEMENT_RECORDS] = {
    ENDORSEMENT(vcek),
    ENDORSEMENT(vlek),
    ENDORSEMENT(ask),
    ENDORSEMENT(asvk),
    ENDORSEMENT(ark),
    { "crl", "endorsements.crl", "application/pkix-crl", CMW_ENDORSEMENT,
      offsetof(Evidence, endorsements.crl) },
};
const VtpmField vtpm_fields[N_VTPM_FIELDS] = {
    VTPM_FIELD(attest, true),     VTPM_FIELD(signature, true),
    VTPM_FIELD(ak_public, true),  VTPM_FIELD(ak_certificate, false),
    VTPM_FIELD(ek_public, false), VTPM_FIELD(ek_certificate, false),
};

const char *evidence_reason(int reason)
{
    switch (reason) {
    case EVIDENCE_OK:
        return "ok";
    case EVIDENCE_E_SIZE:
        return "too large";
    case EVIDENCE_E_DEPTH:
        return "nested too deeply";
    case EVIDENCE_E_DUPLICATE:
        return "a member name occurs twice";
    case EVIDENCE_E_SYNTAX:
        return "not a JSON object";
    case EVIDENCE_E_PROFILE:
        return "of another profile";
    case EVIDENCE_E_MISSING:
        return "member missing or empty";
    case EVIDENCE_E_UNKNOWN:
        return "unknown member";
    case EVIDENCE_E_RECORD:
        return "not a record of type, value and indicator";
    case EVIDENCE_E_MEDIA:
        return "of another media type";
    case EVIDENCE_E_TYPE:
        return "of the wrong JSON type or out of range";
    case EVIDENCE_E_ENCODING:
        return "not strict base64url";
    }
    return "unknown";
}

bool provider_is_valid(const char *provider)
{
    size_t length = strlen(provider);

    return length > 0 && length <= PROVIDER_SIZE_MAX &&
           strspn(provider, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

int rewrap_check(ByteView rewrap)
{
    _cleanup_rewrap_list_ RewrapList list = { 0 };

    return rewrap_list_parse(rewrap, &list);
}

unsigned evidence_members(const Evidence *evidence)
{
    unsigned members = 0;

    if (evidence->cpu.provider)
        members |= EVIDENCE_MEMBER_CPU;
    if (evidence->hcl.size > 0)
        members |= EVIDENCE_MEMBER_HCL;
    if (evidence->vtpm.attest.size > 0)
        members |= EVIDENCE_MEMBER_VTPM;
    if (evidence->eventlog.size > 0)
        members |= EVIDENCE_MEMBER_EVENTLOG;
    if (evidence->eventlog_userspace.size > 0)
        members |= EVIDENCE_MEMBER_EVENTLOG_USERSPACE;
    return members;
}

const char *evidence_member_name(EvidenceMember member)
{
    switch (member) {
    case EVIDENCE_MEMBER_CPU:
        return record_cpu.label;
    case EVIDENCE_MEMBER_HCL:
        return record_hcl.label;
    case EVIDENCE_MEMBER_VTPM:
        return record_vtpm.label;
    case EVIDENCE_MEMBER_EVENTLOG:
        return record_eventlog.label;
    case EVIDENCE_MEMBER_EVENTLOG_USERSPACE:
        return record_eventlog_userspace.label;
    }
    return "unknown";
}

ByteView evidence_pcr(const EvidencePcrs *pcrs, unsigned pcr)
{
    if (pcr >= TPM_PCR_COUNT || !(pcrs->mask & UINT32_C(1) << pcr))
        return (ByteView){ 0 };
    return (ByteView){ .data = pcrs->values[pcr], .size = pcrs->digest_size };
}

bool evidence_pcrs_set(EvidencePcrs *pcrs, unsigned pcr, ByteView value)
{
    size_t size = tpm_alg_digest_size(pcrs->bank);

    if (pcr >= TPM_PCR_COUNT || size == 0 || value.size != size)
        return false;
    memcpy(pcrs->values[pcr], value.data, size);
    pcrs->digest_size = size;
    pcrs->mask |= UINT32_C(1) << pcr;
    return true;
}

void evidence_cpu_done(EvidenceCpu *cpu)
{
    free(cpu->provider);
    bytes_done(&cpu->outblob);
    bytes_done(&cpu->auxblob);
    *cpu = (EvidenceCpu){ 0 };
}

void evidence_done(Evidence *evidence)
{
    EvidenceVtpm *vtpm = &evidence->vtpm;
    EvidenceEndorsements *endorsements = &evidence->endorsements;

    bytes_done(&evidence->claims);
    evidence_cpu_done(&evidence->cpu);
    bytes_done(&evidence->hcl);
    bytes_done(&evidence->td_quote);
    bytes_done(&vtpm->attest);
    bytes_done(&vtpm->signature);
    bytes_done(&vtpm->ak_public);
    bytes_done(&vtpm->ak_certificate);
    bytes_done(&vtpm->ek_public);
    bytes_done(&vtpm->ek_certificate);
    bytes_done(&evidence->eventlog);
    bytes_done(&evidence->eventlog_userspace);
    bytes_done(&endorsements->vcek);
    bytes_done(&endorsements->vlek);
    bytes_done(&endorsements->ask);
    bytes_done(&endorsements->asvk);
    bytes_done(&endorsements->ark);
    bytes_done(&endorsements->crl);
    bytes_done(&evidence->rewrap);
    *evidence = (Evidence){ 0 };
}
