/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was found, what was wanted, and what to do: the one shape of every refusal, warning and
 * error, from pre-flight to the verifier's problem document to D-Bus (docs/architecture.md).
 */
#pragma once

#include "base/json.h"
#include "base/macro.h"

typedef enum FindingResult {
    FINDING_WARNING, /* noted; does not decide */
    FINDING_FAILURE, /* decides against */
} FindingResult;

typedef struct Finding {
    char *name;    /* stable, of the catalogue: "snp-tcb-too-low" */
    char *subject; /* what it is about: "cpu", "vtpm", "pcr 7", a path */
    FindingResult result;
    char *found;  /* may be empty */
    char *wanted; /* may be empty */
    char *remedy; /* from the catalogue unless it came from a verifier */
    char *source; /* who says so: "worker", "verifier", "agent" */
} Finding;

/* Owned list. A zeroed struct is empty and valid. */
typedef struct Findings {
    Finding *items;
    size_t n_items;
    const char *source; /* given to each added finding; borrowed, static text; NULL: "worker" */
} Findings;

#define FINDINGS_MAX     128 /* items; a hostile verifier must not fill our memory */
#define FINDING_TEXT_MAX 512 /* bytes of each text; longer ones are cut */

void findings_done(Findings *findings);
#define _cleanup_findings_ _cleanup_(findings_done)

/*
 * Adds one finding with text and remedy from the catalogue. NAME must be in the catalogue. FOUND
 * and WANTED may be NULL. Non-printable bytes become '?'. Beyond FINDINGS_MAX it is dropped, but
 * a failure then replaces the last warning, so that no decision is lost. -ENOMEM.
 */
_must_check_ int findings_add(Findings *findings, const char *name, const char *subject,
                              FindingResult result, const char *found, const char *wanted);
/* Moves all of FROM behind those of FINDINGS; FROM is left empty. -ENOMEM. */
_must_check_ int findings_move(Findings *findings, Findings *from);

enum { FINDINGS_OK, FINDINGS_E_REFUSED /* there was a failure among them */ };

/* The same, for a step that ends here: FINDINGS_OK or FINDINGS_E_REFUSED; -ENOMEM. */
_must_check_ int findings_conclude(Findings *findings, Findings *own);
/* The same without warnings whose name and subject FINDINGS has already. -ENOMEM. */
_must_check_ int findings_merge(Findings *findings, Findings *from);
/* The first failure, or NULL. Borrowed. */
const Finding *findings_first_failure(const Findings *findings);
bool findings_has(const Findings *findings, const char *name);

/* A JSON array of {name, subject, result, found, wanted, remedy, source}; NULL: out of memory. */
json_t *findings_to_json(const Findings *findings);
/*
 * Reads such an array as an outsider sent it: bounded, printable, unknown names kept as they are.
 * Appends to FINDINGS. JSON_OK, JSON_E_TYPE or JSON_E_SIZE; -ENOMEM.
 */
_must_check_ int findings_from_json(Findings *findings, const json_t *array);
