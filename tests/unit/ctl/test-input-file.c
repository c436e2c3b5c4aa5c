/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/input-file.h"

#include "testing.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

static char directory[] = "/tmp/test-input-file.XXXXXX";

static const char *below(const char *name)
{
    static char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static void check_refused(const char *path, int reason, const char *name)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    InputFileError error = { 0 };

    check_int(input_file_read(path, &bytes, &error), reason);
    check_str(error.name, name);
    check(!bytes.data);
}

static void test_a_file_is_read_whole(void)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    InputFileError error;

    check_int(file_write_atomic(below("file"), view_of_string("hello"), 0600), 0);
    check_int(input_file_read(below("file"), &bytes, &error), INPUT_FILE_OK);
    check_str((const char *)bytes.data, "hello");
}

static void test_what_is_no_file_is_named(void)
{
    check_refused(below("nothing"), INPUT_FILE_E_MISSING, "input-missing");
    check_refused(below("file/x"), INPUT_FILE_E_MISSING, "input-missing");
    check_refused("", INPUT_FILE_E_MISSING, "input-missing");
    check_refused(directory, INPUT_FILE_E_KIND, "input-not-a-file");
    check_refused("/dev/zero", INPUT_FILE_E_TOO_LARGE, "input-too-large");
    check_refused("/dev/null", INPUT_FILE_E_EMPTY, "input-empty");
    check_refused("/proc/self/mem", INPUT_FILE_E_UNREADABLE, "input-unreadable");
}

static void test_a_socket_is_no_file(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", below("socket"));
    check(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    check_refused(below("socket"), INPUT_FILE_E_KIND, "input-not-a-file");
}

static void test_too_many_bytes_are_not_read(void)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    InputFileError error;
    _cleanup_close_ int fd = open(below("large"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    check(fd >= 0 && ftruncate(fd, INPUT_FILE_MAX) == 0);
    check_int(input_file_read(below("large"), &bytes, &error), INPUT_FILE_OK);
    check_int(bytes.size, INPUT_FILE_MAX);
    check(ftruncate(fd, INPUT_FILE_MAX + 1) == 0);
    check_refused(below("large"), INPUT_FILE_E_TOO_LARGE, "input-too-large");
    check(ftruncate(fd, (off_t)100 << 20) == 0);
    check_refused(below("large"), INPUT_FILE_E_TOO_LARGE, "input-too-large");
}

static void test_a_fifo_without_a_writer_is_not_waited_for(void)
{
    check(mkfifo(below("fifo"), 0600) == 0);
    check_refused(below("fifo"), INPUT_FILE_E_EMPTY, "input-empty");
}

/* As a shell's <(...) gives it. */
static void test_a_pipe_is_read_until_its_writer_is_done(void)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    InputFileError error;
    char path[64];
    int pipes[2];

    check(pipe(pipes) == 0);
    (void)snprintf(path, sizeof(path), "/dev/fd/%d", pipes[0]);
    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0) {
        (void)close(pipes[0]);
        for (size_t i = 0; i < 100000; i++)
            if (write(pipes[1], "0123456789", 10) != 10)
                _exit(1);
        _exit(0);
    }
    (void)close(pipes[1]);
    check_int(input_file_read(path, &bytes, &error), INPUT_FILE_OK);
    check_int(bytes.size, 1000000);
    (void)close(pipes[0]);
    check(waitpid(pid, NULL, 0) == pid);
}

static const Test tests[] = {
    { "a file is read whole", test_a_file_is_read_whole },
    { "what is no file is named", test_what_is_no_file_is_named },
    { "a socket is no file", test_a_socket_is_no_file },
    { "too many bytes are not read", test_too_many_bytes_are_not_read },
    { "a FIFO without a writer is not waited for", test_a_fifo_without_a_writer_is_not_waited_for },
    { "a pipe is read until its writer is done", test_a_pipe_is_read_until_its_writer_is_done },
};

int main(int argc, char **argv)
{
    static const char *const names[] = { "file", "socket", "large", "fifo" };

    check(mkdtemp(directory) != NULL);
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        (void)unlink(below(names[i]));
    (void)rmdir(directory);
    return r;
}
