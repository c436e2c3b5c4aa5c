/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request to attest-release, and its answer in words.
 */
#include "ctl/seal-order.h"

#include "config/config-request.h"
#include "ctl/bind-values.h"
#include "ctl/complain.h"
#include "ctl/gate-directory.h"
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

/* The request as one line, owned; NULL when out of memory. BIND may be NULL. */
static char *make_request(const SealOrder *order, json_t *bind, const Config *config,
                          const Options *options)
{
    json_auto_t *request =
        json_pack("{ss ss so sO ss ss sb sO* sO* sb sb}", "verb", "seal", "name", order->name,
                  "gate", gate_file_to_json(order->gate), "who", order->who, "on_loss",
                  on_loss_name(order->on_loss), "on_change", on_change_name(order->on_change),
                  "rollback_counter", order->rollback_counter ? 1 : 0, "bind", bind, "pcr_values",
                  order->pcr_values, "accept_host_tpm", options->accept_host_tpm ? 1 : 0,
                  "accept_unchecked_vtpm", options->accept_unchecked_vtpm ? 1 : 0);
    json_auto_t *machine =
        json_pack("{so ss so s[s]}", "evidence", config_evidence_request(&config->evidence),
                  "secrets_directory", config->secrets.directory, "lock_directory",
                  json_sprintf("%s/lock", options->runtime_directory), "fds", "secret");
    char *line = NULL;

    if (!request || !machine || json_object_update(request, machine) < 0)
        return NULL;
    _cleanup_free_ char *text = json_text(request);
    return !text || asprintf(&line, "%s\n", text) < 0 ? NULL : line;
}

static int run_worker(const SealOrder *order, ByteView line, const char *worker,
                      uint64_t *ret_version)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;

    int r = worker_run(worker, "seal", line, order->secret_fd, &answer);
    if (r != WORKER_RUN_OK)
        return worker_run_refuse(worker, r);

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
    json_auto_t *bind = NULL;

    int r = bind_values_collect(order->gate, &bind);
    if (r != 0)
        return r;
    r = make_store(config->secrets.directory);
    if (r < 0)
        return complain_of_failure("secret-store-unusable", config->secrets.directory, r);
    _cleanup_free_ char *line = make_request(order, bind, config, options);
    if (!line)
        return complain_of_errno(-ENOMEM, order->name);
    return run_worker(order, view_of_string(line),
                      options->worker ? options->worker : ATTESTD_WORKER, ret_version);
}
