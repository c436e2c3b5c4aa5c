/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data key once more, wrapped to a key that is kept offline: opens the secret when TPM, machine
 * or verifier are gone (docs/gates.md).
 */
#pragma once

#include "base/wipe.h"
#include "crypto/key.h"
#include "secret/secret-file.h"

/*
 * A compact JWE of DATA_KEY to PUBLIC (P-256 or P-384), for recovery of HEADER, of which name, id
 * and version go into it. RET is owned. -EINVAL: another type of key; -ENOMEM, -EIO.
 */
_must_check_ int recovery_wrap(const Key *public_key, const SecretHeader *header,
                               const Secret *data_key, char **ret);

enum {
    RECOVERY_OK,
    RECOVERY_E_ABSENT, /* the secret was sealed without a recovery key */
    RECOVERY_E_KEY,    /* PRIVATE_KEY is public, or not of a type that can recover */
    RECOVERY_E_OTHER,  /* wrapped to another recovery key */
    RECOVERY_E_OPEN,   /* not a recovery of this secret, or altered */
};

/* The name in the catalogue; NULL for RECOVERY_OK. */
const char *recovery_finding(int no);

/*
 * The data key of FILE. That FILE is authentic, secret_decrypt() says. RET is to be freed. Named
 * no; -ENOMEM, -EIO, -EPERM.
 */
_must_check_ int recovery_open(const Key *private_key, const SecretFile *file, Secret **ret);
