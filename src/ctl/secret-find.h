/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of the configured store, and what is wrong with them, for the verbs that read some.
 */
#pragma once

#include "ctl/verb.h"
#include "secret/store.h"

/* Complains of a NAME that is none. */
bool secret_find_name(const char *name);
/*
 * The store of the configured directory, to be freed; 0 with *RET NULL when there is none yet. 0,
 * else an exit class with its complaint.
 */
_must_check_ int secret_find_store(const Options *options, SecretStore **ret);
/* Loads NAME of STORE, which may be NULL. 0, else an exit class with its complaint. */
_must_check_ int secret_find(const SecretStore *store, const char *name, SecretFile *ret);
/* A named no of the store, or negative errno, about NAME; its exit class. */
int secret_find_refuse(const char *name, int r);
