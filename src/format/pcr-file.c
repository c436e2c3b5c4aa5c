/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCR values from JSON and from tpm2-tools' binary file; the text form is in pcr-text.c.
 */
#include "format/pcr-file.h"

#include "base/encode.h"
#include "base/reader.h"
#include "format/pcr-text.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* tpm2-tools write structures of libtss2 as they lie in memory, little-endian. */
#define SELECTIONS    16 /* entries in TPML_PCR_SELECTION */
#define SELECT_SIZE   4  /* bytes of a bitmap */
#define DIGESTS       8  /* entries in TPML_DIGEST */
#define DIGEST_BUFFER 64 /* bytes in TPM2B_DIGEST */
#define LISTS_MAX     64 /* TPML_DIGESTs; 24 PCRs of 16 banks need 48 */

const char *pcr_file_reason(int reason)
{
    switch (reason) {
    case PCR_FILE_OK:
        return "ok";
    case PCR_FILE_E_SIZE:
        return "too large";
    case PCR_FILE_E_SYNTAX:
        return "neither JSON nor a file of tpm2-tools";
    case PCR_FILE_E_BANK:
        return "a bank unknown, empty or there twice";
    case PCR_FILE_E_PCR:
        return "a register above 23, or one twice";
    case PCR_FILE_E_VALUE:
        return "a value of another size than its bank's";
    }
    return "unknown";
}

const EvidencePcrs *pcr_file_bank(const PcrFile *file, uint16_t bank)
{
    for (size_t i = 0; i < file->n_banks; i++)
        if (file->banks[i].bank == bank)
            return &file->banks[i];
    return NULL;
}

int pcr_file_add_bank(PcrFile *file, uint16_t bank, EvidencePcrs **ret)
{
    if (tpm_alg_digest_size(bank) == 0 || pcr_file_bank(file, bank) ||
        file->n_banks == PCR_FILE_BANKS_MAX)
        return PCR_FILE_E_BANK;
    *ret = &file->banks[file->n_banks++];
    **ret = (EvidencePcrs){ .bank = bank, .digest_size = tpm_alg_digest_size(bank) };
    return PCR_FILE_OK;
}

int pcr_file_add_hex(EvidencePcrs *pcrs, unsigned pcr, const char *hex)
{
    _cleanup_bytes_ Bytes value = { 0 };

    if (pcr >= TPM_PCR_COUNT || (pcrs->mask & UINT32_C(1) << pcr))
        return PCR_FILE_E_PCR;
    int r = hex_decode(hex, &value);
    if (r < 0)
        return r;
    return r == ENCODE_OK && evidence_pcrs_set(pcrs, pcr, VIEW(value)) ? PCR_FILE_OK
                                                                       : PCR_FILE_E_VALUE;
}

bool pcr_file_number(const char *text, unsigned *ret)
{
    unsigned number = 0;
    size_t i;

    for (i = 0; isdigit((unsigned char)text[i]) && i < 3; i++)
        number = number * 10 + (unsigned)(text[i] - '0');
    if (i == 0 || text[i] != 0 || (text[0] == '0' && i > 1))
        return false;
    *ret = number;
    return true;
}

/* {"0": hex, …} or [hex of PCR 0, …] */
static int read_json_bank(json_t *values, EvidencePcrs *pcrs)
{
    const char *name;
    json_t *value;
    size_t i;
    int r;

    if (json_is_array(values)) {
        json_array_foreach (values, i, value) {
            r = json_is_string(value) ? pcr_file_add_hex(pcrs, (unsigned)MIN(i, TPM_PCR_COUNT),
                                                         json_string_value(value))
                                      : PCR_FILE_E_VALUE;
            if (r)
                return r;
        }
        return PCR_FILE_OK;
    }
    if (!json_is_object(values))
        return PCR_FILE_E_SYNTAX;
    json_object_foreach (values, name, value) {
        unsigned pcr;
        if (!pcr_file_number(name, &pcr))
            return PCR_FILE_E_PCR;
        r = json_is_string(value) ? pcr_file_add_hex(pcrs, pcr, json_string_value(value))
                                  : PCR_FILE_E_VALUE;
        if (r)
            return r;
    }
    return PCR_FILE_OK;
}

static int read_json(ByteView bytes, PcrFile *file)
{
    json_auto_t *json = NULL;
    const char *name;
    json_t *values;

    int r = json_parse(bytes, PCR_FILE_SIZE_MAX, &json);
    if (r < 0)
        return r;
    if (r != JSON_OK || !json_is_object(json))
        return PCR_FILE_E_SYNTAX;
    json_object_foreach (json, name, values) {
        EvidencePcrs *pcrs;
        r = pcr_file_add_bank(file, tpm_alg_hash_by_name(name), &pcrs);
        if (r == PCR_FILE_OK)
            r = read_json_bank(values, pcrs);
        if (r)
            return r;
    }
    return PCR_FILE_OK;
}

/* What the values that follow are of. */
typedef struct Selections {
    struct {
        uint16_t bank;
        uint32_t pcrs;
    } items[SELECTIONS];
    size_t n_items;
} Selections;

/* TPML_PCR_SELECTION: u32 count; 16 × { u16 hash, u8 size, u8[4] bitmap, 1 byte of padding } */
static int read_selections(Reader *reader, Selections *selections)
{
    uint32_t count = reader_le32(reader);

    if (count == 0 || count > SELECTIONS)
        return PCR_FILE_E_SYNTAX;
    for (size_t i = 0; i < SELECTIONS; i++) {
        uint16_t bank = reader_le16(reader);
        uint8_t size = reader_u8(reader);
        uint32_t pcrs = reader_le32(reader);
        reader_skip(reader, 1);
        if (i >= count)
            continue;
        if (size > SELECT_SIZE)
            return PCR_FILE_E_SYNTAX;
        if (size < SELECT_SIZE)
            pcrs &= (UINT32_C(1) << 8 * size) - 1;
        if (pcrs >> TPM_PCR_COUNT)
            return PCR_FILE_E_PCR;
        selections->items[i].bank = bank;
        selections->items[i].pcrs = pcrs;
    }
    selections->n_items = count;
    return reader_check(reader) == READER_OK ? PCR_FILE_OK : PCR_FILE_E_SYNTAX;
}

/* All values of all lists, in order: TPML_DIGEST is u32 count; 8 × { u16 size, u8[64] }. */
typedef struct Values {
    Reader reader;
    uint32_t lists_left;
    uint32_t of_list; /* values that count in this list */
    uint32_t at;      /* entries of this list that were read */
} Values;

static int next_value(Values *values, ByteView *ret)
{
    while (values->at == values->of_list) {
        for (; values->at > 0 && values->at < DIGESTS; values->at++)
            reader_skip(&values->reader, 2 + DIGEST_BUFFER);
        if (values->lists_left == 0)
            return PCR_FILE_E_SYNTAX;
        values->lists_left--;
        values->of_list = reader_le32(&values->reader);
        values->at = 0;
        if (values->of_list > DIGESTS || values->of_list == 0)
            return PCR_FILE_E_SYNTAX;
    }
    uint16_t size = reader_le16(&values->reader);
    ByteView buffer = reader_view(&values->reader, DIGEST_BUFFER);
    if (reader_check(&values->reader) || size > DIGEST_BUFFER)
        return PCR_FILE_E_SYNTAX;
    values->at++;
    *ret = (ByteView){ .data = buffer.data, .size = size };
    return PCR_FILE_OK;
}

static int read_binary_bank(Values *values, uint32_t pcrs, EvidencePcrs *bank)
{
    for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
        ByteView value;
        if (!(pcrs & UINT32_C(1) << pcr))
            continue;
        int r = next_value(values, &value);
        if (r)
            return r;
        if (!evidence_pcrs_set(bank, pcr, value))
            return PCR_FILE_E_VALUE;
    }
    return PCR_FILE_OK;
}

static int end_values(Values *values)
{
    for (; values->at < DIGESTS; values->at++)
        reader_skip(&values->reader, 2 + DIGEST_BUFFER);
    return values->at == DIGESTS && values->lists_left == 0 &&
                   reader_end(&values->reader) == READER_OK
               ? PCR_FILE_OK
               : PCR_FILE_E_SYNTAX;
}

static int read_binary(ByteView bytes, PcrFile *file)
{
    Values values = { .reader = reader_over(bytes) };
    Selections selections = { 0 };

    int r = read_selections(&values.reader, &selections);
    if (r)
        return r;
    values.lists_left = reader_le32(&values.reader);
    if (reader_check(&values.reader) || values.lists_left > LISTS_MAX)
        return PCR_FILE_E_SYNTAX;
    for (size_t i = 0; i < selections.n_items; i++) {
        EvidencePcrs *bank;
        if (selections.items[i].pcrs == 0) /* a bank that is there and not asked for */
            continue;
        r = pcr_file_add_bank(file, selections.items[i].bank, &bank);
        if (r == PCR_FILE_OK)
            r = read_binary_bank(&values, selections.items[i].pcrs, bank);
        if (r)
            return r;
    }
    return end_values(&values);
}

/* Text begins with a letter or a space; a binary file with a count from 1 to 16. */
static int read_any(ByteView bytes, PcrFile *file)
{
    size_t at = 0;

    while (at < bytes.size && isspace(bytes.data[at]) && bytes.data[at] != '\v')
        at++;
    if (at == bytes.size)
        return PCR_FILE_E_SYNTAX;
    if (bytes.data[at] == '{')
        return read_json(bytes, file);
    if (isalpha(bytes.data[at]))
        return pcr_text_read(bytes, file);
    return read_binary(bytes, file);
}

int pcr_file_parse(ByteView bytes, PcrFile *ret)
{
    PcrFile file = { 0 };

    if (bytes.size > PCR_FILE_SIZE_MAX)
        return PCR_FILE_E_SIZE;
    int r = read_any(bytes, &file);
    if (r)
        return r;
    for (size_t i = 0; i < file.n_banks; i++)
        if (file.banks[i].mask == 0)
            return PCR_FILE_E_BANK;
    if (file.n_banks == 0)
        return PCR_FILE_E_BANK;
    *ret = file;
    return PCR_FILE_OK;
}
