/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs of verifiers.
 */
#include "testing.h"

#include "verifier/url.h"

static void check_url(const char *text, const char *host, const char *port, const char *prefix,
                      const char *origin)
{
    _cleanup_url_ Url url = { 0 };

    check_int(url_parse(text, &url), URL_OK);
    check_str(url.host, host);
    check_str(url.port, port);
    check_str(url.prefix, prefix);
    check_str(url.origin, origin);
}

static void good_ones_are_taken_apart(void)
{
    check_url("https://127.0.0.1:8443", "127.0.0.1", "8443", "", "https://127.0.0.1:8443");
    check_url("https://[::1]:8443/", "::1", "8443", "", "https://[::1]:8443");
    check_url("https://v.example", "v.example", "443", "", "https://v.example");
    check_url("https://v.example/a/b//", "v.example", "443", "/a/b", "https://v.example/a/b");
    check_url("https://v.example:1/a", "v.example", "1", "/a", "https://v.example:1/a");
}

static void bad_ones_are_refused(void)
{
    static const char *const bad[] = {
        "",
        "http://v.example",
        "https://",
        "https://:8443",
        "https://v.example:",
        "https://v.example:123456",
        "https://v.example:80a",
        "https://user@v.example",
        "https://v.example?x",
        "https://v.example/?x",
        "https://v.example/#x",
        "https://v.example/%41",
        "https://v.example/a//b",
        "https://[::1",
        "https://[]:1",
        "https://v,DNS:evil",
        "https://v.example:1x/",
    };

    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        _cleanup_url_ Url url = { 0 };
        int r = url_parse(bad[i], &url);
        if (r != URL_E_INVALID)
            (void)printf("  %s\n", bad[i]);
        check_int(r, URL_E_INVALID);
    }
}

static void loopback_is_told_from_the_rest(void)
{
    check(url_is_loopback(&(Url){ .host = (char[]){ "localhost" } }));
    check(url_is_loopback(&(Url){ .host = (char[]){ "127.0.0.2" } }));
    check(url_is_loopback(&(Url){ .host = (char[]){ "::1" } }));
    check(!url_is_loopback(&(Url){ .host = (char[]){ "10.0.0.1" } }));
}

static const Test tests[] = {
    { "good URLs are taken apart", good_ones_are_taken_apart },
    { "bad URLs are refused", bad_ones_are_refused },
    { "loopback is told from the rest", loopback_is_told_from_the_rest },
};

TEST_MAIN(tests)
