/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Journal or stderr, decided once by whether stderr is a journal stream. On a terminal lines have
 * no priority in front.
 */
#include "base/log.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>

#define LOG_FIELDS_MAX 16   /* fields of one message, ours included */
#define LOG_TEXT_MAX   2048 /* bytes of one message or field; longer ones are cut */

static int log_level = LOG_INFO;

void log_set_level(int level)
{
    log_level = level;
}

/* systemd.exec(5): JOURNAL_STREAM holds device and inode of the stream connected to the journal. */
static bool stderr_is_journal(void)
{
    static int cached = -1;

    if (cached < 0) {
        const char *stream = getenv("JOURNAL_STREAM");
        unsigned long device, inode;
        struct stat st;

        cached = stream && sscanf(stream, "%lu:%lu", &device, &inode) == 2 &&
                 fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
    }
    return cached > 0;
}

/* The priorities that sd-daemon(3) has in front of a line are for machines. */
static bool stderr_is_for_people(void)
{
    return !getenv("JOURNAL_STREAM") && isatty(STDERR_FILENO);
}

/* Control characters from outside must not forge lines. */
static void flatten(char *text)
{
    for (; *text; text++)
        if (iscntrl((unsigned char)*text))
            *text = '?';
}

static void send_to_journal(int level, const char *message_id, const LogField *fields,
                            size_t n_fields, const char *message)
{
    char text[LOG_FIELDS_MAX][LOG_TEXT_MAX];
    struct iovec iov[LOG_FIELDS_MAX];
    size_t n = 0;

    (void)snprintf(text[n++], LOG_TEXT_MAX, "MESSAGE=%s", message);
    (void)snprintf(text[n++], LOG_TEXT_MAX, "PRIORITY=%d", level);
    if (message_id)
        (void)snprintf(text[n++], LOG_TEXT_MAX, "MESSAGE_ID=%s", message_id);
    for (size_t i = 0; i < n_fields && n < LOG_FIELDS_MAX; i++)
        if (fields[i].value)
            (void)snprintf(text[n++], LOG_TEXT_MAX, "%s=%s", fields[i].name, fields[i].value);
    for (size_t i = 0; i < n; i++)
        iov[i] = (struct iovec){ .iov_base = text[i], .iov_len = strlen(text[i]) };
    (void)sd_journal_sendv(iov, (int)n);
}

static void write_to_stderr(int level, const char *message_id, const LogField *fields,
                            size_t n_fields, const char *message)
{
    char line[4 * LOG_TEXT_MAX];
    char priority[16] = "";

    if (!stderr_is_for_people())
        (void)snprintf(priority, sizeof(priority), "<%d>", level);
    size_t used = (size_t)snprintf(line, sizeof(line), "%s%s", priority, message);
    if (message_id && used < sizeof(line))
        used += (size_t)snprintf(line + used, sizeof(line) - used, " MESSAGE_ID=%s", message_id);
    for (size_t i = 0; i < n_fields; i++)
        if (fields[i].value && used < sizeof(line))
            used += (size_t)snprintf(line + used, sizeof(line) - used, " %s=\"%s\"", fields[i].name,
                                     fields[i].value);
    flatten(line);
    (void)fprintf(stderr, "%s\n", line);
}

void log_fields(int level, const char *message_id, const LogField *fields, size_t n_fields,
                const char *format, ...)
{
    char message[LOG_TEXT_MAX];
    int saved_errno = errno;
    va_list args;

    if (level > log_level)
        return;

    va_start(args, format);
    (void)vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    flatten(message);

    if (stderr_is_journal())
        send_to_journal(level, message_id, fields, n_fields, message);
    else
        write_to_stderr(level, message_id, fields, n_fields, message);
    errno = saved_errno;
}
