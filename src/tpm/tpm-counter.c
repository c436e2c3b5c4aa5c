/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NV counters of one frozen template, with the owner's authorisation.
 */
#include "tpm/tpm-counter.h"

#include "base/reader.h"
#include "tpm/tpm-answer.h"
#include "tpm/tpm-nv.h"
#include "tpm/tpm-owner.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define N_INDICES (TPM_COUNTER_LAST - TPM_COUNTER_FIRST + 1)

/* docs/gates.md: with TPMA_NV_WRITTEN these make the Name of gate_counter_name(). */
#define ATTRIBUTES                                                                                 \
    ((TPM2_NT_COUNTER << TPMA_NV_TPM2_NT_SHIFT) | TPMA_NV_OWNERWRITE | TPMA_NV_OWNERREAD |         \
     TPMA_NV_AUTHREAD | TPMA_NV_NO_DA)

const char *tpm_counter_finding(int no)
{
    switch (no) {
    case TPM_COUNTER_E_FULL:
        return "tpm-counter-full";
    case TPM_COUNTER_E_DENIED:
        return "tpm-authorization-needed";
    case TPM_COUNTER_E_ABSENT:
    case TPM_COUNTER_E_OTHER:
        return "tpm-counter-lost";
    }
    return "tpm-counter-far"; /* TPM_COUNTER_E_FAR */
}

static const TpmNo rows[] = {
    { TPM2_RC_NV_SPACE, TPM_COUNTER_E_FULL },
    { TPM2_RC_BAD_AUTH, TPM_COUNTER_E_DENIED },
    { TPM2_RC_AUTH_FAIL, TPM_COUNTER_E_DENIED },
    { TPM2_RC_NV_UNINITIALIZED, TPM_COUNTER_E_OTHER },
};

static const TpmNoTable noes = { rows, ELEMENTSOF(rows), tpm_counter_finding };

/* An index, and what it is called now. */
typedef struct Index {
    TpmContext *tpm;
    const char *secret; /* whose it has to be */
    ESYS_TR handle;
    TpmCounter counter;
} Index;

static void index_done(Index *index)
{
    if (index->handle != ESYS_TR_NONE)
        tpm_close_handle(index->tpm, &index->handle);
}

static int say(TpmContext *tpm, int no, uint32_t index, const char *text)
{
    char full[128];

    (void)snprintf(full, sizeof(full), "NV index 0x%08x: %s", (unsigned)index, text);
    return tpm_say_no(tpm, &noes, no, full);
}

/* One that is there. */
static int look(Index *index)
{
    TpmContext *tpm = index->tpm;
    TSS2_RC rc = Esys_TR_FromTPMPublic(tpm->esys, index->counter.index, ESYS_TR_NONE, ESYS_TR_NONE,
                                       ESYS_TR_NONE, &index->handle);

    if (rc != TSS2_RC_SUCCESS)
        index->handle = ESYS_TR_NONE;
    return tpm_answer(tpm, &noes, "TPM2_NV_ReadPublic", rc);
}

/* The Name tells that it is a counter of the template, whose, and that it has been counted. */
static int check_name(Index *index)
{
    _cleanup_esys_ TPM2B_NAME *found = NULL;
    TpmContext *tpm = index->tpm;
    TpmName name;

    int r = gate_counter_name(index->counter.index, index->secret, &name);
    if (r != GATE_OK)
        return r < 0 ? r : -EINVAL;
    r = tpm_result(tpm, "Esys_TR_GetName", Esys_TR_GetName(tpm->esys, index->handle, &found));
    if (r < 0)
        return r;
    if (!view_equal((ByteView){ found->name, found->size }, tpm_name_view(&name)))
        return say(tpm, TPM_COUNTER_E_OTHER, index->counter.index, "no counter of this secret");
    index->counter.name = name;
    return TPM_COUNTER_OK;
}

static int read_value(Index *index)
{
    _cleanup_esys_ TPM2B_MAX_NV_BUFFER *data = NULL;
    TpmContext *tpm = index->tpm;
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    do
        rc = Esys_NV_Read(tpm->esys, index->handle, index->handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                          ESYS_TR_NONE, GATE_COUNTER_SIZE, 0, &data);
    while (tpm_retry(&patience, rc));

    int r = tpm_answer(tpm, &noes, "TPM2_NV_Read", rc);
    if (r != TPM_COUNTER_OK)
        return r;
    Reader reader = reader_over((ByteView){ data->buffer, data->size });
    uint64_t high = reader_be32(&reader), low = reader_be32(&reader);
    if (reader_end(&reader) != READER_OK)
        return -EBADMSG;
    index->counter.value = high << 32 | low;
    return TPM_COUNTER_OK;
}

static Index index_at(TpmContext *tpm, const char *secret, uint32_t at)
{
    return (Index){ .tpm = tpm, .secret = secret, .handle = ESYS_TR_NONE, .counter.index = at };
}

static int open_index(Index *index)
{
    TpmContext *tpm = index->tpm;
    uint32_t at = index->counter.index;

    if (at < TPM_COUNTER_FIRST || at > TPM_COUNTER_LAST)
        return say(tpm, TPM_COUNTER_E_OTHER, at, "out of the range of counters");
    int r = tpm_handle_exists(tpm, at);
    if (r != TPM_HANDLE_OK)
        return r < 0 ? r : say(tpm, TPM_COUNTER_E_ABSENT, at, "not there");
    r = look(index);
    if (r == TPM_COUNTER_OK)
        r = check_name(index);
    return r == TPM_COUNTER_OK ? read_value(index) : r;
}

static int count(Index *index)
{
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    do
        rc = Esys_NV_Increment(index->tpm->esys, ESYS_TR_RH_OWNER, index->handle, ESYS_TR_PASSWORD,
                               ESYS_TR_NONE, ESYS_TR_NONE);
    while (tpm_retry(&patience, rc));
    return tpm_owner_named(index->tpm, rc, tpm_answer(index->tpm, &noes, "TPM2_NV_Increment", rc));
}

static int find_free(TpmContext *tpm, uint32_t *ret)
{
    for (uint32_t at = TPM_COUNTER_FIRST; at <= TPM_COUNTER_LAST; at++) {
        int r = tpm_handle_exists(tpm, at);
        if (r < 0)
            return r;
        if (r == TPM_HANDLE_E_ABSENT) {
            *ret = at;
            return TPM_COUNTER_OK;
        }
    }
    return say(tpm, TPM_COUNTER_E_FULL, TPM_COUNTER_LAST, "the last of the range is taken, too");
}

static int define(Index *index)
{
    const TPM2B_AUTH empty = { 0 };
    TPM2B_NV_PUBLIC area = {
        .nvPublic = {
            .nvIndex = index->counter.index,
            .nameAlg = TPM2_ALG_SHA256,
            .attributes = ATTRIBUTES,
            .dataSize = GATE_COUNTER_SIZE,
        },
    };
    TpmPatience patience = { 0 };
    Digest label;
    TSS2_RC rc;

    int r = gate_counter_label(index->secret, &label);
    if (r != GATE_OK)
        return r < 0 ? r : -EINVAL;
    area.nvPublic.authPolicy.size = (uint16_t)label.size;
    memcpy(area.nvPublic.authPolicy.buffer, label.data, label.size);
    do
        rc = Esys_NV_DefineSpace(index->tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                 ESYS_TR_NONE, &empty, &area, &index->handle);
    while (tpm_retry(&patience, rc));
    if (rc != TSS2_RC_SUCCESS)
        index->handle = ESYS_TR_NONE;
    return tpm_owner_named(index->tpm, rc,
                           tpm_answer(index->tpm, &noes, "TPM2_NV_DefineSpace", rc));
}

static int undefine(Index *index)
{
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    do
        rc = Esys_NV_UndefineSpace(index->tpm->esys, ESYS_TR_RH_OWNER, index->handle,
                                   ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE);
    while (tpm_retry(&patience, rc));
    if (rc == TSS2_RC_SUCCESS)
        index->handle = ESYS_TR_NONE; /* the library has closed it */
    return tpm_owner_named(index->tpm, rc,
                           tpm_answer(index->tpm, &noes, "TPM2_NV_UndefineSpace", rc));
}

/* The first count gives it a value: higher than any counter had that was ever removed. */
static int begin(Index *index)
{
    int r = count(index);

    if (r == TPM_COUNTER_OK)
        r = check_name(index);
    return r == TPM_COUNTER_OK ? read_value(index) : r;
}

int tpm_counter_define(TpmContext *tpm, const char *secret, TpmCounter *ret)
{
    _cleanup_(index_done) Index index = index_at(tpm, secret, 0);

    int r = find_free(tpm, &index.counter.index);
    if (r == TPM_COUNTER_OK)
        r = define(&index);
    if (r != TPM_COUNTER_OK)
        return r;
    r = begin(&index);
    if (r != TPM_COUNTER_OK) {
        const TpmFailure why = tpm->failure;
        (void)undefine(&index);
        tpm->failure = why;
        return r;
    }
    *ret = index.counter;
    return TPM_COUNTER_OK;
}

int tpm_counter_read(TpmContext *tpm, const char *secret, uint32_t at, TpmCounter *ret)
{
    _cleanup_(index_done) Index index = index_at(tpm, secret, at);

    int r = open_index(&index);
    if (r == TPM_COUNTER_OK)
        *ret = index.counter;
    return r;
}

/* Of one of those there are. Any no: none that counts for SECRET. */
static int read_listed(TpmContext *tpm, const char *secret, uint32_t at, TpmCounter *ret)
{
    _cleanup_(index_done) Index index = index_at(tpm, secret, at);

    int r = look(&index);
    if (r == TPM_COUNTER_OK)
        r = check_name(&index);
    if (r == TPM_COUNTER_OK)
        r = read_value(&index);
    if (r == TPM_COUNTER_OK)
        *ret = index.counter;
    return r;
}

int tpm_counter_find(TpmContext *tpm, const char *secret, uint32_t preferred, TpmCounter *ret)
{
    uint32_t there[N_INDICES];
    TpmCounter counter;
    bool is_found = false;
    size_t n = 0;

    int r = tpm_nv_list(tpm, TPM_COUNTER_FIRST, TPM_COUNTER_LAST, there, &n);
    for (size_t i = 0; r == 0 && i < n; i++) {
        if (is_found && there[i] != preferred)
            continue;
        r = read_listed(tpm, secret, there[i], &counter);
        is_found = is_found || r == TPM_COUNTER_OK;
        r = MIN(r, 0);
    }
    if (r < 0)
        return r;
    if (!is_found)
        return say(tpm, TPM_COUNTER_E_ABSENT, TPM_COUNTER_FIRST,
                   "none of this secret from here on");
    tpm->failure = (TpmFailure){ 0 };
    *ret = counter;
    return TPM_COUNTER_OK;
}

int tpm_counter_advance(TpmContext *tpm, const char *secret, uint32_t at, uint64_t value)
{
    _cleanup_(index_done) Index index = index_at(tpm, secret, at);

    int r = open_index(&index);
    if (r == TPM_COUNTER_OK && value > index.counter.value &&
        value - index.counter.value > TPM_COUNTER_STEPS_MAX)
        return say(tpm, TPM_COUNTER_E_FAR, at, "too far below the file");
    for (uint64_t now = index.counter.value; r == TPM_COUNTER_OK && now < value; now++)
        r = count(&index);
    return r;
}

static int remove_listed(TpmContext *tpm, const char *secret, uint32_t at)
{
    _cleanup_(index_done) Index index = index_at(tpm, secret, at);

    int r = look(&index);
    if (r == TPM_COUNTER_OK)
        r = check_name(&index);
    if (r == TPM_COUNTER_OK)
        return undefine(&index);
    return r == TPM_COUNTER_E_OTHER ? TPM_COUNTER_OK : r;
}

int tpm_counter_remove(TpmContext *tpm, const char *secret, uint32_t keep)
{
    uint32_t there[N_INDICES];
    size_t n = 0;

    int r = tpm_nv_list(tpm, TPM_COUNTER_FIRST, TPM_COUNTER_LAST, there, &n);
    for (size_t i = 0; r == 0 && i < n; i++)
        if (there[i] != keep)
            r = remove_listed(tpm, secret, there[i]);
    if (r == TPM_COUNTER_OK)
        tpm->failure = (TpmFailure){ 0 };
    return r;
}
