/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The call, and what must be true of the descriptor that comes back.
 */
#include "ctl/open-secret.h"

#include "ctl/bus-client.h"
#include "ctl/complain.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define OPEN_TIMEOUT_USEC                                                                          \
    UINT64_MAX /* attestd answers: with the secret, or when WaitSec= is over */
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* Whole, and never to be changed by anybody: else it is not what attestd hands out. */
static int take_fd(sd_bus_message *reply, int *ret)
{
    int fd;

    int r = sd_bus_message_read(reply, "h", &fd);
    if (r < 0)
        return r;
    _cleanup_close_ int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (own < 0)
        return -errno;
    int seals = fcntl(own, F_GET_SEALS);
    if (seals < 0 || (seals & SEALS) != SEALS)
        return -EBADMSG;
    if (lseek(own, 0, SEEK_SET) < 0)
        return -errno;
    *ret = own;
    own = -EBADF;
    return 0;
}

static int take(sd_bus_message *reply, Digest *ret_header, int *ret)
{
    _cleanup_close_ int fd = -EBADF;
    Digest header = { .size = digest_size(DIGEST_SHA256) };
    const void *bytes;
    size_t size;

    int r = take_fd(reply, &fd);
    if (r == 0)
        r = sd_bus_message_read_array(reply, 'y', &bytes, &size);
    if (r < 0)
        return r;
    if (size != header.size)
        return -EBADMSG;
    memcpy(header.data, bytes, size);
    *ret_header = header;
    *ret = fd;
    fd = -EBADF;
    return 0;
}

int open_secret(const char *name, Digest *ret_header, int *ret)
{
    _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
    _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

    if (bus_client_open(&bus) < 0)
        return EXIT_CLASS_INTERNAL;
    int r = sd_bus_message_new_method_call(bus, &call, AGENT_NAME, AGENT_PATH, AGENT_INTERFACE,
                                           "OpenSecret");
    if (r >= 0)
        r = sd_bus_message_append(call, "s", name);
    if (r >= 0)
        r = sd_bus_message_set_allow_interactive_authorization(call, 1);
    if (r >= 0)
        r = sd_bus_call(bus, call, OPEN_TIMEOUT_USEC, &error, &reply);
    if (r < 0)
        return bus_client_report_on(name, &error, r);
    r = take(reply, ret_header, ret);
    return r < 0 ? complain_of_errno(r, name) : 0;
}
