/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Complaints of the verbs that work without attestd.
 */
#include "ctl/complain.h"

#include "format/catalog.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void print(const char *level, const Finding *finding, const char *text, const char *remedy)
{
    (void)fprintf(stderr, "attestctl: %s%s%s%s%s", level, text, *finding->subject ? " (" : "",
                  finding->subject, *finding->subject ? ")" : "");
    if (finding->found && *finding->found)
        (void)fprintf(stderr, ": found %s", finding->found);
    if (finding->wanted && *finding->wanted)
        (void)fprintf(stderr, ", wanted %s", finding->wanted);
    (void)fputc('\n', stderr);
    if (remedy && *remedy)
        (void)fprintf(stderr, "Remedy: %s.\n", remedy);
}

/* One that came from the worker may have a name that we do not know. */
static int print_finding(const char *level, const Finding *finding)
{
    const CatalogEntry *entry = catalog_find(finding->name);

    print(level, finding, entry ? entry->text : finding->name,
          entry ? entry->remedy : finding->remedy);
    return entry ? (int)entry->exit_class : EXIT_CLASS_INTERNAL;
}

int complain(const char *name, const char *subject, const char *found)
{
    _cleanup_findings_ Findings findings = { .source = "attestctl" };

    if (findings_add(&findings, name, subject, FINDING_FAILURE, found, NULL) < 0)
        return EXIT_CLASS_INTERNAL;
    return print_finding("", &findings.items[0]);
}

int complain_exit_class(const Findings *findings)
{
    const Finding *failure = findings_first_failure(findings);
    const CatalogEntry *entry = failure ? catalog_find(failure->name) : NULL;

    if (!failure)
        return EXIT_CLASS_ATTESTED;
    return entry ? (int)entry->exit_class : EXIT_CLASS_INTERNAL;
}

int complain_of_findings(const Findings *findings)
{
    for (size_t i = 0; i < findings->n_items; i++)
        if (findings->items[i].result == FINDING_FAILURE)
            (void)print_finding("", &findings->items[i]);
    for (size_t i = 0; i < findings->n_items; i++)
        if (findings->items[i].result == FINDING_WARNING)
            (void)print_finding("warning: ", &findings->items[i]);
    return complain_exit_class(findings);
}

int complain_of_usage(const char *remedy, const char *format, ...)
{
    va_list arguments;

    (void)fputs("attestctl: ", stderr);
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fprintf(stderr, "\nRemedy: %s.\n", remedy);
    return EXIT_CLASS_USAGE;
}

int complain_of_errno(int r, const char *what)
{
    (void)fprintf(stderr, "attestctl: %s: %s\n", what, strerror(-r));
    if (r != -EACCES || geteuid() == 0)
        return EXIT_CLASS_INTERNAL;
    (void)fputs("Remedy: run it as root, or correct the path.\n", stderr);
    return EXIT_CLASS_USAGE;
}

int complain_of_failure(const char *name, const char *subject, int r)
{
    return r == -EACCES && geteuid() != 0 ? complain_of_errno(r, subject)
                                          : complain(name, subject, strerror(-r));
}
