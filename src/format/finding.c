/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of findings, bounded, in and out of JSON.
 */
#include "format/finding.h"

#include "format/catalog.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static void finding_done(Finding *finding)
{
    free(finding->name);
    free(finding->subject);
    free(finding->found);
    free(finding->wanted);
    free(finding->remedy);
    free(finding->source);
    *finding = (Finding){ 0 };
}

static void finding_donep(Finding *finding)
{
    finding_done(finding);
}

void findings_done(Findings *findings)
{
    for (size_t i = 0; i < findings->n_items; i++)
        finding_done(&findings->items[i]);
    free(findings->items);
    *findings = (Findings){ .source = findings->source };
}

/* Cut, printable ASCII (so always valid UTF-8), never NULL unless out of memory. */
static char *clean_text(const char *text)
{
    char *clean = strndup(text ? text : "", FINDING_TEXT_MAX);

    for (char *c = clean; c && *c; c++)
        if (!isascii((unsigned char)*c) || !isprint((unsigned char)*c))
            *c = '?';
    return clean;
}

static int take_slot(Findings *findings, FindingResult result, Finding **ret)
{
    if (findings->n_items < FINDINGS_MAX) {
        Finding *items =
            reallocarray(findings->items, findings->n_items + 1, sizeof(findings->items[0]));
        if (!items)
            return -ENOMEM;
        findings->items = items;
        items[findings->n_items] = (Finding){ 0 };
        *ret = &items[findings->n_items++];
        return 0;
    }

    *ret = NULL;
    for (size_t i = findings->n_items; i > 0 && result == FINDING_FAILURE && !*ret; i--)
        if (findings->items[i - 1].result == FINDING_WARNING)
            *ret = &findings->items[i - 1];
    if (*ret)
        finding_done(*ret);
    return 0;
}

/* Takes the contents of FINDING, also when it is dropped. */
static int append(Findings *findings, Finding *finding)
{
    Finding *slot;

    if (!finding->name || !finding->subject || !finding->found || !finding->wanted ||
        !finding->remedy || !finding->source)
        return -ENOMEM;
    int r = take_slot(findings, finding->result, &slot);
    if (r < 0)
        return r;
    if (slot)
        *slot = TAKE_STRUCT(*finding);
    return 0;
}

int findings_add(Findings *findings, const char *name, const char *subject, FindingResult result,
                 const char *found, const char *wanted)
{
    const CatalogEntry *entry = catalog_find(name);
    _cleanup_(finding_donep) Finding finding = {
        .name = clean_text(name),
        .subject = clean_text(subject),
        .result = result,
        .found = clean_text(found),
        .wanted = clean_text(wanted),
        .remedy = clean_text(entry ? entry->remedy : ""),
        .source = clean_text(findings->source ? findings->source : "worker"),
    };
    return append(findings, &finding);
}

int findings_move(Findings *findings, Findings *from)
{
    for (size_t i = 0; i < from->n_items; i++) {
        int r = append(findings, &from->items[i]);
        if (r < 0)
            return r;
    }
    findings_done(from);
    return 0;
}

int findings_conclude(Findings *findings, Findings *own)
{
    bool refused = findings_first_failure(own) != NULL;

    int r = findings_move(findings, own);
    return r < 0 ? r : refused ? FINDINGS_E_REFUSED : FINDINGS_OK;
}

static bool is_warned_of(const Findings *findings, const Finding *finding)
{
    for (size_t i = 0; i < findings->n_items && finding->result == FINDING_WARNING; i++)
        if (strcmp(findings->items[i].name, finding->name) == 0 &&
            strcmp(findings->items[i].subject, finding->subject) == 0)
            return true;
    return false;
}

int findings_merge(Findings *findings, Findings *from)
{
    for (size_t i = 0; i < from->n_items; i++) {
        int r = is_warned_of(findings, &from->items[i]) ? 0 : append(findings, &from->items[i]);
        if (r < 0)
            return r;
    }
    findings_done(from);
    return 0;
}

const Finding *findings_first_failure(const Findings *findings)
{
    for (size_t i = 0; i < findings->n_items; i++)
        if (findings->items[i].result == FINDING_FAILURE)
            return &findings->items[i];
    return NULL;
}

bool findings_has(const Findings *findings, const char *name)
{
    for (size_t i = 0; i < findings->n_items; i++)
        if (strcmp(findings->items[i].name, name) == 0)
            return true;
    return false;
}

json_t *findings_to_json(const Findings *findings)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; array && i < findings->n_items; i++) {
        const Finding *f = &findings->items[i];
        json_t *item =
            json_pack("{ss ss ss ss ss ss ss}", "name", f->name, "subject", f->subject, "result",
                      f->result == FINDING_FAILURE ? "failure" : "warning", "found", f->found,
                      "wanted", f->wanted, "remedy", f->remedy, "source", f->source);
        if (json_array_append_new(array, item) < 0)
            return NULL;
    }
    return TAKE_PTR(array);
}

static const char *text_member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

int findings_from_json(Findings *findings, const json_t *array)
{
    size_t i;
    json_t *item;

    if (!json_is_array(array))
        return JSON_E_TYPE;
    if (json_array_size(array) > FINDINGS_MAX)
        return JSON_E_SIZE;

    json_array_foreach (array, i, item) {
        const char *result = text_member(item, "result");
        if (!json_is_object(item) || *text_member(item, "name") == 0)
            return JSON_E_TYPE;
        _cleanup_(finding_donep) Finding finding = {
            .name = clean_text(text_member(item, "name")),
            .subject = clean_text(text_member(item, "subject")),
            .result = strcmp(result, "warning") == 0 ? FINDING_WARNING : FINDING_FAILURE,
            .found = clean_text(text_member(item, "found")),
            .wanted = clean_text(text_member(item, "wanted")),
            .remedy = clean_text(text_member(item, "remedy")),
            .source = clean_text(text_member(item, "source")),
        };
        int r = append(findings, &finding);
        if (r < 0)
            return r;
    }
    return JSON_OK;
}
