/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl evidence and token: what attestd hands over as a descriptor, to a file or stdout.
 */
#include "base/encode.h"
#include "base/file.h"
#include "base/wipe.h"
#include "ctl/bus-client.h"
#include "ctl/verb.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define EVIDENCE_SIZE_MAX    (4u << 20)  /* bytes, docs/evidence.md */
#define TOKEN_SIZE_MAX       (64u << 10) /* bytes, RFC 7519 as read here */
#define NONCE_SIZE_MIN       8           /* bytes, RFC 9711 4.1 */
#define NONCE_SIZE_MAX       64          /* bytes */
#define NONCE_SIZE           32          /* bytes of one we choose */
#define COLLECT_TIMEOUT_USEC UINT64_C(400000000)

/* Reads the memfd that came as REPLY's first argument. */
static int read_reply(sd_bus_message *reply, size_t limit, Bytes *ret)
{
    int fd;

    int r = sd_bus_message_read(reply, "h", &fd);
    if (r < 0)
        return r;
    return fd_read_all(fd, limit, ret);
}

static int write_out(const Options *options, ByteView bytes, const char *what)
{
    int r;

    if (options->out)
        r = file_write_atomic(options->out, bytes, 0600);
    else
        r = fd_write_all(STDOUT_FILENO, bytes);
    if (r < 0) {
        (void)fprintf(stderr, "attestctl: cannot write the %s to %s: %s\n", what,
                      options->out ? options->out : "stdout", strerror(-r));
        return EXIT_CLASS_INTERNAL;
    }
    return 0;
}

/* CALL is sent with the right to ask the person; its answer goes out. */
static int fetch(sd_bus *bus, sd_bus_message *call, const Options *options, size_t limit,
                 const char *what)
{
    _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    _cleanup_wiped_bytes_ Bytes bytes = { 0 };

    int r = sd_bus_message_set_allow_interactive_authorization(call, 1);
    if (r >= 0)
        r = sd_bus_call(bus, call, COLLECT_TIMEOUT_USEC, &error, &reply);
    if (r >= 0)
        r = read_reply(reply, limit, &bytes);
    if (r < 0)
        return bus_client_report(&error, r);
    return write_out(options, VIEW(bytes), what);
}

static int new_call(sd_bus **ret_bus, const char *method, sd_bus_message **ret)
{
    int r = bus_client_open(ret_bus);
    if (r < 0)
        return r;
    return sd_bus_message_new_method_call(*ret_bus, ret, AGENT_NAME, AGENT_PATH, AGENT_INTERFACE,
                                          method);
}

static int run_token(const Options *options)
{
    _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;

    if (new_call(&bus, "GetToken", &call) < 0)
        return EXIT_CLASS_INTERNAL;
    return fetch(bus, call, options, TOKEN_SIZE_MAX, "token");
}

/* The nonce of --nonce, or a fresh one, which is said on stderr. */
static int choose_nonce(const Options *options, Bytes *ret)
{
    _cleanup_bytes_ Bytes nonce = { 0 };

    if (options->nonce) {
        int r = hex_decode(options->nonce, &nonce);
        if (r > 0 || nonce.size < NONCE_SIZE_MIN || nonce.size > NONCE_SIZE_MAX)
            return -EINVAL;
        if (r < 0)
            return r;
    } else {
        int r = bytes_new(NONCE_SIZE, &nonce);
        if (r < 0)
            return r;
        if (getrandom(nonce.data, nonce.size, 0) != (ssize_t)nonce.size)
            return -EIO;
        _cleanup_free_ char *text = hex_encode(VIEW(nonce));
        (void)fprintf(stderr, "Nonce: %s\n", text ? text : "?");
    }
    *ret = TAKE_STRUCT(nonce);
    return 0;
}

static int run_evidence(const Options *options)
{
    _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
    _cleanup_bytes_ Bytes nonce = { 0 };

    int r = choose_nonce(options, &nonce);
    if (r == -EINVAL) {
        (void)fprintf(stderr,
                      "attestctl: --nonce is not 16 to 128 hexadecimal digits\n"
                      "Remedy: give %d to %d bytes as hex, such as the verifier's challenge.\n",
                      NONCE_SIZE_MIN, NONCE_SIZE_MAX);
        return EXIT_CLASS_USAGE;
    }
    if (r < 0 || new_call(&bus, "CollectEvidence", &call) < 0)
        return EXIT_CLASS_INTERNAL;
    r = sd_bus_message_append_array(call, 'y', nonce.data, nonce.size);
    if (r < 0)
        return EXIT_CLASS_INTERNAL;
    return fetch(bus, call, options, EVIDENCE_SIZE_MAX, "evidence");
}

static const Option token_options[] = {
    TEXT_OPTION("out", out, "FILE", "write FILE, mode 0600"),
    { 0 },
};

static const Option evidence_options[] = {
    TEXT_OPTION("nonce", nonce, "HEX", "8 to 64 bytes; random when not given"),
    TEXT_OPTION("out", out, "FILE", "write FILE, mode 0600"),
    { 0 },
};

const Verb verb_evidence[] = {
    { .name = "evidence",
      .help = "fresh evidence over --nonce, for another verifier",
      .run = run_evidence,
      .options = evidence_options },
    { 0 },
};

const Verb verb_token[] = {
    { .name = "token",
      .help = "the attestation result in force, a bearer of facts",
      .run = run_token,
      .options = token_options },
    { 0 },
};
