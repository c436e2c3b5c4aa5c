/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one catalogue of names: finding name = D-Bus error suffix = journal message = exit class =
 * anchor in docs/errors.md. Split by subject into const tables, listed in catalog.c. tools/errors
 * makes that page of them, and of their comments: one behind an empty line begins a section ("…;
 * subject is …"), one right above an entry tells how it happens.
 */
#pragma once

#include "base/macro.h"

/* Exit classes of attestctl (docs/man/attestctl.1). */
typedef enum ExitClass {
    EXIT_CLASS_ATTESTED = 0,
    EXIT_CLASS_INTERNAL = 1,
    EXIT_CLASS_USAGE = 2,
    EXIT_CLASS_NOT_ATTESTED = 3,
    EXIT_CLASS_UNREACHABLE = 4,
    EXIT_CLASS_REFUSED = 5,
    EXIT_CLASS_NOT_CONFIDENTIAL = 6,
} ExitClass;

typedef struct CatalogEntry {
    const char *name;   /* "tpm-ak-not-restricted" */
    const char *text;   /* cause, one line, for an operator */
    const char *remedy; /* what to do, one line */
    ExitClass exit_class;
} CatalogEntry;

typedef struct CatalogTable {
    const CatalogEntry *entries;
    size_t n_entries;
} CatalogTable;

extern const CatalogTable catalog_cloud;    /* catalog-cloud.c: metadata services, MAA */
extern const CatalogTable catalog_agent;    /* catalog-agent.c: configuration, bus, schedule */
extern const CatalogTable catalog_azure;    /* catalog-azure.c: the source azure */
extern const CatalogTable catalog_device;   /* catalog-device.c: hardware report, TPM, logs */
extern const CatalogTable catalog_doctor;   /* catalog-doctor.c: what attestctl doctor finds */
extern const CatalogTable catalog_exchange; /* catalog-exchange.c: HTTP, protocol, token */
extern const CatalogTable catalog_gate;     /* catalog-gate.c: gate files, gates in a round */
extern const CatalogTable catalog_input;    /* catalog-input.c: files given, collateral */
extern const CatalogTable catalog_item;     /* catalog-item.c: what libattest is handed */
extern const CatalogTable catalog_secret;   /* catalog-secret.c: sealing and releasing */
extern const CatalogTable catalog_vault;    /* catalog-vault.c: gates that a vault opens */
extern const CatalogTable catalog_verdict;  /* catalog-verdict.c: genuineness and policy */
extern const CatalogTable catalog_verifier; /* catalog-verifier.c: what attest-verifier answers */
extern const CatalogTable catalog_volume;   /* catalog-volume.c: volumes, files, losses */

/* NULL when there is no such name. */
const CatalogEntry *catalog_find(const char *name);
/* Walks all entries: INDEX from 0 up, NULL behind the last. */
const CatalogEntry *catalog_at(size_t index);
