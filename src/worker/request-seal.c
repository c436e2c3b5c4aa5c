/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members of a seal request, listed once. The gate is read as the file it was.
 */
#include "worker/request-seal.h"

#include "base/encode.h"
#include "crypto/jwk.h"
#include "secret/secret-name.h"
#include "worker/request-evidence.h"
#include "worker/request-member.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_seal(const char *text)
{
    return strcmp(text, "seal") == 0;
}

static bool is_on_loss(const char *text)
{
    OnLoss unused;

    return on_loss_by_name(text, &unused);
}

static bool is_on_change(const char *text)
{
    OnChange unused;

    return on_change_by_name(text, &unused);
}

static void read_what_follows(MemberReader *reader, SealRequest *request)
{
    const char *keep = on_loss_name(ON_LOSS_KEEP);
    const char *on_loss = member_text_or(reader, "on_loss", is_on_loss, keep);
    const char *on_change =
        member_text_or(reader, "on_change", is_on_change, on_change_name(ON_CHANGE_KEEP));

    if (on_loss && !on_loss_by_name(on_loss, &request->on_loss))
        member_fail(reader, REQUEST_E_MEMBER, "on_loss");
    if (on_change && !on_change_by_name(on_change, &request->on_change))
        member_fail(reader, REQUEST_E_MEMBER, "on_change");
}

/* The file's reader knows the shape, this the arithmetic. JWK may be NULL. */
static void read_key(MemberReader *reader, const json_t *jwk, const char *path, Key **ret)
{
    if (!jwk || reader->reason)
        return;
    int r = jwk_parse_key(jwk, ret);
    if (r)
        member_fail(reader, r < 0 ? r : REQUEST_E_MEMBER, path);
}

static void read_gate_file(MemberReader *reader, json_t *object, GateSettings *ret)
{
    const char *name = json_string_value(json_object_get(object, "name"));
    _cleanup_free_ char *text = json_text(object);

    if (!text) {
        member_fail(reader, -ENOMEM, "gate");
        return;
    }
    int r = gate_file_parse(view_of_string(text), name ? name : "", &ret->file);
    ret->is_unknown = r == GATE_FILE_E_KIND;
    if (r && !ret->is_unknown)
        member_fail(reader, r < 0 ? r : REQUEST_E_MEMBER, "gate");
}

static void read_gate(MemberReader *reader, json_t *object, GateSettings *ret)
{
    if (!object)
        return;
    read_gate_file(reader, object, ret);
    read_key(reader, ret->file.release_key, "gate.release_key", &ret->release_key);
    read_key(reader, ret->file.next_release_key, "gate.next_release_key", &ret->next_release_key);
    read_key(reader, ret->file.rewrap_key, "gate.rewrap_key", &ret->rewrap_key);
    read_key(reader, ret->file.key, "gate.key", &ret->vault_key);
    read_key(reader, ret->file.recovery_key, "gate.recovery_key", &ret->recovery_key);
}

static void read_bind_value(MemberReader *reader, const char *name, SealRequest *request)
{
    _cleanup_bytes_ Bytes value = { 0 };
    BindKind kind;

    if (!bind_kind_by_name(name, &kind) || kind == BIND_KIND_FLEET) {
        member_fail(reader, REQUEST_E_UNKNOWN, "bind");
        return;
    }
    int r = json_get_base64url(reader->object, name, BIND_VALUE_MAX, &value);
    if (r || value.size != bind_kind_size(kind)) {
        member_fail(reader, r < 0 ? r : REQUEST_E_MEMBER, "bind");
        return;
    }
    memcpy(request->bind_values[kind], value.data, value.size);
    request->binds_given |= BIND_BIT(kind);
}

/* All that the gate binds to and that only who asks can know; nothing else. */
static void read_bind(MemberReader *reader, json_t *object, SealRequest *request)
{
    unsigned wanted = request->gate.file.binds & BIND_REAL_KINDS & ~BIND_BIT(BIND_KIND_AK_NAME);
    const char *name;
    json_t *value;

    if (object && !json_is_object(object)) {
        member_fail(reader, REQUEST_E_MEMBER, "bind");
        return;
    }
    member_enter(reader, object);
    json_object_foreach (object, name, value)
        read_bind_value(reader, name, request);
    if (request->binds_given != wanted || (object && !wanted))
        member_fail(reader, REQUEST_E_MEMBER, "bind");
}

/* One spelling: no sign, no leading zero. */
static bool read_pcr_index(const char *text, unsigned *ret)
{
    for (unsigned pcr = 0; pcr < GATE_PCR_COUNT; pcr++) {
        char name[4];
        (void)snprintf(name, sizeof(name), "%u", pcr);
        if (strcmp(text, name) == 0) {
            *ret = pcr;
            return true;
        }
    }
    return false;
}

static void read_pcr_value(MemberReader *reader, const char *name, const json_t *value,
                           GatePcrs *pcrs)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    const char *text = json_string_value(value);
    unsigned pcr;

    if (!text || !read_pcr_index(name, &pcr)) {
        member_fail(reader, REQUEST_E_MEMBER, "pcr_values");
        return;
    }
    int r = hex_decode(text, &bytes);
    if (r || bytes.size != sizeof(pcrs->values[pcr])) {
        member_fail(reader, r < 0 ? r : REQUEST_E_MEMBER, "pcr_values");
        return;
    }
    memcpy(pcrs->values[pcr], bytes.data, bytes.size);
    pcrs->mask |= 1U << pcr;
}

static void read_pcr_values(MemberReader *reader, json_t *object, SealRequest *request)
{
    const char *name;
    json_t *value;

    if (object && !json_is_object(object))
        member_fail(reader, REQUEST_E_MEMBER, "pcr_values");
    json_object_foreach (object, name, value)
        read_pcr_value(reader, name, value, &request->pcrs);
    if (request->pcrs.mask & ~request->gate.file.pcrs)
        member_fail(reader, REQUEST_E_MEMBER, "pcr_values");
}

static void read_descriptors(MemberReader *reader, const FdList *given, SealRequest *request)
{
    const char *names[3];
    size_t n = member_texts(reader, "fds", is_plain_text, ELEMENTSOF(names), names);
    bool is_whole = n == given->n_fds;

    n = request_take_owner(names, n, given, &request->evidence);
    if (!is_whole || n < 1 || n > 2 || strcmp(names[0], "secret") != 0 ||
        (n == 2 && strcmp(names[1], "evidence") != 0)) {
        member_fail(reader, REQUEST_E_DESCRIPTORS, "fds");
        return;
    }
    request->secret_fd = given->fds[0];
    if (n == 2)
        request->evidence_fd = given->fds[1];
}

/* Evidence goes with the nonce that it was made for, and the roots that it may end in. */
static void read_judgement(MemberReader *reader, json_t *object, SealRequest *request)
{
    member_enter(reader, object);
    if (request->evidence_fd >= 0)
        member_bytes(reader, "evidence_nonce", REQUEST_NONCE_MIN, REQUEST_NONCE_MAX,
                     &request->evidence_nonce);
    else if (json_object_get(object, "evidence_nonce"))
        member_fail(reader, REQUEST_E_MEMBER, "evidence_nonce");
    request->n_simulated_roots =
        request_read_roots(reader, "simulated_roots", request->simulated_roots);
}

static void read_seal(MemberReader *reader, const FdList *given, SealRequest *request)
{
    static const char *const known[] = { "verb",
                                         "name",
                                         "gate",
                                         "who",
                                         "on_loss",
                                         "on_change",
                                         "rollback_counter",
                                         "bind",
                                         "pcr_values",
                                         "evidence",
                                         "evidence_nonce",
                                         "simulated_roots",
                                         "accept_host_tpm",
                                         "accept_unchecked_vtpm",
                                         "fds",
                                         "lock_directory",
                                         "secrets_directory",
                                         NULL };
    json_t *object = reader->object;

    member_only(reader, "request", known);
    (void)member_text(reader, "verb", is_seal);
    read_descriptors(reader, given, request);
    request->name = member_text(reader, "name", secret_name_is_valid);
    request->n_who = member_texts(reader, "who", secret_who_is_valid, SECRET_WHO_MAX, request->who);
    read_what_follows(reader, request);
    request->rollback_counter = member_bool(reader, "rollback_counter");
    request->accept_host_tpm = member_bool(reader, "accept_host_tpm");
    request->accept_unchecked_vtpm = member_bool(reader, "accept_unchecked_vtpm");
    request->secrets_directory = member_text(reader, "secrets_directory", is_absolute_path);
    request->lock_directory = member_text(reader, "lock_directory", is_absolute_path);
    json_t *gate = member_object(reader, "gate");
    json_t *evidence = member_object(reader, "evidence");

    read_gate(reader, gate, &request->gate);
    /* Neither verifier nor vault counts anything. */
    if (request->rollback_counter && gate_kind_is_wrapped(request->gate.file.kind))
        member_fail(reader, REQUEST_E_MEMBER, "rollback_counter");
    if (!request->gate.is_unknown) {
        read_bind(reader, json_object_get(object, "bind"), request);
        read_pcr_values(reader, json_object_get(object, "pcr_values"), request);
    }
    read_judgement(reader, object, request);
    request_read_evidence(reader, evidence, &request->evidence);
}

int seal_request_parse(ByteView line, const FdList *given, SealRequest **ret,
                       const char **reterr_member)
{
    _cleanup_(seal_request_freep) SealRequest *request = calloc(1, sizeof(*request));
    if (!request)
        return -ENOMEM;
    request->secret_fd = -EBADF;
    request->evidence_fd = -EBADF;

    MemberReader reader = { .reason = request_open(line, &request->json), .member = "request" };
    member_enter(&reader, request->json);
    if (!reader.reason)
        read_seal(&reader, given, request);
    int r = request_finish(&reader, reterr_member);
    if (r == REQUEST_OK)
        *ret = TAKE_PTR(request);
    return r;
}

SealRequest *seal_request_free(SealRequest *request)
{
    if (!request)
        return NULL;

    gate_file_done(&request->gate.file);
    key_free(request->gate.release_key);
    key_free(request->gate.next_release_key);
    key_free(request->gate.rewrap_key);
    key_free(request->gate.vault_key);
    key_free(request->gate.recovery_key);
    bytes_done(&request->evidence_nonce);
    json_decref(request->json);
    free(request);
    return NULL;
}
