/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One JSON object. What is damaged counts as absent: the next trusted round writes it anew.
 */
#include "config/key-record.h"

#include "base/file.h"
#include "format/worker-answer-tpm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define RECORD_MAX     4096 /* bytes of the file */
#define RECORD_VERSION 1

void key_record_done(KeyRecord *record)
{
    free(record->boot_id);
    free(record->tpm);
    *record = (KeyRecord){ 0 };
}

static char *path_in(const char *state_directory)
{
    char *path;

    return asprintf(&path, "%s/" KEY_RECORD_FILE, state_directory) < 0 ? NULL : path;
}

/* Root reads it too, and the directory is the user attestd's: no link, nothing that can block. */
static int read_file(const char *path, Bytes *ret)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    return S_ISREG(st.st_mode) ? fd_read_all(fd, RECORD_MAX, ret) : -ELOOP;
}

int key_record_parse(ByteView text, KeyRecord *ret)
{
    _cleanup_key_record_ KeyRecord record = { 0 };
    const char *boot_id, *tpm, *name;
    json_auto_t *object = NULL;
    uint64_t version = 0;

    int r = json_parse(text, RECORD_MAX, &object);
    if (r < 0)
        return r;
    if (r > 0 || json_get_u64(object, "attestd_key", &version) || version != RECORD_VERSION ||
        json_get_string(object, "boot_id", &boot_id) || json_get_string(object, "tpm", &tpm) ||
        json_get_string(object, "name", &name) || !answer_tpm_name_is_valid(name))
        return KEY_RECORD_E_NONE;
    record.boot_id = strdup(boot_id);
    record.tpm = strdup(tpm);
    if (!record.boot_id || !record.tpm)
        return -ENOMEM;
    (void)snprintf(record.name, sizeof(record.name), "%s", name);
    *ret = TAKE_STRUCT(record);
    return KEY_RECORD_OK;
}

int key_record_read(const char *state_directory, KeyRecord *ret)
{
    _cleanup_free_ char *path = path_in(state_directory);
    _cleanup_bytes_ Bytes text = { 0 };

    if (!path)
        return -ENOMEM;
    int r = read_file(path, &text);
    if (r < 0)
        return r == -ENOMEM ? r : KEY_RECORD_E_NONE;
    return key_record_parse(VIEW(text), ret);
}

char *key_record_text(const KeyRecord *record)
{
    json_auto_t *object = json_pack("{si ss ss ss}", "attestd_key", RECORD_VERSION, "boot_id",
                                    record->boot_id, "tpm", record->tpm, "name", record->name);

    return object ? json_text(object) : NULL;
}

int key_record_write(const char *state_directory, const KeyRecord *record)
{
    _cleanup_free_ char *path = path_in(state_directory);
    _cleanup_free_ char *text = key_record_text(record);

    if (!path || !text)
        return -ENOMEM;
    return file_write_atomic(path, view_of_string(text), 0600);
}
