/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The counter first, by the worker: while the file is there, it can be tried again.
 */
#include "ctl/secret-remove.h"

#include "config/config-request.h"
#include "ctl/complain.h"
#include "ctl/owner-file.h"
#include "ctl/secret-find.h"
#include "ctl/settings.h"
#include "ctl/worker-run.h"
#include "format/catalog.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The request as one line, owned; NULL when out of memory. */
static char *make_request(const char *name, bool has_owner, const Config *config,
                          const Options *options)
{
    json_auto_t *request = json_pack("{ss ss so so}", "verb", "forget", "name", name, "evidence",
                                     config_evidence_request(&config->evidence), "lock_directory",
                                     json_sprintf("%s/lock", options->runtime_directory));

    if (has_owner &&
        json_object_set_new(request, "fds", json_pack("[s]", "owner-authorization")) < 0)
        return NULL;
    _cleanup_free_ char *text = request ? json_text(request) : NULL;
    char *line = NULL;

    return !text || asprintf(&line, "%s\n", text) < 0 ? NULL : line;
}

/* Has the worker remove the counter of NAME. 0, else an exit class with its complaint. */
static int forget(const char *name, const Options *options)
{
    const char *worker = options->worker ? options->worker : ATTESTD_WORKER;
    _cleanup_(config_freep) Config *config = NULL;
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;

    int r = settings_load(options, &config);
    if (r != 0)
        return r;
    _cleanup_close_ int owner = -EBADF;
    r = owner_file_open(config, &owner);
    if (r != 0)
        return r;
    _cleanup_free_ char *line = make_request(name, owner >= 0, config, options);
    if (!line)
        return complain_of_errno(-ENOMEM, name);
    r = worker_run(worker, "forget", view_of_string(line), owner, &answer);
    if (r != WORKER_RUN_OK)
        return worker_run_refuse(worker, r);
    r = complain_of_findings(&answer.findings);
    return r != 0 || answer.result == ANSWER_OK ? r : EXIT_CLASS_INTERNAL;
}

/* What stays behind, and how to be rid of it. HEADER: NULL when the file cannot be read. */
static void tell_of_counter(const char *name, const SecretHeader *header, bool is_forced)
{
    char where[64] = "perhaps, at an NV index from 0x01800a00 to 0x01800afe", index[16] = "INDEX";

    if (header) {
        (void)snprintf(index, sizeof(index), "0x%08x", header->counter.index);
        (void)snprintf(where, sizeof(where), "at NV index %s", index);
    }
    (void)fprintf(stderr,
                  "attestctl: %sthe counter of secret \"%s\" stays in the TPM, %s\nRemedy: "
                  "%stpm2_nvundefine -C o %s removes it by hand (-P: the owner's password)%s.\n",
                  is_forced ? "warning: " : "", name, where,
                  is_forced ? "" : "try again with the TPM there; else ", index,
                  is_forced ? "" : ", and --force the file alone");
}

/* 0 when the file may go; else an exit class. A file that cannot be read may have a counter. */
static int drop_counter(const SecretStore *store, const char *name, const Options *options)
{
    _cleanup_secret_file_ SecretFile file = { 0 };

    int r = secret_store_load(store, name, &file);
    if (r < 0 || r == SECRET_STORE_E_ABSENT)
        return secret_find_refuse(name, r);
    bool is_readable = r == SECRET_STORE_OK;
    if (is_readable && !file.header.has_counter)
        return 0;
    r = forget(name, options);
    if (r != 0)
        tell_of_counter(name, is_readable ? &file.header : NULL, options->force);
    return options->force ? 0 : r;
}

int secret_remove(const Options *options)
{
    const char *name = options->argument;
    _cleanup_(secret_store_freep) SecretStore *store = NULL;

    if (!secret_find_name(name))
        return EXIT_CLASS_USAGE;
    int r = secret_find_store(options, &store);
    if (r != 0)
        return r;
    if (!store)
        return secret_find_refuse(name, SECRET_STORE_E_ABSENT);
    r = drop_counter(store, name, options);
    if (r != 0)
        return r;
    r = secret_store_remove(store, name);
    if (r != SECRET_STORE_OK)
        return secret_find_refuse(name, r);
    (void)printf("Secret %s is removed; a copy of its file is no longer accepted here.\n", name);
    return 0;
}

const Option secret_remove_options[] = {
    FLAG_OPTION("force", force, "though the TPM keeps its counter"),
    TEXT_OPTION("config", config, "FILE", "read FILE"),
    TEXT_OPTION("runtime-directory", runtime_directory, "DIR", "instead of /run/attestd"),
    TEXT_OPTION("worker", worker, "FILE", "instead of the installed worker"),
    { 0 },
};
