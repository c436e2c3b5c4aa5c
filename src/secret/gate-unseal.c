/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the gates kept by the TPM have in common: counter, registers, Unseal, and trying again when
 * some register is extended in between.
 */
#include "secret/gate-table.h"
#include "tpm/tpm-counter.h"
#include "tpm/tpm-pcr.h"
#include "tpm/tpm-seal.h"
#include "tpm/tpm-storage-key.h"

#include <errno.h>
#include <stdio.h>

#define TRIES_MAX 5 /* spec/tpm 5.6 */
#define TEXT_SIZE 192

int gate_policy_of(const SecretHeader *header, SecretPolicy *ret)
{
    int r = secret_policy_of(header, ret);

    /* The reader of files lets no such header through. */
    return r > 0 ? -EINVAL : r;
}

int gate_check_sealed(const SecretFile *file, const SecretPolicy *policy)
{
    switch (tpm_seal_check(VIEW(file->sealed_public), &policy->digest)) {
    case TPM_SEAL_OK:
        return UNLOCK_OK;
    case TPM_SEAL_E_MALFORMED:
        return UNLOCK_E_MALFORMED;
    case TPM_SEAL_E_POLICY:
        return UNLOCK_E_POLICY;
    }
    return UNLOCK_E_SHAPE;
}

int gate_say(TpmContext *tpm, int no, const char *text)
{
    tpm->failure.finding = unlock_finding(no);
    (void)snprintf(tpm->failure.text, sizeof(tpm->failure.text), "%s", text);
    return no;
}

/* A named no of the storeys below: tpm->failure has its name. */
static int by_tpm(int r)
{
    return r > 0 ? UNLOCK_E_TPM : r;
}

/* The storage key of this Name, which may be the one of the secret before. */
static int find_parent(const GateOpening *opening)
{
    ByteView name = VIEW_OF_ARRAY(opening->file->header.parent_name);
    TpmKey **parent = opening->parent;

    if (*parent && view_equal(VIEW((*parent)->name), name))
        return UNLOCK_OK;
    *parent = tpm_key_free(*parent);
    return by_tpm(tpm_storage_key_find(opening->tpm, name, parent));
}

/* Why PolicyNV said no: what the counter is at now. */
static int say_counter(TpmContext *tpm, const SecretHeader *header)
{
    const SecretCounter *sealed = &header->counter;
    char text[TEXT_SIZE];
    TpmCounter now;

    int r = tpm_counter_read(tpm, header->name, sealed->index, &now);
    if (r < 0)
        return r;
    if (r != TPM_COUNTER_OK)
        (void)snprintf(text, sizeof(text), "the TPM's counter 0x%08x is gone or was made anew",
                       (unsigned)sealed->index);
    else
        (void)snprintf(text, sizeof(text), "the TPM's counter is at %llu, this file is of %llu",
                       (unsigned long long)now.value, (unsigned long long)sealed->value);
    return gate_say(tpm, UNLOCK_E_COUNTER, text);
}

/* Which registers have other values than the header says; 0: none, any more. */
static int find_moved(TpmContext *tpm, const GatePcrs *wanted, uint32_t *ret)
{
    EvidencePcrs now = { 0 };
    uint32_t moved = 0;

    int r = tpm_pcr_read(tpm, (TpmSelection){ TPM2_ALG_SHA256, wanted->mask }, &now);
    if (r)
        return by_tpm(r);
    for (unsigned pcr = 0; pcr < GATE_PCR_COUNT; pcr++) {
        uint32_t bit = UINT32_C(1) << pcr;
        ByteView value = { now.values[pcr], sizeof(wanted->values[pcr]) };
        if ((wanted->mask & bit) && !view_equal(value, VIEW_OF_ARRAY(wanted->values[pcr])))
            moved |= bit;
    }
    *ret = moved;
    return UNLOCK_OK;
}

static int say_pcrs(TpmContext *tpm, const SecretHeader *header)
{
    bool is_cap = header->gate_kind == GATE_KIND_VERIFIER;
    uint32_t moved = 0;
    char text[TEXT_SIZE];

    int r = find_moved(tpm, &header->pcrs, &moved);
    if (r != UNLOCK_OK)
        return r;
    _cleanup_free_ char *list = gate_pcrs_text(moved ? moved : header->pcrs.mask);
    if (!list)
        return -ENOMEM;
    bool is_one = moved && (moved & (moved - 1)) == 0;
    (void)snprintf(text, sizeof(text), "PCR %s %s", list, is_one ? "differs" : "differ");
    return gate_say(tpm, is_cap ? UNLOCK_E_CAPPED : UNLOCK_E_PCRS, text);
}

/* The session comes to what the key is sealed with; PolicyPCR last. */
static int satisfy(TpmPolicy *session, const GateOpening *opening, GateBegin begin,
                   const SecretPolicy *policy)
{
    const SecretHeader *header = &opening->file->header;
    const SecretCounter *counter = &header->counter;
    int r = begin ? begin(session, opening, policy) : UNLOCK_OK;

    if (r == UNLOCK_OK && header->has_counter) {
        r = tpm_policy_nv(session, counter->index, VIEW_OF_ARRAY(counter->name), counter->value);
        if (r == TPM_POLICY_E_COUNTER)
            return say_counter(opening->tpm, header);
        r = by_tpm(r);
    }
    if (r == UNLOCK_OK && header->pcrs.mask) {
        r = tpm_policy_pcr(session, &header->pcrs);
        if (r == TPM_POLICY_E_PCRS)
            return say_pcrs(opening->tpm, header);
        r = by_tpm(r);
    }
    return r;
}

/* UNLOCK_E_MOVING: worth another try; the session is where it began. */
static int try_once(TpmPolicy *session, const GateOpening *opening, GateBegin begin,
                    const SecretPolicy *policy, Secret **ret)
{
    /* Borrowed parts. */
    const TpmSealed sealed = { .public_area = opening->file->sealed_public,
                               .private_area = opening->file->sealed_private };
    const TpmUnseal wanted = {
        .parent = *opening->parent,
        .parent_name = VIEW_OF_ARRAY(opening->file->header.parent_name),
        .sealed = &sealed,
        .policy = &policy->digest,
    };

    int r = satisfy(session, opening, begin, policy);
    if (r != UNLOCK_OK)
        return r;
    r = tpm_unseal(session, &wanted, ret);
    if (r != TPM_SEAL_E_MOVED)
        return by_tpm(r);
    r = by_tpm(tpm_policy_restart(session));
    return r == UNLOCK_OK ? UNLOCK_E_MOVING : r;
}

int gate_unseal(const GateOpening *opening, GateBegin begin, Secret **ret)
{
    _cleanup_(tpm_policy_freep) TpmPolicy *session = NULL;
    SecretPolicy policy;

    int r = gate_policy_of(&opening->file->header, &policy);
    if (r == 0)
        r = find_parent(opening);
    if (r == UNLOCK_OK)
        r = by_tpm(tpm_policy_start(opening->tpm, &session));
    if (r != UNLOCK_OK)
        return r;
    r = UNLOCK_E_MOVING;
    for (unsigned tries = 0; r == UNLOCK_E_MOVING && tries < TRIES_MAX; tries++)
        r = try_once(session, opening, begin, &policy, ret);
    return r == UNLOCK_E_MOVING ? gate_say(opening->tpm, r, "five times in a row") : r;
}
