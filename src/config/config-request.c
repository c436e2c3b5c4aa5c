/* SPDX-License-Identifier: Apache-2.0 */
/*
 * [Evidence] on the wire.
 */
#include "config/config-request.h"

#include <string.h>

#define PCR_LIMIT 32

static json_t *pcrs_to_json(uint32_t pcrs)
{
    json_auto_t *array = json_array();

    for (int pcr = 0; array && pcr < PCR_LIMIT; pcr++)
        if (pcrs >> pcr & 1 && json_array_append_new(array, json_integer(pcr)) < 0)
            return NULL;
    return TAKE_PTR(array);
}

/* On the wire no log is an empty text. */
static const char *log_path(const char *path)
{
    return strcmp(path, "none") == 0 ? "" : path;
}

json_t *config_evidence_request(const EvidenceConfig *evidence)
{
    return json_pack("{ss ss ss ss ss ss so ss ss ss}", "source", evidence->source, "device",
                     evidence->device, "configfs_directory", evidence->configfs_directory, "tcti",
                     evidence->tcti, "attestation_key", evidence->attestation_key, "pcr_bank",
                     evidence->pcr_bank, "pcrs", pcrs_to_json(evidence->pcrs), "event_log",
                     log_path(evidence->event_log), "userspace_log",
                     log_path(evidence->userspace_log), "preflight", evidence->preflight);
}
