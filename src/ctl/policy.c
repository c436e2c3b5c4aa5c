/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl policy explain and baseline: a policy in words, and one drafted from evidence.
 */
#include "base/file.h"
#include "ctl/complain.h"
#include "ctl/input.h"
#include "ctl/judged.h"
#include "ctl/output.h"
#include "ctl/show-content.h"
#include "format/catalog.h"

#include <attest/policy.h>
#include <attest/verify.h>

#include <stdio.h>
#include <string.h>

static int run_explain(const Options *options)
{
    _cleanup_(attest_result_freep) attest_result *result = NULL;
    _cleanup_bytes_ Bytes bytes = { 0 };

    int r = input_read_file(options, options->argument, &bytes);
    if (r != 0)
        return r;
    r = attest_policy_explain(bytes.data, bytes.size, &result);
    if (r < 0)
        return complain_of_errno(r, options->argument);

    json_auto_t *json = judged_json(result);
    if (options->json) {
        r = judged_print_json(json);
        return r != 0 ? r : judged_exit_class(result);
    }
    judged_print_findings(result);
    if (attest_result_verdict(result) == ATTEST_PASS)
        show_policy(json);
    return judged_exit_class(result);
}

/* The policy goes to standard output or --out, so that it can be used at once; notes beside it. */
static int write_policy(const Options *options, const json_t *policy)
{
    _cleanup_free_ char *text = json_dumps(policy, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    _cleanup_free_ char *line = NULL;

    if (!text || asprintf(&line, "%s\n", text) < 0)
        return EXIT_CLASS_INTERNAL;
    int r = options->out ? file_write_atomic(options->out, view_of_string(line), 0644)
                         : fd_write_all(STDOUT_FILENO, view_of_string(line));
    return r < 0 ? complain_of_errno(r, options->out ? options->out : "standard output") : 0;
}

static void print_notes(const json_t *notes)
{
    size_t i;
    json_t *note;

    (void)fflush(stdout);
    json_array_foreach (notes, i, note) {
        _cleanup_free_ char *text = NULL;
        if (asprintf(&text, "%s (changes with: %s): %s", show_string(note, "member"),
                     show_string(note, "changes_with"), show_string(note, "text")) < 0)
            return;
        show_text_on(stderr, text);
        (void)fputc('\n', stderr);
    }
}

static int print_baseline(const Options *options, const attest_result *result)
{
    json_auto_t *json = judged_json(result);
    const json_t *policy = show_at(json, "policy");

    if (!json)
        return EXIT_CLASS_INTERNAL;
    if (options->json) {
        int r = judged_print_json(json);
        return r != 0 ? r : judged_exit_class(result);
    }
    if (attest_result_verdict(result) != ATTEST_PASS || !json_is_object(policy)) {
        judged_print_findings(result);
        return judged_exit_class(result);
    }
    int r = write_policy(options, policy);
    if (r == 0)
        print_notes(show_at(json, "notes"));
    return r;
}

static int run_baseline(const Options *options)
{
    _cleanup_(attest_input_freep) attest_input *input = NULL;
    _cleanup_(attest_result_freep) attest_result *result = NULL;

    int r = input_gather(options, &input);
    if (r == 0)
        r = input_add_file(options, input, ATTEST_ITEM_EVIDENCE, options->argument);
    if (r == 0)
        r = input_set_time(options, input, /* now= */ true);
    if (r != 0)
        return r;
    r = attest_baseline(input, &result);
    return r < 0 ? complain_of_errno(r, options->argument) : print_baseline(options, result);
}

static const Option explain_options[] = {
    FLAG_OPTION("json", json, "demands and uncovered layers as JSON"),
    { 0 },
};

static const Option baseline_options[] = {
    TEXT_OPTION("out", out, "FILE", "write the policy to FILE"),
    FILE_OPTION("policy", policy, ATTEST_ITEM_POLICY, EXTRA, "believe the roots that it names"),
    TEXT_OPTION("roots", roots, "DIR", "AMD's roots instead of those built in"),
    TEXT_OPTION("at", at, "TIME", "judge dates at this time, not now"),
    FLAG_OPTION("json", json, "policy and notes as JSON"),
    { 0 },
};

const Verb verb_policy[] = {
    { .name = "policy",
      .form = "explain",
      .argument = "FILE",
      .help = "what a policy demands, in words, and what it leaves open",
      .run = run_explain,
      .options = explain_options },
    { 0 },
};

const Verb verb_baseline[] = {
    { .name = "baseline",
      .argument = "EVIDENCE",
      .help = "a policy that accepts exactly this machine",
      .run = run_baseline,
      .options = baseline_options },
    { 0 },
};
