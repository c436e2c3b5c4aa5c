/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EvidenceClaims to the bytes that are hashed. Declared in evidence-claims.h.
 */
#include "format/evidence-claims.h"

#include <errno.h>
#include <string.h>

static int set_text(json_t *object, const char *name, const char *text)
{
    return json_object_set_new(object, name, json_string(text)) < 0 ? -ENOMEM : 0;
}

static int set_optional_bytes(json_t *object, const char *name, ByteView bytes)
{
    return bytes.size > 0 ? json_set_base64url(object, name, bytes) : 0;
}

static int set_key(json_t *object, const json_t *jwk)
{
    json_auto_t *copy = json_deep_copy(jwk);
    json_auto_t *cnf = json_object();

    if (!copy || json_object_set(cnf, "jwk", copy) < 0 || json_object_set(object, "cnf", cnf) < 0)
        return -ENOMEM;
    return 0;
}

static int set_members(json_t *object, unsigned members)
{
    json_auto_t *array = json_array();

    for (unsigned member = 1; member & EVIDENCE_MEMBERS_ALL; member <<= 1)
        if (members & member &&
            json_array_append_new(array, json_string(evidence_member_name(member))) < 0)
            return -ENOMEM;
    return json_object_set(object, "members", array) < 0 ? -ENOMEM : 0;
}

static int set_gates(json_t *object, const EvidenceClaims *claims)
{
    json_auto_t *array = json_array();

    if (claims->n_gates == 0)
        return 0;
    for (size_t i = 0; i < claims->n_gates; i++)
        if (json_array_append_new(array, json_string(claims->gates[i])) < 0)
            return -ENOMEM;
    return json_object_set(object, "gates", array) < 0 ? -ENOMEM : 0;
}

static int set_purpose(json_t *object, const EvidenceClaims *claims)
{
    int r = set_text(object, "eat_profile", EVIDENCE_PROFILE);

    if (r < 0)
        return r;
    switch (claims->purpose) {
    case EVIDENCE_PURPOSE_ROUND:
        r = set_text(object, "purpose", "round");
        return r < 0 ? r : set_text(object, "aud", claims->audience);
    case EVIDENCE_PURPOSE_CALLER:
        return set_text(object, "purpose", "caller");
    }
    return -EINVAL;
}

static int set_all(json_t *object, const EvidenceClaims *claims)
{
    int r = set_purpose(object, claims);

    if (r == 0)
        r = json_set_base64url(object, "eat_nonce", VIEW(claims->nonce));
    if (r == 0 && claims->jwk)
        r = set_key(object, claims->jwk);
    if (r == 0)
        r = set_members(object, claims->members);
    if (r == 0 && claims->members & EVIDENCE_MEMBER_VTPM)
        r = json_set_base64url(object, "vtpm_ak_sha384", VIEW_OF_ARRAY(claims->ak_sha384));
    if (r == 0)
        r = set_gates(object, claims);
    if (r == 0)
        r = set_optional_bytes(object, "nonce_tpm", VIEW(claims->nonce_tpm));
    if (r == 0)
        r = set_optional_bytes(object, "credential", VIEW(claims->credential));
    if (r == 0)
        r = set_text(object, "swname", claims->swname ? claims->swname : "attestd");
    if (r == 0)
        r = set_text(object, "swversion", claims->swversion ? claims->swversion : ATTESTD_VERSION);
    return r;
}

/* What would crash or be lost on the way to JSON; the rest is judged by reading back. */
static bool is_complete(const EvidenceClaims *claims)
{
    bool is_round = claims->purpose == EVIDENCE_PURPOSE_ROUND;

    return claims->nonce.size > 0 && is_round == (claims->audience != NULL) &&
           is_round == (claims->jwk != NULL) && (claims->members & ~EVIDENCE_MEMBERS_ALL) == 0;
}

int evidence_claims_emit(const EvidenceClaims *claims, Bytes *ret)
{
    _cleanup_evidence_claims_ EvidenceClaims again = { 0 };
    json_auto_t *object = json_object();

    if (!object)
        return -ENOMEM;
    if (!is_complete(claims))
        return -EINVAL;
    int r = set_all(object, claims);
    if (r < 0)
        return r;

    _cleanup_free_ char *text = json_text(object);
    if (!text)
        return -ENOMEM;
    r = evidence_claims_parse(view_of_string(text), NULL, &again);
    if (r)
        return r < 0 ? r : -EINVAL;
    size_t size = strlen(text);
    *ret = (Bytes){ .data = (uint8_t *)TAKE_PTR(text), .size = size };
    return 0;
}
