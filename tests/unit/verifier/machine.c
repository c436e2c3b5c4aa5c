/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collecting as an agent would, on simulated hardware.
 */
#include "machine.h"

#include "../tpm/swtpm.h"
#include "base/encode.h"
#include "crypto/digest.h"
#include "evidence/binding.h"

#include <jansson.h>

static const char response_key[] =
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"use\":\"enc\",\"alg\":\"ECDH-ES+A256KW\","
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}";

Machine machine_start(const char *directory)
{
    const SimChipOptions options = { .product = SIM_MILAN, .keys_from = SIM_KEYS_DIR };
    Machine machine = { .has_tpm = system("command -v swtpm >/dev/null 2>&1") == 0 };
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/chip", directory);
    check_int(sim_chip_create(path, &options), SIM_OK);
    check_int(sim_chip_open(path, &machine.chip), SIM_OK);
    if (machine.has_tpm) {
        Swtpm *swtpm = malloc(sizeof(*swtpm));
        check(swtpm != NULL);
        *swtpm = swtpm_start();
        machine.swtpm = swtpm;
        machine.settings = (VtpmSettings){
            .tcti = swtpm->tcti,
            .lock_directory = swtpm->directory,
            .attestation_key = "template",
            .pcr_bank = "sha256",
            .pcr_mask = 0xfbff,
        };
    }
    return machine;
}

void machine_stop(Machine *machine)
{
    if (machine->swtpm)
        swtpm_stop(machine->swtpm);
    free(machine->swtpm);
    sim_chip_free(machine->chip);
    *machine = (Machine){ 0 };
}

static Vtpm *open_vtpm(const Machine *machine)
{
    _cleanup_findings_ Findings findings = { 0 };
    Vtpm *vtpm = NULL;

    check_int(vtpm_open(&machine->settings, &findings, &vtpm), VTPM_OK);
    return vtpm;
}

static void make_claims(const MachineOrder *order, const Vtpm *vtpm, const Bytes *credential,
                        Bytes *ret)
{
    _cleanup_evidence_claims_ EvidenceClaims claims = {
        .purpose = order->audience ? EVIDENCE_PURPOSE_ROUND : EVIDENCE_PURPOSE_CALLER,
        .members = EVIDENCE_MEMBER_CPU | (vtpm ? EVIDENCE_MEMBER_VTPM : 0U),
    };
    Digest digest;

    check_int(base64url_decode(view_of_string(order->nonce), &claims.nonce), ENCODE_OK);
    if (order->audience) {
        claims.audience = strdup(order->audience);
        claims.jwk = machine_response_key();
        check(claims.audience && claims.jwk);
    }
    if (vtpm) {
        check_int(digest_of(DIGEST_SHA384, vtpm_ak_public(vtpm), &digest), 0);
        memcpy(claims.ak_sha384, digest.data, sizeof(claims.ak_sha384));
    }
    if (credential->size > 0)
        check_int(bytes_copy(VIEW(*credential), &claims.credential), 0);
    if (order->before_binding)
        order->before_binding(&claims);
    check_int(evidence_claims_emit(&claims, ret), 0);
    if (order->spell_claims)
        order->spell_claims(ret);
}

static void make_report(const Machine *machine, const MachineOrder *order, Evidence *evidence)
{
    uint8_t bytes[SIM_REPORT_SIZE];
    SimReport report;

    sim_report_default(machine->chip, &report);
    if (order->field)
        check_int(sim_report_set(&report, order->field, order->value), SIM_OK);
    check_int(binding_report_data(VIEW(evidence->claims), report.report_data), 0);
    check_int(sim_report_emit(machine->chip, &report, bytes), SIM_OK);
    evidence->cpu.provider = strdup("sev_guest");
    check(evidence->cpu.provider != NULL);
    check_int(bytes_copy(VIEW_OF_ARRAY(bytes), &evidence->cpu.outblob), 0);
    check_int(sim_chip_table(machine->chip, SIM_TABLE_FULL, SIM_VCEK, (ByteView){ 0 },
                             &evidence->cpu.auxblob),
              SIM_OK);
}

static void activate(const MachineOrder *order, Vtpm *vtpm, Bytes *ret)
{
    _cleanup_findings_ Findings findings = { 0 };

    if (order->credential_blob.size == 0)
        return;
    check_int(vtpm_activate(vtpm, order->credential_blob, order->credential_secret, &findings, ret),
              VTPM_OK);
    if (order->spoil_credential)
        ret->data[0] ^= 1;
}

Bytes machine_attest(const Machine *machine, const MachineOrder *order)
{
    bool with_tpm = machine->has_tpm && !order->without_tpm;
    _cleanup_(vtpm_freep) Vtpm *vtpm = with_tpm ? open_vtpm(machine) : NULL;
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_evidence_ Evidence evidence = { 0 };
    _cleanup_bytes_ Bytes credential = { 0 };
    uint8_t qualifying_data[BINDING_QUALIFYING_DATA_SIZE];
    Bytes json = { 0 };

    if (vtpm)
        activate(order, vtpm, &credential);
    make_claims(order, vtpm, &credential, &evidence.claims);
    make_report(machine, order, &evidence);
    if (vtpm) {
        check_int(binding_qualifying_data(VIEW(evidence.claims), qualifying_data), 0);
        check_int(vtpm_quote(vtpm, VIEW_OF_ARRAY(qualifying_data), &findings, &evidence.vtpm),
                  VTPM_OK);
    }
    if (order->after_binding)
        order->after_binding(&evidence);
    check_int(evidence_emit(&evidence, &json), 0);
    return json;
}

Bytes machine_challenge_body(const Machine *machine)
{
    _cleanup_(vtpm_freep) Vtpm *vtpm = open_vtpm(machine);
    _cleanup_findings_ Findings findings = { 0 };
    json_t *json = json_object();
    Bytes body = { 0 };

    check_int(vtpm_load_endorsement(vtpm, &findings), VTPM_OK);
    check_int(json_set_base64url(json, "ak_public", vtpm_ak_public(vtpm)), 0);
    check_int(json_set_base64url(json, "ek_public", vtpm_ek_public(vtpm)), 0);
    _cleanup_free_ char *text = json_text(json);
    check_int(bytes_copy(view_of_string(text), &body), 0);
    json_decref(json);
    return body;
}

json_t *machine_response_key(void)
{
    return json_loads(response_key, 0, NULL);
}

static void to_hex(ByteView bytes, char ret[static 97])
{
    _cleanup_free_ char *text = hex_encode(bytes);

    check(text && strlen(text) == 96);
    memcpy(ret, text, 97);
}

void machine_root(const Machine *machine, char ret[static 97])
{
    uint8_t digest[48];

    check_int(sim_chip_fingerprint(machine->chip, digest), SIM_OK);
    to_hex(VIEW_OF_ARRAY(digest), ret);
}

void machine_measurement(const Machine *machine, char ret[static 97])
{
    SimReport report;

    sim_report_default(machine->chip, &report);
    to_hex(VIEW_OF_ARRAY(report.measurement), ret);
}
