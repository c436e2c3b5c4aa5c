/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times with units, and sets of PCRs.
 */
#include "config/config-value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The names of systemd.time(7), as far as they have one meaning. */
static const struct {
    const char *name;
    uint64_t usec;
} units[] = {
    { "us", 1 },
    { "usec", 1 },
    { "ms", USEC_PER_MSEC },
    { "msec", USEC_PER_MSEC },
    { "s", USEC_PER_SEC },
    { "sec", USEC_PER_SEC },
    { "second", USEC_PER_SEC },
    { "seconds", USEC_PER_SEC },
    { "", USEC_PER_SEC },
    { "min", 60 * USEC_PER_SEC },
    { "minute", 60 * USEC_PER_SEC },
    { "minutes", 60 * USEC_PER_SEC },
    { "h", 3600 * USEC_PER_SEC },
    { "hr", 3600 * USEC_PER_SEC },
    { "hour", 3600 * USEC_PER_SEC },
    { "hours", 3600 * USEC_PER_SEC },
    { "d", 86400 * USEC_PER_SEC },
    { "day", 86400 * USEC_PER_SEC },
    { "days", 86400 * USEC_PER_SEC },
    { "w", 7 * 86400 * USEC_PER_SEC },
    { "week", 7 * 86400 * USEC_PER_SEC },
    { "weeks", 7 * 86400 * USEC_PER_SEC },
};

#define TIME_NUMBER_MAX 1000000000 /* of one part; times any unit this stays below 2^64 */

static uint64_t unit_usec(const char *name, size_t size)
{
    for (size_t i = 0; i < ELEMENTSOF(units); i++)
        if (strlen(units[i].name) == size && memcmp(units[i].name, name, size) == 0)
            return units[i].usec;
    return 0;
}

/* Reads digits; false when there are none or they exceed LIMIT. Advances *TEXT. */
static bool read_number(const char **text, uint64_t limit, uint64_t *ret)
{
    uint64_t value = 0;
    const char *c = *text;

    for (; *c >= '0' && *c <= '9'; c++) {
        value = value * 10 + (uint64_t)(*c - '0');
        if (value > limit)
            return false;
    }
    if (c == *text)
        return false;
    *text = c;
    *ret = value;
    return true;
}

/* A sum of NUMBER[UNIT]: "90", "1min 30s", "1h30min". */
static int read_time(const char *text, uint64_t *ret, char found[static CONFIG_VALUE_WHAT_MAX])
{
    const char *c = text;
    uint64_t total = 0;

    do {
        uint64_t number, unit;
        if (!read_number(&c, TIME_NUMBER_MAX, &number)) {
            (void)snprintf(found, CONFIG_VALUE_WHAT_MAX, "%s", text);
            return CONFIG_VALUE_E_INVALID;
        }
        c += strspn(c, " ");
        size_t size = strcspn(c, " 0123456789");
        unit = unit_usec(c, size);
        if (unit == 0) {
            (void)snprintf(found, CONFIG_VALUE_WHAT_MAX, "unit \"%.*s\" in \"%s\"", (int)size, c,
                           text);
            return CONFIG_VALUE_E_UNIT;
        }
        if (number > 0 && unit > (UINT64_MAX - total) / number) {
            (void)snprintf(found, CONFIG_VALUE_WHAT_MAX, "%s", text);
            return CONFIG_VALUE_E_INVALID;
        }
        total += number * unit;
        c += size;
        c += strspn(c, " ");
    } while (*c);

    *ret = total;
    return CONFIG_VALUE_OK;
}

static int parse_time(const char *text, const char *detail, void *field,
                      char found[static CONFIG_VALUE_WHAT_MAX])
{
    char low[32], ignored[CONFIG_VALUE_WHAT_MAX];
    uint64_t value, min = 0, max = 0;

    /* "MIN to MAX" of the table, which reads as a wish as it stands. */
    (void)snprintf(low, sizeof(low), "%.*s", (int)strcspn(detail, " "), detail);
    if (read_time(low, &min, ignored) || read_time(strstr(detail, "to ") + 3, &max, ignored))
        return CONFIG_VALUE_E_INVALID;

    int r = read_time(text, &value, found);
    if (r)
        return r;
    if (value < min || value > max) {
        (void)snprintf(found, CONFIG_VALUE_WHAT_MAX, "%s", text);
        return CONFIG_VALUE_E_INVALID;
    }
    *(uint64_t *)field = value;
    return CONFIG_VALUE_OK;
}

static void reset_time(void *field)
{
    *(uint64_t *)field = 0;
}

static json_t *show_time(const void *field)
{
    static const char *const shown[] = { "w", "d", "h", "min", "s", "ms", "us" };
    uint64_t usec = *(const uint64_t *)field;

    for (size_t i = 0; i < ELEMENTSOF(shown); i++) {
        uint64_t unit = unit_usec(shown[i], strlen(shown[i]));
        if (usec > 0 && usec % unit == 0)
            return json_sprintf("%" PRIu64 "%s", usec / unit, shown[i]);
    }
    return json_string("0");
}

const ConfigValueType config_value_time = { parse_time, reset_time, show_time, NULL };

#define PCR_MAX 23 /* TCG PC Client Platform TPM Profile 1.05, 4.6: PCR 0 to 23 */

/* "0-9,11 14": numbers and ranges, separated by commas or spaces. */
static int parse_pcrs(const char *text, const char *detail _unused_, void *field,
                      char found[static CONFIG_VALUE_WHAT_MAX])
{
    const char *c = text;
    uint32_t pcrs = 0;
    bool is_good = true;

    while (is_good && *(c += strspn(c, ", "))) {
        uint64_t first, last;
        is_good = read_number(&c, PCR_MAX, &first);
        last = first;
        if (is_good && *c == '-') {
            c++;
            is_good = read_number(&c, PCR_MAX, &last) && first <= last;
        }
        is_good = is_good && strchr(", ", *c);
        for (uint64_t pcr = first; is_good && pcr <= last; pcr++)
            pcrs |= UINT32_C(1) << pcr;
    }
    if (!is_good || pcrs == 0) {
        (void)snprintf(found, CONFIG_VALUE_WHAT_MAX, "%s", text);
        return CONFIG_VALUE_E_INVALID;
    }
    *(uint32_t *)field = pcrs;
    return CONFIG_VALUE_OK;
}

static void reset_pcrs(void *field)
{
    *(uint32_t *)field = 0;
}

static json_t *show_pcrs(const void *field)
{
    uint32_t pcrs = *(const uint32_t *)field;
    char text[128] = "";
    size_t used = 0;

    for (unsigned first = 0; first <= PCR_MAX; first++) {
        unsigned last = first;
        if (!(pcrs >> first & 1))
            continue;
        while (last < PCR_MAX && pcrs >> (last + 1) & 1)
            last++;
        used += (size_t)snprintf(text + used, sizeof(text) - used,
                                 last > first ? "%s%u-%u" : "%s%u", used ? "," : "", first, last);
        first = last;
    }
    return json_string(text);
}

const ConfigValueType config_value_pcrs = { parse_pcrs, reset_pcrs, show_pcrs,
                                            "PCR numbers 0 to 23, such as 0-9,11-15" };
