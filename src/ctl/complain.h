/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What went wrong, on stderr: cause, what it is about, what was found, remedy.
 */
#pragma once

#include "format/finding.h"

/*
 * Prints the catalogue's entry NAME about SUBJECT; FOUND may be NULL. Returns its exit class.
 */
int complain(const char *name, const char *subject, const char *found);
/* Prints FINDINGS, failures first; returns the exit class of the first failure, 0 without one. */
int complain_of_findings(const Findings *findings);
/* The same exit class, and nothing is printed: for a verb whose JSON has the findings. */
int complain_exit_class(const Findings *findings);
/* Prints "attestctl: CAUSE" and "Remedy: REMEDY."; returns EXIT_CLASS_USAGE. */
int complain_of_usage(const char *remedy, const char *format, ...) _printf_(2, 3);
/*
 * Prints that this was out of our hands (negative errno); returns EXIT_CLASS_INTERNAL. Whoever only
 * lacks the right to it is sent to root: EXIT_CLASS_USAGE.
 */
int complain_of_errno(int r, const char *what);
/* The same of a failure that the catalogue has as NAME: that, unless it is for want of a right. */
int complain_of_failure(const char *name, const char *subject, int r);
