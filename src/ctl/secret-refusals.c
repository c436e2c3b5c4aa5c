/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal from its end, as far as it is worth going back. _SYSTEMD_UNIT= is journald's own
 * word: another process cannot write records that are taken for attestd's.
 */
#include "ctl/secret-refusals.h"

#include "base/log-ids.h"
#include "ctl/output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>

#define RECORDS_MAX 10000 /* that are looked at */
#define TEXT_MAX    512   /* bytes of each text; a longer one is cut */

static void refusal_done(SecretRefusal *refusal)
{
    free(refusal->secret);
    free(refusal->asker);
    free(refusal->finding);
    free(refusal->text);
    *refusal = (SecretRefusal){ 0 };
}

void secret_refusals_done(SecretRefusals *refusals)
{
    for (size_t i = 0; i < refusals->n_items; i++)
        refusal_done(&refusals->items[i]);
    free(refusals->items);
    *refusals = (SecretRefusals){ 0 };
}

/* Owned, of printable ASCII; NULL: no memory. */
static char *copy(const char *text)
{
    char *printable = text ? strndup(text, strnlen(text, TEXT_MAX)) : strdup("");

    for (char *c = printable; c && *c; c++)
        if (*c < 0x20 || *c > 0x7e)
            *c = '?';
    return printable;
}

static bool has_pair(const SecretRefusals *refusals, const SecretRefusal *record)
{
    for (size_t i = 0; i < refusals->n_items; i++)
        if (strcmp(refusals->items[i].secret, record->secret) == 0 &&
            strcmp(refusals->items[i].asker, record->asker) == 0)
            return true;
    return false;
}

int secret_refusals_note(SecretRefusals *refusals, const SecretRefusal *record)
{
    SecretRefusal own = {
        .secret = copy(record->secret),
        .asker = copy(record->asker),
        .is_released = record->is_released,
        .finding = copy(record->is_released ? "" : record->finding),
        .text = copy(record->is_released ? "" : record->text),
        .realtime_usec = record->realtime_usec,
    };
    bool is_whole = own.secret && own.asker && own.finding && own.text;
    int r = is_whole ? SECRET_REFUSALS_OK : -ENOMEM;

    if (is_whole && !has_pair(refusals, &own)) {
        SecretRefusal *items =
            refusals->n_items < SECRET_REFUSALS_MAX
                ? reallocarray(refusals->items, refusals->n_items + 1, sizeof(*refusals->items))
                : NULL;
        if (items) {
            refusals->items = items;
            refusals->items[refusals->n_items++] = TAKE_STRUCT(own);
        } else
            r = refusals->n_items < SECRET_REFUSALS_MAX ? -ENOMEM : SECRET_REFUSALS_E_FULL;
    }
    refusal_done(&own);
    return r;
}

/* The value of FIELD in the record at hand, owned; "": it has none. NULL: no memory. */
static char *read_field(sd_journal *journal, const char *field)
{
    size_t size = 0, name = strlen(field) + 1;
    const void *data = NULL;

    if (sd_journal_get_data(journal, field, &data, &size) < 0 || size < name)
        return strdup("");
    return strndup((const char *)data + name, MIN(size - name, (size_t)TEXT_MAX));
}

static int note_record(sd_journal *journal, SecretRefusals *refusals)
{
    SecretRefusal record = {
        .secret = read_field(journal, "ATTEST_SECRET"),
        .asker = read_field(journal, "ATTEST_ASKER"),
        .finding = read_field(journal, "ATTEST_FINDING"),
        .text = read_field(journal, "MESSAGE"),
    };
    _cleanup_free_ char *id = read_field(journal, "MESSAGE_ID");
    int r = SECRET_REFUSALS_OK;

    if (!record.secret || !record.asker || !record.finding || !record.text || !id)
        r = -ENOMEM;
    else if (*record.secret && sd_journal_get_realtime_usec(journal, &record.realtime_usec) >= 0) {
        record.is_released = strcmp(id, LOG_ID_SECRET_RELEASED) == 0;
        r = secret_refusals_note(refusals, &record);
    }
    refusal_done(&record);
    return r;
}

/* Matches of one field are alternatives. Negative errno. */
static int match(sd_journal *journal)
{
    static const char *const matches[] = {
        "_SYSTEMD_UNIT=attestd.service",
        "MESSAGE_ID=" LOG_ID_SECRET_REFUSED,
        "MESSAGE_ID=" LOG_ID_SECRET_RELEASED,
    };
    char boot[sizeof("_BOOT_ID=") + SD_ID128_STRING_MAX] = "_BOOT_ID=";
    sd_id128_t id;

    int r = sd_id128_get_boot(&id);
    if (r < 0)
        return r;
    (void)sd_id128_to_string(id, boot + strlen(boot));
    r = sd_journal_add_match(journal, boot, 0);
    for (size_t i = 0; r >= 0 && i < ELEMENTSOF(matches); i++)
        r = sd_journal_add_match(journal, matches[i], 0);
    return r;
}

int secret_refusals_read(SecretRefusals *ret)
{
    _cleanup_secret_refusals_ SecretRefusals refusals = { 0 };
    sd_journal *journal = NULL;

    int r = sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
    if (r >= 0)
        r = match(journal);
    if (r >= 0)
        r = sd_journal_seek_tail(journal);
    bool is_open = r >= 0;
    r = 0;
    for (int i = 0; is_open && r == 0 && i < RECORDS_MAX && sd_journal_previous(journal) > 0; i++)
        r = note_record(journal, &refusals);
    sd_journal_close(journal);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(refusals);
    return 0;
}

static bool is_refusal_of(const SecretRefusal *refusal, const char *name)
{
    return !refusal->is_released && strcmp(refusal->secret, name) == 0;
}

bool secret_refusals_has(const SecretRefusals *refusals, const char *name)
{
    for (size_t i = 0; i < refusals->n_items; i++)
        if (is_refusal_of(&refusals->items[i], name))
            return true;
    return false;
}

json_t *secret_refusals_to_json(const SecretRefusals *refusals, const char *name)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; array && i < refusals->n_items; i++) {
        const SecretRefusal *refusal = &refusals->items[i];
        if (is_refusal_of(refusal, name) &&
            json_array_append_new(array,
                                  json_pack("{ss ss ss sI}", "asker", refusal->asker, "finding",
                                            refusal->finding, "text", refusal->text, "at_usec",
                                            (json_int_t)refusal->realtime_usec)) < 0)
            return NULL;
    }
    return TAKE_PTR(array);
}

void secret_refusals_print(const SecretRefusals *refusals, const char *name)
{
    for (size_t i = 0; i < refusals->n_items; i++) {
        const SecretRefusal *refusal = &refusals->items[i];
        char when[96];
        if (!is_refusal_of(refusal, name))
            continue;
        format_moment(refusal->realtime_usec, when);
        (void)printf("    %s%s%s %s\n", output_tone(TONE_WARN), refusal->text, output_reset(),
                     when);
    }
}
