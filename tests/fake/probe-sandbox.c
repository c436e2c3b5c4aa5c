/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tries, from inside a sandbox, what a taken-over process would try, and prints how each ended:
 * "read:/etc/shadow EACCES". It harms nothing where it succeeds.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char help[] =
    "probe-sandbox ATTEMPT...\n"
    "\n"
    "  read:PATH write:PATH create:PATH connect:PATH tcp:PORT socket:FAMILY\n"
    "  far:ADDRESS (TCP to port 443 elsewhere, which is not waited for)\n"
    "  kill:PID trace:PID proc:PID device:MAJOR:MINOR\n"
    "  mount userns wx-memory keyring bpf perf clock hostname setuid chown\n"
    "  limit nice realtime kexec module memfd memfd-secret, or a name of /proc/self/status\n"
    "\n"
    "Prints one line each: the attempt and \"yes\", the reason it failed, or\n"
    "the value asked for. What can be read but is empty is ENODATA.\n";

/* 0, or what stands in the way. */
static int ended(long r)
{
    return r < 0 ? errno : 0;
}

static int try_open(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0600);
    int reason = ended(fd);

    if (fd >= 0)
        (void)close(fd);
    return reason;
}

/* What stands in for a hidden path can be opened by who overrides permissions, and is empty. */
static int try_list(const char *path)
{
    DIR *directory = opendir(path);
    int n = 0;

    if (!directory)
        return errno;
    while (readdir(directory))
        n++;
    (void)closedir(directory);
    return n > 2 ? 0 : ENODATA;
}

static int try_read(const char *path)
{
    struct stat st;
    char byte;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return try_list(path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno;
    ssize_t n = S_ISREG(st.st_mode) ? read(fd, &byte, 1) : 1;
    int reason = n == 0 ? ENODATA : ended(n);
    (void)close(fd);
    return reason;
}

static int try_write(const char *path)
{
    return try_open(path, O_WRONLY);
}

static int try_create(const char *path)
{
    int reason = try_open(path, O_WRONLY | O_CREAT | O_EXCL);

    if (reason == 0)
        (void)unlink(path);
    return reason;
}

static int try_connect_to(int family, int type, const struct sockaddr *address, socklen_t size)
{
    int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int reason = ended(fd);

    if (fd < 0)
        return reason;
    reason = ended(connect(fd, address, size));
    (void)close(fd);
    return reason == EINPROGRESS ? 0 : reason;
}

static int try_connect(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof(address.sun_path))
        return ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path));
    int reason =
        try_connect_to(AF_UNIX, SOCK_STREAM, (const struct sockaddr *)&address, sizeof(address));
    if (reason == EPROTOTYPE)
        reason =
            try_connect_to(AF_UNIX, SOCK_DGRAM, (const struct sockaddr *)&address, sizeof(address));
    return reason;
}

static int try_tcp(const char *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int reason = ended(fd);

    if (fd < 0)
        return reason;
    reason = ended(connect(fd, (const struct sockaddr *)&address, sizeof(address)));
    (void)close(fd);
    return reason;
}

/* "yes" is that packets may go there, not that anybody answers. */
static int try_far(const char *text)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(443) };

    if (inet_pton(AF_INET, text, &address.sin_addr) != 1)
        return EINVAL;
    return try_connect_to(AF_INET, SOCK_STREAM, (const struct sockaddr *)&address, sizeof(address));
}

static int try_socket(const char *family)
{
    static const struct {
        const char *name;
        int family, type;
    } families[] = {
        { "unix", AF_UNIX, SOCK_STREAM },   { "inet", AF_INET, SOCK_STREAM },
        { "inet6", AF_INET6, SOCK_STREAM }, { "netlink", AF_NETLINK, SOCK_RAW },
        { "packet", AF_PACKET, SOCK_RAW },  { "vsock", AF_VSOCK, SOCK_STREAM },
        { "alg", AF_ALG, SOCK_SEQPACKET },  { "bluetooth", AF_BLUETOOTH, SOCK_STREAM },
    };

    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        if (strcmp(family, families[i].name) != 0)
            continue;
        int fd = socket(families[i].family, families[i].type | SOCK_CLOEXEC, 0);
        int reason = ended(fd);
        if (fd >= 0)
            (void)close(fd);
        return reason;
    }
    return EINVAL;
}

static int try_kill(const char *pid)
{
    return ended(kill((pid_t)strtol(pid, NULL, 10), 0));
}

static int try_trace(const char *pid)
{
    pid_t target = (pid_t)strtol(pid, NULL, 10);
    int reason = ended(ptrace(PTRACE_SEIZE, target, NULL, NULL));

    if (reason == 0)
        (void)ptrace(PTRACE_DETACH, target, NULL, NULL);
    return reason;
}

static int try_proc(const char *pid)
{
    char path[64];
    struct stat st;

    (void)snprintf(path, sizeof(path), "/proc/%s", pid);
    return ended(stat(path, &st));
}

static int try_device(const char *numbers)
{
    char *colon;
    unsigned long device_major = strtoul(numbers, &colon, 10);
    unsigned long device_minor = *colon ? strtoul(colon + 1, NULL, 10) : 0;
    char path[] = "/tmp/probe-XXXXXX";

    if (!mkdtemp(path))
        return errno;
    char node[sizeof(path) + 8];
    (void)snprintf(node, sizeof(node), "%s/d", path);
    int reason =
        ended(mknod(node, S_IFCHR | 0600, makedev((unsigned)device_major, (unsigned)device_minor)));
    if (reason == 0)
        reason = try_read(node);
    (void)unlink(node);
    (void)rmdir(path);
    return reason;
}

static int try_mount(const char *unused)
{
    (void)unused;
    int reason = ended(mount("probe", "/tmp", "tmpfs", 0, NULL));
    if (reason == 0)
        (void)umount("/tmp");
    return reason;
}

static int try_userns(const char *unused)
{
    (void)unused;
    return ended(unshare(CLONE_NEWUSER));
}

static int try_wx_memory(const char *unused)
{
    (void)unused;
    void *memory =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int reason = memory == MAP_FAILED ? errno : 0;
    if (reason == 0)
        (void)munmap(memory, 4096);
    return reason;
}

static int try_keyring(const char *unused)
{
    (void)unused;
    return ended(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1));
}

static int try_bpf(const char *unused)
{
    (void)unused;
    return ended(syscall(SYS_bpf, 0, NULL, 0));
}

static int try_perf(const char *unused)
{
    (void)unused;
    return ended(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
}

static int try_clock(const char *unused)
{
    struct timespec now;

    (void)unused;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return ended(clock_settime(CLOCK_REALTIME, &now));
}

static int try_hostname(const char *unused)
{
    char name[256];

    (void)unused;
    int reason = ended(gethostname(name, sizeof(name)));
    return reason == 0 ? ended(sethostname(name, strlen(name))) : reason;
}

static int try_setuid(const char *unused)
{
    (void)unused;
    return ended(syscall(SYS_setresuid, -1, 0, -1));
}

static int try_chown(const char *unused)
{
    (void)unused;
    return ended(chown("/proc/self/comm", (uid_t)-1, (gid_t)-1));
}

static int try_limit(const char *unused)
{
    struct rlimit limit;

    (void)unused;
    int reason = ended(getrlimit(RLIMIT_CORE, &limit));
    if (reason != 0)
        return reason;
    limit.rlim_max = limit.rlim_cur = 4096;
    return ended(setrlimit(RLIMIT_CORE, &limit));
}

static int try_nice(const char *unused)
{
    (void)unused;
    return ended(setpriority(PRIO_PROCESS, 0, -1));
}

static int try_realtime(const char *unused)
{
    struct sched_param parameters = { .sched_priority = 1 };

    (void)unused;
    return ended(sched_setscheduler(0, SCHED_FIFO, &parameters));
}

static int try_kexec(const char *unused)
{
    (void)unused;
    return ended(syscall(SYS_kexec_load, 0, 0, NULL, ~0UL));
}

static int try_module(const char *unused)
{
    (void)unused;
    return ended(syscall(SYS_init_module, NULL, 0, ""));
}

static int try_memfd(const char *unused)
{
    (void)unused;
    int fd = memfd_create("probe", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int reason = ended(fd);
    if (fd >= 0)
        (void)close(fd);
    return reason;
}

static int try_memfd_secret(const char *unused)
{
    (void)unused;
    int fd = (int)syscall(447 /* memfd_secret, which older headers do not name */, O_CLOEXEC);
    int reason = ended(fd);
    if (fd >= 0)
        (void)close(fd);
    return reason;
}

typedef struct Attempt {
    const char *name; /* with ':' where it takes an argument */
    int (*run)(const char *argument);
} Attempt;

static const Attempt attempts[] = {
    { "read:", try_read },        { "write:", try_write },
    { "create:", try_create },    { "connect:", try_connect },
    { "tcp:", try_tcp },          { "far:", try_far },
    { "socket:", try_socket },    { "kill:", try_kill },
    { "trace:", try_trace },      { "proc:", try_proc },
    { "device:", try_device },    { "mount", try_mount },
    { "userns", try_userns },     { "wx-memory", try_wx_memory },
    { "keyring", try_keyring },   { "bpf", try_bpf },
    { "perf", try_perf },         { "clock", try_clock },
    { "hostname", try_hostname }, { "setuid", try_setuid },
    { "chown", try_chown },       { "limit", try_limit },
    { "nice", try_nice },         { "realtime", try_realtime },
    { "kexec", try_kexec },       { "module", try_module },
    { "memfd", try_memfd },       { "memfd-secret", try_memfd_secret },
};

/* Each in a process of its own: one success must not change the next attempt. */
static int run_apart(const Attempt *attempt, const char *argument)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        _exit(attempt->run(argument));
    if (child < 0 || waitpid(child, &status, 0) < 0)
        return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

static bool run_attempt(const char *text)
{
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        size_t length = strlen(attempts[i].name);
        bool takes_argument = attempts[i].name[length - 1] == ':';
        if (strncmp(text, attempts[i].name, length) != 0 || (!takes_argument && text[length]))
            continue;
        int reason = run_apart(&attempts[i], text + length);
        (void)printf("%s %s\n", text, reason == 0 ? "yes" : strerrorname_np(reason));
        return true;
    }
    return false;
}

/* The line of /proc/self/status that NAME starts, as it is. */
static bool print_status(const char *name)
{
    char line[256];
    bool found = false;
    FILE *file = fopen("/proc/self/status", "re");

    while (file && fgets(line, sizeof(line), file))
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':') {
            (void)printf("%s %s", name, line + strlen(name) + 2);
            found = true;
        }
    if (file)
        (void)fclose(file);
    return found;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)fputs(help, stderr);
        return EXIT_FAILURE;
    }
    for (int i = 1; i < argc; i++) {
        if (!run_attempt(argv[i]) && !print_status(argv[i])) {
            (void)fprintf(stderr, "probe-sandbox: %s: no such attempt\n", argv[i]);
            return EXIT_FAILURE;
        }
        (void)fflush(stdout);
    }
    return EXIT_SUCCESS;
}
