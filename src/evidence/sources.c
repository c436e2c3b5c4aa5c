/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one array of sources.
 */
#include "evidence/sources.h"

#include "evidence/source-snp.h"
#include "evidence/source-tsm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* In order of preference. */
static const EvidenceSource *const sources[] = { &source_tsm, &source_snp };

const EvidenceSource *source_at(size_t index)
{
    return index < ELEMENTSOF(sources) ? sources[index] : NULL;
}

const EvidenceSource *source_find(const char *name)
{
    for (size_t i = 0; i < ELEMENTSOF(sources); i++)
        if (strcmp(sources[i]->name, name) == 0)
            return sources[i];
    return NULL;
}

/* Why SOURCE was passed over: its failures become one warning each. */
static int note_skipped(const EvidenceSource *source, const Findings *reasons, Findings *findings)
{
    char found[FINDING_TEXT_MAX];

    for (size_t i = 0; i < reasons->n_items; i++) {
        const Finding *reason = &reasons->items[i];
        if (reason->result != FINDING_FAILURE)
            continue;
        (void)snprintf(found, sizeof(found), "%s (%s)", reason->name, reason->found);
        int r = findings_add(findings, "evidence-source-skipped", source->name, FINDING_WARNING,
                             found, NULL);
        if (r < 0)
            return r;
    }
    return 0;
}

static int collect_from(const EvidenceSource *source, const SourceInput *input, Findings *findings,
                        EvidenceCpu *ret)
{
    int r = source->probe(input->settings, findings);

    if (r != SOURCE_OK)
        return r;
    return source->collect(input, findings, ret);
}

static int collect_first(const SourceInput *input, Findings *findings, const char **ret_source,
                         EvidenceCpu *ret)
{
    for (size_t i = 0; i < ELEMENTSOF(sources); i++) {
        _cleanup_findings_ Findings own = { .source = findings->source };

        int r = collect_from(sources[i], input, &own, ret);
        if (r < 0)
            return r;
        if (r == SOURCE_E_ABSENT) {
            r = note_skipped(sources[i], &own, findings);
            if (r < 0)
                return r;
            continue;
        }
        if (r == SOURCE_OK)
            *ret_source = sources[i]->name;
        int moved = findings_move(findings, &own);
        if (moved < 0)
            return moved;
        return r == SOURCE_OK ? SOURCES_OK : SOURCES_E_FAILED;
    }

    int r = findings_add(findings, "evidence-no-source", "cpu", FINDING_FAILURE, NULL,
                         "azure, configfs-tsm or sev-guest");
    return r < 0 ? r : SOURCES_E_NONE;
}

static int collect_named(const EvidenceSource *source, const SourceInput *input, Findings *findings,
                         const char **ret_source, EvidenceCpu *ret)
{
    int r = collect_from(source, input, findings, ret);

    if (r < 0)
        return r;
    if (r != SOURCE_OK)
        return r == SOURCE_E_ABSENT ? SOURCES_E_NONE : SOURCES_E_FAILED;
    *ret_source = source->name;
    return SOURCES_OK;
}

int sources_collect(const char *choice, const SourceInput *input, Findings *findings,
                    const char **ret_source, EvidenceCpu *ret)
{
    const EvidenceSource *source = source_find(choice);

    if (source)
        return collect_named(source, input, findings, ret_source, ret);
    if (strcmp(choice, "auto") == 0)
        return collect_first(input, findings, ret_source, ret);

    int r = findings_add(findings, "evidence-source-unknown", "cpu", FINDING_FAILURE, choice,
                         "auto, azure, configfs-tsm or sev-guest");
    return r < 0 ? r : SOURCES_E_NAME;
}
