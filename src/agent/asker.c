/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A strict grammar: what systemd 247 to 252 was seen to write, and nothing else.
 */
#include "agent/asker.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define DIGITS       "0123456789"
#define LETTERS      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define UNIT_CHARS   DIGITS LETTERS ":-_.\\@" /* VALID_CHARS_WITH_AT of systemd */
#define SECRET_CHARS DIGITS LETTERS "._-"
#define HEX_DIGITS   "0123456789abcdef"
#define HEX_LIMIT    16 /* 64 random bits, without leading zeros */
#define SUFFIX       ".service"

const char *asker_reason(int reason)
{
    static const char *const reasons[] = {
        [ASKER_OK] = "ok",
        [ASKER_E_FAMILY] = "no abstract name",
        [ASKER_E_GRAMMAR] = "not a name that systemd gives",
        [ASKER_E_NAME] = "no name of a service, volume or secret",
        [ASKER_E_NOT_ROOT] = "not root",
    };

    if (reason < 0 || (size_t)reason >= ELEMENTSOF(reasons))
        return "unknown";
    return reasons[reason];
}

/* As the release worker and the file system take it. */
bool asker_secret_is_valid(const char *name)
{
    size_t length = strspn(name, SECRET_CHARS);

    return length > 0 && length <= ASKER_SECRET_LIMIT && name[length] == 0 &&
           strchr(DIGITS LETTERS, name[0]);
}

/* NAME.service or NAME@INSTANCE.service; never a template. */
static bool is_service_name(const char *unit)
{
    size_t length = strlen(unit), end = strlen(SUFFIX);

    if (length > ASKER_NAME_LIMIT || length <= end || strspn(unit, UNIT_CHARS) != length ||
        strcmp(unit + length - end, SUFFIX) != 0)
        return false;
    const char *at = strchr(unit, '@');
    return unit[0] != '@' && (!at || at + 1 < unit + length - end);
}

/* "UNIT/ID" */
static int parse_unit(char *rest, Asker *asker)
{
    char *slash = strchr(rest, '/');

    if (!slash || strchr(slash + 1, '/'))
        return ASKER_E_GRAMMAR;
    *slash = 0;
    if (!is_service_name(rest) || !asker_secret_is_valid(slash + 1))
        return ASKER_E_NAME;
    asker->kind = ASKER_UNIT;
    (void)snprintf(asker->text, sizeof(asker->text), ASKER_UNIT_PREFIX "%s", rest);
    (void)snprintf(asker->secret, sizeof(asker->secret), "%s", slash + 1);
    return ASKER_OK;
}

/* "VOLUME" */
static int parse_volume(const char *rest, Asker *asker)
{
    if (!asker_secret_is_valid(rest))
        return ASKER_E_NAME;
    asker->kind = ASKER_VOLUME;
    (void)snprintf(asker->text, sizeof(asker->text), ASKER_VOLUME_PREFIX "%s", rest);
    (void)snprintf(asker->secret, sizeof(asker->secret), "%s", rest);
    return ASKER_OK;
}

/* The rest of TEXT behind WORD; NULL when it does not begin so. */
static char *behind(char *text, const char *word)
{
    return strncmp(text, word, strlen(word)) == 0 ? text + strlen(word) : NULL;
}

int asker_parse(ByteView name, Asker *ret)
{
    char text[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];
    Asker asker = { 0 };

    if (name.size >= sizeof(text) || memchr(name.data, 0, name.size))
        return ASKER_E_GRAMMAR;
    memcpy(text, name.data, name.size);
    text[name.size] = 0;

    size_t n_digits = strspn(text, HEX_DIGITS);
    if (n_digits == 0 || n_digits > HEX_LIMIT)
        return ASKER_E_GRAMMAR;
    char *unit = behind(text + n_digits, "/unit/");
    char *volume = behind(text + n_digits, "/cryptsetup/");
    int r = ASKER_E_GRAMMAR;
    if (unit)
        r = parse_unit(unit, &asker);
    else if (volume)
        r = parse_volume(volume, &asker);
    if (r == ASKER_OK)
        *ret = asker;
    return r;
}

Asker asker_of_user(uid_t uid, const char *secret)
{
    Asker asker = { .kind = ASKER_USER };

    (void)snprintf(asker.text, sizeof(asker.text), ASKER_USER_PREFIX "%u", (unsigned)uid);
    (void)snprintf(asker.secret, sizeof(asker.secret), "%s", secret);
    return asker;
}

static int check_root(int socket)
{
    struct ucred ucred;
    socklen_t size = sizeof(ucred);

    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &ucred, &size) < 0)
        return -errno;
    return size == sizeof(ucred) && ucred.uid == 0 ? ASKER_OK : ASKER_E_NOT_ROOT;
}

int asker_identify(int socket, Asker *ret)
{
    const size_t begin = offsetof(struct sockaddr_un, sun_path);
    struct sockaddr_un address = { 0 };
    socklen_t size = sizeof(address);

    int r = check_root(socket);
    if (r)
        return r;
    if (getpeername(socket, (struct sockaddr *)&address, &size) < 0)
        return -errno;
    if (address.sun_family != AF_UNIX || size <= begin + 1 || size > sizeof(address) ||
        address.sun_path[0] != 0)
        return ASKER_E_FAMILY;
    ByteView name = { .data = (const uint8_t *)address.sun_path + 1, .size = size - begin - 1 };
    return asker_parse(name, ret);
}
