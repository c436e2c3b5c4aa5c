/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that systemd watches: "trusted", whole or as before, and what is to be stopped.
 */
#include "agent/standing-files.h"
#include "base/clock.h"
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

typedef struct Room {
    char path[64];
    StandingFiles files;
} Room;

static void room_done(Room *room)
{
    char command[128];

    standing_files_done(&room->files);
    (void)snprintf(command, sizeof(command), "rm -rf %s", room->path);
    check(system(command) == 0);
}

static Room make_room(void)
{
    Room room = { .path = "/tmp/test-standing-files.XXXXXX", .files = STANDING_FILES_INIT };

    check(mkdtemp(room.path));
    check_int(standing_files_open(room.path, &room.files), 0);
    return room;
}

static bool says(const Room *room, const char *text)
{
    _cleanup_close_ int fd = openat(room->files.fd, "trusted", O_RDONLY | O_CLOEXEC);
    _cleanup_bytes_ Bytes bytes = { 0 };

    return fd >= 0 && fd_read_all(fd, 4096, &bytes) == 0 &&
           strcmp((const char *)bytes.data, text) == 0;
}

static bool is_there(const Room *room, const char *name)
{
    struct stat st;

    return fstatat(room->files.fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
           (st.st_mode & 07777) == 0644;
}

static void a_verdict_is_one_line(void)
{
    _cleanup_(room_done) Room room = make_room();

    check_int(standing_files_trust(&room.files, 12345678901), 0);
    check(is_there(&room, "trusted"));
    check(says(&room, "expires_boottime_usec=12345678901\n"));
    check(!is_there(&room, ".trusted.new"));
}

static void a_renewal_replaces_it_whole(void)
{
    _cleanup_(room_done) Room room = make_room();
    _cleanup_close_ int before = -EBADF;
    _cleanup_bytes_ Bytes bytes = { 0 };

    check_int(standing_files_trust(&room.files, 5 * USEC_PER_SEC), 0);
    before = openat(room.files.fd, "trusted", O_RDONLY | O_CLOEXEC);
    check_int(standing_files_trust(&room.files, 9 * USEC_PER_SEC), 0);
    check(says(&room, "expires_boottime_usec=9000000\n"));
    check_int(fd_read_all(before, 4096, &bytes), 0);
    check_str((const char *)bytes.data, "expires_boottime_usec=5000000\n");
}

static void the_jitter_of_two_clocks_writes_nothing(void)
{
    _cleanup_(room_done) Room room = make_room();

    check_int(standing_files_trust(&room.files, 5000000), 0);
    check_int(standing_files_trust(&room.files, 5000900), 0);
    check_int(standing_files_trust(&room.files, 4999100), 0);
    check(says(&room, "expires_boottime_usec=5000000\n"));
}

static void a_loss_removes_it_whoever_wrote_it(void)
{
    _cleanup_(room_done) Room room = make_room();

    check_int(standing_files_trust(&room.files, 7), 0);
    check_int(standing_files_distrust(&room.files), 0);
    check(!is_there(&room, "trusted"));
    check_int(standing_files_distrust(&room.files), 0);
    /* And the same verdict is written anew. */
    check_int(standing_files_trust(&room.files, 7), 0);
    check(is_there(&room, "trusted"));

    StandingFiles next = STANDING_FILES_INIT;
    check_int(standing_files_open(room.path, &next), 0);
    check_int(standing_files_distrust(&next), 0);
    check(!is_there(&room, "trusted"));
    standing_files_done(&next);
}

static void what_a_killed_run_left_is_no_obstacle(void)
{
    _cleanup_(room_done) Room room = make_room();
    _cleanup_close_ int fd =
        openat(room.files.fd, ".trusted.new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    check(fd >= 0 &&
          fd_write_all(fd, view_of_string("expires_boottime_usec=999999999999999")) == 0);
    check_int(standing_files_trust(&room.files, 7), 0);
    check(says(&room, "expires_boottime_usec=7\n"));
    check(!is_there(&room, ".trusted.new"));
}

static void units_and_volumes_are_named_as_systemd_does(void)
{
    static const struct {
        const char *asker, *file;
    } rows[] = {
        { "unit:db.service", "loss/db.service" },
        { "unit:db@main\\x2dx.service", "loss/db@main\\x2dx.service" },
        { "volume:data", "loss/systemd-cryptsetup@data.service" },
        { "volume:with-dash_x.y", "loss/systemd-cryptsetup@with\\x2ddash_x.y.service" },
    };
    _cleanup_(room_done) Room room = make_room();

    for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
        check_int(standing_files_stop_unit(&room.files, rows[i].asker), 0);
        check(is_there(&room, rows[i].file));
        /* Ordered twice and not yet taken. */
        check_int(standing_files_stop_unit(&room.files, rows[i].asker), 0);
    }
    check_int(standing_files_power_off(&room.files), 0);
    check(is_there(&room, "loss/poweroff"));
}

static void who_has_no_unit_is_not_stopped(void)
{
    _cleanup_(room_done) Room room = make_room();

    check_int(standing_files_stop_unit(&room.files, "user:0"), -EINVAL);
    check_int(standing_files_stop_unit(&room.files, ""), -EINVAL);
}

static void everyone_may_see_and_nobody_else_may_write(void)
{
    _cleanup_(room_done) Room room = make_room();
    struct stat st;

    check(fstat(room.files.fd, &st) == 0 && (st.st_mode & 07777) == 0755);
    check(fstat(room.files.loss_fd, &st) == 0 && (st.st_mode & 07777) == 0755);
}

static void a_place_that_is_none_is_said_and_survived(void)
{
    StandingFiles files = STANDING_FILES_INIT;

    check(standing_files_open("/nonexistent", &files) < 0);
    check_int(standing_files_trust(&files, 7), 0);
    check_int(standing_files_distrust(&files), 0);
    check_int(standing_files_stop_unit(&files, "unit:a.service"), -ENOTDIR);
    check_int(standing_files_power_off(&files), -ENOTDIR);

    _cleanup_(room_done) Room room = make_room();
    check(symlinkat("/etc", room.files.fd, "standing") == 0);
    char path[96];
    (void)snprintf(path, sizeof(path), "%s/standing", room.path);
    check(standing_files_open(path, &files) < 0); /* standing/standing is a link */
}

static const Test tests[] = {
    { "a verdict is one line", a_verdict_is_one_line },
    { "a renewal replaces it whole", a_renewal_replaces_it_whole },
    { "the jitter of two clocks writes nothing", the_jitter_of_two_clocks_writes_nothing },
    { "a loss removes it, whoever wrote it", a_loss_removes_it_whoever_wrote_it },
    { "what a killed run left is no obstacle", what_a_killed_run_left_is_no_obstacle },
    { "units and volumes are named as systemd does", units_and_volumes_are_named_as_systemd_does },
    { "who has no unit is not stopped", who_has_no_unit_is_not_stopped },
    { "everyone may see and nobody else may write", everyone_may_see_and_nobody_else_may_write },
    { "a place that is none is said and survived", a_place_that_is_none_is_said_and_survived },
};

TEST_MAIN(tests)
