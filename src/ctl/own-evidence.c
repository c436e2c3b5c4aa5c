/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call over D-Bus, which takes as long as a round does.
 */
#include "ctl/own-evidence.h"

#include "base/file.h"
#include "ctl/bus-client.h"
#include "ctl/complain.h"

#include <errno.h>
#include <sys/random.h>

#define EVIDENCE_JSON_MAX    (4u << 20) /* bytes, docs/evidence.md */
#define COLLECT_TIMEOUT_USEC UINT64_C(400000000)

void own_evidence_done(OwnEvidence *evidence)
{
    bytes_done(&evidence->json);
}

static int call_agent(sd_bus *bus, const OwnEvidence *evidence, sd_bus_error *error,
                      sd_bus_message **ret)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;

    int r = sd_bus_message_new_method_call(bus, &call, AGENT_NAME, AGENT_PATH, AGENT_INTERFACE,
                                           "CollectEvidence");
    if (r >= 0)
        r = sd_bus_message_append_array(call, 'y', evidence->nonce, sizeof(evidence->nonce));
    if (r >= 0)
        r = sd_bus_message_set_allow_interactive_authorization(call, 1);
    return r < 0 ? r : sd_bus_call(bus, call, COLLECT_TIMEOUT_USEC, error, ret);
}

int own_evidence_need(OwnEvidence *evidence)
{
    _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
    int fd;

    if (evidence->json.size > 0)
        return 0;
    if (getrandom(evidence->nonce, sizeof(evidence->nonce), 0) != (ssize_t)sizeof(evidence->nonce))
        return complain_of_errno(-EIO, "random bytes");
    if (bus_client_open(&bus) < 0)
        return EXIT_CLASS_INTERNAL;
    int r = call_agent(bus, evidence, &error, &reply);
    if (r >= 0)
        r = sd_bus_message_read(reply, "h", &fd);
    if (r < 0)
        return bus_client_report(&error, r);
    r = fd_read_all(fd, EVIDENCE_JSON_MAX, &evidence->json);
    return r < 0 ? complain_of_errno(r, "evidence") : 0;
}
