/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue of names as a whole: what every entry owes to those who read it.
 */
#include "format/catalog.h"
#include "format/finding.h"
#include "testing.h"

static void test_names_are_unique(void)
{
    const CatalogEntry *a, *b;

    for (size_t i = 0; (a = catalog_at(i)); i++) {
        for (size_t k = i + 1; (b = catalog_at(k)); k++) {
            if (strcmp(a->name, b->name) == 0)
                (void)fprintf(stderr, "twice: %s\n", a->name);
            check(strcmp(a->name, b->name) != 0);
        }
    }
}

static void test_names_are_words_with_dashes(void)
{
    const CatalogEntry *entry;

    for (size_t i = 0; (entry = catalog_at(i)); i++) {
        size_t length = strlen(entry->name);
        (void)printf("  %s\n", entry->name);
        check(length >= 3 && length <= 64);
        check_int(strspn(entry->name, "abcdefghijklmnopqrstuvwxyz0123456789-"), length);
        check(entry->name[0] >= 'a' && entry->name[0] <= 'z');
        check(entry->name[length - 1] != '-' && !strstr(entry->name, "--"));
    }
    check(catalog_at(0) != NULL);
}

static void check_line(const char *name, const char *text)
{
    bool is_line = text && *text && strlen(text) <= FINDING_TEXT_MAX;

    for (const char *c = text; is_line && *c; c++)
        is_line = *c >= 0x20 && *c < 0x7f;
    if (!is_line)
        (void)fprintf(stderr, "%s: not one line of printable text: %s\n", name, text);
    check(is_line);
    check(text[0] != ' ' && text[strlen(text) - 1] != ' ');
}

static void test_texts_are_lines(void)
{
    const CatalogEntry *entry;

    for (size_t i = 0; (entry = catalog_at(i)); i++) {
        check_line(entry->name, entry->text);
        check_line(entry->name, entry->remedy);
    }
}

static void test_exit_classes_exist(void)
{
    const CatalogEntry *entry;

    for (size_t i = 0; (entry = catalog_at(i)); i++) {
        check(entry->exit_class >= EXIT_CLASS_INTERNAL);
        check(entry->exit_class <= EXIT_CLASS_NOT_CONFIDENTIAL);
    }
}

static void test_find_and_walk_agree(void)
{
    const CatalogEntry *entry;
    size_t n = 0;

    for (; (entry = catalog_at(n)); n++)
        check(catalog_find(entry->name) != NULL);
    check(catalog_at(n) == NULL && catalog_at(n + 1) == NULL && catalog_at(SIZE_MAX) == NULL);
    check(catalog_find("") == NULL);
    check(catalog_find("no-such-name") == NULL);
    check_str(catalog_find("internal-error")->name, "internal-error");
}

static const Test tests[] = {
    { "names are words with dashes", test_names_are_words_with_dashes },
    { "texts and remedies are lines", test_texts_are_lines },
    { "exit classes exist and none says attested", test_exit_classes_exist },
    { "find and walk agree", test_find_and_walk_agree },
    { "no name occurs twice", test_names_are_unique },
};

TEST_MAIN(tests)
