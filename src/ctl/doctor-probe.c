/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What takes the TPM or the network is for attest-worker, as the user as whom attestd runs: one run
 * for the machine and one for the verifier, so that neither waits for the other's trouble.
 */
#include "base/clock.h"
#include "config/config-request.h"
#include "ctl/doctor-user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define VERB         "probe"
#define MACHINE_USEC (60 * USEC_PER_SEC) /* a TPM that is busy answers within 10 s */
#define URL_USEC     (20 * USEC_PER_SEC) /* the worker gives up after 15 s */

/* Opened here, closed here, read by the worker. */
typedef struct ProbeFiles {
    int fds[WORKER_RUN_FDS];
    size_t n_fds;
    json_t *names; /* of the descriptors; goes into the request */
} ProbeFiles;

static void files_done(ProbeFiles *files)
{
    for (size_t i = 0; i < files->n_fds; i++)
        closep(&files->fds[i]);
    json_decref(files->names);
}

/* Nothing but plain files: a device or a pipe could keep us waiting. An fd or negative errno. */
static int open_plain(const char *path)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    return TAKE_FD(fd);
}

/* Takes FD. */
static int pass_fd(ProbeFiles *files, int fd, const char *name)
{
    if (files->n_fds == WORKER_RUN_FDS) {
        (void)close(fd);
        return -ENOBUFS;
    }
    files->fds[files->n_fds++] = fd;
    return json_array_append_new(files->names, json_string(name)) < 0 ? -ENOMEM : 0;
}

/* What is not there is not passed. */
static int pass_file(ProbeFiles *files, const char *path, const char *name)
{
    int fd = path ? open_plain(path) : -ENOENT;

    return fd < 0 ? 0 : pass_fd(files, fd, name);
}

/*
 * The kernel's and systemd's logs may be root's alone. Elsewhere root opens nothing that the user
 * of attestd could not: what is opened is handed to it.
 */
static int open_log(const Doctor *doctor, const char *path)
{
    static const char *const roots[] = { "/sys/kernel/security/", "/run/log/systemd/" };
    bool is_root = false;

    for (size_t i = 0; i < ELEMENTSOF(roots); i++)
        is_root = is_root || strncmp(path, roots[i], strlen(roots[i])) == 0;
    if (is_root && !strstr(path, "/../"))
        return open_plain(path);
    int r = doctor_user_enter(&doctor->user);
    if (r < 0)
        return r;
    int fd = open_plain(path);
    doctor_user_leave(&doctor->user);
    return fd;
}

static int pass_log(const Doctor *doctor, ProbeFiles *files, const char *path, const char *name)
{
    int fd = open_log(doctor, path);

    return fd < 0 ? 0 : pass_fd(files, fd, name);
}

static int pass_logs(const Doctor *doctor, ProbeFiles *files)
{
    const EvidenceConfig *evidence = &doctor->config->evidence;
    int r = pass_log(doctor, files, evidence->event_log, "eventlog");

    return r < 0 ? r : pass_log(doctor, files, evidence->userspace_log, "eventlog-userspace");
}

/* Opened as attestd opens it. */
static int pass_owner(const Doctor *doctor, ProbeFiles *files)
{
    int r = doctor_user_enter(&doctor->user);

    if (r < 0)
        return r;
    r = pass_file(files, doctor->config->evidence.owner_authorization_file, "owner-authorization");
    doctor_user_leave(&doctor->user);
    return r;
}

static int pass_machine(const Doctor *doctor, ProbeFiles *files)
{
    int r = pass_logs(doctor, files);

    return r < 0 ? r : pass_owner(doctor, files);
}

/* Opened as attestd opens them. */
static int pass_credentials(const Doctor *doctor, ProbeFiles *files)
{
    const VerifierConfig *verifier = doctor->config->verifier;

    int r = doctor_user_enter(&doctor->user);
    if (r < 0)
        return r;
    r = pass_file(files, verifier->client_certificate, "client-certificate");
    if (r == 0)
        r = pass_file(files, verifier->client_key, "client-key");
    if (r == 0)
        r = pass_file(files, verifier->api_key_file, "api-key");
    doctor_user_leave(&doctor->user);
    return r;
}

static int make_line(const Doctor *doctor, bool is_machine, json_t *names, Bytes *ret)
{
    const char *run = doctor->options->runtime_directory;
    json_auto_t *object = json_pack("{ss so so so sO}", "verb", VERB, "evidence",
                                    config_evidence_request(&doctor->config->evidence),
                                    "collect_socket", json_sprintf("%s/collect.sock", run),
                                    "lock_directory", json_sprintf("%s/lock", run), "fds", names);

    if (!object)
        return -ENOMEM;
    if (!is_machine && json_object_set_new(object, "verifier",
                                           config_verifier_request(doctor->config->verifier)) < 0)
        return -ENOMEM;
    _cleanup_free_ char *text = json_text(object);
    if (!text)
        return -ENOMEM;
    int r = bytes_copy(view_of_string(text), ret);
    return r < 0 ? r : bytes_append_u8(ret, '\n');
}

static const char *worker_path(const Doctor *doctor)
{
    return doctor->options->worker ? doctor->options->worker : ATTESTD_NETWORK_WORKER;
}

/* Whether a worker could run as the user of attestd; root of a container may not see to that. */
static int try_user(const Doctor *doctor)
{
    int r = doctor_user_enter(&doctor->user);

    if (r == 0)
        doctor_user_leave(&doctor->user);
    return r;
}

/* 0, a named no of worker_run_order(), or negative errno. */
static int run(const Doctor *doctor, bool is_machine, WorkerAnswer *ret)
{
    _cleanup_(files_done) ProbeFiles files = { .names = json_array() };
    _cleanup_bytes_ Bytes line = { 0 };

    if (!files.names)
        return -ENOMEM;
    int r = is_machine ? pass_machine(doctor, &files) : pass_credentials(doctor, &files);
    if (r == 0)
        r = make_line(doctor, is_machine, files.names, &line);
    if (r < 0)
        return r;
    WorkerOrder order = {
        .program = worker_path(doctor),
        .verb = VERB,
        .line = VIEW(line),
        .n_fds = files.n_fds,
        .user = doctor->user.is_another ? &doctor->user.ids : NULL,
        .timeout_usec =
            is_machine ? MACHINE_USEC : URL_USEC * (doctor->config->verifier->urls.n_items + 1),
    };
    memcpy(order.fds, files.fds, sizeof(order.fds));
    return worker_run_order(&order, ret);
}

/* What FROM has is CHECK's from now on. */
static int take(Check *from, Check *check)
{
    check->is_skipped = from->is_skipped;
    int r = findings_move(&check->findings, &from->findings);
    return r < 0 ? r : check_say(check, "%s", from->said ? from->said : "");
}

static Check *find(CheckList *list, const char *name)
{
    for (size_t i = 0; i < list->n_items; i++)
        if (strcmp(list->items[i].name, name) == 0)
            return &list->items[i];
    return NULL;
}

/* The first check of a run that failed says so; the others rest on it. */
static int say_failure(const Doctor *doctor, const DoctorProbe *probe, bool is_first, Check *check)
{
    const Finding *failure = findings_first_failure(&probe->answer.findings);

    if (!is_first)
        return check_skip(check, "the worker gave no answer");
    if (probe->reason == WORKER_RUN_E_SILENT)
        return doctor_no(check, "probe-silent", worker_path(doctor), NULL, NULL);
    return doctor_no(check, "probe-failed", worker_path(doctor),
                     probe->reason < 0                      ? strerror(-probe->reason)
                     : probe->reason == WORKER_RUN_E_ABSENT ? "it cannot be started"
                     : failure                              ? failure->found
                                                            : NULL,
                     NULL);
}

static int take_check(Doctor *doctor, DoctorProbe *probe, Check *check)
{
    bool is_first = !probe->is_done;

    int r = try_user(doctor);
    if (r < 0)
        return check_skip(check, "cannot look as user %s: %s", doctor->user.name, strerror(-r));
    if (is_first) {
        probe->reason = run(doctor, probe == &doctor->machine, &probe->answer);
        if (probe->reason == -ENOMEM)
            return -ENOMEM;
        probe->is_done = true;
    }
    Check *found = find(&probe->answer.checks, check->name);
    return probe->reason == 0 && found ? take(found, check)
                                       : say_failure(doctor, probe, is_first, check);
}

int doctor_probe_machine(Doctor *doctor, Check *check)
{
    return take_check(doctor, &doctor->machine, check);
}

int doctor_probe_verifier(Doctor *doctor, Check *check)
{
    if (!doctor->is_config_good)
        return check_skip(check, "the configuration names no verifier that could be asked");
    return take_check(doctor, &doctor->verifier, check);
}

/* Why there is no log to replay is seen better from here than from the worker. */
int doctor_event_log(Doctor *doctor, Check *check)
{
    const char *path = doctor->config->evidence.event_log;

    if (strcmp(doctor->config->evidence.tcti, "none") == 0 || strcmp(path, "none") == 0)
        return check_skip(check, "EventLog= or TCTI= is none");
    int fd = open_log(doctor, path);
    closep(&fd);
    if (fd >= 0 || try_user(doctor) < 0)
        return doctor_probe_machine(doctor, check);
    if (fd == -ENOENT || fd == -ENOTDIR)
        return doctor_warn(check, "eventlog-missing", path, strerror(-fd), NULL);
    return doctor_no(check, fd == -EACCES ? "eventlog-denied" : "eventlog-unreadable", path,
                     strerror(-fd), NULL);
}
