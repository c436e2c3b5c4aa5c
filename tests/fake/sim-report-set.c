/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Report fields by name, for command lines and control files.
 */
#include "sim-chip.h"

#include "base/encode.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef enum Kind { KIND_BYTES, KIND_U8, KIND_U32, KIND_U64, KIND_TCB } Kind;

typedef struct Field {
    const char *name;
    Kind kind;
    size_t offset; /* in SimReport */
    size_t size;   /* bytes */
} Field;

#define FIELD(kind, member)                                                                        \
    {                                                                                              \
#member, kind, offsetof(SimReport, member), sizeof(((SimReport *)NULL)->member)            \
    }

static const Field fields[] = {
    FIELD(KIND_U32, version),
    FIELD(KIND_U32, guest_svn),
    FIELD(KIND_U64, policy),
    FIELD(KIND_BYTES, family_id),
    FIELD(KIND_BYTES, image_id),
    FIELD(KIND_U32, vmpl),
    FIELD(KIND_U32, signature_algo),
    FIELD(KIND_TCB, current_tcb),
    FIELD(KIND_TCB, reported_tcb),
    FIELD(KIND_TCB, committed_tcb),
    FIELD(KIND_TCB, launch_tcb),
    FIELD(KIND_U64, platform_info),
    FIELD(KIND_U32, key_info),
    FIELD(KIND_BYTES, report_data),
    FIELD(KIND_BYTES, measurement),
    FIELD(KIND_BYTES, host_data),
    FIELD(KIND_BYTES, id_key_digest),
    FIELD(KIND_BYTES, author_key_digest),
    FIELD(KIND_BYTES, report_id),
    FIELD(KIND_BYTES, report_id_ma),
    FIELD(KIND_U8, cpuid_family),
    FIELD(KIND_U8, cpuid_model),
    FIELD(KIND_U8, cpuid_step),
    FIELD(KIND_BYTES, chip_id),
    FIELD(KIND_U8, current_build),
    FIELD(KIND_U8, current_minor),
    FIELD(KIND_U8, current_major),
    FIELD(KIND_U8, committed_build),
    FIELD(KIND_U8, committed_minor),
    FIELD(KIND_U8, committed_major),
    FIELD(KIND_U64, launch_mitigations),
    FIELD(KIND_U64, current_mitigations),
};

/* Decimal, or hexadecimal after 0x; nothing before or behind it. */
static int parse_number(const char *text, uint64_t limit, uint64_t *ret)
{
    char *end = NULL;

    if (*text < '0' || *text > '9')
        return SIM_E_VALUE;
    errno = 0;
    const bool hexadecimal = text[0] == '0' && text[1] == 'x';
    unsigned long long value = strtoull(text, &end, hexadecimal ? 16 : 10);
    if (errno != 0 || *end != 0 || value > limit)
        return SIM_E_VALUE;
    *ret = value;
    return SIM_OK;
}

static int parse_tcb(const char *text, SimTcb *ret)
{
    unsigned n[5] = { 0 };
    int end = -1;
    bool five = sscanf(text, "%3u.%3u.%3u.%3u.%3u%n", &n[0], &n[1], &n[2], &n[3], &n[4], &end) == 5;

    if (!five) {
        n[0] = 0;
        end = -1;
        if (sscanf(text, "%3u.%3u.%3u.%3u%n", &n[1], &n[2], &n[3], &n[4], &end) != 4)
            return SIM_E_VALUE;
    }
    if (end < 0 || text[end] != 0)
        return SIM_E_VALUE;
    for (size_t i = 0; i < ELEMENTSOF(n); i++)
        if (n[i] > 255)
            return SIM_E_VALUE;
    *ret = (SimTcb){ .fmc = (uint8_t)n[0],
                     .boot_loader = (uint8_t)n[1],
                     .tee = (uint8_t)n[2],
                     .snp = (uint8_t)n[3],
                     .microcode = (uint8_t)n[4] };
    return SIM_OK;
}

static int set_bytes(uint8_t *out, size_t size, const char *text)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    int r = hex_decode(text, &bytes);

    if (r < 0)
        return r;
    if (r != ENCODE_OK || bytes.size != size)
        return SIM_E_VALUE;
    memcpy(out, bytes.data, size);
    return SIM_OK;
}

static int set_number(uint8_t *out, size_t size, const char *text)
{
    uint64_t value = 0;
    int r = parse_number(text, size == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * size) - 1, &value);

    if (r != SIM_OK)
        return r;
    /* x86-64 only, as the hardware: the low bytes come first. */
    memcpy(out, &value, size);
    return SIM_OK;
}

static int set_field(SimReport *report, const Field *field, const char *text)
{
    uint8_t *out = (uint8_t *)report + field->offset;
    SimTcb tcb;
    int r;

    switch (field->kind) {
    case KIND_BYTES:
        return set_bytes(out, field->size, text);
    case KIND_U8:
    case KIND_U32:
    case KIND_U64:
        return set_number(out, field->size, text);
    case KIND_TCB:
        r = parse_tcb(text, &tcb);
        if (r == SIM_OK)
            memcpy(out, &tcb, sizeof(tcb));
        return r;
    }
    return SIM_E_NAME;
}

static int set_all_tcbs(SimReport *report, const char *text)
{
    SimTcb tcb;
    int r = parse_tcb(text, &tcb);

    if (r == SIM_OK)
        report->current_tcb = report->reported_tcb = report->committed_tcb = report->launch_tcb =
            tcb;
    return r;
}

static int set_signing_key(SimReport *report, const char *text)
{
    static const struct {
        const char *name;
        uint32_t value;
    } keys[] = { { "vcek", 0 }, { "vlek", 1 }, { "none", 7 } };
    uint64_t value = 8;

    for (size_t i = 0; i < ELEMENTSOF(keys); i++)
        if (strcmp(text, keys[i].name) == 0)
            value = keys[i].value;
    if (value == 8) {
        int r = parse_number(text, 7, &value);
        if (r != SIM_OK)
            return r;
    }
    report->key_info = (report->key_info & ~(UINT32_C(7) << 2)) | (uint32_t)value << 2;
    return SIM_OK;
}

static int parse_bool(const char *text, bool *ret)
{
    const bool yes = strcmp(text, "yes") == 0 || strcmp(text, "true") == 0;

    if (!yes && strcmp(text, "no") != 0 && strcmp(text, "false") != 0)
        return SIM_E_VALUE;
    *ret = yes;
    return SIM_OK;
}

static int set_debug(SimReport *report, const char *text)
{
    const uint64_t bit = UINT64_C(1) << 19; /* POLICY, DEBUG */
    bool debug = false;
    int r = parse_bool(text, &debug);

    if (r == SIM_OK)
        report->policy = debug ? report->policy | bit : report->policy & ~bit;
    return r;
}

static int set_mask_chip_id(SimReport *report, const char *text)
{
    bool mask = false;
    int r = parse_bool(text, &mask);

    if (r == SIM_OK && mask)
        memset(report->chip_id, 0, sizeof(report->chip_id));
    return r;
}

static int set_product(SimReport *report, const char *text)
{
    return sim_product_from_string(text, &report->product);
}

static const struct {
    const char *name;
    int (*set)(SimReport *report, const char *text);
} shorthands[] = {
    { "tcb", set_all_tcbs },    { "signing_key", set_signing_key },
    { "debug", set_debug },     { "mask_chip_id", set_mask_chip_id },
    { "product", set_product },
};

int sim_report_set(SimReport *report, const char *name, const char *value)
{
    for (size_t i = 0; i < ELEMENTSOF(fields); i++)
        if (strcmp(fields[i].name, name) == 0)
            return set_field(report, &fields[i], value);
    for (size_t i = 0; i < ELEMENTSOF(shorthands); i++)
        if (strcmp(shorthands[i].name, name) == 0)
            return shorthands[i].set(report, value);
    return SIM_E_NAME;
}
