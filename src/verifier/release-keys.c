/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two names that a key can have: the present one's, and the next one's. A third keeps the key of
 * before, for the way back.
 */
#include "verifier/release-keys.h"

#include "verifier/instance.h"

#include "base/file.h"
#include "crypto/jwk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int refuse(Findings *findings, const char *path, const char *found, const char *wanted)
{
    int r = findings_add(findings, "verifier-key-unusable", path, FINDING_FAILURE, found, wanted);

    return r < 0 ? r : RELEASE_KEYS_E_INVALID;
}

static int load(const char *path, Findings *findings, Key **ret)
{
    int r = key_load(path, findings, ret);

    return r > 0 ? RELEASE_KEYS_E_INVALID : r;
}

/* In the directory of the release key; owned; NULL: out of memory. */
static char *path_beside(const VerifierConfig *config, const char *prefix, const char *name,
                         const char *suffix)
{
    const char *path = config->release_key, *slash = strrchr(path, '/');
    int length = slash ? (int)(slash - path) + 1 : 0;
    char *text = NULL;

    return asprintf(&text, "%.*s%s%s%s", length, path, prefix, name, suffix) < 0 ? NULL : text;
}

static char *next_path(const VerifierConfig *config)
{
    return path_beside(config, "", RELEASE_NEXT_NAME, "");
}

/* NEXT at PATH does one thing only, and not what is done already. */
static int judge_next(const VerifierConfig *config, const char *path, const Key *next,
                      Findings *findings)
{
    _cleanup_(key_freep) Key *present = NULL, *token = NULL;

    int r = load(config->release_key, findings, &present);
    if (r == RELEASE_KEYS_OK)
        r = load(config->token_key, findings, &token);
    if (r != RELEASE_KEYS_OK)
        return r;
    if (key_equal(next, present))
        return refuse(findings, path, "the present release key", "another key; or no such file");
    if (key_equal(next, token))
        return refuse(findings, path, "the token key", "a key that signs nothing else");
    return RELEASE_KEYS_OK;
}

int release_key_next_load(const VerifierConfig *config, Findings *findings, Key **ret)
{
    _cleanup_free_ char *path = next_path(config);
    _cleanup_(key_freep) Key *next = NULL;

    if (!path)
        return -ENOMEM;
    if (access(path, F_OK) < 0 && errno == ENOENT)
        return RELEASE_KEYS_E_ABSENT;
    int r = load(path, findings, &next);
    if (r == RELEASE_KEYS_OK)
        r = judge_next(config, path, next, findings);
    if (r == RELEASE_KEYS_OK)
        *ret = TAKE_PTR(next);
    return r;
}

int release_key_next_make(const VerifierConfig *config, Findings *findings, bool *ret)
{
    _cleanup_free_ char *path = next_path(config);
    _cleanup_(key_freep) Key *next = NULL;

    if (!path)
        return -ENOMEM;
    int r = release_key_next_load(config, findings, &next);
    bool is_absent = r == RELEASE_KEYS_E_ABSENT;
    if (is_absent)
        r = key_write(path);
    if (r == RELEASE_KEYS_OK)
        *ret = is_absent;
    return r;
}

/* A second name for the present key. It is there already where a rotation was cut off. */
static int keep_present(const VerifierConfig *config, Findings *findings)
{
    _cleanup_(key_freep) Key *present = NULL, *kept = NULL;
    _cleanup_free_ char *kid = NULL, *path = NULL;

    int r = load(config->release_key, findings, &present);
    if (r == RELEASE_KEYS_OK)
        r = jwk_thumbprint_text(present, &kid);
    if (r != RELEASE_KEYS_OK)
        return r;
    path = path_beside(config, RELEASE_OLD_PREFIX, kid, RELEASE_OLD_SUFFIX);
    if (!path)
        return -ENOMEM;
    if (link(config->release_key, path) == 0)
        return RELEASE_KEYS_OK;
    if (errno != EEXIST)
        return -errno;
    r = load(path, findings, &kept);
    if (r != RELEASE_KEYS_OK || key_equal(kept, present))
        return r;
    return refuse(findings, path, "another key", "the key that its name says; or no such file");
}

int release_key_rotate(const VerifierConfig *config, Findings *findings)
{
    _cleanup_free_ char *path = next_path(config);
    _cleanup_(key_freep) Key *next = NULL;

    if (!path)
        return -ENOMEM;
    int r = release_key_next_load(config, findings, &next);
    if (r == RELEASE_KEYS_OK)
        r = keep_present(config, findings);
    if (r != RELEASE_KEYS_OK)
        return r;
    if (rename(path, config->release_key) < 0)
        return -errno;
    return file_sync_parent(config->release_key);
}
