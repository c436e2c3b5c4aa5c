/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the store. What would spoil the whole round is left out here: too many, or two that
 * cannot both be what they say.
 */
#include "worker/wrapped.h"

#include "base/clock.h"
#include "base/encode.h"
#include "crypto/jwe.h"
#include "secret/store.h"
#include "worker/request-secret.h"

#include <errno.h>
#include <string.h>

enum { WRAPPED_OK, WRAPPED_E_FAILED /* the answer's findings say why */ };

static bool is_wanted(const WrappedRequest *request, const SecretListing *listing)
{
    const SecretHeader *header = &listing->header;

    if (listing->reason != SECRET_STORE_OK || !gate_kind_is_wrapped(header->gate_kind))
        return false;
    for (size_t i = 0; i < request->n_gates; i++)
        if (strcmp(request->gates[i], header->gate) == 0)
            return true;
    return false;
}

static int warn(WorkerAnswer *answer, const char *name, const char *subject, const char *found)
{
    return findings_add(&answer->findings, name, subject, FINDING_WARNING, found, NULL);
}

/* A copied file: its id and key serve under the name that comes first. NULL: there is none. */
static const AnswerWrapped *find_twin(const WorkerAnswer *answer, const char *id, const char *jwe)
{
    for (size_t i = 0; i < answer->n_wrapped; i++) {
        const AnswerWrapped *other = &answer->wrapped[i];
        if (strcmp(other->id, id) == 0 || strcmp(other->jwe, jwe) == 0)
            return other;
    }
    return NULL;
}

/* What is wrapped says the same ID. An answer about another would not be to what was asked. */
static int has_id(const char *jwe, const char *id, bool *ret)
{
    _cleanup_jwe_parts_ JweParts parts = { 0 };

    int r = jwe_parse(jwe, &parts);
    if (r < 0)
        return r;
    const char *found = r == JWE_OK ? json_string_value(json_object_get(parts.header, "id")) : NULL;
    *ret = found && strcmp(found, id) == 0;
    return 0;
}

static int add(WorkerAnswer *answer, const SecretHeader *header)
{
    _cleanup_free_ char *id = base64url_encode(VIEW_OF_ARRAY(header->id));
    bool is_own = false;

    int r = id ? has_id(header->wrapped, id, &is_own) : -ENOMEM;
    if (r < 0)
        return r;
    if (!is_own)
        return warn(answer, "secret-tampered", header->name, "the wrapped key of another secret");
    const AnswerWrapped *twin = find_twin(answer, id, header->wrapped);
    if (twin)
        return warn(answer, "secret-copied", header->name, twin->name);
    if (answer->n_wrapped == ANSWER_WRAPPED_MAX)
        return warn(answer, "secret-rewrap-many", header->name, NULL);
    AnswerWrapped *next = &answer->wrapped[answer->n_wrapped++]; /* frees what it owns, if less */
    next->id = TAKE_PTR(id);
    next->version = header->version;
    next->name = strdup(header->name);
    next->gate = strdup(header->gate);
    next->jwe = strdup(header->wrapped);
    return next->name && next->gate && next->jwe ? 0 : -ENOMEM;
}

static int list(const WrappedRequest *request, WorkerAnswer *answer)
{
    _cleanup_(secret_store_freep) SecretStore *store = NULL;
    _cleanup_secret_list_ SecretList all = { 0 };

    int r = secret_store_open(request->secrets_directory, &store);
    if (r == SECRET_STORE_OK)
        r = secret_store_list(store, &all);
    if (r == -ENOMEM)
        return r;
    if (r) {
        const char *found = r < 0 ? strerror(-r) : secret_store_reason(r);
        r = findings_add(&answer->findings, "secret-store-unusable", request->secrets_directory,
                         FINDING_FAILURE, found, NULL);
        return r < 0 ? r : WRAPPED_E_FAILED;
    }
    answer->wrapped = calloc(ANSWER_WRAPPED_MAX, sizeof(*answer->wrapped));
    r = answer->wrapped ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < all.n_items; i++)
        if (is_wanted(request, &all.items[i]))
            r = add(answer, &all.items[i].header);
    return r;
}

int wrapped_run(ByteView line, const FdList *given, WorkerAnswer *answer, FdList *fds)
{
    _cleanup_(wrapped_request_freep) WrappedRequest *request = NULL;
    uint64_t start = clock_boottime_usec(&clock_system);
    const char *member = NULL;

    (void)fds;
    int r = wrapped_request_parse(line, given, &request, &member);
    if (r < 0)
        return r;
    if (r != REQUEST_OK)
        return verb_refuse_request(answer, r, member);

    r = list(request, answer);
    if (r < 0)
        return r;
    return verb_conclude(answer, start);
}
