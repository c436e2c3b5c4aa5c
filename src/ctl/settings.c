/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading, and saying what is wrong.
 */
#include "ctl/settings.h"

#include "config/config-show.h"
#include "format/catalog.h"

#include <stdio.h>

int settings_load(const Options *options, Config **ret)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };

    int r = config_load(options->config ? options->config : CONFIG_PATH_DEFAULT, &findings, ret);
    if (r < 0)
        return EXIT_CLASS_INTERNAL;
    for (size_t i = 0; i < findings.n_items; i++) {
        _cleanup_free_ char *line = config_error_text(&findings.items[i]);
        (void)fprintf(stderr, "attestctl: %s\n", line ? line : findings.items[i].name);
    }
    return r > 0 ? EXIT_CLASS_USAGE : 0;
}
