/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim-firmware: runs a command that finds a simulated /dev/sev-guest, by means of umockdev. The
 * command and its children need no change, only the environment they inherit. What the device
 * answers is decided in sim-driver; here are the test bed, the nested pointers and the child.
 */
#include "base/clock.h"
#include "base/file.h"

#include "sim-driver.h"

#include <errno.h>
#include <getopt.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <umockdev.h>

#include <linux/sev-guest.h>

#define SYS_FILE_LIMIT (4u << 20) /* bytes of a file given with --sys */

static const char help[] =
    "sim-firmware --chip DIR [--control FILE] [--ready-file FILE] [--sys PATH=FILE]...\n"
    "             -- COMMAND [ARGUMENT]...\n"
    "\n"
    "Runs COMMAND with a simulated /dev/sev-guest and exits with its status (128 + signal).\n"
    "DIR was made by `sim-chip init`. FILE is read anew at every ioctl: see README.md here.\n"
    "--sys puts a copy of FILE at PATH below /sys, all of which the test bed replaces.\n"
    "\n"
    "The device exists for processes that inherit LD_PRELOAD and UMOCKDEV_DIR, and for dynamic\n"
    "executables only. Whatever cleans the environment must pass both on:\n"
    "    systemd-socket-activate -E LD_PRELOAD -E UMOCKDEV_DIR ...\n"
    "    Environment=LD_PRELOAD=... and Environment=UMOCKDEV_DIR=... in a unit\n";

static const char devices[] = "P: /devices/platform/sev-guest\n"
                              "E: SUBSYSTEM=platform\n"
                              "\n"
                              "P: /devices/virtual/misc/sev-guest\n"
                              "N: sev-guest\n"
                              "E: DEVNAME=/dev/sev-guest\n"
                              "E: SUBSYSTEM=misc\n";

typedef struct Options {
    const char *chip;
    const char *control;
    const char *ready_file;
    char **command;
    char *const *sys_files; /* argv; those after a --sys are looked up again */
} Options;

typedef struct Lab Lab;

typedef struct Waiting {
    Lab *lab;
    UMockdevIoctlClient *client;
    uint64_t arrived_usec;
} Waiting;

struct Lab {
    SimDriver *driver;
    GMainLoop *loop;
    GQueue waiting; /* of Waiting: the driver takes one request at a time */
    bool busy;
    pid_t child;
    int status;
};

static void waiting_free(gpointer data)
{
    Waiting *waiting = data;

    g_object_unref(waiting->client);
    g_free(waiting);
}

static SimCall call_of(unsigned long request)
{
    if (request == SNP_GET_REPORT)
        return SIM_CALL_REPORT;
    if (request == SNP_GET_EXT_REPORT)
        return SIM_CALL_EXT_REPORT;
    return request == SNP_GET_DERIVED_KEY ? SIM_CALL_DERIVED_KEY : SIM_CALL_OTHER;
}

/* The caller's memory as far as the ioctl reaches; unreferenced together. */
typedef struct Memory {
    UMockdevIoctlData *input; /* struct snp_guest_request_ioctl */
    UMockdevIoctlData *request;
    UMockdevIoctlData *response;
    UMockdevIoctlData *certificates;
} Memory;

static void memory_done(Memory *memory)
{
    g_clear_object(&memory->certificates);
    g_clear_object(&memory->response);
    g_clear_object(&memory->request);
    g_clear_object(&memory->input);
}

static UMockdevIoctlData *resolve(UMockdevIoctlData *parent, size_t offset, size_t size)
{
    g_autoptr(GError) error = NULL;
    UMockdevIoctlData *data = umockdev_ioctl_data_resolve(parent, offset, size, &error);

    if (error)
        (void)fprintf(stderr, "sim-firmware: %s\n", error->message);
    return data;
}

static size_t request_size(SimCall call)
{
    switch (call) {
    case SIM_CALL_REPORT:
        return sizeof(struct snp_report_req);
    case SIM_CALL_EXT_REPORT:
        return sizeof(struct snp_ext_report_req);
    case SIM_CALL_DERIVED_KEY:
        return sizeof(struct snp_derived_key_req);
    case SIM_CALL_OTHER:
        return 0;
    }
    return 0;
}

static size_t response_size(SimCall call)
{
    return call == SIM_CALL_DERIVED_KEY ? sizeof(struct snp_derived_key_resp) : SIM_RESPONSE_SIZE;
}

/* Follows the pointers and copies the request in. */
static void read_request(UMockdevIoctlClient *client, Memory *memory, SimRequest *request)
{
    struct snp_guest_request_ioctl head = { 0 };
    struct snp_ext_report_req body = { 0 };
    const size_t size = request_size(request->call);

    if (request->call == SIM_CALL_OTHER)
        return;
    memory->input = resolve(umockdev_ioctl_client_get_arg(client), 0, sizeof(head));
    if (!memory->input)
        return;
    memcpy(&head, memory->input->data, sizeof(head));
    request->msg_version = head.msg_version;
    if (head.req_data == 0 || head.resp_data == 0)
        return;
    memory->request =
        resolve(memory->input, offsetof(struct snp_guest_request_ioctl, req_data), size);
    memory->response = resolve(memory->input, offsetof(struct snp_guest_request_ioctl, resp_data),
                               response_size(request->call));
    if (!memory->request || !memory->response)
        return;

    request->has_pointers = true;
    memcpy(&body, memory->request->data, size);
    memcpy(request->request, &body.data, sizeof(request->request));
    if (request->call == SIM_CALL_EXT_REPORT) {
        request->certs_address = body.certs_address;
        request->certs_len = body.certs_len;
    }
}

static void write_answer(const SimRequest *request, const SimAnswer *answer, Memory *memory)
{
    if (memory->input && answer->writes_exitinfo2) {
        uint64_t value = answer->exitinfo2;
        umockdev_ioctl_data_update(memory->input,
                                   offsetof(struct snp_guest_request_ioctl, exitinfo2),
                                   (uint8_t *)&value, sizeof(value));
    }
    if (memory->request && answer->writes_certs_len) {
        uint32_t value = answer->certs_len;
        umockdev_ioctl_data_update(memory->request, offsetof(struct snp_ext_report_req, certs_len),
                                   (uint8_t *)&value, sizeof(value));
    }
    if (memory->request && answer->certificates.size > 0) {
        memory->certificates =
            resolve(memory->request, offsetof(struct snp_ext_report_req, certs_address),
                    answer->certificates.size);
        if (memory->certificates)
            umockdev_ioctl_data_update(memory->certificates, 0, answer->certificates.data,
                                       (int)answer->certificates.size);
    }
    if (memory->response && answer->writes_response) {
        uint8_t response[SIM_RESPONSE_SIZE];
        memcpy(response, answer->response, sizeof(response));
        umockdev_ioctl_data_update(memory->response, 0, response,
                                   (int)response_size(request->call));
    }
}

static void serve(Lab *lab, const Waiting *waiting)
{
    SimRequest request = { .call = call_of(umockdev_ioctl_client_get_request(waiting->client)) };
    _cleanup_(sim_answer_done) SimAnswer answer = { 0 };
    _cleanup_(memory_done) Memory memory = { 0 };

    if (!umockdev_ioctl_client_get_connected(waiting->client))
        return;
    read_request(waiting->client, &memory, &request);
    /* An unknown ioctl may carry anything: it is refused without a look at its argument. */
    if (request.call == SIM_CALL_OTHER)
        request.msg_version = 1;
    sim_driver_answer(lab->driver, &request, waiting->arrived_usec, &answer);
    write_answer(&request, &answer, &memory);
    umockdev_ioctl_client_complete(waiting->client, answer.error != 0 ? -1 : 0, answer.error);
}

static gboolean on_delay_over(gpointer userdata);

/* Serves what waits, up to the first request that has to wait longer. */
static void serve_waiting(Lab *lab)
{
    while (!lab->busy && !g_queue_is_empty(&lab->waiting)) {
        uint64_t delay = sim_driver_delay_msec(lab->driver);
        if (delay > 0) {
            lab->busy = true;
            (void)g_timeout_add((guint)MIN(delay, 3600000), on_delay_over, lab);
            return;
        }
        Waiting *waiting = g_queue_pop_head(&lab->waiting);
        serve(lab, waiting);
        waiting_free(waiting);
    }
}

static gboolean on_delay_over(gpointer userdata)
{
    Lab *lab = userdata;
    Waiting *waiting = g_queue_pop_head(&lab->waiting);

    lab->busy = false;
    serve(lab, waiting);
    waiting_free(waiting);
    serve_waiting(lab);
    return G_SOURCE_REMOVE;
}

static gboolean on_request(gpointer userdata)
{
    Waiting *waiting = userdata;

    g_queue_push_tail(&waiting->lab->waiting, waiting);
    serve_waiting(waiting->lab);
    return G_SOURCE_REMOVE;
}

/* umockdev calls this in a thread of its own; everything else here happens in the main loop. */
static gboolean on_ioctl(UMockdevIoctlBase *base, UMockdevIoctlClient *client, gpointer userdata)
{
    Waiting *waiting = g_new0(Waiting, 1);

    (void)base;
    waiting->lab = userdata;
    waiting->client = g_object_ref(client);
    waiting->arrived_usec = clock_boottime_usec(&clock_system);
    (void)g_idle_add(on_request, waiting);
    return TRUE;
}

static void on_child_exit(GPid pid, gint status, gpointer userdata)
{
    Lab *lab = userdata;

    (void)pid;
    lab->child = 0;
    lab->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    g_main_loop_quit(lab->loop);
}

static gboolean on_sigterm(gpointer userdata)
{
    const Lab *lab = userdata;

    if (lab->child > 0)
        (void)kill(lab->child, SIGTERM);
    return G_SOURCE_CONTINUE;
}

static gboolean on_sigint(gpointer userdata)
{
    const Lab *lab = userdata;

    if (lab->child > 0)
        (void)kill(lab->child, SIGINT);
    return G_SOURCE_CONTINUE;
}

/* Starts COMMAND, which does not outlive us. Its pid, or negative errno. */
static pid_t start_child(char **command)
{
    const pid_t parent = getpid();
    pid_t pid = fork();

    if (pid < 0)
        return -errno;
    if (pid > 0)
        return pid;
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
        _exit(EXIT_FAILURE);
    (void)execvp(command[0], command);
    (void)fprintf(stderr, "sim-firmware: %s: %s\n", command[0], strerror(errno));
    _exit(127);
}

/* Writes BYTES at PATH of the test bed's /sys, making folders on the way. */
static int put_sys_file(UMockdevTestbed *testbed, const char *path, ByteView bytes)
{
    g_autofree char *root = umockdev_testbed_get_root_dir(testbed);
    g_autofree char *file = g_strconcat(root, path, NULL);
    g_autofree char *folder = g_path_get_dirname(file);

    /* The test bed must not redirect its own files once more. */
    umockdev_testbed_disable(testbed);
    int r = g_mkdir_with_parents(folder, 0755) < 0 ? -errno : file_write_atomic(file, bytes, 0444);
    umockdev_testbed_enable(testbed);
    return r;
}

static int copy_sys_file(UMockdevTestbed *testbed, const char *assignment)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    g_autofree char *path = g_strdup(assignment);
    char *equals = strchr(path, '=');

    if (!equals || !g_str_has_prefix(path, "/sys/"))
        return -EINVAL;
    *equals = 0;
    int r = file_read(equals + 1, SYS_FILE_LIMIT, &bytes);
    return r < 0 ? r : put_sys_file(testbed, path, VIEW(bytes));
}

static int copy_sys_files(UMockdevTestbed *testbed, char *const *arguments)
{
    for (size_t i = 0; arguments[i] && strcmp(arguments[i], "--") != 0; i++) {
        if (strcmp(arguments[i], "--sys") != 0 || !arguments[i + 1])
            continue;
        int r = copy_sys_file(testbed, arguments[i + 1]);
        if (r < 0) {
            (void)fprintf(stderr, "sim-firmware: --sys %s: %s\n", arguments[i + 1], strerror(-r));
            return r;
        }
    }
    return 0;
}

static int fill_testbed(UMockdevTestbed *testbed, const Lab *lab, const Options *options)
{
    g_autoptr(GError) error = NULL;
    char vmpl[8];

    if (!umockdev_testbed_add_from_string(testbed, devices, &error)) {
        (void)fprintf(stderr, "sim-firmware: %s\n", error->message);
        return -EIO;
    }
    (void)snprintf(vmpl, sizeof(vmpl), "%u\n", (unsigned)sim_driver_guest_vmpl(lab->driver) % 10);
    int r = put_sys_file(testbed, "/sys/devices/system/cpu/sev/vmpl", view_of_string(vmpl));
    return r < 0 ? r : copy_sys_files(testbed, options->sys_files);
}

/* Runs the child to its end; its status, or negative errno. */
static int run(Lab *lab, const Options *options)
{
    g_autoptr(UMockdevTestbed) testbed = umockdev_testbed_new();
    g_autoptr(UMockdevIoctlBase) device = umockdev_ioctl_base_new();
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GError) error = NULL;

    int r = fill_testbed(testbed, lab, options);
    if (r < 0)
        return r;
    (void)g_signal_connect(device, "handle-ioctl", G_CALLBACK(on_ioctl), lab);
    if (!umockdev_testbed_attach_ioctl(testbed, "/dev/sev-guest", device, &error)) {
        (void)fprintf(stderr, "sim-firmware: %s\n", error->message);
        return -EIO;
    }
    lab->loop = loop;
    lab->child = start_child(options->command);
    if (lab->child < 0)
        return lab->child;
    (void)g_child_watch_add(lab->child, on_child_exit, lab);
    (void)g_unix_signal_add(SIGTERM, on_sigterm, lab);
    (void)g_unix_signal_add(SIGINT, on_sigint, lab);
    if (options->ready_file) {
        r = file_write_atomic(options->ready_file, view_of_string("ready\n"), 0644);
        if (r < 0)
            (void)kill(lab->child, SIGTERM);
    }
    g_main_loop_run(loop);
    (void)umockdev_testbed_detach_ioctl(testbed, "/dev/sev-guest", NULL);
    return r < 0 ? r : lab->status;
}

static int parse_options(int argc, char **argv, Options *ret)
{
    static const struct option long_options[] = {
        { "chip", required_argument, NULL, 'c' },
        { "control", required_argument, NULL, 'f' },
        { "ready-file", required_argument, NULL, 'r' },
        { "sys", required_argument, NULL, 's' },
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    Options options = { .sys_files = argv };

    for (int c; (c = getopt_long(argc, argv, "+", long_options, NULL)) >= 0;) {
        if (c == 'h')
            exit(fputs(help, stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
        else if (c == 'c')
            options.chip = optarg;
        else if (c == 'f')
            options.control = optarg;
        else if (c == 'r')
            options.ready_file = optarg;
        else if (c != 's')
            return -EINVAL;
    }
    options.command = argv + optind;
    if (!options.chip || !options.command[0])
        return -EINVAL;
    *ret = options;
    return 0;
}

static bool is_preloaded(void)
{
    const char *preload = getenv("LD_PRELOAD");

    return preload && strstr(preload, "libumockdev-preload");
}

/* umockdev works through a preloaded library: start over under its wrapper. */
static int run_under_wrapper(char **argv)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (n < 0)
        return -errno;
    self[n] = 0;

    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_strv_builder_add(builder, "umockdev-wrapper");
    g_strv_builder_add(builder, self);
    for (size_t i = 1; argv[i]; i++)
        g_strv_builder_add(builder, argv[i]);
    g_auto(GStrv) arguments = g_strv_builder_end(builder);
    (void)execvp("umockdev-wrapper", arguments);
    return -errno;
}

int main(int argc, char **argv)
{
    Options options = { 0 };
    Lab lab = { .waiting = G_QUEUE_INIT };
    _cleanup_(sim_driver_freep) SimDriver *driver = NULL;

    if (parse_options(argc, argv, &options) < 0) {
        (void)fputs(help, stderr);
        return 2;
    }
    int r = is_preloaded() ? 0 : run_under_wrapper(argv);
    if (r == 0)
        r = sim_driver_new(options.chip, options.control, &driver);
    if (r != 0) {
        (void)fprintf(stderr, "sim-firmware: %s\n",
                      r < 0 ? strerror(-r) : "no usable keys in the chip's directory");
        return EXIT_FAILURE;
    }
    lab.driver = driver;
    r = run(&lab, &options);
    g_queue_clear_full(&lab.waiting, waiting_free);
    if (r < 0)
        (void)fprintf(stderr, "sim-firmware: %s\n", strerror(-r));
    return r < 0 ? EXIT_FAILURE : r;
}
