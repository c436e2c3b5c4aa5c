/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCG event log: the header, then one event at a time. Both layouts end in the same Event.
 */
#include "format/event-log.h"

#include <string.h>

#define SHA1_SIZE           20
#define SIGNATURE_SIZE      16
#define SPEC_ID_SIGNATURE   "Spec ID Event03" /* with its NUL 16 bytes */
#define LOCALITY_SIGNATURE  "StartupLocality" /* with its NUL 16 bytes */
#define LOCALITY_EVENT_SIZE 17
#define LOCALITY_MAX        4
#define LOCALITY_HCRTM      4
#define PADDING_PCR_INDEX   UINT32_C(0xffffffff)

const char *event_log_reason(int reason)
{
    switch (reason) {
    case EVENT_LOG_OK:
        return "ok";
    case EVENT_LOG_END:
        return "no more events";
    case EVENT_LOG_E_EMPTY:
        return "empty";
    case EVENT_LOG_E_SIZE:
        return "too large";
    case EVENT_LOG_E_TRUNCATED:
        return "an event is longer than what is left";
    case EVENT_LOG_E_HEADER:
        return "the Spec ID event contradicts itself";
    case EVENT_LOG_E_ALGORITHMS:
        return "algorithms missing, too many, repeated or of a wrong size";
    case EVENT_LOG_E_DIGESTS:
        return "an event without digests, with one not announced, or with one twice";
    case EVENT_LOG_E_PCR:
        return "an event for a register above 23";
    case EVENT_LOG_E_DATA_SIZE:
        return "an event is too large";
    case EVENT_LOG_E_COUNT:
        return "too many events";
    case EVENT_LOG_E_LOCALITY:
        return "StartupLocality malformed, repeated or too late";
    case EVENT_LOG_E_PADDING:
        return "something behind the end of the log";
    }
    return "unknown";
}

static bool begins_with_signature(ByteView data, const char *signature)
{
    return data.size >= SIGNATURE_SIZE && memcmp(data.data, signature, SIGNATURE_SIZE) == 0;
}

static const EventLogBank *find_bank(const EventLog *log, uint16_t alg)
{
    for (size_t i = 0; i < log->n_banks; i++)
        if (log->banks[i].alg == alg)
            return &log->banks[i];
    return NULL;
}

/* TCG_EfiSpecIdEventAlgorithmSize */
static int read_bank(Reader *reader, EventLog *log)
{
    EventLogBank bank = { .alg = reader_le16(reader) };
    bank.digest_size = reader_le16(reader);
    size_t true_size = tpm_alg_digest_size(bank.alg);

    if (reader_check(reader))
        return EVENT_LOG_E_HEADER;
    if (find_bank(log, bank.alg) || bank.digest_size == 0 ||
        bank.digest_size > TPM_DIGEST_SIZE_MAX || (true_size > 0 && bank.digest_size != true_size))
        return EVENT_LOG_E_ALGORITHMS;
    log->banks[log->n_banks++] = bank;
    return EVENT_LOG_OK;
}

/* TCG_EfiSpecIDEvent (PFP 10.4.5.1) behind its signature */
static int read_spec_id(ByteView data, EventLog *log)
{
    Reader reader = reader_over(data);

    reader_skip(&reader, SIGNATURE_SIZE);
    log->platform_class = reader_le32(&reader);
    log->version_minor = reader_u8(&reader);
    log->version_major = reader_u8(&reader);
    log->version_errata = reader_u8(&reader);
    log->uintn_size = reader_u8(&reader);
    uint32_t n_banks = reader_le32(&reader);
    if (reader_check(&reader))
        return EVENT_LOG_E_HEADER;
    if (n_banks == 0 || n_banks > EVENT_LOG_BANKS_MAX)
        return EVENT_LOG_E_ALGORITHMS;
    for (uint32_t i = 0; i < n_banks; i++) {
        int r = read_bank(&reader, log);
        if (r)
            return r;
    }

    uint8_t vendor_size = reader_u8(&reader);
    log->vendor_info = reader_view(&reader, vendor_size);
    return reader_end(&reader) ? EVENT_LOG_E_HEADER : EVENT_LOG_OK;
}

/* eventSize and event, the end of both layouts */
static int read_data(Reader *reader, ByteView *ret)
{
    uint32_t size = reader_le32(reader);

    if (reader_check(reader) || size > reader->left.size)
        return EVENT_LOG_E_TRUNCATED;
    if (size > EVENT_DATA_SIZE_MAX)
        return EVENT_LOG_E_DATA_SIZE;
    *ret = reader_view(reader, size);
    return EVENT_LOG_OK;
}

/* TCG_PCClientPCREvent (PFP 10.2.1) behind pcrIndex and eventType */
static int read_legacy_body(Reader *reader, Event *event)
{
    event->digests[0] =
        (EventDigest){ .alg = TPM_ALG_SHA1, .digest = reader_view(reader, SHA1_SIZE) };
    event->n_digests = 1;
    return read_data(reader, &event->data);
}

/* TPML_DIGEST_VALUES, little-endian (PFP 10.2.2) */
static int read_digests(Reader *reader, const EventLog *log, Event *event)
{
    uint32_t count = reader_le32(reader);

    if (reader_check(reader))
        return EVENT_LOG_E_TRUNCATED;
    if (count > log->n_banks)
        return EVENT_LOG_E_DIGESTS;
    for (uint32_t i = 0; i < count; i++) {
        uint16_t alg = reader_le16(reader);
        const EventLogBank *bank = find_bank(log, alg);
        if (reader_check(reader))
            return EVENT_LOG_E_TRUNCATED;
        if (!bank || event_digest(event, alg).size > 0)
            return EVENT_LOG_E_DIGESTS;
        ByteView digest = reader_view(reader, bank->digest_size);
        event->digests[event->n_digests++] = (EventDigest){ .alg = alg, .digest = digest };
    }
    return reader_check(reader) ? EVENT_LOG_E_TRUNCATED : EVENT_LOG_OK;
}

static int read_event(Reader *reader, const EventLog *log, Event *event)
{
    *event = (Event){ .index = log->n_events, .offset = reader->offset };
    event->pcr = reader_le32(reader);
    event->type = reader_le32(reader);
    /* The first event of an agile log still has the old layout. */
    if (!log->is_agile || log->n_events == 0)
        return read_legacy_body(reader, event);

    int r = read_digests(reader, log, event);
    return r ? r : read_data(reader, &event->data);
}

/* Where the run of equal 0x00 or 0xff bytes at the end begins. */
static size_t find_padding(ByteView bytes)
{
    size_t offset = bytes.size;
    uint8_t last = bytes.data[bytes.size - 1];

    while ((last == 0 || last == 0xff) && offset > 0 && bytes.data[offset - 1] == last)
        offset--;
    return offset;
}

int event_log_open(ByteView bytes, unsigned flags, EventLog *ret)
{
    EventLog log = { .reader = reader_over(bytes), .flags = flags };
    Event first;

    if (bytes.size == 0)
        return EVENT_LOG_E_EMPTY;
    if (bytes.size > EVENT_LOG_SIZE_MAX)
        return EVENT_LOG_E_SIZE;

    log.padding_offset = find_padding(bytes);
    Reader ahead = log.reader;
    int r = read_event(&ahead, &log, &first);
    if (r)
        return r;
    log.is_agile =
        first.type == EV_NO_ACTION && begins_with_signature(first.data, SPEC_ID_SIGNATURE);
    if (log.is_agile) {
        r = read_spec_id(first.data, &log);
        if (r)
            return r;
    } else {
        log.banks[log.n_banks++] = (EventLogBank){ .alg = TPM_ALG_SHA1, .digest_size = SHA1_SIZE };
    }
    *ret = log;
    return EVENT_LOG_OK;
}

/* Is what is left padding? EVENT_LOG_OK: no, an event; EVENT_LOG_END: yes; or a named no. */
static int look_for_padding(const EventLog *log)
{
    Reader ahead = log->reader;

    if (!(log->flags & EVENT_LOG_PADDED))
        return EVENT_LOG_OK;
    if (log->reader.offset >= log->padding_offset)
        return EVENT_LOG_END;
    if (reader_le32(&ahead) == PADDING_PCR_INDEX && reader_le32(&ahead) != EV_NO_ACTION)
        return EVENT_LOG_E_PADDING;
    return EVENT_LOG_OK;
}

static int judge_locality(EventLog *log, Event *event)
{
    if (event->pcr == 0 && event_is_extended(event)) {
        event->starts_pcr0 = event_is_hcrtm(event) && !log->has_locality && !log->has_extended_pcr0;
        event->locality = event->starts_pcr0 ? LOCALITY_HCRTM : 0;
        log->has_extended_pcr0 = true;
    }
    if (event->type != EV_NO_ACTION || event->pcr != 0 ||
        !begins_with_signature(event->data, LOCALITY_SIGNATURE))
        return EVENT_LOG_OK;
    if (event->data.size != LOCALITY_EVENT_SIZE || log->has_locality || log->has_extended_pcr0 ||
        event->data.data[SIGNATURE_SIZE] > LOCALITY_MAX)
        return EVENT_LOG_E_LOCALITY;
    log->has_locality = true;
    event->starts_pcr0 = true;
    event->locality = event->data.data[SIGNATURE_SIZE];
    return EVENT_LOG_OK;
}

static int next_event(EventLog *log, Event *ret)
{
    Event event;

    if (log->n_events == EVENT_LOG_EVENTS_MAX)
        return EVENT_LOG_E_COUNT;
    int r = read_event(&log->reader, log, &event);
    if (r)
        return r;
    if (event.pcr >= TPM_PCR_COUNT && event_is_extended(&event))
        return EVENT_LOG_E_PCR;
    if (event.n_digests == 0 && event_is_extended(&event))
        return EVENT_LOG_E_DIGESTS;
    r = judge_locality(log, &event);
    if (r)
        return r;
    log->n_events++;
    *ret = event;
    return EVENT_LOG_OK;
}

int event_log_next(EventLog *log, Event *ret)
{
    if (log->reader.failed)
        return EVENT_LOG_E_TRUNCATED;
    if (log->reader.left.size == 0)
        return EVENT_LOG_END;

    int r = look_for_padding(log);
    if (r == EVENT_LOG_OK)
        r = next_event(log, ret);
    if (r && r != EVENT_LOG_END)
        log->reader.failed = true;
    return r;
}

ByteView event_digest(const Event *event, uint16_t alg)
{
    for (size_t i = 0; i < event->n_digests; i++)
        if (event->digests[i].alg == alg)
            return event->digests[i].digest;
    return (ByteView){ 0 };
}

bool event_is_extended(const Event *event)
{
    return event->type != EV_NO_ACTION;
}

bool event_startup_locality(const Event *event, uint8_t *ret)
{
    if (event->type != EV_NO_ACTION || event->pcr != 0 || event->data.size != LOCALITY_EVENT_SIZE ||
        !begins_with_signature(event->data, LOCALITY_SIGNATURE))
        return false;
    *ret = event->data.data[SIGNATURE_SIZE];
    return true;
}

bool event_is_hcrtm(const Event *event)
{
    return event->type == EV_EFI_HCRTM_EVENT && event->pcr == 0;
}

int event_log_summarise(ByteView bytes, unsigned flags, size_t *reterr_index, EventLogSummary *ret)
{
    EventLogSummary summary = { 0 };
    EventLog log = { 0 };
    Event event;

    int r = event_log_open(bytes, flags, &log);
    while (r == EVENT_LOG_OK && (r = event_log_next(&log, &event)) == EVENT_LOG_OK) {
        if (event_is_extended(&event))
            summary.pcrs |= UINT32_C(1) << event.pcr;
        if (event_startup_locality(&event, &summary.locality))
            summary.has_locality = true;
        if (event_is_hcrtm(&event))
            summary.has_hcrtm = true;
    }
    if (r != EVENT_LOG_END) {
        if (reterr_index)
            *reterr_index = log.n_events;
        return r;
    }
    summary.is_agile = log.is_agile;
    summary.n_events = log.n_events;
    *ret = summary;
    return EVENT_LOG_OK;
}
