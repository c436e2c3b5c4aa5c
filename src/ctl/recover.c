/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl recover: a secret out of its file and an offline key, when TPM, machine or verifier are
 * gone. Asks nobody: no TPM, no attestd, no network.
 */
#include "base/file.h"
#include "crypto/jwk.h"
#include "ctl/complain.h"
#include "ctl/input-file.h"
#include "ctl/input.h"
#include "ctl/output.h"
#include "ctl/private-key.h"
#include "ctl/secret-find.h"
#include "ctl/secret-reveal.h"
#include "ctl/verb.h"
#include "format/catalog.h"
#include "secret/recovery.h"
#include "secret/secret-cipher.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REMEDY_NAME "give the NAME of a secret that is stored here, or --file=FILE"

/* 0, else an exit class. */
static int check_options(const Options *options)
{
    const char *name = options->n_arguments > 0 ? options->arguments[0] : NULL;

    if (options->n_arguments > 1)
        return complain_of_usage(REMEDY_NAME, "one secret is recovered at a time");
    if (!name && !options->file)
        return complain_of_usage(REMEDY_NAME, "nothing says which secret");
    if (name && options->file)
        return complain_of_usage("leave one out", "both a NAME and --file= say which secret");
    if (options->file && strcmp(options->file, "-") == 0 && strcmp(options->key, "-") == 0)
        return complain_of_usage("write one of them to a file",
                                 "only one input can come from standard input");
    return name && !secret_find_name(name) ? EXIT_CLASS_USAGE : 0;
}

/* A copy from a backup, of any name: what is authentic in it says its own. */
static int read_copy(const char *path, SecretFile *ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    InputFileError error;
    const char *member = NULL;

    int r = input_file_read(path, &bytes, &error);
    if (r < 0)
        return complain_of_errno(r, path);
    if (r > 0)
        return complain(error.name, path, error.found);
    r = secret_file_parse(VIEW(bytes), ret, &member);
    if (r < 0)
        return complain_of_errno(r, path);
    if (r == SECRET_FILE_E_GATE_KIND)
        return complain("secret-gate-unknown", path, NULL);
    return r > 0 ? complain("secret-file-malformed", path, secret_file_reason(r)) : 0;
}

static int read_secret(const Options *options, SecretFile *ret)
{
    _cleanup_(secret_store_freep) SecretStore *store = NULL;

    if (options->file)
        return read_copy(options->file, ret);
    int r = secret_find_store(options, &store);
    return r == 0 ? secret_find(store, options->arguments[0], ret) : r;
}

/* Which key was tried is worth saying: there may be several. */
static int refuse_key(const Key *key, const char *name, int reason)
{
    _cleanup_free_ char *thumbprint = NULL;

    if (reason == RECOVERY_E_OTHER && jwk_thumbprint_text(key, &thumbprint) < 0)
        return complain_of_errno(-ENOMEM, name);
    return complain(recovery_finding(reason), name, thumbprint);
}

/* 0, else an exit class. */
static int open_file(const Key *key, SecretFile *file, OpenedSecret *ret)
{
    _cleanup_(secret_freep) Secret *data_key = NULL;
    _cleanup_free_ char *name = strdup(file->header.name);

    if (!name)
        return complain_of_errno(-ENOMEM, "recover");
    int r = recovery_open(key, file, &data_key);
    if (r < 0)
        return complain_of_errno(r, name);
    if (r != RECOVERY_OK)
        return refuse_key(key, name, r);
    r = secret_decrypt(file, data_key, ret);
    if (r < 0)
        return complain_of_errno(r, name);
    return r != SECRET_CIPHER_OK ? complain("secret-tampered", name, NULL) : 0;
}

static int write_out(const Options *options, const OpenedSecret *secret)
{
    int r = options->out ? file_write_atomic(options->out, VIEW(secret->bytes), 0600)
                         : secret_write(VIEW(secret->bytes));

    if (r < 0)
        return complain_of_errno(r, options->out ? options->out : "standard output");
    (void)fprintf(stderr, "Recovered %s, version %llu.\n", secret->header.name,
                  (unsigned long long)secret->header.version);
    return 0;
}

static int run(const Options *options)
{
    _cleanup_(key_freep) Key *key = NULL;
    _cleanup_secret_file_ SecretFile file = { 0 };
    _cleanup_opened_secret_ OpenedSecret secret = { 0 };

    secret_hide_memory();
    int r = check_options(options);
    if (r == 0)
        r = read_secret(options, &file);
    if (r == 0)
        r = private_key_read(options->key, &key);
    if (r == 0)
        r = open_file(key, &file, &secret);
    return r == 0 ? write_out(options, &secret) : r;
}

static const Option recover_options[] = {
    FILE_OPTION("key", key, /* item= */ 0, NEEDED, "the private key to the gate's --recovery-key"),
    TEXT_OPTION("file", file, "FILE", "a copy of a secret's file, instead of NAME"),
    TEXT_OPTION("out", out, "FILE", "write FILE, mode 0600"),
    TEXT_OPTION("config", config, "FILE", "read FILE"),
    { 0 },
};

const Verb verb_recover[] = {
    { .name = "recover",
      .argument = "[NAME]",
      .takes_any_number = true,
      .help = "a secret by its offline key, without the TPM",
      .run = run,
      .options = recover_options },
    { 0 },
};
