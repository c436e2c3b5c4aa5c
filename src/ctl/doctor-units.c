/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Units: attestd's own, and those that secrets are for.
 */
#include "ctl/doctor.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#define SYSTEMD_LEAST 249 /* headless=, D-Bus properties and unit settings that are used */
#define TARGET        "attested.target"

#define SKIP_NO_SYSTEMD "systemd does not run here"
#define SKIP_SILENT     "systemd does not answer"

int doctor_systemd(Doctor *doctor, Check *check)
{
    char found[32], wanted[32];

    if (!doctor->manager)
        return check_skip(check, SKIP_NO_SYSTEMD);
    int version = doctor_manager_version(doctor->manager);
    if (version == -ENOMEM)
        return version;
    if (version == -ETIMEDOUT)
        return check_skip(check, SKIP_SILENT);
    if (version <= 0)
        return check_skip(check, "it does not say its version");
    if (version >= SYSTEMD_LEAST)
        return check_say(check, "version %d", version);
    (void)snprintf(found, sizeof(found), "%d", version);
    (void)snprintf(wanted, sizeof(wanted), "%d or newer", SYSTEMD_LEAST);
    return doctor_no(check, "systemd-too-old", "systemd", found, wanted);
}

/* What has to be up while attestd waits, and what has to come up at the next boot. */
static const struct {
    const char *name;
    bool is_installed; /* has [Install] */
} services[] = {
    { "attestd.socket", true },         { "attestd.service", true },
    { "attest-round.socket", false },   { "attest-collect.socket", false },
    { "attest-release.socket", false }, { "attested.path", true },
    { "attestd-loss.path", true },
};

static int judge_service(const char *name, bool is_installed, const DoctorUnit *unit, Check *check)
{
    if (strcmp(unit->load_state, "loaded") != 0)
        return doctor_no(check, "service-missing", name, unit->load_state, "loaded");
    if (strcmp(unit->active_state, "failed") == 0)
        return doctor_no(check, "service-failed", name, NULL, NULL);
    int r = 0;
    if (strcmp(unit->active_state, "active") != 0)
        r = doctor_no(check, "service-inactive", name, unit->active_state, "active");
    if (r == 0 && is_installed && strncmp(unit->file_state, "enabled", strlen("enabled")) != 0)
        r = doctor_warn(check, "service-not-enabled", name, unit->file_state, "enabled");
    return r;
}

int doctor_services(Doctor *doctor, Check *check)
{
    if (!doctor->manager)
        return check_skip(check, SKIP_NO_SYSTEMD);
    for (size_t i = 0; i < ELEMENTSOF(services); i++) {
        _cleanup_doctor_unit_ DoctorUnit unit = { 0 };
        int r = doctor_manager_unit(doctor->manager, services[i].name, &unit);
        if (r == 0)
            r = judge_service(services[i].name, services[i].is_installed, &unit, check);
        else if (r != -ENOMEM)
            return check_skip(check, "systemd does not answer: %s", strerror(-r));
        if (r < 0)
            return r;
    }
    return check_say(check, "%zu units are up", ELEMENTSOF(services));
}

/* Does UNIT ask attestd for SECRET? */
static bool asks_for(const Doctor *doctor, const DoctorUnit *unit, const char *secret)
{
    _cleanup_free_ char *path = NULL;
    size_t i;
    const json_t *item;

    if (asprintf(&path, "%s/secrets.sock", doctor->options->runtime_directory) < 0)
        path = NULL;
    json_array_foreach (unit->credentials, i, item) {
        const char *id = json_string_value(json_array_get(item, 0));
        const char *from = json_string_value(json_array_get(item, 1));
        if (id && from && path && strcmp(id, secret) == 0 && strcmp(from, path) == 0)
            return true;
    }
    return false;
}

/* attestctl secrets file makes its units run in another way. */
static bool is_of_file(const char *unit)
{
    return strncmp(unit, "attestd-file@", strlen("attestd-file@")) == 0;
}

/* Does a verdict start it: by the target, or by what is no target, as a mount is? */
static bool is_wanted(const DoctorUnit *unit)
{
    size_t i;
    const json_t *item;

    json_array_foreach (unit->wanted_by, i, item) {
        const char *name = json_string_value(item), *dot = name ? strrchr(name, '.') : NULL;
        if (dot && (strcmp(name, TARGET) == 0 || strcmp(dot, ".target") != 0))
            return true;
    }
    return false;
}

/* Once a unit, however many secrets are for it. */
static int warn_unwanted(const char *unit, Check *check)
{
    for (size_t i = 0; i < check->findings.n_items; i++) {
        const Finding *finding = &check->findings.items[i];
        if (strcmp(finding->name, "unit-not-wanted") == 0 && strcmp(finding->subject, unit) == 0)
            return 0;
    }
    return doctor_warn(check, "unit-not-wanted", unit, NULL, TARGET);
}

static int judge_unit(const Doctor *doctor, const char *name, const char *secret, Check *check)
{
    _cleanup_doctor_unit_ DoctorUnit unit = { 0 };
    char subject[SECRET_UNIT_LIMIT + SECRET_NAME_LIMIT + 16];

    (void)snprintf(subject, sizeof(subject), "%s, secret %s", name, secret);
    int r = doctor_manager_unit(doctor->manager, name, &unit);
    if (r == -ENOMEM || r == -ETIMEDOUT)
        return r;
    if (r < 0)
        return doctor_no(check, "unit-missing", subject, strerror(-r), NULL);
    if (strcmp(unit.load_state, "loaded") != 0)
        return doctor_no(check, "unit-missing", subject, unit.load_state, "loaded");
    if (!is_of_file(name) && !asks_for(doctor, &unit, secret))
        return doctor_no(check, "unit-asks-not", subject, NULL, NULL);
    bool is_bound = doctor_list_has(unit.binds_to, TARGET);
    if (is_bound && !is_wanted(&unit))
        return warn_unwanted(name, check);
    if (!is_bound && doctor_list_has(unit.wanted_by, "multi-user.target"))
        return doctor_warn(check, "unit-waits-in-boot", subject, "multi-user.target", TARGET);
    return 0;
}

/* An instance of a template is there only once somebody names it. */
static bool is_pattern(const char *who)
{
    return strchr(who, '*');
}

static int judge_who(const Doctor *doctor, const char *who, const char *secret, Check *check)
{
    if (strncmp(who, SECRET_UNIT, strlen(SECRET_UNIT)) == 0)
        return doctor->manager && !is_pattern(who)
                   ? judge_unit(doctor, who + strlen(SECRET_UNIT), secret, check)
                   : 0;
    if (strncmp(who, SECRET_USER, strlen(SECRET_USER)) == 0 &&
        !getpwuid((uid_t)strtoul(who + strlen(SECRET_USER), NULL, 10)))
        return doctor_no(check, "user-unknown", secret, who, NULL);
    return 0; /* volumes have a check of their own */
}

static int judge_bound(const Doctor *doctor, const char *name, Check *check)
{
    _cleanup_doctor_unit_ DoctorUnit unit = { 0 };

    int r = doctor_manager_unit(doctor->manager, name, &unit);
    if (r == -ENOMEM || r == -ETIMEDOUT)
        return r;
    if (r < 0 || strcmp(unit.load_state, "loaded") != 0 || is_wanted(&unit))
        return 0;
    return warn_unwanted(name, check);
}

/* All that stop with the verdict. systemd knows of those that are loaded, as what is enabled is. */
static int judge_all_bound(const Doctor *doctor, Check *check)
{
    _cleanup_doctor_unit_ DoctorUnit target = { 0 };
    size_t i;
    const json_t *item;

    int r = doctor_manager_unit(doctor->manager, TARGET, &target);
    if (r < 0)
        return r == -ENOMEM || r == -ETIMEDOUT ? r : 0;
    json_array_foreach (target.bound_by, i, item) {
        r = json_is_string(item) ? judge_bound(doctor, json_string_value(item), check) : 0;
        if (r < 0)
            return r;
    }
    return 0;
}

/* Those that ask, whether or not anything is for them. */
static int judge_askers(const Doctor *doctor, Check *check)
{
    _cleanup_free_ char *path = NULL;
    json_auto_t *askers = NULL;
    size_t i;
    const json_t *item;

    if (asprintf(&path, "%s/secrets.sock", doctor->options->runtime_directory) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    int r = doctor_manager_askers(doctor->manager, path, &askers);
    if (r < 0)
        return r == -ENOMEM || r == -ETIMEDOUT ? r : 0;
    json_array_foreach (askers, i, item) {
        char asker[SECRET_UNIT_LIMIT + sizeof(SECRET_UNIT)];
        (void)snprintf(asker, sizeof(asker), SECRET_UNIT "%s",
                       json_string_value(json_array_get(item, 0)));
        r = doctor_judge_asker(doctor, asker, json_string_value(json_array_get(item, 1)), check);
        if (r < 0)
            return r;
    }
    return 0;
}

static int judge_units(const Doctor *doctor, size_t *ret_n, Check *check)
{
    size_t n = 0;

    for (size_t i = 0; i < doctor->secrets.n_items; i++) {
        const SecretListing *listing = &doctor->secrets.items[i];
        for (size_t k = 0; k < listing->header.n_who; k++, n++) {
            int r = judge_who(doctor, listing->header.who[k], listing->name, check);
            if (r < 0)
                return r;
        }
    }
    *ret_n = n;
    int r = doctor->manager ? judge_askers(doctor, check) : 0;
    return r == 0 && doctor->manager ? judge_all_bound(doctor, check) : r;
}

int doctor_units(Doctor *doctor, Check *check)
{
    size_t n = 0;

    int r = judge_units(doctor, &n, check);
    if (r == -ETIMEDOUT)
        return check_skip(check, SKIP_SILENT);
    if (r < 0)
        return r;
    if (check->findings.n_items == 0 && !doctor->manager)
        return check_skip(check, SKIP_NO_SYSTEMD);
    return n == 0 ? check_say(check, "no secret is for anybody")
                  : check_say(check, "%zu may ask, each as it should", n);
}
