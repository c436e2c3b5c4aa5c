/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy in words: what it demands, sentence by sentence, and which layers of the machine it
 * leaves open, each with what an attacker could then do. Nothing here judges.
 */
#pragma once

#include "base/json.h"
#include "verify/policy.h"

#define POLICY_SENTENCE_MAX 512 /* bytes of a sentence, NUL included */

/*
 * {"id": text, "demands": [sentence…], "uncovered": [{"layer": name, "text": sentence}…]}, a new
 * reference. Sentences are printable ASCII whatever the policy holds. A rule more is never a
 * sentence less among the demands. -ENOMEM.
 */
_must_check_ int policy_explain(const Policy *policy, json_t **ret);

/* The names of the layers that POLICY does not cover. New reference; NULL when out of memory. */
json_t *policy_uncovered(const Policy *policy);

/* The members that have a sentence, "/snp/minimum_tcb"; NULL behind the last. Static text. */
const char *policy_explained_member(size_t index);
/* Every layer that may be named as uncovered, "kernel command line"; NULL behind the last. */
const char *policy_layer_name(size_t index);
