/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a secret's header says, for a person and as JSON. Nothing of it is authenticated.
 */
#pragma once

#include "base/json.h"
#include "secret/secret-file.h"

/* Every member of HEADER, a new reference; NULL when out of memory. */
json_t *secret_to_json(const SecretHeader *header);
/* The same in words. */
void secret_show(const SecretHeader *header);
/* "unit:db.service, user:alice", or "nobody", to stdout. */
void secret_show_who(const SecretHeader *header);
