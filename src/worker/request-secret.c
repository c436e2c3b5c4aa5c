/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members of the requests about secrets, listed once.
 */
#include "worker/request-secret.h"

#include "format/gate-file.h"
#include "format/gate-name.h"
#include "worker/request-evidence.h"
#include "worker/request-gates.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define GATE_FORMAT     1 /* "attestd_gate" */
#define APPROVAL_PREFIX "approval-"
#define ASKER_PREFIX    "asker-"

static_assert(RELEASE_ASKERS_MAX + RELEASE_APPROVALS_MAX <= MESSAGE_FDS_MAX, "a batch fits");

static bool is_seal(const char *text)
{
    return strcmp(text, "seal") == 0;
}

static bool is_release(const char *text)
{
    return strcmp(text, "release") == 0;
}

static bool is_secret_descriptor(const char *text)
{
    return strcmp(text, "secret") == 0;
}

static void read_gate(MemberReader *reader, json_t *object, GateSettings *ret)
{
    static const char *const known[] = { "attestd_gate", "name",        "kind",
                                         "verifier",     "release_key", "next_release_key",
                                         "vtpm_root",    "vtpm_ca_pem", NULL };

    if (!object)
        return;
    member_enter(reader, object);
    member_only(reader, "gate", known);
    (void)member_number(reader, "gate.attestd_gate", GATE_FORMAT, GATE_FORMAT);
    ret->name = member_text(reader, "gate.name", gate_name_is_valid);
    ret->kind = member_text(reader, "gate.kind", is_plain_text);
    (void)member_text(reader, "gate.verifier", is_plain_text);
    ret->vtpm_root = member_text_or(reader, "gate.vtpm_root", secret_vtpm_root_is_valid, NULL);
    ret->vtpm_ca_pem = member_text_or(reader, "gate.vtpm_ca_pem", gate_vtpm_ca_is_valid, NULL);
    ret->release_key = read_release_key(reader, "gate.release_key");
    if (json_object_get(object, "next_release_key"))
        ret->next_release_key = read_release_key(reader, "gate.next_release_key");
}

static void read_secret_descriptor(MemberReader *reader, const FdList *given, SealRequest *request)
{
    const char *names[1];
    size_t n = member_texts(reader, "fds", is_secret_descriptor, ELEMENTSOF(names), names);

    if (n != 1 || given->n_fds != 1)
        member_fail(reader, REQUEST_E_DESCRIPTORS, "fds");
    else
        request->secret_fd = given->fds[0];
}

static void read_seal(MemberReader *reader, const FdList *given, SealRequest *request)
{
    static const char *const known[] = { "verb",
                                         "name",
                                         "gate",
                                         "who",
                                         "evidence",
                                         "accept_host_tpm",
                                         "accept_unchecked_vtpm",
                                         "fds",
                                         "lock_directory",
                                         "secrets_directory",
                                         NULL };

    member_only(reader, "request", known);
    (void)member_text(reader, "verb", is_seal);
    read_secret_descriptor(reader, given, request);
    request->name = member_text(reader, "name", secret_name_is_valid);
    request->n_who = member_texts(reader, "who", secret_who_is_valid, SECRET_WHO_MAX, request->who);
    request->accept_host_tpm = member_bool(reader, "accept_host_tpm");
    request->accept_unchecked_vtpm = member_bool(reader, "accept_unchecked_vtpm");
    request->secrets_directory = member_text(reader, "secrets_directory", is_absolute_path);
    request->lock_directory = member_text(reader, "lock_directory", is_absolute_path);
    json_t *gate = member_object(reader, "gate");
    json_t *evidence = member_object(reader, "evidence");

    read_gate(reader, gate, &request->gate);
    request_read_evidence(reader, evidence, &request->evidence);
}

/* Who asks for what is judged one by one when it is their turn: one bad name spoils no batch. */
static void read_asker(MemberReader *reader, json_t *object, ReleaseAsker *ret)
{
    static const char *const known[] = { "name", "asker", NULL };

    if (!json_is_object(object)) {
        member_fail(reader, REQUEST_E_MEMBER, "askers");
        return;
    }
    member_enter(reader, object);
    member_only(reader, "askers", known);
    ret->name = member_text(reader, "askers.name", is_plain_text);
    ret->asker = member_text(reader, "askers.asker", is_plain_text);
}

static void read_askers(MemberReader *reader, ReleaseRequest *request)
{
    const json_t *array = json_object_get(reader->object, "askers");
    size_t n = json_array_size(array);

    if (!json_is_array(array) || n == 0 || n > RELEASE_ASKERS_MAX)
        member_fail(reader, REQUEST_E_MEMBER, "askers");
    for (size_t i = 0; i < n && !reader->reason; i++) {
        read_asker(reader, json_array_get(array, i), &request->askers[i]);
        request->n_askers++;
    }
}

static bool has_approval(const ReleaseRequest *request, const char *gate)
{
    for (size_t i = 0; i < request->n_approvals; i++)
        if (strcmp(request->approvals[i].gate, gate) == 0)
            return true;
    return false;
}

/* "approval-GATE", each gate once. */
static void take_approval(MemberReader *reader, const char *name, int fd, ReleaseRequest *request)
{
    const char *gate = name + strlen(APPROVAL_PREFIX);

    if (strncmp(name, APPROVAL_PREFIX, strlen(APPROVAL_PREFIX)) != 0 || !gate_name_is_valid(gate) ||
        has_approval(request, gate) || request->n_approvals == RELEASE_APPROVALS_MAX) {
        member_fail(reader, REQUEST_E_DESCRIPTORS, "fds");
        return;
    }
    request->approvals[request->n_approvals++] = (ReleaseApproval){ .gate = gate, .fd = fd };
}

/* "asker-INDEX", in order: a socket in the wrong place would be a secret in the wrong hands. */
static void take_asker(MemberReader *reader, const char *name, int fd, ReleaseRequest *request,
                       size_t index)
{
    char wanted[sizeof(ASKER_PREFIX) + 20];

    (void)snprintf(wanted, sizeof(wanted), ASKER_PREFIX "%zu", index);
    if (strcmp(name, wanted) != 0)
        member_fail(reader, REQUEST_E_DESCRIPTORS, "fds");
    else
        request->askers[index].fd = fd;
}

static void read_release_descriptors(MemberReader *reader, const FdList *given,
                                     ReleaseRequest *request)
{
    const char *names[MESSAGE_FDS_MAX];
    size_t n = member_texts(reader, "fds", is_plain_text, MESSAGE_FDS_MAX, names);

    if (n != given->n_fds || n < request->n_askers)
        member_fail(reader, REQUEST_E_DESCRIPTORS, "fds");
    for (size_t i = 0; i < n && !reader->reason; i++) {
        size_t n_approvals = n - request->n_askers;
        if (i < n_approvals)
            take_approval(reader, names[i], given->fds[i], request);
        else
            take_asker(reader, names[i], given->fds[i], request, i - n_approvals);
    }
}

static void read_release(MemberReader *reader, const FdList *given, ReleaseRequest *request)
{
    static const char *const known[] = { "verb",   "evidence", "secrets_directory",
                                         "askers", "fds",      "lock_directory",
                                         NULL };
    json_t *object = reader->object;

    member_only(reader, "request", known);
    (void)member_text(reader, "verb", is_release);
    request->secrets_directory = member_text(reader, "secrets_directory", is_absolute_path);
    request->lock_directory = member_text(reader, "lock_directory", is_absolute_path);
    json_t *evidence = member_object(reader, "evidence");

    read_askers(reader, request);
    member_enter(reader, object);
    read_release_descriptors(reader, given, request);
    request_read_evidence(reader, evidence, &request->evidence);
}

int seal_request_parse(ByteView line, const FdList *given, SealRequest **ret,
                       const char **reterr_member)
{
    _cleanup_(seal_request_freep) SealRequest *request = calloc(1, sizeof(*request));
    if (!request)
        return -ENOMEM;
    request->secret_fd = -EBADF;

    MemberReader reader = { .reason = request_open(line, &request->json), .member = "request" };
    member_enter(&reader, request->json);
    if (!reader.reason)
        read_seal(&reader, given, request);
    int r = request_finish(&reader, reterr_member);
    if (r == REQUEST_OK)
        *ret = TAKE_PTR(request);
    return r;
}

int release_request_parse(ByteView line, const FdList *given, ReleaseRequest **ret,
                          const char **reterr_member)
{
    _cleanup_(release_request_freep) ReleaseRequest *request = calloc(1, sizeof(*request));
    if (!request)
        return -ENOMEM;

    MemberReader reader = { .reason = request_open(line, &request->json), .member = "request" };
    member_enter(&reader, request->json);
    if (!reader.reason)
        read_release(&reader, given, request);
    int r = request_finish(&reader, reterr_member);
    if (r == REQUEST_OK)
        *ret = TAKE_PTR(request);
    return r;
}

SealRequest *seal_request_free(SealRequest *request)
{
    if (!request)
        return NULL;

    key_free(request->gate.release_key);
    key_free(request->gate.next_release_key);
    json_decref(request->json);
    free(request);
    return NULL;
}

ReleaseRequest *release_request_free(ReleaseRequest *request)
{
    if (!request)
        return NULL;

    json_decref(request->json);
    free(request);
    return NULL;
}
