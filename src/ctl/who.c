/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A name may become another's while a number stays, so that the number is what is sealed.
 */
#include "ctl/who.h"

#include "ctl/complain.h"
#include "format/catalog.h"
#include "secret/secret-name.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#define USER       "user:"
#define DIGITS     "0123456789"
#define UID_DIGITS 10 /* of the largest */

/* The UID in "user:UID". */
static bool read_uid(const char *who, uid_t *ret)
{
    const char *text = who + strlen(USER);
    size_t length = strspn(text, DIGITS);

    if (strncmp(who, USER, strlen(USER)) != 0 || length == 0 || length > UID_DIGITS || text[length])
        return false;
    unsigned long long uid = strtoull(text, NULL, 10);
    *ret = (uid_t)uid;
    return uid < (uid_t)-1;
}

static int find_user(const char *name, char **ret)
{
    errno = 0;
    const struct passwd *user = getpwnam(name);
    if (!user)
        return errno == ENOMEM ? -ENOMEM : WHO_E_USER;
    return asprintf(ret, USER "%u", (unsigned)user->pw_uid) < 0 ? -ENOMEM : WHO_OK;
}

int who_parse(const char *text, char **ret)
{
    const char *name = text + strlen(USER);
    _cleanup_free_ char *who = NULL;
    int r = WHO_OK;

    if (strncmp(text, USER, strlen(USER)) == 0 && *name && name[strspn(name, DIGITS)])
        r = find_user(name, &who);
    else
        who = strdup(text);
    if (r != WHO_OK)
        return r;
    if (!who)
        return -ENOMEM;
    if (!secret_who_is_valid(who))
        return WHO_E_GRAMMAR;
    *ret = TAKE_PTR(who);
    return WHO_OK;
}

char *who_text(const char *who)
{
    const struct passwd *user = NULL;
    char *text = NULL;
    uid_t uid;

    if (read_uid(who, &uid))
        user = getpwuid(uid);
    if (!user)
        return strdup(who);
    return asprintf(&text, USER "%s", user->pw_name) < 0 ? NULL : text;
}

static int refuse(const char *text, int reason)
{
    if (reason < 0)
        return complain_of_errno(reason, text);
    if (reason == WHO_E_USER)
        return complain_of_usage("see getent passwd, or give the number: user:UID",
                                 "there is no user \"%s\"", text + strlen(USER));
    return complain_of_usage("write unit:NAME.service, unit:NAME@*.service for all instances, "
                             "volume:NAME or user:NAME",
                             "\"%s\" names nobody who asks for secrets", text);
}

int who_of_options(const Options *options, json_t **ret)
{
    json_auto_t *list = json_array();

    for (size_t i = 0; list && i < options->who.n_items; i++) {
        _cleanup_free_ char *who = NULL;
        int r = who_parse(options->who.items[i], &who);
        if (r != WHO_OK)
            return refuse(options->who.items[i], r);
        if (json_array_append_new(list, json_string(who)) < 0)
            return complain_of_errno(-ENOMEM, who);
    }
    if (!list)
        return complain_of_errno(-ENOMEM, "--for");
    *ret = TAKE_PTR(list);
    return 0;
}

json_t *who_of_header(const SecretHeader *header)
{
    json_auto_t *list = json_array();

    for (size_t i = 0; list && i < header->n_who; i++)
        if (json_array_append_new(list, json_string(header->who[i])) < 0)
            return NULL;
    return TAKE_PTR(list);
}
