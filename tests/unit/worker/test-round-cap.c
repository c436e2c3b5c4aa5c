/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a refusal does to a real TPM: registers that gates were sealed with move, and no others.
 */
#include "unit/tpm/swtpm.h"

#include "crypto/digest.h"
#include "format/catalog.h"
#include "tpm/tpm-pcr.h"
#include "worker/round-cap.h"
#include "worker/round-gates.h"

#include <sys/file.h>

static Swtpm swtpm;

typedef struct Round {
    RoundRequest request;
    WorkerAnswer answer;
    Proof proof;
} Round;

/* Gates "db" and "web" are capped by PCR 13, "audit" by 14, "plain" by none. */
static void round_set(Round *round)
{
    *round = (Round){
        .request = {
            .evidence = {
                .tcti = swtpm.tcti,
                .attestation_key = "template",
                .pcr_bank = "sha256",
                .pcrs = 1,
            },
            .lock_directory = swtpm.directory,
            .gates = {
                { .name = "db", .cap_pcr = 13 },
                { .name = "web", .cap_pcr = 13 },
                { .name = "audit", .cap_pcr = 14 },
                { .name = "plain" },
            },
            .n_gates = 4,
        },
        .answer = WORKER_ANSWER_INIT,
    };
    round->proof =
        (Proof){ .request = &round->request, .answer = &round->answer, .has_vtpm = true };
}

static void round_done(Round *round)
{
    proof_done(&round->proof);
    worker_answer_done(&round->answer);
    swtpm_check_slots_free(&swtpm);
}
#define _cleanup_round_ _cleanup_(round_done)

static EvidencePcrs read_pcrs(uint16_t bank)
{
    TpmContext *tpm = swtpm_open(&swtpm);
    EvidencePcrs pcrs = { 0 };

    check_int(tpm_pcr_read(tpm, (TpmSelection){ bank, 0xffff }, &pcrs), TPM_PCR_OK);
    tpm_context_free(tpm);
    return pcrs;
}

/* Registers of BANK that differ. */
static uint32_t moved(const EvidencePcrs *before, uint16_t bank)
{
    EvidencePcrs after = read_pcrs(bank);
    uint32_t mask = 0;

    for (unsigned pcr = 0; pcr < 16; pcr++)
        if (!view_equal(evidence_pcr(before, pcr), evidence_pcr(&after, pcr)))
            mask |= 1U << pcr;
    return mask;
}

static size_t count(const Round *round, const char *name)
{
    const Findings *findings = &round->answer.findings;
    size_t n = 0;

    check(catalog_find(name));
    for (size_t i = 0; i < findings->n_items; i++) {
        check_int(findings->items[i].result, FINDING_WARNING);
        n += strcmp(findings->items[i].name, name) == 0;
    }
    return n;
}

static void test_a_refusal_moves_what_gates_are_capped_with(void)
{
    EvidencePcrs sha256 = read_pcrs(TPM_ALG_SHA256), sha384 = read_pcrs(TPM_ALG_SHA384);
    uint8_t wanted[64] = { 0 };
    Digest event, value;
    _cleanup_round_ Round round;
    round_set(&round);

    check_int(round_cap(&round.proof), 0);
    check_int(count(&round, "gate-capped"), 2);
    check_int(round.answer.findings.n_items, 2);
    check_str(round.answer.findings.items[0].subject, "pcr 13");
    check_int(moved(&sha256, TPM_ALG_SHA256), 1 << 13 | 1 << 14);
    check_int(moved(&sha384, TPM_ALG_SHA384), 1 << 13 | 1 << 14);

    /* By anybody's arithmetic: docs/gates.md has the event. */
    check_int(digest_of(DIGEST_SHA256, view_of_string("attestd cap 1"), &event), 0);
    memcpy(wanted + 32, event.data, 32);
    check_int(digest_of(DIGEST_SHA256, VIEW_OF_ARRAY(wanted), &value), 0);
    EvidencePcrs after = read_pcrs(TPM_ALG_SHA256);
    check(view_equal(evidence_pcr(&after, 13), digest_view(&value)));
}

static void test_without_such_a_gate_nothing_moves(void)
{
    EvidencePcrs before = read_pcrs(TPM_ALG_SHA256);
    _cleanup_round_ Round round;
    round_set(&round);

    for (size_t i = 0; i < round.request.n_gates; i++)
        round.request.gates[i].cap_pcr = 0;
    check_int(round_cap(&round.proof), 0);
    check_int(round.answer.findings.n_items, 0);
    check_int(moved(&before, TPM_ALG_SHA256), 0);
}

/* The refusal is answered all the same, and says what is not as it should be. */
static void test_a_tpm_that_cannot_be_had_is_said(void)
{
    _cleanup_round_ Round round;
    round_set(&round);

    round.request.evidence.tcti = "swtpm:path=/nonexistent/s";
    check_int(round_cap(&round.proof), 0);
    check_int(count(&round, "gate-cap-failed"), 2);
    check(*round.answer.findings.items[0].found);

    _cleanup_round_ Round without;
    round_set(&without);
    without.proof.has_vtpm = false;
    check_int(round_cap(&without.proof), 0);
    check_int(without.answer.findings.n_items, 0);
}

/* It has the lock that the cap needs. */
static void test_the_session_of_the_round_is_let_go_of_first(void)
{
    _cleanup_round_ Round round;
    round_set(&round);

    check_int(round_gates_open(&round.proof, &round.proof.gates), ROUND_GATES_OK);
    check(round_gates_vtpm(round.proof.gates));
    check_int(round_cap(&round.proof), 0);
    check(!round_gates_vtpm(round.proof.gates));
    check_int(count(&round, "gate-capped"), 2);
}

static const Test tests[] = {
    { "a refusal moves what gates are capped with",
      test_a_refusal_moves_what_gates_are_capped_with },
    { "without such a gate nothing moves", test_without_such_a_gate_nothing_moves },
    { "a TPM that cannot be had is said", test_a_tpm_that_cannot_be_had_is_said },
    { "the session of the round is let go of first",
      test_the_session_of_the_round_is_let_go_of_first },
};

int main(int argc, char **argv)
{
    swtpm = swtpm_start();
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    swtpm_stop(&swtpm);
    return r;
}
