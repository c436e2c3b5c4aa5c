/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KIND:HEX, each a paravisor of its own.
 */
#include "ctl/gate-paravisors.h"

#include "ctl/complain.h"
#include "ctl/show.h"
#include "format/gate-file.h"

#include <errno.h>
#include <string.h>

#define REMEDY                                                                                     \
    "write measurement:, id-key: or, of TDX, mrtd: and 96 digits; attestctl inspect shows them "   \
    "in "                                                                                          \
    "the evidence that attestctl evidence writes"

/* How it is said here, and in the file. */
static const struct {
    const char *prefix, *member;
} kinds[] = {
    { "measurement:", "measurement" },
    { "id-key:", "id_key_digest" },
    { "mrtd:", "mrtd" },
};

/* A new reference; NULL: of no kind, or out of memory. */
static json_t *read_one(const char *text)
{
    for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
        if (strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
            return json_pack("{ss}", kinds[i].member, text + strlen(kinds[i].prefix));
    return NULL;
}

int gate_paravisors_read(const Options *options, json_t **ret)
{
    const OptionTexts *given = &options->paravisors;
    json_auto_t *list = json_array();

    if (given->n_items == 0)
        return 0;
    for (size_t i = 0; i < given->n_items; i++) {
        json_auto_t *one = json_array();
        json_auto_t *checked = NULL;
        if (json_array_append_new(one, read_one(given->items[i])) < 0 ||
            gate_paravisors(one, &checked) != GATE_FILE_OK)
            return complain_of_usage(REMEDY, "--paravisor=%s names no paravisor", given->items[i]);
        if (json_array_extend(list, checked) < 0)
            return complain_of_errno(-ENOMEM, "--paravisor");
    }
    int r = gate_paravisors(list, ret);
    if (r < 0)
        return complain_of_errno(r, "--paravisor");
    return r == GATE_FILE_OK ? 0
                             : complain_of_usage("name fewer of them, by their ID keys",
                                                 "these are too many paravisors for a gate");
}

void gate_paravisors_show(const json_t *list)
{
    const json_t *item;
    size_t i;

    json_array_foreach (list, i, item)
        for (size_t k = 0; k < ELEMENTSOF(kinds); k++) {
            const char *text = json_string_value(json_object_get(item, kinds[k].member));
            if (text)
                show_rowf("Paravisor", "%s%s", kinds[k].prefix, text);
        }
}
