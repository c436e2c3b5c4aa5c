/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The URL of a verifier, taken apart: https, a host, a port, a path prefix, and nothing else.
 */
#pragma once

#include "base/macro.h"

#define URL_SIZE_MAX 512 /* bytes */

/* Owned: url_done(). */
typedef struct Url {
    char *host;   /* without brackets */
    char *port;   /* "443" when the URL has none */
    char *prefix; /* "" or "/some/path" */
    char *origin; /* the URL without a trailing slash: what is published */
} Url;

void url_done(Url *url);
#define _cleanup_url_ _cleanup_(url_done)

enum { URL_OK, URL_E_INVALID };

/* URL_OK or URL_E_INVALID; -ENOMEM. User, query, fragment and escapes are refused. */
_must_check_ int url_parse(const char *text, Url *ret);
/* localhost, 127.x.x.x or ::1? */
bool url_is_loopback(const Url *url);
