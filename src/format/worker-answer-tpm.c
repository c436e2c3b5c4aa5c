/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TPM's counters and the name of its key, as the quote of a round had them.
 */
#include "format/worker-answer-tpm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME_LENGTH_MIN 44 /* SHA-1, with the two bytes of the algorithm */

static int set(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) < 0 ? -ENOMEM : 0;
}

static json_t *clock_to_json(const AnswerTpmClock *tpm)
{
    return json_pack("{sI sI sI}", "clock_msec",
                     (json_int_t)MIN(tpm->clock_msec, (uint64_t)INT64_MAX), "reset_count",
                     (json_int_t)tpm->reset_count, "restart_count", (json_int_t)tpm->restart_count);
}

int answer_tpm_to_json(json_t *object, const WorkerAnswer *answer)
{
    const AnswerTpmKey *key = &answer->tpm_key;
    int r = answer->has_tpm_clock ? set(object, "tpm_clock", clock_to_json(&answer->tpm_clock)) : 0;

    if (r == 0 && key->name[0])
        r = set(object, "tpm_key",
                json_pack("{ss sb}", "name", key->name, "is_forgotten", key->is_forgotten));
    return r;
}

static int take_clock(json_t *member, WorkerAnswer *answer)
{
    static const char *const known[] = { "clock_msec", "reset_count", "restart_count", NULL };
    uint64_t resets = 0, restarts = 0;
    AnswerTpmClock *tpm = &answer->tpm_clock;

    if (!json_is_object(member) || json_unknown_member(member, known) ||
        json_get_u64(member, "clock_msec", &tpm->clock_msec) || tpm->clock_msec > INT64_MAX ||
        json_get_u64(member, "reset_count", &resets) || resets > UINT32_MAX ||
        json_get_u64(member, "restart_count", &restarts) || restarts > UINT32_MAX)
        return WORKER_ANSWER_E_MEMBER;
    tpm->reset_count = (uint32_t)resets;
    tpm->restart_count = (uint32_t)restarts;
    answer->has_tpm_clock = true;
    return WORKER_ANSWER_OK;
}

bool answer_tpm_name_is_valid(const char *text)
{
    size_t length = strlen(text);

    return length >= NAME_LENGTH_MIN && length < ANSWER_TPM_NAME_SIZE && length % 2 == 0 &&
           strspn(text, "0123456789abcdef") == length;
}

static int take_key(json_t *member, WorkerAnswer *answer)
{
    static const char *const known[] = { "name", "is_forgotten", NULL };
    AnswerTpmKey *key = &answer->tpm_key;
    const char *name;

    if (!json_is_object(member) || json_unknown_member(member, known) ||
        json_get_string(member, "name", &name) || !answer_tpm_name_is_valid(name) ||
        json_get_bool(member, "is_forgotten", &key->is_forgotten))
        return WORKER_ANSWER_E_MEMBER;
    (void)snprintf(key->name, sizeof(key->name), "%s", name);
    return WORKER_ANSWER_OK;
}

int answer_tpm_from_json(json_t *object, WorkerAnswer *answer)
{
    json_t *clock = json_object_get(object, "tpm_clock"), *key = json_object_get(object, "tpm_key");
    int r = clock ? take_clock(clock, answer) : WORKER_ANSWER_OK;

    return r == WORKER_ANSWER_OK && key ? take_key(key, answer) : r;
}
