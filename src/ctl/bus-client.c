/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Talking to attestd over the system bus.
 */
#include "ctl/bus-client.h"

#include "format/catalog.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

int bus_client_open(sd_bus **ret)
{
    int r = sd_bus_open_system(ret);

    if (r < 0)
        (void)fprintf(stderr,
                      "attestctl: cannot reach the system bus: %s\n"
                      "Remedy: see that D-Bus runs (systemctl status dbus).\n",
                      strerror(-r));
    return r;
}

static int basic_to_json(sd_bus_message *message, char type, json_t **ret)
{
    union {
        const char *text;
        uint8_t byte;
        int boolean;
        int32_t i32;
        uint32_t u32;
        int64_t i64;
        uint64_t u64;
        double real;
    } value = { 0 };

    int r = sd_bus_message_read_basic(message, type, &value);
    if (r < 0)
        return r;

    switch (type) {
    case 's':
    case 'o':
    case 'g':
        *ret = json_string(value.text);
        break;
    case 'b':
        *ret = json_boolean(value.boolean);
        break;
    case 'y':
        *ret = json_integer(value.byte);
        break;
    case 'i':
        *ret = json_integer(value.i32);
        break;
    case 'u':
        *ret = json_integer(value.u32);
        break;
    case 'x':
        *ret = json_integer(value.i64);
        break;
    case 't':
        *ret = json_integer(value.u64 > INT64_MAX ? INT64_MAX : (json_int_t)value.u64);
        break;
    case 'd':
        *ret = json_real(value.real);
        break;
    default: /* sd-bus's type letters, not ours */
        return -EBADMSG;
    }
    return *ret ? 0 : -ENOMEM;
}

/* One key and its value into OBJECT; the entry is already entered. */
static int entry_to_object(sd_bus_message *message, json_t *object)
{
    const char *key;
    json_auto_t *value = NULL;

    int r = sd_bus_message_read_basic(message, 's', &key);
    if (r < 0)
        return r;
    r = message_to_json(message, &value);
    if (r < 0)
        return r;
    return json_object_set(object, key, value) < 0 ? -ENOMEM : 0;
}

/* Arrays and structures become arrays, dictionaries objects. */
static int elements_to_json(sd_bus_message *message, const char *contents, json_t **ret)
{
    bool dictionary = contents[0] == '{';
    json_auto_t *container = dictionary ? json_object() : json_array();

    while (container) {
        int r = sd_bus_message_at_end(message, /* complete= */ 0);
        if (r < 0)
            return r;
        if (r > 0) {
            *ret = TAKE_PTR(container);
            return 0;
        }
        if (dictionary) {
            r = sd_bus_message_enter_container(message, 'e', NULL);
            if (r < 0)
                return r;
            r = entry_to_object(message, container);
            if (r < 0)
                return r;
            r = sd_bus_message_exit_container(message);
        } else {
            json_t *element = NULL;
            r = message_to_json(message, &element);
            if (r == 0 && json_array_append_new(container, element) < 0)
                return -ENOMEM;
        }
        if (r < 0)
            return r;
    }
    return -ENOMEM;
}

int message_to_json(sd_bus_message *message, json_t **ret)
{
    const char *contents;
    char type;

    int r = sd_bus_message_peek_type(message, &type, &contents);
    if (r < 0)
        return r;
    if (r == 0)
        return -EBADMSG;
    if (type != 'a' && type != 'r' && type != 'v')
        return basic_to_json(message, type, ret);

    _cleanup_free_ char *signature = strdup(contents);
    if (!signature)
        return -ENOMEM;
    r = sd_bus_message_enter_container(message, type, signature);
    if (r < 0)
        return r;

    json_auto_t *value = NULL;
    r = type == 'v' ? message_to_json(message, &value)
                    : elements_to_json(message, signature, &value);
    if (r < 0)
        return r;
    r = sd_bus_message_exit_container(message);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(value);
    return 0;
}

int bus_client_properties(sd_bus *bus, sd_bus_error *error, json_t **ret)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;

    int r = sd_bus_message_new_method_call(bus, &call, AGENT_NAME, AGENT_PATH,
                                           "org.freedesktop.DBus.Properties", "GetAll");
    if (r >= 0)
        r = sd_bus_message_append(call, "s", AGENT_INTERFACE);
    /* Who stopped attestd and looks at it wants to see it stopped. */
    if (r >= 0)
        r = sd_bus_message_set_auto_start(call, 0);
    if (r >= 0)
        r = sd_bus_call(bus, call, /* usec= */ 0, error, &reply);
    if (r < 0)
        return r;
    return message_to_json(reply, ret);
}

/* "org.attestd.Error.VerifierUnreachable" to "verifier-unreachable". */
static void finding_name(const char *error_name, char *out, size_t size)
{
    const char *last = strrchr(error_name, '.');
    size_t n = 0;

    for (const char *c = last ? last + 1 : error_name; *c && n + 2 < size; c++) {
        if (isupper((unsigned char)*c) && n > 0)
            out[n++] = '-';
        out[n++] = (char)tolower((unsigned char)*c);
    }
    out[n] = 0;
}

typedef struct BusRemedy {
    const char *error; /* suffix of the D-Bus error name */
    const char *cause;
    const char *remedy;
    ExitClass exit_class;
} BusRemedy;

static const BusRemedy remedies[] = {
    { ".ServiceUnknown", "attestd is not running",
      "start it with \"systemctl start attestd\" and read \"journalctl -u attestd\"",
      EXIT_CLASS_NOT_ATTESTED },
    { ".NameHasNoOwner", "attestd is not running",
      "start it with \"systemctl start attestd\" and read \"journalctl -u attestd\"",
      EXIT_CLASS_NOT_ATTESTED },
    /* The bus had it started, and waited until it gave up. */
    { ".TimedOut", "attestd does not start",
      "run \"attestctl doctor\", and see \"journalctl -u attestd\"", EXIT_CLASS_NOT_ATTESTED },
    { ".AccessDenied", "the system does not let you do this",
      "run it as root, or let polkit allow it to you", EXIT_CLASS_USAGE },
    { ".InteractiveAuthorizationRequired", "this needs an administrator's authentication",
      "run it as root", EXIT_CLASS_USAGE },
    { ".NoReply", "attestd did not answer in time",
      "read \"journalctl -u attestd\"; a round may still be running", EXIT_CLASS_INTERNAL },
};

int bus_client_report_on(const char *subject, const sd_bus_error *error, int r)
{
    char name[128];
    const char *error_name = error->name ? error->name : "";

    for (size_t i = 0; i < ELEMENTSOF(remedies); i++) {
        size_t suffix = strlen(remedies[i].error), length = strlen(error_name);
        if (length >= suffix && strcmp(error_name + length - suffix, remedies[i].error) == 0) {
            (void)fprintf(stderr, "attestctl: %s\nRemedy: %s.\n", remedies[i].cause,
                          remedies[i].remedy);
            return (int)remedies[i].exit_class;
        }
    }

    finding_name(error_name, name, sizeof(name));
    const CatalogEntry *entry = catalog_find(name);
    (void)fprintf(stderr, "attestctl: %s%s%s\n", subject ? subject : "", subject ? ": " : "",
                  error->message ? error->message : (entry ? entry->text : strerror(-r)));
    if (entry)
        (void)fprintf(stderr, "Remedy: %s.\n", entry->remedy);
    return entry ? (int)entry->exit_class : EXIT_CLASS_INTERNAL;
}

int bus_client_report(const sd_bus_error *error, int r)
{
    return bus_client_report_on(NULL, error, r);
}
