/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence JSON to Evidence. Every refusal names the member it was found in.
 */
#include "base/encode.h"
#include "format/bundle-record.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Notes the member and yields REASON. NAME may come from outside, PREFIX may be NULL. */
static int refuse(EvidenceDetail *reterr, int reason, const char *prefix, const char *name)
{
    if (reterr) {
        (void)snprintf(reterr->member, sizeof(reterr->member), "%s%s%s", prefix ? prefix : "",
                       prefix ? "." : "", name);
        for (char *c = reterr->member; *c; c++)
            if (!isascii((unsigned char)*c) || !isprint((unsigned char)*c))
                *c = '?';
    }
    return reason;
}

static int reason_of_json(int reason)
{
    switch (reason) {
    case JSON_OK:
        return EVIDENCE_OK;
    case JSON_E_SIZE:
    case JSON_E_VALUES:
        return EVIDENCE_E_SIZE;
    case JSON_E_DEPTH:
        return EVIDENCE_E_DEPTH;
    case JSON_E_DUPLICATE:
        return EVIDENCE_E_DUPLICATE;
    case JSON_E_MISSING:
        return EVIDENCE_E_MISSING;
    case JSON_E_TYPE:
        return EVIDENCE_E_TYPE;
    case JSON_E_ENCODING:
        return EVIDENCE_E_ENCODING;
    }
    return EVIDENCE_E_SYNTAX;
}

/* An object of strict JSON; PATH is what it is the content of. */
static int parse_object(ByteView text, size_t limit, const char *path, EvidenceDetail *reterr,
                        json_t **ret)
{
    json_auto_t *json = NULL;

    int r = json_parse(text, limit, &json);
    if (r < 0)
        return r;
    if (r)
        return refuse(reterr, reason_of_json(r), NULL, path);
    if (!json_is_object(json))
        return refuse(reterr, EVIDENCE_E_SYNTAX, NULL, path);
    *ret = TAKE_PTR(json);
    return EVIDENCE_OK;
}

/* A byte string member that must not be empty; PATH is its full name. */
static int read_bytes(const json_t *object, const char *name, const char *path,
                      EvidenceDetail *reterr, Bytes *ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    int r = json_get_base64url(object, name, EVIDENCE_MEMBER_SIZE_MAX, &bytes);
    if (r < 0)
        return r;
    if (r)
        return refuse(reterr, reason_of_json(r), NULL, path);
    if (bytes.size == 0)
        return refuse(reterr, EVIDENCE_E_MISSING, NULL, path);
    *ret = TAKE_STRUCT(bytes);
    return EVIDENCE_OK;
}

/* The value of the record KIND in COLLECTION: [media type, base64url, indicator]. */
static int read_record(const json_t *collection, const RecordKind *kind, EvidenceDetail *reterr,
                       Bytes *ret)
{
    const json_t *record = json_object_get(collection, kind->label);
    const json_t *media_type = json_array_get(record, 0);
    const json_t *value = json_array_get(record, 1);
    const json_t *indicator = json_array_get(record, 2);
    _cleanup_bytes_ Bytes bytes = { 0 };

    if (!record)
        return refuse(reterr, EVIDENCE_E_MISSING, NULL, kind->path);
    if (json_array_size(record) != 3 || !json_is_string(media_type) || !json_is_string(value) ||
        !json_is_integer(indicator) || json_integer_value(indicator) != kind->indicator)
        return refuse(reterr, EVIDENCE_E_RECORD, NULL, kind->path);
    if (strlen(kind->media_type) != json_string_length(media_type) ||
        strcmp(json_string_value(media_type), kind->media_type) != 0)
        return refuse(reterr, EVIDENCE_E_MEDIA, NULL, kind->path);

    ByteView text = { (const uint8_t *)json_string_value(value), json_string_length(value) };
    if (text.size > EVIDENCE_MEMBER_SIZE_MAX / 3 * 4 + 4)
        return refuse(reterr, EVIDENCE_E_SIZE, NULL, kind->path);
    int r = base64url_decode(text, &bytes);
    if (r < 0)
        return r;
    if (r)
        return refuse(reterr, EVIDENCE_E_ENCODING, NULL, kind->path);
    if (bytes.size > EVIDENCE_MEMBER_SIZE_MAX)
        return refuse(reterr, EVIDENCE_E_SIZE, NULL, kind->path);
    if (bytes.size == 0)
        return refuse(reterr, EVIDENCE_E_MISSING, NULL, kind->path);
    *ret = TAKE_STRUCT(bytes);
    return EVIDENCE_OK;
}

/* The same into its place in EVIDENCE, when it is there. */
static int read_optional_record(const json_t *collection, const RecordKind *kind,
                                EvidenceDetail *reterr, Evidence *evidence)
{
    if (!json_object_get(collection, kind->label))
        return EVIDENCE_OK;
    return read_record(collection, kind, reterr, (void *)((uint8_t *)evidence + kind->offset));
}

/* The content of a record that is itself a JSON object. */
static int read_record_object(const json_t *collection, const RecordKind *kind,
                              EvidenceDetail *reterr, json_t **ret)
{
    _cleanup_bytes_ Bytes text = { 0 };

    int r = read_record(collection, kind, reterr, &text);
    if (r)
        return r;
    return parse_object(VIEW(text), EVIDENCE_MEMBER_SIZE_MAX, kind->path, reterr, ret);
}

static int refuse_unknown(json_t *object, const char *const *known, const char *prefix,
                          EvidenceDetail *reterr)
{
    const char *unknown = json_unknown_member(object, known);

    return unknown ? refuse(reterr, EVIDENCE_E_UNKNOWN, prefix, unknown) : EVIDENCE_OK;
}

int evidence_cpu_from_json(json_t *object, EvidenceDetail *reterr, EvidenceCpu *ret)
{
    static const char *const known[] = { "provider", "outblob", "auxblob", NULL };
    _cleanup_evidence_cpu_ EvidenceCpu cpu = { 0 };
    const char *provider;

    int r = refuse_unknown(object, known, "cpu", reterr);
    if (r)
        return r;
    r = json_get_string(object, "provider", &provider);
    if (r)
        return refuse(reterr, reason_of_json(r), "cpu", "provider");
    if (!provider_is_valid(provider))
        return refuse(reterr, EVIDENCE_E_TYPE, "cpu", "provider");
    r = read_bytes(object, "outblob", "cpu.outblob", reterr, &cpu.outblob);
    if (r == EVIDENCE_OK && json_object_get(object, "auxblob"))
        r = read_bytes(object, "auxblob", "cpu.auxblob", reterr, &cpu.auxblob);
    if (r)
        return r;
    cpu.provider = strdup(provider);
    if (!cpu.provider)
        return -ENOMEM;
    *ret = TAKE_STRUCT(cpu);
    return EVIDENCE_OK;
}

static int read_cpu(const json_t *collection, EvidenceDetail *reterr, Evidence *evidence)
{
    json_auto_t *object = NULL;

    if (!json_object_get(collection, record_cpu.label))
        return EVIDENCE_OK;
    int r = read_record_object(collection, &record_cpu, reterr, &object);
    return r ? r : evidence_cpu_from_json(object, reterr, &evidence->cpu);
}

/* "0" to "23", one spelling each; TPM_PCR_COUNT for anything else. */
static unsigned pcr_by_name(const char *name)
{
    char text[8];

    for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
        (void)snprintf(text, sizeof(text), "%u", pcr);
        if (strcmp(text, name) == 0)
            return pcr;
    }
    return TPM_PCR_COUNT;
}

static int read_pcr(const json_t *object, const char *name, EvidenceDetail *reterr,
                    EvidencePcrs *pcrs)
{
    _cleanup_bytes_ Bytes value = { 0 };
    unsigned pcr = pcr_by_name(name);

    if (pcr == TPM_PCR_COUNT)
        return refuse(reterr, EVIDENCE_E_UNKNOWN, "vtpm.pcrs", name);
    int r = json_get_base64url(object, name, TPM_DIGEST_SIZE_MAX, &value);
    if (r < 0)
        return r;
    if (r)
        return refuse(reterr, reason_of_json(r), "vtpm.pcrs", name);
    if (!evidence_pcrs_set(pcrs, pcr, VIEW(value)))
        return refuse(reterr, EVIDENCE_E_TYPE, "vtpm.pcrs", name);
    return EVIDENCE_OK;
}

static int read_pcrs(const json_t *object, EvidenceDetail *reterr, EvidencePcrs *pcrs)
{
    const char *bank, *name;
    json_t *values, *value;

    int r = json_get_string(object, "pcr_bank", &bank);
    if (r)
        return refuse(reterr, reason_of_json(r), "vtpm", "pcr_bank");
    pcrs->bank = tpm_alg_hash_by_name(bank);
    if (pcrs->bank == 0)
        return refuse(reterr, EVIDENCE_E_TYPE, "vtpm", "pcr_bank");
    pcrs->digest_size = tpm_alg_digest_size(pcrs->bank);

    r = json_get_object(object, "pcrs", &values);
    if (r)
        return refuse(reterr, reason_of_json(r), "vtpm", "pcrs");
    json_object_foreach (values, name, value) {
        r = read_pcr(values, name, reterr, pcrs);
        if (r)
            return r;
    }
    return EVIDENCE_OK;
}

static int read_vtpm_object(json_t *object, EvidenceDetail *reterr, EvidenceVtpm *vtpm)
{
    const char *known[N_VTPM_FIELDS + 3] = { "pcr_bank", "pcrs" };

    for (size_t i = 0; i < N_VTPM_FIELDS; i++)
        known[i + 2] = vtpm_fields[i].name;
    int r = refuse_unknown(object, known, "vtpm", reterr);
    for (size_t i = 0; i < N_VTPM_FIELDS && r == EVIDENCE_OK; i++) {
        const VtpmField *field = &vtpm_fields[i];
        Bytes *bytes = (void *)((uint8_t *)vtpm + field->offset);
        if (field->is_required || json_object_get(object, field->name))
            r = read_bytes(object, field->name, field->path, reterr, bytes);
    }
    return r ? r : read_pcrs(object, reterr, &vtpm->pcrs);
}

static int read_vtpm(const json_t *collection, EvidenceDetail *reterr, Evidence *evidence)
{
    json_auto_t *object = NULL;

    if (!json_object_get(collection, record_vtpm.label))
        return EVIDENCE_OK;
    int r = read_record_object(collection, &record_vtpm, reterr, &object);
    return r ? r : read_vtpm_object(object, reterr, &evidence->vtpm);
}

/* Is COLLECTION of this profile? */
static int read_profile(const json_t *collection, const char *profile, const char *prefix,
                        EvidenceDetail *reterr)
{
    const char *found;
    int r = json_get_string(collection, CMW_TYPE_MEMBER, &found);

    if (r)
        return refuse(reterr, reason_of_json(r), prefix, CMW_TYPE_MEMBER);
    if (strcmp(found, profile) != 0)
        return refuse(reterr, EVIDENCE_E_PROFILE, prefix, CMW_TYPE_MEMBER);
    return EVIDENCE_OK;
}

static int read_endorsements(const json_t *collection, EvidenceDetail *reterr, Evidence *evidence)
{
    const char *known[N_ENDORSEMENT_RECORDS + 2] = { CMW_TYPE_MEMBER };
    json_t *object;

    int r = json_get_object(collection, ENDORSEMENTS_MEMBER, &object);
    if (r == JSON_E_MISSING)
        return EVIDENCE_OK;
    if (r)
        return refuse(reterr, reason_of_json(r), NULL, ENDORSEMENTS_MEMBER);
    for (size_t i = 0; i < N_ENDORSEMENT_RECORDS; i++)
        known[i + 1] = endorsement_records[i].label;
    r = read_profile(object, ENDORSEMENTS_PROFILE, ENDORSEMENTS_MEMBER, reterr);
    if (r == EVIDENCE_OK)
        r = refuse_unknown(object, known, ENDORSEMENTS_MEMBER, reterr);
    for (size_t i = 0; i < N_ENDORSEMENT_RECORDS && r == EVIDENCE_OK; i++)
        r = read_optional_record(object, &endorsement_records[i], reterr, evidence);
    return r;
}

static int read_rewrap(const json_t *collection, EvidenceDetail *reterr, Evidence *evidence)
{
    int r = read_optional_record(collection, &record_rewrap, reterr, evidence);

    if (r || evidence->rewrap.size == 0)
        return r;
    r = rewrap_check(VIEW(evidence->rewrap));
    return r > 0 ? refuse(reterr, EVIDENCE_E_TYPE, NULL, record_rewrap.path) : r;
}

static int read_collection(json_t *collection, EvidenceDetail *reterr, Evidence *evidence)
{
    const char *const known[] = {
        CMW_TYPE_MEMBER,
        record_claims.label,
        record_cpu.label,
        record_hcl.label,
        record_td_quote.label,
        record_vtpm.label,
        record_eventlog.label,
        record_eventlog_userspace.label,
        record_rewrap.label,
        ENDORSEMENTS_MEMBER,
        NULL,
    };

    int r = read_profile(collection, EVIDENCE_PROFILE, NULL, reterr);
    if (r == EVIDENCE_OK)
        r = refuse_unknown(collection, known, NULL, reterr);
    if (r == EVIDENCE_OK)
        r = read_record(collection, &record_claims, reterr, &evidence->claims);
    if (r == EVIDENCE_OK)
        r = read_cpu(collection, reterr, evidence);
    if (r == EVIDENCE_OK)
        r = read_optional_record(collection, &record_hcl, reterr, evidence);
    if (r == EVIDENCE_OK)
        r = read_optional_record(collection, &record_td_quote, reterr, evidence);
    if (r == EVIDENCE_OK)
        r = read_vtpm(collection, reterr, evidence);
    if (r == EVIDENCE_OK)
        r = read_optional_record(collection, &record_eventlog, reterr, evidence);
    if (r == EVIDENCE_OK)
        r = read_optional_record(collection, &record_eventlog_userspace, reterr, evidence);
    if (r == EVIDENCE_OK)
        r = read_rewrap(collection, reterr, evidence);
    return r ? r : read_endorsements(collection, reterr, evidence);
}

int evidence_parse(ByteView json, EvidenceDetail *reterr, Evidence *ret)
{
    _cleanup_evidence_ Evidence evidence = { 0 };
    json_auto_t *collection = NULL;

    int r = parse_object(json, EVIDENCE_SIZE_MAX, "", reterr, &collection);
    if (r)
        return r;
    r = read_collection(collection, reterr, &evidence);
    if (r)
        return r;
    *ret = TAKE_STRUCT(evidence);
    return EVIDENCE_OK;
}
