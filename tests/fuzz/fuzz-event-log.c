/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event log, with and without padding: walk it, and parse the content of what is in it.
 */
#include "format/event-log.h"
#include "format/uefi-image-load.h"
#include "format/uefi-variable.h"
#include "fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t sum(ByteView view)
{
    size_t n = 0;

    for (size_t i = 0; i < view.size; i++)
        n += view.data[i];
    return n;
}

static void look_at(const Event *event)
{
    UefiImageLoad load;
    UefiVariable variable;
    char text[64];

    (void)sum(event->data);
    for (size_t i = 0; i < event->n_digests; i++) {
        (void)sum(event->digests[i].digest);
        require(event_digest(event, event->digests[i].alg).data == event->digests[i].digest.data);
    }
    if (uefi_variable_parse(event->data, &variable) == UEFI_VARIABLE_OK)
        utf16_to_ascii(variable.name, text, sizeof(text));
    if (uefi_image_load_parse(event->data, &load) == UEFI_IMAGE_LOAD_OK)
        uefi_image_load_file(&load, text, sizeof(text));
}

static void walk(ByteView bytes, unsigned flags)
{
    EventLogSummary summary = { 0 };
    EventLog log;
    Event event;
    size_t index = 0, n = 0;

    int whole = event_log_summarise(bytes, flags, &index, &summary);
    require(whole != EVENT_LOG_END && strcmp(event_log_reason(whole), "unknown") != 0);
    int r = event_log_open(bytes, flags, &log);
    while (r == EVENT_LOG_OK && (r = event_log_next(&log, &event)) == EVENT_LOG_OK) {
        require(event.index == n++);
        require(!event_is_extended(&event) || event.pcr < TPM_PCR_COUNT);
        look_at(&event);
    }
    require(whole == EVENT_LOG_OK ? r == EVENT_LOG_END && summary.n_events == n
                                  : r == whole && index == n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    walk((ByteView){ data, size }, 0);
    walk((ByteView){ data, size }, EVENT_LOG_PADDED);
    return 0;
}
