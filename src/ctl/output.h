/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What attestctl shows a person: colour where there is a terminal, times as dates and as distances.
 */
#pragma once

#include "base/json.h"

typedef enum Tone { TONE_PLAIN, TONE_GOOD, TONE_WARN, TONE_BAD, TONE_DIM, TONE_BOLD } Tone;

typedef enum ColorMode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER } ColorMode;

/* COLOR_AUTO colours when stdout is a terminal, TERM is not dumb and NO_COLOR is not set. */
void output_set_color(ColorMode mode);
/* The escape sequence for TONE, or "". */
const char *output_tone(Tone tone);
const char *output_reset(void);

/* The standing's state in its tone. */
Tone output_state_tone(const char *state);

/* "2026-11-22T06:05:00Z (in 12 min 3 s)", "(3 s ago)", or "never" for 0. */
void format_moment(uint64_t realtime_usec, char out[static 96]);
/* "12 min 3 s". */
void format_span(uint64_t usec, char out[static 48]);

/* A line beside the output, on stderr, in its place. */
void output_note(const char *text);
/* Prints VALUE, indented. -ENOMEM. */
_must_check_ int output_json(const json_t *value);

/* Prints the properties of bus_client_properties() for a person. */
void output_standing(const json_t *properties);
/* The same as a JSON object with lower-case names; -ENOMEM. */
_must_check_ int output_standing_json(const json_t *properties);

/* The exit class that a standing means (docs/man/attestctl.1). */
int standing_exit_class(const json_t *properties);
