/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members of the requests about secrets that are sealed already, listed once.
 */
#include "worker/request-secret.h"

#include "format/gate-name.h"
#include "secret/secret-name.h"
#include "worker/request-evidence.h"
#include "worker/request-member.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define APPROVAL_PREFIX "approval-"
#define ASKER_PREFIX    "asker-"

static_assert(RELEASE_ASKERS_MAX + RELEASE_APPROVALS_MAX + 1 <= MESSAGE_FDS_MAX, "a batch fits");

static bool is_release(const char *text)
{
    return strcmp(text, "release") == 0;
}

static bool is_wrapped(const char *text)
{
    return strcmp(text, "wrapped") == 0;
}

static bool is_forget(const char *text)
{
    return strcmp(text, "forget") == 0;
}

static bool is_way(const char *text)
{
    return strcmp(text, "stream") == 0 || strcmp(text, "memfd") == 0;
}

/* Of those that an approval opens. */
static bool is_kind(const char *text)
{
    GateKind kind;

    return gate_kind_by_name(text, &kind) && gate_kind_has_round(kind);
}

/* Who asks for what is judged one by one when it is their turn: one bad name spoils no batch. */
static void read_asker(MemberReader *reader, json_t *object, ReleaseAsker *ret)
{
    static const char *const known[] = { "name", "asker", "as", NULL };

    if (!json_is_object(object)) {
        member_fail(reader, REQUEST_E_MEMBER, "askers");
        return;
    }
    member_enter(reader, object);
    member_only(reader, "askers", known);
    ret->name = member_text(reader, "askers.name", is_plain_text);
    ret->asker = member_text(reader, "askers.asker", is_plain_text);
    const char *way = member_text(reader, "askers.as", is_way);
    ret->as_memfd = way && strcmp(way, "memfd") == 0;
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

static void read_approval(MemberReader *reader, json_t *object, ReleaseRequest *request)
{
    static const char *const known[] = { "gate", "kind", NULL };
    ReleaseApproval approval = { .fd = -EBADF };

    if (!json_is_object(object)) {
        member_fail(reader, REQUEST_E_MEMBER, "approvals");
        return;
    }
    member_enter(reader, object);
    member_only(reader, "approvals", known);
    approval.gate = member_text(reader, "approvals.gate", gate_name_is_valid);
    const char *kind = member_text(reader, "approvals.kind", is_kind);
    if (reader->reason || !gate_kind_by_name(kind, &approval.kind))
        return;
    if (has_approval(request, approval.gate))
        member_fail(reader, REQUEST_E_MEMBER, "approvals.gate");
    request->approvals[request->n_approvals++] = approval;
}

static void read_approvals(MemberReader *reader, ReleaseRequest *request)
{
    const json_t *array = json_object_get(reader->object, "approvals");
    size_t n = json_array_size(array);

    if (!json_is_array(array) || n > RELEASE_APPROVALS_MAX)
        member_fail(reader, REQUEST_E_MEMBER, "approvals");
    for (size_t i = 0; i < n && !reader->reason; i++)
        read_approval(reader, json_array_get(array, i), request);
}

/* "approval-GATE", in order. */
static void take_approval(MemberReader *reader, const char *name, int fd, ReleaseApproval *approval)
{
    size_t length = strlen(APPROVAL_PREFIX);

    if (strncmp(name, APPROVAL_PREFIX, length) != 0 || strcmp(name + length, approval->gate) != 0)
        member_fail(reader, REQUEST_E_DESCRIPTORS, "fds");
    else
        approval->fd = fd;
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
    size_t n_approvals = request->n_approvals;

    bool is_whole = n == given->n_fds;
    n = request_take_owner(names, n, given, &request->evidence);
    if (!is_whole || n != n_approvals + request->n_askers)
        member_fail(reader, REQUEST_E_DESCRIPTORS, "fds");
    for (size_t i = 0; i < n && !reader->reason; i++) {
        if (i < n_approvals)
            take_approval(reader, names[i], given->fds[i], &request->approvals[i]);
        else
            take_asker(reader, names[i], given->fds[i], request, i - n_approvals);
    }
}

static void read_release(MemberReader *reader, const FdList *given, ReleaseRequest *request)
{
    static const char *const known[] = { "verb",           "evidence",  "secrets_directory",
                                         "askers",         "approvals", "fds",
                                         "lock_directory", "vtpm_root", NULL };
    json_t *object = reader->object;

    member_only(reader, "request", known);
    (void)member_text(reader, "verb", is_release);
    request->secrets_directory = member_text(reader, "secrets_directory", is_absolute_path);
    request->lock_directory = member_text(reader, "lock_directory", is_absolute_path);
    request->vtpm_root = member_text(reader, "vtpm_root", is_plain_text);
    json_t *evidence = member_object(reader, "evidence");

    read_approvals(reader, request);
    member_enter(reader, object);
    read_askers(reader, request);
    member_enter(reader, object);
    read_release_descriptors(reader, given, request);
    request_read_evidence(reader, evidence, &request->evidence);
}

static void read_wrapped(MemberReader *reader, const FdList *given, WrappedRequest *request)
{
    static const char *const known[] = { "verb", "secrets_directory", "gates", NULL };

    if (given->n_fds > 0)
        member_fail(reader, REQUEST_E_DESCRIPTORS, "fds");
    member_only(reader, "request", known);
    (void)member_text(reader, "verb", is_wrapped);
    request->secrets_directory = member_text(reader, "secrets_directory", is_absolute_path);
    request->n_gates =
        member_texts(reader, "gates", gate_name_is_valid, WRAPPED_GATES_MAX, request->gates);
    if (request->n_gates == 0)
        member_fail(reader, REQUEST_E_MEMBER, "gates");
}

static void read_forget(MemberReader *reader, const FdList *given, ForgetRequest *request)
{
    static const char *const known[] = {
        "verb", "name", "evidence", "lock_directory", "fds", NULL
    };
    const char *names[1];
    size_t n = member_texts(reader, "fds", is_plain_text, ELEMENTSOF(names), names);

    if (n != given->n_fds || request_take_owner(names, n, given, &request->evidence) > 0)
        member_fail(reader, REQUEST_E_DESCRIPTORS, "fds");
    member_only(reader, "request", known);
    (void)member_text(reader, "verb", is_forget);
    request->name = member_text(reader, "name", secret_name_is_valid);
    request->lock_directory = member_text(reader, "lock_directory", is_absolute_path);
    json_t *evidence = member_object(reader, "evidence");

    request_read_evidence(reader, evidence, &request->evidence);
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

ReleaseRequest *release_request_free(ReleaseRequest *request)
{
    if (!request)
        return NULL;

    json_decref(request->json);
    free(request);
    return NULL;
}

int wrapped_request_parse(ByteView line, const FdList *given, WrappedRequest **ret,
                          const char **reterr_member)
{
    _cleanup_(wrapped_request_freep) WrappedRequest *request = calloc(1, sizeof(*request));
    if (!request)
        return -ENOMEM;

    MemberReader reader = { .reason = request_open(line, &request->json), .member = "request" };
    member_enter(&reader, request->json);
    if (!reader.reason)
        read_wrapped(&reader, given, request);
    int r = request_finish(&reader, reterr_member);
    if (r == REQUEST_OK)
        *ret = TAKE_PTR(request);
    return r;
}

WrappedRequest *wrapped_request_free(WrappedRequest *request)
{
    if (!request)
        return NULL;

    json_decref(request->json);
    free(request);
    return NULL;
}

int forget_request_parse(ByteView line, const FdList *given, ForgetRequest **ret,
                         const char **reterr_member)
{
    _cleanup_(forget_request_freep) ForgetRequest *request = calloc(1, sizeof(*request));
    if (!request)
        return -ENOMEM;

    MemberReader reader = { .reason = request_open(line, &request->json), .member = "request" };
    member_enter(&reader, request->json);
    if (!reader.reason)
        read_forget(&reader, given, request);
    int r = request_finish(&reader, reterr_member);
    if (r == REQUEST_OK)
        *ret = TAKE_PTR(request);
    return r;
}

ForgetRequest *forget_request_free(ForgetRequest *request)
{
    if (!request)
        return NULL;

    json_decref(request->json);
    free(request);
    return NULL;
}
