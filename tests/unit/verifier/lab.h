/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A verifier of a test's own: private directory, free port, real TLS; ended by its pid, and by the
 * kernel when the test dies.
 */
#pragma once

#include "testing.h"

#include "base/json.h"

#include <sys/types.h>

typedef struct Lab {
    char directory[40]; /* everything is below it */
    char verifier[64];  /* attest-verifier's DIR */
    char log[64];       /* its stderr */
    pid_t pid;
    unsigned port;
} Lab;

/* Makes DIR with init, in this process. PREFIX: path in the URL, "" for none. */
Lab lab_new(const char *prefix);
/* Ends the server, if it runs, and removes everything. */
void lab_done(Lab *lab);

/* Starts `serve DIR --listen LISTEN --processes N` and waits until it serves. */
void lab_serve(Lab *lab, const char *listen, const char *processes);
/* The same as systemd would: FD is the listening socket, NOTIFY where sd_notify(3) goes. */
void lab_serve_activated(Lab *lab, int fd, const char *notify);
/* SIGTERM; its exit status. */
int lab_stop(Lab *lab);
/* Waits until the log has TEXT, from byte OFFSET on. */
void lab_await_log(const Lab *lab, const char *text, size_t offset);
size_t lab_log_size(const Lab *lab);
/* Replaces the file NAME below the verifier's directory. */
void lab_write(const Lab *lab, const char *name, const char *text);
/* The children of the server; returns how many. */
size_t lab_workers(const Lab *lab, pid_t *workers, size_t n_max);

typedef struct LabRequest {
    const char *method; /* NULL: GET, or POST with a body */
    const char *path;
    const char *content_type;
    const char *header; /* one more; or NULL */
    const char *unix_socket;
    ByteView body; /* .data NULL: none */
} LabRequest;

typedef struct LabReply {
    long status; /* 0: no reply */
    char content_type[96];
    Bytes body;
    json_t *json; /* NULL: none */
} LabReply;

void lab_reply_done(LabReply *reply);
#define _cleanup_reply_ _cleanup_(lab_reply_done)

LabReply lab_request(const Lab *lab, const LabRequest *request);
/* Checks status, media type and type of a problem document. */
void lab_check_problem(const LabReply *reply, long status, const char *name);
/* The nonce of a fresh challenge, as text; owned. */
char *lab_challenge(const Lab *lab);
