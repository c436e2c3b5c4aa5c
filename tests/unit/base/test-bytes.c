/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owned and borrowed memory.
 */
#include "base/bytes.h"

#include "testing.h"

#include <errno.h>

static void appended_bytes_are_kept_in_order(void)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    static const uint8_t wanted[] = { 0x01, 0x12, 0x34, 0x12, 0x34, 0x56, 0x78, 0x78,
                                      0x56, 0x34, 0x12, 0x34, 0x12, 'e',  'n',  'd' };

    check(bytes_append_u8(&bytes, 1) == 0);
    check(bytes_append_be16(&bytes, 0x1234) == 0);
    check(bytes_append_be32(&bytes, 0x12345678) == 0);
    check(bytes_append_le32(&bytes, 0x12345678) == 0);
    check(bytes_append_le16(&bytes, 0x1234) == 0);
    check(bytes_append(&bytes, view_of_string("end")) == 0);
    check(view_equal(VIEW(bytes), VIEW_OF_ARRAY(wanted)));
    check_int(bytes.data[bytes.size], 0);
}

static void sixty_four_bit_integers_keep_their_order(void)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    static const uint8_t wanted[] = { 1, 2, 3, 4, 5, 6, 7, 8, 8, 7, 6, 5, 4, 3, 2, 1 };

    check(bytes_append_be64(&bytes, UINT64_C(0x0102030405060708)) == 0);
    check(bytes_append_le64(&bytes, UINT64_C(0x0102030405060708)) == 0);
    check(view_equal(VIEW(bytes), VIEW_OF_ARRAY(wanted)));
}

static void an_impossible_size_is_refused_and_changes_nothing(void)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    Bytes other = { 0 };

    check(bytes_append(&bytes, view_of_string("kept")) == 0);
    check_int(bytes_append(&bytes, (ByteView){ .data = bytes.data, .size = SIZE_MAX - 2 }),
              -EOVERFLOW);
    check(view_equal(VIEW(bytes), view_of_string("kept")));
    check_int(bytes_new(SIZE_MAX, &other), -EOVERFLOW);
    check(!other.data);
}

static void taking_a_struct_leaves_nothing_behind(void)
{
    Bytes bytes = { 0 };

    check(bytes_copy(view_of_string("x"), &bytes) == 0);
    _cleanup_bytes_ Bytes taken = TAKE_STRUCT(bytes);
    check(!bytes.data && bytes.size == 0);
    check_int(taken.size, 1);
}

static void views_compare_by_content(void)
{
    check(view_equal(view_of_string(""), (ByteView){ 0 }));
    check(!view_equal(view_of_string("a"), view_of_string("b")));
    check(!view_equal(view_of_string("a"), view_of_string("ab")));
    check(view_is_filled_with(view_of_string("zzz"), 'z'));
    check(!view_is_filled_with(view_of_string("zza"), 'z'));
}

static const Test tests[] = {
    { "appended bytes are kept in order", appended_bytes_are_kept_in_order },
    { "64-bit integers keep their order", sixty_four_bit_integers_keep_their_order },
    { "an impossible size is refused", an_impossible_size_is_refused_and_changes_nothing },
    { "taking a struct leaves nothing behind", taking_a_struct_leaves_nothing_behind },
    { "views compare by content", views_compare_by_content },
};

TEST_MAIN(tests)
