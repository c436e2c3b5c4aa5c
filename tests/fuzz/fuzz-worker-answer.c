/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the reader of worker answers accepts, the writer writes, and the reader accepts that again.
 */
#include "format/worker-answer.h"

#include <errno.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT, again = WORKER_ANSWER_INIT;
    _cleanup_free_ char *line = NULL, *second = NULL;

    if (worker_answer_decode((ByteView){ .data = data, .size = size }, &answer) != 0)
        return 0;
    /* Escapes may make the same texts longer than the limit that the input kept to. */
    int r = worker_answer_encode(&answer, &line);
    if (r == -EMSGSIZE)
        return 0;
    if (r != 0 || worker_answer_decode(view_of_string(line), &again) != WORKER_ANSWER_OK)
        abort();
    if (worker_answer_encode(&again, &second) != 0 || strcmp(line, second) != 0)
        abort();
    return 0;
}
