/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines, sections and assignments.
 */
#include "config/config-file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SECTION_NAME_MAX 64   /* characters of NAME in [Verifier NAME] */
#define LINE_MAX_SIZE    8192 /* bytes of one line, continuations included */

typedef struct FileParser {
    const char *path;
    ConfigLineHandler *handler;
    void *userdata;
    Findings *findings;
    char *section;
    char *name;
} FileParser;

static void file_parser_done(FileParser *parser)
{
    free(parser->section);
    free(parser->name);
}

int config_refuse(Findings *findings, const char *name, const char *path, unsigned line,
                  const char *found, const char *wanted)
{
    char place[FINDING_TEXT_MAX];

    if (line > 0)
        (void)snprintf(place, sizeof(place), "%s:%u", path, line);
    else
        (void)snprintf(place, sizeof(place), "%s", path);
    return findings_add(findings, name, place, FINDING_FAILURE, found, wanted);
}

static char *trim(char *text)
{
    size_t size;

    text += strspn(text, " \t\r");
    size = strlen(text);
    while (size > 0 && strchr(" \t\r", text[size - 1]))
        size--;
    text[size] = 0;
    return text;
}

static bool is_word(const char *text, const char *extra)
{
    if (!*text || strlen(text) > SECTION_NAME_MAX)
        return false;
    for (; *text; text++)
        if (!isascii((unsigned char)*text) ||
            (!isalnum((unsigned char)*text) && !strchr(extra, *text)))
            return false;
    return true;
}

/* "[Section]" or "[Section NAME]". TEXT is modified. */
static int parse_header(FileParser *parser, unsigned line, char *text)
{
    size_t size = strlen(text);
    const char *section, *name = NULL;

    if (text[size - 1] == ']') {
        text[size - 1] = 0;
        section = trim(text + 1);
        char *space = strpbrk(text + 1, " \t");
        if (space) {
            *space = 0;
            name = trim(space + 1);
        }
        if (is_word(section, "") && (!name || is_word(name, "._-"))) {
            free(parser->section);
            free(parser->name);
            parser->name = name ? strdup(name) : NULL;
            parser->section = strdup(section);
            if (!parser->section || (name && !parser->name))
                return -ENOMEM;
            ConfigLine header = {
                .path = parser->path, .line = line, .section = parser->section, .name = parser->name
            };
            return parser->handler(&header, parser->userdata);
        }
    }
    return config_refuse(parser->findings, "config-syntax", parser->path, line, text,
                         "[Section] or [Verifier NAME]");
}

static int parse_assignment(FileParser *parser, unsigned line, char *text)
{
    char *equals = strchr(text, '=');

    if (!equals)
        return config_refuse(parser->findings, "config-syntax", parser->path, line, text,
                             "[Section], Key=value or # comment");
    *equals = 0;
    ConfigLine assignment = { .path = parser->path,
                              .line = line,
                              .section = parser->section,
                              .name = parser->name,
                              .key = trim(text),
                              .value = trim(equals + 1) };
    if (!parser->section)
        return config_refuse(parser->findings, "config-syntax", parser->path, line, assignment.key,
                             "a [Section] before the first key");
    return parser->handler(&assignment, parser->userdata);
}

/* TEXT is one whole line, continuations joined. It is modified. */
static int parse_line(FileParser *parser, unsigned line, char *text)
{
    for (const char *c = text; *c; c++)
        if (iscntrl((unsigned char)*c) && *c != '\t' && *c != '\r')
            return config_refuse(parser->findings, "config-syntax", parser->path, line,
                                 "a control character", "plain text");
    text = trim(text);
    if (!*text)
        return 0;
    return *text == '[' ? parse_header(parser, line, text) : parse_assignment(parser, line, text);
}

/* One physical line of a text, borrowed; advances REST behind its line feed. */
static ByteView take_line(ByteView *rest)
{
    const uint8_t *end = memchr(rest->data, '\n', rest->size);
    ByteView line = { .data = rest->data, .size = end ? (size_t)(end - rest->data) : rest->size };
    size_t taken = line.size + (end ? 1 : 0);

    rest->data += taken;
    rest->size -= taken;
    return line;
}

static bool is_comment(ByteView line)
{
    size_t i = 0;

    while (i < line.size && (line.data[i] == ' ' || line.data[i] == '\t'))
        i++;
    return i < line.size && (line.data[i] == '#' || line.data[i] == ';');
}

typedef struct Joined {
    char text[LINE_MAX_SIZE];
    size_t size;
    unsigned first; /* line number; 0: empty */
} Joined;

/* Appends PART; false when the joined line gets too long. */
static bool join(Joined *joined, ByteView part, unsigned line)
{
    if (joined->first == 0)
        joined->first = line;
    if (part.size > sizeof(joined->text) - 1 - joined->size)
        return false;
    if (part.size > 0)
        memcpy(joined->text + joined->size, part.data, part.size);
    joined->size += part.size;
    joined->text[joined->size] = 0;
    return true;
}

/* A backslash at the end becomes a blank, and the line goes on (systemd.syntax(7)). */
static bool strip_continuation(Joined *joined)
{
    if (joined->size == 0 || joined->text[joined->size - 1] != '\\')
        return false;
    joined->text[joined->size - 1] = ' ';
    return true;
}

static int parse_lines(FileParser *parser, ByteView text)
{
    Joined joined = { 0 };
    unsigned line = 0;
    int r = 0;

    while (text.size > 0 && r == 0) {
        ByteView part = take_line(&text);
        line++;
        if (is_comment(part))
            continue;
        if (!join(&joined, part, line))
            return config_refuse(parser->findings, "config-syntax", parser->path, line,
                                 "a line of more than 8 KiB", "shorter lines");
        if (strip_continuation(&joined) && text.size > 0)
            continue;
        r = parse_line(parser, joined.first, joined.text);
        joined.size = 0;
        joined.first = 0;
        joined.text[0] = 0;
    }
    /* Comments may have been all that followed a continued line. */
    if (r == 0 && joined.first > 0)
        r = parse_line(parser, joined.first, joined.text);
    return r;
}

int config_file_parse(const char *path, ByteView text, ConfigLineHandler *handler, void *userdata,
                      Findings *findings)
{
    _cleanup_(file_parser_done) FileParser parser = {
        .path = path, .handler = handler, .userdata = userdata, .findings = findings
    };

    if (text.size > 0 && memchr(text.data, 0, text.size))
        return config_refuse(findings, "config-syntax", path, 0, "a NUL byte", "plain text");
    return parse_lines(&parser, text);
}
