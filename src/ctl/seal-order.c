/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request to attest-release, and its answer in words.
 */
#include "ctl/seal-order.h"

#include "base/file.h"
#include "config/config-request.h"
#include "config/config-value.h"
#include "ctl/bind-values.h"
#include "ctl/complain.h"
#include "ctl/gate-directory.h"
#include "ctl/owner-file.h"
#include "ctl/worker-run.h"
#include "format/catalog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STORE_MODE 0700

#define REMEDY_GATES "see attestctl gate list, and give --gate=NAME"

int seal_order_gate(const Options *options, const char *name, GateFile *ret)
{
    int r = gate_directory_read(options->state_directory, name, ret);

    if (r == GATE_DIRECTORY_E_ABSENT)
        return complain_of_usage(REMEDY_GATES, "there is no gate \"%s\"", name);
    if (r > 0)
        return complain_of_usage("remove it and add it again",
                                 "the file of gate \"%s\" is none that attestctl wrote: found %s, "
                                 "wanted %s",
                                 name, gate_file_reason(r), gate_file_wanted(r));
    return r < 0 ? complain_of_errno(r, name) : 0;
}

/* NAME in ABOVE_FD, made for the owner of that: who may put a link there meanwhile. */
static int make_store_at(int above_fd, const char *name)
{
    struct stat status;

    if (fstat(above_fd, &status) < 0)
        return -errno;
    if (mkdirat(above_fd, name, STORE_MODE) < 0)
        return errno == EEXIST ? 0 : -errno;
    _cleanup_close_ int fd =
        openat(above_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    return fchown(fd, status.st_uid, status.st_gid) < 0 && geteuid() == 0 ? -errno : 0;
}

/*
 * The store is attestd's, so a missing one is made with the owner of the directory above. 0 or
 * negative errno.
 */
static int make_store(const char *directory)
{
    _cleanup_free_ char *above = strdup(directory);

    if (!above)
        return -ENOMEM;
    char *slash = strrchr(above, '/');
    if (!slash || slash == above || access(directory, F_OK) == 0)
        return 0;
    *slash = 0;
    _cleanup_close_ int above_fd = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return above_fd < 0 ? -errno : make_store_at(above_fd, slash + 1);
}

/* What goes to the worker beside the line: the secret, evidence, the TPM's owner. */
typedef struct Files {
    json_t *names;
    int fds[3];
    size_t n_fds;
    int evidence, owner; /* ours to close */
} Files;

static void files_done(Files *files)
{
    json_decref(files->names);
    closep(&files->evidence);
    closep(&files->owner);
}

static int add_file(Files *files, const char *name, int fd)
{
    if (fd < 0)
        return 0;
    files->fds[files->n_fds++] = fd;
    return json_array_append_new(files->names, json_string(name)) < 0 ? -ENOMEM : 0;
}

static int add_files(Files *files, int secret_fd)
{
    int r = add_file(files, "secret", secret_fd);

    if (r == 0)
        r = add_file(files, "evidence", files->evidence);
    return r < 0 ? r : add_file(files, "owner-authorization", files->owner);
}

/* Does the key that seals have to be proven a paravisor's? Not where nothing goes into the TPM. */
static bool needs_evidence(const GateFile *gate, const Options *options)
{
    bool is_in_tpm = gate->kind == GATE_KIND_VERIFIER || gate->kind == GATE_KIND_PCR ||
                     gate->binds & BIND_BIT(BIND_KIND_AK_NAME);

    return is_in_tpm && gate->vtpm_root && strcmp(gate->vtpm_root, "paravisor") == 0 &&
           !options->accept_unchecked_vtpm;
}

/* 0, else an exit class with its complaint. */
static int open_files(const SealOrder *order, const Config *config, const Options *options,
                      Files *files)
{
    int r = owner_file_open(config, &files->owner);

    if (r != 0 || !needs_evidence(order->gate, options))
        return r;
    r = own_evidence_need(order->evidence);
    if (r != 0) {
        (void)complain_of_usage("start attestd; or seal without a proof (--accept-unchecked-vtpm)",
                                "what stands behind the vTPM is proven by evidence from attestd");
        return r;
    }
    files->evidence = memfd_sealed("evidence", VIEW(order->evidence->json));
    return files->evidence < 0 ? complain_of_errno(files->evidence, "evidence") : 0;
}

/* With the evidence goes what judges it, as far as the configuration says it. */
static int set_judgement(json_t *request, const SealOrder *order, const Config *config)
{
    const VerifierConfig *verifier = config->verifier;
    int r = json_set_base64url(request, "evidence_nonce", VIEW_OF_ARRAY(order->evidence->nonce));

    if (r < 0 || !verifier->accept_simulated)
        return r;
    return json_object_set_new(request, "simulated_roots",
                               texts_to_json(&verifier->simulated_roots)) < 0
               ? -ENOMEM
               : 0;
}

static json_t *describe(const SealOrder *order, json_t *bind, const Options *options)
{
    return json_pack("{ss ss so sO ss ss sb sO* sO* sb sb}", "verb", "seal", "name", order->name,
                     "gate", gate_file_to_json(order->gate), "who", order->who, "on_loss",
                     on_loss_name(order->on_loss), "on_change", on_change_name(order->on_change),
                     "rollback_counter", order->rollback_counter ? 1 : 0, "bind", bind,
                     "pcr_values", order->pcr_values, "accept_host_tpm",
                     options->accept_host_tpm ? 1 : 0, "accept_unchecked_vtpm",
                     options->accept_unchecked_vtpm ? 1 : 0);
}

/* The request as one line, owned; NULL when out of memory. BIND may be NULL. */
static char *make_request(const SealOrder *order, json_t *bind, const Files *files,
                          const Config *config, const Options *options)
{
    json_auto_t *request = describe(order, bind, options);
    json_auto_t *machine =
        json_pack("{so ss so sO}", "evidence", config_evidence_request(&config->evidence),
                  "secrets_directory", config->secrets.directory, "lock_directory",
                  json_sprintf("%s/lock", options->runtime_directory), "fds", files->names);
    char *line = NULL;

    if (!request || !machine || json_object_update(request, machine) < 0)
        return NULL;
    if (files->evidence >= 0 && set_judgement(request, order, config) < 0)
        return NULL;
    _cleanup_free_ char *text = json_text(request);
    return !text || asprintf(&line, "%s\n", text) < 0 ? NULL : line;
}

static int run_worker(const SealOrder *order, ByteView line, const Files *files,
                      const char *program, uint64_t *ret_version)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    WorkerOrder worker = {
        .program = program, .verb = "seal", .line = line, .n_fds = files->n_fds
    };

    memcpy(worker.fds, files->fds, sizeof(files->fds));
    int r = worker_run_order(&worker, &answer);
    if (r != WORKER_RUN_OK)
        return worker_run_refuse(program, r);

    int exit_class = complain_of_findings(&answer.findings);
    if (answer.result == ANSWER_OK && answer.secret_name &&
        strcmp(answer.secret_name, order->name) == 0) {
        *ret_version = answer.secret_version;
        return 0;
    }
    return exit_class != 0 ? exit_class : EXIT_CLASS_INTERNAL;
}

int seal_order_run(const SealOrder *order, const Config *config, const Options *options,
                   uint64_t *ret_version)
{
    _cleanup_(files_done)
        Files files = { .names = json_array(), .evidence = -EBADF, .owner = -EBADF };
    const char *worker = options->worker ? options->worker : ATTESTD_WORKER;
    json_auto_t *bind = NULL;

    int r = bind_values_collect(order->gate, order->evidence, &bind);
    if (r == 0)
        r = open_files(order, config, options, &files);
    if (r != 0)
        return r;
    r = make_store(config->secrets.directory);
    if (r < 0)
        return complain_of_failure("secret-store-unusable", config->secrets.directory, r);
    r = files.names ? add_files(&files, order->secret_fd) : -ENOMEM;
    if (r < 0)
        return complain_of_errno(r, order->name);
    _cleanup_free_ char *line = make_request(order, bind, &files, config, options);
    if (!line)
        return complain_of_errno(-ENOMEM, order->name);
    return run_worker(order, view_of_string(line), &files, worker, ret_version);
}
