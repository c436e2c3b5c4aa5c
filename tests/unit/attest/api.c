/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every test of libattest does.
 */
#include "api.h"

#include "testing.h"

void api_answer_done(ApiAnswer *answer)
{
    attest_result_free(answer->result);
    json_decref(answer->json);
}

attest_input *api_input(const ApiInput *wanted)
{
    attest_input *input;

    check_int(attest_input_new(&input), 0);
    for (size_t i = 0; i < API_ITEMS_MAX && wanted->items[i].item != 0; i++) {
        const ApiItem *item = &wanted->items[i];
        _cleanup_bytes_ Bytes read = item->vector ? test_vector(item->vector) : (Bytes){ 0 };
        ByteView bytes = item->vector ? VIEW(read) : item->bytes;
        check_int(attest_input_add(input, item->item, bytes.data, bytes.size), 0);
    }
    if (wanted->at_sec != 0)
        attest_input_set_time(input, wanted->at_sec);
    return input;
}

ApiAnswer api_answer(int verdict, attest_result *result)
{
    check(verdict >= 0 && result);
    check_int(attest_result_verdict(result), verdict);
    const char *text = attest_result_json(result);
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    check(json_is_object(json));
    check(strlen(attest_version()) > 0);
    return (ApiAnswer){ .verdict = verdict, .result = result, .json = json };
}

ApiAnswer api_verify(attest_kind kind, const ApiInput *wanted)
{
    attest_input *input = api_input(wanted);
    attest_result *result = NULL;

    int r = attest_verify(input, kind, &result);
    ApiAnswer answer = api_answer(r, result);
    check(!attest_input_free(input));
    check_str(json_string_value(json_object_get(answer.json, "verdict")),
              answer.verdict == ATTEST_PASS ? "pass" : "fail");
    check(json_is_object(json_object_get(answer.json, "claims")));
    check_int(json_array_size(json_object_get(answer.json, "checks")),
              attest_result_n_findings(answer.result));
    return answer;
}

ApiAnswer api_inspect(ByteView bytes)
{
    attest_result *result = NULL;

    int r = attest_inspect(bytes.data, bytes.size, &result);
    ApiAnswer answer = api_answer(r, result);
    check_str(json_string_value(json_object_get(answer.json, "kind")),
              attest_result_kind_name(answer.result));
    check(json_is_object(json_object_get(answer.json, "content")));
    return answer;
}

ApiAnswer api_inspect_vector(const char *name)
{
    _cleanup_bytes_ Bytes bytes = test_vector(name);

    return api_inspect(VIEW(bytes));
}

void api_print(const ApiAnswer *answer)
{
    for (size_t i = 0; i < attest_result_n_findings(answer->result); i++) {
        const attest_finding *finding = attest_result_finding(answer->result, i);
        (void)fprintf(stderr, "  %s %s (%s): found \"%s\", wanted \"%s\"\n",
                      attest_finding_decides(finding) ? "failure" : "warning",
                      attest_finding_name(finding), attest_finding_subject(finding),
                      attest_finding_found(finding), attest_finding_wanted(finding));
    }
}

static bool has(const ApiAnswer *answer, const char *name, bool decides)
{
    const attest_finding *finding;

    for (size_t i = 0; (finding = attest_result_finding(answer->result, i)); i++)
        if (strcmp(attest_finding_name(finding), name) == 0 &&
            attest_finding_decides(finding) == decides) {
            check_str(attest_finding_source(finding), "libattest");
            check(*attest_finding_remedy(finding) && *attest_finding_subject(finding));
            return true;
        }
    (void)fprintf(stderr, "wanted %s \"%s\", found:\n", decides ? "failure" : "warning", name);
    api_print(answer);
    return false;
}

void api_check_failure(const ApiAnswer *answer, const char *name)
{
    check(has(answer, name, true));
}

void api_check_warning(const ApiAnswer *answer, const char *name)
{
    check(has(answer, name, false));
}

void api_check(const ApiAnswer *answer, int verdict, const char *name)
{
    if (answer->verdict != verdict)
        api_print(answer);
    check_int(answer->verdict, verdict);
    if (verdict != ATTEST_PASS)
        api_check_failure(answer, name);
}

const json_t *api_claim(const ApiAnswer *answer, const char *path)
{
    const json_t *at = json_object_get(answer->json, "claims");
    char name[64];

    for (const char *rest = path; *rest && at; rest += *rest == '.') {
        size_t length = strcspn(rest, ".");
        (void)snprintf(name, sizeof(name), "%.*s", (int)length, rest);
        at = json_object_get(at, name);
        rest += length;
    }
    if (!at)
        (void)fprintf(stderr, "no claim \"%s\"\n", path);
    check(at);
    return at;
}

const char *api_claim_text(const ApiAnswer *answer, const char *path)
{
    const char *text = json_string_value(api_claim(answer, path));

    check(text);
    return text;
}
