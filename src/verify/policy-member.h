/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How one JSON object of a policy becomes a struct: a const table of its members, each with its
 * parser. Unknown and missing members and every wrong type end in a PolicyError with the path.
 */
#pragma once

#include "verify/policy.h"

#include "base/json.h"

typedef struct PolicyReader {
    PolicyError *error;
    char path[sizeof(((PolicyError *)NULL)->path)];
} PolicyReader;

typedef struct PolicyTable PolicyTable;

/* A member is a value that PARSE reads, or an object or a list of objects with a table; where it
 * has both, PARSE reads it and calls policy_object() or policy_list() itself. */
typedef struct PolicyMember {
    const char *name;
    /* Reads VALUE into TARGET. POLICY_OK, POLICY_E_INVALID (through policy_invalid()), -ENOMEM. */
    int (*parse)(PolicyReader *reader, json_t *value, void *target, size_t argument);
    const PolicyTable *table;
    size_t offset;   /* of TARGET in the object's struct */
    size_t argument; /* what the parser makes of it: a size, a bit, a limit */
    bool mandatory;
} PolicyMember;

/* What an object may hold, as data: parser, explanation and tests walk the same tables. */
struct PolicyTable {
    const PolicyMember *members;
    size_t n_members;
    size_t item_size;            /* of a list's items; 0: one object */
    void (*begin)(void *target); /* sets what holds where the object is silent; or NULL */
    /* Judges the members together: POLICY_OK or policy_invalid(); or NULL. */
    int (*finish)(PolicyReader *reader, void *target);
};

#define POLICY_TABLE(rows) .members = (rows), .n_members = ELEMENTSOF(rows)

/* Rows of such a table; S is the struct, FIELD in it. POLICY_LIST: ITEMS, then its N_ITEMS. */
#define POLICY_VALUE(name, parse, S, field, argument)                                              \
    {                                                                                              \
        name, parse, NULL, offsetof(S, field), argument, false                                     \
    }
#define POLICY_NEEDED(name, parse, S, field, argument)                                             \
    {                                                                                              \
        name, parse, NULL, offsetof(S, field), argument, true                                      \
    }
#define POLICY_NESTED(name, table, offset)                                                         \
    {                                                                                              \
        name, NULL, &(table), offset, 0, false                                                     \
    }
#define POLICY_LIST(name, table, S, items)                                                         \
    POLICY_NESTED(name, table, offsetof(S, items) + POLICY_PAIR(S, items))
/* 0; does not compile unless the count stands right behind the pointer. */
#define POLICY_PAIR(S, items)                                                                      \
    (0 * sizeof(char[offsetof(S, n_##items) == offsetof(S, items) + sizeof(void *) ? 1 : -1]))

/* Reads OBJECT by its table into the struct at TARGET. "comment" (a string) is always allowed. */
_must_check_ int policy_object(PolicyReader *reader, json_t *object, const PolicyTable *table,
                               void *target);
/* Reads ARRAY into the pointer and the count behind it at TARGET, which the caller frees. */
_must_check_ int policy_list(PolicyReader *reader, json_t *array, const PolicyTable *table,
                             void *target);

typedef struct PolicyItems {
    void *items;
    size_t n_items;
} PolicyItems;

/*
 * Calls PARSE for each item of an array of at most POLICY_ITEMS_MAX, into an own array of ITEM_SIZE
 * structs that are zero before. On failure RET holds what was read: its owner frees it.
 */
_must_check_ int policy_items(PolicyReader *reader, json_t *array, size_t item_size,
                              int (*parse)(PolicyReader *reader, json_t *value, void *target,
                                           size_t argument),
                              size_t argument, PolicyItems *ret);

/* Descends into NAME for the duration of a call; policy_leave() with what it returned. */
size_t policy_enter(PolicyReader *reader, const char *name);
void policy_leave(PolicyReader *reader, size_t mark);

/* Says what is wrong at the present path; returns POLICY_E_INVALID. */
int policy_invalid(PolicyReader *reader, const char *format, ...) _printf_(2, 3);

/* Parsers. In brackets: the type of TARGET, what ARGUMENT means. */
int policy_bool(PolicyReader *reader, json_t *value, void *target, size_t argument); /* bool */
int policy_text(PolicyReader *reader, json_t *value, void *target, size_t argument); /* char * */
/* uint32_t, the largest value */
int policy_u32(PolicyReader *reader, json_t *value, void *target, size_t argument);
/* uint64_t: a number, or "0x…" in a string */
int policy_u64(PolicyReader *reader, json_t *value, void *target, size_t argument);
/* unsigned, the largest item: an array of small numbers as bits */
int policy_bits(PolicyReader *reader, json_t *value, void *target, size_t argument);
/* Bytes, the size in bytes: lower-case or upper-case hex */
int policy_hex(PolicyReader *reader, json_t *value, void *target, size_t argument);
/* PolicyBytesList, the size of each; 0: any size of a digest */
int policy_hex_list(PolicyReader *reader, json_t *value, void *target, size_t argument);
/* PolicyTextList */
int policy_text_list(PolicyReader *reader, json_t *value, void *target, size_t argument);
extern const PolicyTable policy_mask_table; /* PolicyMask */
/* PolicyBytesList: TPM Names of SHA-256, the size of each */
int policy_ak_name_list(PolicyReader *reader, json_t *value, void *target, size_t argument);
/* unsigned: an array of names of VtpmRoot as bits */
int policy_vtpm_roots(PolicyReader *reader, json_t *value, void *target, size_t argument);
/* unsigned: an array of names of Hardware as bits */
int policy_hardware(PolicyReader *reader, json_t *value, void *target, size_t argument);
/* uint32_t, the number of parts (2 or 3): "1.55.0", one byte a part */
int policy_version(PolicyReader *reader, json_t *value, void *target, size_t argument);

/* unsigned, bits by name: ARGUMENT is a pointer to a NULL-terminated list of names */
int policy_names(PolicyReader *reader, json_t *value, const char *const *names, unsigned *ret);

/* Every member of every object, from the top. */
extern const PolicyTable policy_table;
extern const PolicyTable policy_snp_table;
extern const PolicyTable policy_tdx_table;
extern const PolicyTable policy_tpm_table;
extern const PolicyTable policy_measurement_table; /* PolicyMeasurement */
/* The lists of rules inside "tpm". */
extern const PolicyTable policy_pcr_rule_table;
extern const PolicyTable policy_log_rule_table;
extern const PolicyTable policy_event_rule_table;
extern const PolicyTable policy_section_table;
extern const PolicyTable policy_command_line_table;

void policy_snp_done(PolicySnp *snp);
void policy_tdx_done(PolicyTdx *tdx);
void policy_measurements_done(PolicyMeasurement *measurements, size_t n);
void policy_tpm_done(PolicyTpm *tpm);
void policy_tpm_rules_done(PolicyTpm *tpm);
void policy_bytes_list_done(PolicyBytesList *list);
void policy_text_list_done(PolicyTextList *list);
