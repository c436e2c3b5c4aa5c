/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl inspect: what is this, and what does it say? Nothing is verified.
 */
#include "ctl/complain.h"
#include "ctl/input.h"
#include "ctl/judged.h"
#include "ctl/output.h"
#include "ctl/show.h"
#include "ctl/verb.h"
#include "format/catalog.h"

#include <attest/verify.h>

#include <string.h>

#define NOTHING_VERIFIED                                                                           \
    "Nothing was verified: whoever wrote the file could have written anything. See attestctl "     \
    "verify."

typedef struct KindWords {
    const char *kind; /* of <attest/result.h> */
    const char *text;
} KindWords;

static const KindWords kinds[] = {
    { "snp-report", "an SEV-SNP attestation report" },
    { "snp-response", "the SEV firmware's answer to a request for a report" },
    { "snp-certificates", "a table of certificates, as a host gives it to its guests" },
    { "evidence", "evidence of attestd" },
    { "hcl-report", "an HCL report of Azure's vTPM" },
    { "td-quote", "an Intel TDX quote" },
    { "tpm-quote", "what a TPM signed (TPMS_ATTEST)" },
    { "tpm-public", "the public part of a TPM key" },
    { "tpm-signature", "a signature of a TPM" },
    { "event-log", "an event log of firmware" },
    { "userspace-log", "systemd's event log of userspace" },
    { "pcrs", "PCR values" },
    { "token", "a JSON Web Token; its signature is not checked" },
    { "jwks", "a set of public keys (JWK)" },
    { "certificate", "a certificate" },
    { "crl", "a list of revoked certificates" },
    { "ccel-table", "an ACPI table that says where a log lies (CCEL)" },
    { "public-key", "a public key" },
    { "policy", "a policy" },
    { "trust", "the trust file of a verifier" },
};

static const char *text_of_kind(const char *kind)
{
    for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
        if (strcmp(kinds[i].kind, kind) == 0)
            return kinds[i].text;
    return *kind ? kind : "nothing that is known here";
}

static int print(const Options *options, const attest_result *result)
{
    const char *kind = attest_result_kind_name(result);
    json_auto_t *json = judged_json(result);

    if (options->json) {
        int r = judged_print_json(json);
        return r != 0 ? r : judged_exit_class(result);
    }
    (void)fputs("This is ", stdout);
    show_heading(text_of_kind(kind));
    judged_print_findings(result);
    show_content(kind, show_at(json, "content"));
    output_note(NOTHING_VERIFIED);
    return judged_exit_class(result);
}

static int run(const Options *options)
{
    _cleanup_(attest_result_freep) attest_result *result = NULL;
    _cleanup_bytes_ Bytes bytes = { 0 };

    int r = input_read_file(options, options->argument, &bytes);
    if (r != 0)
        return r;
    r = attest_inspect(bytes.data, bytes.size, &result);
    return r < 0 ? complain_of_errno(r, options->argument) : print(options, result);
}

static const Option inspect_options[] = {
    FLAG_OPTION("json", json, "kind, content and checks as JSON"),
    { 0 },
};

const Verb verb_inspect[] = {
    { .name = "inspect",
      .argument = "FILE",
      .help = "what a file is and says; nothing is verified",
      .run = run,
      .options = inspect_options },
    { 0 },
};
