/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts are flat on the bus: submodule and name with a dot between. What does not fit that form, or
 * the size of an answer, stays in the token.
 */
#include "worker/verdict-facts.h"

#include "base/clock.h"
#include "crypto/jwa.h"
#include "worker/verdict-maa.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FACT_NAME_SIZE 160         /* bytes */
#define FACTS_SIZE_MAX (24 * 1024) /* bytes of JSON; leaves room for findings in an answer */

static const json_t *ours(const Token *token)
{
    return json_object_get(token->claims, "attestd");
}

const char *verdict_vtpm_root(const Token *token)
{
    const char *root = json_string_value(json_object_get(ours(token), "vtpm_root"));

    return root ? root : "";
}

int verdict_simulated(const Token *token, bool *ret)
{
    return json_is_object(ours(token)) ? json_get_bool(ours(token), "simulated", ret)
                                       : JSON_E_MISSING;
}

/* Facts that name this very machine, such as its root disk, stay in the token. */
static const char *const identifying[] = { "command_line" };

static bool is_identifying(const char *key)
{
    for (size_t i = 0; i < ELEMENTSOF(identifying); i++)
        if (strcmp(identifying[i], key) == 0)
            return true;
    return false;
}

/* Sets FACTS[NAME] unless it is unfit or there is no room. */
static int add_fact(json_t *facts, size_t *size, const char *name, json_t *value)
{
    if (!value || !answer_fact_is_valid(name, value) || json_object_size(facts) >= ANSWER_FACTS_MAX)
        return 0;
    _cleanup_free_ char *text = json_text(value);
    if (!text)
        return -ENOMEM;
    if (*size + strlen(name) + strlen(text) > FACTS_SIZE_MAX)
        return 0;
    *size += strlen(name) + strlen(text);
    return json_object_set(facts, name, value) < 0 ? -ENOMEM : 0;
}

static int add_submodule(json_t *facts, size_t *size, const EarSubmodule *submodule)
{
    json_t *theirs = json_object_get(submodule->claims, "facts"), *value;
    const char *key;
    char name[FACT_NAME_SIZE];

    json_object_foreach (theirs, key, value) {
        int n = snprintf(name, sizeof(name), "%s.%s", submodule->name, key);
        if (n < 0 || (size_t)n >= sizeof(name) || is_identifying(key))
            continue;
        int r = add_fact(facts, size, name, value);
        if (r < 0)
            return r;
    }
    return 0;
}

static json_t *collect_facts(const Token *token)
{
    json_auto_t *facts = json_object();
    size_t size = 0;

    if (!facts)
        return NULL;
    int r = add_fact(facts, &size, "policy", json_object_get(ours(token), "policy"));
    if (r == 0)
        r = add_fact(facts, &size, "vtpm_root", json_object_get(ours(token), "vtpm_root"));
    if (r == 0)
        r = add_fact(facts, &size, "hardware", json_object_get(ours(token), "hardware"));
    if (r == 0)
        r = add_fact(facts, &size, "uncovered", json_object_get(ours(token), "uncovered"));
    for (size_t i = 0; r == 0 && i < token->ear.n_submodules; i++)
        r = add_submodule(facts, &size, &token->ear.submodules[i]);
    return r == 0 ? TAKE_PTR(facts) : NULL;
}

/* A copy that may go into journal and bus. */
static char *printable(const char *text)
{
    char *copy = strndup(text ? text : "", ANSWER_TEXT_MAX);

    for (char *c = copy; c && *c; c++)
        if (!isascii((unsigned char)*c) || !isprint((unsigned char)*c))
            *c = '?';
    return copy;
}

int verdict_describe(const Token *token, const VerdictInput *input, AnswerToken **ret)
{
    uint64_t life_usec = token_life_sec(token) * USEC_PER_SEC;
    bool is_maa = input->protocol->token_form == TOKEN_FORM_MAA;
    _cleanup_(answer_token_freep) AnswerToken *described = calloc(1, sizeof(*described));
    if (!described)
        return -ENOMEM;

    *described = (AnswerToken){
        .jti = printable(token->id),
        .issuer = printable(json_string_value(json_object_get(token->claims, "iss"))),
        .kid = printable(token->kid),
        .alg = printable(token->algorithm->name),
        .issued_sec = token->issued_sec,
        .expires_sec = token->expires_sec,
        .life_usec = life_usec,
        .expires_boottime_usec = input->challenge_boottime_usec + life_usec,
        .claims = is_maa ? verdict_maa_facts(token, input->proof) : collect_facts(token),
    };
    if (!described->jti || !described->issuer || !described->kid || !described->alg ||
        !described->claims)
        return -ENOMEM;
    *ret = TAKE_PTR(described);
    return 0;
}
