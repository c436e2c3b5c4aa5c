/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration file with every kind of value: read it, show it, read what was shown.
 */
#include "base/file.h"
#include "config/config-show.h"
#include "fuzz/require.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* By a path that needs no file system. */
static int load(ByteView text, Config **ret)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };
    _cleanup_close_ int fd = memfd_sealed("config", text);
    char path[64];

    require(fd >= 0);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int r = config_load_from(path, NULL, 0, &findings, ret);
    require(r >= 0);
    require((r == CONFIG_OK) == (findings.n_items == 0));
    for (size_t i = 0; i < findings.n_items; i++) {
        _cleanup_free_ char *line = config_error_text(&findings.items[i]);
        require(line && *findings.items[i].remedy);
    }
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(config_freep) Config *config = NULL;

    if (load((ByteView){ .data = data, .size = size }, &config) != CONFIG_OK)
        return 0;
    json_auto_t *shown = config_to_json(config);
    require(shown && config->verifier && config->verifier->enabled);
    require(config->verifier->urls.n_items > 0 &&
            config->verifier->urls.n_items <= CONFIG_LIST_MAX);
    require(config->verifier->token_keys && config->verifier->verifier_id);
    require(config->schedule.retry_min_usec <= config->schedule.retry_max_usec);
    return 0;
}
