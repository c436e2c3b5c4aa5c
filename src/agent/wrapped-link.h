/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Before a round with gates of kind rewrap: the release worker, which alone reads secret files, is
 * asked for the wrapped data keys behind them. They are no secrets.
 */
#pragma once

#include "config/config.h"
#include "format/worker-answer.h"

#include <systemd/sd-event.h>

/*
 * ANSWER has the wrapped keys and perhaps warnings, which may be taken; or it is NULL and ERROR
 * says why, by a name of the catalogue or of the worker's. May free the link.
 */
typedef void WrappedDone(WorkerAnswer *answer, const char *error, void *userdata);

typedef struct WrappedLink WrappedLink;

typedef struct WrappedLinkRequest {
    const Config *config;
    const char *runtime_directory;
    json_t *gates; /* array of names, one or more */
} WrappedLinkRequest;

/*
 * Begins; DONE is called once, from the event loop and never from here, unless the link is freed
 * before. Nothing of REQUEST is kept. Negative errno.
 */
_must_check_ int wrapped_link_new(sd_event *event, const WrappedLinkRequest *request,
                                  WrappedDone *done, void *userdata, WrappedLink **ret);
WrappedLink *wrapped_link_free(WrappedLink *link);
DEFINE_CLEANUP(WrappedLink *, wrapped_link_free);
