/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Abstract names of whoever connects: what is let in is a name that the release worker takes, reads
 * the same when it is written again, and is nothing else.
 */
#include "agent/asker.h"
#include "fuzz/require.h"
#include "secret/secret-name.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require_same_again(const Asker *asker)
{
    char name[512];
    Asker again = { 0 };

    if (asker->kind == ASKER_UNIT)
        (void)snprintf(name, sizeof(name), "1/unit/%s/%s", asker->text + strlen("unit:"),
                       asker->secret);
    else
        (void)snprintf(name, sizeof(name), "1/cryptsetup/%s", asker->secret);
    require(asker_parse(view_of_string(name), &again) == ASKER_OK);
    require(memcmp(asker, &again, sizeof(again)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Asker asker = { 0 };

    if (asker_parse((ByteView){ .data = data, .size = size }, &asker) != ASKER_OK) {
        require(asker.kind == ASKER_UNKNOWN && !*asker.text);
        return 0;
    }
    require(secret_name_is_valid(asker.secret));
    require(asker.kind == ASKER_VOLUME || secret_asker_is_valid(asker.text));
    require_same_again(&asker);
    return 0;
}
