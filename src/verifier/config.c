/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One const table drives the parser of verifier.json.
 */
#include "verifier/config.h"

#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 1024 /* bytes of each text */
#define URLS_MAX 16

typedef enum SettingKind { SETTING_TEXT, SETTING_PATH, SETTING_NUMBER } SettingKind;

typedef struct Setting {
    const char *pointer; /* "/tls/key"; one or two levels */
    SettingKind kind;
    size_t offset;
    uint64_t least, most; /* numbers */
    uint64_t fallback;    /* numbers */
    const char *absent;   /* texts: what absence means; NULL: must be there */
} Setting;

#define TEXT(pointer, member, absent)                                                              \
    {                                                                                              \
        pointer, SETTING_TEXT, offsetof(VerifierConfig, member), 0, 0, 0, absent                   \
    }
#define PATH(pointer, member, absent)                                                              \
    {                                                                                              \
        pointer, SETTING_PATH, offsetof(VerifierConfig, member), 0, 0, 0, absent                   \
    }
#define NUMBER(pointer, member, least, most, fallback)                                             \
    {                                                                                              \
        pointer, SETTING_NUMBER, offsetof(VerifierConfig, member), least, most, fallback, NULL     \
    }

static const Setting settings[] = {
    TEXT("/listen", listen, NULL),
    TEXT("/path_prefix", path_prefix, ""),
    TEXT("/verifier_id", verifier_id, NULL),
    TEXT("/issuer", issuer, NULL),
    TEXT("/audience", audience, "attestd"),
    NUMBER("/token_life_sec", token_life_sec, 10, 86400, CONFIG_TOKEN_LIFE_SEC),
    NUMBER("/processes", processes, 0, CONFIG_PROCESSES_MAX, 0),
    NUMBER("/connections", connections, 1, CONFIG_CONNECTIONS_MAX, CONFIG_CONNECTIONS),
    NUMBER("/timeout_sec", timeout_sec, 1, 300, CONFIG_TIMEOUT_SEC),
    PATH("/policy", policy, "policy.json"),
    PATH("/keys/token", token_key, "keys/token.pem"),
    PATH("/keys/release", release_key, "keys/release.pem"),
    PATH("/keys/rewrap", rewrap_key, "keys/rewrap.pem"),
    PATH("/keys/nonce", nonce_key, "keys/nonce.key"),
    PATH("/tls/certificate", tls_certificate, "tls/server.pem"),
    PATH("/tls/key", tls_key, "tls/server.key"),
    PATH("/tls/ca", tls_ca, "tls/ca.pem"),
};

static const char *const top_members[] = {
    "attest_verifier", "comment", "listen",    "path_prefix", "verifier_id", "issuer",
    "audience",        "urls",    "processes", "connections", "timeout_sec", "token_life_sec",
    "policy",          "keys",    "tls",       NULL,
};
static const char *const keys_members[] = {
    "comment", "token", "release", "rewrap", "nonce", NULL
};
static const char *const tls_members[] = { "comment", "certificate", "key", "ca", NULL };

typedef struct Loader {
    const char *directory;
    Findings *findings;
    json_t *json;
} Loader;

static int refuse(Loader *loader, const char *pointer, const char *found, const char *wanted)
{
    char subject[FINDING_TEXT_MAX];

    (void)snprintf(subject, sizeof(subject), "%s/%s: %s", loader->directory, CONFIG_FILE, pointer);
    int r = findings_add(loader->findings, "verifier-config-invalid", subject, FINDING_FAILURE,
                         found, wanted);
    return r < 0 ? r : CONFIG_E_INVALID;
}

/* The value at a pointer of one or two levels, NULL when absent. */
static json_t *value_at(json_t *json, const char *pointer)
{
    const char *slash = strchr(pointer + 1, '/');
    if (!slash)
        return json_object_get(json, pointer + 1);

    char parent[32];
    (void)snprintf(parent, sizeof(parent), "%.*s", (int)(slash - pointer - 1), pointer + 1);
    return json_object_get(json_object_get(json, parent), slash + 1);
}

static int load_text(Loader *loader, const Setting *setting, const json_t *value, char **ret)
{
    const char *text = value ? json_string_value(value) : setting->absent;
    bool may_be_empty = setting->absent && !*setting->absent;

    if (!text)
        return refuse(loader, setting->pointer, value ? "not a text" : "absent", "a text");
    if (strlen(text) > TEXT_MAX || (!*text && !may_be_empty))
        return refuse(loader, setting->pointer, "empty or too long", "a text of 1 to 1024 bytes");

    if (setting->kind == SETTING_PATH && *text != '/') {
        if (asprintf(ret, "%s/%s", loader->directory, text) < 0)
            *ret = NULL;
    } else {
        *ret = strdup(text);
    }
    return *ret ? CONFIG_OK : -ENOMEM;
}

static int load_number(Loader *loader, const Setting *setting, const json_t *value, uint64_t *ret)
{
    if (!value) {
        *ret = setting->fallback;
        return CONFIG_OK;
    }
    json_int_t number = json_is_integer(value) ? json_integer_value(value) : -1;
    if (number < 0 || (uint64_t)number < setting->least || (uint64_t)number > setting->most) {
        char wanted[64];
        (void)snprintf(wanted, sizeof(wanted), "a whole number from %llu to %llu",
                       (unsigned long long)setting->least, (unsigned long long)setting->most);
        return refuse(loader, setting->pointer, "out of range or no number", wanted);
    }
    *ret = (uint64_t)number;
    return CONFIG_OK;
}

static int load_setting(Loader *loader, const Setting *setting, VerifierConfig *config)
{
    const json_t *value = value_at(loader->json, setting->pointer);
    char *place = (char *)config + setting->offset;

    if (setting->kind == SETTING_NUMBER)
        return load_number(loader, setting, value, (uint64_t *)(void *)place);
    return load_text(loader, setting, value, (char **)(void *)place);
}

static int load_urls(Loader *loader, VerifierConfig *config)
{
    const json_t *urls = json_object_get(loader->json, "urls");
    size_t n = json_array_size(urls);

    if (n == 0 || n > URLS_MAX)
        return refuse(loader, "/urls", "absent, empty or too many", "1 to 16 https URLs");
    config->urls = calloc(n, sizeof(*config->urls));
    if (!config->urls)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const char *url = json_string_value(json_array_get(urls, i));
        if (!url || strncmp(url, "https://", 8) != 0 || strlen(url) > TEXT_MAX)
            return refuse(loader, "/urls", url, "https URLs");
        config->urls[i] = strdup(url);
        if (!config->urls[i])
            return -ENOMEM;
        config->n_urls++;
    }
    return CONFIG_OK;
}

/* "" or "/a/b": begins with a slash, does not end with one. */
static bool prefix_is_valid(const char *prefix)
{
    size_t size = strlen(prefix);

    return size == 0 || (prefix[0] == '/' && prefix[size - 1] != '/' && !strstr(prefix, "//"));
}

static int check_members(Loader *loader)
{
    const json_t *version = json_object_get(loader->json, "attest_verifier");
    json_t *keys = json_object_get(loader->json, "keys");
    json_t *tls = json_object_get(loader->json, "tls");
    char pointer[128];

    if (!json_is_integer(version) || json_integer_value(version) != 1)
        return refuse(loader, "/attest_verifier", "absent or another version", "1");
    const char *unknown = json_unknown_member(loader->json, top_members);
    if (unknown) {
        (void)snprintf(pointer, sizeof(pointer), "/%.100s", unknown);
        return refuse(loader, pointer, "unknown member", NULL);
    }
    if ((keys && !json_is_object(keys)) || (tls && !json_is_object(tls)))
        return refuse(loader, keys && !json_is_object(keys) ? "/keys" : "/tls", "not an object",
                      "an object");
    unknown = keys ? json_unknown_member(keys, keys_members) : NULL;
    if (unknown) {
        (void)snprintf(pointer, sizeof(pointer), "/keys/%.100s", unknown);
        return refuse(loader, pointer, "unknown member", NULL);
    }
    unknown = tls ? json_unknown_member(tls, tls_members) : NULL;
    if (unknown) {
        (void)snprintf(pointer, sizeof(pointer), "/tls/%.100s", unknown);
        return refuse(loader, pointer, "unknown member", NULL);
    }
    return CONFIG_OK;
}

static int load_all(Loader *loader, VerifierConfig *config)
{
    int r = check_members(loader);

    for (size_t i = 0; r == CONFIG_OK && i < ELEMENTSOF(settings); i++)
        r = load_setting(loader, &settings[i], config);
    if (r == CONFIG_OK)
        r = load_urls(loader, config);
    if (r == CONFIG_OK && !prefix_is_valid(config->path_prefix))
        r = refuse(loader, "/path_prefix", config->path_prefix, "\"\" or \"/some/path\"");
    return r;
}

int config_load(const char *directory, Findings *findings, VerifierConfig **ret)
{
    Loader loader = { .directory = directory, .findings = findings };
    _cleanup_(config_freep) VerifierConfig *config = calloc(1, sizeof(*config));
    _cleanup_free_ char *path = NULL;
    _cleanup_bytes_ Bytes text = { 0 };

    if (!config || asprintf(&path, "%s/%s", directory, CONFIG_FILE) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    int r = file_read(path, CONFIG_SIZE_MAX, &text);
    if (r < 0)
        return refuse(&loader, "/", strerror(-r), "a readable file");
    r = json_parse(VIEW(text), CONFIG_SIZE_MAX, &loader.json);
    if (r < 0)
        return r;
    if (r > 0)
        return refuse(&loader, "/", json_reason(r), "a JSON object");

    r = load_all(&loader, config);
    json_decref(loader.json);
    if (r)
        return r;
    *ret = TAKE_PTR(config);
    return CONFIG_OK;
}

int json_for_people(const json_t *json, Bytes *ret)
{
    _cleanup_free_ char *lines = json_dumps(json, JSON_INDENT(2)), *text = NULL;

    if (!lines || asprintf(&text, "%s\n", lines) < 0) {
        text = NULL;
        return -ENOMEM;
    }
    return bytes_copy(view_of_string(text), ret);
}

VerifierConfig *config_free(VerifierConfig *config)
{
    if (!config)
        return NULL;
    for (size_t i = 0; i < ELEMENTSOF(settings); i++)
        if (settings[i].kind != SETTING_NUMBER)
            free(*(char **)(void *)((char *)config + settings[i].offset));
    for (size_t i = 0; i < config->n_urls; i++)
        free(config->urls[i]);
    free(config->urls);
    free(config);
    return NULL;
}
