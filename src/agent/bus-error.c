/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words with dashes to CamelCase.
 */
#include "agent/bus-error.h"

#include "format/catalog.h"

#include <ctype.h>
#include <string.h>

#define PREFIX "org.attestd.Error."

static bool is_finding_name(const char *name)
{
    size_t size = strlen(name);

    return size > 0 && size < BUS_ERROR_NAME_SIZE - sizeof(PREFIX) &&
           islower((unsigned char)*name) &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == size;
}

void bus_error_name(const char *finding_name, char out[static BUS_ERROR_NAME_SIZE])
{
    const char *name = is_finding_name(finding_name) ? finding_name : "internal-error";
    char *end = stpcpy(out, PREFIX);
    bool is_first = true;

    for (; *name; name++) {
        if (*name != '-')
            *end++ = is_first ? (char)toupper((unsigned char)*name) : *name;
        is_first = *name == '-';
    }
    *end = 0;
}

int bus_error_set_found(sd_bus_error *error, const char *finding_name, const char *found)
{
    const CatalogEntry *entry = catalog_find(finding_name);
    char name[BUS_ERROR_NAME_SIZE];

    bus_error_name(finding_name, name);
    return sd_bus_error_setf(error, name, "%s%s%s", entry ? entry->text : finding_name,
                             found ? ": found " : "", found ? found : "");
}

int bus_error_set(sd_bus_error *error, const char *finding_name)
{
    return bus_error_set_found(error, finding_name, NULL);
}
