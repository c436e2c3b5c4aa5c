/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl doctor: the list of checks, from causes to consequences, and how they are shown.
 */
#include "ctl/doctor.h"

#include "ctl/bus-client.h"
#include "ctl/complain.h"
#include "ctl/doctor-user.h"
#include "ctl/etc-file.h"
#include "ctl/output.h"
#include "format/catalog.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME_WIDTH 16

typedef struct DoctorRow {
    const char *name;
    DoctorCheck *run;
    bool needs_user; /* only root, or attestd's own user, can tell */
    bool as_user;    /* and looks as that user */
} DoctorRow;

static const DoctorRow rows[] = {
    { "systemd", doctor_systemd, false, false },
    { "user", doctor_user, false, false },
    { "config", doctor_config, false, false }, /* as that user where it can */
    { "trust", doctor_trust, false, false },
    { "state", doctor_state, true, true },
    { "gates", doctor_gates, true, true },
    { "secrets", doctor_secrets, true, true },
    { "device", doctor_probe_machine, true, false },
    { "tpm", doctor_probe_machine, true, false },
    { "attestation-key", doctor_probe_machine, true, false },
    { "pcr-bank", doctor_probe_machine, true, false },
    { "event-log", doctor_event_log, true, false },
    { "dns", doctor_probe_verifier, false, false },
    { "connection", doctor_probe_verifier, false, false },
    { "tls", doctor_probe_verifier, false, false },
    { "challenge", doctor_probe_verifier, false, false },
    { "clock", doctor_probe_verifier, false, false },
    { "services", doctor_services, false, false },
    { "agent", doctor_agent, false, false },
    { "verdict", doctor_verdict, false, false },
    { "layers", doctor_layers, false, false },
    { "crypttab", doctor_crypttab, false, false },
    { "units", doctor_units, true, false },
    { "swap", doctor_swap, false, false },
    { "kexec", doctor_kexec, false, false },
};

void doctor_done(Doctor *doctor)
{
    closep(&doctor->root_fd);
    (void)config_free(doctor->config);
    findings_done(&doctor->trust);
    secret_list_done(&doctor->secrets);
    (void)doctor_manager_free(doctor->manager);
    json_decref(doctor->properties);
    sd_bus_flush_close_unref(doctor->bus);
    worker_answer_done(&doctor->machine.answer);
    worker_answer_done(&doctor->verifier.answer);
}

/* What there is to ask on the bus; what is not there has a check that says so. */
static int open_bus(Doctor *doctor)
{
    _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

    int r = sd_bus_open_system(&doctor->bus);
    if (r < 0) {
        doctor->bus = NULL;
        return r == -ENOMEM ? r : 0;
    }
    r = bus_client_properties(doctor->bus, &error, &doctor->properties);
    if (r == -ENOMEM)
        return r;
    r = doctor_manager_new(doctor->bus, &doctor->manager);
    return r == -ENOMEM ? r : 0;
}

static int open_all(const Options *options, Doctor *doctor)
{
    doctor->options = options;
    doctor->trust.source = "agent";
    doctor->root_fd = etc_root_open(NULL);
    if (doctor->root_fd < 0)
        return doctor->root_fd;
    int r = open_bus(doctor);
    return r < 0 ? r : doctor_user_find(options->state_directory, &doctor->user);
}

static int run_row(Doctor *doctor, const DoctorRow *row, Check *check)
{
    if (row->needs_user && !doctor->user.may_act)
        return check_skip(check, doctor->user.is_known ? "run attestctl doctor as root to check it"
                                                       : "there is no user attestd");
    int r = row->as_user ? doctor_user_enter(&doctor->user) : 0;
    if (r < 0)
        return check_skip(check, "cannot look as user %s: %s", doctor->user.name, strerror(-r));
    r = row->run(doctor, check);
    if (row->as_user)
        doctor_user_leave(&doctor->user);
    return r;
}

static const char *tone_of(CheckState state)
{
    switch (state) {
    case CHECK_OK:
        return output_tone(TONE_GOOD);
    case CHECK_WARN:
        return output_tone(TONE_WARN);
    case CHECK_NO:
        return output_tone(TONE_BAD);
    case CHECK_SKIPPED:
        return output_tone(TONE_DIM);
    }
    return "";
}

static void print_head(CheckState state, const char *name)
{
    const char *word = state == CHECK_SKIPPED ? "-" : check_state_name(state);

    (void)printf("%s%-4s%s %-*s ", tone_of(state), word, output_reset(), NAME_WIDTH, name);
}

/* Do both say the same, of different things? */
static bool is_alike(const Finding *a, const Finding *b)
{
    return strcmp(a->name, b->name) == 0 && a->result == b->result && *a->subject && *b->subject &&
           strcmp(a->found, b->found) == 0 && strcmp(a->wanted, b->wanted) == 0;
}

/* Those that are alike in one; how many they are. */
static size_t print_findings(const char *name, const Finding *findings, size_t n_findings)
{
    const Finding *first = findings;
    const CatalogEntry *entry = catalog_find(first->name);
    size_t n = 1;

    /* One that came from a worker or a verifier may have a name that we do not know. */
    print_head(first->result == FINDING_FAILURE ? CHECK_NO : CHECK_WARN, name);
    (void)printf("%s%s%s", entry ? entry->text : first->name, *first->subject ? " (" : "",
                 first->subject);
    for (; n < n_findings && is_alike(first, &findings[n]); n++)
        (void)printf(", %s", findings[n].subject);
    (void)printf("%s%s%s%s%s\n", *first->subject ? ")" : "", *first->found ? ": found " : "",
                 first->found, *first->wanted ? ", wanted " : "", first->wanted);
    if (*first->remedy)
        (void)printf("%*s Remedy: %s.\n", NAME_WIDTH + 5, "", first->remedy);
    return n;
}

static void print_check(const Check *check)
{
    CheckState state = check_state(check);

    if (state == CHECK_OK || state == CHECK_SKIPPED) {
        print_head(state, check->name);
        (void)printf("%s%s\n", state == CHECK_SKIPPED ? "not checked: " : "",
                     check->said ? check->said : "");
    }
    for (size_t i = 0; i < check->findings.n_items;)
        i += print_findings(check->name, &check->findings.items[i], check->findings.n_items - i);
}

/* Of the first that is wrong: what comes behind it may well come of it. */
static int exit_class_of(const CheckList *list)
{
    for (size_t i = 0; i < list->n_items; i++) {
        const Finding *failure = findings_first_failure(&list->items[i].findings);
        const CatalogEntry *entry = failure ? catalog_find(failure->name) : NULL;
        if (failure)
            return entry && entry->exit_class != EXIT_CLASS_ATTESTED ? (int)entry->exit_class
                                                                     : EXIT_CLASS_INTERNAL;
    }
    return 0;
}

static size_t count(const CheckList *list, CheckState state)
{
    size_t n = 0;

    for (size_t i = 0; i < list->n_items; i++)
        n += check_state(&list->items[i]) == state;
    return n;
}

static int print_json(const CheckList *list)
{
    CheckState worst = count(list, CHECK_NO) > 0     ? CHECK_NO
                       : count(list, CHECK_WARN) > 0 ? CHECK_WARN
                                                     : CHECK_OK;
    json_auto_t *object = json_pack("{ss si so}", "result", check_state_name(worst), "exit_status",
                                    exit_class_of(list), "checks", check_list_to_json(list));

    return object ? output_json(object) : -ENOMEM;
}

static int run_rows(Doctor *doctor, bool is_quiet, CheckList *list)
{
    Check *check;

    for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
        int r = check_list_add(list, rows[i].name, "attestctl", &check);
        if (r == 0)
            r = run_row(doctor, &rows[i], check);
        if (r < 0)
            return r;
        if (is_quiet)
            continue;
        print_check(check);
        (void)fflush(stdout); /* the network may take a while */
    }
    return 0;
}

static int run(const Options *options)
{
    _cleanup_(doctor_done) Doctor doctor = DOCTOR_INIT;
    _cleanup_check_list_ CheckList list = { 0 };

    int r = open_all(options, &doctor);
    if (r == 0)
        r = run_rows(&doctor, options->json, &list);
    if (r == 0 && options->json)
        r = print_json(&list);
    if (r < 0)
        return complain_of_errno(r, "doctor");
    if (!options->json)
        (void)printf("%zu ok, %zu to look at, %zu wrong, %zu not checked\n", count(&list, CHECK_OK),
                     count(&list, CHECK_WARN), count(&list, CHECK_NO), count(&list, CHECK_SKIPPED));
    return exit_class_of(&list);
}

static const Option options[] = {
    FLAG_OPTION("json", json, "as JSON"),
    TEXT_OPTION("config", config, "FILE", "read FILE"),
    TEXT_OPTION("state-directory", state_directory, "DIR", "instead of /var/lib/attestd"),
    TEXT_OPTION("runtime-directory", runtime_directory, "DIR", "instead of /run/attestd"),
    TEXT_OPTION("worker", worker, "FILE", "instead of the installed attest-worker"),
    { 0 },
};

const Verb verb_doctor[] = {
    { .name = "doctor",
      .help = "check everything that stands between here and a verdict",
      .run = run,
      .options = options },
    { 0 },
};
