/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pen of baseline.h: objects that remember their first failure, and one function for each big
 * object of the policy.
 */
#pragma once

#include "verify/boot-facts.h"
#include "verify/genuine-snp.h"
#include "verify/genuine-tdx.h"
#include "verify/genuine-tpm.h"
#include "verify/verify.h"

typedef struct Draft {
    const Believed *believed;
    const Policy *trust; /* what made things believed */
    json_t *notes;       /* borrowed */
    int r;               /* the first failure; later calls do nothing */
} Draft;

/* Sets NAME, and takes VALUE; NULL is out of memory. */
void draft_put(Draft *draft, json_t *object, const char *name, json_t *value);
void draft_put_text(Draft *draft, json_t *object, const char *name, const char *text);
void draft_put_number(Draft *draft, json_t *object, const char *name, uint64_t number);
/* "0x…". */
void draft_put_bits(Draft *draft, json_t *object, const char *name, uint64_t bits);
/* A list of this one digest. */
void draft_put_digest(Draft *draft, json_t *object, const char *name, ByteView digest);
void draft_append(Draft *draft, json_t *array, json_t *value);
/* A JSON string of hex digits; NULL: out of memory. */
json_t *draft_hex(ByteView bytes);
/* What changes with the next CHANGES_WITH: "kernel", "boot loader", "guest firmware", … */
void draft_note(Draft *draft, const char *member, const char *changes_with, const char *text);

/* "0x…" for each bit as it is. */
void draft_put_mask(Draft *draft, json_t *object, const char *name, uint64_t bits);
/* The one launch measurement; "boot-chain instead, …" is a note on what it covers. */
void draft_put_measurement(Draft *draft, json_t *object, ByteView value);

/* The objects "snp", "tdx" and "tpm"; new references, NULL only with draft->r < 0. */
json_t *draft_snp(Draft *draft);
json_t *draft_tdx(Draft *draft);
json_t *draft_tpm(Draft *draft);
/* Into "tpm": what booted. Only for a vTPM that somebody vouches for. */
void draft_boot(Draft *draft, json_t *tpm);
