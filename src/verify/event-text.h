/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the digest of a replayed event covers. A register proves digests and their order; type and
 * data of an event are the word of whoever holds the log until the digest is recomputed from them,
 * by the rule of the event's producer (spec TPM 4.4, 4.6).
 */
#pragma once

#include "verify/replay.h"

#include "crypto/digest.h"

/* A replayed event with what could be shown about it. */
typedef struct BootEvent {
    const ReplayedEvent *event;
    bool verified; /* the digest is that of the data (or of the text), and the type can have it */
    bool is_known; /* and the data is one of a few words: it cannot be anything else in disguise;
                    * a separator that reports an error is not among them */
    char *text;    /* owned; printable text that the digest covers, its label included; or NULL */
} BootEvent;

/* GRUB's labels stand before the measured text and are not covered by the digest. */
#define GRUB_LABEL_KERNEL     "kernel_cmdline: "
#define GRUB_LABEL_KERNEL_OLD "grub_kernel_cmdline "

typedef struct EventTextReader EventTextReader;

/* For one bank. -ENOMEM, -EIO; -EOPNOTSUPP for a bank that digest.h does not know. */
_must_check_ int event_text_reader_new(uint16_t bank, EventTextReader **ret);
EventTextReader *event_text_reader_free(EventTextReader *reader);
DEFINE_CLEANUP(EventTextReader *, event_text_reader_free);

/* RET->text is owned by the caller. -ENOMEM, -EIO. */
_must_check_ int event_text_read(EventTextReader *reader, const ReplayedEvent *event,
                                 BootEvent *ret);

/* TEXT behind GRUB's label, whichever it is; TEXT itself when it has none. */
const char *grub_text_strip(const char *text);
/* The labels there are, one by one; NULL behind the last. */
const char *grub_label(size_t i);
/* The digest of NAME with its NUL, as systemd-stub measures a section name. -EIO. */
_must_check_ int event_text_name(EventTextReader *reader, const char *name, Digest *ret);
