/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Effective ids for a while, and back.
 */
#include "ctl/doctor-user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define USER_DEFAULT            "attestd"
#define STATE_DIRECTORY_DEFAULT "/var/lib/attestd"

static void fill(const struct passwd *entry, DoctorUser *user)
{
    user->is_known = true;
    user->ids.uid = entry->pw_uid;
    user->ids.gid = entry->pw_gid;
    user->ids.n_groups = WORKER_RUN_GROUPS;
    (void)snprintf(user->name, sizeof(user->name), "%s", entry->pw_name);
    if (getgrouplist(entry->pw_name, entry->pw_gid, user->ids.groups, &user->ids.n_groups) < 0)
        user->ids.n_groups = WORKER_RUN_GROUPS; /* more than that: those that fit */
}

/* A number that no user has still owns files. */
static void fill_number(uid_t uid, gid_t gid, DoctorUser *user)
{
    user->is_known = true;
    user->ids.uid = uid;
    user->ids.gid = gid;
    (void)snprintf(user->name, sizeof(user->name), "%u", (unsigned)uid);
}

int doctor_user_find(const char *state_directory, DoctorUser *ret)
{
    DoctorUser user = { .is_known = false };
    const struct passwd *entry;
    struct stat st;
    uid_t own = geteuid();

    bool is_there = stat(state_directory, &st) == 0;
    /* A directory that root made by hand does not make us look as root. */
    if (is_there && st.st_uid == 0 && strcmp(state_directory, STATE_DIRECTORY_DEFAULT) == 0)
        is_there = !getpwnam(USER_DEFAULT);
    errno = 0;
    entry = is_there ? getpwuid(st.st_uid) : getpwnam(USER_DEFAULT);
    if (!entry && errno == ENOMEM)
        return -ENOMEM;
    if (entry)
        fill(entry, &user);
    else if (is_there)
        fill_number(st.st_uid, st.st_gid, &user);
    user.may_act = user.is_known && (own == 0 || own == user.ids.uid);
    user.is_another = user.is_known && own == 0 && user.ids.uid != 0;
    *ret = user;
    return 0;
}

int doctor_user_enter(const DoctorUser *user)
{
    if (!user->is_another)
        return 0;
    /* Root of a container may lack the right to any of it. */
    if (setgroups((size_t)user->ids.n_groups, user->ids.groups) < 0)
        return -errno;
    if (setegid(user->ids.gid) < 0 || seteuid(user->ids.uid) < 0) {
        int r = -errno;
        doctor_user_leave(user);
        return r;
    }
    return 0;
}

void doctor_user_leave(const DoctorUser *user)
{
    if (!user->is_another)
        return;
    if (seteuid(0) < 0 || setegid(getgid()) < 0 || setgroups(0, NULL) < 0)
        abort();
}
