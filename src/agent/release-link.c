/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request out, answer in, judged by its shape.
 */
#include "agent/release-link.h"

#include "agent/round-request.h"
#include "agent/worker-link.h"
#include "config/config-request.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* A round may hold the TPM for as long as it lasts; the release worker waits for it. */
#define BEYOND_A_ROUND_USEC (30 * USEC_PER_SEC)

_Static_assert(WAITING_SLOTS + ANSWER_APPROVALS_MAX + 1 <= WORKER_LINK_FDS_MAX, "a batch fits");
_Static_assert(WAITING_SLOTS <= ANSWER_RELEASED_MAX, "and so does its answer");

struct ReleaseLink {
    sd_event *event;
    ReleaseDone *done;
    void *userdata;
    size_t n_askings;
    WorkerLink *link;
};

ReleaseLink *release_link_free(ReleaseLink *link)
{
    if (!link)
        return NULL;
    (void)worker_link_free(link->link);
    free(link);
    return NULL;
}

const char *release_link_error(int reason)
{
    switch (reason) {
    case WORKER_LINK_E_UNREACHABLE:
        return "release-worker-unreachable";
    case WORKER_LINK_E_SILENT:
        return "release-worker-silent";
    case WORKER_LINK_E_ENDED:
        return "release-worker-ended";
    case WORKER_LINK_E_DESCRIPTORS:
        return "descriptors-exhausted";
    }
    return "release-answer-malformed";
}

/* An answer to a release, and about this batch. */
static bool answer_fits(const WorkerAnswer *answer, const WorkerReply *reply, size_t n_askings)
{
    return answer->result == ANSWER_OK && answer->n_released == n_askings && !answer->token &&
           !answer->secret_name && !answer->cpu.provider && answer->n_wrapped == 0 &&
           answer->n_fds == 0 && reply->n_fds == 0;
}

static int judge(ReleaseLink *link, const WorkerReply *reply)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;

    int r = worker_answer_decode(VIEW(reply->line), &answer);
    if (r < 0)
        return r;
    if (r == WORKER_ANSWER_OK && answer.result == ANSWER_FAILED)
        return link->done(NULL, answer.error, link->userdata);
    if (r > 0 || !answer_fits(&answer, reply, link->n_askings))
        return link->done(NULL, "release-answer-malformed", link->userdata);
    return link->done(&answer, NULL, link->userdata);
}

/* The worker writes "ASKER: what it found", with the secret as its subject. */
const char *release_link_found(const WorkerAnswer *answer, const Asking *asking,
                               const char *finding)
{
    const char *asker = asking->asker.text;
    size_t length = strlen(asker);

    for (size_t i = 0; i < answer->findings.n_items; i++) {
        const Finding *item = &answer->findings.items[i];
        if (strcmp(item->name, finding) == 0 && strcmp(item->subject, asking->asker.secret) == 0 &&
            item->found && strncmp(item->found, asker, length) == 0 &&
            strncmp(item->found + length, ": ", 2) == 0)
            return item->found + length + 2;
    }
    return NULL;
}

static void release_on_reply(int reason, WorkerReply *reply, void *userdata)
{
    ReleaseLink *link = userdata;
    sd_event *event = link->event;

    int r = reason == WORKER_LINK_OK ? judge(link, reply)
                                     : link->done(NULL, release_link_error(reason), link->userdata);
    if (r < 0)
        (void)sd_event_exit(event, r);
}

/* A request in the making. */
typedef struct Draft {
    json_t *names; /* of the descriptors */
    json_t *approvals;
    int fds[WORKER_LINK_FDS_MAX];
    size_t n_fds;
    size_t n_owned; /* the first so many are ours to close: approvals */
    int owner;      /* the last, ours to close: of the TPM's owner; -EBADF: none */
} Draft;

static void draft_done(Draft *draft)
{
    json_decref(draft->names);
    json_decref(draft->approvals);
    for (size_t i = 0; i < draft->n_owned; i++)
        closep(&draft->fds[i]);
    closep(&draft->owner);
}

static int add_name(Draft *draft, const char *prefix, const char *rest)
{
    return json_array_append_new(draft->names, json_sprintf("%s%s", prefix, rest)) < 0 ? -ENOMEM
                                                                                       : 0;
}

static int add_approval(Draft *draft, const ApprovalStore *store, const GateApproval *approval)
{
    int fd = approval_open(store, approval);

    /* A file that is gone is an approval that is not held. */
    if (fd < 0)
        return 0;
    draft->fds[draft->n_fds++] = fd;
    draft->n_owned++;
    json_t *item =
        json_pack("{ss ss}", "gate", approval->gate, "kind", gate_kind_name(approval->kind));
    if (json_array_append_new(draft->approvals, item) < 0)
        return -ENOMEM;
    return add_name(draft, ANSWER_APPROVAL_PREFIX, approval->gate);
}

static int add_approvals(Draft *draft, const ApprovalStore *store, const Approvals *approvals)
{
    int r = 0;

    for (size_t i = 0; i < approvals->n_items && draft->n_owned < ANSWER_APPROVALS_MAX && r == 0;
         i++)
        r = add_approval(draft, store, &approvals->items[i]);
    return r;
}

static json_t *add_askers(Draft *draft, const ReleaseBatch *batch)
{
    json_auto_t *askers = json_array();
    char number[24];

    for (size_t i = 0; askers && i < batch->n_askings; i++) {
        const Asking *asking = batch->askings[i];
        json_t *item =
            json_pack("{ss ss ss}", "name", asking->asker.secret, "asker", asking->asker.text, "as",
                      asking_is_caller(asking) ? "memfd" : "stream");
        (void)snprintf(number, sizeof(number), "%zu", i);
        if (json_array_append_new(askers, item) < 0 || add_name(draft, "asker-", number) < 0)
            return NULL;
        draft->fds[draft->n_fds++] = asking->fd;
    }
    return TAKE_PTR(askers);
}

/* Without it the worker says what it was needed for, if it was. */
static int add_owner(Draft *draft, const char *path)
{
    draft->owner = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -EBADF;
    if (draft->owner < 0)
        return 0;
    draft->fds[draft->n_fds++] = draft->owner;
    return add_name(draft, "owner-authorization", "");
}

static char *make_line(Draft *draft, const ReleaseBatch *batch)
{
    json_t *askers = add_askers(draft, batch);
    int r = add_owner(draft, batch->config->evidence.owner_authorization_file);
    json_auto_t *object =
        json_pack("{ss so ss so ss sO so sO}", "verb", "release", "evidence",
                  config_evidence_request(&batch->config->evidence), "secrets_directory",
                  batch->config->secrets.directory, "lock_directory",
                  json_sprintf("%s/lock", batch->runtime_directory), "vtpm_root", batch->vtpm_root,
                  "approvals", draft->approvals, "askers", askers, "fds", draft->names);
    _cleanup_free_ char *text = object && r == 0 ? json_text(object) : NULL;
    char *line;

    if (!text || asprintf(&line, "%s\n", text) < 0)
        return NULL;
    return line;
}

static int start_link(ReleaseLink *link, const ReleaseBatch *batch, Draft *draft)
{
    _cleanup_free_ char *line = make_line(draft, batch), *path = NULL;
    WorkerLinkRequest request = {
        .n_fds = draft->n_fds,
        .timeout_usec = batch->config->schedule.round_timeout_usec + BEYOND_A_ROUND_USEC,
    };

    if (!line)
        return -ENOMEM;
    if (asprintf(&path, "%s/release.sock", batch->runtime_directory) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    request.line = view_of_string(line);
    request.socket_path = path;
    memcpy(request.fds, draft->fds, draft->n_fds * sizeof(draft->fds[0]));
    return worker_link_new(link->event, &request, release_on_reply, link, &link->link);
}

int release_link_new(sd_event *event, const ReleaseBatch *batch, ReleaseDone *done, void *userdata,
                     ReleaseLink **ret)
{
    _cleanup_(draft_done)
        Draft draft = { .names = json_array(), .approvals = json_array(), .owner = -EBADF };
    _cleanup_(release_link_freep) ReleaseLink *link = malloc(sizeof(*link));

    if (!link)
        return -ENOMEM;
    *link = (ReleaseLink){
        .event = event, .done = done, .userdata = userdata, .n_askings = batch->n_askings
    };
    if (!draft.names || !draft.approvals)
        return -ENOMEM;
    int r = add_approvals(&draft, batch->store, batch->approvals);
    if (r == 0)
        r = add_approvals(&draft, batch->store, batch->once);
    if (r == 0)
        r = start_link(link, batch, &draft);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(link);
    return 0;
}
