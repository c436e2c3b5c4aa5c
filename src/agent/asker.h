/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who asks for a secret: the abstract socket name that systemd gives its side of the connection
 * (spec/lab 8.3, spec/systemd 3.1), and the kernel's word that it is root's.
 */
#pragma once

#include "base/bytes.h"

#include <sys/types.h>

#define ASKER_NAME_LIMIT   255 /* characters; UNIT_NAME_MAX of systemd */
#define ASKER_SECRET_LIMIT 64  /* characters of a secret's name */
#define ASKER_KIND_SIZE    8   /* room for "volume:", NUL included */
#define ASKER_TEXT_SIZE    (ASKER_KIND_SIZE + ASKER_NAME_LIMIT)

typedef enum AskerKind {
    ASKER_UNKNOWN, /* nobody we know: refused as a unit is */
    ASKER_UNIT,    /* LoadCredential= */
    ASKER_VOLUME,  /* /etc/crypttab */
    ASKER_USER,    /* OpenSecret on the bus */
} AskerKind;

#define ASKER_UNIT_PREFIX   "unit:"
#define ASKER_VOLUME_PREFIX "volume:"
#define ASKER_USER_PREFIX   "user:"

/* By value; zeroed is ASKER_UNKNOWN. */
typedef struct Asker {
    AskerKind kind;
    char text[ASKER_TEXT_SIZE]; /* "unit:db.service", "volume:data", "user:0"; "": unknown */
    char secret[ASKER_SECRET_LIMIT + 1]; /* what it asks for */
} Asker;

enum {
    ASKER_OK,
    ASKER_E_FAMILY,   /* no AF_UNIX address with an abstract name */
    ASKER_E_GRAMMAR,  /* not NUL HEX/unit/UNIT/ID or NUL HEX/cryptsetup/VOLUME */
    ASKER_E_NAME,     /* a unit, volume or secret of a name that none can have */
    ASKER_E_NOT_ROOT, /* whoever connected is not root */
};

/* A word for each of the above, for error texts. */
const char *asker_reason(int reason);

/*
 * Reads the abstract NAME, its first NUL left out. A volume asks for the secret of its own name.
 * ASKER_OK, _E_GRAMMAR or _E_NAME; RET is untouched then. Pure.
 */
_must_check_ int asker_parse(ByteView name, Asker *ret);

/* A name that a secret may have: docs/secrets.md. */
bool asker_secret_is_valid(const char *name);

/* The user UID of the bus, who asks for SECRET, a valid name. */
Asker asker_of_user(uid_t uid, const char *secret);

/* Asks the kernel who is at the other end of SOCKET. A named no or negative errno. */
_must_check_ int asker_identify(int socket, Asker *ret);
