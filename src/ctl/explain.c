/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl explain: what became of the last rounds, what a finding means, and a report for those
 * who mend attestd.
 */
#include "base/file.h"
#include "ctl/complain.h"
#include "ctl/explain-report.h"
#include "ctl/explain-show.h"
#include "ctl/output.h"
#include "ctl/verb.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REPORT_MODE 0600
#define LAST        "last"

/* OBJECT NULL: there was no memory for it. */
static int print(const json_t *object)
{
    int r = object ? output_json(object) : -ENOMEM;

    return r < 0 ? complain_of_errno(r, "explain") : 0;
}

static int explain_entry(const Options *options, const CatalogEntry *entry)
{
    if (!options->json) {
        explain_show_entry(entry);
        return 0;
    }
    json_auto_t *object = json_pack("{ss ss ss si ss}", "name", entry->name, "text", entry->text,
                                    "remedy", entry->remedy, "exit_class", (int)entry->exit_class,
                                    "exit_class_text", explain_exit_class(entry->exit_class));
    return print(object);
}

static json_t *list_to_json(const Rounds *rounds)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; array && i < rounds->n_items; i++)
        if (json_array_append_new(array, round_record_to_json(&rounds->items[i])) < 0)
            return NULL;
    return json_pack("{sO}", "rounds", array);
}

static int explain_list(const Options *options, const Rounds *rounds)
{
    if (options->json) {
        json_auto_t *object = list_to_json(rounds);
        return print(object);
    }
    if (rounds->n_items > 0)
        explain_show_list(rounds);
    else
        output_note("No round is recorded yet.");
    return 0;
}

static int explain_round(const Options *options, const Rounds *rounds, const char *which)
{
    bool is_last = strcmp(which, LAST) == 0;
    uint64_t number = is_last ? 0 : strtoull(which, NULL, 10);
    const RoundRecord *record = rounds_find(rounds, number);

    if (is_last && rounds->n_items > 0)
        record = &rounds->items[rounds->n_items - 1];
    if (!record)
        return complain("history-round-unknown", which, NULL);
    if (!options->json) {
        explain_show_round(record);
        return 0;
    }
    json_auto_t *object = round_record_to_json(record);
    return print(object);
}

static int write_report(const Options *options, const Rounds *rounds)
{
    json_auto_t *report = explain_report(options, rounds);
    _cleanup_free_ char *text = report ? json_dumps(report, JSON_INDENT(1)) : NULL;

    if (!text)
        return complain_of_errno(-ENOMEM, "the report");
    int r = file_write_atomic(options->out, view_of_string(text), REPORT_MODE);
    if (r < 0)
        return complain_of_errno(r, options->out);
    output_note(
        "The report is written. Hosts, paths, names, keys and identities are left out; read "
        "it before you give it away.");
    return 0;
}

static bool is_round(const char *word)
{
    return strcmp(word, LAST) == 0 || (*word && strspn(word, "0123456789") == strlen(word));
}

static int run(const Options *options)
{
    const char *word = options->n_arguments > 0 ? options->arguments[0] : NULL;
    const CatalogEntry *entry = word ? catalog_find(word) : NULL;
    Rounds rounds;

    if (options->n_arguments > 1 || (word && options->out))
        return complain_of_usage("see \"attestctl explain --help\"",
                                 "it takes one round or finding, or --out");
    if (entry)
        return explain_entry(options, entry);
    if (word && !is_round(word))
        return complain_of_usage("give the number of a round, \"last\", or the name of a finding "
                                 "as attestctl status has it",
                                 "%s is neither a round nor a finding", word);
    int r = rounds_read(options->state_directory, &rounds);
    if (r != 0)
        return r;
    if (options->out)
        r = write_report(options, &rounds);
    else
        r = word ? explain_round(options, &rounds, word) : explain_list(options, &rounds);
    rounds_done(&rounds);
    return r;
}

static const Option explain_options[] = {
    FLAG_OPTION("json", json, "rounds or finding as JSON"),
    TEXT_OPTION("out", out, "FILE", "write a report that identifies nothing"),
    TEXT_OPTION("config", config, "FILE", "the settings of the report are FILE's"),
    TEXT_OPTION("state-directory", state_directory, "DIR", "instead of /var/lib/attestd"),
    TEXT_OPTION("runtime-directory", runtime_directory, "DIR", "instead of /run/attestd"),
    { 0 },
};

const Verb verb_explain[] = {
    { .name = "explain",
      .argument = "[ROUND|FINDING]",
      .takes_any_number = true,
      .help = "what the last rounds did, why they failed; a report",
      .run = run,
      .options = explain_options },
    { 0 },
};
