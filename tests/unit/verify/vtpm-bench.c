/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine of vtpm-bench.h, and what it is held to.
 */
#include "vtpm-bench.h"

#include "forge.h"

#include <stdio.h>

Lab *milan;
EVP_PKEY *root_pkey;
Bytes root_pem;
static EVP_PKEY *ak_pkey;
static Key *ak;
static Bytes ak_certificate;

static void make_vtpm(void)
{
    root_pkey = forge_pkey("RSA-2048");
    ak_pkey = forge_pkey("P-256");
    ak = forge_key_of(ak_pkey);
    Bytes root = forge_certificate(&(ForgeCertificate){ .subject = "lab vTPM root",
                                                        .issuer = "lab vTPM root",
                                                        .key = root_pkey,
                                                        .issuer_key = root_pkey,
                                                        .is_ca = true });
    ak_certificate = forge_certificate(&(ForgeCertificate){
        .subject = "lab AK", .issuer = "lab vTPM root", .key = ak_pkey, .issuer_key = root_pkey });
    _cleanup_free_ char *base64 = base64_encode(VIEW(root));
    /* In JSON a line break is \n; one long line is PEM enough for OpenSSL only up to 76. */
    lab_put(&root_pem, "-----BEGIN CERTIFICATE-----\\n", 29);
    for (size_t i = 0; i < strlen(base64); i += 64) {
        lab_put(&root_pem, base64 + i, MIN(strlen(base64) - i, 64));
        lab_put(&root_pem, "\\n", 2);
    }
    lab_put(&root_pem, "-----END CERTIFICATE-----\\n", 27);
    bytes_done(&root);
}

LabOrder endorsed(void)
{
    return (LabOrder){ .ak = ak, .ak_certificate = VIEW(ak_certificate) };
}

Policy *policy_with(const char *object, const char *members)
{
    char text[8192];

    (void)snprintf(text, sizeof(text), "{'attestd_policy':1,'id':'t','%s':{%s%s'comment':''}%s}",
                   object, members, members[0] ? "," : "",
                   strcmp(object, "snp") == 0 ? ",'tpm':{'roots':['host','certificate']}" : "");
    return lab_policy(text);
}

Policy *tpm_policy(const char *members)
{
    char text[8192];

    (void)snprintf(text, sizeof(text), "'certificate_roots':['%s']%s%s", (char *)root_pem.data,
                   members[0] ? "," : "", members);
    return policy_with("tpm", text);
}

void check_verdict(const LabOrder *order, const Policy *policy, const char *finding)
{
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, order);
    _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(milan, &evidence, policy);

    if (!finding) {
        lab_check_no_failure(&appraisal->findings);
        bool is_host = appraisal->vtpm.present && appraisal->vtpm_root == VTPM_ROOT_HOST;
        check_int(appraisal->status, is_host ? TIER_NONE : TIER_AFFIRMING);
        check_int(appraisal->cpu.status, TIER_AFFIRMING);
        return;
    }
    (void)printf("  %s\n", finding);
    lab_check_failure(&appraisal->findings, finding);
    check_int(appraisal->status, TIER_CONTRAINDICATED);
}

void check_tpm(const LabLog *log, const char *members, const char *finding)
{
    _cleanup_(policy_freep) Policy *policy = tpm_policy(members);
    LabOrder order = endorsed();

    order.log = log;
    check_verdict(&order, policy, finding);
}

int vtpm_bench_run(const Test *tests, size_t n_tests, int argc, char **argv)
{
    milan = lab_new(SIM_MILAN, false);
    make_vtpm();
    int r = run_tests(tests, n_tests, argc, argv);
    lab_free(milan);
    EVP_PKEY_free(root_pkey);
    EVP_PKEY_free(ak_pkey);
    key_free(ak);
    bytes_done(&root_pem);
    bytes_done(&ak_certificate);
    return r;
}
