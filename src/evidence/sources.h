/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of all sources, and the choice among them.
 */
#pragma once

#include "evidence/source.h"

/* NULL when there is no such name. */
const EvidenceSource *source_find(const char *name);
/* In order of preference: INDEX from 0 up, NULL behind the last. */
const EvidenceSource *source_at(size_t index);

enum {
    SOURCES_OK,
    SOURCES_E_NAME,   /* CHOICE is neither "auto" nor a source */
    SOURCES_E_NONE,   /* nothing here can make hardware evidence */
    SOURCES_E_FAILED, /* the chosen one failed */
};

/*
 * Collects from CHOICE: a source's name, or "auto" for the first that is there and usable; the ones
 * passed over leave a warning each, saying why. The decision is the first failure in FINDINGS.
 * RET_SOURCE is static text; both outputs are set on SOURCES_OK only.
 */
_must_check_ int sources_collect(const char *choice, const SourceInput *input, Findings *findings,
                                 const char **ret_source, EvidenceCpu *ret);
