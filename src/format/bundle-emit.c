/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence to evidence JSON, in the one order and spelling of docs/evidence.md.
 */
#include "base/encode.h"
#include "format/bundle-record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int set_record(json_t *collection, const RecordKind *kind, ByteView content)
{
    if (content.size > EVIDENCE_MEMBER_SIZE_MAX)
        return -E2BIG;

    _cleanup_free_ char *value = base64url_encode(content);
    if (!value)
        return -ENOMEM;
    json_t *record = json_pack("[ssi]", kind->media_type, value, kind->indicator);
    return json_object_set_new(collection, kind->label, record) < 0 ? -ENOMEM : 0;
}

static int set_optional_record(json_t *collection, const RecordKind *kind, const Evidence *evidence)
{
    const Bytes *bytes = (const void *)((const uint8_t *)evidence + kind->offset);

    return bytes->size > 0 ? set_record(collection, kind, VIEW(*bytes)) : 0;
}

static int set_record_object(json_t *collection, const RecordKind *kind, const json_t *object)
{
    _cleanup_free_ char *text = json_text(object);

    return text ? set_record(collection, kind, view_of_string(text)) : -ENOMEM;
}

/* A byte string; absent when it is empty and may be. */
static int set_bytes(json_t *object, const char *name, bool is_required, const Bytes *bytes)
{
    if (bytes->size > EVIDENCE_MEMBER_SIZE_MAX)
        return -E2BIG;
    if (bytes->size > 0)
        return json_set_base64url(object, name, VIEW(*bytes));
    return is_required ? -EINVAL : 0;
}

json_t *evidence_cpu_to_json(const EvidenceCpu *cpu)
{
    json_auto_t *object = json_object();

    if (json_object_set_new(object, "provider", json_string(cpu->provider)) < 0 ||
        json_set_base64url(object, "outblob", VIEW(cpu->outblob)) < 0)
        return NULL;
    if (cpu->auxblob.size > 0 && json_set_base64url(object, "auxblob", VIEW(cpu->auxblob)) < 0)
        return NULL;
    return TAKE_PTR(object);
}

static int set_cpu(json_t *collection, const EvidenceCpu *cpu)
{
    if (!cpu->provider)
        return 0;
    if (!provider_is_valid(cpu->provider) || cpu->outblob.size == 0)
        return -EINVAL;
    if (cpu->outblob.size > EVIDENCE_MEMBER_SIZE_MAX ||
        cpu->auxblob.size > EVIDENCE_MEMBER_SIZE_MAX)
        return -E2BIG;

    json_auto_t *object = evidence_cpu_to_json(cpu);
    return object ? set_record_object(collection, &record_cpu, object) : -ENOMEM;
}

static int set_pcrs(json_t *object, const EvidencePcrs *pcrs)
{
    const char *bank = tpm_alg_name(pcrs->bank);
    json_auto_t *values = json_object();

    if (!values)
        return -ENOMEM;
    if (!bank || pcrs->digest_size == 0 || pcrs->digest_size != tpm_alg_digest_size(pcrs->bank))
        return -EINVAL;
    for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
        char name[8];
        if (!(pcrs->mask & UINT32_C(1) << pcr))
            continue;
        (void)snprintf(name, sizeof(name), "%u", pcr);
        if (json_set_base64url(values, name, evidence_pcr(pcrs, pcr)) < 0)
            return -ENOMEM;
    }
    if (json_object_set_new(object, "pcr_bank", json_string(bank)) < 0 ||
        json_object_set(object, "pcrs", values) < 0)
        return -ENOMEM;
    return 0;
}

static int set_vtpm(json_t *collection, const EvidenceVtpm *vtpm)
{
    json_auto_t *object = json_object();
    int r = 0;

    if (!object)
        return -ENOMEM;
    if (vtpm->attest.size == 0)
        return 0;
    for (size_t i = 0; r == 0 && i < N_VTPM_FIELDS; i++) {
        const VtpmField *field = &vtpm_fields[i];
        const Bytes *bytes = (const void *)((const uint8_t *)vtpm + field->offset);
        r = set_bytes(object, field->name, field->is_required, bytes);
    }
    if (r == 0)
        r = set_pcrs(object, &vtpm->pcrs);
    return r < 0 ? r : set_record_object(collection, &record_vtpm, object);
}

static int set_endorsements(json_t *collection, const Evidence *evidence)
{
    json_auto_t *object = json_pack("{ss}", CMW_TYPE_MEMBER, ENDORSEMENTS_PROFILE);
    int r = object ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < N_ENDORSEMENT_RECORDS; i++)
        r = set_optional_record(object, &endorsement_records[i], evidence);
    if (r < 0 || json_object_size(object) == 1)
        return r;
    return json_object_set(collection, ENDORSEMENTS_MEMBER, object) < 0 ? -ENOMEM : 0;
}

static int set_rewrap(json_t *collection, const Evidence *evidence)
{
    int r = evidence->rewrap.size > 0 ? rewrap_check(VIEW(evidence->rewrap)) : REWRAP_LIST_OK;

    if (r)
        return r < 0 ? r : -EINVAL;
    return set_optional_record(collection, &record_rewrap, evidence);
}

static int set_members(json_t *collection, const Evidence *evidence)
{
    if (evidence->claims.size == 0)
        return -EINVAL;
    int r = set_record(collection, &record_claims, VIEW(evidence->claims));
    if (r == 0)
        r = set_cpu(collection, &evidence->cpu);
    if (r == 0)
        r = set_optional_record(collection, &record_hcl, evidence);
    if (r == 0)
        r = set_optional_record(collection, &record_td_quote, evidence);
    if (r == 0)
        r = set_vtpm(collection, &evidence->vtpm);
    if (r == 0)
        r = set_optional_record(collection, &record_eventlog, evidence);
    if (r == 0)
        r = set_optional_record(collection, &record_eventlog_userspace, evidence);
    if (r == 0)
        r = set_endorsements(collection, evidence);
    return r < 0 ? r : set_rewrap(collection, evidence);
}

int evidence_emit(const Evidence *evidence, Bytes *ret)
{
    json_auto_t *collection = json_pack("{ss}", CMW_TYPE_MEMBER, EVIDENCE_PROFILE);

    if (!collection)
        return -ENOMEM;
    int r = set_members(collection, evidence);
    if (r < 0)
        return r;

    _cleanup_free_ char *text = json_text(collection);
    if (!text)
        return -ENOMEM;
    size_t size = strlen(text);
    if (size > EVIDENCE_SIZE_MAX)
        return -E2BIG;
    *ret = (Bytes){ .data = (uint8_t *)TAKE_PTR(text), .size = size };
    return 0;
}
