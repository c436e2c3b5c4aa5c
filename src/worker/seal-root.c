/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One way for every root: what vouches for the attestation key, then that key for the storage key.
 * A certificate is judged by the very code that verifiers use.
 */
#include "worker/seal-root.h"

#include "base/clock.h"
#include "crypto/certificate.h"
#include "crypto/credential.h"
#include "crypto/random.h"
#include "tpm/tpm-certify.h"
#include "tpm/tpm-storage-key.h"
#include "verify/vtpm-root.h"
#include "worker/seal-root-paravisor.h"

#include <errno.h>
#include <string.h>

#define NONCE_SIZE  32 /* of the quote: BINDING_QUALIFYING_DATA_SIZE */
#define SECRET_SIZE 32 /* of the credential: at most the EK's name digest */

/* What the certificate is judged by. */
typedef struct Proof {
    const SealRequest *request;
    Vtpm *vtpm;
    Findings *findings;
    CertificateList anchors;
    Evidence evidence; /* its vtpm */
    GenuineTpm tpm;
    uint8_t secret[SECRET_SIZE];
    bool has_secret; /* a credential was activated, and gave it back */
} Proof;

static void proof_done(Proof *proof)
{
    certificate_list_done(&proof->anchors);
    genuine_tpm_done(&proof->tpm);
    evidence_done(&proof->evidence);
    wipe(proof->secret, sizeof(proof->secret));
}

static int fail(const SealRequest *request, Findings *findings, const char *name, const char *found)
{
    int r = findings_add(findings, name, request->name, FINDING_FAILURE, found, NULL);

    return r < 0 ? r : SEAL_ROOT_E_REFUSED;
}

const char *seal_root_stated(const SealRequest *request)
{
    return request->gate.file.vtpm_root ? request->gate.file.vtpm_root : "host";
}

static bool is_stated(const SealRequest *request, const char *root)
{
    return strcmp(seal_root_stated(request), root) == 0;
}

/* By evidence that came along. An SVSM's word for its key is in none yet. */
static bool can_prove_paravisor(const SealRequest *request)
{
    return is_stated(request, "paravisor") && request->evidence_fd >= 0;
}

int seal_root_judge(const SealRequest *request, Findings *findings)
{
    const GateFile *gate = &request->gate.file;

    if (is_stated(request, "certificate"))
        return gate->vtpm_ca_pem
                   ? SEAL_ROOT_OK
                   : fail(request, findings, "secret-vtpm-ca-missing", "none in the gate's file");
    if (is_stated(request, "host"))
        return request->accept_host_tpm
                   ? SEAL_ROOT_OK
                   : fail(request, findings, "secret-host-tpm", gate->vtpm_root);
    return request->accept_unchecked_vtpm || can_prove_paravisor(request)
               ? SEAL_ROOT_OK
               : fail(request, findings, "secret-vtpm-unchecked", seal_root_stated(request));
}

static int read_anchors(Proof *proof)
{
    ByteView pem = view_of_string(proof->request->gate.file.vtpm_ca_pem);

    int r = certificate_list_add_pem(&proof->anchors, pem);
    if (r == -E2BIG)
        return fail(proof->request, proof->findings, "secret-vtpm-ca-missing", "too many");
    return r <= 0 ? r
                  : fail(proof->request, proof->findings, "secret-vtpm-ca-missing",
                         certificate_reason(r));
}

/* As a verifier makes it: only the TPM with this EK gives it back, if it has the AK as well. */
static int make_credential(Proof *proof, Bytes *ret_blob, Bytes *ret_secret)
{
    _cleanup_(key_freep) Key *key = NULL;
    CredentialEk ek = { 0 };
    TpmPublic area;

    if (tpm_public_parse(vtpm_ek_public(proof->vtpm), &area) != TPM_PUBLIC_OK ||
        digest_from_tpm_id(area.name_alg, &ek.name_algorithm) != DIGEST_OK)
        return fail(proof->request, proof->findings, "tpm-ek-malformed", NULL);
    int r = tpm_public_key(&area, &key);
    if (r == KEY_OK)
        r = random_fill(proof->secret, sizeof(proof->secret));
    if (r == KEY_OK) {
        ek.key = key;
        ek.symmetric_bits = area.symmetric_bits;
        r = credential_make(&ek, vtpm_ak_name(proof->vtpm), VIEW_OF_ARRAY(proof->secret), ret_blob,
                            ret_secret);
    }
    return r <= 0 ? r : fail(proof->request, proof->findings, "tpm-ek-unfit", NULL);
}

/* The TPM's refusal of the credential, in the words of sealing. */
static int translate(Proof *proof, Findings *own)
{
    const Finding *failure = findings_first_failure(own);

    if (failure && strcmp(failure->name, "tpm-credential-refused") == 0)
        return fail(proof->request, proof->findings, "secret-ak-elsewhere",
                    "the TPM of the certificate does not have it");
    int r = findings_move(proof->findings, own);
    return r < 0 ? r : SEAL_ROOT_E_REFUSED;
}

/* Is the attestation key in the TPM with the endorsement key? */
static int activate(Proof *proof)
{
    _cleanup_findings_ Findings own = { .source = proof->findings->source };
    _cleanup_bytes_ Bytes blob = { 0 }, secret = { 0 };
    _cleanup_wiped_bytes_ Bytes shown = { 0 };

    int r = make_credential(proof, &blob, &secret);
    if (r != SEAL_ROOT_OK)
        return r;
    r = vtpm_activate(proof->vtpm, VIEW(blob), VIEW(secret), &own, &shown);
    if (r == VTPM_E_FAILED)
        return translate(proof, &own);
    if (r < 0)
        return r;
    proof->has_secret = equal_constant_time(VIEW(shown), VIEW_OF_ARRAY(proof->secret));
    return proof->has_secret ? SEAL_ROOT_OK
                             : fail(proof->request, proof->findings, "secret-ak-elsewhere",
                                    "the credential was answered with something else");
}

/* The attestation key's own certificate, or that of the endorsement key and the credential. */
static int find_certificate(Proof *proof)
{
    if (vtpm_ak_certificate(proof->vtpm).size > 0)
        return SEAL_ROOT_OK;

    int r = vtpm_load_endorsement(proof->vtpm, proof->findings);
    if (r != VTPM_OK)
        return r < 0 ? r : SEAL_ROOT_E_REFUSED;
    if (vtpm_ek_certificate(proof->vtpm).size > 0)
        return activate(proof);
    return fail(proof->request, proof->findings, "secret-vtpm-certificate-missing",
                "neither for the attestation key nor for the endorsement key");
}

/* The attestation key signs, here and now: a verifier knows it by nothing else. */
static int quote(Proof *proof)
{
    uint8_t nonce[NONCE_SIZE];

    int r = random_fill(nonce, sizeof(nonce));
    if (r < 0)
        return r;
    r = vtpm_quote(proof->vtpm, VIEW_OF_ARRAY(nonce), proof->findings, &proof->evidence.vtpm);
    if (r != VTPM_OK)
        return r < 0 ? r : SEAL_ROOT_E_REFUSED;
    r = genuine_tpm_verify(&proof->evidence.vtpm, VIEW_OF_ARRAY(nonce), proof->findings,
                           &proof->tpm);
    return r <= 0 ? r : SEAL_ROOT_E_REFUSED;
}

static int judge_chain(Proof *proof)
{
    const VtpmRootInput input = {
        .vtpm = &proof->evidence.vtpm,
        .tpm = &proof->tpm,
        .anchors = &proof->anchors,
        .now_sec = (int64_t)(clock_realtime_usec(&clock_system) / USEC_PER_SEC),
        .credential_wanted = { proof->has_secret ? proof->secret : NULL, SECRET_SIZE },
        .credential_shown = { proof->secret, SECRET_SIZE },
    };
    VtpmRoot root;

    int r = vtpm_root_derive(&input, proof->findings, &root);
    if (r < 0 || root == VTPM_ROOT_CERTIFICATE)
        return r;
    return fail(proof->request, proof->findings, "secret-vtpm-chain-broken", NULL);
}

static int prove_certificate(const SealRequest *request, Vtpm *vtpm, Findings *findings)
{
    _cleanup_(proof_done) Proof proof = { .request = request, .vtpm = vtpm, .findings = findings };

    int r = read_anchors(&proof);
    if (r == SEAL_ROOT_OK)
        r = find_certificate(&proof);
    if (r == SEAL_ROOT_OK)
        r = quote(&proof);
    return r == SEAL_ROOT_OK ? judge_chain(&proof) : r;
}

/* A no or an errno of the TPM storey: the TPM's own words where it had any. */
static int fail_tpm(const SealRequest *request, Vtpm *vtpm, Findings *findings, int r)
{
    const TpmFailure *failure = &vtpm_context(vtpm)->failure;

    if (r == -ENOMEM)
        return r;
    if (failure->finding)
        return fail(request, findings, failure->finding, failure->text);
    return r < 0 ? r : -EPROTO;
}

/* Else someone between here and the TPM could have the data key sent to a TPM of theirs. */
static int prove_parent(const SealRequest *request, Vtpm *vtpm, const TpmKey *parent,
                        Findings *findings)
{
    int r = tpm_certify(vtpm_attestation_key(vtpm), parent);

    if (r < 0)
        return fail_tpm(request, vtpm, findings, r);
    return r == TPM_CERTIFY_OK
               ? SEAL_ROOT_OK
               : fail(request, findings, "secret-storage-key-elsewhere", tpm_certify_reason(r));
}

int seal_root_prove(const SealRequest *request, Vtpm *vtpm, Findings *findings, TpmKey **ret)
{
    _cleanup_(tpm_key_freep) TpmKey *parent = NULL;
    int r = SEAL_ROOT_OK;

    if (is_stated(request, "certificate"))
        r = prove_certificate(request, vtpm, findings);
    else if (can_prove_paravisor(request) && !request->accept_unchecked_vtpm)
        r = seal_root_paravisor(request, vtpm, findings);
    if (r != SEAL_ROOT_OK)
        return r;
    r = tpm_storage_key_find(vtpm_context(vtpm), (ByteView){ 0 }, &parent);
    if (r != TPM_STORAGE_KEY_OK)
        return fail_tpm(request, vtpm, findings, r);
    if (!is_stated(request, "host"))
        r = prove_parent(request, vtpm, parent, findings);
    if (r != SEAL_ROOT_OK)
        return r;
    vtpm_drop_keys(vtpm);
    *ret = TAKE_PTR(parent);
    return SEAL_ROOT_OK;
}
