/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware's event log as an iterator: TCG 1.2 (SHA-1 only) and crypto-agile (PC Client
 * Platform Firmware Profile, 10.2). The log is what the guest says; only replay against quoted
 * registers makes something of it. Nothing is hashed here.
 */
#pragma once

#include "base/reader.h"
#include "format/event-type.h"
#include "format/tpm-alg.h"

#define EVENT_LOG_SIZE_MAX   (4U << 20) /* bytes; public samples have 15 to 80 KiB */
#define EVENT_LOG_EVENTS_MAX 16384      /* public samples have up to 204 */
#define EVENT_LOG_BANKS_MAX  8
#define EVENT_DATA_SIZE_MAX  (1U << 20) /* bytes of one event */

/* The log ends in 0xff or 0x00 bytes, as the memory area behind a CCEL table does. */
#define EVENT_LOG_PADDED 1U

typedef struct EventLogBank {
    uint16_t alg;
    uint16_t digest_size; /* bytes */
} EventLogBank;

/* An open log. Borrows its bytes. Fields up to .n_banks may be read; the rest belongs to next(). */
typedef struct EventLog {
    bool is_agile;
    uint32_t platform_class; /* agile only: 0 client, 1 server */
    uint8_t version_major;   /* agile only: of the specification */
    uint8_t version_minor;
    uint8_t version_errata;
    uint8_t uintn_size;   /* agile only: 1 is 32 bits, 2 is 64 bits */
    ByteView vendor_info; /* agile only */
    EventLogBank banks[EVENT_LOG_BANKS_MAX];
    size_t n_banks; /* a TCG 1.2 log has one: SHA-1 */

    Reader reader;
    unsigned flags;
    size_t padding_offset; /* bytes from the start of the log */
    size_t n_events;       /* read so far */
    bool has_locality;
    bool has_extended_pcr0;
} EventLog;

typedef struct EventDigest {
    uint16_t alg;
    ByteView digest;
} EventDigest;

/* One event. Borrows the bytes of the log. */
typedef struct Event {
    size_t index;  /* from 0, the header of an agile log included */
    size_t offset; /* bytes from the start of the log */
    uint32_t pcr;  /* 0 to 23; anything in an EV_NO_ACTION */
    uint32_t type; /* EV_… */
    EventDigest digests[EVENT_LOG_BANKS_MAX];
    size_t n_digests;
    ByteView data;
    bool starts_pcr0; /* PCR 0 starts as zeros with .locality in its last byte, before this event */
    uint8_t locality;
} Event;

enum {
    EVENT_LOG_OK,
    EVENT_LOG_END,          /* no more events; not a refusal */
    EVENT_LOG_E_EMPTY,      /* no bytes */
    EVENT_LOG_E_SIZE,       /* more than EVENT_LOG_SIZE_MAX bytes */
    EVENT_LOG_E_TRUNCATED,  /* an event is longer than what is left; trailing bytes are that too */
    EVENT_LOG_E_HEADER,     /* the Spec ID event contradicts itself */
    EVENT_LOG_E_ALGORITHMS, /* none, too many, repeated, or of a wrong size */
    EVENT_LOG_E_DIGESTS,    /* an extending event without digests, or one not announced, or twice */
    EVENT_LOG_E_PCR,        /* an extending event for a register above 23 */
    EVENT_LOG_E_DATA_SIZE,  /* an event of more than EVENT_DATA_SIZE_MAX bytes */
    EVENT_LOG_E_COUNT,      /* more than EVENT_LOG_EVENTS_MAX events */
    EVENT_LOG_E_LOCALITY,   /* StartupLocality malformed, twice, or behind an extension of PCR 0 */
    EVENT_LOG_E_PADDING,    /* padding with something in it */
};

/* FLAGS: 0 or EVENT_LOG_PADDED. EVENT_LOG_OK or a named no; the events are not looked at yet. */
_must_check_ int event_log_open(ByteView bytes, unsigned flags, EventLog *ret);
/*
 * The next event; the first of an agile log is its Spec ID event. EVENT_LOG_OK, EVENT_LOG_END or a
 * named no. After a no the log is at an end: further calls repeat EVENT_LOG_E_TRUNCATED.
 */
_must_check_ int event_log_next(EventLog *log, Event *ret);
/* A word for each of the above, for error texts. */
const char *event_log_reason(int reason);

/* The digest for this bank; empty when the event has none. Order is not that of the header. */
ByteView event_digest(const Event *event, uint16_t alg);
/* Is PCR extended by it? All but EV_NO_ACTION. */
bool event_is_extended(const Event *event);
/*
 * Is it a StartupLocality event, with a value of 0 to 4? The iterator has checked that there is one
 * at most and that it comes first; .starts_pcr0 says what follows.
 */
bool event_startup_locality(const Event *event, uint8_t *ret);
/*
 * Is it EV_EFI_HCRTM_EVENT in PCR 0? (PFP 10.4.1: an H-CRTM measured before TPM2_Startup.) Where it
 * is the first to extend PCR 0 and no StartupLocality says otherwise, it starts PCR 0 with 4; the
 * event itself is extended like any other.
 */
bool event_is_hcrtm(const Event *event);

typedef struct EventLogSummary {
    bool is_agile;
    size_t n_events;
    uint32_t pcrs; /* bit n: PCR n is extended by the log */
    bool has_locality;
    uint8_t locality;
    bool has_hcrtm;
} EventLogSummary;

/*
 * Walks the whole log once. EVENT_LOG_OK (never EVENT_LOG_END) or the first named no, with the
 * index of the event it was found at in RETERR_INDEX (may be NULL).
 */
_must_check_ int event_log_summarise(ByteView bytes, unsigned flags, size_t *reterr_index,
                                     EventLogSummary *ret);
