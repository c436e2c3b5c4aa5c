/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence for a caller, made for a nonce of attestctl's: genuine, of now, and about the key that
 * is loaded here.
 */
#include "worker/seal-root-paravisor.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/file.h"
#include "verify/verify.h"
#include "worker/seal-root.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PARAVISORS_MAX 64 /* of a gate's list */

_Static_assert(SPKI_DIGEST_SIZE == SIMULATED_ROOT_LEN, "one kind of digest names a root");

/* The gate's list as verifiers have it. */
typedef struct Paravisors {
    PolicyParavisor items[PARAVISORS_MAX];
    size_t n_items;
} Paravisors;

static void paravisors_done(Paravisors *paravisors)
{
    for (size_t i = 0; i < paravisors->n_items; i++) {
        bytes_done(&paravisors->items[i].measurement);
        bytes_done(&paravisors->items[i].id_key_digest);
        bytes_done(&paravisors->items[i].mrtd);
    }
}

static int fail(const SealRequest *request, Findings *findings, const char *name, const char *found)
{
    int r = findings_add(findings, name, request->name, FINDING_FAILURE, found, NULL);

    return r < 0 ? r : SEAL_ROOT_E_REFUSED;
}

/* Absent is empty; the gate file's reader has seen to the rest. */
static int read_digest(const json_t *item, const char *member, Bytes *ret)
{
    const char *text = json_string_value(json_object_get(item, member));
    int r = text ? hex_decode(text, ret) : 0;

    return r > 0 ? -EINVAL : r;
}

static int read_paravisors(const json_t *list, Paravisors *ret)
{
    const json_t *item;
    size_t i;

    json_array_foreach (list, i, item) {
        if (ret->n_items == PARAVISORS_MAX)
            return -EINVAL;
        PolicyParavisor *paravisor = &ret->items[ret->n_items++];
        int r = read_digest(item, "measurement", &paravisor->measurement);
        if (r == 0)
            r = read_digest(item, "id_key_digest", &paravisor->id_key_digest);
        if (r == 0)
            r = read_digest(item, "mrtd", &paravisor->mrtd);
        if (r < 0)
            return r;
    }
    return 0;
}

static int read_evidence(const SealRequest *request, Findings *findings, Evidence *ret)
{
    _cleanup_bytes_ Bytes json = { 0 };
    EvidenceDetail detail = { 0 };

    int r = fd_read_all(request->evidence_fd, EVIDENCE_SIZE_MAX, &json);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return fail(request, findings, "secret-evidence-unusable", strerror(-r));
    r = evidence_parse(VIEW(json), &detail, ret);
    return r <= 0 ? r : fail(request, findings, "secret-evidence-unusable", evidence_reason(r));
}

static int judge(const SealRequest *request, const Evidence *evidence, Findings *findings,
                 Appraisal **ret)
{
    _cleanup_(paravisors_done) Paravisors paravisors = { 0 };
    SpkiDigest roots[REQUEST_LIST_MAX];

    for (size_t i = 0; i < request->n_simulated_roots; i++)
        memcpy(roots[i].bytes, request->simulated_roots[i], sizeof(roots[i].bytes));
    int r = read_paravisors(request->gate.file.paravisors, &paravisors);
    if (r < 0)
        return r;
    const VerifyInput input = {
        .evidence = evidence,
        .nonce = VIEW(request->evidence_nonce),
        .caller_allowed = true,
        .now_sec = (int64_t)(clock_realtime_usec(&clock_system) / USEC_PER_SEC),
        .simulated_roots = roots,
        .n_simulated_roots = request->n_simulated_roots,
        .paravisors = paravisors.items,
        .n_paravisors = paravisors.n_items,
        .source = findings->source,
    };
    return verify_evidence(&input, ret);
}

/* What would go into the gate's list. */
static int describe(const Appraisal *appraisal, char *text, size_t size)
{
    const json_t *facts = appraisal->cpu.facts;
    const char *measurement = json_string_value(json_object_get(facts, "measurement"));
    const char *id_key = json_string_value(json_object_get(facts, "id_key_digest"));

    if (!measurement)
        return snprintf(text, size, "no report of a paravisor");
    if (!id_key)
        return snprintf(text, size, "mrtd:%s", measurement);
    if (strspn(id_key, "0") == strlen(id_key)) /* no identity block */
        return snprintf(text, size, "measurement:%s", measurement);
    return snprintf(text, size, "measurement:%s id-key:%s", measurement, id_key);
}

/* Genuine, but of none that the gate lists, or it lists none. */
static int refuse_root(const SealRequest *request, const Appraisal *appraisal, Findings *findings)
{
    bool has_list = request->gate.file.paravisors;
    char found[FINDING_TEXT_MAX];

    (void)describe(appraisal, found, sizeof(found));
    return fail(request, findings, has_list ? "secret-paravisor-unknown" : "secret-vtpm-unchecked",
                found);
}

/* Is the memory with the vTPM's keys somebody else's to read? No measurement covers that. */
static const char *find_opening(const Appraisal *appraisal)
{
    const json_t *facts = appraisal->cpu.facts;
    bool is_tdx = appraisal->hardware == HARDWARE_TDX;

    if (!json_is_false(json_object_get(facts, "debug")))
        return is_tdx ? "tdx-debug-enabled" : "snp-debug-enabled";
    if (!json_is_false(json_object_get(facts, is_tdx ? "migratable" : "migration_agent")))
        return is_tdx ? "tdx-migratable" : "snp-migration-agent";
    return NULL;
}

static int conclude(const SealRequest *request, const Vtpm *vtpm, Appraisal *appraisal,
                    Findings *findings)
{
    if (appraisal->vtpm_root != VTPM_ROOT_PARAVISOR)
        return refuse_root(request, appraisal, findings);
    const char *opening = find_opening(appraisal);
    if (opening)
        return fail(request, findings, opening, NULL);
    if (!view_equal(VIEW(appraisal->ak_name), vtpm_ak_name(vtpm)))
        return fail(request, findings, "secret-ak-elsewhere",
                    "the report names another than this TPM has");
    return SEAL_ROOT_OK;
}

int seal_root_paravisor(const SealRequest *request, const Vtpm *vtpm, Findings *findings)
{
    _cleanup_evidence_ Evidence evidence = { 0 };
    _cleanup_(appraisal_freep) Appraisal *appraisal = NULL;

    int r = read_evidence(request, findings, &evidence);
    if (r != SEAL_ROOT_OK)
        return r;
    r = judge(request, &evidence, findings, &appraisal);
    if (r < 0)
        return r;
    bool is_genuine = r == VERIFY_OK;
    r = findings_move(findings, &appraisal->findings);
    if (r < 0)
        return r;
    return is_genuine ? conclude(request, vtpm, appraisal, findings) : SEAL_ROOT_E_REFUSED;
}
