/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of systemd's units: how a text becomes part of one (systemd-escape(1)), and what one looks
 * like. Pure.
 */
#pragma once

#include "base/macro.h"

#define UNIT_NAME_LIMIT 255 /* characters; UNIT_NAME_MAX of systemd */

/*
 * TEXT as an instance: "with-dash" is "with\x2ddash". Letters, digits, ':', '_' and '.' (not in
 * front) stay, '/' is '-'. Owned; NULL when out of memory.
 */
char *unit_escape(const char *text);
/*
 * The same of a path that begins with '/' and has no empty, "." or ".." parts: "/dev/x-y" is
 * "dev-x\x2dy", "/" is "-". Owned; NULL when out of memory.
 */
char *unit_escape_path(const char *path);
/* "systemd-cryptsetup@ESCAPED.service", which opens VOLUME of crypttab(5). Owned; NULL: no memory.
 */
char *unit_of_volume(const char *volume);

/* The full name of a service, an instance or not; never a template, never a pattern. */
bool unit_is_service(const char *name);
