/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grammar of names, and the one comparison that grants.
 */
#include "secret/secret-name.h"

#include <string.h>

#define DIGITS       "0123456789"
#define LETTERS      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define UNIT_CHARS   DIGITS LETTERS ":-_.\\" /* VALID_CHARS of systemd, without '@' */
#define SUFFIX       ".service"
#define ANY_INSTANCE "*"
#define UID_DIGITS   10
#define UID_MAX      (UINT32_MAX - 1) /* the last one means "none" (uid_t -1) */

bool secret_name_is_valid(const char *name)
{
    size_t length = strspn(name, DIGITS LETTERS "._-");

    return length > 0 && length <= SECRET_NAME_LIMIT && name[length] == 0 &&
           strchr(DIGITS LETTERS, name[0]);
}

/* A unit's name in its parts; views into the text. */
typedef struct UnitName {
    const char *prefix; /* before '@', or before the suffix */
    size_t prefix_size;
    const char *instance; /* NULL: has none */
    size_t instance_size;
} UnitName;

/* "unit:PREFIX[@INSTANCE].service" */
static bool split(const char *text, UnitName *ret)
{
    if (strncmp(text, SECRET_UNIT, strlen(SECRET_UNIT)) != 0)
        return false;
    const char *unit = text + strlen(SECRET_UNIT);
    size_t size = strlen(unit);
    if (size > SECRET_UNIT_LIMIT || size <= strlen(SUFFIX) ||
        strcmp(unit + size - strlen(SUFFIX), SUFFIX) != 0)
        return false;
    size -= strlen(SUFFIX);

    UnitName name = { .prefix = unit, .prefix_size = size };
    const char *at = memchr(unit, '@', size);
    if (at) {
        name.prefix_size = (size_t)(at - unit);
        name.instance = at + 1;
        name.instance_size = size - name.prefix_size - 1;
    }
    *ret = name;
    return name.prefix_size > 0 && strspn(unit, UNIT_CHARS) >= name.prefix_size;
}

/* An instance may hold further '@' (INSTANCE of systemd.unit(5)). */
static bool instance_is_plain(const UnitName *name)
{
    return name->instance_size > 0 && strspn(name->instance, UNIT_CHARS "@") >= name->instance_size;
}

static bool instance_is_any(const UnitName *name)
{
    return name->instance && name->instance_size == strlen(ANY_INSTANCE) &&
           strncmp(name->instance, ANY_INSTANCE, name->instance_size) == 0;
}

/* What stands behind PREFIX; NULL when TEXT does not begin so. */
static const char *behind(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0 ? text + strlen(prefix) : NULL;
}

static bool is_uid(const char *text)
{
    size_t length = strspn(text, DIGITS);
    uint64_t uid = 0;

    if (length == 0 || length > UID_DIGITS || text[length] != 0 || (text[0] == '0' && length > 1))
        return false;
    for (size_t i = 0; i < length; i++)
        uid = uid * 10 + (uint64_t)(text[i] - '0');
    return uid <= UID_MAX;
}

/* A volume or a user: they have no wildcards, so that who may ask is who asks. */
static bool is_plain(const char *text)
{
    const char *volume = behind(text, SECRET_VOLUME);
    const char *user = behind(text, SECRET_USER);

    return volume ? secret_name_is_valid(volume) : user && is_uid(user);
}

bool secret_asker_is_valid(const char *asker)
{
    UnitName name;

    if (split(asker, &name))
        return !name.instance || instance_is_plain(&name);
    return is_plain(asker);
}

bool secret_who_is_valid(const char *who)
{
    UnitName name;

    if (split(who, &name))
        return !name.instance || instance_is_any(&name) || instance_is_plain(&name);
    return is_plain(who);
}

bool secret_who_names(const char *who, const char *asker)
{
    UnitName wanted, given;

    if (!secret_who_is_valid(who) || !secret_asker_is_valid(asker))
        return false;
    if (strcmp(who, asker) == 0)
        return true;
    return split(who, &wanted) && split(asker, &given) && instance_is_any(&wanted) &&
           given.instance && wanted.prefix_size == given.prefix_size &&
           memcmp(wanted.prefix, given.prefix, wanted.prefix_size) == 0;
}
