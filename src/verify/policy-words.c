/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds sentences within their bound.
 */
#include "verify/policy-words.h"

#include "verify/refuse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_ITEMS 3   /* of a list; the rest is a number */
#define SHOWN_BYTES 8   /* of a digest among several */
#define SHOWN_TEXT  80  /* characters of a text among several */
#define LONGER_TEXT 400 /* of one alone */
#define TAIL        5   /* room for "....", NUL included */

static void add_arguments(Sentence *sentence, const char *format, va_list arguments) _printf_(2, 0);
static void add_arguments(Sentence *sentence, const char *format, va_list arguments)
{
    size_t room = sizeof(sentence->text) - TAIL - sentence->used;
    char *at = sentence->text + sentence->used;

    if (sentence->is_cut)
        return;
    int length = vsnprintf(at, room, format, arguments);
    size_t added = length < 0 ? 0 : (size_t)length;
    sentence->is_cut = added >= room;
    added = MIN(added, room - 1);
    for (size_t i = 0; i < added; i++)
        if (at[i] < 0x20 || at[i] > 0x7e)
            at[i] = '?';
    sentence->used += added;
}

void sentence_add(Sentence *sentence, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add_arguments(sentence, format, arguments);
    va_end(arguments);
}

void sentence_join(Sentence *sentence, size_t i, size_t n, const char *last)
{
    if (i > 0 && i + 1 == n)
        sentence_add(sentence, " %s ", last);
    else if (i > 0)
        sentence_add(sentence, ", ");
}

void sentence_add_digest(Sentence *sentence, ByteView digest)
{
    char text[HEX_TEXT_MAX];

    hex_text(digest, text);
    sentence_add(sentence, "%s", text);
}

/* Enough of it to tell it from its neighbours. */
static void add_short_digest(Sentence *sentence, ByteView digest)
{
    sentence_add_digest(
        sentence, (ByteView){ .data = digest.data, .size = MIN(digest.size, (size_t)SHOWN_BYTES) });
    sentence_add(sentence, "%s", digest.size > SHOWN_BYTES ? "..." : "");
}

static void add_text(Sentence *sentence, const char *text, size_t limit)
{
    sentence_add(sentence, "\"%.*s%s\"", (int)limit, text, strlen(text) > limit ? "..." : "");
}

/* What stands around the items of a list. */
static void begin_list(Sentence *sentence, size_t n)
{
    if (n == 0)
        sentence_add(sentence, "on a list that is empty, so every machine is refused");
    else if (n > 1)
        sentence_add(sentence, "one of %zu (", n);
}

static void end_list(Sentence *sentence, size_t n)
{
    if (n > SHOWN_ITEMS)
        sentence_add(sentence, ", and %zu more", n - SHOWN_ITEMS);
    if (n > 1)
        sentence_add(sentence, ")");
}

void sentence_add_digests(Sentence *sentence, const PolicyBytesList *list)
{
    begin_list(sentence, list->n_items);
    for (size_t i = 0; i < MIN(list->n_items, (size_t)SHOWN_ITEMS); i++) {
        sentence_add(sentence, "%s", i > 0 ? ", " : "");
        if (list->n_items == 1)
            sentence_add_digest(sentence, VIEW(list->items[i]));
        else
            add_short_digest(sentence, VIEW(list->items[i]));
    }
    end_list(sentence, list->n_items);
}

void sentence_add_texts(Sentence *sentence, const PolicyTextList *list)
{
    begin_list(sentence, list->n_items);
    for (size_t i = 0; i < MIN(list->n_items, (size_t)SHOWN_ITEMS); i++) {
        sentence_add(sentence, "%s", i > 0 ? ", " : "");
        add_text(sentence, list->items[i], list->n_items == 1 ? LONGER_TEXT : SHOWN_TEXT);
    }
    end_list(sentence, list->n_items);
}

void sentences_put(Sentences *sentences, Sentence *sentence)
{
    const char *tail = sentence->is_cut ? "..." : ".";

    if (sentences->r < 0)
        return;
    (void)snprintf(sentence->text + sentence->used, TAIL, "%s", tail);
    if (json_array_append_new(sentences->array, json_string(sentence->text)) < 0)
        sentences->r = -ENOMEM;
}

void sentences_say(Sentences *sentences, const char *format, ...)
{
    Sentence sentence = { 0 };
    va_list arguments;

    va_start(arguments, format);
    add_arguments(&sentence, format, arguments);
    va_end(arguments);
    sentences_put(sentences, &sentence);
}

/* "0x25 (SMT, ECC, alias check complete)". */
static void add_bits(Sentence *sentence, uint64_t bits, const BitName *names)
{
    bool is_first = true;

    sentence_add(sentence, "0x%llx", (unsigned long long)bits);
    for (; names->name; names++) {
        if (!(bits & names->bit))
            continue;
        sentence_add(sentence, "%s%s", is_first ? " (" : ", ", names->name);
        is_first = false;
    }
    sentence_add(sentence, "%s", is_first ? "" : ")");
}

void sentences_say_mask(Sentences *sentences, const char *field, const PolicyMask *mask,
                        const BitName *names)
{
    Sentence required = { 0 }, forbidden = { 0 };

    sentence_add(&required, "%s must have these bits set: ", field);
    add_bits(&required, mask->required, names);
    sentence_add(&forbidden, "%s must have these bits clear: ", field);
    add_bits(&forbidden, mask->forbidden, names);
    if (mask->required != 0)
        sentences_put(sentences, &required);
    if (mask->forbidden != 0)
        sentences_put(sentences, &forbidden);
}

void sentences_say_list(Sentences *sentences, const char *field, const PolicyBytesList *list)
{
    Sentence sentence = { 0 };

    if (!list->present)
        return;
    sentence_add(&sentence, "%s must be ", field);
    sentence_add_digests(&sentence, list);
    sentences_put(sentences, &sentence);
}

static void say_measurement(Sentences *sentences, const char *what,
                            const PolicyMeasurement *measurement)
{
    Sentence sentence = { 0 };

    sentence_add(&sentence, "The %s may be ", what);
    sentence_add_digest(&sentence, VIEW_OF_ARRAY(measurement->value));
    if (measurement->name)
        sentence_add(&sentence, " \"%.40s\"", measurement->name);
    sentence_add(&sentence, ", which stands for %s",
                 measurement->covers == POLICY_COVERS_BOOT_CHAIN
                     ? "firmware, kernel, initrd and command line"
                     : "the firmware alone");
    sentences_put(sentences, &sentence);
}

void sentences_say_measurements(Sentences *sentences, const char *what,
                                const PolicyMeasurement *measurements, size_t n)
{
    if (n == 0)
        sentences_say(sentences,
                      "The %s must be on a list that is empty, so every machine is refused", what);
    else
        sentences_say(sentences, "A %s that is not named here is refused", what);
    for (size_t i = 0; i < n; i++)
        say_measurement(sentences, what, &measurements[i]);
}
