/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 3339, section 5.6.
 */
#include "ctl/moment.h"

#include <string.h>

#define SECONDS_MAX     INT64_C(253402300799) /* the end of 9999 */
#define SECONDS_PER_DAY 86400

typedef struct Moment {
    int year, month, day, hour, minute, second;
    int zone_sec; /* ahead of UTC */
} Moment;

/* Takes N digits off *TEXT; -1 when they are not there. */
static int take_digits(const char **text, size_t n)
{
    int value = 0;

    for (size_t i = 0; i < n; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return -1;
        value = 10 * value + (**text - '0');
    }
    return value;
}

static bool take(const char **text, char c)
{
    if (**text != c)
        return false;
    (*text)++;
    return true;
}

/* "T" and "Z" may be small, and a blank may stand for "T". */
static bool take_either(const char **text, const char *set)
{
    if (!**text || !strchr(set, **text))
        return false;
    (*text)++;
    return true;
}

static bool take_zone(const char **text, Moment *moment)
{
    bool is_behind = **text == '-';

    if (take_either(text, "Zz"))
        return true;
    if (!take_either(text, "+-"))
        return false;
    int hours = take_digits(text, 2);
    if (hours < 0 || hours > 23 || !take(text, ':'))
        return false;
    int minutes = take_digits(text, 2);
    moment->zone_sec = (is_behind ? -1 : 1) * (hours * 3600 + minutes * 60);
    return minutes >= 0 && minutes <= 59;
}

static bool take_date(const char **text, Moment *moment)
{
    moment->year = take_digits(text, 4);
    if (!take(text, '-'))
        return false;
    moment->month = take_digits(text, 2);
    if (!take(text, '-'))
        return false;
    moment->day = take_digits(text, 2);
    return true;
}

static bool take_time(const char **text, Moment *moment)
{
    moment->hour = take_digits(text, 2);
    if (!take(text, ':'))
        return false;
    moment->minute = take_digits(text, 2);
    if (!take(text, ':'))
        return false;
    moment->second = take_digits(text, 2);
    if (!take(text, '.'))
        return true;
    if (take_digits(text, 1) < 0)
        return false;
    while (take_digits(text, 1) >= 0)
        ;
    return true;
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Does the calendar have it? A leap second counts as the one behind it. */
static bool is_in_calendar(const Moment *moment)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    if (moment->year < 1970 || moment->month < 1 || moment->month > 12 || moment->day < 1)
        return false;
    int last = days[moment->month - 1] + (moment->month == 2 && is_leap(moment->year) ? 1 : 0);
    return moment->day <= last && moment->hour >= 0 && moment->hour <= 23 && moment->minute >= 0 &&
           moment->minute <= 59 && moment->second >= 0 && moment->second <= 60;
}

static int64_t to_seconds(const Moment *moment)
{
    static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
    int64_t past = moment->year - 1; /* whole years, of those before 1970 as well */
    int64_t days = past * 365 + past / 4 - past / 100 + past / 400 - INT64_C(719162);

    days += before[moment->month - 1] + moment->day - 1;
    days += moment->month > 2 && is_leap(moment->year) ? 1 : 0;
    return days * SECONDS_PER_DAY + moment->hour * 3600 + moment->minute * 60 + moment->second -
           moment->zone_sec;
}

int seconds_parse(const char *text, int64_t most_sec, int64_t *ret_sec)
{
    int64_t seconds = 0;

    if (!*text)
        return MOMENT_E_FORM;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || seconds > most_sec)
            return MOMENT_E_FORM;
        seconds = 10 * seconds + (*text - '0');
    }
    if (seconds > most_sec)
        return MOMENT_E_FORM;
    *ret_sec = seconds;
    return MOMENT_OK;
}

int moment_parse(const char *text, int64_t *ret_sec)
{
    const char *left = text;
    Moment moment = { 0 };

    if (text[strspn(text, "0123456789")] == 0)
        return seconds_parse(text, SECONDS_MAX, ret_sec);
    if (!take_date(&left, &moment) || !take_either(&left, "Tt ") || !take_time(&left, &moment) ||
        !take_zone(&left, &moment) || *left || !is_in_calendar(&moment))
        return MOMENT_E_FORM;
    int64_t seconds = to_seconds(&moment);
    if (seconds < 0)
        return MOMENT_E_FORM;
    *ret_sec = seconds;
    return MOMENT_OK;
}
