/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Firmware logs, believed to whatever they replay to, so that all that is read from a proven log is
 * reached. The first byte chooses the bank.
 */
#include "crypto/digest.h"
#include "fuzz/require.h"
#include "verify/boot-facts.h"
#include "verify/log-values.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ReplayedLog *replay_once(ByteView bytes, const EvidencePcrs *quoted)
{
    const ReplayInput input = { .firmware_log = bytes, .quoted = quoted };
    _cleanup_findings_ Findings findings = { 0 };
    ReplayedLog *log = NULL;

    int r = replay(&input, &findings, &log);
    require(r >= 0 && (r == REPLAY_OK) == (log != NULL));
    require(r == REPLAY_OK || findings_first_failure(&findings));
    return log;
}

static void read_facts(const ReplayedLog *log)
{
    _cleanup_boot_facts_ BootFacts facts = { 0 };

    require(boot_facts_read(log, &facts) == 0);
    for (size_t i = 0; i < facts.n_events; i++) {
        require(facts.events[i].event == replayed_log_event(log, i));
        require(!facts.events[i].text || facts.events[i].verified);
        require(replayed_log_result(log, facts.events[i].event->pcr) == REPLAY_PROVEN);
    }
    require((facts.secure_boot == SECURE_BOOT_UNKNOWN) == (facts.secure_boot_reason != NULL));
    for (size_t i = 0; i < facts.n_sections; i++)
        require(facts.sections[i].name[0] == '.');
}

/* Mere arithmetic comes to the same values, and reads exactly the logs that replay. */
static void compute(ByteView bytes, DigestAlgorithm algorithm, const ReplayedLog *log)
{
    LogValues values = { 0 };
    LogDataCheck check;

    int r = log_values(bytes, 0, NULL, &values);
    require(r >= 0 && log_data_check(bytes, 0, &check) == r);
    require((r == EVENT_LOG_OK || r == EVENT_LOG_E_EMPTY) == (log != NULL));
    const LogBankValues *bank = log ? log_values_bank(&values, digest_tpm_id(algorithm)) : NULL;
    for (unsigned pcr = 0; bank && pcr < TPM_PCR_COUNT; pcr++)
        require(!(bank->pcrs & UINT32_C(1) << pcr) ||
                view_equal(digest_view(&bank->values[pcr]), replayed_log_value(log, pcr)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const DigestAlgorithm algorithm = (DigestAlgorithm)(data[0] % 4);
    const ByteView bytes = { .data = data + 1, .size = size - 1 };
    EvidencePcrs quoted = { .bank = digest_tpm_id(algorithm),
                            .digest_size = digest_size(algorithm) };
    _cleanup_(replayed_log_freep) ReplayedLog *first = replay_once(bytes, &quoted);

    compute(bytes, algorithm, first);
    if (!first)
        return 0;
    for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
        ByteView value = replayed_log_value(first, pcr);
        require(value.size == 0 || evidence_pcrs_set(&quoted, pcr, value));
    }
    _cleanup_(replayed_log_freep) ReplayedLog *log = replay_once(bytes, &quoted);
    require(log && replayed_log_proven(log) == quoted.mask);
    read_facts(log);
    return 0;
}
