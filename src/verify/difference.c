/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of wish that more than one hardware has.
 */
#include "verify/difference.h"

#include "verify/refuse.h"

#include <stdarg.h>
#include <stdio.h>

void difference_say(char out[static DIFFERENCE_TEXT_MAX], const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(out, DIFFERENCE_TEXT_MAX, format, arguments);
    va_end(arguments);
}

void difference_digest(Difference *difference, ByteView found, size_t n_wanted)
{
    char text[HEX_TEXT_MAX];

    hex_text(found, text);
    difference_say(difference->found, "%s", text);
    difference_say(difference->wanted, "one of %zu in the policy", n_wanted);
}

bool difference_in_list(const PolicyBytesList *list, ByteView value, Difference *difference)
{
    for (size_t i = 0; i < list->n_items; i++)
        if (view_equal(VIEW(list->items[i]), value))
            return true;
    difference_digest(difference, value, list->n_items);
    return !list->present;
}

bool difference_mask(const PolicyMask *mask, uint64_t bits, Difference *difference)
{
    difference_say(difference->found, "0x%llx", (unsigned long long)bits);
    difference_say(difference->wanted, "0x%llx set, 0x%llx clear",
                   (unsigned long long)mask->required, (unsigned long long)mask->forbidden);
    return (bits & mask->required) == mask->required && (bits & mask->forbidden) == 0;
}
