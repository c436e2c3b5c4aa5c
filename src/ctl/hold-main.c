/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestd-hold DIRECTORY: "attestctl hold" as a program of its own, for attestd-hold.service. It is
 * there as long as a verdict is, and maps libc alone.
 */
#include "ctl/hold.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fputs("attestd-hold: give the directory of the standing\n", stderr);
        return EXIT_FAILURE;
    }
    int r = hold(argv[1], getenv("NOTIFY_SOCKET"));
    if (r == HOLD_OK)
        return EXIT_SUCCESS;
    (void)fprintf(stderr, "attestd-hold: %s/trusted: %s\n", argv[1],
                  r < 0 ? strerror(-r) : "not what attestd writes");
    return EXIT_FAILURE;
}
