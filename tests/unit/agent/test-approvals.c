/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Approvals from descriptor to file and to nothing.
 */
#include "agent/approvals.h"
#include "secret/data-keys.h"
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

typedef struct Room {
    char path[64];
    ApprovalStore store;
} Room;

static void room_done(Room *room)
{
    char command[128];

    approval_store_done(&room->store);
    (void)snprintf(command, sizeof(command), "rm -rf %s", room->path);
    check(system(command) == 0);
}

static Room make_room(void)
{
    Room room = { .path = "/tmp/test-approvals.XXXXXX", .store = APPROVAL_STORE_INIT };

    check(mkdtemp(room.path));
    check_int(approval_store_open(room.path, &room.store), 0);
    return room;
}

static void add(Approvals *approvals, const char *gate, const char *text, uint64_t expires)
{
    int fd = text ? memfd_sealed("approval", view_of_string(text)) : -EBADF;

    approvals->items[approvals->n_items++] =
        (GateApproval){ .gate = strdup(gate), .expires_boottime_usec = expires, .fd = fd };
}

static bool holds(const Room *room, const char *gate, const char *text)
{
    _cleanup_close_ int fd = approval_store_read(&room->store, gate);
    _cleanup_bytes_ Bytes bytes = { 0 };
    struct stat st;

    if (fd < 0)
        return false;
    check(fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0600);
    check_int(fd_read_all(fd, 4096, &bytes), 0);
    return strcmp((const char *)bytes.data, text) == 0;
}

static void write_file(const Room *room, const char *name, const char *text)
{
    _cleanup_close_ int fd = openat(room->store.fd, name, O_WRONLY | O_CREAT, 0644);

    check(fd >= 0 && fd_write_all(fd, view_of_string(text)) == 0);
}

static void what_has_a_descriptor_is_stored(void)
{
    _cleanup_(room_done) Room room = make_room();
    _cleanup_(approvals_done) Approvals approvals = { 0 };

    add(&approvals, "a", "one", 100);
    add(&approvals, "b-2", "two", 50);
    check_int(approvals_first_end_usec(&approvals), 50);
    check_int(approval_store_keep(&room.store, &approvals, 10), 0);
    check_int(approvals.n_items, 2);
    check(approvals.items[0].fd < 0 && approvals.items[1].fd < 0);
    check(holds(&room, "a", "one") && holds(&room, "b-2", "two"));
}

static void what_is_not_listed_is_wiped(void)
{
    _cleanup_(room_done) Room room = make_room();
    _cleanup_(approvals_done) Approvals approvals = { 0 };

    write_file(&room, "other", "secret");
    write_file(&room, ".a.new", "half");
    _cleanup_close_ int fd = approval_store_read(&room.store, "other");
    add(&approvals, "a", "one", 100);
    check_int(approval_store_keep(&room.store, &approvals, 10), 0);
    check(holds(&room, "a", "one"));
    check_int(approval_store_read(&room.store, "other"), -ENOENT);
    check_int(approval_store_read(&room.store, ".a.new"), -ENOENT);
    _cleanup_bytes_ Bytes bytes = { 0 };
    check_int(fd_read_all(fd, 4096, &bytes), 0);
    check(bytes.size == 6 && view_is_filled_with(VIEW(bytes), 0));
}

static void what_a_run_before_stored_is_kept_while_it_lasts(void)
{
    _cleanup_(room_done) Room room = make_room();
    _cleanup_(approvals_done) Approvals approvals = { 0 };

    write_file(&room, "live", "x");
    write_file(&room, "over", "y");
    check(fchmodat(room.store.fd, "live", 0600, 0) == 0);
    add(&approvals, "live", NULL, 100);
    add(&approvals, "over", NULL, 10);
    add(&approvals, "missing", NULL, 100);
    check_int(approval_store_keep(&room.store, &approvals, 10), 0);
    check_int(approvals.n_items, 1);
    check_str(approvals.items[0].gate, "live");
    check(holds(&room, "live", "x"));
    check_int(approval_store_read(&room.store, "over"), -ENOENT);
}

static void wiping_leaves_nothing(void)
{
    _cleanup_(room_done) Room room = make_room();

    write_file(&room, "a", "one");
    check(symlinkat("/etc/passwd", room.store.fd, "link") == 0);
    check(mkfifoat(room.store.fd, "pipe", 0600) == 0);
    check_int(approval_store_wipe(&room.store), 0);
    check(faccessat(room.store.fd, "a", F_OK, AT_SYMLINK_NOFOLLOW) < 0);
    check(faccessat(room.store.fd, "link", F_OK, AT_SYMLINK_NOFOLLOW) < 0);
    check(faccessat(room.store.fd, "pipe", F_OK, AT_SYMLINK_NOFOLLOW) < 0);
    check_int(approval_store_wipe(&room.store), 0);
}

static void what_cannot_be_stored_is_not_held(void)
{
    ApprovalStore none = APPROVAL_STORE_INIT;
    Approvals approvals = { 0 };

    add(&approvals, "a", "one", 100);
    check(approval_store_keep(&none, &approvals, 10) < 0);
    check_int(approvals.n_items, 0);
    check_int(approval_store_wipe(&none), 0);

    _cleanup_(room_done) Room room = make_room();
    check(mkdirat(room.store.fd, "a", 0700) == 0);
    add(&approvals, "a", "one", 100);
    add(&approvals, "b", "two", 100);
    check(approval_store_keep(&room.store, &approvals, 10) < 0);
    check_int(approvals.n_items, 1);
    check(holds(&room, "b", "two"));
    approvals_done(&approvals);
}

static void an_answers_approvals_are_taken_with_their_descriptors(void)
{
    char *names[] = { strdup("approval-b"), strdup("token"), strdup("approval-a") };
    WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_(approvals_done) Approvals approvals = { 0 };
    int fds[3];

    for (size_t i = 0; i < 3; i++) {
        answer.fd_names[answer.n_fds++] = names[i];
        fds[i] = memfd_sealed("x", view_of_string(names[i]));
    }
    answer.approvals[answer.n_approvals++] =
        (AnswerApproval){ .gate = strdup("a"), .expires_boottime_usec = 100 };
    answer.approvals[answer.n_approvals++] =
        (AnswerApproval){ .gate = strdup("b"), .expires_boottime_usec = 200 };

    check_int(approvals_from_answer(&answer, fds, 150, &approvals), APPROVALS_OK);
    check_int(approvals.n_items, 1); /* the other one is over */
    check_str(approvals.items[0].gate, "b");
    check(fds[0] < 0 && fds[1] >= 0 && fds[2] >= 0);

    Approvals none = { 0 };
    check_int(approvals_from_answer(&answer, fds, 50, &none), APPROVALS_E_DESCRIPTOR);
    check_int(none.n_items, 0);
    for (size_t i = 0; i < 3; i++)
        closep(&fds[i]);
    worker_answer_done(&answer);
}

static void large_empty_and_open_descriptors_are_refused(void)
{
    char large[APPROVAL_FILE_MAX + 1];

    memset(large, 'x', sizeof(large));
    int open_fd = memfd_create("open", MFD_CLOEXEC);
    check(open_fd >= 0 && fd_write_all(open_fd, view_of_string("x")) == 0);
    int bad[] = { memfd_sealed("large",
                               (ByteView){ .data = (uint8_t *)large, .size = sizeof(large) }),
                  memfd_sealed("empty", (ByteView){ 0 }), open_fd, open("/dev/zero", O_RDONLY) };
    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        WorkerAnswer answer = WORKER_ANSWER_INIT;
        Approvals approvals = { 0 };
        answer.fd_names[answer.n_fds++] = strdup("approval-a");
        answer.approvals[answer.n_approvals++] =
            (AnswerApproval){ .gate = strdup("a"), .expires_boottime_usec = 100 };
        check_int(approvals_from_answer(&answer, &bad[i], 1, &approvals), APPROVALS_E_DESCRIPTOR);
        check(bad[i] >= 0);
        closep(&bad[i]);
        worker_answer_done(&answer);
    }
}

static void the_list_reads_back_as_it_was_written(void)
{
    _cleanup_(approvals_done) Approvals approvals = { 0 }, again = { 0 };

    add(&approvals, "a", NULL, 100);
    add(&approvals, "b", NULL, 200);
    json_auto_t *array = approvals_to_json(&approvals);
    check(array);
    check_int(approvals_from_json(array, &again), APPROVALS_OK);
    check_int(again.n_items, 2);
    check_str(again.items[1].gate, "b");
    check_int(again.items[1].expires_boottime_usec, 200);
    check(again.items[1].fd < 0);
}

static int make_file(size_t size)
{
    int fd = memfd_create("keys", MFD_CLOEXEC);

    check(fd >= 0 && ftruncate(fd, (off_t)size) == 0);
    return fd;
}

/* An answer with one approval; its descriptor is FD. */
static int take_one(GateKind kind, bool once, int fd, Approvals *ret)
{
    WorkerAnswer answer = WORKER_ANSWER_INIT;

    answer.fd_names[answer.n_fds++] = strdup("approval-a");
    answer.approvals[answer.n_approvals++] = (AnswerApproval){
        .gate = strdup("a"), .kind = kind, .once = once, .expires_boottime_usec = 100
    };
    int r = approvals_from_answer(&answer, &fd, 1, ret);
    closep(&fd);
    worker_answer_done(&answer);
    return r;
}

static void data_keys_of_another_size_are_refused(void)
{
    _cleanup_(approvals_done) Approvals approvals = { 0 };
    int pipe_fds[2];

    check_int(take_one(GATE_KIND_REWRAP, false, make_file(0), &approvals), APPROVALS_E_DESCRIPTOR);
    check_int(take_one(GATE_KIND_REWRAP, false, make_file(APPROVAL_DATA_KEYS_SIZE - 1), &approvals),
              APPROVALS_E_DESCRIPTOR);
    check_int(take_one(GATE_KIND_REWRAP, false, make_file(2 * APPROVAL_DATA_KEYS_SIZE), &approvals),
              APPROVALS_E_DESCRIPTOR);
    check(pipe2(pipe_fds, O_CLOEXEC) == 0);
    (void)close(pipe_fds[1]);
    check_int(take_one(GATE_KIND_REWRAP, false, pipe_fds[0], &approvals), APPROVALS_E_DESCRIPTOR);
    check_int(take_one(GATE_KIND_PCR, false, memfd_sealed("x", view_of_string("x")), &approvals),
              APPROVALS_E_DESCRIPTOR);
    check_int(take_one(GATE_KIND_REWRAP, false, make_file(APPROVAL_DATA_KEYS_SIZE), &approvals),
              APPROVALS_OK);
    check_int(approvals.n_items, 1);
    check(!approval_is_file(&approvals.items[0]));
}

static void data_keys_and_what_is_for_once_are_in_no_file_and_no_record(void)
{
    _cleanup_(room_done) Room room = make_room();
    _cleanup_(approvals_done) Approvals approvals = { 0 };

    write_file(&room, "keys", "of a gate that was of another kind");
    add(&approvals, "keys", "data keys", 100);
    approvals.items[0].kind = GATE_KIND_REWRAP;
    add(&approvals, "once", "ticket", 100);
    approvals.items[1].once = true;
    add(&approvals, "stays", "ticket", 100);
    check_int(approval_store_keep(&room.store, &approvals, 10), 0);
    check_int(approvals.n_items, 3);
    check(approvals.items[0].fd >= 0 && approvals.items[1].fd >= 0 && approvals.items[2].fd < 0);
    check_int(approval_store_read(&room.store, "keys"), -ENOENT);
    check_int(approval_store_read(&room.store, "once"), -ENOENT);
    check(holds(&room, "stays", "ticket"));

    json_auto_t *array = approvals_to_json(&approvals);
    check_int(json_array_size(array), 1);
    check_str(json_string_value(json_object_get(json_array_get(array, 0), "gate")), "stays");

    for (size_t i = 0; i < approvals.n_items; i++) {
        _cleanup_close_ int fd = approval_open(&room.store, &approvals.items[i]);
        check(fd >= 0 && fd != approvals.items[i].fd);
    }
}

static void data_keys_end_with_their_time(void)
{
    _cleanup_(room_done) Room room = make_room();
    _cleanup_(approvals_done) Approvals approvals = { 0 };

    add(&approvals, "keys", "data keys", 100);
    approvals.items[0].kind = GATE_KIND_REWRAP;
    int fd = approvals.items[0].fd;
    check_int(approvals_first_end_usec(&approvals), 100);
    check_int(approval_store_keep(&room.store, &approvals, 100), 0);
    check_int(approvals.n_items, 0);
    check(fcntl(fd, F_GETFD) < 0);
}

static void what_is_for_once_is_taken_out_of_the_list(void)
{
    _cleanup_(approvals_done) Approvals approvals = { 0 }, once = { 0 };

    add(&once, "before", "x", 1);
    add(&approvals, "a", "x", 1);
    add(&approvals, "b", "x", 2);
    approvals.items[1].once = true;
    add(&approvals, "c", "x", 3);
    approvals_take_once(&approvals, &once);
    check_int(approvals.n_items, 2);
    check_str(approvals.items[1].gate, "c");
    check_int(once.n_items, 1);
    check_str(once.items[0].gate, "b");
    /* None of them counts for the renewal. */
    check_int(approvals_first_end_usec(&approvals), 1);
}

static void sizes_are_those_of_who_makes_and_reads_them(void)
{
    check_int(APPROVAL_DATA_KEYS_SIZE, DATA_KEYS_SIZE);
}

static void a_list_that_is_none_is_refused(void)
{
    static const char *const bad[] = {
        "{}",
        "[1]",
        "[{}]",
        "[{\"gate\":\"a\"}]",
        "[{\"gate\":\"../a\",\"expires_boottime_usec\":1}]",
        "[{\"gate\":\"\",\"expires_boottime_usec\":1}]",
        "[{\"gate\":\"a\",\"expires_boottime_usec\":-1}]",
        "[{\"gate\":\"a\",\"expires_boottime_usec\":\"1\"}]",
    };

    check_int(approvals_from_json(NULL, &(Approvals){ 0 }), APPROVALS_E_MEMBER);
    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        Approvals approvals = { 0 };
        json_auto_t *json = json_loads(bad[i], 0, NULL);
        check(json);
        check_int(approvals_from_json(json, &approvals), APPROVALS_E_MEMBER);
        check_int(approvals.n_items, 0);
    }
}

static const Test tests[] = {
    { "what has a descriptor is stored", what_has_a_descriptor_is_stored },
    { "what is not listed is wiped", what_is_not_listed_is_wiped },
    { "what a run before stored is kept while it lasts",
      what_a_run_before_stored_is_kept_while_it_lasts },
    { "wiping leaves nothing", wiping_leaves_nothing },
    { "what cannot be stored is not held", what_cannot_be_stored_is_not_held },
    { "an answer's approvals are taken with their descriptors",
      an_answers_approvals_are_taken_with_their_descriptors },
    { "large, empty and open descriptors are refused",
      large_empty_and_open_descriptors_are_refused },
    { "the list reads back as it was written", the_list_reads_back_as_it_was_written },
    { "data keys of another size are refused", data_keys_of_another_size_are_refused },
    { "data keys and what is for once are in no file and no record",
      data_keys_and_what_is_for_once_are_in_no_file_and_no_record },
    { "data keys end with their time", data_keys_end_with_their_time },
    { "what is for once is taken out of the list", what_is_for_once_is_taken_out_of_the_list },
    { "sizes are those of who makes and reads them", sizes_are_those_of_who_makes_and_reads_them },
    { "a list that is none is refused", a_list_that_is_none_is_refused },
};

TEST_MAIN(tests)
