/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd's log of what userspace measured, /run/log/systemd/tpm2-measure.log: JSON text sequence
 * (RFC 7464), one record an extension. Replays behind the firmware log.
 */
#pragma once

#include "base/bytes.h"
#include "format/tpm-alg.h"

#define USERSPACE_LOG_SIZE_MAX    (1U << 20) /* bytes */
#define USERSPACE_LOG_RECORDS_MAX 4096
#define USERSPACE_LOG_BANKS_MAX   8

typedef struct UserspaceDigest {
    uint16_t alg;
    uint8_t size; /* bytes */
    uint8_t digest[TPM_DIGEST_SIZE_MAX];
} UserspaceDigest;

typedef struct UserspaceEvent {
    bool has_pcr;      /* else an NV index was extended */
    uint32_t pcr;      /* 0 to 23 */
    uint32_t nv_index; /* unless has_pcr */
    UserspaceDigest digests[USERSPACE_LOG_BANKS_MAX];
    size_t n_digests;
    char *text; /* owned; content.string: the measured text, NULL when not given */
    char *type; /* owned; content.eventType: "phase", "machine-id", …; NULL when not given */
} UserspaceEvent;

/* Owned list. A zeroed struct is empty and valid. */
typedef struct UserspaceLog {
    UserspaceEvent *items;
    size_t n_items;
} UserspaceLog;

enum {
    USERSPACE_LOG_OK,
    USERSPACE_LOG_E_EMPTY,   /* no bytes */
    USERSPACE_LOG_E_SIZE,    /* more than USERSPACE_LOG_SIZE_MAX bytes */
    USERSPACE_LOG_E_FRAMING, /* a record without 0x1e before or newline behind it */
    USERSPACE_LOG_E_JSON,    /* not an object of strict JSON */
    USERSPACE_LOG_E_TARGET,  /* not exactly one of pcr (0 to 23) and nv_index */
    USERSPACE_LOG_E_DIGESTS, /* missing, malformed, repeated, or of a wrong size */
    USERSPACE_LOG_E_CONTENT, /* content is not what content_type "systemd" means */
    USERSPACE_LOG_E_COUNT,   /* more than USERSPACE_LOG_RECORDS_MAX records */
};

/*
 * USERSPACE_LOG_OK or a named no, with the index of the record in RETERR_INDEX (may be NULL);
 * -ENOMEM. Digests of algorithms without a name in tpm-alg.c are left out; one must remain.
 */
_must_check_ int userspace_log_parse(ByteView bytes, size_t *reterr_index, UserspaceLog *ret);
/* The same records with text, type and digests, nothing else. -ENOMEM. */
_must_check_ int userspace_log_emit(const UserspaceLog *log, Bytes *ret);
/* A word for each of the above, for error texts. */
const char *userspace_log_reason(int reason);
/* The digest for this bank; empty when the record has none. */
ByteView userspace_event_digest(const UserspaceEvent *event, uint16_t alg);

void userspace_log_done(UserspaceLog *log);
#define _cleanup_userspace_log_ _cleanup_(userspace_log_done)
