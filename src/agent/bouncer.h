/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who calls, and may they? Both questions are asked on the bus and answered later; nothing waits.
 * Root may always; everyone else is polkit's to decide, and where polkit does not answer, the
 * answer is no.
 */
#pragma once

#include "base/macro.h"

#include <systemd/sd-bus.h>

typedef enum BouncerVerdict {
    BOUNCER_YES,
    BOUNCER_NO,
    BOUNCER_ASK_PERSON, /* polkit would, but the caller did not allow it */
} BouncerVerdict;

/* UID is (uid_t)-1 when the bus does not say; the caller has left, or worse. */
typedef int BouncerIdentified(uid_t uid, void *userdata);
typedef int BouncerDecided(BouncerVerdict verdict, void *userdata);

/*
 * Asks the bus who sent MESSAGE. RET_SLOT keeps the question alive; unref it to drop it. Negative
 * errno.
 */
_must_check_ int bouncer_identify(sd_bus_message *message, BouncerIdentified *done, void *userdata,
                                  sd_bus_slot **ret_slot);

typedef struct BouncerQuestion {
    const char *action;
    const char *secret; /* the detail "secret"; NULL: none */
} BouncerQuestion;

/* Asks polkit whether the sender of MESSAGE may do what QUESTION says. Likewise. */
_must_check_ int bouncer_ask(sd_bus_message *message, const BouncerQuestion *question,
                             BouncerDecided *done, void *userdata, sd_bus_slot **ret_slot);

/* The sender of the message is not on the bus any longer. */
typedef void BouncerLeft(void *userdata);

/* Waits for that; GetConnectionUnixUser, asked afterwards, tells of those who left before. */
_must_check_ int bouncer_watch(sd_bus_message *message, BouncerLeft *left, void *userdata,
                               sd_bus_slot **ret_slot);
