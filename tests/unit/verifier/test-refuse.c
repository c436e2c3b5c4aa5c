/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence that must not get a yes: unwanted, tampered with, put together from others. Each no has
 * its name, and comes signed.
 */
#include "bench.h"

/* The report says what the policy does not want. */
static void each_unwanted_report_is_refused(void)
{
    static const struct {
        const char *field, *value, *finding;
    } cases[] = {
        { "debug", "yes", "snp-debug-enabled" },
        { "vmpl", "1", "snp-vmpl-not-accepted" },
        { "measurement",
          "000000000000000000000000000000000000000000000000"
          "000000000000000000000000000000000000000000000001",
          "snp-measurement-unknown" },
        { "signature_algo", "2", "snp-signature-algorithm" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_free_ char *nonce = NULL;
        const MachineOrder order = { .audience = bench.verifier_id,
                                     .field = cases[i].field,
                                     .value = cases[i].value };
        _cleanup_reply_ LabReply reply = bench_round(order, &nonce);
        bench_check_refused(&reply, nonce, cases[i].finding);
    }
}

static void found_and_wanted_are_told(void)
{
    const MachineOrder order = { .audience = bench.verifier_id,
                                 .field = "measurement",
                                 .value = "ffffffffffffffffffffffffffffffffffffffffffffffff"
                                          "ffffffffffffffffffffffffffffffffffffffffffffffff" };
    _cleanup_reply_ LabReply reply = bench_round(order, NULL);
    const json_t *finding = json_array_get(json_object_get(reply.json, "findings"), 0);
    size_t i = 0;

    while (finding && strcmp(json_string_value(json_object_get(finding, "name")),
                             "snp-measurement-unknown") != 0)
        finding = json_array_get(json_object_get(reply.json, "findings"), ++i);
    check(finding != NULL);
    check(strncmp(json_string_value(json_object_get(finding, "found")), "ffffffff", 8) == 0);
    check(json_string_length(json_object_get(finding, "wanted")) > 0);
}

static void each_unmet_policy_refuses(void)
{
    static const struct {
        const char *snp, *tpm, *root, *finding;
        bool needs_tpm;
    } cases[] = {
        { NULL, BENCH_TPM, NULL, "snp-root-untrusted", false },
        { NULL, BENCH_TPM,
          "abababababababababababababababababababababababab"
          "abababababababababababababababababababababababab",
          "snp-root-untrusted", false },
        { "{\"products\":[\"Turin\"]}", BENCH_TPM, "own", "snp-product-not-accepted", false },
        { "{\"minimum_tcb\":{\"Milan\":{\"snp\":255}}}", BENCH_TPM, "own", "snp-tcb-too-low",
          false },
        { "{\"measurements\":[]}", BENCH_TPM, "own", "snp-measurement-unknown", false },
        { NULL, "{\"required\":true}", "own", "vtpm-root-not-accepted", true },
        { NULL, "{\"roots\":[\"paravisor\",\"svsm\",\"certificate\"]}", "own",
          "vtpm-root-not-accepted", true },
        { NULL, "{\"roots\":[\"host\"],\"rules\":[{\"pcr\":4,\"values\":[]}]}", "own",
          "vtpm-unendorsed", true },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_free_ char *nonce = NULL;
        if (cases[i].needs_tpm && !bench.machine.has_tpm)
            continue;
        bench_policy(cases[i].snp ? cases[i].snp : bench_snp(), cases[i].tpm, cases[i].root);
        _cleanup_reply_ LabReply reply = bench_honest_round(&nonce);
        bench_check_refused(&reply, nonce, cases[i].finding);
    }

    bench_policy(bench_snp(), "{\"required\":true,\"roots\":[\"host\"]}", "own");
    _cleanup_free_ char *nonce = NULL;
    const MachineOrder order = { .audience = bench.verifier_id, .without_tpm = true };
    _cleanup_reply_ LabReply reply = bench_round(order, &nonce);
    bench_check_refused(&reply, nonce, "vtpm-missing");
    bench_policy(bench_snp(), BENCH_TPM, "own");
}

static void evidence_for_another_is_refused(void)
{
    _cleanup_free_ char *nonce = NULL;
    _cleanup_reply_ LabReply reply =
        bench_round((MachineOrder){ .audience = "urn:uuid:another" }, &nonce);
    bench_check_refused(&reply, nonce, "claims-audience-mismatch");

    /* Evidence for a D-Bus caller has no key to bind a token to: refused, and no token of use. */
    _cleanup_reply_ LabReply caller = bench_round((MachineOrder){ 0 }, NULL);
    lab_check_problem(&caller, 403, "refused");
    check(strstr((const char *)caller.body.data, "claims-purpose-mismatch") != NULL);
}

static void flip(Bytes *bytes, size_t offset)
{
    check(bytes->size > offset);
    bytes->data[offset] ^= 0x01;
}

static void spoil_report_data(Evidence *e)
{
    flip(&e->cpu.outblob, 0x50);
}

static void spoil_report_signature(Evidence *e)
{
    flip(&e->cpu.outblob, 0x2a0);
}

static void spoil_report_measurement(Evidence *e)
{
    flip(&e->cpu.outblob, 0x90);
}

static void cut_report(Evidence *e)
{
    e->cpu.outblob.size--;
}

static void spoil_table(Evidence *e)
{
    e->cpu.auxblob.size = 10;
}

static void drop_table(Evidence *e)
{
    e->cpu.auxblob.size = 0;
}

static void spoil_claims(Evidence *e)
{
    /* Not the nonce, which is checked first: the version at the end. */
    flip(&e->claims, e->claims.size - 3);
}

static void other_provider(Evidence *e)
{
    e->cpu.provider[0] = 't';
}

static void drop_cpu(Evidence *e)
{
    evidence_cpu_done(&e->cpu);
}

static void spoil_attest(Evidence *e)
{
    flip(&e->vtpm.attest, e->vtpm.attest.size - 1);
}

static void spoil_quote_signature(Evidence *e)
{
    flip(&e->vtpm.signature, e->vtpm.signature.size - 1);
}

static void spoil_pcr(Evidence *e)
{
    e->vtpm.pcrs.values[4][0] ^= 1;
}

static void drop_pcr(Evidence *e)
{
    e->vtpm.pcrs.mask &= ~(1U << 4);
}

static void spoil_ak(Evidence *e)
{
    flip(&e->vtpm.ak_public, e->vtpm.ak_public.size - 1);
}

static void drop_vtpm(Evidence *e)
{
    bytes_done(&e->vtpm.attest);
}

static void add_log(Evidence *e)
{
    check_int(bytes_new(40, &e->eventlog), 0);
}

static void each_tampered_member_is_refused(void)
{
    static const struct {
        void (*spoil)(Evidence *);
        const char *finding;
        bool needs_tpm;
    } cases[] = {
        { spoil_report_data, "snp-signature-invalid", false },
        { spoil_report_signature, "snp-signature-invalid", false },
        { spoil_report_measurement, "snp-signature-invalid", false },
        { cut_report, "snp-report-malformed", false },
        { spoil_table, "snp-vek-missing", false },
        { drop_table, "snp-vek-missing", false },
        { spoil_claims, "snp-report-data-mismatch", false },
        { other_provider, "cpu-provider-unknown", false },
        { drop_cpu, "claims-members-mismatch", true },
        { spoil_claims, "tpm-qualifying-data-mismatch", true },
        { spoil_attest, "tpm-signature-invalid", true },
        { spoil_quote_signature, "tpm-signature-invalid", true },
        { spoil_pcr, "tpm-pcr-digest-mismatch", true },
        { drop_pcr, "tpm-selection-mismatch", true },
        { spoil_ak, "tpm-ak-not-bound", true },
        { drop_vtpm, "claims-members-mismatch", true },
        { add_log, "claims-members-mismatch", false },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_free_ char *nonce = NULL;
        if (cases[i].needs_tpm && !bench.machine.has_tpm)
            continue;
        const MachineOrder order = { .audience = bench.verifier_id,
                                     .after_binding = cases[i].spoil };
        _cleanup_reply_ LabReply reply = bench_round(order, &nonce);
        bench_check_refused(&reply, nonce, cases[i].finding);
    }
}

static void deny_vtpm(EvidenceClaims *claims)
{
    claims->members = EVIDENCE_MEMBER_CPU;
    memset(claims->ak_sha384, 0, sizeof(claims->ak_sha384));
}

static void name_another_ak(EvidenceClaims *claims)
{
    claims->ak_sha384[0] ^= 1;
}

/* The machine itself lies in its claims, and binds the lie. */
static void claims_that_lie_are_refused(void)
{
    _cleanup_free_ char *nonce = NULL, *second = NULL;
    MachineOrder order = { .audience = bench.verifier_id, .before_binding = deny_vtpm };

    if (!bench.machine.has_tpm)
        return;
    _cleanup_reply_ LabReply reply = bench_round(order, &nonce);
    bench_check_refused(&reply, nonce, "claims-members-mismatch");
    order.before_binding = name_another_ak;
    _cleanup_reply_ LabReply other = bench_round(order, &second);
    bench_check_refused(&other, second, "tpm-ak-not-bound");
}

/* Quote of one round in the evidence of another. */
static Evidence stolen;

static void steal_vtpm(Evidence *e)
{
    stolen = *e;
    *e = (Evidence){ 0 };
    check_int(bytes_copy(VIEW(stolen.claims), &e->claims), 0);
    e->cpu.provider = strdup("sev_guest");
    check_int(bytes_copy(VIEW(stolen.cpu.outblob), &e->cpu.outblob), 0);
}

static void use_stolen_vtpm(Evidence *e)
{
    bytes_done(&e->vtpm.attest);
    bytes_done(&e->vtpm.signature);
    check_int(bytes_copy(VIEW(stolen.vtpm.attest), &e->vtpm.attest), 0);
    check_int(bytes_copy(VIEW(stolen.vtpm.signature), &e->vtpm.signature), 0);
}

static void use_stolen_cpu(Evidence *e)
{
    bytes_done(&e->cpu.outblob);
    check_int(bytes_copy(VIEW(stolen.cpu.outblob), &e->cpu.outblob), 0);
}

static void members_of_another_round_are_refused(void)
{
    _cleanup_free_ char *nonce = NULL, *second = NULL;
    MachineOrder order = { .audience = bench.verifier_id, .after_binding = steal_vtpm };

    _cleanup_reply_ LabReply source = bench_round(order, NULL);
    check_int(source.status, 403);
    order.after_binding = use_stolen_cpu;
    _cleanup_reply_ LabReply cpu = bench_round(order, &nonce);
    bench_check_refused(&cpu, nonce, "snp-report-data-mismatch");
    if (bench.machine.has_tpm) {
        order.after_binding = use_stolen_vtpm;
        _cleanup_reply_ LabReply vtpm = bench_round(order, &second);
        bench_check_refused(&vtpm, second, "tpm-qualifying-data-mismatch");
    }
    evidence_done(&stolen);
}

static const Test tests[] = {
    { "each unwanted report is refused", each_unwanted_report_is_refused },
    { "found and wanted are told", found_and_wanted_are_told },
    { "evidence for another is refused", evidence_for_another_is_refused },
    { "each tampered member is refused", each_tampered_member_is_refused },
    { "claims that lie are refused", claims_that_lie_are_refused },
    { "members of another round are refused", members_of_another_round_are_refused },
    { "each unmet policy refuses", each_unmet_policy_refuses },
};

int main(int argc, char **argv)
{
    bench_start();
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    bench_stop();
    return r;
}
