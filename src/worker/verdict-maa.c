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

static int judge_kind(const json_t *claims, const MaaKind *kind, WorkerAnswer *answer)
{
    const char *type = text_at(claims, "/x-ms-attestation-type");
    int r = 0;

    if (!type || strcmp(type, kind->name) != 0)
        r = object_to(answer, "maa-type-mismatch", type ? type : "absent", kind->name);
    if (r == 0)
        r = judge_equal(claims, kind->debug, kind->debug_is_off, "maa-debuggable", answer);
    if (r == 0 && kind->vmpl)
        r = judge_equal(claims, kind->vmpl, "0", "maa-vmpl-not-zero", answer);
    return r;
}

/* What AzureGuest adds: it is a guest's, and a secret would be released to our key. */
static int judge_guest(const Token *token, const Proof *proof, WorkerAnswer *answer)
{
    const char *type = text_at(token->claims, "/x-ms-attestation-type");
    int r = 0;

    if (!proof->wants_token_key)
        return 0;
    if (!type || strcmp(type, "azurevm") != 0 || hardware_of(token) == token->claims)
        r = object_to(answer, "maa-type-mismatch", type ? type : "absent",
                      "azurevm with x-ms-isolation-tee");
    if (r < 0)
        return r;
    return judge_key(token->claims, "TpmEphemeralEncryptionKey", VIEW(proof->token_key.public_area),
                     "maa-encryption-key-mismatch", answer);
}

int verdict_maa_judge(const Token *token, const Proof *proof, bool accept_host_tpm,
                      WorkerAnswer *answer)
{
    const json_t *claims = proof->wants_token_key ? hardware_of(token) : token->claims;
    const MaaKind *kind = kind_of(proof);

    int r = judge_guest(token, proof, answer);
    if (r == 0)
        r = kind ? judge_kind(claims, kind, answer)
                 : object_to(answer, "maa-type-mismatch", NULL, "a report of ours");
    if (r == 0)
        r = judge_user_data(claims, proof, answer);
    if (r == 0)
        r = judge_key(claims, "HCLAkPub", VIEW(proof->ak_public), "maa-ak-mismatch", answer);
    if (r == 0)
        r = judge_compliance(claims, accept_host_tpm, answer);
    return r;
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

/* Of the token as a whole; those of AzureGuest come out of the event log. */
static const struct {
    const char *pointer;
    const char *name;
} whole_facts[] = {
    { "/x-ms-policy-hash", "maa.policy_hash" },
    { "/secureboot", "vtpm.secure_boot" },
    { "/x-ms-azurevm-default-securebootkeysvalidated", "maa.secure_boot_keys_validated" },
    { "/x-ms-azurevm-dbxvalidated", "maa.dbx_validated" },
    { "/x-ms-azurevm-attested-pcrs", "maa.attested_pcrs" },
};

json_t *verdict_maa_facts(const Token *token)
{
    const json_t *hardware = hardware_of(token);
    const char *status = text_at(hardware, "/x-ms-compliance-status");
    bool is_known = status && strcmp(status, COMPLIANT) == 0;
    /* MAA judged processor and paravisor; what was booted below it, nobody. */
    json_auto_t *object = json_pack("{ss s[sssssss]}", "vtpm_root", is_known ? "paravisor" : "host",
                                    "uncovered", "secure boot", "boot loader", "kernel", "initrd",
                                    "kernel command line", "root file system", "kexec");

    for (size_t i = 0; object && i < ELEMENTSOF(facts); i++) {
        const json_t *value = require_resolve(hardware, facts[i].pointer);
        if (set_fact(object, facts[i].name, value) < 0)
            return NULL;
    }
    if (object && json_is_true(json_object_get(token->claims, "secureboot")) &&
        json_array_remove(json_object_get(object, "uncovered"), 0) < 0)
        return NULL;
    for (size_t i = 0; object && i < ELEMENTSOF(whole_facts); i++) {
        const json_t *value = require_resolve(token->claims, whole_facts[i].pointer);
        if (set_fact(object, whole_facts[i].name, value) < 0)
            return NULL;
    }
    return TAKE_PTR(object);
}
