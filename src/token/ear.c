/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attestation results: reading, comparing, and the floor.
 */
#include "token/ear.h"

#include <string.h>

/* draft-ietf-rats-ar4si-06, 2.3 */
static const char *const entry_names[EAR_N_ENTRIES] = {
    [EAR_INSTANCE_IDENTITY] = "instance-identity",
    [EAR_CONFIGURATION] = "configuration",
    [EAR_EXECUTABLES] = "executables",
    [EAR_FILE_SYSTEM] = "file-system",
    [EAR_HARDWARE] = "hardware",
    [EAR_RUNTIME_OPAQUE] = "runtime-opaque",
    [EAR_STORAGE_OPAQUE] = "storage-opaque",
    [EAR_SOURCED_DATA] = "sourced-data",
};

typedef struct TierRow {
    const char *name;
    int value; /* the tier as a number in a status */
} TierRow;

static const TierRow tiers[] = {
    [EAR_NONE] = { "none", 0 },
    [EAR_AFFIRMING] = { "affirming", 2 },
    [EAR_WARNING] = { "warning", 32 },
    [EAR_CONTRAINDICATED] = { "contraindicated", 96 },
};

/* Member names in both spellings (spec/endpoints 6.3). */
static const char *const status_names[] = { "ear_status", "ear.status" };
static const char *const vector_names[] = { "ear_trustworthiness_vector",
                                            "ear.trustworthiness-vector" };

EarTier ear_tier(int64_t value)
{
    if (value >= -1 && value <= 1)
        return EAR_NONE;
    if (value >= -32 && value <= 31)
        return EAR_AFFIRMING;
    if (value >= -96 && value <= 95)
        return EAR_WARNING;
    return EAR_CONTRAINDICATED;
}

const char *ear_tier_name(EarTier tier)
{
    return tiers[tier].name;
}

int ear_tier_value(EarTier tier)
{
    return tiers[tier].value;
}

const char *ear_entry_name(EarEntry entry)
{
    return entry_names[entry];
}

static void vector_note(EarVector *vector, int64_t value)
{
    vector->worst = MAX(vector->worst, ear_tier(value));
    if (value == 1 || value == -1)
        vector->is_disturbed = true;
}

void ear_vector_set(EarVector *vector, EarEntry entry, int8_t value)
{
    vector->value[entry] = value;
    vector->present[entry] = true;
    vector->worst = EAR_NONE;
    vector->is_disturbed = false;
    for (size_t i = 0; i < EAR_N_ENTRIES; i++)
        if (vector->present[i])
            vector_note(vector, vector->value[i]);
}

json_t *ear_vector_to_json(const EarVector *vector)
{
    json_t *object = json_object();

    for (size_t i = 0; object && i < EAR_N_ENTRIES; i++)
        if (vector->present[i] &&
            json_object_set_new(object, entry_names[i], json_integer(vector->value[i])) < 0) {
            json_decref(object);
            return NULL;
        }
    return object;
}

static int parse_vector(json_t *object, EarVector *ret)
{
    EarVector vector = { 0 };
    const char *name;
    const json_t *value;

    if (!json_is_object(object))
        return EAR_E_VECTOR;
    json_object_foreach (object, name, value) {
        json_int_t number = json_integer_value(value);
        if (!json_is_integer(value) || number < INT8_MIN || number > INT8_MAX)
            return EAR_E_VECTOR;
        /* An entry that has no name here still counts for the worst. */
        vector_note(&vector, number);
        for (size_t i = 0; i < EAR_N_ENTRIES; i++)
            if (strcmp(entry_names[i], name) == 0) {
                vector.value[i] = (int8_t)number;
                vector.present[i] = true;
            }
    }
    *ret = vector;
    return EAR_OK;
}

/* Tier names and 0, 2, 32, 96: both are in use (spec/endpoints 3.3). */
static int parse_status(const json_t *status, EarTier *ret)
{
    for (size_t i = 0; i < ELEMENTSOF(tiers); i++) {
        bool is_name =
            json_is_string(status) && strcmp(json_string_value(status), tiers[i].name) == 0;
        bool is_number = json_is_integer(status) && json_integer_value(status) == tiers[i].value;
        if (is_name || is_number) {
            *ret = (EarTier)i;
            return EAR_OK;
        }
    }
    return EAR_E_STATUS;
}

/* Notes which spellings OBJECT uses: SEEN[EAR_UNDERSCORE], SEEN[EAR_DOTTED]. */
static void note_spellings(json_t *object, bool seen[static 2])
{
    const char *name;
    const json_t *value;

    json_object_foreach (object, name, value) {
        if (strncmp(name, "ear_", 4) == 0)
            seen[EAR_UNDERSCORE] = true;
        else if (strncmp(name, "ear.", 4) == 0)
            seen[EAR_DOTTED] = true;
    }
}

static int parse_submodule(const char *name, json_t *object, EarSpelling spelling,
                           EarSubmodule *ret)
{
    EarSubmodule submodule = { .name = name, .claims = object };
    json_t *vector = json_object_get(object, vector_names[spelling]);

    int r = parse_status(json_object_get(object, status_names[spelling]), &submodule.status);
    if (r)
        return r;
    if (vector) {
        r = parse_vector(vector, &submodule.vector);
        if (r)
            return r;
    }
    *ret = submodule;
    return EAR_OK;
}

/* EAR_OK with the one spelling there is. */
static int find_spelling(json_t *claims, json_t *submodules, EarSpelling *ret)
{
    bool seen[2] = { false, false };
    const char *name;
    json_t *object;

    json_object_foreach (submodules, name, object) {
        if (!json_is_object(object))
            return EAR_E_SUBMODULES;
        note_spellings(object, seen);
    }
    note_spellings(claims, seen);
    if (seen[EAR_UNDERSCORE] && seen[EAR_DOTTED])
        return EAR_E_MIXED;
    *ret = seen[EAR_DOTTED] ? EAR_DOTTED : EAR_UNDERSCORE;
    return EAR_OK;
}

int ear_parse(json_t *claims, Ear *ret)
{
    Ear ear = { 0 };
    json_t *submodules;
    const char *name;
    json_t *object;

    if (json_get_object(claims, "submods", &submodules) != JSON_OK ||
        json_object_size(submodules) == 0 || json_object_size(submodules) > EAR_SUBMODULES_MAX)
        return EAR_E_SUBMODULES;
    int r = find_spelling(claims, submodules, &ear.spelling);
    if (r)
        return r;

    json_object_foreach (submodules, name, object) {
        r = parse_submodule(name, object, ear.spelling, &ear.submodules[ear.n_submodules]);
        if (r)
            return r;
        ear.n_submodules++;
    }
    const json_t *status = json_object_get(claims, status_names[ear.spelling]);
    ear.has_status = status != NULL;
    if (status) {
        r = parse_status(status, &ear.status);
        if (r)
            return r;
    }
    *ret = ear;
    return EAR_OK;
}

const EarSubmodule *ear_find(const Ear *ear, const char *submodule)
{
    for (size_t i = 0; i < ear->n_submodules; i++)
        if (strcmp(ear->submodules[i].name, submodule) == 0)
            return &ear->submodules[i];
    return NULL;
}

/* "None" promises nothing, so only warning and contraindicated outrank it. */
bool ear_is_too_good(EarTier status, const EarVector *vector)
{
    if (vector->worst >= EAR_WARNING && status < vector->worst)
        return true;
    return status == EAR_AFFIRMING && vector->is_disturbed;
}

EarTier ear_status_of(const EarVector *vector)
{
    if (vector->worst == EAR_AFFIRMING && vector->is_disturbed)
        return EAR_NONE;
    return vector->worst;
}

static bool is_named(const char *const *names, const char *name)
{
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

/* Exactly the wanted ones. The name of the first difference, or NULL. */
static const char *differing_submodule(const Ear *ear, const EarFloor *floor)
{
    for (const char *const *name = floor->submodules; *name; name++)
        if (!ear_find(ear, *name))
            return *name;
    for (size_t i = 0; i < ear->n_submodules; i++)
        if (!is_named(floor->submodules, ear->submodules[i].name))
            return ear->submodules[i].name;
    return NULL;
}

static int judge_submodule(const EarSubmodule *submodule, const EarFloor *floor)
{
    bool may_be_none = floor->unendorsed && strcmp(floor->unendorsed, submodule->name) == 0;
    bool is_hardware = floor->hardware && strcmp(floor->hardware, submodule->name) == 0;

    if (submodule->status != EAR_AFFIRMING && !(may_be_none && submodule->status == EAR_NONE))
        return EAR_FLOOR_E_NOT_AFFIRMING;
    if (ear_is_too_good(submodule->status, &submodule->vector))
        return EAR_FLOOR_E_TOO_GOOD;
    if (is_hardware && (!submodule->vector.present[EAR_HARDWARE] ||
                        ear_tier(submodule->vector.value[EAR_HARDWARE]) != EAR_AFFIRMING))
        return EAR_FLOOR_E_HARDWARE;
    return EAR_FLOOR_OK;
}

/* Where the token as a whole has a status, it must say the same. */
static int judge_whole(const Ear *ear, const EarFloor *floor)
{
    if (!ear->has_status || ear->status == EAR_AFFIRMING)
        return EAR_FLOOR_OK;
    return floor->unendorsed && ear->status == EAR_NONE ? EAR_FLOOR_OK : EAR_FLOOR_E_NOT_AFFIRMING;
}

int ear_floor(const Ear *ear, const EarFloor *floor, const char **reterr_submodule)
{
    const char *submodule = differing_submodule(ear, floor);
    int r = submodule ? EAR_FLOOR_E_SUBMODULES : EAR_FLOOR_OK;

    for (size_t i = 0; r == EAR_FLOOR_OK && i < ear->n_submodules; i++) {
        submodule = ear->submodules[i].name;
        r = judge_submodule(&ear->submodules[i], floor);
    }
    if (r == EAR_FLOOR_OK) {
        submodule = "";
        r = judge_whole(ear, floor);
    }
    if (r != EAR_FLOOR_OK && reterr_submodule)
        *reterr_submodule = submodule;
    return r;
}
