/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judge, see what is missing, look in the cache, ask AMD; then the chain in the same way.
 */
#include "ctl/collateral.h"

#include "base/clock.h"
#include "ctl/certificate-cache.h"
#include "ctl/complain.h"
#include "ctl/judged.h"
#include "ctl/kds-request.h"
#include "ctl/show.h"

#include <attest/verify.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WAIT_DEFAULT_SEC 60 /* when AMD does not say for how long */

enum { COLLATERAL_OK, COLLATERAL_E_NONE /* findings say why */ };

/* What came from AMD and is not kept yet. */
typedef struct Fetched {
    CertificateWant want;
    Bytes bytes;
} Fetched;

#define FETCHED_MAX 2 /* a VCEK and a chain */

typedef struct Collateral {
    const Options *options;
    attest_input *input;
    Findings *findings;
    char *cache; /* owned; NULL: none can be had */
    Fetched fetched[FETCHED_MAX];
    size_t n_fetched;
    json_t *report; /* owned: what libattest says of it, verified or not */
} Collateral;

static void collateral_done(Collateral *collateral)
{
    for (size_t i = 0; i < collateral->n_fetched; i++)
        bytes_done(&collateral->fetched[i].bytes);
    free(collateral->cache);
    json_decref(collateral->report);
}

int collateral_check_options(const Options *options)
{
    const char *const given[] = { options->kds, options->kds_ca, options->timeout,
                                  options->worker };
    static const char *const names[] = { "kds", "kds-ca", "timeout", "worker" };
    unsigned timeout_sec;

    for (size_t i = 0; i < ELEMENTSOF(given) && !options->fetch; i++)
        if (given[i])
            return complain_of_usage("give --fetch as well", "--%s is of use with --fetch only",
                                     names[i]);
    if (kds_timeout(options, &timeout_sec) != 0)
        return complain_of_usage("say from 1 to 300", "--timeout=%s is not a number of seconds",
                                 options->timeout);
    return 0;
}

static int64_t now(void)
{
    return (int64_t)(clock_realtime_usec(&clock_system) / USEC_PER_SEC);
}

/* 0 or -ENOMEM. */
static int warn(Collateral *collateral, const char *name, const char *subject, const char *found)
{
    return findings_add(collateral->findings, name, subject, FINDING_WARNING, found, NULL);
}

static int none(int r)
{
    return r < 0 ? r : COLLATERAL_E_NONE;
}

/* COLLATERAL_OK, COLLATERAL_E_NONE; negative errno. */
static int from_cache(Collateral *collateral, const CertificateWant *want, Bytes *ret)
{
    if (!collateral->cache)
        return COLLATERAL_E_NONE;
    int r = certificate_cache_get(collateral->cache, want, ret);
    if (r <= CERTIFICATE_CACHE_OK)
        return r;
    if (r == CERTIFICATE_CACHE_E_ABSENT)
        return COLLATERAL_E_NONE;
    _cleanup_free_ char *path = certificate_want_path(want);
    return none(warn(collateral, "cache-damaged", path ? path : "", NULL));
}

/* Somebody who shares the cache was told to wait. */
static int check_wait(Collateral *collateral)
{
    int64_t until = collateral->cache ? certificate_cache_wait(collateral->cache, now()) : 0;
    char found[64], date[32];

    if (until == 0)
        return COLLATERAL_OK;
    format_timestamp((uint64_t)until * USEC_PER_SEC, date);
    (void)snprintf(found, sizeof(found), "wait until %s", date);
    return none(warn(collateral, "kds-throttled", collateral->cache, found));
}

/* 0 or -ENOMEM. */
static int remember(Collateral *collateral, const CertificateWant *want, ByteView bytes)
{
    Fetched *fetched = &collateral->fetched[collateral->n_fetched];

    if (collateral->n_fetched == FETCHED_MAX)
        return 0;
    int r = bytes_copy(bytes, &fetched->bytes);
    if (r < 0)
        return r;
    fetched->want = *want;
    collateral->n_fetched++;
    return 0;
}

/*
 * Keeps what came, now that its chain holds: else a lie told once would be told for ever. A cache
 * that cannot be written is a pity and no failure.
 */
static int keep(Collateral *collateral)
{
    int r = 0;

    for (size_t i = 0; i < collateral->n_fetched && collateral->cache && r == 0; i++)
        r = certificate_cache_put(collateral->cache, &collateral->fetched[i].want,
                                  VIEW(collateral->fetched[i].bytes));
    if (r == -ENOMEM || r == 0)
        return r;
    return warn(collateral, "cache-unusable", collateral->cache, strerror(-r));
}

static int keep_wait(Collateral *collateral, const KdsAnswer *answer)
{
    bool is_asked = findings_has(collateral->findings, "kds-throttled");
    uint64_t wait = answer->retry_after_sec;

    if (!collateral->cache || (wait == 0 && !is_asked))
        return 0;
    int r = certificate_cache_set_wait(collateral->cache,
                                       now() + (int64_t)(wait > 0 ? wait : WAIT_DEFAULT_SEC));
    if (r == -ENOMEM || r == 0)
        return r;
    return warn(collateral, "cache-unusable", collateral->cache, strerror(-r));
}

/* COLLATERAL_OK; COLLATERAL_E_NONE with RET_NOT_FOUND when AMD has no such thing. */
static int from_amd(Collateral *collateral, const CertificateWant *want, Bytes *ret,
                    bool *ret_not_found)
{
    KdsAnswer answer = { 0 };

    int r = check_wait(collateral);
    if (r != COLLATERAL_OK)
        return r;
    r = kds_request(collateral->options, want, collateral->findings, &answer);
    _cleanup_bytes_ Bytes bytes = answer.bytes;
    if (r < 0)
        return r;
    if (r != KDS_REQUEST_OK) {
        *ret_not_found = answer.is_not_found;
        return none(keep_wait(collateral, &answer));
    }
    if (!certificate_want_is(want, VIEW(bytes)))
        return none(warn(collateral, "kds-certificate-other", certificate_want_name(want), NULL));
    r = remember(collateral, want, VIEW(bytes));
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(bytes);
    return COLLATERAL_OK;
}

static int warn_not_found(Collateral *collateral, const CertificateWant *want)
{
    _cleanup_free_ char *path = certificate_want_path(want);

    return none(warn(collateral, "kds-not-found", path ? path : "", NULL));
}

/* The first that can be had. */
static int get(Collateral *collateral, const CertificateWant *wants, size_t n, Bytes *ret)
{
    int r = COLLATERAL_E_NONE;

    for (size_t i = 0; i < n && r == COLLATERAL_E_NONE; i++)
        r = from_cache(collateral, &wants[i], ret);
    for (size_t i = 0; i < n && r == COLLATERAL_E_NONE && collateral->options->fetch; i++) {
        bool not_found = false;
        r = from_amd(collateral, &wants[i], ret, &not_found);
        if (r == COLLATERAL_E_NONE && (!not_found || i + 1 == n))
            return not_found ? warn_not_found(collateral, &wants[i]) : r;
    }
    return r;
}

static int add(Collateral *collateral, const CertificateWant *wants, size_t n)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    int r = get(collateral, wants, n, &bytes);
    if (r != COLLATERAL_OK)
        return r;
    r = attest_input_add(collateral->input, ATTEST_ITEM_CERTIFICATE, bytes.data, bytes.size);
    return r > 0 ? none(warn(collateral, "input-not-accepted", certificate_want_name(wants),
                             attest_input_reason(r)))
                 : r;
}

static int refuse_want(Collateral *collateral, int reason)
{
    if (reason == CERTIFICATE_WANT_E_CHIP)
        return none(warn(collateral, "kds-chip-unknown", "cpu", NULL));
    if (reason == CERTIFICATE_WANT_E_VLEK)
        return none(warn(collateral, "kds-vlek", "cpu", NULL));
    return none(warn(collateral, "kds-product-unknown", "cpu",
                     show_string(collateral->report, "product_from_cpuid")));
}

static int add_vcek(Collateral *collateral)
{
    CertificateWant wants[CERTIFICATE_WANTS_MAX];
    size_t n = 0;

    int r = certificate_want_vcek(collateral->report, wants, &n);
    return r == CERTIFICATE_WANT_OK ? add(collateral, wants, n) : refuse_want(collateral, r);
}

static int add_chain(Collateral *collateral)
{
    CertificateWant wants[CERTIFICATE_WANTS_MAX];
    size_t n = 0;

    int r = certificate_want_chain(collateral->report, wants, &n);
    return r == CERTIFICATE_WANT_OK ? add(collateral, wants, n) : refuse_want(collateral, r);
}

static bool has_finding(const attest_result *result, const char *name)
{
    for (size_t i = 0; attest_result_finding(result, i); i++)
        if (strcmp(attest_finding_name(attest_result_finding(result, i)), name) == 0)
            return true;
    return false;
}

/* What a verdict says of the certificates. */
typedef struct Lack {
    bool vek;
    bool chain; /* there, and not good enough */
} Lack;

static Lack lack_of(const attest_result *result)
{
    return (Lack){
        .vek = has_finding(result, "snp-vek-missing") ||
               has_finding(result, "hcl-hardware-unverified"),
        .chain = has_finding(result, "snp-chain-invalid") ||
                 has_finding(result, "snp-signer-missing") ||
                 has_finding(result, "snp-certificate-unfit"),
    };
}

/* 0 or negative errno. */
static int judge(Collateral *collateral, Lack *ret)
{
    _cleanup_(attest_result_freep) attest_result *result = NULL;

    int r = attest_verify(collateral->input, (attest_kind)collateral->options->verb->kind, &result);
    if (r < 0)
        return r;
    *ret = lack_of(result);
    if (collateral->report)
        return 0;
    json_auto_t *json = judged_json(result);
    collateral->report = json_incref(
        (json_t *)(uintptr_t)show_at(json, "claims.report")); /* NULL where there is none */
    return json ? 0 : -ENOMEM;
}

/* A verdict on evidence that is not genuine has no claims; an inspection has its report. */
static int inspect(Collateral *collateral, ByteView evidence)
{
    _cleanup_(attest_result_freep) attest_result *result = NULL;

    if (evidence.size == 0 || collateral->report)
        return 0;
    int r = attest_inspect(evidence.data, evidence.size, &result);
    if (r < 0)
        return r;
    json_auto_t *json = judged_json(result);
    collateral->report = json_incref((json_t *)(uintptr_t)show_at(json, "content.report"));
    return json ? 0 : -ENOMEM;
}

static int complete(Collateral *collateral, ByteView evidence)
{
    Lack lack = { 0 };

    int r = judge(collateral, &lack);
    if (r == 0)
        r = inspect(collateral, evidence);
    if (r == 0 && collateral->report && lack.vek) {
        r = add_vcek(collateral);
        if (r == COLLATERAL_OK)
            r = judge(collateral, &lack);
    }
    if (r == COLLATERAL_OK && collateral->report && lack.chain) {
        r = add_chain(collateral);
        if (r == COLLATERAL_OK)
            r = judge(collateral, &lack);
    }
    return r == COLLATERAL_OK && !lack.chain ? keep(collateral) : r;
}

int collateral_complete(const Options *options, ByteView evidence, attest_input *input,
                        Findings *findings)
{
    _cleanup_(collateral_done)
        Collateral collateral = { .options = options, .input = input, .findings = findings };

    if (!options->fetch && !options->cache)
        return 0;
    collateral.cache = options->cache ? strdup(options->cache) : certificate_cache_default();
    int r = complete(&collateral, evidence);
    return r < 0 ? complain_of_errno(r, options->verb->name) : 0;
}
