/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each URL is asked for a challenge, once; the checks say how far that got.
 */
#include "base/clock.h"
#include "protocol/protocols.h"
#include "worker/probe-check.h"
#include "worker/transport.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PROBE_TIMEOUT_SEC 15 /* an exchange; a person waits */

/* What a finding of the transport says of the way. What is not here came from the server. */
static const struct {
    const char *prefix;
    ProbeReach reach;
} reaches[] = {
    { "verifier-url-invalid", REACH_NOTHING },       { "verifier-name-unresolved", REACH_NOTHING },
    { "verifier-unreachable", REACH_NAME },          { "verifier-proxy-failed", REACH_NAME },
    { "verifier-authorities-unusable", REACH_PEER }, { "verifier-tls-", REACH_PEER },
    { "verifier-pin-mismatch", REACH_PEER },         { "verifier-client-certificate-", REACH_PEER },
    { "verifier-credential-", REACH_PEER },
};

static ProbeReach reach_of(const Findings *findings)
{
    const Finding *failure = findings_first_failure(findings);

    for (size_t i = 0; failure && i < ELEMENTSOF(reaches); i++)
        if (strncmp(failure->name, reaches[i].prefix, strlen(reaches[i].prefix)) == 0)
            return reaches[i].reach;
    return failure ? REACH_SERVER : REACH_ALL;
}

/* One exchange's worth of a round: talk, way, step. */
typedef struct ProbeTalk {
    const VerifierProtocol *protocol;
    Conversation *conversation;
    Transport *transport;
    Step step;
    WorkerAnswer answer;
    Findings ending; /* certificates that will be over soon */
} ProbeTalk;

static void talk_done(ProbeTalk *talk)
{
    if (talk->conversation)
        (void)talk->protocol->free(talk->conversation);
    (void)transport_free(talk->transport);
    step_done(&talk->step);
    worker_answer_done(&talk->answer);
    findings_done(&talk->ending);
}

static int feed(ProbeTalk *talk, const HttpReply *reply)
{
    _cleanup_step_ Step next = { 0 };
    const ProtocolReply heard = {
        .status = reply->status,
        .content_type = reply->content_type,
        .body = VIEW(reply->body),
    };

    int r = talk->protocol->feed(talk->conversation, &heard, &next);
    if (r < 0)
        return r;
    if (next.kind == STEP_BROKEN)
        return findings_move(&talk->answer.findings, &next.findings);
    if (next.kind == STEP_NEED_EVIDENCE)
        return 0;
    return findings_add(&talk->answer.findings, "verifier-reply-malformed", "verifier",
                        FINDING_FAILURE, "no challenge", NULL);
}

/* What goes wrong, but for memory, is in TALK's findings. */
static int ask(const RoundRequest *request, ProbeTalk *talk)
{
    const ProtocolIdentity nobody = { .ak_public = { 0 } };
    _cleanup_http_reply_ HttpReply reply = { 0 };

    talk->protocol = protocol_find(request->verifier.protocol);
    if (!talk->protocol)
        return findings_add(&talk->answer.findings, "verifier-protocol-unknown", "verifier",
                            FINDING_FAILURE, request->verifier.protocol, NULL);
    int r = transport_new(request, talk->protocol, &talk->answer, &talk->transport);
    if (r)
        return MIN(r, 0);
    r = talk->protocol->begin(&nobody, &talk->conversation, &talk->step);
    if (r < 0)
        return r;
    r = transport_exchange(talk->transport, &talk->step.request, &talk->answer, &reply);
    if (r)
        return MIN(r, 0);
    r = transport_note_ends(talk->transport, &talk->ending);
    return r < 0 ? r : feed(talk, &reply);
}

/* A failure on the way to one URL is none of the verifier while another one answers. */
static void weaken(Findings *findings)
{
    for (size_t i = 0; i < findings->n_items; i++)
        findings->items[i].result = FINDING_WARNING;
}

static int try_url(Probe *probe, size_t index)
{
    ProbeRoute *route = &probe->routes[index];
    _cleanup_(talk_done) ProbeTalk talk = { .answer = WORKER_ANSWER_INIT };
    RoundRequest request = *probe->request; /* borrows all of it */

    request.verifier.urls[0] = probe->request->verifier.urls[index];
    request.verifier.n_urls = 1;
    request.verifier.timeout_sec = MIN(request.verifier.timeout_sec, PROBE_TIMEOUT_SEC);
    /* Passed files are read from where they stand. */
    const int files[] = { request.client_certificate_fd, request.client_key_fd,
                          request.api_key_fd };
    for (size_t i = 0; i < ELEMENTSOF(files); i++)
        if (files[i] >= 0 && lseek(files[i], 0, SEEK_SET) < 0)
            return -errno;

    int r = ask(&request, &talk);
    if (r < 0)
        return r;
    route->reach = reach_of(&talk.answer.findings);
    if (talk.answer.has_clock_skew) {
        probe->has_clock_skew = true;
        probe->clock_skew_sec = talk.answer.clock_skew_sec;
    }
    r = findings_move(&probe->ending, &talk.ending);
    return r < 0 ? r : findings_move(&route->findings, &talk.answer.findings);
}

static int try_urls(Probe *probe)
{
    bool is_answered = false;

    for (; probe->n_routes < probe->request->verifier.n_urls; probe->n_routes++) {
        int r = try_url(probe, probe->n_routes);
        if (r < 0)
            return r;
        is_answered = is_answered || probe->routes[probe->n_routes].reach == REACH_ALL;
    }
    for (size_t i = 0; i < probe->n_routes && is_answered; i++)
        weaken(&probe->routes[i].findings);
    return 0;
}

/* Takes what ended at REACH to CHECK; SAID when nothing did. */
static int judge(Probe *probe, ProbeReach reach, const char *said, Check *check)
{
    size_t n_further = 0;

    for (size_t i = 0; i < probe->n_routes; i++) {
        ProbeRoute *route = &probe->routes[i];
        int r = route->reach == reach ? findings_move(&check->findings, &route->findings) : 0;
        if (r < 0)
            return r;
        n_further += route->reach > reach;
    }
    if (n_further > 0)
        return check_say(check, "%s (%zu of %zu URLs)", said, n_further, probe->n_routes);
    return check->findings.n_items > 0 ? 0 : check_skip(check, "nothing was reached so far");
}

int probe_dns(Probe *probe, Check *ret)
{
    int r = try_urls(probe);

    if (r < 0)
        return r;
    if (*probe->request->verifier.proxy)
        return check_skip(ret, "the proxy looks names up");
    return judge(probe, REACH_NOTHING, "every name has an address", ret);
}

int probe_connection(Probe *probe, Check *ret)
{
    bool uses_proxy = *probe->request->verifier.proxy;

    return judge(probe, REACH_NAME, uses_proxy ? "connected, through the proxy" : "connected", ret);
}

int probe_tls(Probe *probe, Check *ret)
{
    const VerifierSettings *verifier = &probe->request->verifier;
    const char *roots = verifier->ca_pem ? "the configured CA" : "a CA of this system";
    char said[128];

    (void)snprintf(said, sizeof(said), "the certificate is %s's and for this name%s", roots,
                   verifier->n_pins > 0 ? ", its key is pinned" : "");
    int r = findings_move(&ret->findings, &probe->ending);
    return r < 0 ? r : judge(probe, REACH_PEER, said, ret);
}

int probe_challenge(Probe *probe, Check *ret)
{
    return judge(probe, REACH_SERVER, "the verifier gives a challenge", ret);
}

/* Beyond the leeway a token is from the future, or over before it came. */
int probe_clock(Probe *probe, Check *ret)
{
    int64_t skew = probe->clock_skew_sec, leeway = (int64_t)probe->request->verifier.leeway_sec;
    int64_t distance = skew < 0 ? -skew : skew;
    char found[64], wanted[64];

    if (!probe->has_clock_skew)
        return check_skip(ret, "the verifier has told no time");
    (void)snprintf(found, sizeof(found), "the verifier is %lld s %s us", (long long)distance,
                   skew < 0 ? "behind" : "ahead of");
    (void)snprintf(wanted, sizeof(wanted), "at most %lld s", (long long)leeway);
    if (distance > leeway / 2)
        return findings_add(&ret->findings, "verifier-clock-differs", "clock",
                            distance > leeway ? FINDING_FAILURE : FINDING_WARNING, found, wanted);
    return check_say(ret, "%s", distance == 0 ? "as the verifier's" : found);
}
