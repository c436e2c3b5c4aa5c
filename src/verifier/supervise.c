/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fork, wait, replace. Single-threaded, no socket but the listening one, which it never accepts on.
 */
#include "verifier/supervise.h"

#include "verifier/listen.h"
#include "verifier/server.h"

#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>

#define POLL_MSEC   200
#define DAY_USEC    (UINT64_C(86400) * USEC_PER_SEC)
#define WORKERS_MAX (2 * CONFIG_PROCESSES_MAX) /* an old generation beside the new one */

typedef struct Worker {
    pid_t pid; /* 0: free place */
    uint64_t started_usec;
    uint64_t stop_usec; /* told to end at; 0: serving */
} Worker;

typedef struct Supervisor {
    const SuperviseOptions *options;
    Instance *instance;
    Shared *shared;
    int listen_fd;
    int signal_fd;
    uint64_t n_wanted;    /* serving processes */
    uint64_t resume_usec; /* none is started before this */
    uint64_t looked_usec; /* at the certificates' ends */
    bool stopping;
    Worker workers[WORKERS_MAX];
} Supervisor;

static void supervised_mask(sigset_t *mask)
{
    static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };

    (void)sigemptyset(mask);
    for (size_t i = 0; i < ELEMENTSOF(signals); i++)
        (void)sigaddset(mask, signals[i]);
}

/* In the child; does not return. SIGTERM stays blocked for its signalfd. */
static _noreturn_ void become_worker(Supervisor *supervisor, pid_t parent)
{
    sigset_t mask;

    (void)close(supervisor->signal_fd);
    supervised_mask(&mask);
    (void)sigdelset(&mask, SIGTERM);
    (void)signal(SIGHUP, SIG_IGN);
    (void)signal(SIGINT, SIG_IGN); /* a terminal sends it to all; the parent decides */
    (void)sigprocmask(SIG_UNBLOCK, &mask, NULL);

    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    int r = getppid() == parent ? server_run(supervisor->instance, supervisor->listen_fd) : 0;
    if (r < 0)
        log_error("a serving process ends: %s", strerror(-r));
    instance_free(supervisor->instance);
    exit(r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

static void start_worker(Supervisor *supervisor)
{
    pid_t parent = getpid();
    size_t i = 0;

    while (i < WORKERS_MAX && supervisor->workers[i].pid > 0)
        i++;
    if (i == WORKERS_MAX)
        return;

    pid_t pid = fork();
    if (pid == 0)
        become_worker(supervisor, parent);
    uint64_t now = clock_boottime_usec(&clock_system);
    if (pid < 0) {
        log_error("no serving process could be started: %s", strerror(errno));
        supervisor->resume_usec = now + SUPERVISE_PACE_SEC * USEC_PER_SEC;
        return;
    }
    supervisor->workers[i] = (Worker){ .pid = pid, .started_usec = now };
    atomic_fetch_add(&supervisor->shared->metrics.worker_starts, 1);
}

static void start_missing(Supervisor *supervisor)
{
    uint64_t n_serving = 0;

    for (size_t i = 0; i < WORKERS_MAX; i++)
        n_serving += supervisor->workers[i].pid > 0 && supervisor->workers[i].stop_usec == 0;
    for (; n_serving < supervisor->n_wanted; n_serving++) {
        if (clock_boottime_usec(&clock_system) < supervisor->resume_usec)
            return;
        start_worker(supervisor);
    }
}

static void stop_workers(Supervisor *supervisor)
{
    uint64_t now = clock_boottime_usec(&clock_system);

    for (size_t i = 0; i < WORKERS_MAX; i++) {
        Worker *worker = &supervisor->workers[i];
        if (worker->pid <= 0 || worker->stop_usec > 0)
            continue;
        (void)kill(worker->pid, SIGTERM);
        worker->stop_usec = now;
    }
}

/* Those that were told to end long ago. */
static void kill_stubborn(Supervisor *supervisor)
{
    uint64_t now = clock_boottime_usec(&clock_system);

    for (size_t i = 0; i < WORKERS_MAX; i++) {
        const Worker *worker = &supervisor->workers[i];
        if (worker->pid > 0 && worker->stop_usec > 0 &&
            now > worker->stop_usec + SUPERVISE_STOP_SEC * USEC_PER_SEC)
            (void)kill(worker->pid, SIGKILL);
    }
}

static void bury(Supervisor *supervisor, Worker *worker, int status)
{
    uint64_t now = clock_boottime_usec(&clock_system);
    bool unasked = worker->stop_usec == 0;

    if (unasked) {
        if (WIFSIGNALED(status))
            log_error("serving process %d was killed by signal %d; starting another",
                      (int)worker->pid, WTERMSIG(status));
        else
            log_error("serving process %d ended with status %d; starting another", (int)worker->pid,
                      WEXITSTATUS(status));
        atomic_fetch_add(&supervisor->shared->metrics.worker_crashes, 1);
        if (now < worker->started_usec + SUPERVISE_PACE_SEC * USEC_PER_SEC)
            supervisor->resume_usec = now + SUPERVISE_PACE_SEC * USEC_PER_SEC;
    }
    *worker = (Worker){ 0 };
}

/* Returns how many are left. */
static size_t collect_dead(Supervisor *supervisor)
{
    size_t n_left = 0;

    for (size_t i = 0; i < WORKERS_MAX; i++) {
        Worker *worker = &supervisor->workers[i];
        int status;
        if (worker->pid > 0 && waitpid(worker->pid, &status, WNOHANG) == worker->pid)
            bury(supervisor, worker, status);
        n_left += worker->pid > 0;
    }
    return n_left;
}

static void log_findings(const Findings *findings)
{
    for (size_t i = 0; i < findings->n_items; i++) {
        const Finding *finding = &findings->items[i];
        const LogField fields[] = { { "ATTEST_FINDING", finding->name } };
        log_fields(finding->result == FINDING_FAILURE ? LOG_ERR : LOG_WARNING, NULL, fields,
                   ELEMENTSOF(fields), "%s: %s; %s", finding->subject, finding->found,
                   finding->remedy);
    }
}

/* Of what is served from now on; and of what is served still, once a day. */
static void look_at_ends(Supervisor *supervisor)
{
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    const Instance *instance = supervisor->instance;
    Metrics *metrics = &supervisor->shared->metrics;

    supervisor->looked_usec = clock_boottime_usec(&clock_system);
    atomic_store(&metrics->tls_until_sec, (long long)instance->tls_until_sec);
    atomic_store(&metrics->ca_until_sec, (long long)instance->ca_until_sec);
    if (instance_note_ends(instance, &findings) == 0)
        log_findings(&findings);
}

/* What has to be read is read by us, once; the new generation inherits it. */
static void reload(Supervisor *supervisor)
{
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    Instance *instance = NULL;

    (void)sd_notify(0, "RELOADING=1");
    int r = instance_load(supervisor->options->directory, supervisor->shared, &findings, &instance);
    if (r == INSTANCE_OK) {
        stop_workers(supervisor);
        instance_free(supervisor->instance);
        supervisor->instance = instance;
        supervisor->resume_usec = 0;
        start_missing(supervisor);
        atomic_fetch_add(&supervisor->shared->metrics.reloads, 1);
        look_at_ends(supervisor);
        log_notice("reloaded: policy %s", instance->policy->id);
    } else {
        atomic_fetch_add(&supervisor->shared->metrics.reload_failures, 1);
        log_findings(&findings);
        log_error("not reloaded%s%s: still serving policy %s", r < 0 ? ", " : "",
                  r < 0 ? strerror(-r) : "", supervisor->instance->policy->id);
    }
    (void)sd_notifyf(0, "READY=1\nSTATUS=serving policy %s", supervisor->instance->policy->id);
}

static void on_signals(Supervisor *supervisor)
{
    struct signalfd_siginfo info;

    while (read(supervisor->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            supervisor->stopping = true;
        else if (info.ssi_signo == SIGHUP && !supervisor->stopping)
            reload(supervisor);
    }
}

static int loop(Supervisor *supervisor)
{
    struct pollfd fd = { .fd = supervisor->signal_fd, .events = POLLIN };

    while (!supervisor->stopping) {
        start_missing(supervisor);
        if (clock_boottime_usec(&clock_system) > supervisor->looked_usec + DAY_USEC)
            look_at_ends(supervisor);
        if (poll(&fd, 1, POLL_MSEC) < 0 && errno != EINTR)
            return -errno;
        on_signals(supervisor);
        (void)collect_dead(supervisor);
        kill_stubborn(supervisor);
    }
    return SUPERVISE_OK;
}

static void stop_all(Supervisor *supervisor)
{
    struct pollfd fd = { .fd = supervisor->signal_fd, .events = POLLIN };

    (void)sd_notify(0, "STOPPING=1");
    stop_workers(supervisor);
    while (collect_dead(supervisor) > 0) {
        kill_stubborn(supervisor);
        (void)poll(&fd, 1, POLL_MSEC);
        on_signals(supervisor);
    }
}

static int supervise_socket(Supervisor *supervisor, const char *where)
{
    sigset_t mask;

    supervised_mask(&mask);
    if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
        return -errno;
    (void)signal(SIGPIPE, SIG_IGN);
    _cleanup_close_ int signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signal_fd < 0)
        return -errno;
    supervisor->signal_fd = signal_fd;

    look_at_ends(supervisor);
    start_missing(supervisor);
    log_notice("serving policy %s on %s with %llu processes", supervisor->instance->policy->id,
               where, (unsigned long long)supervisor->n_wanted);
    (void)sd_notifyf(0, "READY=1\nSTATUS=serving policy %s", supervisor->instance->policy->id);
    int r = loop(supervisor);
    stop_all(supervisor);
    return r;
}

/* Neither our memory nor that of the children is for others; and room for their connections. */
static void prepare_process(void)
{
    const struct rlimit no_core = { 0, 0 };
    struct rlimit files;

    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)prctl(PR_SET_DUMPABLE, 0);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

static uint64_t process_count(const Supervisor *supervisor)
{
    uint64_t n = supervisor->options->processes;

    if (n == 0)
        n = supervisor->instance->config->processes;
    if (n == 0)
        n = (uint64_t)MAX(sysconf(_SC_NPROCESSORS_ONLN), 1L);
    return MIN(n, (uint64_t)CONFIG_PROCESSES_MAX);
}

int supervise(const SuperviseOptions *options, Findings *findings)
{
    _cleanup_(shared_freep) Shared *shared = NULL;
    _cleanup_listener_ Listener listener = LISTENER_NONE;
    Supervisor supervisor = { .options = options };

    prepare_process();
    int r = shared_new(&shared);
    if (r == 0)
        r = instance_load(options->directory, shared, findings, &supervisor.instance);
    if (r)
        return r;
    supervisor.shared = shared;
    supervisor.n_wanted = process_count(&supervisor);
    r = listener_open(options->listen ? options->listen : supervisor.instance->config->listen,
                      findings, &listener);
    if (r == LISTEN_OK) {
        supervisor.listen_fd = listener.fd;
        r = supervise_socket(&supervisor, listener.name);
    }
    instance_free(supervisor.instance);
    return r;
}
