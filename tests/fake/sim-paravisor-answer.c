/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few commands that a paravisor looks at, and its reports (spec: azure 1).
 */
#include "sim-paravisor.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/reader.h"

#include "sim-paravisor-control.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#define HEADER_SIZE      10
#define CERTIFICATE_SIZE 4096 /* of the index that the platform defines */
#define NONCE_MAX        50   /* of TPM2B_DATA: two bytes and the largest digest */
#define NV_BUFFER_MAX    1024
#define N_INDICES        2

/* Response codes with the number of the handle, session or parameter. */
#define RC_NO_INDEX   0x18b
#define RC_HIERARCHY  0x185
#define RC_BAD_AUTH   0x9a2
#define RC_SIZE       0x1d5
#define RC_VALUE      0x1c4
#define RC_NV_RANGE   0x146
#define RC_NV_NOT_SET 0x14a
#define RC_RETRY      0x922
#define RC_DISABLED   0x120

struct SimParavisor {
    SimParavisorOptions options;
    SimChip *chip;
    SimTpm tpm;
    SimIndex indices[N_INDICES];
    size_t n_indices;
    uint64_t refreshed_usec;
    uint64_t faulty; /* reads of the report since the faults were last changed */
    char *faults;    /* what they were then */
};

/* A command, its head read. */
typedef struct Command {
    ByteView bytes;
    uint16_t tag;
    uint32_t code;
    Reader rest; /* behind the head */
} Command;

/* How a read is authorised. */
typedef struct Session {
    bool by_owner, is_password;
    ByteView nonce; /* the caller's */
    uint8_t attributes;
} Session;

SimParavisor *sim_paravisor_free(SimParavisor *p)
{
    if (!p)
        return NULL;
    for (size_t i = 0; i < p->n_indices; i++)
        bytes_done(&p->indices[i].content);
    sim_tpm_done(&p->tpm);
    sim_chip_free(p->chip);
    free(p->faults);
    free(p);
    return NULL;
}

static SimIndex *index_find(SimParavisor *p, uint32_t index)
{
    for (size_t i = 0; i < p->n_indices; i++)
        if (p->indices[i].index == index)
            return &p->indices[i];
    return NULL;
}

static void note(const SimParavisorControl *control, const char *event, const char *detail)
{
    FILE *file = control->log ? fopen(control->log, "ae") : NULL;

    if (!file)
        return;
    (void)fprintf(file, "{\"event\":\"%s\",\"boottime_usec\":%llu,\"detail\":\"%s\"}\n", event,
                  (unsigned long long)clock_boottime_usec(&clock_system), detail);
    (void)fclose(file);
}

static int make_report(SimParavisor *p, const SimParavisorControl *control,
                       const uint8_t user_data[static SIM_HCL_USER_DATA])
{
    SimIndex *index = index_find(p, SIM_INDEX_REPORT + p->tpm.shift);
    _cleanup_bytes_ Bytes content = { 0 }, useful = { 0 };
    SimReport report;

    sim_report_default(p->chip, &report);
    int r = sim_paravisor_control_set(control, &report);
    if (r < 0)
        return r;
    const SimHcl hcl = {
        .chip = p->chip,
        .report = &report,
        .header_version = p->options.header_version,
        .upper_case = p->options.upper_case,
        .ak = p->tpm.ak,
        .ek = p->tpm.ek,
        .user_data = user_data,
        .faults = control->faults,
        .is_oldest = p->options.index_size == SIM_INDEX_SIZE_OLDEST,
        .forgets = p->options.forgets,
    };
    r = sim_hcl_emit(&hcl, &useful);
    if (r != SIM_OK)
        return r;
    if (useful.size > index->size)
        return -E2BIG;
    r = bytes_new(index->size, &content);
    if (r < 0)
        return r;
    memcpy(content.data, useful.data, useful.size);
    bytes_done(&index->content);
    index->content = TAKE_STRUCT(content);
    index->written = true;
    return SIM_OK;
}

static int refresh(SimParavisor *p, const SimParavisorControl *control)
{
    uint8_t user_data[SIM_HCL_USER_DATA];

    if (sim_tpm_user_data(&p->tpm, user_data) != SIM_TPM_OK)
        return 0; /* an index that its owner may not read: no refresh */
    int r = make_report(p, control, user_data);
    if (r != SIM_OK)
        return r < 0 ? r : -EIO;
    p->refreshed_usec = clock_boottime_usec(&clock_system);
    _cleanup_free_ char *hex = hex_encode(VIEW_OF_ARRAY(user_data));
    note(control, "refresh", hex ? hex : "");
    return 0;
}

static int refresh_when_due(SimParavisor *p, const SimParavisorControl *control)
{
    uint64_t since = clock_boottime_usec(&clock_system) - p->refreshed_usec;

    if (control->stale || since <= control->window_msec * USEC_PER_MSEC) {
        note(control, "stale", "");
        return 0;
    }
    return refresh(p, control);
}

/* Another process of the guest has written its own user data and read. */
static int rival(SimParavisor *p, const SimParavisorControl *control)
{
    uint8_t user_data[SIM_HCL_USER_DATA];

    if (RAND_bytes(user_data, sizeof(user_data)) != 1)
        return -EIO;
    note(control, "rival", "");
    return make_report(p, control, user_data) == SIM_OK ? 0 : -EIO;
}

/* The certificate as it is now: no file, never provisioned; the rest of the index is zeros. */
static int load_certificate(SimParavisor *p)
{
    SimIndex *index = index_find(p, SIM_INDEX_CERTIFICATE + p->tpm.shift);
    _cleanup_bytes_ Bytes file = { 0 };

    bytes_done(&index->content);
    index->written = false;
    int r = file_read(p->options.certificate, index->size, &file);
    if (r == -ENOENT)
        return 0;
    if (r == 0)
        r = bytes_new(index->size, &index->content);
    if (r < 0)
        return r;
    if (file.size > 0)
        memcpy(index->content.data, file.data, file.size);
    index->written = true;
    return 0;
}

static int error_answer(uint32_t code, uint8_t *ret, size_t *ret_size)
{
    const uint8_t answer[HEADER_SIZE] = {
        0x80, 0x01, 0, 0, 0, HEADER_SIZE, 0, 0, (uint8_t)(code >> 8), (uint8_t)code
    };

    memcpy(ret, answer, sizeof(answer));
    *ret_size = sizeof(answer);
    return 0;
}

static uint32_t code_of(const uint8_t *answer)
{
    return (uint32_t)answer[6] << 24 | (uint32_t)answer[7] << 16 | (uint32_t)answer[8] << 8 |
           answer[9];
}

/* BODY behind a head of TAG and success. */
static int success(uint16_t tag, const Bytes *body, uint8_t *ret, size_t *ret_size)
{
    _cleanup_bytes_ Bytes answer = { 0 };

    int r = bytes_append_be16(&answer, tag);
    if (r == 0)
        r = bytes_append_be32(&answer, (uint32_t)(HEADER_SIZE + body->size));
    if (r == 0)
        r = bytes_append_be32(&answer, 0);
    if (r == 0)
        r = bytes_append(&answer, VIEW(*body));
    if (r < 0)
        return r;
    memcpy(ret, answer.data, answer.size);
    *ret_size = answer.size;
    return 0;
}

/* TPMS_NV_PUBLIC */
static int nv_public(const SimIndex *index, Bytes *ret)
{
    uint32_t attributes = SIM_INDEX_ATTRIBUTES | (index->written ? TPMA_NV_WRITTEN : 0);

    int r = bytes_append_be32(ret, index->index);
    if (r == 0)
        r = bytes_append_be16(ret, TPM2_ALG_SHA256);
    if (r == 0)
        r = bytes_append_be32(ret, attributes);
    if (r == 0)
        r = bytes_append_be16(ret, 0);
    return r == 0 ? bytes_append_be16(ret, (uint16_t)index->size) : r;
}

static int answer_read_public(const SimIndex *index, uint8_t *ret, size_t *ret_size)
{
    _cleanup_bytes_ Bytes area = { 0 }, body = { 0 };
    uint8_t digest[SHA256_DIGEST_LENGTH];

    int r = nv_public(index, &area);
    if (r < 0)
        return r;
    (void)SHA256(area.data, area.size, digest);
    r = bytes_append_be16(&body, (uint16_t)area.size);
    if (r == 0)
        r = bytes_append(&body, VIEW(area));
    if (r == 0)
        r = bytes_append_be16(&body, 2 + SHA256_DIGEST_LENGTH);
    if (r == 0)
        r = bytes_append_be16(&body, TPM2_ALG_SHA256);
    if (r == 0)
        r = bytes_append(&body, VIEW_OF_ARRAY(digest));
    return r == 0 ? success(TPM2_ST_NO_SESSIONS, &body, ret, ret_size) : r;
}

/*
 * May this command's password read the index? The stub says: one byte of it is asked for. What an
 * HMAC session would prove is not looked at.
 */
static int ask_stub(SimParavisor *p, const Command *command, uint8_t *ret, size_t *ret_size)
{
    uint8_t asked[SIM_COMMAND_MAX];
    size_t size = command->bytes.size;

    memcpy(asked, command->bytes.data, size);
    memcpy(asked + size - 4, (const uint8_t[]){ 0, 1, 0, 0 }, 4);
    return sim_tpm_forward(&p->tpm, (ByteView){ asked, size }, ret, ret_size) == SIM_TPM_OK ? 0
                                                                                            : -EIO;
}

/* The first authorisation of a command with two handles. */
static bool read_session(const Command *command, Session *ret)
{
    Reader reader = command->rest;

    ret->by_owner = reader_be32(&reader) == TPM2_RH_OWNER;
    (void)reader_be32(&reader);
    (void)reader_be32(&reader);
    ret->is_password = reader_be32(&reader) == TPM2_RS_PW;
    ret->nonce = reader_view(&reader, reader_be16(&reader));
    ret->attributes = reader_u8(&reader);
    return reader_check(&reader) == 0;
}

/*
 * HMAC over the parameters, nonces and attributes (TPM 2.0 Part 1, 19.6): of sessions that are
 * neither salted nor bound, for a handle without an authorisation, the key is empty.
 */
static int append_hmac(const Session *session, const Bytes *parameters, const uint8_t *nonce,
                       Bytes *ret)
{
    _cleanup_bytes_ Bytes hashed = { 0 };
    uint8_t digest[SHA256_DIGEST_LENGTH];

    int r = bytes_append_be32(&hashed, 0);
    if (r == 0)
        r = bytes_append_be32(&hashed, TPM2_CC_NV_Read);
    if (r == 0)
        r = bytes_append(&hashed, VIEW(*parameters));
    if (r < 0)
        return r;
    (void)SHA256(hashed.data, hashed.size, digest);
    hashed.size = 0;
    r = bytes_append(&hashed, VIEW_OF_ARRAY(digest));
    if (r == 0)
        r = bytes_append(&hashed, (ByteView){ nonce, SHA256_DIGEST_LENGTH });
    if (r == 0)
        r = bytes_append(&hashed, session->nonce);
    if (r == 0)
        r = bytes_append_u8(&hashed, session->attributes);
    if (r < 0)
        return r;
    (void)HMAC(EVP_sha256(), "", 0, hashed.data, hashed.size, digest, NULL);
    r = bytes_append_be16(ret, sizeof(digest));
    return r == 0 ? bytes_append(ret, VIEW_OF_ARRAY(digest)) : r;
}

static int append_session(const Session *session, const Bytes *parameters, Bytes *ret)
{
    static const uint8_t of_password[] = { 0, 0, 1, 0, 0 };
    uint8_t nonce[SHA256_DIGEST_LENGTH];

    if (session->is_password)
        return bytes_append(ret, VIEW_OF_ARRAY(of_password));
    if (RAND_bytes(nonce, sizeof(nonce)) != 1)
        return -EIO;
    int r = bytes_append_be16(ret, sizeof(nonce));
    if (r == 0)
        r = bytes_append(ret, VIEW_OF_ARRAY(nonce));
    if (r == 0)
        r = bytes_append_u8(ret, session->attributes);
    return r == 0 ? append_hmac(session, parameters, nonce, ret) : r;
}

static int answer_content(const SimIndex *index, const Session *session, uint16_t size,
                          uint16_t offset, uint8_t *ret, size_t *ret_size)
{
    _cleanup_bytes_ Bytes body = { 0 }, parameters = { 0 };

    if (!index->written)
        return error_answer(RC_NV_NOT_SET, ret, ret_size);
    if (size > NV_BUFFER_MAX)
        return error_answer(RC_VALUE, ret, ret_size);
    if ((size_t)size + offset > index->size)
        return error_answer(RC_NV_RANGE, ret, ret_size);
    int r = bytes_append_be16(&parameters, size);
    if (r == 0)
        r = bytes_append(&parameters, (ByteView){ index->content.data + offset, size });
    if (r == 0)
        r = bytes_append_be32(&body, (uint32_t)parameters.size);
    if (r == 0)
        r = bytes_append(&body, VIEW(parameters));
    if (r == 0)
        r = append_session(session, &parameters, &body);
    return r == 0 ? success(TPM2_ST_SESSIONS, &body, ret, ret_size) : r;
}

/* What happens before the guest's read is looked at. */
static int prepare(SimParavisor *p, const SimParavisorControl *control, const SimIndex *index,
                   uint16_t offset)
{
    if (index->index == SIM_INDEX_CERTIFICATE + p->tpm.shift)
        return 0;
    note(control, offset == 0 ? "read" : "read-on", "");
    if (offset == 0)
        return refresh_when_due(p, control);
    return control->torn ? rival(p, control) : 0;
}

static int answer_read(SimParavisor *p, const SimParavisorControl *control, const Command *command,
                       const SimIndex *index, uint8_t *ret, size_t *ret_size)
{
    const uint8_t *end = command->bytes.data + command->bytes.size;
    Reader tail = reader_over((ByteView){ end - 4, 4 });
    const uint16_t size = reader_be16(&tail), offset = reader_be16(&tail);
    Session session;

    if (index->index == SIM_INDEX_REPORT + p->tpm.shift && control->retry)
        return error_answer(RC_RETRY, ret, ret_size);
    if (index->index == SIM_INDEX_REPORT + p->tpm.shift && control->denied)
        return error_answer(RC_BAD_AUTH, ret, ret_size);
    if (index->index == SIM_INDEX_REPORT + p->tpm.shift && control->broken)
        return error_answer(RC_DISABLED, ret, ret_size);
    if (!read_session(command, &session) || (!session.is_password && !session.by_owner))
        return error_answer(RC_BAD_AUTH, ret, ret_size);
    int r = prepare(p, control, index, offset);
    if (r == 0 && session.is_password) {
        r = ask_stub(p, command, ret, ret_size);
        if (r < 0 || code_of(ret) != 0)
            return r;
    }
    return r == 0 ? answer_content(index, &session, size, offset, ret, ret_size) : r;
}

/* Skips HANDLES and authorisations, and says how large the TPM2B behind them is. */
static size_t first_parameter_size(const Command *command, size_t handles)
{
    Reader reader = command->rest;

    (void)reader_view(&reader, 4 * handles);
    (void)reader_view(&reader, reader_be32(&reader));
    uint16_t size = reader_be16(&reader);
    return reader_check(&reader) ? 0 : size;
}

/* The platform's hierarchy is the paravisor's alone. */
static bool is_by_platform(const Command *command)
{
    Reader reader = command->rest;

    return command->tag == TPM2_ST_SESSIONS && reader_be32(&reader) == TPM2_RH_PLATFORM;
}

/* Each change of the faults counts the reads afresh; beyond the count there are none. */
static int limit_faults(SimParavisor *p, const Command *command, SimParavisorControl *control)
{
    Reader reader = command->rest;
    char *faults = control->json ? json_dumps(control->json, JSON_COMPACT) : strdup("");

    if (!faults)
        return -ENOMEM;
    if (!p->faults || strcmp(p->faults, faults) != 0)
        p->faulty = 0;
    free(p->faults);
    p->faults = faults;
    (void)reader_be32(&reader);
    bool is_read = command->code == TPM2_CC_NV_Read &&
                   reader_be32(&reader) == SIM_INDEX_REPORT + p->tpm.shift &&
                   command->bytes.data[command->bytes.size - 1] == 0 &&
                   command->bytes.data[command->bytes.size - 2] == 0;
    if (is_read)
        p->faulty++;
    if (p->faulty > control->count) {
        control->faults = (SimHclFaults){ 0 };
        control->stale = control->torn = control->retry = control->denied = control->broken = false;
    }
    return 0;
}

static int answer_index(SimParavisor *p, const SimParavisorControl *control, const Command *command,
                        uint8_t *ret, size_t *ret_size)
{
    Reader reader = command->rest;
    bool is_read = command->code == TPM2_CC_NV_Read;

    if (is_read)
        (void)reader_be32(&reader);
    const SimIndex *index = index_find(p, reader_be32(&reader));
    if (!index || reader_check(&reader))
        return sim_tpm_forward(&p->tpm, command->bytes, ret, ret_size) == SIM_TPM_OK ? 0 : -EIO;
    if (index->index == SIM_INDEX_CERTIFICATE + p->tpm.shift && load_certificate(p) < 0)
        return -EIO;
    return is_read ? answer_read(p, control, command, index, ret, ret_size)
                   : answer_read_public(index, ret, ret_size);
}

int sim_paravisor_answer(SimParavisor *p, ByteView bytes, uint8_t *ret, size_t *ret_size)
{
    _cleanup_sim_paravisor_control_ SimParavisorControl control = { 0 };
    Command command = { .bytes = bytes, .rest = reader_over(bytes) };

    command.tag = reader_be16(&command.rest);
    (void)reader_be32(&command.rest);
    command.code = reader_be32(&command.rest);
    if (reader_check(&command.rest))
        return -EPROTO;
    int r = sim_paravisor_control_read(p->options.control, &control);
    if (r == 0)
        r = limit_faults(p, &command, &control);
    if (r < 0)
        return r;
    if (is_by_platform(&command))
        return error_answer(RC_HIERARCHY, ret, ret_size);
    if (command.code == TPM2_CC_Quote && first_parameter_size(&command, 1) > NONCE_MAX)
        return error_answer(RC_SIZE, ret, ret_size);
    if (command.code == TPM2_CC_Certify && first_parameter_size(&command, 2) > NONCE_MAX)
        return error_answer(RC_SIZE, ret, ret_size);
    if (command.code == TPM2_CC_NV_Read || command.code == TPM2_CC_NV_ReadPublic)
        return answer_index(p, &control, &command, ret, ret_size);
    return sim_tpm_forward(&p->tpm, bytes, ret, ret_size) == SIM_TPM_OK ? 0 : -EIO;
}

static int add_index(SimParavisor *p, uint32_t index, size_t size)
{
    SimIndex *added = &p->indices[p->n_indices++];

    *added = (SimIndex){ .index = index, .size = size };
    return sim_tpm_define(&p->tpm, added);
}

static int boot(SimParavisor *p)
{
    _cleanup_sim_paravisor_control_ SimParavisorControl control = { 0 };

    int r = sim_tpm_open(&p->tpm, p->options.tcti);
    if (r == SIM_TPM_OK && p->options.forgets)
        r = sim_tpm_forget(&p->tpm);
    if (r == SIM_TPM_OK)
        r = sim_tpm_make_keys(&p->tpm, p->options.trusted_launch);
    if (r == SIM_TPM_OK && p->options.certificate)
        r = add_index(p, SIM_INDEX_CERTIFICATE + p->tpm.shift, CERTIFICATE_SIZE);
    if (r == SIM_TPM_OK && p->options.trusted_launch)
        return sim_tpm_undefine(&p->tpm, SIM_INDEX_REPORT + p->tpm.shift);
    if (r != SIM_TPM_OK)
        return r;
    r = add_index(p, SIM_INDEX_REPORT + p->tpm.shift, p->options.index_size);
    if (r == SIM_TPM_OK)
        r = sim_paravisor_control_read(p->options.control, &control);
    return r == 0 ? refresh(p, &control) : r;
}

int sim_paravisor_new(const SimParavisorOptions *options, SimParavisor **ret)
{
    _cleanup_(sim_paravisor_freep) SimParavisor *p = calloc(1, sizeof(*p));

    if (!p)
        return -ENOMEM;
    p->options = *options;
    p->tpm.shift = options->elsewhere ? SIM_ELSEWHERE : 0;
    int r = sim_chip_open(options->chip, &p->chip);
    if (r == SIM_OK)
        r = boot(p);
    if (r != 0)
        return r;
    *ret = TAKE_PTR(p);
    return 0;
}
