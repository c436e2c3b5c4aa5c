/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which state directories this version takes, and which it leaves alone.
 */
#include "base/file.h"
#include "config/state-format.h"
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

typedef struct Room {
    char path[64];
    char file[80];
    Findings findings;
} Room;

static void room_done(Room *room)
{
    (void)unlink(room->file);
    (void)rmdir(room->file);
    check_int(rmdir(room->path), 0);
    findings_done(&room->findings);
}

#define _cleanup_room_ _cleanup_(room_done)

static Room make_room(void)
{
    Room room = { .path = "/tmp/test-state-format.XXXXXX" };

    check(mkdtemp(room.path));
    (void)snprintf(room.file, sizeof(room.file), "%s/format", room.path);
    return room;
}

static void put(const Room *room, const char *text)
{
    check_int(file_write_atomic(room->file, view_of_string(text), 0600), 0);
}

static void check_text(const Room *room, const char *wanted)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    check_int(file_read(room->file, STATE_FORMAT_MAX, &bytes), 0);
    check_str((const char *)bytes.data, wanted);
}

static void an_empty_directory_is_claimed(void)
{
    _cleanup_room_ Room room = make_room();

    check_int(state_format_check(room.path, &room.findings), STATE_FORMAT_OK);
    check_int(access(room.file, F_OK), -1);
    check_int(state_format_claim(room.path, &room.findings), STATE_FORMAT_OK);
    check_text(&room, "1 0.1.0\n");
    check_int(room.findings.n_items, 0);
}

static void what_this_version_wrote_is_left_as_it_is(void)
{
    _cleanup_room_ Room room = make_room();
    struct stat before, after;

    check_int(state_format_claim(room.path, &room.findings), STATE_FORMAT_OK);
    check_int(stat(room.file, &before), 0);
    check_int(state_format_claim(room.path, &room.findings), STATE_FORMAT_OK);
    check_int(stat(room.file, &after), 0);
    check_int(after.st_ino, before.st_ino);
    check_int(after.st_mode & 0777, 0600);
}

static void a_newer_format_is_refused_and_kept(void)
{
    _cleanup_room_ Room room = make_room();

    put(&room, "2 0.4.0\n");
    check_int(state_format_claim(room.path, &room.findings), STATE_FORMAT_E_NEWER);
    check_int(state_format_check(room.path, &room.findings), STATE_FORMAT_E_NEWER);
    check_text(&room, "2 0.4.0\n");
    check_str(room.findings.items[0].name, "state-newer");
    check_str(room.findings.items[0].subject, room.file);
    check_str(room.findings.items[0].found, "2 0.4.0");
    check_str(room.findings.items[0].wanted, "at most \"1 0.1.0\"");
}

static void what_says_no_format_is_refused(void)
{
    static const char *const texts[] = {
        "",           "\n",      "1\n",       "1 \n",         " 1 0.1.0\n",
        "0 0.1.0\n",  "-1 0.1",  "x 0.1.0\n", "12345 0.1.0",  "1 0.1.0 more\n",
        "1\t0.1.0\n", "1 \033c", "1x 0.1.0",  "1 0.1.0beta1", "1 123456789.123456789.1",
    };
    _cleanup_room_ Room room = make_room();

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        findings_done(&room.findings);
        put(&room, texts[i]);
        check_int(state_format_claim(room.path, &room.findings), STATE_FORMAT_E_INVALID);
        check_str(room.findings.items[0].name, "state-format-invalid");
        check_text(&room, texts[i]);
    }
}

static void a_file_without_an_end_is_refused(void)
{
    _cleanup_room_ Room room = make_room();
    char text[STATE_FORMAT_MAX + 2] = "1 0.1.0\n";

    (void)memset(text + 8, '\n', STATE_FORMAT_MAX + 1 - 8);
    put(&room, text);
    check_int(state_format_check(room.path, &room.findings), STATE_FORMAT_E_INVALID);
}

/* Root looks here, and the directory is not root's. */
static void what_is_no_plain_file_is_refused(void)
{
    _cleanup_room_ Room room = make_room();

    check_int(symlink("/proc/self/status", room.file), 0);
    check_int(state_format_check(room.path, &room.findings), STATE_FORMAT_E_INVALID);
    check_int(unlink(room.file), 0);
    check_int(mkfifo(room.file, 0600), 0);
    check_int(state_format_check(room.path, &room.findings), STATE_FORMAT_E_INVALID);
    check_int(unlink(room.file), 0);
    check_int(mkdir(room.file, 0700), 0);
    check_int(state_format_check(room.path, &room.findings), STATE_FORMAT_E_INVALID);
    check_int(room.findings.n_items, 3);
}

static void a_directory_that_is_not_there_has_nothing_newer(void)
{
    _cleanup_findings_ Findings findings = { 0 };

    check_int(state_format_check("/nonexistent/attestd", &findings), STATE_FORMAT_OK);
    check_int(state_format_claim("/nonexistent/attestd", &findings), -ENOENT);
    check_int(findings.n_items, 0);
}

int main(int argc, char **argv)
{
    static const Test tests[] = {
        { "an empty directory is claimed", an_empty_directory_is_claimed },
        { "what this version wrote is left as it is", what_this_version_wrote_is_left_as_it_is },
        { "a newer format is refused and kept", a_newer_format_is_refused_and_kept },
        { "what says no format is refused", what_says_no_format_is_refused },
        { "a file without an end is refused", a_file_without_an_end_is_refused },
        { "what is no plain file is refused", what_is_no_plain_file_is_refused },
        { "a directory that is not there has nothing newer",
          a_directory_that_is_not_there_has_nothing_newer },
    };

    return run_tests(tests, ELEMENTSOF(tests), argc, argv);
}
