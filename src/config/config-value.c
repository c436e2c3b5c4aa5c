/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single values: texts, choices, paths, switches, TPM names. Times and PCRs are in config-number.c,
 * lists in config-list.c.
 */
#include "config/config-value.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool text_is_printable(const char *text)
{
    size_t size = strlen(text);

    if (size == 0 || size > CONFIG_VALUE_MAX)
        return false;
    for (const char *c = text; *c; c++)
        if (!isascii((unsigned char)*c) || !isprint((unsigned char)*c))
            return false;
    return true;
}

int text_replace(char **field, const char *text)
{
    char *copy = strdup(text);

    if (!copy)
        return -ENOMEM;
    free(*field);
    *field = copy;
    return 0;
}

static int refuse(const char *text, char found[static CONFIG_VALUE_WHAT_MAX])
{
    (void)snprintf(found, CONFIG_VALUE_WHAT_MAX, "%s", text);
    return CONFIG_VALUE_E_INVALID;
}

static void reset_text(void *field)
{
    char **text = field;

    free(*text);
    *text = NULL;
}

static json_t *show_text(const void *field)
{
    char *const *text = field;

    return json_string(*text ? *text : "");
}

static int parse_text(const char *text, const char *detail _unused_, void *field,
                      char found[static CONFIG_VALUE_WHAT_MAX])
{
    if (!text_is_printable(text))
        return refuse(text, found);
    return text_replace(field, text);
}

const ConfigValueType config_value_text = { parse_text, reset_text, show_text,
                                            "printable ASCII text" };

/* Is TEXT one of the words of CHOICES, "a|b|c"? */
static bool is_choice(const char *text, const char *choices)
{
    size_t size = strlen(text);

    while (*choices) {
        size_t word = strcspn(choices, "|");
        if (word == size && size > 0 && memcmp(text, choices, size) == 0)
            return true;
        choices += word + (choices[word] == '|');
    }
    return false;
}

static int parse_choice(const char *text, const char *detail, void *field,
                        char found[static CONFIG_VALUE_WHAT_MAX])
{
    if (!is_choice(text, detail))
        return refuse(text, found);
    return text_replace(field, text);
}

const ConfigValueType config_value_choice = { parse_choice, reset_text, show_text, NULL };

static bool is_absolute_path(const char *text)
{
    return text_is_printable(text) && text[0] == '/' && strlen(text) < 1024;
}

static int parse_path(const char *text, const char *detail _unused_, void *field,
                      char found[static CONFIG_VALUE_WHAT_MAX])
{
    if (!is_absolute_path(text))
        return refuse(text, found);
    return text_replace(field, text);
}

const ConfigValueType config_value_path = { parse_path, reset_text, show_text, "an absolute path" };

static int parse_log_path(const char *text, const char *detail _unused_, void *field,
                          char found[static CONFIG_VALUE_WHAT_MAX])
{
    if (strcmp(text, "none") != 0 && !is_absolute_path(text))
        return refuse(text, found);
    return text_replace(field, text);
}

const ConfigValueType config_value_log_path = { parse_log_path, reset_text, show_text,
                                                "an absolute path, or none" };

static int parse_bool(const char *text, const char *detail _unused_, void *field,
                      char found[static CONFIG_VALUE_WHAT_MAX])
{
    static const char *const words[] = { "no", "yes", "false", "true", "off", "on", "0", "1" };

    for (size_t i = 0; i < ELEMENTSOF(words); i++)
        if (strcasecmp(text, words[i]) == 0) {
            *(bool *)field = i % 2 == 1;
            return CONFIG_VALUE_OK;
        }
    return refuse(text, found);
}

static void reset_bool(void *field)
{
    *(bool *)field = false;
}

static json_t *show_bool(const void *field)
{
    return json_string(*(const bool *)field ? "yes" : "no");
}

const ConfigValueType config_value_bool = { parse_bool, reset_bool, show_bool, "yes or no" };

/* TPM2-TSS names its transports "NAME" or "NAME:CONF" (tss2-tctildr(3)). */
static int parse_tcti(const char *text, const char *detail _unused_, void *field,
                      char found[static CONFIG_VALUE_WHAT_MAX])
{
    size_t name = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

    if (!text_is_printable(text) || name == 0 || (text[name] && text[name] != ':') ||
        strlen(text) > 512)
        return refuse(text, found);
    return text_replace(field, text);
}

const ConfigValueType config_value_tcti = { parse_tcti, reset_text, show_text,
                                            "a TCTI such as device:/dev/tpmrm0, or none" };

/* Persistent objects have handles 0x81000000 to 0x81ffffff (TPM 2.0 Part 2, 7.4). */
static int parse_handle(const char *text, const char *detail _unused_, void *field,
                        char found[static CONFIG_VALUE_WHAT_MAX])
{
    bool is_handle = strlen(text) == 10 && strncmp(text, "0x81", 4) == 0 &&
                     strspn(text + 4, "0123456789abcdefABCDEF") == 6;

    if (!is_handle && strcmp(text, "auto") != 0 && strcmp(text, "template") != 0)
        return refuse(text, found);
    return text_replace(field, text);
}

const ConfigValueType config_value_handle = {
    parse_handle, reset_text, show_text, "auto, template or a persistent handle such as 0x81000003"
};

/* NV indices of TPM 2.0 have handles 0x01000000 to 0x01ffffff (Part 2, 7.4). */
static int parse_index(const char *text, const char *detail _unused_, void *field,
                       char found[static CONFIG_VALUE_WHAT_MAX])
{
    if (strlen(text) != 10 || strncmp(text, "0x01", 4) != 0 ||
        strspn(text + 4, "0123456789abcdefABCDEF") != 6)
        return refuse(text, found);
    return text_replace(field, text);
}

const ConfigValueType config_value_index = { parse_index, reset_text, show_text,
                                             "an NV index such as 0x01400001" };

static int parse_proxy(const char *text, const char *detail _unused_, void *field,
                       char found[static CONFIG_VALUE_WHAT_MAX])
{
    bool has_scheme = strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;

    if (!has_scheme || !text_is_printable(text) || strpbrk(text, " @?#\"\\<>") ||
        strlen(text) > 1024)
        return refuse(text, found);
    return text_replace(field, text);
}

const ConfigValueType config_value_proxy = { parse_proxy, reset_text, show_text,
                                             "http://HOST[:PORT] or https://HOST[:PORT]" };

/* The service has no TLS: it stands on this link or this machine, written as a number. */
static bool is_metadata_url(const char *text)
{
    static const char *const starts[] = { "http://169.254.", "http://127.", "http://[::1]" };
    const char *host = text + strlen("http://");

    for (size_t i = 0; i < ELEMENTSOF(starts); i++)
        if (strncmp(text, starts[i], strlen(starts[i])) == 0)
            return host[strspn(host, "0123456789.:[]")] == 0;
    return false;
}

static int parse_metadata(const char *text, const char *detail _unused_, void *field,
                          char found[static CONFIG_VALUE_WHAT_MAX])
{
    if (strcmp(text, "none") != 0 && (strlen(text) > 64 || !is_metadata_url(text)))
        return refuse(text, found);
    return text_replace(field, text);
}

const ConfigValueType config_value_metadata = {
    parse_metadata, reset_text, show_text,
    "http://ADDRESS[:PORT] of 169.254.0.0/16, 127.0.0.0/8 or [::1], or none"
};

/* AMD's, or what stands in for it here. */
static int parse_kds(const char *text, const char *detail _unused_, void *field,
                     char found[static CONFIG_VALUE_WHAT_MAX])
{
    if (strcmp(text, "none") != 0 && !url_is_acceptable(text) &&
        (strlen(text) > 64 || !is_metadata_url(text)))
        return refuse(text, found);
    return text_replace(field, text);
}

const ConfigValueType config_value_kds = { parse_kds, reset_text, show_text,
                                           "https://kdsintf.amd.com, a mirror of it, or none" };

static int parse_version(const char *text, const char *detail _unused_, void *field,
                         char found[static CONFIG_VALUE_WHAT_MAX])
{
    size_t length = strlen(text);

    if (length > 32 || length < 10 || text[4] != '-' || text[7] != '-' ||
        strspn(text, "0123456789-abcdefghijklmnopqrstuvwxyz") != length)
        return refuse(text, found);
    return text_replace(field, text);
}

const ConfigValueType config_value_version = { parse_version, reset_text, show_text,
                                               "a date such as 2022-08-01" };
