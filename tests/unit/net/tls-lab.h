/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A private certificate authority and a server that misbehaves on demand, for one test program:
 * loopback only, free ports, a temporary directory of its own; gone when the program ends, however
 * it ends.
 */
#pragma once

#include "base/json.h"

#include <sys/types.h>

typedef struct TlsLab {
    char directory[64];
    char *ca_pem;     /* signed all good leaves */
    char *other_pem;  /* an authority that signed none of them */
    char *fading_pem; /* one that ends soon, and signed the leaf "faded" */
    char *pin;        /* "sha256//…" of the good server's key */
    Bytes client_certificate;
    Bytes client_key;
    Bytes ending_certificate; /* a client certificate that ends soon */
    Bytes ending_key;
    Bytes foreign_certificate; /* a client certificate by the other authority */
    Bytes foreign_key;
    json_t *ports; /* name of a listener to its port */
    pid_t pid;
    int stdin_fd; /* closing it ends the server */
} TlsLab;

void tls_lab_start(TlsLab *lab);
void tls_lab_stop(TlsLab *lab);
/* "https://127.0.0.1:PORT/PATH" for a listener of bad-server.py; owned. */
char *tls_lab_url(const TlsLab *lab, const char *listener, const char *path);
