/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCR values in JSON, in tpm2-tools' file and in tpm2_pcrread's text, good and broken.
 */
#include "format/pcr-file.h"

#include "build.h"

#define HEX20 "00112233445566778899aabbccddeeff00112233"
#define HEX32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static int parse(const char *text, PcrFile *ret)
{
    return pcr_file_parse(view_of_string(text), ret);
}

static void test_json_objects_and_arrays_are_read(void)
{
    PcrFile file;

    check_int(parse("{\"sha256\":{\"7\":\"" HEX32 "\",\"0\":\"" HEX32 "\"},"
                    "\"sha1\":[\"" HEX20 "\",\"" HEX20 "\"]}\n",
                    &file),
              PCR_FILE_OK);
    check_int(file.n_banks, 2);
    check_int(pcr_file_bank(&file, TPM_ALG_SHA256)->mask, 0x81);
    check_int(pcr_file_bank(&file, TPM_ALG_SHA1)->mask, 3);
    check_int(evidence_pcr(pcr_file_bank(&file, TPM_ALG_SHA256), 7).data[31], 0x1f);
    check(pcr_file_bank(&file, TPM_ALG_SHA384) == NULL);
}

static void test_text_of_pcrread_is_read(void)
{
    PcrFile file;

    check_int(parse("  sha1:\n    0 : 0x" HEX20
                    "\n    16: 0x00112233445566778899AABBCCDDEEFF00112233"
                    "\r\n  sha256:\n    9 : 0x" HEX32 "\n",
                    &file),
              PCR_FILE_OK);
    check_int(file.n_banks, 2);
    check_int(file.banks[0].bank, TPM_ALG_SHA1);
    check_int(file.banks[0].mask, 0x10001);
    check(view_equal(evidence_pcr(&file.banks[0], 0), evidence_pcr(&file.banks[0], 16)));
    check_int(file.banks[1].mask, 1 << 9);
}

static void test_broken_text_is_refused_by_name(void)
{
    static const struct {
        const char *text;
        int refusal;
    } cases[] = {
        { "", PCR_FILE_E_SYNTAX },
        { " \n", PCR_FILE_E_SYNTAX },
        { "{", PCR_FILE_E_SYNTAX },
        { "{}", PCR_FILE_E_BANK },
        { "[]", PCR_FILE_E_SYNTAX },
        { "{\"sha256\":{}}", PCR_FILE_E_BANK },
        { "{\"sha256\":7}", PCR_FILE_E_SYNTAX },
        { "{\"md5\":{\"0\":\"00\"}}", PCR_FILE_E_BANK },
        { "{\"rsa\":{\"0\":\"00\"}}", PCR_FILE_E_BANK },
        { "{\"sha256\":{\"24\":\"" HEX32 "\"}}", PCR_FILE_E_PCR },
        { "{\"sha256\":{\"01\":\"" HEX32 "\"}}", PCR_FILE_E_PCR },
        { "{\"sha256\":{\"\":\"" HEX32 "\"}}", PCR_FILE_E_PCR },
        { "{\"sha256\":{\"1000\":\"" HEX32 "\"}}", PCR_FILE_E_PCR },
        { "{\"sha256\":{\"0\":\"" HEX20 "\"}}", PCR_FILE_E_VALUE },
        { "{\"sha256\":{\"0\":\"zz\"}}", PCR_FILE_E_VALUE },
        { "{\"sha256\":{\"0\":7}}", PCR_FILE_E_VALUE },
        { "{\"sha256\":[null]}", PCR_FILE_E_VALUE },
        { "{\"sha256\":{\"0\":\"" HEX32 "\",\"0\":\"" HEX32 "\"}}", PCR_FILE_E_SYNTAX },
        { "sha256:\n", PCR_FILE_E_BANK },
        { "sha256:\n0 : " HEX32 "\n", PCR_FILE_E_VALUE },
        { "sha256:\n0 : 0x" HEX20 "\n", PCR_FILE_E_VALUE },
        { "sha256:\n0 : 0x" HEX32 "\n0 : 0x" HEX32 "\n", PCR_FILE_E_PCR },
        { "sha256:\nsha256:\n", PCR_FILE_E_BANK },
        { "sha257:\n", PCR_FILE_E_BANK },
        { "a : 0x" HEX32 "\n", PCR_FILE_E_SYNTAX },
        { "selected-pcrs\n", PCR_FILE_E_SYNTAX },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        PcrFile file = { .n_banks = 99 };
        int r = parse(cases[i].text, &file);
        if (r != cases[i].refusal)
            (void)fprintf(stderr, "%s\n", cases[i].text);
        check_int(r, cases[i].refusal);
        check_int(file.n_banks, 99);
        check(strcmp(pcr_file_reason(r), "unknown") != 0);
    }
}

static void test_too_many_values_are_refused(void)
{
    _cleanup_bytes_ Bytes text = { 0 };
    PcrFile file;

    check_int(bytes_append(&text, view_of_string("{\"sha1\":[")), 0);
    for (int i = 0; i < 25; i++)
        check_int(bytes_append(&text, view_of_string(i ? ",\"" HEX20 "\"" : "\"" HEX20 "\"")), 0);
    check_int(bytes_append(&text, view_of_string("]}")), 0);
    check_int(pcr_file_parse(VIEW(text), &file), PCR_FILE_E_PCR);
    _cleanup_bytes_ Bytes huge = { 0 };
    check_int(bytes_new(PCR_FILE_SIZE_MAX + 1, &huge), 0);
    check_int(pcr_file_parse(VIEW(huge), &file), PCR_FILE_E_SIZE);
}

/* The file of tpm2-tools: selections of 16 banks, then lists of 8 digests. */
static Bytes binary(const uint16_t *banks, const uint32_t *masks, size_t n_banks)
{
    Bytes out = { 0 };
    uint8_t value[64] = { 0 };
    size_t n_values = 0, written = 0;

    check_int(bytes_append_le32(&out, (uint32_t)n_banks), 0);
    for (size_t i = 0; i < 16; i++) {
        check_int(bytes_append_le16(&out, i < n_banks ? banks[i] : 0), 0);
        check_int(bytes_append_u8(&out, i < n_banks ? 3 : 0), 0);
        check_int(bytes_append_le32(&out, i < n_banks ? masks[i] : 0), 0);
        check_int(bytes_append_u8(&out, 0), 0);
        n_values += i < n_banks ? (size_t)__builtin_popcount(masks[i]) : 0;
    }
    check_int(bytes_append_le32(&out, (uint32_t)((n_values + 7) / 8)), 0);
    size_t bank = 0, left = n_banks ? (size_t)__builtin_popcount(masks[0]) : 0;
    while (written < n_values) {
        size_t of_list = MIN(n_values - written, 8);
        check_int(bytes_append_le32(&out, (uint32_t)of_list), 0);
        for (size_t i = 0; i < 8; i++) {
            while (left == 0 && bank + 1 < n_banks)
                left = (size_t)__builtin_popcount(masks[++bank]);
            size_t size = i < of_list ? tpm_alg_digest_size(banks[bank]) : 0;
            value[0] = (uint8_t)(written + i);
            check_int(bytes_append_le16(&out, (uint16_t)size), 0);
            check_int(bytes_append(&out, VIEW_OF_ARRAY(value)), 0);
            left -= i < of_list;
        }
        written += of_list;
    }
    return out;
}

static void test_a_binary_file_of_two_banks_is_read(void)
{
    static const uint16_t banks[] = { TPM_ALG_SHA1, TPM_ALG_SHA256 };
    static const uint32_t masks[] = { 0x000fff, 0xffffff };
    _cleanup_bytes_ Bytes bytes = binary(banks, masks, 2);
    PcrFile file;

    check_int(pcr_file_parse(VIEW(bytes), &file), PCR_FILE_OK);
    check_int(file.n_banks, 2);
    check_int(file.banks[0].mask, 0xfff);
    check_int(file.banks[1].mask, 0xffffff);
    check_int(evidence_pcr(&file.banks[0], 11).data[0], 11);
    check_int(evidence_pcr(&file.banks[1], 23).data[0], 35);
}

static void test_a_binary_file_is_refused_cut_or_padded(void)
{
    static const uint16_t banks[] = { TPM_ALG_SHA256 };
    static const uint32_t masks[] = { 0x0001ff };
    _cleanup_bytes_ Bytes bytes = binary(banks, masks, 1);
    PcrFile file;

    check_int(pcr_file_parse(VIEW(bytes), &file), PCR_FILE_OK);
    for (size_t size = 0; size < bytes.size; size++) {
        _cleanup_free_ uint8_t *copy = tight_copy(bytes.data, size);
        check_int(pcr_file_parse((ByteView){ copy, size }, &file), PCR_FILE_E_SYNTAX);
    }
    check_int(bytes_append_u8(&bytes, 0), 0);
    check_int(pcr_file_parse(VIEW(bytes), &file), PCR_FILE_E_SYNTAX);
}

static void test_a_binary_file_that_contradicts_itself_is_refused(void)
{
    static const uint16_t banks[] = { TPM_ALG_SHA256, TPM_ALG_SHA1 };
    static const uint32_t masks[] = { 0x000003, 1 };
    _cleanup_bytes_ Bytes good = binary(banks, masks, 2);
    static const struct {
        size_t offset;
        uint8_t value;
        int refusal;
    } cases[] = {
        { 0, 0, PCR_FILE_E_SYNTAX },    /* no bank */
        { 0, 17, PCR_FILE_E_SYNTAX },   /* more than there is room for */
        { 4, 0x99, PCR_FILE_E_BANK },   /* an unknown one */
        { 6, 5, PCR_FILE_E_SYNTAX },    /* a bitmap of five bytes */
        { 7, 7, PCR_FILE_E_VALUE },     /* a PCR more: it gets the next bank's value */
        { 7, 1, PCR_FILE_E_VALUE },     /* one less: the next bank gets its value */
        { 12, 0x0b, PCR_FILE_E_BANK },  /* the same bank twice */
        { 132, 0, PCR_FILE_E_SYNTAX },  /* no list */
        { 132, 2, PCR_FILE_E_SYNTAX },  /* a list that is not there */
        { 136, 9, PCR_FILE_E_SYNTAX },  /* more digests than fit */
        { 140, 65, PCR_FILE_E_SYNTAX }, /* a digest larger than its buffer */
        { 140, 20, PCR_FILE_E_VALUE },  /* a digest of another bank */
    };
    PcrFile file;

    check_int(pcr_file_parse(VIEW(good), &file), PCR_FILE_OK);
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        uint8_t kept = good.data[cases[i].offset];
        good.data[cases[i].offset] = cases[i].value;
        if (pcr_file_parse(VIEW(good), &file) != cases[i].refusal)
            (void)fprintf(stderr, "case %zu\n", i);
        check_int(pcr_file_parse(VIEW(good), &file), cases[i].refusal);
        good.data[cases[i].offset] = kept;
    }
}

static const Test tests[] = {
    { "JSON objects and arrays are read", test_json_objects_and_arrays_are_read },
    { "text of tpm2_pcrread is read", test_text_of_pcrread_is_read },
    { "broken text is refused by name", test_broken_text_is_refused_by_name },
    { "too many values are refused", test_too_many_values_are_refused },
    { "a binary file of two banks is read", test_a_binary_file_of_two_banks_is_read },
    { "a binary file is refused cut or padded", test_a_binary_file_is_refused_cut_or_padded },
    { "a binary file that contradicts itself is refused",
      test_a_binary_file_that_contradicts_itself_is_refused },
};

TEST_MAIN(tests)
