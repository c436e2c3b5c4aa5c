/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that systemd gives to its connections, and what looks like one.
 */
#include "agent/asker.h"
#include "secret/secret-name.h"
#include "testing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define NAME(text) ((ByteView){ .data = (const uint8_t *)(text), .size = sizeof(text) - 1 })

static void names_of_units_and_volumes_are_read(void)
{
    static const struct {
        const char *name;
        AskerKind kind;
        const char *text;
        const char *secret;
    } good[] = {
        { "8f2c53ef1b6a90de/unit/db.service/db-password", ASKER_UNIT, "unit:db.service",
          "db-password" },
        { "f/unit/a.service/k", ASKER_UNIT, "unit:a.service", "k" },
        { "0123456789abcdef/unit/t-inst@x\\x2dy.service/a.b_c-d", ASKER_UNIT,
          "unit:t-inst@x\\x2dy.service", "a.b_c-d" },
        { "1/unit/a:b@c@d.service/0", ASKER_UNIT, "unit:a:b@c@d.service", "0" },
        { "1/cryptsetup/with-dash_x.y", ASKER_VOLUME, "volume:with-dash_x.y", "with-dash_x.y" },
        { "1/cryptsetup/unit", ASKER_VOLUME, "volume:unit", "unit" },
    };

    for (size_t i = 0; i < ELEMENTSOF(good); i++) {
        Asker asker = { 0 };
        check_int(asker_parse(view_of_string(good[i].name), &asker), ASKER_OK);
        check_int(asker.kind, good[i].kind);
        check_str(asker.text, good[i].text);
        check_str(asker.secret, good[i].secret);
    }
}

/* One name that nobody has would fail the whole batch it is in. */
static void what_is_let_in_is_good_enough_for_the_release_worker(void)
{
    static const char *const units[] = { "a.service",  "a@b.service",   "a@.service",
                                         "@b.service", "a@b@c.service", ".service",
                                         "a.socket",   "a@@.service",   "a b.service",
                                         "a*.service", "a@*.service" };
    static const char *const secrets[] = { "a", "-a", ".a", "_a", "A9._-", "a/b", "" };
    char name[128];
    size_t n_good = 0;

    for (size_t u = 0; u < ELEMENTSOF(units); u++)
        for (size_t s = 0; s < ELEMENTSOF(secrets); s++) {
            Asker asker = { 0 };
            (void)snprintf(name, sizeof(name), "1/unit/%s/%s", units[u], secrets[s]);
            int r = asker_parse(view_of_string(name), &asker);
            check(r >= 0);
            char wanted[64];
            (void)snprintf(wanted, sizeof(wanted), "unit:%s", units[u]);
            bool is_good = secret_asker_is_valid(wanted) && secret_name_is_valid(secrets[s]);
            check_int(r == ASKER_OK, is_good);
            n_good += is_good;
        }
    check(n_good > 0);
}

static void anything_else_is_refused_by_name(void)
{
    static const struct {
        ByteView name;
        int reason;
    } bad[] = {
        { NAME(""), ASKER_E_GRAMMAR },
        { NAME("/unit/db.service/x"), ASKER_E_GRAMMAR },
        { NAME("ABC/unit/db.service/x"), ASKER_E_GRAMMAR },
        { NAME("0123456789abcdef0/unit/db.service/x"), ASKER_E_GRAMMAR },
        { NAME("ab/user/db.service/x"), ASKER_E_GRAMMAR },
        { NAME("ab/unit"), ASKER_E_GRAMMAR },
        { NAME("ab/unit/db.service"), ASKER_E_GRAMMAR },
        { NAME("ab/unit/db.service/x/y"), ASKER_E_GRAMMAR },
        { NAME("ab/unit/db.service/x\0"), ASKER_E_GRAMMAR },
        { NAME("ab/unit/db.service\0/x"), ASKER_E_GRAMMAR },
        { NAME("\0ab/unit/db.service/x"), ASKER_E_GRAMMAR },
        { NAME("ab/unit//x"), ASKER_E_NAME },
        { NAME("ab/unit/db.service/"), ASKER_E_NAME },
        { NAME("ab/unit/db.service/.x"), ASKER_E_NAME },
        { NAME("ab/unit/db.service/x y"), ASKER_E_NAME },
        { NAME("ab/unit/db.socket/x"), ASKER_E_NAME },
        { NAME("ab/unit/db@.service/x"), ASKER_E_NAME },
        { NAME("ab/unit/d\nb.service/x"), ASKER_E_NAME },
        { NAME("ab/cryptsetup/"), ASKER_E_NAME },
        { NAME("ab/cryptsetup/a/b"), ASKER_E_NAME },
        { NAME("ab/cryptsetup/.."), ASKER_E_NAME },
    };
    static const Asker untouched = { 0 };

    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        Asker asker = { 0 };
        check_int(asker_parse(bad[i].name, &asker), bad[i].reason);
        check(memcmp(&asker, &untouched, sizeof(asker)) == 0);
        check(strlen(asker_reason(bad[i].reason)) > 0);
    }
}

static void a_name_beyond_the_kernels_is_refused(void)
{
    char name[256];

    memset(name, 'a', sizeof(name));
    for (size_t size = 100; size <= sizeof(name); size++) {
        Asker asker = { 0 };
        ByteView view = { .data = (const uint8_t *)name, .size = size };
        check_int(asker_parse(view, &asker), ASKER_E_GRAMMAR);
    }
}

static void a_secret_of_64_letters_is_the_longest(void)
{
    char name[108];
    Asker asker = { 0 };

    int prefix = snprintf(name, sizeof(name), "a/unit/b.service/");
    memset(name + prefix, 'x', 65);
    ByteView view = { .data = (const uint8_t *)name, .size = (size_t)prefix + 65 };
    check_int(asker_parse(view, &asker), ASKER_E_NAME);
    view.size--;
    check_int(asker_parse(view, &asker), ASKER_OK);
    check_int(strlen(asker.secret), 64);
}

/* Connects from NAME (its first NUL included; empty: no name) and identifies the connection. */
static int identify(ByteView name, Asker *ret)
{
    static unsigned n_servers;
    struct sockaddr_un server = { .sun_family = AF_UNIX }, client = { .sun_family = AF_UNIX };
    const socklen_t begin = offsetof(struct sockaddr_un, sun_path);
    _cleanup_close_ int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    _cleanup_close_ int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    int n = snprintf(server.sun_path + 1, sizeof(server.sun_path) - 1, "test-asker-%d-%u",
                     (int)getpid(), n_servers++);
    socklen_t size = begin + 1 + (socklen_t)n;
    check(bind(listener, (struct sockaddr *)&server, size) == 0 && listen(listener, 1) == 0);
    if (name.size > 0) {
        memcpy(client.sun_path, name.data, name.size);
        check(bind(peer, (struct sockaddr *)&client, begin + (socklen_t)name.size) == 0);
    }
    check(connect(peer, (struct sockaddr *)&server, size) == 0);
    _cleanup_close_ int connection = accept(listener, NULL, NULL);
    check(connection >= 0);
    return asker_identify(connection, ret);
}

static void the_kernel_is_asked_who_connected(void)
{
    Asker asker = { 0 };
    int expected = getuid() == 0 ? ASKER_OK : ASKER_E_NOT_ROOT;

    check_int(identify(NAME("\0deadbeef/unit/db.service/key"), &asker), expected);
    if (getuid() != 0)
        return;
    check_str(asker.text, "unit:db.service");
    check_int(identify(NAME(""), &asker), ASKER_E_FAMILY);
    check_int(identify(NAME("\0deadbeef"), &asker), ASKER_E_GRAMMAR);
    check(asker_identify(-EBADF, &asker) < 0);
}

static const Test tests[] = {
    { "names of units and volumes are read", names_of_units_and_volumes_are_read },
    { "what is let in is good enough for the release worker",
      what_is_let_in_is_good_enough_for_the_release_worker },
    { "anything else is refused by name", anything_else_is_refused_by_name },
    { "a name beyond the kernels is refused", a_name_beyond_the_kernels_is_refused },
    { "a secret of 64 letters is the longest", a_secret_of_64_letters_is_the_longest },
    { "the kernel is asked who connected", the_kernel_is_asked_who_connected },
};

TEST_MAIN(tests)
