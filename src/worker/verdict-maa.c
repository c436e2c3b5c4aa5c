/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What MAA signs is what it read out of our report: our own claims come back as their hash, which
 * the paravisor had from us and the processor signed. The nonce beside it is only echoed.
 */
#include "worker/verdict-maa.h"

#include "base/encode.h"
#include "base/wipe.h"
#include "evidence/binding.h"
#include "format/hcl-claims.h"
#include "format/tpm-public.h"
#include "token/require.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SUBJECT   "token"
#define COMPLIANT "azure-compliant-cvm"

/* Where the claims of one kind of hardware are. */
typedef struct MaaKind {
    HclReportType type;
    const char *name;         /* x-ms-attestation-type */
    const char *debug;        /* pointer */
    const char *vmpl;         /* pointer; NULL: there is no such level */
    const char *debug_is_off; /* JSON text of the debug claim */
} MaaKind;

static const MaaKind kinds[] = {
    { HCL_REPORT_TYPE_SNP, "sevsnpvm", "/x-ms-sevsnpvm-is-debuggable", "/x-ms-sevsnpvm-vmpl",
      "false" },
    { HCL_REPORT_TYPE_TDX, "tdxvm", "/dbgstat", NULL, "\"disabled\"" },
};

static int object_to(WorkerAnswer *answer, const char *name, const char *found, const char *wanted)
{
    return findings_add(&answer->findings, name, SUBJECT, FINDING_FAILURE, found, wanted);
}

static const char *text_at(const json_t *claims, const char *pointer)
{
    return json_string_value(require_resolve(claims, pointer));
}

/* What is said of the hardware: of a whole guest one member is about it. */
static const json_t *hardware_of(const Token *token)
{
    const json_t *tee = json_object_get(token->claims, "x-ms-isolation-tee");

    return tee ? tee : token->claims;
}

/* What is judged of the hardware, and so all that may be told of it. */
static const json_t *judged_of(const Token *token, const Proof *proof)
{
    return proof->wants_token_key ? hardware_of(token) : token->claims;
}

/* A claim is the JSON text WANTED, else the finding NAME. Absent is another. */
static int judge_equal(const json_t *claims, const char *pointer, const char *wanted,
                       const char *name, WorkerAnswer *answer)
{
    const json_t *value = require_resolve(claims, pointer);
    _cleanup_free_ char *found = value ? json_text(value) : strdup("absent");

    if (!found)
        return -ENOMEM;
    if (strcmp(found, wanted) == 0)
        return 0;
    return object_to(answer, name, found, wanted);
}

/* The kind of our report; NULL: pre-flight has no word for it either. */
static const MaaKind *kind_of(const Proof *proof)
{
    HclReport hcl;

    if (hcl_report_parse(VIEW(proof->evidence.hcl), &hcl) != HCL_REPORT_OK)
        return NULL;
    for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
        if (kinds[i].type == hcl.type)
            return &kinds[i];
    return NULL;
}

static char *lower_case(const char *text)
{
    char *copy = strdup(text);

    for (char *c = copy; c && *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return copy;
}

/* In upper or lower case, as the paravisor's version has it. */
static int judge_user_data(const json_t *claims, const Proof *proof, WorkerAnswer *answer)
{
    const char *text = text_at(claims, "/x-ms-runtime/user-data");
    uint8_t wanted[BINDING_REPORT_DATA_SIZE];
    _cleanup_bytes_ Bytes found = { 0 };

    if (!text)
        return object_to(answer, "maa-user-data-missing", NULL, NULL);
    int r = binding_report_data(VIEW(proof->evidence.claims), wanted);
    if (r < 0)
        return r;
    _cleanup_free_ char *lower = lower_case(text);
    if (!lower)
        return -ENOMEM;
    r = hex_decode(lower, &found);
    if (r < 0)
        return r;
    if (r == 0 && equal_constant_time(VIEW(found), VIEW_OF_ARRAY(wanted)))
        return 0;
    return object_to(answer, "maa-user-data-mismatch", NULL, NULL);
}

static ByteView without_leading_zeros(ByteView number)
{
    while (number.size > 0 && number.data[0] == 0) {
        number.data++;
        number.size--;
    }
    return number;
}

/* The modulus of key NAME among the runtime claims; empty: there is none to read. -ENOMEM. */
static int read_modulus(const json_t *claims, const char *name, Bytes *ret)
{
    const json_t *keys = require_resolve(claims, "/x-ms-runtime/keys");

    for (size_t i = 0; i < json_array_size(keys); i++) {
        const json_t *key = json_array_get(keys, i);
        const char *kid = json_string_value(json_object_get(key, "kid"));
        if (!kid || strcmp(kid, name) != 0)
            continue;
        int r = json_get_base64url(key, "n", HCL_MODULUS_MAX, ret);
        return r < 0 ? r : 0;
    }
    return 0;
}

/* Is it that of AREA, a TPMT_PUBLIC? Else the finding NO. */
static int judge_key(const json_t *claims, const char *name, ByteView area, const char *no,
                     WorkerAnswer *answer)
{
    _cleanup_bytes_ Bytes found = { 0 };
    TpmPublic key;

    int r = read_modulus(claims, name, &found);
    if (r < 0)
        return r;
    if (tpm_public_parse(area, &key) == TPM_PUBLIC_OK && found.size > 0 &&
        view_equal(without_leading_zeros(VIEW(found)), without_leading_zeros(key.rsa_modulus)))
        return 0;
    return object_to(answer, no, found.size > 0 ? "another key" : "no such key", name);
}

/* Root of a bare guest can have any claims reported: only a known paravisor's word counts. */
static int judge_compliance(const json_t *claims, bool accept_host_tpm, WorkerAnswer *answer)
{
    const char *status = text_at(claims, "/x-ms-compliance-status");

    if (status && strcmp(status, COMPLIANT) == 0)
        return 0;
    return findings_add(&answer->findings, "maa-not-compliant", SUBJECT,
                        accept_host_tpm ? FINDING_WARNING : FINDING_FAILURE,
                        status ? status : "absent", COMPLIANT);
}

/* The report could not be read by the other side of the host, and the paravisor made it. */
static int judge_hardware(const json_t *claims, const MaaKind *kind, WorkerAnswer *answer)
{
    int r = judge_equal(claims, kind->debug, kind->debug_is_off, "maa-debuggable", answer);

    if (r == 0 && kind->vmpl)
        r = judge_equal(claims, kind->vmpl, "0", "maa-vmpl-not-zero", answer);
    return r;
}

/* What AzureGuest says of the whole: it is a guest's, and a secret would be released to our key. */
static int match_whole(const Token *token, const Proof *proof, WorkerAnswer *answer)
{
    const char *type = text_at(token->claims, "/x-ms-attestation-type");
    int r = 0;

    if (!type || strcmp(type, "azurevm") != 0)
        r = object_to(answer, "maa-type-mismatch", type ? type : "absent", "azurevm");
    if (r < 0)
        return r;
    return judge_key(token->claims, "TpmEphemeralEncryptionKey", VIEW(proof->token_key.public_area),
                     "maa-encryption-key-mismatch", answer);
}

/* Is it about the report that we made, of hardware of our kind, with our key? */
static int match_hardware(const Token *token, const Proof *proof, WorkerAnswer *answer)
{
    const json_t *claims = judged_of(token, proof);
    const char *type = text_at(claims, "/x-ms-attestation-type");
    const MaaKind *kind = kind_of(proof);
    int r = 0;

    if (proof->wants_token_key && claims == token->claims)
        r = object_to(answer, "maa-type-mismatch", "no x-ms-isolation-tee", "x-ms-isolation-tee");
    else if (!kind || !type || strcmp(type, kind->name) != 0)
        r = object_to(answer, "maa-type-mismatch", type ? type : "absent",
                      kind ? kind->name : "a report of ours");
    if (r == 0)
        r = judge_user_data(claims, proof, answer);
    return r == 0 ? judge_key(claims, "HCLAkPub", VIEW(proof->ak_public), "maa-ak-mismatch", answer)
                  : r;
}

int verdict_maa_match(const Token *token, const Proof *proof, WorkerAnswer *answer)
{
    int r = proof->wants_token_key ? match_whole(token, proof, answer) : 0;

    if (r < 0 || !proof->is_tpm_alone)
        return r < 0 ? r : match_hardware(token, proof, answer);
    if (hardware_of(token) == token->claims)
        return 0;
    return object_to(answer, "maa-type-mismatch", "x-ms-isolation-tee", "a vTPM alone");
}

/* Trusted Launch has nothing else that could be said of it. */
static int judge_alone(const Token *token, WorkerAnswer *answer)
{
    return judge_equal(token->claims, "/secureboot", "true", "maa-secure-boot-off", answer);
}

int verdict_maa_judge(const Token *token, const Proof *proof, bool accept_host_tpm,
                      WorkerAnswer *answer)
{
    const json_t *claims = judged_of(token, proof);
    const MaaKind *kind = kind_of(proof);

    if (proof->is_tpm_alone)
        return judge_alone(token, answer);
    int r = kind ? judge_hardware(claims, kind, answer) : 0; /* none matched none */
    return r == 0 ? judge_compliance(claims, accept_host_tpm, answer) : r;
}

/* An allow-list: what is not here, such as ids of report and VM, stays in the token. */
static const struct {
    const char *pointer;
    const char *name;
} facts[] = {
    { "/x-ms-attestation-type", "maa.attestation_type" },
    { "/x-ms-compliance-status", "maa.compliance_status" },
    { "/x-ms-sevsnpvm-is-debuggable", "cpu.debug" },
    { "/x-ms-sevsnpvm-vmpl", "cpu.vmpl" },
    { "/x-ms-sevsnpvm-guestsvn", "cpu.guest_svn" },
    { "/x-ms-sevsnpvm-launchmeasurement", "cpu.measurement" },
    { "/x-ms-sevsnpvm-idkeydigest", "cpu.id_key_digest" },
    { "/x-ms-sevsnpvm-bootloader-svn", "cpu.tcb_boot_loader" },
    { "/x-ms-sevsnpvm-tee-svn", "cpu.tcb_tee" },
    { "/x-ms-sevsnpvm-snpfw-svn", "cpu.tcb_snp" },
    { "/x-ms-sevsnpvm-microcode-svn", "cpu.tcb_microcode" },
    { "/x-ms-sevsnpvm-migration-allowed", "cpu.migration_agent" },
    { "/dbgstat", "cpu.debug_status" },
    { "/attester_tcb_status", "cpu.tcb_status" },
    { "/tdx_mrtd", "cpu.measurement" },
    { "/x-ms-runtime/vm-configuration/secure-boot", "maa.secure_boot_configured" },
    { "/x-ms-runtime/vm-configuration/tpm-persisted", "maa.tpm_persisted" },
};

static int set_fact(json_t *object, const char *name, const json_t *value)
{
    if (!value || !answer_fact_is_valid(name, value))
        return 0;
    /* Shared with the token's claims; neither is changed. */
    return json_object_set(object, name, (json_t *)(uintptr_t)value) < 0 ? -ENOMEM : 0;
}

/* Of AzureGuest, out of the event log. */
static const struct {
    const char *pointer;
    const char *name;
} guest_facts[] = {
    { "/secureboot", "vtpm.secure_boot" },
    { "/x-ms-azurevm-default-securebootkeysvalidated", "maa.secure_boot_keys_validated" },
    { "/x-ms-azurevm-dbxvalidated", "maa.dbx_validated" },
    { "/x-ms-azurevm-attested-pcrs", "maa.attested_pcrs" },
};

static int set_hardware_facts(json_t *object, const json_t *hardware)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < ELEMENTSOF(facts); i++)
        r = set_fact(object, facts[i].name, require_resolve(hardware, facts[i].pointer));
    return r;
}

static int set_guest_facts(json_t *object, const Token *token)
{
    int r = 0;

    if (json_is_true(json_object_get(token->claims, "secureboot")) &&
        json_array_remove(json_object_get(object, "uncovered"), 0) < 0)
        return -ENOMEM;
    for (size_t i = 0; r == 0 && i < ELEMENTSOF(guest_facts); i++)
        r = set_fact(object, guest_facts[i].name,
                     require_resolve(token->claims, guest_facts[i].pointer));
    return r;
}

json_t *verdict_maa_facts(const Token *token, const Proof *proof)
{
    const json_t *hardware = judged_of(token, proof);
    const char *status = text_at(hardware, "/x-ms-compliance-status");
    bool is_known = !proof->is_tpm_alone && status && strcmp(status, COMPLIANT) == 0;
    /* MAA judged processor and paravisor; what was booted below it, nobody. */
    json_auto_t *object = json_pack("{ss s[sssssss]}", "vtpm_root", is_known ? "paravisor" : "host",
                                    "uncovered", "secure boot", "boot loader", "kernel", "initrd",
                                    "kernel command line", "root file system", "kexec");
    int r = object ? set_fact(object, "maa.policy_hash",
                              require_resolve(token->claims, "/x-ms-policy-hash"))
                   : -ENOMEM;

    if (r == 0 && proof->is_tpm_alone)
        r = set_fact(object, "maa.attestation_type",
                     require_resolve(hardware, "/x-ms-attestation-type"));
    else if (r == 0)
        r = set_hardware_facts(object, hardware);
    if (r == 0 && proof->wants_token_key)
        r = set_guest_facts(object, token);
    return r == 0 ? TAKE_PTR(object) : NULL;
}
