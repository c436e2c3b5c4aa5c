/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is what attestd is told usable, and who could tell it otherwise?
 */
#include "ctl/doctor-user.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define OTHERS_WRITE 022

/* What is wrong with a file of trust is a line of its own. */
static bool is_of_trust(const Finding *finding)
{
    static const char *const names[] = { "config-trust-invalid", "config-keys-invalid",
                                         "config-ca-invalid" };

    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        if (strcmp(finding->name, names[i]) == 0)
            return true;
    return false;
}

/* Who is neither root nor attestd cannot tell what attestd may read. */
static bool is_for_others(const Doctor *doctor, const Finding *finding)
{
    return !doctor->user.may_act && strcmp(finding->name, "config-path-unreadable") == 0 &&
           strstr(finding->found, strerror(EACCES));
}

static int sort(Doctor *doctor, const Findings *found, Check *check)
{
    for (size_t i = 0; i < found->n_items; i++) {
        const Finding *finding = &found->items[i];
        Findings *where = is_of_trust(finding) ? &doctor->trust : &check->findings;
        if (is_for_others(doctor, finding))
            continue;
        int r = findings_add(where, finding->name, finding->subject, FINDING_FAILURE,
                             finding->found, finding->wanted);
        if (r < 0)
            return r;
    }
    return 0;
}

int doctor_config(Doctor *doctor, Check *check)
{
    const Options *options = doctor->options;
    _cleanup_findings_ Findings found = { .source = "agent" };

    /* Without the user's eyes, too: what comes behind needs it. */
    int entered = doctor_user_enter(&doctor->user);
    int r = config_load_anyway(options->config ? options->config : CONFIG_PATH_DEFAULT, &found,
                               &doctor->config);
    if (entered == 0)
        doctor_user_leave(&doctor->user);
    if (r >= 0)
        r = sort(doctor, &found, check);
    if (r < 0)
        return r;
    const VerifierConfig *verifier = doctor->config->verifier;
    doctor->is_config_good = verifier && check->findings.n_items == 0 && doctor->trust.n_items == 0;
    if (check->findings.n_items > 0 || !verifier)
        return 0;
    if (entered < 0)
        return check_skip(check, "cannot look as user %s: %s", doctor->user.name,
                          strerror(-entered));
    return check_say(check, "%zu file%s, verifier %s at %s", doctor->config->files.n_items,
                     doctor->config->files.n_items == 1 ? "" : "s", verifier->name,
                     verifier->urls.n_items > 0 ? verifier->urls.items[0] : "no URL");
}

/* In PATH's own directory a file could be put in its place. */
static int judge_writable(const char *path, bool is_directory, Check *check)
{
    struct stat st;
    char found[96];

    if (stat(path, &st) < 0)
        return 0; /* said by the configuration's own check */
    bool is_sticky = is_directory && (st.st_mode & S_ISVTX);
    bool is_ours = st.st_uid == 0 || (st.st_uid == geteuid() && st.st_uid == getuid());
    if (is_ours && (is_sticky || !(st.st_mode & OTHERS_WRITE)))
        return 0;
    (void)snprintf(found, sizeof(found), "%s of user %u, mode %04o",
                   is_directory ? "a directory" : "a file", (unsigned)st.st_uid,
                   (unsigned)(st.st_mode & 07777));
    return doctor_no(check, "trust-file-writable", path, found, "root's, and only root may write");
}

static int judge_file(const char *path, Check *check)
{
    if (!path)
        return 0;
    _cleanup_free_ char *directory = strdup(path);
    if (!directory)
        return -ENOMEM;
    char *slash = strrchr(directory, '/');
    if (slash)
        slash[slash == directory ? 1 : 0] = 0;
    int r = judge_writable(path, false, check);
    return r < 0 || !slash ? r : judge_writable(directory, true, check);
}

int doctor_trust(Doctor *doctor, Check *check)
{
    const Config *config = doctor->config;
    const VerifierConfig *verifier = config->verifier;

    int r = findings_move(&check->findings, &doctor->trust);
    for (size_t i = 0; i < config->files.n_items && r == 0; i++)
        r = judge_file(config->files.items[i], check);
    if (r < 0 || !verifier)
        return r < 0 || check->findings.n_items > 0 ? r : check_skip(check, "no verifier is named");
    if (r == 0)
        r = judge_file(verifier->trust, check);
    if (r == 0)
        r = judge_file(verifier->keys, check);
    if (r == 0)
        r = judge_file(verifier->ca_certificates, check);
    if (r < 0)
        return r;
    size_t n_keys = json_array_size(json_object_get(verifier->token_keys, "keys"));
    if (!verifier->token_keys)
        return check_say(check, "token keys as published at %s, TLS by %s",
                         verifier->issuer ? verifier->issuer : "nobody",
                         verifier->ca_pem ? "a CA of its own" : "the CAs of this system");
    return check_say(check, "%zu token key%s of %s, TLS by %s", n_keys, n_keys == 1 ? "" : "s",
                     verifier->issuer ? verifier->issuer : "nobody",
                     verifier->ca_pem ? "a CA of its own" : "the CAs of this system");
}
