/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of texts: URLs, pins, algorithms, Require= rules.
 */
#include "base/encode.h"
#include "config/config-value.h"
#include "config/rule.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void texts_done(Texts *texts)
{
    for (size_t i = 0; i < texts->n_items; i++)
        free(texts->items[i]);
    free(texts->items);
    *texts = (Texts){ 0 };
}

int texts_add(Texts *texts, const char *text)
{
    _cleanup_free_ char *copy = strdup(text);
    if (!copy)
        return -ENOMEM;

    char **items = reallocarray(texts->items, texts->n_items + 1, sizeof(items[0]));
    if (!items)
        return -ENOMEM;
    texts->items = items;
    items[texts->n_items++] = TAKE_PTR(copy);
    return 0;
}

static void reset_texts(void *field)
{
    texts_done(field);
}

json_t *texts_to_json(const Texts *texts)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; array && i < texts->n_items; i++)
        if (json_array_append_new(array, json_string(texts->items[i])) < 0)
            return NULL;
    return TAKE_PTR(array);
}

static json_t *show_texts(const void *field)
{
    return texts_to_json(field);
}

static int add_item(Texts *texts, const char *item, size_t limit,
                    char found[static CONFIG_VALUE_WHAT_MAX])
{
    if (texts->n_items >= limit) {
        (void)snprintf(found, CONFIG_VALUE_WHAT_MAX, "more than %zu items", limit);
        return CONFIG_VALUE_E_MANY;
    }
    return texts_add(texts, item);
}

/* Splits TEXT at spaces; each word must please IS_GOOD. */
static int parse_words(const char *text, const char *detail,
                       bool (*is_good)(const char *word, const char *detail), Texts *texts,
                       char found[static CONFIG_VALUE_WHAT_MAX])
{
    _cleanup_free_ char *copy = strdup(text);
    char *rest = NULL;

    if (!copy)
        return -ENOMEM;
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (!is_good(word, detail)) {
            (void)snprintf(found, CONFIG_VALUE_WHAT_MAX, "%s", word);
            return CONFIG_VALUE_E_INVALID;
        }
        int r = add_item(texts, word, CONFIG_LIST_MAX, found);
        if (r)
            return r;
    }
    return CONFIG_VALUE_OK;
}

bool url_is_acceptable(const char *url)
{
    size_t scheme = strlen("https://");

    return strncmp(url, "https://", scheme) == 0 && text_is_printable(url) && strlen(url) < 1024 &&
           url[scheme] && url[scheme] != '/' && url[scheme] != ':' && !strpbrk(url, " @?#\"\\<>");
}

static bool is_url(const char *word, const char *detail _unused_)
{
    return url_is_acceptable(word);
}

static int parse_urls(const char *text, const char *detail, void *field,
                      char found[static CONFIG_VALUE_WHAT_MAX])
{
    return parse_words(text, detail, is_url, field, found);
}

const ConfigValueType config_value_urls = { parse_urls, reset_texts, show_texts,
                                            "https:// URLs without user name, query and fragment" };

/* curl's form: SHA-256 of the SubjectPublicKeyInfo, in base64 (CURLOPT_PINNEDPUBLICKEY). */
static bool is_pin(const char *word, const char *detail _unused_)
{
    _cleanup_bytes_ Bytes digest = { 0 };
    static const char prefix[] = "sha256//";

    return strncmp(word, prefix, sizeof(prefix) - 1) == 0 &&
           base64_decode(view_of_string(word + sizeof(prefix) - 1), &digest) == 0 &&
           digest.size == 32;
}

static int parse_pins(const char *text, const char *detail, void *field,
                      char found[static CONFIG_VALUE_WHAT_MAX])
{
    return parse_words(text, detail, is_pin, field, found);
}

const ConfigValueType config_value_pins = { parse_pins, reset_texts, show_texts,
                                            "sha256//BASE64 of the server's public key" };

static bool is_algorithm(const char *word, const char *detail)
{
    const char *c = strstr(detail, word);

    return c && (c == detail || c[-1] == '|') && strchr("|", c[strlen(word)]);
}

static int parse_algorithms(const char *text, const char *detail, void *field,
                            char found[static CONFIG_VALUE_WHAT_MAX])
{
    return parse_words(text, detail, is_algorithm, field, found);
}

const ConfigValueType config_value_algorithms = { parse_algorithms, reset_texts, show_texts, NULL };

static int parse_rule(const char *text, const char *detail _unused_, void *field,
                      char found[static CONFIG_VALUE_WHAT_MAX])
{
    static const char *const parts[] = { "", "pointer", "operator", "value" };
    _cleanup_rule_ Rule rule = { 0 };

    if (!text_is_printable(text) || strlen(text) > CONFIG_RULE_MAX) {
        (void)snprintf(found, CONFIG_VALUE_WHAT_MAX, "%s", text);
        return CONFIG_VALUE_E_INVALID;
    }
    int r = rule_parse(text, &rule);
    if (r < 0)
        return r;
    if (r > 0) {
        (void)snprintf(found, CONFIG_VALUE_WHAT_MAX, "the %s in \"%s\"", parts[r], text);
        return CONFIG_VALUE_E_INVALID;
    }
    return add_item(field, text, CONFIG_RULES_MAX, found);
}

const ConfigValueType config_value_rules = {
    parse_rule, reset_texts, show_texts,
    "/JSON/POINTER, one of = != >= <= contains, and a value (a whole number behind >= and <=)"
};
