/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sections of a unified kernel image, which systemd-stub measures into PCR 11.
 */
#pragma once

#include "verify/boot-facts.h"

#define PCR_SECTIONS 11

/*
 * The firmware's events in PCR 11 are pairs with the same text: H(name with NUL), then H(content).
 * A name that comes twice or late may have been added by root, and an event that belongs to no pair
 * may hide one: then FACTS get no section at all, and RET_SOUND is false. It is true, too, when
 * there is nothing in PCR 11. -ENOMEM, -EIO.
 */
_must_check_ int boot_sections_read(EventTextReader *reader, BootFacts *facts, bool *ret_sound);
/* Is there a section of this name, as ".cmdline"? */
bool boot_has_section(const BootFacts *facts, const char *name);
