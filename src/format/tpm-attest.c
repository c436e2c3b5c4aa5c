/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPMS_ATTEST of a quote, after TPM 2.0 Part 2, tables 10.12.11 and 10.12.12.
 */
#include "format/tpm-attest.h"

#include "base/reader.h"

#define BITMAP_SIZE (TPM_PCR_COUNT / 8)

const char *tpm_attest_reason(int reason)
{
    switch (reason) {
    case TPM_ATTEST_OK:
        return "ok";
    case TPM_ATTEST_E_TRUNCATED:
        return "truncated";
    case TPM_ATTEST_E_TRAILING:
        return "bytes behind the structure";
    case TPM_ATTEST_E_MAGIC:
        return "not made by a TPM";
    case TPM_ATTEST_E_TYPE:
        return "not a quote";
    case TPM_ATTEST_E_SAFE:
        return "clock flag is neither yes nor no";
    case TPM_ATTEST_E_SELECTION:
        return "unknown or repeated bank, or not 24 registers";
    case TPM_ATTEST_E_DIGEST:
        return "PCR digest of a wrong size";
    }
    return "unknown";
}

static bool has_bank(const TpmAttest *attest, uint16_t bank)
{
    for (size_t i = 0; i < attest->n_selections; i++)
        if (attest->selections[i].bank == bank)
            return true;
    return false;
}

/* TPMS_PCR_SELECTION (10.6.2) */
static int read_selection(Reader *reader, TpmAttest *attest)
{
    TpmSelection selection = { .bank = reader_be16(reader) };
    uint8_t size = reader_u8(reader);
    ByteView bitmap = reader_view(reader, size);

    if (reader_check(reader))
        return TPM_ATTEST_E_TRUNCATED;
    if (size != BITMAP_SIZE || tpm_alg_digest_size(selection.bank) == 0 ||
        has_bank(attest, selection.bank))
        return TPM_ATTEST_E_SELECTION;
    for (size_t i = 0; i < BITMAP_SIZE; i++)
        selection.pcrs |= (uint32_t)bitmap.data[i] << 8 * i;
    attest->selections[attest->n_selections++] = selection;
    return TPM_ATTEST_OK;
}

/* TPMS_QUOTE_INFO (10.12.4) */
static int read_quote(Reader *reader, TpmAttest *attest)
{
    uint32_t count = reader_be32(reader);

    if (reader_check(reader))
        return TPM_ATTEST_E_TRUNCATED;
    if (count > TPM_SELECTIONS_MAX)
        return TPM_ATTEST_E_SELECTION;
    for (uint32_t i = 0; i < count; i++) {
        int r = read_selection(reader, attest);
        if (r)
            return r;
    }

    uint16_t size = reader_be16(reader);
    attest->pcr_digest = reader_view(reader, size);
    if (reader_check(reader))
        return TPM_ATTEST_E_TRUNCATED;
    if (size != 20 && size != 32 && size != 48 && size != 64)
        return TPM_ATTEST_E_DIGEST;
    return TPM_ATTEST_OK;
}

int tpm_attest_parse(ByteView bytes, TpmAttest *ret)
{
    TpmAttest attest = { .raw = bytes };
    Reader reader = reader_over(bytes);

    uint32_t magic = reader_be32(&reader);
    uint16_t type = reader_be16(&reader);
    if (reader_check(&reader))
        return TPM_ATTEST_E_TRUNCATED;
    if (magic != TPM_GENERATED)
        return TPM_ATTEST_E_MAGIC;
    if (type != TPM_ST_ATTEST_QUOTE)
        return TPM_ATTEST_E_TYPE;

    attest.qualified_signer = reader_tpm2b(&reader, 2 + TPM_DIGEST_SIZE_MAX);
    attest.extra_data = reader_tpm2b(&reader, 2 + TPM_DIGEST_SIZE_MAX);
    attest.clock_msec = reader_be64(&reader);
    attest.reset_count = reader_be32(&reader);
    attest.restart_count = reader_be32(&reader);
    uint8_t safe = reader_u8(&reader);
    attest.firmware_version = reader_be64(&reader);
    if (reader_check(&reader))
        return TPM_ATTEST_E_TRUNCATED;
    if (safe > 1)
        return TPM_ATTEST_E_SAFE;
    attest.safe = safe == 1;

    int r = read_quote(&reader, &attest);
    if (r)
        return r;
    if (reader_end(&reader))
        return TPM_ATTEST_E_TRAILING;
    *ret = attest;
    return TPM_ATTEST_OK;
}
