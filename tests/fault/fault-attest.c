/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every kind of evidence, judged while memory runs out and libcrypto fails, at every call in turn
 * and by dice: no crash, no leak (under sanitizers), and never a pass for what does not pass.
 *
 *     fault-attest CASES CORPUS-OF-FUZZ-INSPECT [rounds]
 *
 * A case is an input in the form of fuzz-attest.
 */
#include "dice.h"
#include "wrap.h"

#include "base/file.h"
#include "base/reader.h"
#include "testing.h"

#include <attest/attest.h>

#include <dirent.h>
#include <errno.h>

#define SINGLE_MAX 400 /* calls of one case that are made to fail one by one; the rest by dice */
#define ROUNDS     60  /* of dice, a case */

typedef struct Case {
    Bytes bytes;
    char name[128];
} Case;

static size_t n_runs, n_failed;

/* As fuzz-attest reads them. Adding may fail as well. */
static int fill(ByteView bytes, attest_input *input, attest_kind *ret_kind)
{
    Reader reader = reader_over(bytes);
    *ret_kind = (attest_kind)reader_u8(&reader);
    int64_t year = reader_u8(&reader);

    while (reader.left.size > 0) {
        attest_item item = (attest_item)reader_u8(&reader);
        ByteView view = reader_view(&reader, reader_le16(&reader));
        check_int(reader_check(&reader), READER_OK);
        int r = attest_input_add(input, item, view.data, view.size);
        if (r < 0)
            return r;
        check_int(r, 0);
    }
    if (year > 0)
        attest_input_set_time(input, year * 365 * 24 * 3600);
    return 0;
}

/* Everything a caller can ask, so that nothing of it is missing. */
static void read_all(const attest_result *result)
{
    check(strlen(attest_result_json(result)) > 2);
    for (size_t i = 0; i < attest_result_n_findings(result); i++) {
        const attest_finding *finding = attest_result_finding(result, i);
        check(*attest_finding_name(finding) && attest_finding_found(finding) &&
              attest_finding_wanted(finding) && attest_finding_remedy(finding));
    }
}

static int judge(ByteView bytes)
{
    attest_result *result = NULL;
    attest_input *input = NULL;
    attest_kind kind;

    int r = attest_input_new(&input);
    if (r >= 0)
        r = fill(bytes, input, &kind);
    if (r >= 0)
        r = attest_verify(input, kind, &result);
    check((r >= 0) == (result != NULL));
    check(r >= 0 || r == -ENOMEM || r == -EIO);
    if (result)
        read_all(result);
    attest_result_free(result);
    attest_input_free(input);
    n_runs++;
    return r;
}

static int inspect(ByteView bytes)
{
    attest_result *result = NULL;

    int r = attest_inspect(bytes.data, bytes.size, &result);
    check((r >= 0) == (result != NULL));
    check(r >= 0 || r == -ENOMEM || r == -EIO);
    if (result)
        read_all(result);
    attest_result_free(result);
    n_runs++;
    return r;
}

typedef int (*Run)(ByteView bytes);

/* What is no pass without a fault is none with one; what is a pass may be anything but a crash. */
static void check_run(const Case *c, Run run, int clean)
{
    int r = run(VIEW(c->bytes));

    n_failed += dice_n_failed();
    if (dice_n_failed() == 0)
        check_int(r, clean);
    if (clean != ATTEST_PASS && run == judge)
        check(r != ATTEST_PASS);
}

static void fault(const Case *c, Run run, unsigned rounds)
{
    dice_rest();
    (void)run(VIEW(c->bytes)); /* what libcrypto makes once, it has made now */
    dice_rest();
    int clean = run(VIEW(c->bytes));
    size_t n_calls = dice_n_calls(), stride = n_calls / SINGLE_MAX + 1;

    check(clean >= 0);
    for (size_t i = 0; i < n_calls; i += stride) {
        dice_fail_at(i + n_runs % stride);
        check_run(c, run, clean);
    }
    for (unsigned i = 0; i < rounds; i++) {
        dice_roll(i + 1, 2U << i % 10);
        check_run(c, run, clean);
    }
    dice_rest();
    check_int(run(VIEW(c->bytes)), clean); /* and nothing stayed behind */
    (void)printf("  %s: %s, %zu calls\n", c->name, clean == ATTEST_PASS ? "pass" : "no pass",
                 n_calls);
    (void)fflush(stdout);
}

/* A bit changed in the first item: as a rule what passed does no more. */
static void forge(Case *c)
{
    size_t at = 5 + (c->bytes.size - 5) / 16;

    c->bytes.data[at] ^= 0x10;
    (void)snprintf(c->name + strlen(c->name), sizeof(c->name) - strlen(c->name), " (changed)");
}

static void each(const char *corpus, Run run, unsigned rounds)
{
    DIR *dir = opendir(corpus);
    size_t n = 0;

    check(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[4096];
        Case c = { 0 };
        (void)snprintf(path, sizeof(path), "%s/%s", corpus, entry->d_name);
        dice_rest();
        if (entry->d_name[0] == '.' || file_read(path, 1 << 20, &c.bytes) < 0)
            continue;
        (void)snprintf(c.name, sizeof(c.name), "%.100s", entry->d_name);
        fault(&c, run, rounds);
        forge(&c);
        if (run == judge)
            fault(&c, run, rounds);
        bytes_done(&c.bytes);
        n++;
    }
    (void)closedir(dir);
    check(n > 0);
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : ROUNDS;

    check(argc >= 3);
    wrap_jansson();
    each(argv[1], judge, rounds);
    each(argv[2], inspect, rounds);
    dice_rest();
    (void)printf("%zu runs, %zu calls failed\n", n_runs, n_failed);
    return 0;
}
