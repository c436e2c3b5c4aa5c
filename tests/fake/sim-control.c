/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the control file. A misspelt member is an error, never ignored: a test must not pass
 * because its fault did not happen.
 */
#include "sim-control.h"

#include "base/file.h"
#include "base/json.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CONTROL_LIMIT 65536u /* bytes */
#define ALL_ONES      UINT64_MAX
#define INVALID_LEN   (UINT64_C(1) << 32) /* vmm_error 1 */

static const struct {
    const char *name;
    int value;
} errnos[] = {
    { "EACCES", EACCES }, { "EAGAIN", EAGAIN }, { "EBADMSG", EBADMSG },     { "EBUSY", EBUSY },
    { "EEXIST", EEXIST }, { "EFAULT", EFAULT }, { "EFBIG", EFBIG },         { "EINTR", EINTR },
    { "EINVAL", EINVAL }, { "EIO", EIO },       { "ENODEV", ENODEV },       { "ENOENT", ENOENT },
    { "ENOMEM", ENOMEM }, { "ENOSPC", ENOSPC }, { "ENOSR", ENOSR },         { "ENOTTY", ENOTTY },
    { "ENXIO", ENXIO },   { "EPERM", EPERM },   { "ETIMEDOUT", ETIMEDOUT }, { "ETXTBSY", ETXTBSY },
};

static const struct {
    const char *name;
    SimFaultKind kind;
} answers[] = {
    { "zero-report", SIM_FAULT_ZERO_REPORT },
    { "wrong-report-data", SIM_FAULT_WRONG_REPORT_DATA },
    { "bad-signature", SIM_FAULT_BAD_SIGNATURE },
    { "stale-report", SIM_FAULT_STALE_REPORT },
    { "invalid-len", SIM_FAULT_INVALID_LEN },
    { "provider-changes", SIM_FAULT_PROVIDER_CHANGES },
    { "rival", SIM_FAULT_RIVAL },
};

static const char *const operations[] = {
    "any",       "report",   "ext-report", "mkdir",           "rmdir",   "inblob",
    "privlevel", "provider", "generation", "privlevel_floor", "outblob", "auxblob",
};

static _printf_(1, 2) int complain(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)fputs("control file: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
    return -EBADMSG;
}

void sim_control_done(SimControl *control)
{
    json_decref(control->json);
    *control = (SimControl){ 0 };
}

/* A number, or text in decimal or hexadecimal after 0x: JSON has no 64-bit unsigned numbers. */
static bool number_of(const json_t *value, uint64_t *ret)
{
    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        *ret = (uint64_t)json_integer_value(value);
        return true;
    }
    const char *text = json_string_value(value);
    char *end = NULL;
    if (!text || *text < '0' || *text > '9')
        return false;
    const bool hexadecimal = text[0] == '0' && text[1] == 'x';
    *ret = strtoull(text, &end, hexadecimal ? 16 : 10);
    return *end == 0;
}

/* Absent leaves RET as it is. */
static int optional_number(const json_t *object, const char *name, uint64_t *ret)
{
    const json_t *value = json_object_get(object, name);

    if (value && !number_of(value, ret))
        return complain("\"%s\" is not a number", name);
    return 0;
}

static int errno_of(const char *name)
{
    for (size_t i = 0; i < ELEMENTSOF(errnos); i++)
        if (strcmp(errnos[i].name, name) == 0)
            return errnos[i].value;
    return 0;
}

/* What the real driver does: these errors wipe its key, but for INVALID_LEN (spec: snp 1.7). */
static bool errno_kills_vmpck(int error, uint64_t exitinfo2)
{
    return (error == EIO && exitinfo2 != INVALID_LEN) || error == EBADMSG || error == ETIMEDOUT ||
           error == ENOSR;
}

static int parse_errno(const json_t *entry, const char *name, SimFault *ret)
{
    SimFault fault = { .kind = SIM_FAULT_ERRNO, .error = errno_of(name), .exitinfo2 = ALL_ONES };

    if (fault.error == 0)
        return complain("no errno \"%s\"", name);
    int r = optional_number(entry, "exitinfo2", &fault.exitinfo2);
    if (r < 0)
        return r;
    fault.vmpck_dies = errno_kills_vmpck(fault.error, fault.exitinfo2);
    const char *vmpck = json_string_value(json_object_get(entry, "vmpck"));
    if (vmpck && strcmp(vmpck, "keep") != 0 && strcmp(vmpck, "dies") != 0)
        return complain("\"vmpck\" is \"keep\" or \"dies\"");
    if (vmpck)
        fault.vmpck_dies = strcmp(vmpck, "dies") == 0;
    *ret = fault;
    return 0;
}

static int parse_answer(const char *name, SimFault *ret)
{
    for (size_t i = 0; i < ELEMENTSOF(answers); i++)
        if (strcmp(answers[i].name, name) == 0) {
            *ret = (SimFault){ .kind = answers[i].kind };
            return 0;
        }
    return complain("no answer \"%s\"", name);
}

static int check_operation(const json_t *entry)
{
    const json_t *operation = json_object_get(entry, "operation");

    if (!operation)
        return 0;
    for (size_t i = 0; i < ELEMENTSOF(operations); i++)
        if (json_is_string(operation) && strcmp(json_string_value(operation), operations[i]) == 0)
            return 0;
    return complain("no such \"operation\"");
}

static int parse_fault(json_t *entry, SimFault *ret)
{
    static const char *const known[] = { "name",      "operation", "skip",   "count",  "errno",
                                         "exitinfo2", "vmpck",     "status", "answer", NULL };
    const char *error = json_string_value(json_object_get(entry, "errno"));
    const char *answer = json_string_value(json_object_get(entry, "answer"));
    const json_t *status = json_object_get(entry, "status");
    uint64_t number = 0;

    const char *unknown = json_is_object(entry) ? json_unknown_member(entry, known) : "errors";
    if (unknown)
        return complain("unknown or misplaced \"%s\"", unknown);
    if (!!error + !!answer + !!status != 1)
        return complain("an error is one of \"errno\", \"status\" and \"answer\"");
    int r = check_operation(entry);
    if (r == 0)
        r = optional_number(entry, "skip", &number);
    if (r == 0)
        r = optional_number(entry, "count", &number);
    if (r == 0 && status)
        r = optional_number(entry, "status", &number);
    if (r < 0)
        return r;
    if (error)
        return parse_errno(entry, error, ret);
    if (answer)
        return parse_answer(answer, ret);
    *ret = (SimFault){ .kind = SIM_FAULT_STATUS, .status = (uint32_t)number };
    return 0;
}

static int check_faults(const SimControl *control)
{
    json_t *errors = json_object_get(control->json, "errors");
    SimFault fault;

    if (errors && !json_is_array(errors))
        return complain("\"errors\" is not a list");
    for (size_t i = 0; i < json_array_size(errors); i++) {
        int r = parse_fault(json_array_get(errors, i), &fault);
        if (r < 0)
            return r;
    }
    return 0;
}

static int parse_members(SimControl *control)
{
    static const char *const known[] = { "set",    "certificates", "certificate_tcb",
                                         "errors", "delay_ms",     "guest_vmpl",
                                         "log",    "comment",      NULL };
    json_t *set = json_object_get(control->json, "set");
    const char *table = NULL;
    int r;

    const char *unknown = json_unknown_member(control->json, known);
    if (unknown)
        return complain("unknown \"%s\"", unknown);
    if (set && !json_is_object(set))
        return complain("\"set\" is not an object");
    r = json_get_string(control->json, "certificates", &table);
    if (r == JSON_E_TYPE || (table && sim_table_set_from_string(table, &control->table) != SIM_OK))
        return complain("no such \"certificates\"");
    if (json_get_string(control->json, "certificate_tcb", &control->leaf_tcb) == JSON_E_TYPE ||
        json_get_string(control->json, "log", &control->log) == JSON_E_TYPE)
        return complain("\"certificate_tcb\" and \"log\" are strings");
    r = optional_number(control->json, "delay_ms", &control->delay_msec);
    if (r == 0)
        r = optional_number(control->json, "guest_vmpl", &control->guest_vmpl);
    if (r == 0 && control->guest_vmpl > 3)
        return complain("\"guest_vmpl\" is above 3");
    return r < 0 ? r : check_faults(control);
}

int sim_control_read(const char *path, SimControl *ret)
{
    SimControl control = { .table = SIM_TABLE_FULL };
    _cleanup_bytes_ Bytes text = { 0 };

    int r = path ? file_read(path, CONTROL_LIMIT, &text) : bytes_copy(view_of_string("{}"), &text);
    if (r < 0)
        return r;
    r = json_parse(VIEW(text), CONTROL_LIMIT, &control.json);
    if (r < 0)
        return r;
    if (r != JSON_OK || !json_is_object(control.json))
        r = complain("%s", json_reason(r != JSON_OK ? r : JSON_E_SYNTAX));
    if (r == 0)
        r = parse_members(&control);
    if (r < 0) {
        sim_control_done(&control);
        return r;
    }
    *ret = control;
    return 0;
}

static int apply_one(SimReport *report, const char *name, const json_t *value)
{
    char number[24];
    const char *text = json_string_value(value);

    if (json_is_integer(value)) {
        (void)snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
        text = number;
    } else if (json_is_boolean(value)) {
        text = json_is_true(value) ? "yes" : "no";
    }
    int r = text ? sim_report_set(report, name, text) : SIM_E_VALUE;
    if (r > 0)
        (void)complain("\"set\": no field or no value for \"%s\"", name);
    return r;
}

int sim_control_apply(const SimControl *control, SimReport *report)
{
    json_t *set = json_object_get(control->json, "set");
    const char *name;
    json_t *value;

    json_object_foreach (set, name, value) {
        int r = apply_one(report, name, value);
        if (r != SIM_OK)
            return r;
    }
    return SIM_OK;
}

/* Counts this use of ENTRY; its own text is its identity, so that an edit starts it afresh. */
static uint64_t count_use(json_t *seen, const json_t *entry)
{
    _cleanup_free_ char *text = json_text_sorted(entry);
    if (!text)
        return 0;

    uint64_t uses = 0;
    (void)number_of(json_object_get(seen, text), &uses);
    (void)json_object_set_new(seen, text, json_integer((json_int_t)uses + 1));
    return uses;
}

/* Without "operation" an entry means the report itself, or what its answer is about. */
static bool entry_concerns(const json_t *entry, const char *operation)
{
    const char *wanted = json_string_value(json_object_get(entry, "operation"));
    const char *answer = json_string_value(json_object_get(entry, "answer"));

    if (!wanted && answer && strcmp(answer, "provider-changes") == 0)
        wanted = "provider";
    if (!wanted && answer && strcmp(answer, "rival") == 0)
        wanted = "outblob";
    if (!wanted || strcmp(wanted, "any") == 0)
        return strcmp(operation, "report") == 0 || strcmp(operation, "ext-report") == 0;
    return strcmp(wanted, operation) == 0;
}

SimFault sim_control_fault(const SimControl *control, json_t *seen, const char *operation)
{
    json_t *errors = json_object_get(control->json, "errors");
    SimFault fault = { .kind = SIM_FAULT_NONE };

    for (size_t i = 0; i < json_array_size(errors); i++) {
        json_t *entry = json_array_get(errors, i);
        uint64_t skip = 0, count = UINT64_MAX;

        if (!entry_concerns(entry, operation))
            continue;
        (void)number_of(json_object_get(entry, "skip"), &skip);
        (void)number_of(json_object_get(entry, "count"), &count);
        uint64_t uses = count_use(seen, entry);
        if (uses >= skip && uses - skip < count && parse_fault(entry, &fault) == 0)
            return fault;
    }
    return (SimFault){ .kind = SIM_FAULT_NONE };
}
