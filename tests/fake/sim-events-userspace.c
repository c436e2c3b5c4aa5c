/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measurements of systemd and its own log of them: JSON text sequences (RFC 7464).
 */
#include "base/encode.h"
#include "base/json.h"

#include "sim-events.h"

#include <errno.h>
#include <string.h>

#define RECORD_SEPARATOR 0x1e
#define MACHINE_ID       "6f1d2c3b4a59687786950a4b3c2d1e0f"
#define BOOT_ID          "0f1e2d3c4b5a69788796a5b4c3d2e1f0"

typedef struct Measurement {
    uint32_t pcr;
    const char *event_type;
    const char *text; /* the digest is over this, without its NUL */
} Measurement;

static const Measurement measurements[] = {
    { 11, "phase", "enter-initrd" },
    { 11, "phase", "leave-initrd" },
    { 15, "machine-id", "machine-id:" MACHINE_ID },
    { 15, "filesystem", "file-system:/:ext4::root:9a1f3c52-7d0e-4b6a-8c35-5e2f4d7a6b10:" },
    { 11, "phase", "sysinit" },
    { 11, "phase", "ready" },
};

static int digests_json(const SimLog *log, const SimExtension *extension, json_t **ret)
{
    json_t *digests = json_array();

    for (size_t i = 0; digests && i < log->n_banks; i++) {
        _cleanup_free_ char *hex =
            hex_encode((ByteView){ .data = extension->digests[i], .size = log->banks[i].size });
        json_t *digest =
            hex ? json_pack("{s:s, s:s}", "hashAlg", log->banks[i].name, "digest", hex) : NULL;
        if (!digest || json_array_append_new(digests, digest) < 0) {
            json_decref(digests);
            return -ENOMEM;
        }
    }
    if (!digests)
        return -ENOMEM;
    *ret = digests;
    return 0;
}

static int append_record(const SimLog *log, const Measurement *measurement,
                         const SimExtension *extension, Bytes *ret)
{
    json_t *digests = NULL;

    int r = digests_json(log, extension, &digests);
    if (r < 0)
        return r;
    /* json_pack takes over the digests. */
    _cleanup_(json_decrefp) json_t *record =
        json_pack("{s:i, s:o, s:s, s:{s:s, s:s, s:s}}", "pcr", (int)measurement->pcr, "digests",
                  digests, "content_type", "systemd", "content", "string", measurement->text,
                  "bootId", BOOT_ID, "eventType", measurement->event_type);
    _cleanup_free_ char *text = record ? json_text(record) : NULL;
    if (!text)
        return -ENOMEM;
    r = bytes_append_u8(ret, RECORD_SEPARATOR);
    if (r == 0)
        r = bytes_append(ret, view_of_string(text));
    return r == 0 ? bytes_append_u8(ret, '\n') : r;
}

int sim_measure_userspace(SimLog *log, Bytes *ret)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < ELEMENTSOF(measurements); i++) {
        const SimExtension *extension = NULL;
        r = sim_log_extend(log, measurements[i].pcr, view_of_string(measurements[i].text),
                           &extension);
        if (r == 0)
            r = append_record(log, &measurements[i], extension, ret);
    }
    return r;
}
