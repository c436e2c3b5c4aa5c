/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of every verb. The first byte says how many descriptors came along; what is accepted
 * keeps its promises.
 */
#include "format/evidence-claims.h"
#include "format/jwe-text.h"
#include "worker/request-collect.h"
#include "worker/request-fetch.h"
#include "worker/request-seal.h"
#include "worker/request-secret.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What its kind has, and nothing of another. */
static void check_gate(const RequestGate *gate)
{
    bool is_release = gate->kind == GATE_KIND_KEY_RELEASE;

    if (!gate_kind_has_round(gate->kind) || (gate->kind != GATE_KIND_VERIFIER && gate->release_key))
        abort();
    if (is_release != (gate->key_url != NULL) || is_release != (gate->resource != NULL) ||
        is_release != (gate->api_version != NULL) || (gate->key && !is_release))
        abort();
}

static void check_round(const RoundRequest *request)
{
    bool is_caller = request->purpose == PURPOSE_CALLER;

    if (is_caller != (request->nonce.size >= REQUEST_NONCE_MIN) || request->evidence.pcrs == 0 ||
        request->evidence.pcrs >> (REQUEST_PCR_MAX + 1))
        abort();
    if (!is_caller && (!request->has_verifier || request->verifier.n_urls == 0 ||
                       request->verifier.n_algorithms == 0 || !request->verifier.issuer))
        abort();
    if (is_caller && (request->n_gates > 0 || request->n_wrapped > 0))
        abort();
    for (size_t i = 0; i < request->n_gates; i++)
        check_gate(&request->gates[i]);
    for (size_t i = 0; i < request->n_wrapped; i++)
        if (!jwe_text_is_valid(request->wrapped[i].jwe) || request->wrapped[i].version == 0)
            abort();
}

/* The owner's is the last. How many are left for the others. */
static size_t check_owner(const EvidenceSettings *evidence, const FdList *given)
{
    if (!evidence->owner.is_given)
        return given->n_fds;
    if (given->n_fds == 0 || evidence->owner.fd != given->fds[given->n_fds - 1])
        abort();
    return given->n_fds - 1;
}

/* Every asker has the descriptor of its own place. */
static void check_release(const ReleaseRequest *request, const FdList *given)
{
    if (request->n_askers == 0 ||
        request->n_askers + request->n_approvals != check_owner(&request->evidence, given))
        abort();
    for (size_t i = 0; i < request->n_askers; i++)
        if (request->askers[i].fd != given->fds[request->n_approvals + i] ||
            !request->askers[i].name || !request->askers[i].asker)
            abort();
    for (size_t i = 0; i < request->n_approvals; i++)
        if (request->approvals[i].fd != given->fds[i] ||
            request->approvals[i].kind == GATE_KIND_PCR)
            abort();
}

/* What is to be sealed has all that its gate's kind needs, and nothing of another's. */
static void check_seal(const SealRequest *request, const FdList *given)
{
    const GateSettings *gate = &request->gate;

    if (!secret_name_is_valid(request->name) || request->secret_fd != given->fds[0])
        abort();
    if (check_owner(&request->evidence, given) != (request->evidence_fd >= 0 ? 2 : 1) ||
        (request->evidence_fd >= 0) != (request->evidence_nonce.size > 0))
        abort();
    if (gate->is_unknown)
        return;
    if ((gate->file.kind == GATE_KIND_VERIFIER) != (gate->release_key != NULL) ||
        (gate->file.kind == GATE_KIND_REWRAP) != (gate->rewrap_key != NULL) ||
        (gate->file.kind == GATE_KIND_KEY_RELEASE) != (gate->vault_key != NULL) ||
        request->pcrs.mask & ~gate->file.pcrs || request->binds_given & ~gate->file.binds)
        abort();
}

static void parse_secrets(ByteView line, const FdList *given)
{
    _cleanup_(seal_request_freep) SealRequest *seal = NULL;
    _cleanup_(release_request_freep) ReleaseRequest *release = NULL;
    _cleanup_(wrapped_request_freep) WrappedRequest *wrapped = NULL;
    _cleanup_(forget_request_freep) ForgetRequest *forget = NULL;
    const char *member = NULL;

    int r = seal_request_parse(line, given, &seal, &member);
    if ((r == REQUEST_OK) != (seal != NULL))
        abort();
    if (seal)
        check_seal(seal, given);
    r = release_request_parse(line, given, &release, &member);
    if ((r == REQUEST_OK) != (release != NULL))
        abort();
    if (release)
        check_release(release, given);
    r = wrapped_request_parse(line, given, &wrapped, &member);
    if ((r == REQUEST_OK) != (wrapped != NULL) || (wrapped && wrapped->n_gates == 0))
        abort();
    r = forget_request_parse(line, given, &forget, &member);
    if ((r == REQUEST_OK) != (forget != NULL) || (forget && !secret_name_is_valid(forget->name)))
        abort();
}

/* What is accepted has an address in AMD's service, or a name for why not. */
static void parse_fetch(ByteView line, const FdList *given)
{
    _cleanup_(fetch_request_freep) FetchRequest *fetch = NULL;
    _cleanup_free_ char *url = NULL;
    const char *member = NULL;

    int r = fetch_request_parse(line, given, &fetch, &member);
    if ((r == REQUEST_OK) != (fetch != NULL) || (r > 0 && !member))
        abort();
    if (!fetch)
        return;
    if (fetch->out_fd != given->fds[0] || fetch->timeout_sec == 0)
        abort();
    r = kds_url(fetch->base, &fetch->kds, &url);
    if ((r == KDS_OK) != (url != NULL) ||
        (url && strncmp(url, fetch->base, strlen(fetch->base)) != 0))
        abort();
}

/* A probe asks no gate to be opened, and its logs are descriptors that came. */
static void parse_probe(ByteView line, const FdList *given)
{
    _cleanup_(round_request_freep) RoundRequest *probe = NULL;
    const char *member = NULL;

    int r = probe_request_parse(line, given, &probe, &member);
    if ((r == REQUEST_OK) != (probe != NULL) || (r > 0 && !member))
        abort();
    if (!probe)
        return;
    if (probe->n_gates > 0 || probe->n_wrapped > 0 || probe->nonce.size > 0 ||
        (probe->has_verifier && probe->verifier.n_urls == 0))
        abort();
    if (given->n_fds == 0 && (probe->event_log_fd >= 0 || probe->userspace_log_fd >= 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(round_request_freep) RoundRequest *round = NULL;
    _cleanup_(collect_request_freep) CollectRequest *collect = NULL;
    FdList given = { 0 };
    const char *member = NULL;

    if (size == 0)
        return 0;
    for (size_t i = 0; i < MESSAGE_FDS_MAX; i++)
        given.fds[i] = 100 + (int)i;
    given.n_fds = data[0] % (MESSAGE_FDS_MAX + 1);
    ByteView line = { .data = data + 1, .size = size - 1 };
    int r = round_request_parse(line, &given, &round, &member);
    if ((r == REQUEST_OK) != (round != NULL) || (r > 0 && !member))
        abort();
    if (round)
        check_round(round);
    r = collect_request_parse(line, &given, &collect, &member);
    if ((r == REQUEST_OK) != (collect != NULL))
        abort();
    if (collect && (collect->claims.size == 0 || collect->claims.size > CLAIMS_SIZE_MAX))
        abort();
    if (round && (round->event_log_fd >= 0 || round->userspace_log_fd >= 0))
        abort();
    parse_secrets(line, &given);
    parse_fetch(line, &given);
    parse_probe(line, &given);
    return 0;
}
