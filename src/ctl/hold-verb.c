/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl hold: what attestd-hold.service does, by hand.
 */
#include "ctl/complain.h"
#include "ctl/hold.h"
#include "ctl/verb.h"

#include <errno.h>
#include <stdio.h>

static int run(const Options *options)
{
    _cleanup_free_ char *directory = NULL;

    if (asprintf(&directory, "%s/standing", options->runtime_directory) < 0) {
        directory = NULL;
        return complain_of_errno(-ENOMEM, "hold");
    }
    int r = hold(directory, getenv("NOTIFY_SOCKET"));
    if (r == HOLD_E_MALFORMED)
        return complain("standing-file-malformed", directory, NULL);
    return r < 0 ? complain_of_errno(r, directory) : 0;
}

static const Option options[] = {
    TEXT_OPTION("runtime-directory", runtime_directory, "DIR", "instead of /run/attestd"),
    { 0 },
};

const Verb verb_hold[] = {
    { .name = "hold",
      .help = "wait for the end of the verdict, for attested.target",
      .run = run,
      .options = options },
    { 0 },
};
