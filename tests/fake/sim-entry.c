/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes come alive: lazy reports, generations, errors.
 */
#include "sim-entry.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PRIVLEVEL_MAX    3u
#define STATUS_PARAMETER 0x16u
#define STATUS_KEY       0x27u
#define ENTRY_SIZE       24u /* bytes of a certificate table entry */

static const struct {
    const char *name;
    bool writable;
} attributes[SIM_N_ATTRIBUTES] = {
    [SIM_ATTRIBUTE_INBLOB] = { "inblob", true },
    [SIM_ATTRIBUTE_PRIVLEVEL] = { "privlevel", true },
    [SIM_ATTRIBUTE_PRIVLEVEL_FLOOR] = { "privlevel_floor", false },
    [SIM_ATTRIBUTE_PROVIDER] = { "provider", false },
    [SIM_ATTRIBUTE_GENERATION] = { "generation", false },
    [SIM_ATTRIBUTE_OUTBLOB] = { "outblob", false },
    [SIM_ATTRIBUTE_AUXBLOB] = { "auxblob", false },
};

const char *sim_attribute_name(SimAttribute attribute)
{
    return attributes[attribute].name;
}

bool sim_attribute_is_writable(SimAttribute attribute)
{
    return attributes[attribute].writable;
}

SimAttribute sim_attribute_from_name(const char *name)
{
    for (SimAttribute i = 0; i < SIM_N_ATTRIBUTES; i++)
        if (strcmp(attributes[i].name, name) == 0)
            return i;
    return SIM_N_ATTRIBUTES;
}

SimEntry *sim_entry_new(const char *name)
{
    SimEntry *entry = calloc(1, sizeof(*entry));

    if (!entry)
        return NULL;
    entry->name = strdup(name);
    return entry->name ? entry : sim_entry_free(entry);
}

SimEntry *sim_entry_free(SimEntry *entry)
{
    if (!entry)
        return NULL;
    bytes_done(&entry->outblob);
    bytes_done(&entry->auxblob);
    free(entry->name);
    free(entry);
    return NULL;
}

static uint32_t le32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/* The kernel's sum: offset + length of 32 bits, which a hostile host can make wrap. */
static size_t table_size(const Bytes *certificates)
{
    static const uint8_t none[ENTRY_SIZE] = { 0 };
    uint32_t size = 0;

    for (size_t at = 0; at + ENTRY_SIZE <= certificates->size; at += ENTRY_SIZE) {
        const uint8_t *entry = certificates->data + at;
        if (memcmp(entry, none, ENTRY_SIZE) == 0)
            break;
        uint32_t end = le32(entry + 16) + le32(entry + 20);
        size = MAX(size, end);
    }
    return MIN(size, SIM_CERTS_LIMIT);
}

static int take_answer(SimEntry *entry, const SimAnswer *answer)
{
    const uint32_t status = le32(answer->response);
    _cleanup_bytes_ Bytes outblob = { 0 };
    _cleanup_bytes_ Bytes auxblob = { 0 };

    if (answer->error != 0)
        return -answer->error;
    if (status != 0)
        return status == STATUS_PARAMETER || status == STATUS_KEY ? -EINVAL : -ENXIO;
    int r = bytes_copy((ByteView){ .data = answer->response + 0x20, .size = SIM_REPORT_SIZE },
                       &outblob);
    if (r == 0)
        r = bytes_copy((ByteView){ .data = answer->certificates.data,
                                   .size = table_size(&answer->certificates) },
                       &auxblob);
    if (r < 0)
        return r;
    bytes_done(&entry->outblob);
    bytes_done(&entry->auxblob);
    entry->outblob = TAKE_STRUCT(outblob);
    entry->auxblob = TAKE_STRUCT(auxblob);
    return 0;
}

/* sev_report_new(): always the extended report with a 16 KiB buffer. */
static int new_report(SimEntry *entry, SimDriver *driver)
{
    SimRequest request = { .call = SIM_CALL_EXT_REPORT,
                           .msg_version = 1,
                           .has_pointers = true,
                           .certs_address = 1,
                           .certs_len = SIM_CERTS_LIMIT };
    _cleanup_(sim_answer_done) SimAnswer answer = { 0 };
    const uint64_t arrived_usec = clock_boottime_usec(&clock_system);
    const uint64_t delay = sim_driver_delay_msec(driver);

    if (entry->inblob_size != SIM_INBLOB_SIZE)
        return -EINVAL;
    memcpy(request.request, entry->inblob, SIM_INBLOB_SIZE);
    request.request[SIM_INBLOB_SIZE] = (uint8_t)entry->privlevel;
    if (delay > 0)
        (void)nanosleep(&(struct timespec){ .tv_sec = (time_t)(delay / 1000),
                                            .tv_nsec = (long)(delay % 1000 * 1000000) },
                        NULL);
    sim_driver_answer(driver, &request, arrived_usec, &answer);
    return take_answer(entry, &answer);
}

/* The cached report as long as nothing was written since, else a new one. */
static int read_blob(SimEntry *entry, SimDriver *driver, SimFaultKind fault, const Bytes *blob,
                     Bytes *ret)
{
    if (entry->inblob_size == 0)
        return -EINVAL;
    if (!entry->has_report || entry->read_generation != entry->write_generation) {
        int r = new_report(entry, driver);
        if (r < 0)
            return r;
        entry->has_report = true;
        entry->read_generation = entry->write_generation;
    }
    if (fault == SIM_FAULT_RIVAL)
        entry->write_generation++;
    return bytes_copy(VIEW(*blob), ret);
}

static int read_number(uint64_t value, Bytes *ret)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%llu\n", (unsigned long long)value);
    return bytes_copy(view_of_string(text), ret);
}

int sim_entry_read(SimEntry *entry, SimDriver *driver, SimAttribute attribute, Bytes *ret)
{
    const SimFault fault = sim_driver_fault(driver, attributes[attribute].name);
    const bool changes = fault.kind == SIM_FAULT_PROVIDER_CHANGES;

    if (fault.kind == SIM_FAULT_ERRNO)
        return -fault.error;
    switch (attribute) {
    case SIM_ATTRIBUTE_PRIVLEVEL_FLOOR:
        return read_number(sim_driver_guest_vmpl(driver), ret);
    case SIM_ATTRIBUTE_PROVIDER:
        return bytes_copy(view_of_string(changes ? "tdx_guest\n" : "sev_guest\n"), ret);
    case SIM_ATTRIBUTE_GENERATION:
        return read_number(entry->write_generation, ret);
    case SIM_ATTRIBUTE_OUTBLOB:
        return read_blob(entry, driver, fault.kind, &entry->outblob, ret);
    case SIM_ATTRIBUTE_AUXBLOB:
        return read_blob(entry, driver, fault.kind, &entry->auxblob, ret);
    case SIM_ATTRIBUTE_INBLOB:
    case SIM_ATTRIBUTE_PRIVLEVEL:
    case SIM_N_ATTRIBUTES:
        break;
    }
    return -EACCES;
}

/* The guard against a generation that wraps onto the one last read. */
static int advance_generation(SimEntry *entry)
{
    if (entry->write_generation == entry->read_generation - 1)
        return -EBUSY;
    entry->write_generation++;
    return 0;
}

/* kstrtouint() with base 0: one number, one newline at most behind it. */
static int parse_unsigned(ByteView text, uint64_t *ret)
{
    char copy[16];
    char *end = NULL;

    if (text.size == 0 || text.size >= sizeof(copy))
        return -EINVAL;
    memcpy(copy, text.data, text.size);
    copy[text.size] = 0;
    if (copy[0] < '0' || copy[0] > '9')
        return -EINVAL;
    *ret = strtoull(copy, &end, 0);
    if (*end == '\n')
        end++;
    return *end == 0 ? 0 : -EINVAL;
}

int sim_entry_write_privlevel(SimEntry *entry, SimDriver *driver, ByteView text)
{
    const SimFault fault = sim_driver_fault(driver, "privlevel");
    uint64_t privlevel = 0;

    if (fault.kind == SIM_FAULT_ERRNO)
        return -fault.error;
    int r = parse_unsigned(text, &privlevel);
    if (r < 0)
        return r;
    if (privlevel < sim_driver_guest_vmpl(driver) || privlevel > PRIVLEVEL_MAX)
        return -EINVAL;
    r = advance_generation(entry);
    if (r == 0)
        entry->privlevel = privlevel;
    return r;
}

void sim_entry_commit_inblob(SimEntry *entry, SimDriver *driver, ByteView inblob)
{
    const SimFault fault = sim_driver_fault(driver, "inblob");

    if (fault.kind == SIM_FAULT_ERRNO || advance_generation(entry) < 0)
        return;
    memcpy(entry->inblob, inblob.data, inblob.size);
    entry->inblob_size = inblob.size;
}
