/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small subset of RFC 3986.
 */
#include "verifier/url.h"

#include <errno.h>
#include <string.h>

#define SCHEME "https://"
#define ALNUM  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

void url_done(Url *url)
{
    free(url->host);
    free(url->port);
    free(url->prefix);
    free(url->origin);
    *url = (Url){ 0 };
}

static bool consists_of(const char *text, size_t size, const char *characters)
{
    for (size_t i = 0; i < size; i++)
        if (!text[i] || !strchr(characters, text[i]))
            return false;
    return true;
}

/* Where the host ends, or NULL. */
static const char *end_of_host(const char *host)
{
    if (*host == '[') {
        const char *bracket = strchr(host, ']');
        bool good = bracket && bracket > host + 1 &&
                    consists_of(host + 1, (size_t)(bracket - host - 1), ALNUM ":.");
        return good ? bracket + 1 : NULL;
    }
    size_t size = strcspn(host, ":/");
    return size > 0 && consists_of(host, size, ALNUM ".-") ? host + size : NULL;
}

int url_parse(const char *text, Url *ret)
{
    _cleanup_url_ Url url = { 0 };

    if (strncmp(text, SCHEME, strlen(SCHEME)) != 0 || strlen(text) > URL_SIZE_MAX)
        return URL_E_INVALID;
    const char *host = text + strlen(SCHEME);
    const char *end = end_of_host(host);
    if (!end)
        return URL_E_INVALID;

    const char *port = *end == ':' ? end + 1 : "443";
    size_t port_size = strcspn(port, "/");
    const char *prefix = *end == ':' ? port + port_size : end;
    size_t prefix_size = strlen(prefix);
    while (prefix_size > 0 && prefix[prefix_size - 1] == '/')
        prefix_size--;
    if (port_size == 0 || port_size > 5 || !consists_of(port, port_size, "0123456789") ||
        (*prefix && *prefix != '/') || !consists_of(prefix, prefix_size, ALNUM "/-._~") ||
        memmem(prefix, prefix_size, "//", 2))
        return URL_E_INVALID;

    size_t skip = *host == '[' ? 1 : 0;
    url.host = strndup(host + skip, (size_t)(end - host) - 2 * skip);
    url.port = strndup(port, port_size);
    url.prefix = strndup(prefix, prefix_size);
    url.origin = strndup(text, (size_t)(prefix - text) + prefix_size);
    if (!url.host || !url.port || !url.prefix || !url.origin)
        return -ENOMEM;
    *ret = url;
    url = (Url){ 0 };
    return URL_OK;
}

bool url_is_loopback(const Url *url)
{
    return strcmp(url->host, "localhost") == 0 || strncmp(url->host, "127.", 4) == 0 ||
           strcmp(url->host, "::1") == 0;
}
