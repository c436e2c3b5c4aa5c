/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl secrets: what is sealed here, by what the files say of themselves, which nothing has
 * authenticated: that takes the verifier's approval.
 */
#include "ctl/complain.h"
#include "ctl/output.h"
#include "ctl/secret-as-file.h"
#include "ctl/secret-find.h"
#include "ctl/secret-refusals.h"
#include "ctl/secret-remove.h"
#include "ctl/secret-reveal.h"
#include "ctl/secret-show.h"
#include "ctl/verb.h"
#include "format/catalog.h"

#include <stdio.h>
#include <string.h>

#define NOT_AUTHENTICATED                                                                          \
    "Read from the files as they are; nothing here is authenticated before a release."

/* The json of one secret, with who was refused it. */
static json_t *with_refusals(json_t *object, const SecretRefusals *refusals, const char *name)
{
    json_auto_t *owned = object;

    return owned && json_object_set_new(owned, "refused",
                                        secret_refusals_to_json(refusals, name)) == 0
               ? TAKE_PTR(owned)
               : NULL;
}

static json_t *nothing_to_json(const char *name, int reason)
{
    return json_pack("{ss ss}", "name", name, "error", secret_store_reason(reason));
}

static json_t *listing_to_json(const SecretListing *listing)
{
    return listing->reason != SECRET_STORE_OK ? nothing_to_json(listing->name, listing->reason)
                                              : secret_to_json(&listing->header);
}

static bool is_listed(const SecretList *list, const char *name)
{
    for (size_t i = 0; i < list->n_items; i++)
        if (strcmp(list->items[i].name, name) == 0)
            return true;
    return false;
}

/* The next name from *INDEX that somebody was refused and no file is called by; NULL: none. */
static const char *next_absent(const SecretList *list, const SecretRefusals *refusals,
                               size_t *index)
{
    for (; *index < refusals->n_items; (*index)++) {
        const char *name = refusals->items[*index].secret;
        bool is_first = true;
        for (size_t i = 0; i < *index; i++)
            is_first = is_first && strcmp(refusals->items[i].secret, name) != 0;
        if (is_first && !is_listed(list, name) && secret_refusals_has(refusals, name)) {
            (*index)++;
            return name;
        }
    }
    return NULL;
}

static int print_list_json(const SecretList *list, const SecretRefusals *refusals)
{
    json_auto_t *array = json_array();
    const char *name;
    size_t index = 0;

    for (size_t i = 0; array && i < list->n_items; i++) {
        json_t *object = listing_to_json(&list->items[i]);
        name = list->items[i].name;
        if (json_array_append_new(array, with_refusals(object, refusals, name)) < 0)
            return EXIT_CLASS_INTERNAL;
    }
    while (array && (name = next_absent(list, refusals, &index))) {
        json_t *object = nothing_to_json(name, SECRET_STORE_E_ABSENT);
        if (json_array_append_new(array, with_refusals(object, refusals, name)) < 0)
            return EXIT_CLASS_INTERNAL;
    }
    return !array || output_json(array) < 0 ? EXIT_CLASS_INTERNAL : 0;
}

static void print_unusable(const char *name, int reason)
{
    (void)printf("%-24s %scannot be used: %s%s\n", name, output_tone(TONE_BAD),
                 secret_store_reason(reason), output_reset());
}

static void print_listing(const SecretListing *listing)
{
    const SecretHeader *header = &listing->header;

    if (listing->reason != SECRET_STORE_OK) {
        print_unusable(listing->name, listing->reason);
        return;
    }
    (void)printf("%-24s version %-4llu gate %-16s for ", header->name,
                 (unsigned long long)header->version, header->gate);
    secret_show_who(header);
    (void)putchar('\n');
}

static void print_list(const SecretList *list, const SecretRefusals *refusals)
{
    const char *name;
    size_t index = 0;

    for (size_t i = 0; i < list->n_items; i++) {
        print_listing(&list->items[i]);
        secret_refusals_print(refusals, list->items[i].name);
    }
    while ((name = next_absent(list, refusals, &index))) {
        print_unusable(name, SECRET_STORE_E_ABSENT);
        secret_refusals_print(refusals, name);
    }
    output_note(list->n_items > 0 ? NOT_AUTHENTICATED
                                  : "There are no secrets; attestctl seal makes one.");
}

static int secrets_list(const Options *options)
{
    _cleanup_(secret_store_freep) SecretStore *store = NULL;
    _cleanup_secret_refusals_ SecretRefusals refusals = { 0 };
    _cleanup_secret_list_ SecretList list = { 0 };

    int r = secret_find_store(options, &store);
    if (r != 0)
        return r;
    r = store ? secret_store_list(store, &list) : 0;
    if (r < 0)
        return complain("secret-store-failed", "", strerror(-r));
    r = secret_refusals_read(&refusals);
    if (r < 0)
        return complain_of_errno(r, "journal");
    if (options->json)
        return print_list_json(&list, &refusals);
    print_list(&list, &refusals);
    return 0;
}

static int secrets_show(const Options *options)
{
    const char *name = options->argument;
    _cleanup_(secret_store_freep) SecretStore *store = NULL;
    _cleanup_secret_file_ SecretFile file = { 0 };

    if (!secret_find_name(name))
        return EXIT_CLASS_USAGE;
    if (options->reveal)
        return options->json
                   ? complain_of_usage("leave one out", "a secret is bytes, which JSON has not")
                   : secret_reveal(name);
    int r = secret_find_store(options, &store);
    if (r == 0)
        r = secret_find(store, name, &file);
    if (r != 0)
        return r;
    if (options->json) {
        json_auto_t *object = secret_to_json(&file.header);
        return !object || output_json(object) < 0 ? EXIT_CLASS_INTERNAL : 0;
    }
    secret_show(&file.header);
    output_note(NOT_AUTHENTICATED);
    return 0;
}

#define OPTION_CONFIG TEXT_OPTION("config", config, "FILE", "read FILE")

static const Option list_options[] = {
    FLAG_OPTION("json", json, "as JSON"),
    OPTION_CONFIG,
    { 0 },
};

static const Option show_options[] = {
    FLAG_OPTION("json", json, "as JSON"),
    FLAG_OPTION("reveal", reveal, "the secret itself, from attestd"),
    OPTION_CONFIG,
    { 0 },
};

const Verb verb_secrets[] = {
    { .name = "secrets",
      .form = "list",
      .is_default = true,
      .help = "what is sealed here, as the files say",
      .run = secrets_list,
      .options = list_options },
    { .name = "secrets",
      .form = "show",
      .argument = "NAME",
      .help = "what a file says of itself; --reveal: the secret",
      .run = secrets_show,
      .options = show_options },
    { .name = "secrets",
      .form = "remove",
      .argument = "NAME",
      .help = "remove a sealed secret, and its counter",
      .run = secret_remove,
      .options = secret_remove_options },
    { .name = "secrets",
      .form = "file add",
      .argument = "NAME",
      .help = "have a secret as a file while the machine is trusted",
      .run = secret_file_add,
      .options = secret_file_add_options },
    { .name = "secrets",
      .form = "file remove",
      .argument = "NAME",
      .help = "have it no longer",
      .run = secret_file_remove,
      .options = secret_file_remove_options },
    { .name = "secrets",
      .form = "file place",
      .argument = "NAME",
      .help = "write the file; attestd-file@.service does",
      .run = secret_file_place,
      .options = secret_file_place_options },
    { .name = "secrets",
      .form = "file clear",
      .argument = "NAME",
      .help = "wipe and remove the file; attestd-file@.service does",
      .run = secret_file_clear,
      .options = secret_file_clear_options },
    { 0 },
};
