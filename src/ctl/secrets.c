/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl secrets: what is sealed here, by what the files say of themselves, which nothing has
 * authenticated: that takes the verifier's approval.
 */
#include "base/clock.h"
#include "base/encode.h"
#include "ctl/complain.h"
#include "ctl/output.h"
#include "ctl/settings.h"
#include "ctl/verb.h"
#include "format/catalog.h"
#include "secret/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NOT_AUTHENTICATED                                                                          \
    "Read from the files as they are; nothing here is authenticated before a release."

/* The store of the configured directory; 0 with *RET NULL when there is none yet. */
static int open_store(const Options *options, SecretStore **ret)
{
    _cleanup_(config_freep) Config *config = NULL;

    int r = settings_load(options, &config);
    if (r != 0)
        return r;
    r = secret_store_open(config->secrets.directory, ret);
    if (r == SECRET_STORE_OK || r == SECRET_STORE_E_ABSENT)
        return 0;
    return complain("secret-store-unusable", config->secrets.directory,
                    r < 0 ? strerror(-r) : secret_store_reason(r));
}

static json_t *who_to_json(const SecretHeader *header)
{
    json_auto_t *who = json_array();

    for (size_t i = 0; who && i < header->n_who; i++)
        if (json_array_append_new(who, json_string(header->who[i])) < 0)
            return NULL;
    return TAKE_PTR(who);
}

static int set_names(json_t *object, const SecretHeader *header)
{
    int r = json_set_hex(object, "id", VIEW_OF_ARRAY(header->id));

    if (r == 0)
        r = json_set_hex(object, "release_key_name", VIEW_OF_ARRAY(header->release_key_name));
    if (r == 0 && header->has_next_release_key)
        r = json_set_hex(object, "next_release_key_name",
                         VIEW_OF_ARRAY(header->next_release_key_name));
    if (r == 0)
        r = json_set_hex(object, "ak_name", VIEW_OF_ARRAY(header->ak_name));
    if (r == 0)
        r = json_set_hex(object, "parent_name", VIEW_OF_ARRAY(header->parent_name));
    return r;
}

static json_t *header_to_json(const SecretHeader *header)
{
    json_auto_t *object =
        json_pack("{ss sI ss so ss sI sb}", "name", header->name, "version",
                  (json_int_t)header->version, "gate", header->gate, "who", who_to_json(header),
                  "vtpm_root_minimum", header->vtpm_root_minimum, "created_sec",
                  (json_int_t)header->created_sec, "authenticated", 0);

    if (!object || set_names(object, header) < 0)
        return NULL;
    return TAKE_PTR(object);
}

static json_t *listing_to_json(const SecretListing *listing)
{
    if (listing->reason != SECRET_STORE_OK)
        return json_pack("{ss ss}", "name", listing->name, "error",
                         secret_store_reason(listing->reason));
    return header_to_json(&listing->header);
}

static int print_list_json(const SecretList *list)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; array && i < list->n_items; i++)
        if (json_array_append_new(array, listing_to_json(&list->items[i])) < 0)
            return EXIT_CLASS_INTERNAL;
    return !array || output_json(array) < 0 ? EXIT_CLASS_INTERNAL : 0;
}

static void print_who(const SecretHeader *header)
{
    if (header->n_who == 0)
        (void)fputs("nobody", stdout);
    for (size_t i = 0; i < header->n_who; i++)
        (void)printf("%s%s", i > 0 ? ", " : "", header->who[i]);
}

static void print_listing(const SecretListing *listing)
{
    const SecretHeader *header = &listing->header;

    if (listing->reason != SECRET_STORE_OK) {
        (void)printf("%-24s %scannot be used: %s%s\n", listing->name, output_tone(TONE_BAD),
                     secret_store_reason(listing->reason), output_reset());
        return;
    }
    (void)printf("%-24s version %-4llu gate %-16s for ", header->name,
                 (unsigned long long)header->version, header->gate);
    print_who(header);
    (void)putchar('\n');
}

static int secrets_list(const Options *options)
{
    _cleanup_(secret_store_freep) SecretStore *store = NULL;
    _cleanup_secret_list_ SecretList list = { 0 };

    int r = open_store(options, &store);
    if (r != 0)
        return r;
    r = store ? secret_store_list(store, &list) : 0;
    if (r < 0)
        return complain("secret-store-failed", "", strerror(-r));
    if (options->json)
        return print_list_json(&list);
    for (size_t i = 0; i < list.n_items; i++)
        print_listing(&list.items[i]);
    output_note(list.n_items > 0 ? NOT_AUTHENTICATED
                                 : "There are no secrets; attestctl seal makes one.");
    return 0;
}

/* A named no of the store about NAME. */
static int complain_of_store(const char *name, int r)
{
    switch (r) {
    case SECRET_STORE_E_ABSENT:
        return complain("secret-missing", name, NULL);
    case SECRET_STORE_E_UNSAFE:
        return complain("secret-file-unsafe", name, NULL);
    case SECRET_STORE_E_TOO_LARGE:
    case SECRET_STORE_E_MALFORMED:
        return complain("secret-file-malformed", name, secret_store_reason(r));
    case SECRET_STORE_E_GATE_KIND:
        return complain("secret-gate-unknown", name, NULL);
    case SECRET_STORE_E_NAME:
        return complain("secret-name-mismatch", name, NULL);
    case SECRET_STORE_E_VERSION:
        return complain("secret-version-lower", name, NULL);
    }
    return complain("secret-store-failed", name, r < 0 ? strerror(-r) : secret_store_reason(r));
}

static bool name_is_usable(const char *name)
{
    if (secret_name_is_valid(name))
        return true;
    (void)complain_of_usage("use letters, digits, dots, dashes and underscores, at most 64",
                            "\"%s\" is no name of a secret", name);
    return false;
}

static void print_row(const char *label, const char *text)
{
    (void)printf("%s%12s:%s %s\n", output_tone(TONE_DIM), label, output_reset(), text);
}

static void print_hex(const char *label, ByteView bytes)
{
    _cleanup_free_ char *hex = hex_encode(bytes);

    print_row(label, hex ? hex : "?");
}

static void print_header(const SecretHeader *header)
{
    char sealed[96], version[24];

    format_moment(header->created_sec * USEC_PER_SEC, sealed);
    (void)snprintf(version, sizeof(version), "%llu", (unsigned long long)header->version);
    print_row("Secret", header->name);
    print_row("Version", version);
    print_row("Sealed", sealed);
    print_row("Gate", header->gate);
    (void)printf("%s%12s:%s ", output_tone(TONE_DIM), "For", output_reset());
    print_who(header);
    (void)putchar('\n');
    print_row("vTPM root", header->vtpm_root_minimum);
    print_hex("Release key", VIEW_OF_ARRAY(header->release_key_name));
    if (header->has_next_release_key)
        print_hex("or", VIEW_OF_ARRAY(header->next_release_key_name));
    print_hex("AK", VIEW_OF_ARRAY(header->ak_name));
    print_hex("Storage key", VIEW_OF_ARRAY(header->parent_name));
    print_hex("ID", VIEW_OF_ARRAY(header->id));
}

static int secrets_show(const Options *options)
{
    const char *name = options->argument;
    _cleanup_(secret_store_freep) SecretStore *store = NULL;
    _cleanup_secret_file_ SecretFile file = { 0 };

    if (!name_is_usable(name))
        return EXIT_CLASS_USAGE;
    int r = open_store(options, &store);
    if (r != 0)
        return r;
    r = store ? secret_store_load(store, name, &file) : SECRET_STORE_E_ABSENT;
    if (r != SECRET_STORE_OK)
        return complain_of_store(name, r);
    if (options->json) {
        json_auto_t *object = header_to_json(&file.header);
        return !object || output_json(object) < 0 ? EXIT_CLASS_INTERNAL : 0;
    }
    print_header(&file.header);
    output_note(NOT_AUTHENTICATED);
    return 0;
}

static int secrets_remove(const Options *options)
{
    const char *name = options->argument;
    _cleanup_(secret_store_freep) SecretStore *store = NULL;

    if (!name_is_usable(name))
        return EXIT_CLASS_USAGE;
    int r = open_store(options, &store);
    if (r != 0)
        return r;
    r = store ? secret_store_remove(store, name) : SECRET_STORE_E_ABSENT;
    if (r != SECRET_STORE_OK)
        return complain_of_store(name, r);
    (void)printf("Secret %s is removed; a copy of its file is no longer accepted here.\n", name);
    return 0;
}

#define OPTION_CONFIG TEXT_OPTION("config", config, "FILE", "read FILE")

static const Option show_options[] = {
    FLAG_OPTION("json", json, "as JSON"),
    OPTION_CONFIG,
    { 0 },
};

static const Option remove_options[] = { OPTION_CONFIG, { 0 } };

const Verb verb_secrets[] = {
    { .name = "secrets",
      .form = "list",
      .is_default = true,
      .help = "what is sealed here, as the files say",
      .run = secrets_list,
      .options = show_options },
    { .name = "secrets",
      .form = "show",
      .argument = "NAME",
      .help = "all that a file says of itself",
      .run = secrets_show,
      .options = show_options },
    { .name = "secrets",
      .form = "remove",
      .argument = "NAME",
      .help = "remove a sealed secret",
      .run = secrets_remove,
      .options = remove_options },
    { 0 },
};
