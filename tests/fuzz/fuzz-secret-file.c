/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the reader of secret files, and of the header inside, accepts, the writer writes, and the
 * reader accepts that again.
 */
#include "secret/secret-member.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a kind has, and nothing of another. */
static void check_kind(const SecretHeader *header)
{
    const uint32_t caps = 0xff00, mask = header->pcrs.mask;
    bool in_tpm = !gate_kind_is_wrapped(header->gate_kind);

    if (header->gate_kind >= N_GATE_KINDS || (header->wrapped == NULL) != in_tpm ||
        (!in_tpm && (mask || header->has_counter)) || mask >> GATE_PCR_COUNT)
        abort();
    if (header->gate_kind == GATE_KIND_PCR && mask == 0)
        abort();
    if (header->gate_kind == GATE_KIND_VERIFIER && mask && ((mask & ~caps) || (mask & (mask - 1))))
        abort();
}

static void check_header(const SecretHeader *header)
{
    _cleanup_secret_header_ SecretHeader again = { 0 };
    _cleanup_bytes_ Bytes json = { 0 }, second = { 0 };
    const char *member = NULL;

    for (size_t i = 0; i < header->n_who; i++)
        if (!secret_who_is_valid(header->who[i]))
            abort();
    check_kind(header);
    if (!secret_name_is_valid(header->name) || header->version == 0 ||
        secret_header_emit(header, &json) != 0 ||
        secret_header_parse(VIEW(json), &again, &member) != SECRET_FILE_OK ||
        secret_header_emit(&again, &second) != 0 || !view_equal(VIEW(json), VIEW(second)))
        abort();
}

static void check_file(const SecretFile *file)
{
    _cleanup_secret_file_ SecretFile again = { 0 };
    _cleanup_bytes_ Bytes json = { 0 };

    check_header(&file->header);
    if ((file->sealed_public.size > 0) == gate_kind_is_wrapped(file->header.gate_kind))
        abort();
    /* What is authenticated stays as it was, also where we would have written it otherwise. */
    if (secret_file_emit(file, &json) != 0 ||
        secret_file_parse(VIEW(json), &again, NULL) != SECRET_FILE_OK ||
        !view_equal(VIEW(file->header_bytes), VIEW(again.header_bytes)) ||
        !view_equal(VIEW(file->ciphertext), VIEW(again.ciphertext)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_secret_header_ SecretHeader header = { 0 };
    _cleanup_secret_file_ SecretFile file = { 0 };
    ByteView json = { .data = data, .size = size };
    const char *member = NULL;

    int r = secret_file_parse(json, &file, &member);
    if ((r == SECRET_FILE_OK) != (file.header.name != NULL) || (r > 0 && !member))
        abort();
    if (r == SECRET_FILE_OK)
        check_file(&file);
    if (secret_header_parse(json, &header, &member) == SECRET_FILE_OK)
        check_header(&header);
    return 0;
}
