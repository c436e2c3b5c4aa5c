/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By shape, and by vocabulary.
 */
#include "format/redact.h"

#include "format/catalog.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define RUN_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-"
#define WORD_LENGTH    6  /* about */
#define LONG_RUN       40 /* no word, unit or release of a kernel has as many without a dot */

/* What a run consists of. */
typedef struct Shape {
    size_t n_hex;      /* digits of hexadecimal numbers in a row, dashes between them */
    size_t n_switches; /* to a capital or a digit, from something else */
    bool has_upper;
    bool has_lower;
} Shape;

static Shape shape_of(const char *run, size_t size)
{
    Shape shape = { 0 };
    size_t n_hex = 0;

    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)run[i], before = (unsigned char)(i > 0 ? run[i - 1] : c);
        n_hex = isxdigit(c) || c == '-' ? n_hex + 1 : 0;
        shape.n_hex = MAX(shape.n_hex, n_hex);
        shape.n_switches += (isupper(c) && !isupper(before)) || (isdigit(c) && !isdigit(before));
        shape.has_upper = shape.has_upper || isupper(c);
        shape.has_lower = shape.has_lower || islower(c);
    }
    return shape;
}

/* Words put together, as settings are called, switch less often than what is drawn by lot. */
static bool is_opaque(const char *run, size_t size)
{
    if (size < REDACT_RUN_MIN)
        return false;
    Shape shape = shape_of(run, size);
    return size >= LONG_RUN || shape.n_hex >= REDACT_RUN_MIN ||
           (shape.has_upper && shape.has_lower && shape.n_switches * WORD_LENGTH >= size);
}

/* A path is judged name by name: all of them together are long for no reason. */
static size_t run_size(const char *run)
{
    if (*run == '/')
        return 1;
    return strspn(run, RUN_CHARACTERS);
}

static size_t name_size(const char *run, bool is_in_path)
{
    size_t size = run_size(run), to_slash = strcspn(run, "/");

    return is_in_path && *run != '/' && to_slash < size ? to_slash : size;
}

void redact_opaque(char *text)
{
    const char *from = text;
    char *to = text;
    bool is_in_path = false;

    while (*from) {
        size_t size = name_size(from, is_in_path);
        if (size == 0) {
            is_in_path = false;
            *to++ = *from++;
            continue;
        }
        is_in_path = is_in_path || *from == '/';
        bool hides = is_opaque(from, size);
        size_t n = hides ? strlen(REDACTED) : size;
        memmove(to, hides ? REDACTED : from, n);
        to += n;
        from += size;
    }
    *to = 0;
}

/* WORD as a whole word of TEXT, whatever its case. */
static bool text_has_word(const char *text, const char *word, size_t size)
{
    for (const char *p = text; *p; p++) {
        bool begins = p == text || !isalnum((unsigned char)p[-1]);
        if (begins && strncasecmp(p, word, size) == 0 && !isalnum((unsigned char)p[size]))
            return true;
    }
    return false;
}

static bool catalog_has_word(const char *word, size_t size)
{
    const CatalogEntry *entry;

    for (size_t i = 0; (entry = catalog_at(i)); i++)
        if (text_has_word(entry->name, word, size) || text_has_word(entry->text, word, size) ||
            text_has_word(entry->remedy, word, size))
            return true;
    return false;
}

#define ERRNOS 134 /* of Linux */

static bool errors_have_word(const char *word, size_t size)
{
    for (int i = 0; i < ERRNOS; i++)
        if (text_has_word(strerror(i), word, size))
            return true;
    return false;
}

/* Those that findings are about, and that no entry of the catalogue happens to say. */
static bool is_own_word(const char *word, size_t size)
{
    static const char own[] =
        "worker verifier agent cpu vtpm eventlog userspace hcl gate rewrap pcr "
        "snp tdx tpm sev guest configfs tsm snapshot bytes seconds expires life "
        "connect connection could couldn not resolve host server timed out "
        "after failed ms";

    return text_has_word(own, word, size);
}

#define NUMBER_DIGITS 6 /* a size, a version, a port; not an identity */

static bool is_small_number(const char *word, size_t size)
{
    size_t n_dots = 0;

    for (size_t i = 0; i < size; i++) {
        if (!isdigit((unsigned char)word[i]) && word[i] != '.')
            return false;
        n_dots += word[i] == '.';
    }
    /* One dot is a version; three may be an address. */
    return n_dots <= 1 && size - n_dots <= NUMBER_DIGITS;
}

/* As format_timestamp() writes it. */
static bool is_date(const char *word, size_t size)
{
    static const char form[] = "0000-00-00T00:00:00Z";

    for (size_t i = 0; i < size && size == strlen(form); i++)
        if (form[i] == '0' ? !isdigit((unsigned char)word[i]) : word[i] != form[i])
            return false;
    return size == strlen(form);
}

/* A colon, a dash between two words. */
static bool is_mark(const char *word, size_t size)
{
    return size <= 2 && strspn(word, ".:!?-+&*") >= size;
}

static bool is_familiar(const char *word, size_t size)
{
    if (is_small_number(word, size) || is_date(word, size) || is_mark(word, size))
        return true;
    /* "event-log", word by word; a single letter says nothing. */
    for (size_t i = 0, n; i < size; i += n + 1) {
        n = 0;
        while (i + n < size && word[i + n] != '-')
            n++;
        for (size_t k = i; k < i + n; k++)
            if (!isalpha((unsigned char)word[k]))
                return false;
        if (n > 1 && !is_own_word(word + i, n) && !errors_have_word(word + i, n) &&
            !catalog_has_word(word + i, n))
            return false;
    }
    return true;
}

#define WORD_ENDS "\t ()[]{}<>,;\"'`|="

/* The word without the stops that end a sentence. */
static size_t word_size(const char *text)
{
    size_t size = strcspn(text, WORD_ENDS);

    while (size > 1 && strchr(".:!?", text[size - 1]))
        size--;
    return size;
}

char *redact_foreign(const char *text)
{
    /* A word of one letter that is hidden is the worst. */
    char *out = malloc(strlen(text) * strlen(REDACTED) + 1), *to = out;
    bool is_port = false;

    if (!out)
        return NULL;
    while (*text) {
        size_t size = word_size(text);
        if (size == 0) {
            *to++ = *text++;
            continue;
        }
        bool stays = !is_port && is_familiar(text, size);
        is_port = size == strlen("port") && strncasecmp(text, "port", size) == 0;
        to = stpncpy(to, stays ? text : REDACTED, stays ? size : strlen(REDACTED));
        text += size;
    }
    *to = 0;
    return out;
}
