/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks the options of the verb: those with an item name a file or are bytes.
 */
#include "ctl/input.h"

#include "base/clock.h"
#include "base/encode.h"
#include "ctl/complain.h"
#include "ctl/input-file.h"
#include "ctl/moment.h"
#include "ctl/output.h"
#include "ctl/roots.h"
#include "format/catalog.h"

#include <errno.h>
#include <string.h>

#define NONCE_SIZE_MAX   64 /* bytes; what a TPM and a report can carry */
#define REPORT_DATA_SIZE 64 /* bytes, SNP ABI 7.3 */

static bool has_verdict(const Options *options)
{
    return options->verb->kind != 0;
}

int input_refuse(const Options *options, const char *name, const char *subject, const char *found)
{
    _cleanup_findings_ Findings findings = { .source = "attestctl" };

    (void)complain(name, subject, found);
    if (!options->json || !has_verdict(options))
        return EXIT_CLASS_USAGE;
    if (findings_add(&findings, name, subject, FINDING_FAILURE, found, NULL) < 0)
        return EXIT_CLASS_INTERNAL;
    json_auto_t *verdict = json_pack("{ss so s{}}", "verdict", "fail", "checks",
                                     findings_to_json(&findings), "claims");
    return !verdict || output_json(verdict) < 0 ? EXIT_CLASS_INTERNAL : EXIT_CLASS_USAGE;
}

int input_add_bytes(const Options *options, attest_input *input, attest_item item, ByteView bytes,
                    const char *subject)
{
    int r = attest_input_add(input, item, bytes.data, bytes.size);

    if (r < 0)
        return complain_of_errno(r, subject);
    if (r > 0)
        return input_refuse(options, "input-not-accepted", subject, attest_input_reason(r));
    return 0;
}

static const char *subject_of(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

static int read_file(const Options *options, const char *path, bool may_be_empty, Bytes *ret)
{
    InputFileError error;

    int r = input_file_read(path, ret, &error);
    if (r < 0)
        return complain_of_errno(r, subject_of(path));
    if (r == INPUT_FILE_E_EMPTY && may_be_empty && !error.found)
        return 0;
    return r > 0 ? input_refuse(options, error.name, subject_of(path), error.found) : 0;
}

int input_read_file(const Options *options, const char *path, Bytes *ret)
{
    return read_file(options, path, false, ret);
}

int input_add_file(const Options *options, attest_input *input, attest_item item, const char *path)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    /* A log without an event is a log that fails; firmware that measures nothing leaves one. */
    int r = read_file(options, path, item == ATTEST_ITEM_EVENT_LOG, &bytes);
    return r != 0 ? r : input_add_bytes(options, input, item, VIEW(bytes), subject_of(path));
}

static int add_hex(const Option *option, const char *text, attest_input *input)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    bool is_report_data = option->item == ATTEST_ITEM_REPORT_DATA;

    int r = hex_decode(text, &bytes);
    if (r < 0)
        return complain_of_errno(r, option->name);
    if (r > 0 || bytes.size == 0 || bytes.size > NONCE_SIZE_MAX ||
        (is_report_data && bytes.size != REPORT_DATA_SIZE))
        return complain_of_usage(is_report_data
                                     ? "give all 64 bytes of REPORT_DATA, as 128 digits"
                                     : "give the bytes that were sent, as 2 to 128 digits",
                                 "--%s is not so many bytes as hexadecimal digits", option->name);
    r = attest_input_add(input, (attest_item)option->item, bytes.data, bytes.size);
    return r != 0 ? complain_of_errno(r < 0 ? r : -EINVAL, option->name) : 0;
}

static int add_one(const Options *options, const Option *option, const char *text,
                   attest_input *input)
{
    if (strcmp(option->value, "HEX") == 0)
        return add_hex(option, text, input);
    return input_add_file(options, input, (attest_item)option->item, text);
}

static int add_option(const Options *options, const Option *option, attest_input *input)
{
    const char *place = (const char *)options + option->offset;
    int r = 0;

    if (option->kind == OPTION_TEXTS) {
        const OptionTexts *texts = (const OptionTexts *)(const void *)place;
        for (size_t i = 0; i < texts->n_items && r == 0; i++)
            r = add_one(options, option, texts->items[i], input);
        return r;
    }
    const char *text = *(const char *const *)(const void *)place;
    return text ? add_one(options, option, text, input) : 0;
}

/* Standard input can be read once. */
static int check_standard_input(const Options *options)
{
    size_t n = options->argument && strcmp(options->argument, "-") == 0 ? 1 : 0;

    for (const Option *option = options->verb->options; option->name; option++) {
        const char *place = (const char *)options + option->offset;
        if (option->item == 0 || option->kind == OPTION_TEXTS)
            continue;
        const char *text = *(const char *const *)(const void *)place;
        n += text && strcmp(text, "-") == 0 ? 1 : 0;
    }
    for (size_t i = 0; i < options->certificates.n_items; i++)
        n += strcmp(options->certificates.items[i], "-") == 0 ? 1 : 0;
    return n > 1 ? complain_of_usage("write the others to files",
                                     "only one input can come from standard input")
                 : 0;
}

int input_gather(const Options *options, attest_input **ret)
{
    _cleanup_(attest_input_freep) attest_input *input = NULL;

    int r = check_standard_input(options);
    if (r != 0)
        return r;
    r = attest_input_new(&input);
    if (r < 0)
        return complain_of_errno(r, options->verb->name);
    for (const Option *option = options->verb->options; option->name && r == 0; option++)
        if (option->item != 0)
            r = add_option(options, option, input);
    if (r == 0 && options->roots)
        r = roots_add(options, options->roots, input);
    if (r == 0)
        *ret = TAKE_PTR(input);
    return r;
}

int input_set_time(const Options *options, attest_input *input, bool now)
{
    int64_t seconds = (int64_t)(clock_realtime_usec(&clock_system) / USEC_PER_SEC);

    if (options->at && moment_parse(options->at, &seconds) != MOMENT_OK)
        return complain_of_usage("write it as 2026-11-22T06:05:00Z, or as seconds since 1970",
                                 "--at=%s is not a time", options->at);
    if (options->at || now)
        attest_input_set_time(input, seconds);
    return 0;
}
