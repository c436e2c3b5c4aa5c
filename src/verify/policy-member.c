/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the members of a policy's JSON objects, one parser a type.
 */
#include "verify/policy-member.h"

#include "base/encode.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int policy_invalid(PolicyReader *reader, const char *format, ...)
{
    va_list arguments;

    (void)snprintf(reader->error->path, sizeof(reader->error->path), "%s",
                   reader->path[0] ? reader->path : "/");
    va_start(arguments, format);
    (void)vsnprintf(reader->error->cause, sizeof(reader->error->cause), format, arguments);
    va_end(arguments);
    return POLICY_E_INVALID;
}

size_t policy_enter(PolicyReader *reader, const char *name)
{
    size_t mark = strlen(reader->path);

    (void)snprintf(reader->path + mark, sizeof(reader->path) - mark, "/%s", name);
    return mark;
}

void policy_leave(PolicyReader *reader, size_t mark)
{
    reader->path[mark] = 0;
}

static const PolicyMember *member_find(const PolicyMember *members, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(members[i].name, name) == 0)
            return &members[i];
    return NULL;
}

static int read_table(PolicyReader *reader, json_t *value, const PolicyTable *table, void *target)
{
    return table->item_size > 0 ? policy_list(reader, value, table, target)
                                : policy_object(reader, value, table, target);
}

static int read_member(PolicyReader *reader, const char *name, json_t *value,
                       const PolicyMember *member, void *base)
{
    void *target = member ? (uint8_t *)base + member->offset : NULL;
    size_t mark = policy_enter(reader, name);
    int r = POLICY_OK;

    if (member && member->parse)
        r = member->parse(reader, value, target, member->argument);
    else if (member)
        r = read_table(reader, value, member->table, target);
    else if (strcmp(name, "comment") != 0)
        r = policy_invalid(reader, "unknown member");
    else if (!json_is_string(value))
        r = policy_invalid(reader, "must be a string");
    policy_leave(reader, mark);
    return r;
}

int policy_object(PolicyReader *reader, json_t *object, const PolicyTable *table, void *target)
{
    const char *name;
    json_t *value;

    if (!json_is_object(object))
        return policy_invalid(reader, "must be an object");
    if (table->begin)
        table->begin(target);
    json_object_foreach (object, name, value) {
        int r = read_member(reader, name, value,
                            member_find(table->members, table->n_members, name), target);
        if (r != POLICY_OK)
            return r;
    }
    for (size_t i = 0; i < table->n_members; i++) {
        if (!table->members[i].mandatory || json_object_get(object, table->members[i].name))
            continue;
        (void)policy_enter(reader, table->members[i].name);
        return policy_invalid(reader, "is missing");
    }
    return table->finish ? table->finish(reader, target) : POLICY_OK;
}

/* How the items of a list are read: by a parser or by a table. */
typedef struct ItemReader {
    int (*parse)(PolicyReader *reader, json_t *value, void *target, size_t argument);
    size_t argument;
    const PolicyTable *table;
} ItemReader;

static int read_items(PolicyReader *reader, json_t *array, size_t item_size, const ItemReader *by,
                      PolicyItems *ret)
{
    size_t n = json_array_size(array);

    if (!json_is_array(array))
        return policy_invalid(reader, "must be an array");
    if (n > POLICY_ITEMS_MAX)
        return policy_invalid(reader, "has more than %d items", POLICY_ITEMS_MAX);
    if (n == 0)
        return POLICY_OK;

    uint8_t *items = calloc(n, item_size);
    if (!items)
        return -ENOMEM;
    *ret = (PolicyItems){ .items = items, .n_items = n };
    for (size_t i = 0; i < n; i++) {
        json_t *value = json_array_get(array, i);
        char index[24];
        (void)snprintf(index, sizeof(index), "%zu", i);
        size_t mark = policy_enter(reader, index);
        void *target = items + i * item_size;
        int r = by->table ? policy_object(reader, value, by->table, target)
                          : by->parse(reader, value, target, by->argument);
        if (r != POLICY_OK)
            return r;
        policy_leave(reader, mark);
    }
    return POLICY_OK;
}

int policy_items(PolicyReader *reader, json_t *array, size_t item_size,
                 int (*parse)(PolicyReader *reader, json_t *value, void *target, size_t argument),
                 size_t argument, PolicyItems *ret)
{
    const ItemReader by = { .parse = parse, .argument = argument };

    return read_items(reader, array, item_size, &by, ret);
}

int policy_list(PolicyReader *reader, json_t *array, const PolicyTable *table, void *target)
{
    const ItemReader by = { .table = table };
    PolicyItems items = { 0 };

    int r = read_items(reader, array, table->item_size, &by, &items);
    memcpy(target, &items.items, sizeof(items.items));
    memcpy((uint8_t *)target + sizeof(items.items), &items.n_items, sizeof(items.n_items));
    return r;
}

int policy_bool(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    (void)argument;
    if (!json_is_boolean(value))
        return policy_invalid(reader, "must be true or false");
    *(bool *)target = json_is_true(value);
    return POLICY_OK;
}

int policy_text(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    const char *text = json_string_value(value);

    (void)argument;
    if (!text || text[0] == 0 || strlen(text) != json_string_length(value))
        return policy_invalid(reader, "must be a string of at least one character");
    char *copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    free(*(char **)target);
    *(char **)target = copy;
    return POLICY_OK;
}

int policy_u32(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    json_int_t number = json_integer_value(value);

    if (!json_is_integer(value) || number < 0 || (uint64_t)number > argument)
        return policy_invalid(reader, "must be a whole number from 0 to %zu", argument);
    *(uint32_t *)target = (uint32_t)number;
    return POLICY_OK;
}

int policy_u64(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);

    (void)argument;
    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        *(uint64_t *)target = (uint64_t)json_integer_value(value);
        return POLICY_OK;
    }
    if (!text || length < 3 || length > 18 || strncmp(text, "0x", 2) != 0 ||
        strspn(text + 2, "0123456789abcdefABCDEF") != length - 2)
        return policy_invalid(reader, "must be a whole number, or a string \"0x…\" of up to 16 "
                                      "hexadecimal digits");
    *(uint64_t *)target = strtoull(text + 2, NULL, 16);
    return POLICY_OK;
}

int policy_bits(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    unsigned bits = 0;
    size_t i;
    json_t *item;

    if (!json_is_array(value) || json_array_size(value) == 0)
        return policy_invalid(reader, "must be an array of at least one number");
    json_array_foreach (value, i, item) {
        json_int_t number = json_integer_value(item);
        if (!json_is_integer(item) || number < 0 || (uint64_t)number > argument)
            return policy_invalid(reader, "item %zu must be a whole number from 0 to %zu", i,
                                  argument);
        bits |= 1U << number;
    }
    *(unsigned *)target = bits;
    return POLICY_OK;
}

int policy_names(PolicyReader *reader, json_t *value, const char *const *names, unsigned *ret)
{
    unsigned bits = 0;
    size_t i;
    json_t *item;

    if (!json_is_array(value))
        return policy_invalid(reader, "must be an array of strings");
    json_array_foreach (value, i, item) {
        const char *text = json_string_value(item);
        unsigned k = 0;
        while (names[k] && (!text || strcmp(names[k], text) != 0))
            k++;
        if (!names[k])
            return policy_invalid(reader, "item %zu (\"%.40s\") is not known", i,
                                  text ? text : "not a string");
        bits |= 1U << k;
    }
    *ret = bits;
    return POLICY_OK;
}

static bool is_digest_size(size_t size)
{
    return size == 20 || size == 32 || size == 48 || size == 64;
}

int policy_hex(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    if (!json_is_string(value))
        return policy_invalid(reader, "must be a string of hexadecimal digits");
    int r = hex_decode(json_string_value(value), &bytes);
    if (r < 0)
        return r;
    if (r != ENCODE_OK)
        return policy_invalid(reader, "must be hexadecimal digits, two a byte");
    if (argument == 0 && !is_digest_size(bytes.size))
        return policy_invalid(reader, "is %zu bytes; a digest has 20, 32, 48 or 64", bytes.size);
    if (argument != 0 && bytes.size != argument)
        return policy_invalid(reader, "is %zu bytes; %zu are needed", bytes.size, argument);
    bytes_done(target);
    *(Bytes *)target = TAKE_STRUCT(bytes);
    return POLICY_OK;
}

int policy_hex_list(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    PolicyBytesList *list = target;
    PolicyItems items = { 0 };

    int r = policy_items(reader, value, sizeof(Bytes), policy_hex, argument, &items);
    list->n_items = items.n_items;
    list->present = true;
    list->items = items.items;
    return r;
}

int policy_text_list(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    PolicyTextList *list = target;
    PolicyItems items = { 0 };

    int r = policy_items(reader, value, sizeof(char *), policy_text, argument, &items);
    list->n_items = items.n_items;
    list->present = true;
    list->items = items.items;
    return r;
}

static int mask_finish(PolicyReader *reader, void *target)
{
    const PolicyMask *mask = target;

    if ((mask->required & mask->forbidden) != 0)
        return policy_invalid(reader, "requires and forbids the same bit");
    return POLICY_OK;
}

static const PolicyMember mask_members[] = {
    POLICY_VALUE("forbidden", policy_u64, PolicyMask, forbidden, 0),
    POLICY_VALUE("required", policy_u64, PolicyMask, required, 0),
};

const PolicyTable policy_mask_table = { POLICY_TABLE(mask_members), .finish = mask_finish };

int policy_version(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    const char *text = json_string_value(value);
    uint32_t version = 0;

    for (size_t i = 0; text && i < argument; i++) {
        size_t digits = strspn(text, "0123456789");
        unsigned long part = digits > 0 && digits <= 3 ? strtoul(text, NULL, 10) : 256;
        char wanted = i + 1 < argument ? '.' : 0;
        if (part > 255 || text[digits] != wanted) {
            text = NULL;
            break;
        }
        version = version << 8 | (uint32_t)part;
        text += digits + (wanted ? 1 : 0);
    }
    if (!text)
        return policy_invalid(reader, "must be a string of %zu numbers up to 255 with dots between",
                              argument);
    *(uint32_t *)target = version;
    return POLICY_OK;
}

void policy_bytes_list_done(PolicyBytesList *list)
{
    for (size_t i = 0; i < list->n_items; i++)
        bytes_done(&list->items[i]);
    free(list->items);
    *list = (PolicyBytesList){ 0 };
}

void policy_text_list_done(PolicyTextList *list)
{
    for (size_t i = 0; i < list->n_items; i++)
        free(list->items[i]);
    free(list->items);
    *list = (PolicyTextList){ 0 };
}
