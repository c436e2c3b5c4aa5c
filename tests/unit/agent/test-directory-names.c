/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in a directory: those wanted, in order, not too many, and none behind a link.
 */
#include "agent/directory-names.h"
#include "agent/gates.h"
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

typedef struct Room {
    char path[64];
    int fd;
} Room;

static void room_done(Room *room)
{
    char command[128];

    closep(&room->fd);
    (void)snprintf(command, sizeof(command), "rm -rf %s", room->path);
    check(system(command) == 0);
}

static void put(const Room *room, const char *name)
{
    _cleanup_close_ int fd = openat(room->fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    check(fd >= 0);
}

/* "real" has two gates, "gates" is a link to it. */
static Room make_room(void)
{
    Room room = { .path = "/tmp/test-directory-names.XXXXXX" };

    check(mkdtemp(room.path));
    room.fd = open(room.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    check(room.fd >= 0);
    check_int(mkdirat(room.fd, "real", 0755), 0);
    put(&room, "real/lab.json");
    put(&room, "real/boot.json");
    put(&room, "real/.hidden.json");
    put(&room, "real/notes");
    check_int(symlinkat("real", room.fd, "gates"), 0);
    return room;
}

static int names_in(const Room *room, const char *name, size_t limit, Texts *ret)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", room->path, name);
    return directory_names(path, ".json", limit, ret);
}

static void names_are_cut_and_sorted(void)
{
    _cleanup_(room_done) Room room = make_room();
    Texts names = { 0 };

    check_int(names_in(&room, "real", 2, &names), 0);
    check_int(names.n_items, 2);
    check_str(names.items[0], "boot");
    check_str(names.items[1], "lab");
    texts_done(&names);
    check_int(names_in(&room, "real", 1, &names), -E2BIG);
}

static void no_directory_has_no_names(void)
{
    _cleanup_(room_done) Room room = make_room();
    Texts names = { 0 };

    check_int(names_in(&room, "nowhere", 2, &names), 0);
    check_int(names.n_items, 0);
    check_int(names_in(&room, "real/notes", 2, &names), -ENOTDIR);
}

static void a_linked_directory_is_none(void)
{
    _cleanup_(room_done) Room room = make_room();
    Texts names = { 0 };

    check_int(names_in(&room, "gates", 2, &names), -ENOTDIR);
    check_int(names.n_items, 0);
}

static void gates_behind_a_link_are_not_loaded_and_that_is_said(void)
{
    _cleanup_(room_done) Room room = make_room();
    _cleanup_findings_ Findings findings = { .source = "agent" };
    _cleanup_gates_ Gates gates = { 0 };

    check_int(gates_load(room.path, &findings, &gates), 0);
    check_int(gates.n_items, 0);
    check_int(findings.n_items, 1);
    check_str(findings.items[0].name, "gate-file-unreadable");
    check_str(findings.items[0].found, "Not a directory");
}

int main(int argc, char **argv)
{
    static const Test tests[] = {
        { "names are cut and sorted", names_are_cut_and_sorted },
        { "no directory has no names", no_directory_has_no_names },
        { "a linked directory is none", a_linked_directory_is_none },
        { "gates behind a link are not loaded, and that is said",
          gates_behind_a_link_are_not_loaded_and_that_is_said },
    };

    return run_tests(tests, ELEMENTSOF(tests), argc, argv);
}
