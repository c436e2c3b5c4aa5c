/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets in memory.
 */
#include "base/wipe.h"

#include "testing.h"

#include <errno.h>
#include <jansson.h>

static void comparison_tells_equal_from_different(void)
{
    check(equal_constant_time(view_of_string("same"), view_of_string("same")));
    check(!equal_constant_time(view_of_string("same"), view_of_string("sane")));
    check(!equal_constant_time(view_of_string("same"), view_of_string("sam")));
    check(equal_constant_time((ByteView){ 0 }, (ByteView){ 0 }));
}

static void wiped_memory_is_zero(void)
{
    uint8_t bytes[] = { 1, 2, 3 };

    wipe(bytes, sizeof(bytes));
    check(view_is_filled_with(VIEW_OF_ARRAY(bytes), 0));
    wipe(NULL, 0);
}

static void bytes_grow_and_are_what_was_put_there(void)
{
    _cleanup_wiped_bytes_ Bytes bytes = { 0 };

    check_int(bytes_wipe_append(&bytes, (ByteView){ 0 }), 0);
    check_int(bytes.size, 0);
    for (int i = 0; i < 100; i++)
        check_int(bytes_wipe_append(&bytes, view_of_string("token")), 0);
    check_int(bytes.size, 500);
    check(memcmp(bytes.data + 495, "token", 6) == 0); /* and its NUL */
    check_int(bytes_wipe_append(&bytes, (ByteView){ bytes.data, SIZE_MAX - 10 }), -EOVERFLOW);
    check_int(bytes.size, 500);
}

/* That it is gone cannot be looked at; that nothing else is, can. */
static void json_that_is_wiped_is_json_as_before(void)
{
    json_t *array;

    wipe_json();
    array = json_array();
    for (int i = 0; i < 1000; i++)
        check_int(json_array_append_new(array, json_pack("{s:s, s:i}", "name", "value", "n", i)),
                  0);
    _cleanup_free_ char *text = json_dumps(array, JSON_COMPACT);
    json_t *again = json_loads(text, 0, NULL);
    check(json_equal(array, again));
    json_decref(array);
    json_decref(again);
}

/* The kernel's word for "left out of core dumps" and "locked" in smaps: dd and lo. */
static void a_secret_is_locked_and_left_out_of_dumps(void)
{
    _cleanup_(secret_freep) Secret *secret = NULL;
    _cleanup_bytes_ Bytes smaps = { 0 };
    char line[64];

    check_int(secret_new(view_of_string("key"), &secret), 0);
    check(view_equal(secret_view(secret), view_of_string("key")));
    check_int(file_read("/proc/self/smaps", 4 << 20, &smaps), 0);
    (void)snprintf(line, sizeof(line), "%lx-", (unsigned long)(uintptr_t)secret);
    const char *entry = strstr((const char *)smaps.data, line);
    check(entry);
    const char *flags = strstr(entry, "VmFlags:");
    check(flags);
    char flag_line[160];
    (void)snprintf(flag_line, sizeof(flag_line), "%.*s", (int)strcspn(flags, "\n"), flags);
    check(strstr(flag_line, " dd"));
#ifndef __SANITIZE_ADDRESS__ /* it makes mlock() do nothing */
    check(strstr(flag_line, " lo"));
#endif
}

static const Test tests[] = {
    { "comparison tells equal from different", comparison_tells_equal_from_different },
    { "wiped memory is zero", wiped_memory_is_zero },
    { "bytes grow, and are what was put there", bytes_grow_and_are_what_was_put_there },
    { "JSON that is wiped is JSON as before", json_that_is_wiped_is_json_as_before },
    { "a secret is locked and left out of dumps", a_secret_is_locked_and_left_out_of_dumps },
};

TEST_MAIN(tests)
