/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory of configuration files for one test.
 */
#pragma once

#include "config/config.h"
#include "testing.h"

#include <dirent.h>
#include <stdarg.h>
#include <sys/stat.h>

/* A public P-256 key by its looks, with MORE members. */
#define COORDINATE "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""
#define REWRAP_KEY(more)                                                                           \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":" COORDINATE ",\"y\":" COORDINATE "," more "}"

/* What attest-verifier writes, with a key of the right shape. */
#define TRUST                                                                                      \
    "{\"attestd_trust\":1,\"verifier_id\":\"trusted-verifier\",\"urls\":[\"https://"               \
    "t.example:8443\"],"                                                                           \
    "\"ca_pem\":\"-----BEGIN CERTIFICATE-----\\nAA==\\n-----END CERTIFICATE-----\\n\","            \
    "\"issuer\":\"trusted-issuer\",\"audience\":\"attestd\",\"algorithms\":[\"ES256\"],"           \
    "\"token_keys\":{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}]},"    \
    "\"release_key\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"},"                \
    "\"rewrap_key\":" REWRAP_KEY("\"kid\":\"k\",\"use\":\"enc\"") "}"

typedef struct Files {
    char directory[64];
} Files;

static inline Files files_new(void)
{
    Files files = { .directory = "/tmp/attestd-config-XXXXXX" };

    check(mkdtemp(files.directory));
    return files;
}

static inline void files_write_bytes(const Files *files, const char *name, const char *data,
                                     size_t size)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s", files->directory, name);
    ByteView view = { .data = (const uint8_t *)data, .size = size };
    check(file_write_atomic(path, view, 0644) == 0);
}

static inline void files_write(const Files *files, const char *name, const char *text)
{
    files_write_bytes(files, name, text, strlen(text));
}

static inline void _printf_(3, 4)
    files_writef(const Files *files, const char *name, const char *format, ...)
{
    char text[8192];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    files_write(files, name, text);
}

static inline void files_mkdir(const Files *files, const char *name)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s", files->directory, name);
    check(mkdir(path, 0755) == 0);
}

/* attestd.conf with the drop-ins of etc, run and usr, as far as they exist. */
static inline int files_load(const Files *files, Findings *findings, Config **ret)
{
    char path[512], etc[512], run[512], usr[512];
    const char *directories[] = { etc, run, usr };

    (void)snprintf(path, sizeof(path), "%s/attestd.conf", files->directory);
    (void)snprintf(etc, sizeof(etc), "%s/etc", files->directory);
    (void)snprintf(run, sizeof(run), "%s/run", files->directory);
    (void)snprintf(usr, sizeof(usr), "%s/usr", files->directory);
    return config_load_from(path, directories, ELEMENTSOF(directories), findings, ret);
}

static inline Config *files_load_good(const Files *files)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };
    Config *config = NULL;

    int r = files_load(files, &findings, &config);
    for (size_t i = 0; i < findings.n_items; i++)
        (void)fprintf(stderr, "%s: %s: %s\n", findings.items[i].subject, findings.items[i].name,
                      findings.items[i].found);
    check_int(r, CONFIG_OK);
    return config;
}

static inline void remove_tree(const char *path)
{
    DIR *dir = opendir(path);

    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char child[1024];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(child, sizeof(child), "%s/%s", path, entry->d_name);
        if (entry->d_type == DT_DIR)
            remove_tree(child);
        else
            (void)unlink(child);
    }
    if (dir)
        (void)closedir(dir);
    (void)rmdir(path);
}

static inline void files_done(Files *files)
{
    remove_tree(files->directory);
}
