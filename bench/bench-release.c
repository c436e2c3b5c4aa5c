/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one release costs with a live approval: attest-release as it is started for a request, and
 * the TPM work in it alone, which is nearly all tpm2-tss; the same behind gates of every kind; then
 * batches. Needs swtpm.
 */
#include "unit/worker/kinds-lab.h"

#include "secret/unlock.h"
#include "worker/answer.h"

#include <sys/resource.h>
#include <time.h>

#define ROUNDS 60
#define ASKER  "unit:db.service"

typedef struct Cost {
    double wall_msec, cpu_msec;
} Cost;

static double wall_now(void)
{
    return (double)clock_boottime_usec(&clock_system) / 1e3;
}

static double cpu_of(int who)
{
    struct rusage usage;

    check_int(getrusage(who, &usage), 0);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* The best, which other work on the machine disturbed least, and the median. */
static void print(const char *what, const Cost *costs, size_t n)
{
    double wall[ROUNDS], cpu[ROUNDS];

    for (size_t i = 0; i < n; i++) {
        wall[i] = costs[i].wall_msec;
        cpu[i] = costs[i].cpu_msec;
    }
    qsort(wall, n, sizeof(*wall), by_value);
    qsort(cpu, n, sizeof(*cpu), by_value);
    (void)printf("%-44s wall %6.1f ms (median %6.1f)   CPU %6.1f ms (median %6.1f)\n", what,
                 wall[0], wall[n / 2], cpu[0], cpu[n / 2]);
}

static _noreturn_ void run_worker(int socket, const char *verb)
{
    char pid[16];

    if (dup2(socket, 3) != 3)
        _exit(126);
    (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
    (void)setenv("LISTEN_PID", pid, 1);
    (void)setenv("LISTEN_FDS", "1", 1);
    (void)execl(ATTEST_RELEASE, ATTEST_RELEASE, verb, (char *)NULL);
    _exit(127);
}

/* From the start of the process to its answer, when every secret is in its socket. */
static Cost run_batch(SecretBatch *batch)
{
    _cleanup_free_ char *text = json_text(batch->request), *line = NULL;
    _cleanup_fd_list_ FdList fds = { 0 };
    Cost cost = { .wall_msec = -wall_now(), .cpu_msec = -cpu_of(RUSAGE_CHILDREN) };
    int pair[2];

    check(asprintf(&line, "%s\n", text) > 0);
    check_int(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0)
        run_worker(pair[1], "release");
    (void)close(pair[1]);
    check_int(message_send(pair[0], view_of_string(line), USEC_PER_SEC, &batch->given), MESSAGE_OK);
    check_int(answer_receive(pair[0], 60 * USEC_PER_SEC, &batch->answer, &fds), ANSWER_RECEIVED);
    cost.wall_msec += wall_now();
    (void)close(pair[0]);
    check_int(waitpid(pid, NULL, 0), pid);
    cost.cpu_msec += cpu_of(RUSAGE_CHILDREN);
    check_int(batch->answer.result, ANSWER_OK);
    for (size_t i = 0; i < batch->answer.n_released; i++)
        check(batch->answer.released[i].ok);
    return cost;
}

static Cost run_start(void)
{
    Cost cost = { .wall_msec = -wall_now(), .cpu_msec = -cpu_of(RUSAGE_CHILDREN) };

    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0) {
        check(dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO) == STDOUT_FILENO);
        (void)execl(ATTEST_RELEASE, ATTEST_RELEASE, "--help", (char *)NULL);
        _exit(127);
    }
    check_int(waitpid(pid, NULL, 0), pid);
    cost.wall_msec += wall_now();
    cost.cpu_msec += cpu_of(RUSAGE_CHILDREN);
    return cost;
}

/* Context, storage key, sessions, ticket, unseal, flushes: in a process that is warm. */
static Cost run_tpm(const SecretLab *lab, const SecretFile *file, const Approval *approval)
{
    Cost cost = { .wall_msec = -wall_now(), .cpu_msec = -cpu_of(RUSAGE_SELF) };
    const UnlockWith with = { .approval = approval };
    TpmContext *tpm = swtpm_open(&lab->swtpm);
    TpmKey *parent = NULL;
    Secret *key = NULL;

    check_int(unlock_key(tpm, file, &with, &parent, &key), UNLOCK_OK);
    secret_free(key);
    tpm_key_free(parent);
    tpm_context_free(tpm);
    cost.wall_msec += wall_now();
    cost.cpu_msec += cpu_of(RUSAGE_SELF);
    return cost;
}

static void bench_one(const SecretLab *lab, ByteView approval)
{
    Cost costs[ROUNDS];

    for (size_t i = 0; i < ROUNDS; i++) {
        _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(lab);
        secret_batch_approve(&batch, "db", approval);
        (void)secret_batch_ask(&batch, "secret-0", ASKER);
        costs[i] = run_batch(&batch);
    }
    print("one release, process start included", costs, ROUNDS);
}

static void bench_parts(const SecretLab *lab, const Approval *approval)
{
    _cleanup_(secret_store_freep) SecretStore *store = NULL;
    _cleanup_secret_file_ SecretFile file = { 0 };
    Cost costs[ROUNDS];

    check_int(secret_store_open(lab->secrets, &store), SECRET_STORE_OK);
    check_int(secret_store_load(store, "secret-0", &file), SECRET_STORE_OK);
    for (size_t i = 0; i < ROUNDS; i++)
        costs[i] = run_tpm(lab, &file, approval);
    print("  of that its TPM transaction (tpm2-tss)", costs, ROUNDS);
    for (size_t i = 0; i < ROUNDS; i++)
        costs[i] = run_start();
    print("  of that starting the process", costs, ROUNDS);
}

/* What a gate of each kind adds to one release. DATA_KEYS: those of gate "vault". */
static void bench_kinds(const SecretLab *lab, ByteView approval, int data_keys)
{
    static const struct {
        const char *secret, *gate, *what;
        GateKind kind;
    } rows[] = {
        { "secret-0", "db", "one release, gate of kind verifier", GATE_KIND_VERIFIER },
        { "counted", "db", "  with a rollback counter", GATE_KIND_VERIFIER },
        { "of-pcr", "boot", "one release, gate of kind pcr", GATE_KIND_PCR },
        { "of-rewrap", "vault", "one release, gate of kind rewrap", GATE_KIND_REWRAP },
    };
    static Cost costs[ELEMENTSOF(rows)][ROUNDS];

    for (size_t i = 0; i < ROUNDS; i++)
        for (size_t j = 0; j < ELEMENTSOF(rows);
             j++) { /* in turns: they share the machine's mood */
            _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(lab);
            if (rows[j].kind == GATE_KIND_VERIFIER)
                secret_batch_approve(&batch, rows[j].gate, approval);
            else if (rows[j].kind == GATE_KIND_REWRAP)
                secret_batch_hold(&batch, rows[j].gate, GATE_KIND_REWRAP, dup(data_keys));
            (void)secret_batch_ask(&batch, rows[j].secret, ASKER);
            costs[j][i] = run_batch(&batch);
        }
    for (size_t j = 0; j < ELEMENTSOF(rows); j++)
        print(rows[j].what, costs[j], ROUNDS);
}

static int seal_kinds(const SecretLab *lab, const Key *rewrap_key)
{
    json_t *counted = secret_lab_seal_request(lab, "counted",
                                              secret_lab_gate("db", lab->release_key, NULL), ASKER);
    json_t *wrapped = secret_lab_seal_request(
        lab, "of-rewrap", kinds_gate_rewrap("vault", rewrap_key, "ak-name"), ASKER);

    kinds_extend(lab, 4, "a boot loader");
    kinds_extend(lab, 7, "keys");
    kinds_set(counted, "rollback_counter", json_true());
    kinds_seal(counted, "correct horse");
    kinds_seal(secret_lab_seal_request(lab, "of-pcr", kinds_gate_pcr("boot", 4, 7), ASKER),
               "correct horse");
    kinds_seal(wrapped, "correct horse");
    return kinds_data_keys(lab, rewrap_key, "vault");
}

/* N_ASKERS askers of N_SECRETS secrets. */
static void bench_batch(const SecretLab *lab, ByteView approval, size_t n_askers, size_t n_secrets)
{
    Cost costs[5];
    char what[64];

    for (size_t i = 0; i < ELEMENTSOF(costs); i++) {
        _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(lab);
        secret_batch_approve(&batch, "db", approval);
        for (size_t j = 0; j < n_askers; j++) {
            char name[32];
            (void)snprintf(name, sizeof(name), "secret-%zu", j % n_secrets);
            (void)secret_batch_ask(&batch, name, ASKER);
        }
        costs[i] = run_batch(&batch);
    }
    (void)snprintf(what, sizeof(what), "%zu askers, %zu secret%s, one worker", n_askers, n_secrets,
                   n_secrets == 1 ? "" : "s");
    print(what, costs, ELEMENTSOF(costs));
}

int main(void)
{
    SecretLab lab = secret_lab_start();
    _cleanup_bytes_ Bytes json = { 0 };

    for (size_t i = 0; i < 100; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "secret-%zu", i);
        secret_lab_seal(&lab, name, ASKER, "correct horse battery staple");
    }
    Key *rewrap_key = secret_lab_key();
    _cleanup_close_ int data_keys = seal_kinds(&lab, rewrap_key);
    Approval approval = secret_lab_approve(&lab, "db", lab.release_key, -3600);
    check_int(approval_emit(&approval, &json), 0);
    bench_one(&lab, VIEW(json));
    bench_parts(&lab, &approval);
    bench_kinds(&lab, VIEW(json), data_keys);
    bench_batch(&lab, VIEW(json), 100, 1);
    bench_batch(&lab, VIEW(json), 100, 10);
    bench_batch(&lab, VIEW(json), 100, 100);
    approval_done(&approval);
    key_free(rewrap_key);
    secret_lab_stop(&lab);
    return 0;
}
