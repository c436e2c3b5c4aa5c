/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a data key may be bound to, as appraised for one machine: from the verified report, quote
 * and paravisor, never from what the machine says of itself.
 */
#pragma once

#include "format/bind-kind.h"
#include "verify/verify.h"

typedef struct BindFact {
    uint8_t value[BIND_VALUE_MAX];
    size_t size; /* bind_kind_size(); 0: not known of this machine, and so equal to nothing */
} BindFact;

/* Plain: copy it. Zeroed knows nothing. */
typedef struct BindFacts {
    BindFact items[N_BIND_KINDS];
} BindFacts;

/*
 * Fills FACTS. What is zeros is not known: a masked chip, host data or an identity key that was
 * never set are the same on every machine.
 */
void bind_facts_read(const Believed *believed, BindFacts *facts);
