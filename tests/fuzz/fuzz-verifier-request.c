/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a stranger can send to attest-verifier before a nonce: the first line is path and media
 * type, the rest the body of a challenge.
 */
#include "verifier/answer.h"
#include "verifier/challenge.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A NUL-terminated copy, since headers are C strings; owned. */
static char *text_of(const uint8_t *data, size_t size)
{
    char *text = calloc(1, size + 1);

    if (text && size > 0)
        memcpy(text, data, size);
    return text;
}

static void ask_head(char *line, size_t length)
{
    VerifierConfig config = { .path_prefix = (char[]){ "/p" } };
    const Instance instance = { .config = &config };
    char *space = strchr(line, ' ');
    Reply reply = { 0 };

    if (space)
        *space = 0;
    const Request request = { .method = "POST",
                              .path = line,
                              .content_type = space ? space + 1 : NULL,
                              .has_length = true,
                              .length = length };
    if (answer_head(&instance, &request, &reply) == ANSWER_E_PROBLEM)
        reply_done(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t zeros[NONCE_KEY_SIZE];
    _cleanup_nonce_keys_ NonceKeys keys = { 0 };
    const uint8_t *newline = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t line_size = newline ? (size_t)(newline - data) : size;
    _cleanup_free_ char *line = text_of(data, line_size);
    _cleanup_bytes_ Bytes reply = { 0 };
    const char *cause = NULL;

    if (!line || secret_new(VIEW_OF_ARRAY(zeros), &keys.current) < 0)
        return 0;
    ask_head(line, size);
    if (!newline)
        return 0;
    const ByteView body = { .data = newline + 1, .size = size - line_size - 1 };
    int r = challenge_answer(&keys, "v", 0, body, &cause, &reply);
    if (r < 0 || (r > 0) != (reply.size == 0) || (r > 0 && !cause))
        abort();
    return 0;
}
