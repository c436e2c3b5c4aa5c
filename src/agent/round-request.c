/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Config to request.
 */
#include "agent/round-request.h"

#include "config/config-request.h"
#include "config/config-value.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

void round_request_done(RoundRequest *request)
{
    json_decref(request->object);
    request->object = NULL;
    bytes_done(&request->line);
    for (size_t i = 0; i < request->n_fds; i++)
        closep(&request->fds[i]);
    request->n_fds = 0;
}

/* Opens PATH, when there is one, and notes its name on the wire. */
static int pass_file(RoundRequest *request, json_t *names, const char *path, const char *name)
{
    if (!path)
        return ROUND_REQUEST_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return ROUND_REQUEST_E_FILE;
    request->fds[request->n_fds++] = fd;
    return json_array_append_new(names, json_string(name)) < 0 ? -ENOMEM : 0;
}

static int pass_files(RoundRequest *request, json_t *names, const VerifierConfig *verifier)
{
    int r = pass_file(request, names, verifier->client_certificate, "client-certificate");

    if (r == 0)
        r = pass_file(request, names, verifier->client_key, "client-key");
    if (r == 0)
        r = pass_file(request, names, verifier->api_key_file, "api-key");
    return r;
}

/* Takes GATES. */
static json_t *request_to_json(const Config *config, const char *runtime_directory, ByteView nonce,
                               json_t *names, json_t *gates)
{
    json_auto_t *object = json_pack(
        "{ss ss so so so so so sO}", "verb", "round", "purpose",
        nonce.size > 0 ? "caller" : "round", "evidence", config_evidence_request(&config->evidence),
        "verifier", config_verifier_request(config->verifier), "gates", gates, "collect_socket",
        json_sprintf("%s/collect.sock", runtime_directory), "lock_directory",
        json_sprintf("%s/lock", runtime_directory), "fds", names);

    if (!object || (nonce.size > 0 && json_set_base64url(object, "nonce", nonce) < 0))
        return NULL;
    return TAKE_PTR(object);
}

int round_request_make(const Config *config, const Gates *gates, const char *runtime_directory,
                       ByteView nonce, RoundRequest *ret)
{
    _cleanup_round_request_ RoundRequest request = { 0 };
    json_auto_t *names = json_array();

    if (!names)
        return -ENOMEM;
    /* Evidence for a caller goes to nobody's server: no credentials with it. */
    int r = nonce.size > 0 ? 0 : pass_files(&request, names, config->verifier);
    if (r == 0)
        r = pass_file(&request, names, config->evidence.owner_authorization_file,
                      "owner-authorization");
    if (r)
        return r;
    json_t *wanted =
        nonce.size > 0 ? json_array() : gates_to_json(gates, config->verifier->verifier_id);
    request.object = request_to_json(config, runtime_directory, nonce, names, wanted);
    if (!request.object)
        return -ENOMEM;
    *ret = TAKE_STRUCT(request);
    return ROUND_REQUEST_OK;
}

static bool asks_for(const RoundRequest *request, const char *gate)
{
    size_t i;
    json_t *item;

    json_array_foreach (json_object_get(request->object, "gates"), i, item)
        if (strcmp(json_string_value(json_object_get(item, "name")), gate) == 0)
            return true;
    return false;
}

/* A copied file: the worker takes each key once, and not a request with two. */
static bool is_told_before(const WorkerAnswer *answer, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(answer->wrapped[i].id, answer->wrapped[index].id) == 0 ||
            strcmp(answer->wrapped[i].jwe, answer->wrapped[index].jwe) == 0)
            return true;
    return false;
}

int round_request_add_wrapped(RoundRequest *request, const WorkerAnswer *answer)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; array && i < answer->n_wrapped; i++) {
        const AnswerWrapped *wrapped = &answer->wrapped[i];
        if (!asks_for(request, wrapped->gate) || is_told_before(answer, i))
            continue;
        json_t *item =
            json_pack("{ss ss sI ss ss}", "name", wrapped->name, "id", wrapped->id, "version",
                      (json_int_t)wrapped->version, "gate", wrapped->gate, "jwe", wrapped->jwe);
        if (json_array_append_new(array, item) < 0)
            return -ENOMEM;
    }
    return json_object_set(request->object, "wrapped", array) < 0 ? -ENOMEM : 0;
}

int round_request_close(RoundRequest *request)
{
    _cleanup_free_ char *text = json_text(request->object);

    if (!text)
        return -ENOMEM;
    int r = bytes_copy(view_of_string(text), &request->line);
    if (r == 0)
        r = bytes_append_u8(&request->line, '\n');
    if (r < 0)
        return r;
    return request->line.size > ROUND_REQUEST_SIZE_MAX ? ROUND_REQUEST_E_SIZE : ROUND_REQUEST_OK;
}
