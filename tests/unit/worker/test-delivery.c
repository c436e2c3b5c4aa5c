/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/delivery.h"

#include "secret/secret-file.h"
#include "testing.h"

#include <errno.h>
#include <sys/socket.h>

/* What send() takes at most, for a buffer that others filled meanwhile. */
static size_t send_limit;

ssize_t __real_send(int socket, const void *data, size_t size, int flags);
ssize_t __wrap_send(int socket, const void *data, size_t size, int flags);
int __real_setsockopt(int socket, int level, int name, const void *value, socklen_t size);
int __wrap_setsockopt(int socket, int level, int name, const void *value, socklen_t size);

ssize_t __wrap_send(int socket, const void *data, size_t size, int flags)
{
    check(flags & MSG_NOSIGNAL && flags & MSG_DONTWAIT);
    return __real_send(socket, data, send_limit ? MIN(size, send_limit) : size, flags);
}

/* The kernel's limit, without touching the kernel's. */
static int buffer_limit;

int __wrap_setsockopt(int socket, int level, int name, const void *value, socklen_t size)
{
    if (buffer_limit)
        return __real_setsockopt(socket, level, name, &buffer_limit, sizeof(buffer_limit));
    return __real_setsockopt(socket, level, name, value, size);
}

typedef struct Pair {
    int ours, theirs;
} Pair;

static Pair pair_new(int type)
{
    int fds[2];

    send_limit = 0;
    buffer_limit = 0;
    check_int(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds), 0);
    return (Pair){ fds[0], fds[1] };
}

static void pair_done(Pair *pair)
{
    closep(&pair->ours);
    closep(&pair->theirs);
}

static size_t unread(int socket)
{
    uint8_t chunk[65536];
    size_t total = 0;

    for (;;) {
        ssize_t n = recv(socket, chunk, sizeof(chunk), MSG_DONTWAIT);
        if (n <= 0)
            return total;
        total += (size_t)n;
    }
}

static Bytes bytes_of(size_t size)
{
    Bytes bytes = { 0 };

    check_int(bytes_new(size, &bytes), 0);
    return bytes;
}

/* One whose reader does nothing at all. */
static void test_it_goes_in_whole_without_a_reader(void)
{
    static const size_t sizes[] = { 1, 4096, 65536, 200 * 1024, 400 * 1024 };

    for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
        _cleanup_(pair_done) Pair pair = pair_new(SOCK_STREAM);
        _cleanup_bytes_ Bytes bytes = bytes_of(sizes[i]);
        check_int(delivery_send(pair.ours, VIEW(bytes)), DELIVERY_OK);
        check_int(unread(pair.theirs), sizes[i]);
        /* No end of stream: that is the caller's. */
        check_int(recv(pair.theirs, &(char){ 0 }, 1, MSG_DONTWAIT), -1);
        check_int(errno, EAGAIN);
    }
}

/* Also at the very limit of what we say that a buffer holds, whatever the kernel counts. */
static void test_what_fits_the_granted_size_goes_in_whole(void)
{
    for (int limit = 1000; limit <= 200000; limit += 1777) {
        _cleanup_(pair_done) Pair pair = pair_new(SOCK_STREAM);
        int granted = 0;
        socklen_t length = sizeof(granted);

        buffer_limit = limit;
        check_int(setsockopt(pair.ours, SOL_SOCKET, SO_SNDBUF, &limit, sizeof(limit)), 0);
        check_int(getsockopt(pair.ours, SOL_SOCKET, SO_SNDBUF, &granted, &length), 0);
        _cleanup_bytes_ Bytes bytes = bytes_of((size_t)granted);
        check_int(delivery_send(pair.ours, VIEW(bytes)), DELIVERY_E_TOO_LARGE);
        check_int(unread(pair.theirs), 0);
        bytes.size -= bytes.size / 16;
        check_int(delivery_send(pair.ours, VIEW(bytes)), DELIVERY_OK);
        check_int(unread(pair.theirs), bytes.size);
    }
}

static void test_what_does_not_fit_is_not_begun(void)
{
    _cleanup_(pair_done) Pair pair = pair_new(SOCK_STREAM);
    _cleanup_bytes_ Bytes bytes = bytes_of(SECRET_SIZE_MAX);

    buffer_limit = 65536;
    check_int(delivery_send(pair.ours, VIEW(bytes)), DELIVERY_E_TOO_LARGE);
    check_int(unread(pair.theirs), 0);
    check_int(delivery_send(pair.ours, (ByteView){ 0 }), DELIVERY_E_TOO_LARGE);
}

static void test_what_went_in_part_is_a_no(void)
{
    _cleanup_(pair_done) Pair pair = pair_new(SOCK_STREAM);
    _cleanup_bytes_ Bytes bytes = bytes_of(1000);

    send_limit = 999;
    check_int(delivery_send(pair.ours, VIEW(bytes)), DELIVERY_E_GONE);
}

static void test_a_peer_that_is_gone_is_a_no_and_no_signal(void)
{
    _cleanup_(pair_done) Pair pair = pair_new(SOCK_STREAM);
    _cleanup_bytes_ Bytes bytes = bytes_of(10);

    closep(&pair.theirs);
    pair.theirs = -1;
    check_int(delivery_send(pair.ours, VIEW(bytes)), DELIVERY_E_GONE);
}

/* Somebody else's bytes, or a second secret behind the first. */
static void test_a_socket_with_something_in_it_gets_nothing(void)
{
    _cleanup_(pair_done) Pair pair = pair_new(SOCK_STREAM);
    _cleanup_bytes_ Bytes bytes = bytes_of(10);

    check_int(delivery_send(pair.ours, VIEW(bytes)), DELIVERY_OK);
    check_int(delivery_send(pair.ours, VIEW(bytes)), DELIVERY_E_GONE);
    check_int(unread(pair.theirs), 10);
}

static void test_what_is_no_stream_socket_gets_nothing(void)
{
    _cleanup_(pair_done) Pair pair = pair_new(SOCK_DGRAM);
    _cleanup_bytes_ Bytes bytes = bytes_of(10);
    int fds[2];

    check_int(delivery_send(pair.ours, VIEW(bytes)), DELIVERY_E_GONE);
    check_int(unread(pair.theirs), 0);
    check_int(pipe(fds), 0);
    check_int(delivery_send(fds[1], VIEW(bytes)), DELIVERY_E_GONE);
    (void)close(fds[0]);
    (void)close(fds[1]);
    check_int(delivery_send(-1, VIEW(bytes)), DELIVERY_E_GONE);
}

static const Test tests[] = {
    { "it goes in whole without a reader", test_it_goes_in_whole_without_a_reader },
    { "what fits the granted size goes in whole", test_what_fits_the_granted_size_goes_in_whole },
    { "what does not fit is not begun", test_what_does_not_fit_is_not_begun },
    { "what went in part is a no", test_what_went_in_part_is_a_no },
    { "a peer that is gone is a no, and no signal",
      test_a_peer_that_is_gone_is_a_no_and_no_signal },
    { "a socket with something in it gets nothing",
      test_a_socket_with_something_in_it_gets_nothing },
    { "what is no stream socket gets nothing", test_what_is_no_stream_socket_gets_nothing },
};

TEST_MAIN(tests)
