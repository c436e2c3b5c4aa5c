/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Appraisal to claims to JWS.
 */
#include "verifier/issue.h"

#include "base/encode.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "token/jws.h"

#include <errno.h>
#include <string.h>

/* Takes VALUE. */
static int set(json_t *object, const char *name, json_t *value)
{
    return value && json_object_set_new(object, name, value) == 0 ? 0 : -ENOMEM;
}

static int add_submodule(json_t *submodules, const char *name, const char *policy_id,
                         const SubmoduleAppraisal *part)
{
    if (!part->present)
        return 0;
    json_t *submodule = json_pack("{s:s, s:o, s:[s]}", "ear_status", trust_tier_name(part->status),
                                  "ear_trustworthiness_vector", trust_vector_to_json(&part->vector),
                                  "ear_appraisal_policy_ids", policy_id);

    int r = set(submodules, name, submodule);
    if (r == 0 && part->facts)
        r = json_object_set(submodule, "facts", part->facts) < 0 ? -ENOMEM : 0;
    return r;
}

/* Takes those of one RESULT from ALL to CHOSEN while they fit. */
static int choose_findings(const json_t *all, const char *result, size_t *used, json_t *chosen)
{
    size_t i;
    json_t *item;

    json_array_foreach (all, i, item) {
        const char *found = json_string_value(json_object_get(item, "result"));
        if (!found || strcmp(found, result) != 0)
            continue;
        _cleanup_free_ char *text = json_text(item);
        if (!text)
            return -ENOMEM;
        if (*used + strlen(text) > ISSUE_FINDINGS_MAX)
            return 0;
        *used += strlen(text) + 1;
        if (json_array_append(chosen, item) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int add_findings(json_t *object, const Findings *findings)
{
    json_t *all = findings_to_json(findings);
    json_t *chosen = json_array();
    size_t used = 0;

    int r = all && chosen ? choose_findings(all, "failure", &used, chosen) : -ENOMEM;
    if (r == 0)
        r = choose_findings(all, "warning", &used, chosen);
    json_decref(all);
    if (r < 0) {
        json_decref(chosen);
        return r;
    }
    return set(object, "findings", chosen);
}

/* What EAR has no place for. */
static int add_ours(json_t *claims, const IssueInput *input)
{
    const Appraisal *appraisal = input->appraisal;
    json_t *ours = json_object();
    Digest gates;

    int r = set(claims, "attestd", ours);
    if (r == 0)
        r = digest_of(DIGEST_SHA256, input->gates, &gates);
    if (r == 0 && appraisal->vtpm.present)
        r = set(ours, "vtpm_root", json_string(vtpm_root_name(appraisal->vtpm_root)));
    if (r == 0)
        r = set(ours, "hardware", json_string(hardware_name(appraisal->hardware)));
    if (r == 0)
        r = set(ours, "simulated", json_boolean(appraisal->simulated));
    if (r == 0)
        r = set(ours, "policy", json_string(input->policy_id));
    if (r == 0 && input->uncovered)
        r = json_object_set(ours, "uncovered", input->uncovered) < 0 ? -ENOMEM : 0;
    if (r == 0)
        r = add_findings(ours, &appraisal->findings);
    if (r == 0)
        r = json_set_base64url(ours, "gates_sha256", digest_view(&gates));
    return r;
}

static int add_result(json_t *claims, const IssueInput *input)
{
    const Appraisal *appraisal = input->appraisal;
    json_t *submodules = json_object();

    int r = set(claims, "submods", submodules);
    if (r == 0)
        r = add_submodule(submodules, "cpu", input->policy_id, &appraisal->cpu);
    if (r == 0)
        r = add_submodule(submodules, "vtpm", input->policy_id, &appraisal->vtpm);
    if (r == 0 && appraisal->has_claims && appraisal->claims.jwk)
        r = set(claims, "cnf", json_pack("{s:O}", "jwk", appraisal->claims.jwk));
    return r;
}

static int build_claims(const IssueInput *input, const char *id, json_t *claims)
{
    json_t *head =
        json_pack("{s:s, s:s, s:I, s:I, s:s, s:s, s:{s:s, s:s}, s:s}", "iss", input->issuer, "aud",
                  input->audience, "iat", (json_int_t)input->issued_sec, "exp",
                  (json_int_t)(input->issued_sec + input->life_sec), "jti", id, "eat_profile",
                  ISSUE_EAR_PROFILE, "ear_verifier_id", "developer", "attestd", "build",
                  "attest-verifier " ATTESTD_VERSION, "ear_status",
                  trust_tier_name(input->appraisal->status));

    int r = head ? json_object_update(claims, head) : -ENOMEM;
    json_decref(head);
    if (r < 0)
        return -ENOMEM;
    r = json_set_base64url(claims, "eat_nonce", input->nonce);
    if (r == 0)
        r = add_result(claims, input);
    if (r == 0)
        r = add_ours(claims, input);
    return r;
}

int issue_token(const IssueInput *input, char **ret_id, char **ret)
{
    uint8_t random[16];

    int r = random_fill(random, sizeof(random));
    if (r < 0)
        return r;
    _cleanup_free_ char *id = base64url_encode(VIEW_OF_ARRAY(random));
    json_t *claims = json_object();
    r = id && claims ? build_claims(input, id, claims) : -ENOMEM;
    _cleanup_free_ char *text = r == 0 ? json_text(claims) : NULL;
    json_decref(claims);
    if (r == 0 && !text)
        r = -ENOMEM;
    if (r == 0)
        r = jws_sign(input->key, input->kid, "JWT", view_of_string(text), ret);
    if (r < 0)
        return r;
    *ret_id = TAKE_PTR(id);
    return 0;
}
