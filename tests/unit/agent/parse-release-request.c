/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says whether the release worker would accept the request line on stdin with N descriptors:
 * parse-release-request N. Lets the tests of the agent hold both ends of the wire together.
 */
#include "base/file.h"
#include "worker/request-secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    _cleanup_(release_request_freep) ReleaseRequest *request = NULL;
    _cleanup_bytes_ Bytes line = { 0 };
    _cleanup_fd_list_ FdList fds = { 0 };
    const char *member = NULL;

    for (long i = 0; argc > 1 && i < strtol(argv[1], NULL, 10); i++)
        if (fd_list_take(&fds, open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0)
            return 1;
    if (fd_read_all(STDIN_FILENO, REQUEST_SIZE_MAX, &line) < 0 || line.size == 0)
        return 1;
    line.size -= line.data[line.size - 1] == '\n';
    int r = release_request_parse(VIEW(line), &fds, &request, &member);
    if (r)
        (void)printf("%s: %s\n", request_reason(r), member ? member : "");
    return r ? 1 : 0;
}
