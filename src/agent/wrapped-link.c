/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request out, answer in, judged by its shape.
 */
#include "agent/wrapped-link.h"

#include "agent/release-link.h"
#include "agent/worker-link.h"

#include <errno.h>
#include <stdio.h>

struct WrappedLink {
    WrappedDone *done;
    void *userdata;
    WorkerLink *link;
};

WrappedLink *wrapped_link_free(WrappedLink *link)
{
    if (!link)
        return NULL;
    (void)worker_link_free(link->link);
    free(link);
    return NULL;
}

static bool answer_fits(const WorkerAnswer *answer, const WorkerReply *reply)
{
    return answer->result == ANSWER_OK && !answer->token && !answer->secret_name &&
           !answer->cpu.provider && answer->n_released == 0 && answer->n_fds == 0 &&
           reply->n_fds == 0;
}

static void judge(WrappedLink *link, const WorkerReply *reply)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;

    int r = worker_answer_decode(VIEW(reply->line), &answer);
    if (r == WORKER_ANSWER_OK && answer.result == ANSWER_FAILED)
        link->done(NULL, answer.error, link->userdata);
    else if (r || !answer_fits(&answer, reply))
        link->done(NULL, r < 0 ? "internal-error" : "release-answer-malformed", link->userdata);
    else
        link->done(&answer, NULL, link->userdata);
}

static void wrapped_on_reply(int reason, WorkerReply *reply, void *userdata)
{
    WrappedLink *link = userdata;

    if (reason == WORKER_LINK_OK)
        judge(link, reply);
    else
        link->done(NULL, release_link_error(reason), link->userdata);
}

/* With its line feed. NULL: no memory. */
static char *make_line(const WrappedLinkRequest *request)
{
    json_auto_t *object = json_pack("{ss ss sO}", "verb", "wrapped", "secrets_directory",
                                    request->config->secrets.directory, "gates", request->gates);
    _cleanup_free_ char *text = object ? json_text(object) : NULL;
    char *line;

    return text && asprintf(&line, "%s\n", text) >= 0 ? line : NULL;
}

int wrapped_link_new(sd_event *event, const WrappedLinkRequest *request, WrappedDone *done,
                     void *userdata, WrappedLink **ret)
{
    _cleanup_(wrapped_link_freep) WrappedLink *link = malloc(sizeof(*link));
    _cleanup_free_ char *line = make_line(request), *path = NULL;
    WorkerLinkRequest wire = { .timeout_usec = request->config->schedule.round_timeout_usec };

    if (!link)
        return -ENOMEM;
    *link = (WrappedLink){ .done = done, .userdata = userdata };
    if (!line)
        return -ENOMEM;
    if (asprintf(&path, "%s/release.sock", request->runtime_directory) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    wire.socket_path = path;
    wire.line = view_of_string(line);
    int r = worker_link_new(event, &wire, wrapped_on_reply, link, &link->link);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(link);
    return 0;
}
