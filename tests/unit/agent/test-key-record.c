/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of the attestation key, and what is no such record.
 */
#include "base/file.h"
#include "config/key-record.h"
#include "format/worker-answer-tpm.h"
#include "testing.h"

#include <errno.h>
#include <sys/stat.h>

#define NAME "000b7c1e0f7c1e0f7c1e0f7c1e0f7c1e0f7c1e0f7c1e0f7c1e0f7c1e0f7c1e0f7c1e"

typedef struct Room {
    char path[64];
    char file[96];
} Room;

static void room_done(Room *room)
{
    (void)unlink(room->file);
    check_int(rmdir(room->path), 0);
}

#define _cleanup_room_ _cleanup_(room_done)

static Room make_room(void)
{
    Room room = { .path = "/tmp/test-key-record.XXXXXX" };

    check(mkdtemp(room.path));
    (void)snprintf(room.file, sizeof(room.file), "%s/" KEY_RECORD_FILE, room.path);
    return room;
}

static int read_text(const char *text)
{
    _cleanup_key_record_ KeyRecord record = { 0 };
    _cleanup_room_ Room room = make_room();

    check_int(file_write_atomic(room.file, view_of_string(text), 0600), 0);
    int r = key_record_read(room.path, &record);
    check(r == KEY_RECORD_OK || (!record.boot_id && !record.tpm && !record.name[0]));
    return r;
}

static void what_is_written_is_read(void)
{
    _cleanup_room_ Room room = make_room();
    _cleanup_key_record_ KeyRecord record = { .boot_id = strdup("0123"),
                                              .tpm = strdup("device:/dev/tpmrm0 auto"),
                                              .name = NAME },
                                   again = { 0 };
    struct stat st;

    check_int(key_record_read(room.path, &again), KEY_RECORD_E_NONE);
    check_int(key_record_write(room.path, &record), 0);
    check_int(key_record_read(room.path, &again), KEY_RECORD_OK);
    check_str(again.boot_id, "0123");
    check_str(again.tpm, "device:/dev/tpmrm0 auto");
    check_str(again.name, NAME);
    check_int(stat(room.file, &st), 0);
    check_int(st.st_mode & 0777, 0600);
    check(key_record_write("/nonexistent", &record) < 0);
}

static void what_is_no_record_counts_as_none(void)
{
    check_int(
        read_text("{\"attestd_key\":1,\"boot_id\":\"b\",\"tpm\":\"t\",\"name\":\"" NAME "\"}"),
        KEY_RECORD_OK);
    check_int(read_text(""), KEY_RECORD_E_NONE);
    check_int(read_text("[]"), KEY_RECORD_E_NONE);
    check_int(
        read_text("{\"attestd_key\":2,\"boot_id\":\"b\",\"tpm\":\"t\",\"name\":\"" NAME "\"}"),
        KEY_RECORD_E_NONE);
    check_int(read_text("{\"attestd_key\":1,\"tpm\":\"t\",\"name\":\"" NAME "\"}"),
              KEY_RECORD_E_NONE);
    check_int(read_text("{\"attestd_key\":1,\"boot_id\":\"b\",\"name\":\"" NAME "\"}"),
              KEY_RECORD_E_NONE);
    check_int(read_text("{\"attestd_key\":1,\"boot_id\":\"b\",\"tpm\":\"t\",\"name\":\"../x\"}"),
              KEY_RECORD_E_NONE);
}

/* Root looks at it, too, in a directory that is not root's. */
static void links_and_pipes_are_not_followed(void)
{
    _cleanup_room_ Room room = make_room();
    _cleanup_key_record_ KeyRecord record = { 0 };

    check_int(symlink("/etc/passwd", room.file), 0);
    check_int(key_record_read(room.path, &record), KEY_RECORD_E_NONE);
    check_int(unlink(room.file), 0);
    check_int(mkfifo(room.file, 0600), 0);
    check_int(key_record_read(room.path, &record), KEY_RECORD_E_NONE);
}

static const Test tests[] = {
    { "what is written is read", what_is_written_is_read },
    { "what is no record counts as none", what_is_no_record_counts_as_none },
    { "links and pipes are not followed", links_and_pipes_are_not_followed },
};

TEST_MAIN(tests)
