/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims JSON to EvidenceClaims, with every rule of docs/evidence.md about what goes with what.
 */
#include "format/evidence-claims.h"

#include "format/gate-name.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define COORDINATE_SIZE 32 /* bytes, P-256 */

const char *evidence_claims_reason(int reason)
{
    switch (reason) {
    case CLAIMS_OK:
        return "ok";
    case CLAIMS_E_SIZE:
        return "too large";
    case CLAIMS_E_DEPTH:
        return "nested too deeply";
    case CLAIMS_E_DUPLICATE:
        return "a name occurs twice";
    case CLAIMS_E_SYNTAX:
        return "not a JSON object";
    case CLAIMS_E_PROFILE:
        return "of another profile";
    case CLAIMS_E_PURPOSE:
        return "of another purpose than round and caller";
    case CLAIMS_E_MISSING:
        return "member missing";
    case CLAIMS_E_UNKNOWN:
        return "unknown member";
    case CLAIMS_E_UNWANTED:
        return "member does not go with the others";
    case CLAIMS_E_TYPE:
        return "of the wrong JSON type";
    case CLAIMS_E_ENCODING:
        return "not strict base64url";
    case CLAIMS_E_NONCE:
        return "nonce of a wrong size";
    case CLAIMS_E_KEY:
        return "not a P-256 public key for ECDH-ES+A256KW";
    case CLAIMS_E_GATE:
        return "not a gate name";
    }
    return "unknown";
}

void evidence_claims_done(EvidenceClaims *claims)
{
    free(claims->audience);
    bytes_done(&claims->nonce);
    json_decref(claims->jwk);
    for (size_t i = 0; i < claims->n_gates; i++)
        free(claims->gates[i]);
    free(claims->gates);
    bytes_done(&claims->nonce_tpm);
    bytes_done(&claims->credential);
    free(claims->swname);
    free(claims->swversion);
    *claims = (EvidenceClaims){ 0 };
}

/* Notes the member and yields REASON. NAME may come from outside. */
static int refuse(EvidenceDetail *reterr, int reason, const char *name)
{
    if (reterr) {
        (void)snprintf(reterr->member, sizeof(reterr->member), "%s", name);
        for (char *c = reterr->member; *c; c++)
            if (!isascii((unsigned char)*c) || !isprint((unsigned char)*c))
                *c = '?';
    }
    return reason;
}

static int reason_of_json(int reason)
{
    switch (reason) {
    case JSON_OK:
        return CLAIMS_OK;
    case JSON_E_SIZE:
    case JSON_E_VALUES:
        return CLAIMS_E_SIZE;
    case JSON_E_DEPTH:
        return CLAIMS_E_DEPTH;
    case JSON_E_DUPLICATE:
        return CLAIMS_E_DUPLICATE;
    case JSON_E_MISSING:
        return CLAIMS_E_MISSING;
    case JSON_E_TYPE:
        return CLAIMS_E_TYPE;
    case JSON_E_ENCODING:
        return CLAIMS_E_ENCODING;
    }
    return CLAIMS_E_SYNTAX;
}

static int read_text(const json_t *object, const char *name, EvidenceDetail *reterr, char **ret)
{
    const char *text;
    int r = json_get_string(object, name, &text);

    if (r)
        return refuse(reterr, reason_of_json(r), name);
    if (strlen(text) > CLAIMS_TEXT_MAX)
        return refuse(reterr, CLAIMS_E_SIZE, name);
    if (*text == 0)
        return refuse(reterr, CLAIMS_E_MISSING, name);

    char *copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    *ret = copy;
    return CLAIMS_OK;
}

/* A byte string whose size is MIN to MAX, else REASON. */
static int read_sized(const json_t *object, const char *name, size_t min, size_t max, int reason,
                      Bytes *ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    int r = json_get_base64url(object, name, max, &bytes);
    if (r < 0)
        return r;
    if (r)
        return r == JSON_E_SIZE ? reason : reason_of_json(r);
    if (bytes.size < min)
        return reason;
    *ret = TAKE_STRUCT(bytes);
    return CLAIMS_OK;
}

static int read_nonce(const json_t *object, const char *name, size_t min, size_t max,
                      EvidenceDetail *reterr, Bytes *ret)
{
    int r = read_sized(object, name, min, max, CLAIMS_E_NONCE, ret);

    return r > 0 ? refuse(reterr, r, name) : r;
}

static int read_purpose(const json_t *object, EvidenceDetail *reterr, EvidenceClaims *claims)
{
    const char *profile, *purpose;

    int r = json_get_string(object, "eat_profile", &profile);
    if (r)
        return refuse(reterr, reason_of_json(r), "eat_profile");
    if (strcmp(profile, EVIDENCE_PROFILE) != 0)
        return refuse(reterr, CLAIMS_E_PROFILE, "eat_profile");

    r = json_get_string(object, "purpose", &purpose);
    if (r)
        return refuse(reterr, reason_of_json(r), "purpose");
    if (strcmp(purpose, "round") == 0)
        claims->purpose = EVIDENCE_PURPOSE_ROUND;
    else if (strcmp(purpose, "caller") == 0)
        claims->purpose = EVIDENCE_PURPOSE_CALLER;
    else
        return refuse(reterr, CLAIMS_E_PURPOSE, "purpose");
    return CLAIMS_OK;
}

static bool text_member_is(const json_t *object, const char *name, const char *wanted)
{
    const char *text;

    return json_get_string(object, name, &text) == JSON_OK && strcmp(text, wanted) == 0;
}

/* A public key of exactly these members: no private part can travel by accident. */
static int read_key(const json_t *object, EvidenceDetail *reterr, json_t **ret)
{
    static const char *const known[] = { "kty", "crv", "use", "alg", "x", "y", NULL };
    static const char *const known_cnf[] = { "jwk", NULL };
    _cleanup_bytes_ Bytes x = { 0 }, y = { 0 };
    json_t *cnf, *jwk;

    int r = json_get_object(object, "cnf", &cnf);
    if (r)
        return refuse(reterr, reason_of_json(r), "cnf");
    if (json_get_object(cnf, "jwk", &jwk) || json_unknown_member(cnf, known_cnf) ||
        json_unknown_member(jwk, known) || !text_member_is(jwk, "kty", "EC") ||
        !text_member_is(jwk, "crv", "P-256") || !text_member_is(jwk, "use", "enc") ||
        !text_member_is(jwk, "alg", "ECDH-ES+A256KW"))
        return refuse(reterr, CLAIMS_E_KEY, "cnf.jwk");

    r = read_sized(jwk, "x", COORDINATE_SIZE, COORDINATE_SIZE, CLAIMS_E_KEY, &x);
    if (r == CLAIMS_OK)
        r = read_sized(jwk, "y", COORDINATE_SIZE, COORDINATE_SIZE, CLAIMS_E_KEY, &y);
    if (r)
        return r < 0 ? r : refuse(reterr, CLAIMS_E_KEY, "cnf.jwk");
    *ret = json_incref(jwk);
    return CLAIMS_OK;
}

static unsigned member_by_name(const char *name)
{
    for (unsigned member = 1; member & EVIDENCE_MEMBERS_ALL; member <<= 1)
        if (name && strcmp(evidence_member_name(member), name) == 0)
            return member;
    return 0;
}

static int read_members(const json_t *object, EvidenceDetail *reterr, unsigned *ret)
{
    json_t *array, *item;
    unsigned members = 0;
    size_t i;

    int r = json_get_array(object, "members", &array);
    if (r)
        return refuse(reterr, reason_of_json(r), "members");
    if (json_array_size(array) == 0)
        return refuse(reterr, CLAIMS_E_MISSING, "members");
    json_array_foreach (array, i, item) {
        unsigned member = member_by_name(json_string_value(item));
        if (!json_is_string(item))
            return refuse(reterr, CLAIMS_E_TYPE, "members");
        if (member == 0)
            return refuse(reterr, CLAIMS_E_UNKNOWN, "members");
        if (members & member)
            return refuse(reterr, CLAIMS_E_DUPLICATE, "members");
        members |= member;
    }
    *ret = members;
    return CLAIMS_OK;
}

static int read_ak_digest(const json_t *object, EvidenceDetail *reterr, EvidenceClaims *claims)
{
    _cleanup_bytes_ Bytes digest = { 0 };
    bool has_vtpm = claims->members & EVIDENCE_MEMBER_VTPM;

    if (!has_vtpm && !json_object_get(object, "vtpm_ak_sha384"))
        return CLAIMS_OK;
    if (!has_vtpm)
        return refuse(reterr, CLAIMS_E_UNWANTED, "vtpm_ak_sha384");
    int r = read_sized(object, "vtpm_ak_sha384", CLAIMS_AK_SHA384_SIZE, CLAIMS_AK_SHA384_SIZE,
                       CLAIMS_E_TYPE, &digest);
    if (r)
        return r < 0 ? r : refuse(reterr, r, "vtpm_ak_sha384");
    memcpy(claims->ak_sha384, digest.data, sizeof(claims->ak_sha384));
    return CLAIMS_OK;
}

static int append_gate(const json_t *item, EvidenceClaims *claims)
{
    const char *name = json_string_value(item);

    if (!name || strlen(name) != json_string_length(item) || !gate_name_is_valid(name))
        return CLAIMS_E_GATE;
    for (size_t i = 0; i < claims->n_gates; i++)
        if (strcmp(claims->gates[i], name) == 0)
            return CLAIMS_E_DUPLICATE;

    char **gates = reallocarray(claims->gates, claims->n_gates + 1, sizeof(*gates));
    if (!gates)
        return -ENOMEM;
    claims->gates = gates;
    gates[claims->n_gates] = strdup(name);
    if (!gates[claims->n_gates])
        return -ENOMEM;
    claims->n_gates++;
    return CLAIMS_OK;
}

static int read_gates(const json_t *object, EvidenceDetail *reterr, EvidenceClaims *claims)
{
    json_t *array, *item;
    size_t i;

    int r = json_get_array(object, "gates", &array);
    if (r == JSON_E_MISSING)
        return CLAIMS_OK;
    if (r)
        return refuse(reterr, reason_of_json(r), "gates");
    if (json_array_size(array) > CLAIMS_GATES_MAX)
        return refuse(reterr, CLAIMS_E_SIZE, "gates");
    json_array_foreach (array, i, item) {
        r = append_gate(item, claims);
        if (r)
            return r < 0 ? r : refuse(reterr, r, "gates");
    }
    return CLAIMS_OK;
}

static int read_nonce_tpm(const json_t *object, EvidenceDetail *reterr, EvidenceClaims *claims)
{
    if (!json_object_get(object, "nonce_tpm"))
        return CLAIMS_OK;
    if (claims->n_gates == 0)
        return refuse(reterr, CLAIMS_E_UNWANTED, "nonce_tpm");
    return read_nonce(object, "nonce_tpm", CLAIMS_NONCE_TPM_SIZE, CLAIMS_NONCE_TPM_SIZE, reterr,
                      &claims->nonce_tpm);
}

static int read_credential(const json_t *object, EvidenceDetail *reterr, EvidenceClaims *claims)
{
    if (!json_object_get(object, "credential"))
        return CLAIMS_OK;
    if (!(claims->members & EVIDENCE_MEMBER_VTPM))
        return refuse(reterr, CLAIMS_E_UNWANTED, "credential");
    int r = read_sized(object, "credential", 1, CLAIMS_CREDENTIAL_MAX, CLAIMS_E_SIZE,
                       &claims->credential);
    return r > 0 ? refuse(reterr, r, "credential") : r;
}

/* What only a round has. */
static int read_round(const json_t *object, EvidenceDetail *reterr, EvidenceClaims *claims)
{
    int r = read_text(object, "aud", reterr, &claims->audience);

    if (r == CLAIMS_OK)
        r = read_key(object, reterr, &claims->jwk);
    if (r == CLAIMS_OK)
        r = read_gates(object, reterr, claims);
    if (r == CLAIMS_OK)
        r = read_nonce_tpm(object, reterr, claims);
    return r ? r : read_credential(object, reterr, claims);
}

static int refuse_round_members(const json_t *object, EvidenceDetail *reterr)
{
    static const char *const names[] = { "aud", "cnf", "gates", "nonce_tpm", "credential" };

    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        if (json_object_get(object, names[i]))
            return refuse(reterr, CLAIMS_E_UNWANTED, names[i]);
    return CLAIMS_OK;
}

static int read_claims(json_t *object, EvidenceDetail *reterr, EvidenceClaims *claims)
{
    static const char *const known[] = {
        "eat_profile", "purpose",        "aud",   "eat_nonce", "cnf",
        "members",     "vtpm_ak_sha384", "gates", "swname",    "nonce_tpm",
        "credential",  "swversion",      NULL,
    };
    const char *unknown = json_unknown_member(object, known);

    int r = read_purpose(object, reterr, claims);
    if (r == CLAIMS_OK && unknown)
        r = refuse(reterr, CLAIMS_E_UNKNOWN, unknown);
    if (r == CLAIMS_OK)
        r = read_nonce(object, "eat_nonce", CLAIMS_NONCE_MIN, CLAIMS_NONCE_MAX, reterr,
                       &claims->nonce);
    if (r == CLAIMS_OK)
        r = read_members(object, reterr, &claims->members);
    if (r == CLAIMS_OK)
        r = read_ak_digest(object, reterr, claims);
    if (r == CLAIMS_OK)
        r = read_text(object, "swname", reterr, &claims->swname);
    if (r == CLAIMS_OK)
        r = read_text(object, "swversion", reterr, &claims->swversion);
    if (r)
        return r;
    return claims->purpose == EVIDENCE_PURPOSE_ROUND ? read_round(object, reterr, claims)
                                                     : refuse_round_members(object, reterr);
}

int evidence_claims_parse(ByteView json, EvidenceDetail *reterr, EvidenceClaims *ret)
{
    _cleanup_evidence_claims_ EvidenceClaims claims = { 0 };
    json_auto_t *object = NULL;

    int r = json_parse(json, CLAIMS_SIZE_MAX, &object);
    if (r < 0)
        return r;
    if (r)
        return refuse(reterr, reason_of_json(r), "");
    if (!json_is_object(object))
        return refuse(reterr, CLAIMS_E_SYNTAX, "");
    r = read_claims(object, reterr, &claims);
    if (r)
        return r;
    *ret = TAKE_STRUCT(claims);
    return CLAIMS_OK;
}
