/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a TPM says, in the structures of the TPM and in the files of tools, and the logs of what was
 * measured into it.
 */
#include "attest/recognise.h"

#include "attest/describe-log.h"
#include "attest/describe-quote.h"
#include "attest/judge.h"
#include "format/userspace-log.h"
#include "verify/genuine-quote.h"

#include <errno.h>
#include <string.h>

static int tpm_quote(ByteView bytes, const char **reterr_reason, json_t **ret)
{
    static const uint8_t magic[] = { 0xff, 'T', 'C', 'G' };
    ByteView inner = tpm_attest_unwrap(bytes);
    TpmAttest attest;

    if (inner.size < sizeof(magic) || memcmp(inner.data, magic, sizeof(magic)) != 0)
        return RECOGNISE_E_OTHER;
    int r = tpm_attest_parse(inner, &attest);
    if (r != TPM_ATTEST_OK) {
        *reterr_reason = tpm_attest_reason(r);
        return RECOGNISE_E_DAMAGED;
    }
    r = describe_tpm_attest(&attest, ret);
    return r < 0 ? r : RECOGNISE_OK;
}

static int tpm_public(ByteView bytes, const char **reterr_reason, json_t **ret)
{
    TpmPublic public;

    (void)reterr_reason;
    if (tpm_public_parse(bytes, &public) != TPM_PUBLIC_OK &&
        tpm_public_parse(tpm_attest_unwrap(bytes), &public) != TPM_PUBLIC_OK)
        return RECOGNISE_E_OTHER;
    int r = describe_tpm_public(&public, ret);
    return r < 0 ? r : RECOGNISE_OK;
}

static int tpm_signature(ByteView bytes, const char **reterr_reason, json_t **ret)
{
    TpmSignature signature;

    (void)reterr_reason;
    if (tpm_signature_parse(bytes, &signature) != TPM_SIGNATURE_OK)
        return RECOGNISE_E_OTHER;
    int r = describe_tpm_signature(&signature, ret);
    return r < 0 ? r : RECOGNISE_OK;
}

static int pcrs(ByteView bytes, const char **reterr_reason, json_t **ret)
{
    PcrFile file;

    (void)reterr_reason;
    int r = pcr_file_parse(bytes, &file);
    if (r != PCR_FILE_OK)
        return r < 0 ? r : RECOGNISE_E_OTHER;
    r = describe_pcrs(file.banks, file.n_banks, ret);
    return r < 0 ? r : RECOGNISE_OK;
}

/* The header of a crypto-agile log says what it is; the older kind has no mark but that it fits. */
static bool is_marked(ByteView bytes)
{
    static const char mark[] = "Spec ID Event03";

    return bytes.size >= 32 + sizeof(mark) && memcmp(bytes.data + 32, mark, sizeof(mark)) == 0;
}

/* Fits by more than chance: it is not zeros only, and every type of event has a name. */
static bool is_plausible(ByteView bytes, unsigned flags)
{
    EventLog log;
    Event event;

    if (view_is_filled_with(bytes, 0) || event_log_open(bytes, flags, &log) != EVENT_LOG_OK)
        return false;
    while (event_log_next(&log, &event) == EVENT_LOG_OK)
        if (!event_type_name(event.type))
            return false;
    return true;
}

static int event_log(ByteView bytes, const char **reterr_reason, json_t **ret)
{
    unsigned flags = judge_log_flags(bytes);
    EventLogSummary summary;
    json_t *story = NULL;

    int r = event_log_summarise(bytes, flags, NULL, &summary);
    if (r != EVENT_LOG_OK) {
        *reterr_reason = event_log_reason(r);
        return is_marked(bytes) ? RECOGNISE_E_DAMAGED : RECOGNISE_E_OTHER;
    }
    if (summary.n_events == 0 || (!is_marked(bytes) && !is_plausible(bytes, flags)))
        return RECOGNISE_E_OTHER;
    json_auto_t *content = NULL;
    r = describe_event_log(bytes, flags, &content);
    if (r >= 0)
        r = describe_events(bytes, flags, &story);
    if (r < 0)
        return r;
    if (json_object_set_new(content, "log", story))
        return -ENOMEM;
    *ret = TAKE_PTR(content);
    return RECOGNISE_OK;
}

static json_t *record(const UserspaceEvent *event)
{
    json_auto_t *digests = json_object();

    for (size_t i = 0; i < event->n_digests; i++) {
        const UserspaceDigest *digest = &event->digests[i];
        const char *name = tpm_alg_name(digest->alg);
        if (name && json_set_hex(digests, name, (ByteView){ digest->digest, digest->size }) < 0)
            return NULL;
    }
    return json_pack("{s:I, s:O, s:s*, s:s*}", event->has_pcr ? "pcr" : "nv_index",
                     (json_int_t)(event->has_pcr ? event->pcr : event->nv_index), "digests",
                     digests, "type", event->type, "text", event->text);
}

static int userspace_log(ByteView bytes, const char **reterr_reason, json_t **ret)
{
    _cleanup_userspace_log_ UserspaceLog log = { 0 };
    json_auto_t *story = NULL;

    if (bytes.data[0] != 0x1e /* RFC 7464 */)
        return RECOGNISE_E_OTHER;
    int r = userspace_log_parse(bytes, NULL, &log);
    if (r < 0)
        return r;
    if (r != USERSPACE_LOG_OK) {
        *reterr_reason = userspace_log_reason(r);
        return RECOGNISE_E_DAMAGED;
    }
    story = json_array();
    for (size_t i = 0; i < log.n_items; i++)
        if (json_array_append_new(story, record(&log.items[i])))
            return -ENOMEM;
    *ret = json_pack("{s:I, s:O}", "events", (json_int_t)log.n_items, "log", story);
    return *ret ? RECOGNISE_OK : -ENOMEM;
}

const Recogniser recognisers_tpm[] = {
    { "tpm-quote", tpm_quote },
    { "tpm-public", tpm_public },
    { "tpm-signature", tpm_signature },
    { "pcrs", pcrs },
    { "event-log", event_log },
    { "userspace-log", userspace_log },
    { 0 },
};
