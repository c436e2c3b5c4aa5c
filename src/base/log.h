/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One log for the programs: journal fields where stderr is the journal, the same fields as text on
 * stderr elsewhere. Libraries below the programs do not log. Secrets and tokens are never fields.
 */
#pragma once

#include "base/macro.h"

#include <syslog.h> /* LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG */

typedef struct LogField {
    const char *name; /* "ATTEST_STATE" */
    const char *value;
} LogField;

/* Messages above LEVEL are dropped; LOG_INFO until told otherwise. */
void log_set_level(int level);

/*
 * Writes one message. MESSAGE_ID is 32 hex digits of log-ids.h or NULL. FIELDS may be NULL; a field
 * whose value is NULL is left out.
 */
void log_fields(int level, const char *message_id, const LogField *fields, size_t n_fields,
                const char *format, ...) _printf_(5, 6);

#define log_error(...)   log_fields(LOG_ERR, NULL, NULL, 0, __VA_ARGS__)
#define log_warning(...) log_fields(LOG_WARNING, NULL, NULL, 0, __VA_ARGS__)
#define log_notice(...)  log_fields(LOG_NOTICE, NULL, NULL, 0, __VA_ARGS__)
#define log_info(...)    log_fields(LOG_INFO, NULL, NULL, 0, __VA_ARGS__)
#define log_debug(...)   log_fields(LOG_DEBUG, NULL, NULL, 0, __VA_ARGS__)
