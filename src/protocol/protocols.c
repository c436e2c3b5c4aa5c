/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of protocols.
 */
#include "protocol/protocols.h"

#include "protocol/maa.h"
#include "protocol/native.h"

#include <string.h>

static const VerifierProtocol *const protocols[] = {
    &protocol_native,
    &protocol_maa,
};

const VerifierProtocol *protocol_find(const char *name)
{
    for (size_t i = 0; i < ELEMENTSOF(protocols); i++)
        if (strcmp(protocols[i]->name, name) == 0)
            return protocols[i];
    return NULL;
}
