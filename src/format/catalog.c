/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of the catalogue's tables.
 */
#include "format/catalog.h"

#include <string.h>

static const CatalogTable *const tables[] = {
    &catalog_agent,    &catalog_azure,   &catalog_cloud,    &catalog_device, &catalog_doctor,
    &catalog_exchange, &catalog_gate,    &catalog_input,    &catalog_item,   &catalog_secret,
    &catalog_vault,    &catalog_verdict, &catalog_verifier, &catalog_volume,
};

const CatalogEntry *catalog_at(size_t index)
{
    for (size_t i = 0; i < ELEMENTSOF(tables); i++) {
        if (index < tables[i]->n_entries)
            return &tables[i]->entries[index];
        index -= tables[i]->n_entries;
    }
    return NULL;
}

const CatalogEntry *catalog_find(const char *name)
{
    for (size_t i = 0; catalog_at(i); i++)
        if (strcmp(catalog_at(i)->name, name) == 0)
            return catalog_at(i);
    return NULL;
}
