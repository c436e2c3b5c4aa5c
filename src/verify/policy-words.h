/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sentences about a policy, put together piece by piece: always printable, never too long, and
 * kept in a list that remembers its first failure.
 */
#pragma once

#include "verify/policy-explain.h"

/* Zeroed is empty. */
typedef struct Sentence {
    char text[POLICY_SENTENCE_MAX];
    size_t used;
    bool is_cut;
} Sentence;

/* Appends. What is not printable ASCII becomes '?'; what does not fit is cut. */
void sentence_add(Sentence *sentence, const char *format, ...) _printf_(2, 3);
/* "a", "a or b", "a, b or c": the ITH of N items goes in front of what follows. */
void sentence_join(Sentence *sentence, size_t i, size_t n, const char *last);
/* All bytes in hex. */
void sentence_add_digest(Sentence *sentence, ByteView digest);
/* "X", or "one of 5 (X..., Y..., Z..., and 2 more)"; says that an empty list refuses all. */
void sentence_add_digests(Sentence *sentence, const PolicyBytesList *list);
void sentence_add_texts(Sentence *sentence, const PolicyTextList *list);

/* An array of sentences. R is the first failure; later calls do nothing. */
typedef struct Sentences {
    json_t *array; /* borrowed */
    int r;
} Sentences;

/* What a bit is called. A table of them ends with .name NULL. */
typedef struct BitName {
    uint64_t bit;
    const char *name;
} BitName;

/* Ends the sentence with a full stop and appends it. */
void sentences_put(Sentences *sentences, Sentence *sentence);
void sentences_say(Sentences *sentences, const char *format, ...) _printf_(2, 3);
/* Which bits of FIELD must be set and clear; nothing for a mask that wants nothing. */
void sentences_say_mask(Sentences *sentences, const char *field, const PolicyMask *mask,
                        const BitName *names);
/* "FIELD must be …"; nothing where there is no list. */
void sentences_say_list(Sentences *sentences, const char *field, const PolicyBytesList *list);
/* What the list of a WHAT ("launch measurement") allows; the list is there. */
void sentences_say_measurements(Sentences *sentences, const char *what,
                                const PolicyMeasurement *measurements, size_t n);
