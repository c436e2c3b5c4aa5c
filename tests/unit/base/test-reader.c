/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cursor that cannot overrun.
 */
#include "base/reader.h"

#include "testing.h"

static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

static void integers_are_read_in_either_byte_order(void)
{
    Reader reader = reader_over(VIEW_OF_ARRAY(bytes));

    check_int(reader_u8(&reader), 1);
    check_int(reader_le16(&reader), 0x0302);
    check_int(reader_be16(&reader), 0x0405);
    check_int(reader_le32(&reader), 0x09080706);
    check_int(reader_be32(&reader), 0x0a0b0c0d);
    check_int(reader.offset, 13);
    check_int(reader_end(&reader), READER_E_TRAILING);
    check_int(reader_le16(&reader), 0x0f0e);
    check_int(reader_end(&reader), READER_OK);
}

static void a_read_past_the_end_fails_for_good(void)
{
    Reader reader = reader_over(VIEW_OF_ARRAY(bytes));
    uint8_t out[4] = { 9, 9, 9, 9 };

    reader_skip(&reader, 14);
    check_int(reader_be16(&reader), 0);
    check_int(reader_check(&reader), READER_E_TRUNCATED);
    check_int(reader_u8(&reader), 0);
    reader_copy(&reader, out, sizeof(out));
    check(view_is_filled_with(VIEW_OF_ARRAY(out), 0));
    check_int(reader_end(&reader), READER_E_TRUNCATED);
}

static void a_length_beyond_any_memory_is_refused(void)
{
    Reader reader = reader_over(VIEW_OF_ARRAY(bytes));

    check(!reader_view(&reader, UINT64_MAX).data);
    check_int(reader_check(&reader), READER_E_TRUNCATED);
}

static void a_tpm2b_longer_than_its_limit_is_refused(void)
{
    static const uint8_t tpm2b[] = { 0, 3, 'a', 'b', 'c' };
    Reader reader = reader_over(VIEW_OF_ARRAY(tpm2b));

    check(view_equal(reader_tpm2b(&reader, 3), view_of_string("abc")));
    check_int(reader_end(&reader), READER_OK);
    reader = reader_over(VIEW_OF_ARRAY(tpm2b));
    check_int(reader_tpm2b(&reader, 2).size, 0);
    check_int(reader_check(&reader), READER_E_TRUNCATED);
}

static void an_empty_input_is_at_its_end(void)
{
    Reader reader = reader_over((ByteView){ 0 });

    check_int(reader_end(&reader), READER_OK);
    check_int(reader_view(&reader, 0).size, 0);
    check_int(reader_end(&reader), READER_OK);
    check_int(reader_u8(&reader), 0);
    check_int(reader_end(&reader), READER_E_TRUNCATED);
}

static const Test tests[] = {
    { "integers are read in either byte order", integers_are_read_in_either_byte_order },
    { "a read past the end fails for good", a_read_past_the_end_fails_for_good },
    { "a length beyond any memory is refused", a_length_beyond_any_memory_is_refused },
    { "a TPM2B longer than its limit is refused", a_tpm2b_longer_than_its_limit_is_refused },
    { "an empty input is at its end", an_empty_input_is_at_its_end },
};

TEST_MAIN(tests)
