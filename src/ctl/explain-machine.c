/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uname, os-release, systemd, attestd, the metrics' file.
 */
#include "ctl/explain-machine.h"

#include "base/file.h"
#include "ctl/bus-client.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#define MANAGER      "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define TEXT_SIZE    64

#define METRICS_MAX     (64 * 1024) /* bytes of attestd.prom */
#define METRICS_LINES   512
#define OS_RELEASE_MAX  (16 * 1024)
#define OS_RELEASE_FILE "/etc/os-release"

/* "6.1.0" of "6.1.0-28-cloud-amd64": what comes behind may name who built it. */
static void copy_version(const char *text, char out[static TEXT_SIZE])
{
    size_t n = strspn(text, "0123456789.");

    (void)snprintf(out, TEXT_SIZE, "%.*s", (int)MIN(n, (size_t)TEXT_SIZE - 1), text);
}

/* The value of NAME in TEXT, without quotes; "" where it is not. */
static void copy_assignment(const char *text, const char *name, char out[static TEXT_SIZE])
{
    size_t size = strlen(name);

    out[0] = 0;
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, size) != 0 || line[size] != '=')
            continue;
        const char *value = line + size + 1;
        value += *value == '"';
        (void)snprintf(out, TEXT_SIZE, "%.*s",
                       (int)MIN(strcspn(value, "\"\n"), (size_t)TEXT_SIZE - 1), value);
        return;
    }
}

/* A distribution that everybody can have. */
static const char *public_name(const char *id)
{
    static const char *const names[] = { "almalinux", "amzn",          "arch",   "azurelinux",
                                         "centos",    "debian",        "fedora", "nixos",
                                         "ol",        "opensuse-leap", "rhel",   "rocky",
                                         "sles",      "ubuntu" };

    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        if (strcmp(names[i], id) == 0)
            return names[i];
    return "other";
}

static void read_system(const char **ret_name, char ret_version[static TEXT_SIZE])
{
    _cleanup_bytes_ Bytes text = { 0 };
    char id[TEXT_SIZE], version[TEXT_SIZE];

    *ret_name = "unknown";
    ret_version[0] = 0;
    if (file_read(OS_RELEASE_FILE, OS_RELEASE_MAX, &text) < 0 || text.size == 0)
        return;
    copy_assignment((const char *)text.data, "ID", id);
    copy_assignment((const char *)text.data, "VERSION_ID", version);
    *ret_name = public_name(id);
    copy_version(version, ret_version);
}

static int open_bus(sd_bus **ret)
{
    int r = sd_bus_open_system(ret);

    return r < 0 ? r : sd_bus_set_method_call_timeout(*ret, 5 * UINT64_C(1000000));
}

/* A property that systemd has as a word; "" where nobody answers. */
static void copy_property(sd_bus *bus, const char *path, const char *interface, const char *name,
                          char out[static TEXT_SIZE])
{
    _cleanup_free_ char *text = NULL;
    char full[TEXT_SIZE];

    out[0] = 0;
    (void)snprintf(full, sizeof(full), "%s.%s", MANAGER, interface);
    if (!bus || sd_bus_get_property_string(bus, MANAGER, path, full, name, NULL, &text) < 0)
        return;
    (void)snprintf(out, TEXT_SIZE, "%.*s", (int)MIN(strlen(text), (size_t)TEXT_SIZE - 1), text);
}

json_t *explain_machine_versions(void)
{
    _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
    char kernel[TEXT_SIZE], system[TEXT_SIZE], manager[TEXT_SIZE], manager_version[TEXT_SIZE];
    struct utsname uts = { 0 };
    const char *name;

    (void)uname(&uts);
    copy_version(uts.release, kernel);
    read_system(&name, system);
    if (open_bus(&bus) < 0)
        bus = sd_bus_flush_close_unref(bus);
    copy_property(bus, MANAGER_PATH, "Manager", "Version", manager);
    copy_version(manager, manager_version);
    return json_pack("{ss ss ss ss ss ss}", "attestctl", ATTESTD_VERSION, "kernel", kernel,
                     "system", name, "system_version", system, "systemd", manager_version,
                     "jansson", JANSSON_VERSION);
}

static json_t *show_unit(sd_bus *bus, const char *name)
{
    _cleanup_free_ char *path = NULL;
    char load[TEXT_SIZE], active[TEXT_SIZE], sub[TEXT_SIZE], file[TEXT_SIZE];

    if (sd_bus_path_encode(MANAGER_PATH "/unit", name, &path) < 0)
        return NULL;
    copy_property(bus, path, "Unit", "LoadState", load);
    copy_property(bus, path, "Unit", "ActiveState", active);
    copy_property(bus, path, "Unit", "SubState", sub);
    copy_property(bus, path, "Unit", "UnitFileState", file);
    return json_pack("{ss ss ss ss ss}", "unit", name, "load", load, "active", active, "sub", sub,
                     "file", file);
}

json_t *explain_machine_units(void)
{
    static const char *const names[] = {
        "attestd.service",       "attestd.socket",        "attest-round.socket",
        "attest-collect.socket", "attest-release.socket", "attested.path",
        "attested.target",       "attestd-hold.service",  "attestd-loss.path",
    };
    _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
    json_auto_t *array = json_array();
    char manager[TEXT_SIZE];

    if (open_bus(&bus) < 0)
        return json_null();
    copy_property(bus, MANAGER_PATH, "Manager", "Version", manager);
    if (!*manager)
        return json_null();
    for (size_t i = 0; array && i < ELEMENTSOF(names); i++)
        if (json_array_append_new(array, show_unit(bus, names[i])) < 0)
            return NULL;
    return TAKE_PTR(array);
}

json_t *explain_machine_properties(void)
{
    _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
    _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
    json_t *properties = NULL;

    if (open_bus(&bus) < 0 || bus_client_properties(bus, &error, &properties) < 0)
        return NULL;
    return properties;
}

/* attestd_name, {label="value"} of harmless letters, and a number. */
static bool is_sample(const char *line)
{
    static const char prefix[] = "attestd_";
    const char *c = line + strspn(line, "abcdefghijklmnopqrstuvwxyz_");

    if (strncmp(line, prefix, strlen(prefix)) != 0)
        return false;
    if (*c == '{')
        c += strspn(c, "{}=\"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
    return *c == ' ' && c[1] && strspn(c + 1, "-.0123456789") == strlen(c + 1);
}

static int read_metrics(const char *runtime_directory, Bytes *ret)
{
    _cleanup_free_ char *path = NULL;

    if (asprintf(&path, "%s/metrics/attestd.prom", runtime_directory) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    _cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    return S_ISREG(st.st_mode) ? fd_read_all(fd, METRICS_MAX, ret) : -EINVAL;
}

json_t *explain_machine_metrics(const char *runtime_directory)
{
    _cleanup_bytes_ Bytes text = { 0 };
    json_auto_t *array = json_array();
    char *rest = NULL;

    int r = read_metrics(runtime_directory, &text);
    if (r < 0 || text.size == 0)
        return r == -ENOMEM ? NULL : json_null();
    for (char *line = strtok_r((char *)text.data, "\n", &rest); array && line;
         line = strtok_r(NULL, "\n", &rest)) {
        if (!is_sample(line) || json_array_size(array) == METRICS_LINES)
            continue;
        if (json_array_append_new(array, json_string(line)) < 0)
            return NULL;
    }
    return TAKE_PTR(array);
}
