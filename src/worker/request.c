/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members of a round request, listed once.
 */
#include "worker/request.h"

#include "base/encode.h"
#include "protocol/protocols.h"
#include "worker/request-evidence.h"
#include "worker/request-gates.h"
#include "worker/request-member.h"

#include <errno.h>
#include <string.h>

#define TIMEOUT_SEC_MAX 300
#define LEEWAY_SEC_MAX  300 /* spec/endpoints 7.1 rule 9 */
#define PIN_PREFIX      "sha256//"
#define PIN_LENGTH      (sizeof(PIN_PREFIX) - 1 + 44) /* base64 of 32 bytes */

static bool is_one_of(const char *text, const char *const *choices)
{
    while (*choices && strcmp(*choices, text) != 0)
        choices++;
    return *choices;
}

static bool is_purpose(const char *text)
{
    static const char *const choices[] = { "round", "caller", NULL };

    return is_one_of(text, choices);
}

static bool is_round(const char *text)
{
    return strcmp(text, "round") == 0;
}

static bool is_probe(const char *text)
{
    return strcmp(text, "probe") == 0;
}

static bool is_pem(const char *text)
{
    size_t length = strlen(text);

    return length > 0 && length <= REQUEST_PEM_MAX;
}

static bool is_https(const char *text)
{
    return is_plain_text(text) && strncmp(text, "https://", strlen("https://")) == 0 &&
           !strchr(text, ' ');
}

static bool is_pin(const char *text)
{
    return strlen(text) == PIN_LENGTH && strncmp(text, PIN_PREFIX, strlen(PIN_PREFIX)) == 0 &&
           is_plain_text(text) && !strchr(text, ';');
}

static void read_require(MemberReader *reader, VerifierSettings *ret)
{
    const json_t *array = json_object_get(reader->object, "require");
    size_t n = json_array_size(array);

    if (array && (!json_is_array(array) || n > REQUIRE_MAX))
        member_fail(reader, REQUEST_E_MEMBER, "verifier.require");
    for (size_t i = 0; i < n && !reader->reason; i++) {
        int r = require_from_json(json_array_get(array, i), &ret->require[i]);
        if (r)
            member_fail(reader, r < 0 ? r : REQUEST_E_MEMBER, "verifier.require");
        else
            ret->n_require++;
    }
}

static bool is_attestation_type(const char *text)
{
    static const char *const choices[] = { "auto", "AzureGuest", NULL };

    return is_one_of(text, choices);
}

/* It goes into a URL as it stands: "2022-08-01", "2023-04-01-preview". */
static bool is_api_version(const char *text)
{
    size_t length = strlen(text);

    return length >= 10 && length <= 32 &&
           strspn(text, "0123456789-abcdefghijklmnopqrstuvwxyz") == length;
}

/* Only a protocol whose verifier publishes its keys at the configured URL does without. */
static void read_keys(MemberReader *reader, VerifierSettings *ret)
{
    const VerifierProtocol *protocol = ret->protocol ? protocol_find(ret->protocol) : NULL;

    if (protocol && protocol->publishes_keys && !json_object_get(reader->object, "token_keys"))
        return;
    ret->token_keys = member_object(reader, "verifier.token_keys");
}

static void read_addresses(MemberReader *reader, VerifierSettings *ret)
{
    ret->n_urls = member_texts(reader, "verifier.urls", is_https, REQUEST_LIST_MAX, ret->urls);
    if (ret->n_urls == 0)
        member_fail(reader, REQUEST_E_MEMBER, "verifier.urls");
    ret->ca_pem = member_text_or(reader, "verifier.ca_pem", is_pem, NULL);
    ret->n_pins = member_texts(reader, "verifier.pins", is_pin, REQUEST_LIST_MAX, ret->pins);
    ret->proxy = member_text_or(reader, "verifier.proxy", is_plain_text, "");
    ret->timeout_sec = (unsigned)member_number(reader, "verifier.timeout_sec", 1, TIMEOUT_SEC_MAX);
}

static void read_expectations(MemberReader *reader, VerifierSettings *ret)
{
    ret->issuer = member_text(reader, "verifier.issuer", is_plain_text);
    ret->audience = member_text(reader, "verifier.audience", is_plain_text);
    read_keys(reader, ret);
    ret->n_algorithms = member_texts(reader, "verifier.algorithms", is_plain_text, REQUEST_LIST_MAX,
                                     ret->algorithms);
    if (ret->n_algorithms == 0)
        member_fail(reader, REQUEST_E_MEMBER, "verifier.algorithms");
    ret->leeway_sec = (unsigned)member_number(reader, "verifier.leeway_sec", 0, LEEWAY_SEC_MAX);
    ret->accept_simulated = member_bool(reader, "verifier.accept_simulated");
    ret->accept_host_tpm = member_bool(reader, "verifier.accept_host_tpm");
    ret->n_simulated_roots =
        request_read_roots(reader, "verifier.simulated_roots", ret->simulated_roots);
    read_require(reader, ret);
}

static void read_verifier(MemberReader *reader, json_t *object, VerifierSettings *ret)
{
    static const char *const known[] = {
        "name",
        "protocol",
        "attestation_type",
        "api_version",
        "urls",
        "verifier_id",
        "ca_pem",
        "pins",
        "proxy",
        "issuer",
        "audience",
        "token_keys",
        "algorithms",
        "require",
        "timeout_sec",
        "leeway_sec",
        "accept_simulated",
        "accept_host_tpm",
        "simulated_roots",
        NULL,
    };

    if (!object)
        return;
    member_enter(reader, object);
    member_only(reader, "verifier", known);
    ret->name = member_text(reader, "verifier.name", is_plain_text);
    ret->protocol = member_text(reader, "verifier.protocol", is_plain_text);
    ret->attestation_type =
        member_text_or(reader, "verifier.attestation_type", is_attestation_type, NULL);
    ret->api_version = member_text_or(reader, "verifier.api_version", is_api_version, NULL);
    ret->verifier_id = member_text(reader, "verifier.verifier_id", is_plain_text);
    read_addresses(reader, ret);
    read_expectations(reader, ret);
}

/* A descriptor by its name in "fds". */
typedef struct DescriptorName {
    const char *name;
    size_t offset; /* in RoundRequest */
    bool is_of_probe;
} DescriptorName;

static const DescriptorName descriptor_names[] = {
    { "client-certificate", offsetof(RoundRequest, client_certificate_fd), false },
    { "client-key", offsetof(RoundRequest, client_key_fd), false },
    { "api-key", offsetof(RoundRequest, api_key_fd), false },
    { "eventlog", offsetof(RoundRequest, event_log_fd), true },
    { "eventlog-userspace", offsetof(RoundRequest, userspace_log_fd), true },
};

/* Where NAME belongs; NULL: nowhere in a request of this verb. */
static int *descriptor_at(RoundRequest *request, const char *name, bool is_of_probe)
{
    for (size_t i = 0; i < ELEMENTSOF(descriptor_names); i++) {
        const DescriptorName *known = &descriptor_names[i];
        if (strcmp(known->name, name) == 0 && (is_of_probe || !known->is_of_probe))
            return (int *)(void *)((char *)request + known->offset);
    }
    return NULL;
}

/* The descriptors follow the order of their names. */
static void read_descriptors(MemberReader *reader, const FdList *given, bool is_of_probe,
                             RoundRequest *request)
{
    const char *names[MESSAGE_FDS_MAX];
    size_t n = member_texts(reader, "fds", is_plain_text, MESSAGE_FDS_MAX, names);

    if (n != given->n_fds)
        member_fail(reader, REQUEST_E_DESCRIPTORS, "fds");
    else
        n = request_take_owner(names, n, given, &request->evidence);
    for (size_t i = 0; i < n && !reader->reason; i++) {
        int *fd = descriptor_at(request, names[i], is_of_probe);
        if (!fd)
            member_fail(reader, REQUEST_E_MEMBER, "fds");
        else if (*fd >= 0)
            member_fail(reader, REQUEST_E_DESCRIPTORS, "fds");
        else
            *fd = given->fds[i];
    }
}

static void read_purpose(MemberReader *reader, RoundRequest *request)
{
    const char *purpose = member_text(reader, "purpose", is_purpose);

    if (purpose && strcmp(purpose, "caller") == 0)
        request->purpose = PURPOSE_CALLER;
    if (request->purpose == PURPOSE_CALLER)
        member_bytes(reader, "nonce", REQUEST_NONCE_MIN, REQUEST_NONCE_MAX, &request->nonce);
    else if (json_object_get(reader->object, "nonce"))
        member_fail(reader, REQUEST_E_MEMBER, "nonce");
}

static void read_round(MemberReader *reader, const FdList *given, RoundRequest *request)
{
    static const char *const known[] = { "verb",           "purpose",        "nonce",   "evidence",
                                         "verifier",       "gates",          "wrapped", "fds",
                                         "collect_socket", "lock_directory", NULL };

    member_only(reader, "request", known);
    (void)member_text(reader, "verb", is_round);
    read_purpose(reader, request);
    read_descriptors(reader, given, /* is_of_probe= */ false, request);
    request->collect_socket = member_text(reader, "collect_socket", is_socket_path);
    request->lock_directory = member_text(reader, "lock_directory", is_absolute_path);
    read_gates(reader, request);
    request->evidence_json = member_object(reader, "evidence");
    request->has_verifier =
        request->purpose == PURPOSE_ROUND || json_object_get(reader->object, "verifier");
    json_t *verifier = request->has_verifier ? member_object(reader, "verifier") : NULL;

    request_read_evidence(reader, request->evidence_json, &request->evidence);
    read_verifier(reader, verifier, &request->verifier);
}

static void read_probe(MemberReader *reader, const FdList *given, RoundRequest *request)
{
    static const char *const known[] = { "verb",           "evidence",       "verifier", "fds",
                                         "collect_socket", "lock_directory", NULL };

    member_only(reader, "request", known);
    (void)member_text(reader, "verb", is_probe);
    read_descriptors(reader, given, /* is_of_probe= */ true, request);
    request->collect_socket = member_text(reader, "collect_socket", is_socket_path);
    request->lock_directory = member_text(reader, "lock_directory", is_absolute_path);
    request->evidence_json = member_object(reader, "evidence");
    request->has_verifier = json_object_get(reader->object, "verifier");
    json_t *verifier = request->has_verifier ? member_object(reader, "verifier") : NULL;

    request_read_evidence(reader, request->evidence_json, &request->evidence);
    read_verifier(reader, verifier, &request->verifier);
}

typedef void ReadRequest(MemberReader *reader, const FdList *given, RoundRequest *request);

static int parse(ByteView line, const FdList *given, ReadRequest *read, RoundRequest **ret,
                 const char **reterr_member)
{
    _cleanup_(round_request_freep) RoundRequest *request = calloc(1, sizeof(*request));
    if (!request)
        return -ENOMEM;
    *request = (RoundRequest){ .purpose = PURPOSE_ROUND,
                               .client_certificate_fd = -EBADF,
                               .client_key_fd = -EBADF,
                               .api_key_fd = -EBADF,
                               .event_log_fd = -EBADF,
                               .userspace_log_fd = -EBADF };

    MemberReader reader = { .reason = request_open(line, &request->json), .member = "request" };
    member_enter(&reader, request->json);
    if (!reader.reason)
        read(&reader, given, request);
    int r = request_finish(&reader, reterr_member);
    if (r == REQUEST_OK)
        *ret = TAKE_PTR(request);
    return r;
}

int round_request_parse(ByteView line, const FdList *given, RoundRequest **ret,
                        const char **reterr_member)
{
    return parse(line, given, read_round, ret, reterr_member);
}

int probe_request_parse(ByteView line, const FdList *given, RoundRequest **ret,
                        const char **reterr_member)
{
    return parse(line, given, read_probe, ret, reterr_member);
}

RoundRequest *round_request_free(RoundRequest *request)
{
    if (!request)
        return NULL;

    for (size_t i = 0; i < request->verifier.n_require; i++)
        require_done(&request->verifier.require[i]);
    request_gates_done(request);
    bytes_done(&request->nonce);
    json_decref(request->json);
    free(request);
    return NULL;
}
