/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LISTEN_FDS and LISTEN_FDNAMES, taken one by one.
 */
#include "agent/passed-fds.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-daemon.h>

int passed_fds_open(PassedFds *ret)
{
    PassedFds passed = { 0 };

    passed.n_fds = sd_listen_fds_with_names(/* unset_environment= */ 1, &passed.names);
    if (passed.n_fds < 0)
        return passed.n_fds;
    *ret = passed;
    return 0;
}

static int take(PassedFds *passed, int position)
{
    passed->names[position][0] = 0;
    return SD_LISTEN_FDS_START + position;
}

void passed_fds_done(PassedFds *passed)
{
    for (int i = 0; i < passed->n_fds; i++) {
        int fd = passed->names[i][0] ? take(passed, i) : -EBADF;
        closep(&fd);
        free(passed->names[i]);
    }
    free(passed->names);
    *passed = (PassedFds){ 0 };
}

int passed_fds_take(PassedFds *passed, const char *name)
{
    for (int i = 0; i < passed->n_fds; i++)
        if (strcmp(passed->names[i], name) == 0)
            return take(passed, i);
    return -EBADF;
}

/* One to three digits, nothing else; LIMIT when it is no such number. */
static unsigned read_number(const char *text, unsigned limit)
{
    size_t length = strspn(text, "0123456789");
    unsigned value = 0;

    if (length == 0 || length > 3 || text[length])
        return limit;
    for (; *text; text++)
        value = value * 10 + (unsigned)(*text - '0');
    return value;
}

int passed_fds_take_numbered(PassedFds *passed, const char *prefix, unsigned limit,
                             unsigned *ret_number)
{
    size_t length = strlen(prefix);

    for (int i = 0; i < passed->n_fds; i++) {
        if (strncmp(passed->names[i], prefix, length) != 0)
            continue;
        unsigned number = read_number(passed->names[i] + length, limit);
        if (number >= limit)
            continue;
        *ret_number = number;
        return take(passed, i);
    }
    return -EBADF;
}
