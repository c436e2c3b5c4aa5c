/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extends registers as a log says, bank by bank.
 */
#include "verify/log-values.h"

#include "verify/pcr-start.h"

/* Banks on their way, and what computes each. */
typedef struct Computation {
    LogValues values;
    Hasher *hashers[EVENT_LOG_BANKS_MAX];
} Computation;

static void computation_done(Computation *computation)
{
    for (size_t i = 0; i < ELEMENTSOF(computation->hashers); i++)
        hasher_free(computation->hashers[i]);
}

/* Banks that cannot be computed here (SM3, SHA-3) are left out. */
static int start(const EventLog *log, Computation *computation)
{
    LogValues *values = &computation->values;

    for (size_t i = 0; i < log->n_banks; i++) {
        LogBankValues *bank = &values->banks[values->n_banks];
        if (digest_from_tpm_id(log->banks[i].alg, &bank->algorithm) != DIGEST_OK)
            continue;
        int r = hasher_new(bank->algorithm, &computation->hashers[values->n_banks]);
        if (r < 0)
            return r;
        values->n_banks++;
        for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++)
            bank->values[pcr] = pcr_start(pcr, bank->algorithm);
    }
    return 0;
}

static int extend(const Event *event, Hasher *hasher, LogBankValues *bank)
{
    ByteView digest = event_digest(event, digest_tpm_id(bank->algorithm));

    bank->pcrs |= UINT32_C(1) << event->pcr;
    if (digest.size > 0)
        return hasher_extend(hasher, &bank->values[event->pcr], digest);
    bank->incomplete |= UINT32_C(1) << event->pcr;
    return 0;
}

static int take(const Event *event, Computation *computation)
{
    for (size_t i = 0; i < computation->values.n_banks; i++) {
        LogBankValues *bank = &computation->values.banks[i];
        if (event->starts_pcr0)
            bank->values[0].data[bank->values[0].size - 1] = event->locality;
        int r = event_is_extended(event) ? extend(event, computation->hashers[i], bank) : 0;
        if (r < 0)
            return r;
    }
    return 0;
}

/* Drops values that are none, and banks without any. */
static void finish(LogValues *values)
{
    size_t kept = 0;

    for (size_t i = 0; i < values->n_banks; i++) {
        LogBankValues *bank = &values->banks[i];
        bank->pcrs &= ~bank->incomplete;
        if (bank->pcrs != 0)
            values->banks[kept++] = *bank;
    }
    values->n_banks = kept;
}

int log_values(ByteView log, unsigned flags, size_t *reterr_index, LogValues *ret)
{
    _cleanup_(computation_done) Computation computation = { 0 };
    EventLog events = { 0 };
    Event event;

    int r = event_log_open(log, flags, &events);
    if (r == EVENT_LOG_OK) {
        r = start(&events, &computation);
        if (r < 0)
            return r;
    }
    while (r == EVENT_LOG_OK && (r = event_log_next(&events, &event)) == EVENT_LOG_OK) {
        int failed = take(&event, &computation);
        if (failed < 0)
            return failed;
    }
    if (r != EVENT_LOG_END) {
        if (reterr_index)
            *reterr_index = events.n_events;
        return r;
    }
    finish(&computation.values);
    *ret = computation.values;
    return EVENT_LOG_OK;
}

const LogBankValues *log_values_bank(const LogValues *values, uint16_t alg)
{
    for (size_t i = 0; i < values->n_banks; i++)
        if (digest_tpm_id(values->banks[i].algorithm) == alg)
            return &values->banks[i];
    return NULL;
}

static bool says_what_it_hashes(uint32_t type)
{
    static const uint32_t types[] = {
        EV_SEPARATOR,
        EV_ACTION,
        EV_S_CRTM_VERSION,
        EV_EFI_VARIABLE_DRIVER_CONFIG,
        EV_EFI_VARIABLE_AUTHORITY,
        EV_EFI_GPT_EVENT,
        EV_EFI_ACTION,
    };

    for (size_t i = 0; i < ELEMENTSOF(types); i++)
        if (types[i] == type)
            return true;
    return false;
}

/* SHA-256, else the first that can be computed; false: none. */
static bool choose_bank(const EventLog *log, DigestAlgorithm *ret)
{
    bool found = false;

    for (size_t i = 0; i < log->n_banks; i++) {
        DigestAlgorithm algorithm;
        if (digest_from_tpm_id(log->banks[i].alg, &algorithm) != DIGEST_OK ||
            (found && algorithm != DIGEST_SHA256))
            continue;
        *ret = algorithm;
        found = true;
    }
    return found;
}

static int check_data(const Event *event, Hasher *hasher, LogDataCheck *check)
{
    ByteView logged = event_digest(event, check->bank);
    Digest digest;

    if (!says_what_it_hashes(event->type) || logged.size == 0)
        return 0;
    int r = hasher_update(hasher, event->data);
    if (r >= 0)
        r = hasher_finish(hasher, &digest);
    if (r < 0)
        return r;
    if (view_equal(digest_view(&digest), logged))
        check->n_matching++;
    else
        check->n_differing++;
    return 0;
}

int log_data_check(ByteView log, unsigned flags, LogDataCheck *ret)
{
    _cleanup_(hasher_freep) Hasher *hasher = NULL;
    DigestAlgorithm algorithm = DIGEST_SHA256;
    LogDataCheck check = { 0 };
    EventLog events = { 0 };
    Event event;

    int r = event_log_open(log, flags, &events);
    if (r == EVENT_LOG_OK && choose_bank(&events, &algorithm)) {
        check.bank = digest_tpm_id(algorithm);
        r = hasher_new(algorithm, &hasher);
    }
    while (r == EVENT_LOG_OK && (r = event_log_next(&events, &event)) == EVENT_LOG_OK) {
        int failed = hasher ? check_data(&event, hasher, &check) : 0;
        if (failed < 0)
            return failed;
    }
    if (r != EVENT_LOG_END)
        return r;
    *ret = check;
    return EVENT_LOG_OK;
}
