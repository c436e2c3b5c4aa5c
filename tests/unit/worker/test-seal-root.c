/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands behind a vTPM, proven before anything is sealed in it: with certificates of a lab's
 * CA in NV, and a second TPM as the other machine.
 */
#include "forge.h"
#include "secret-lab.h"
#include "tpm/tpm-endorsement-key.h"
#include "tpm/tpm-storage-key.h"
#include "two-tpms.h"
#include "verify/genuine-tpm.h"

#include <openssl/pem.h>
#include <tss2/tss2_mu.h>

#define EK_CERTIFICATE 0x01c0000a
#define AK_TEMPLATE    0x01c10003
#define AK_CERTIFICATE 0x01c10002
#define USAGE_EK       "2.23.133.8.1"
#define USAGE_AK       "2.23.133.8.3"
#define NOBODY_ACCEPTS false

/* A machine, and a CA that certifies its TPM's keys. */
typedef struct RootLab {
    SecretLab lab;
    EVP_PKEY *ca;
    char *ca_pem;
} RootLab;

static char *pem_of(Bytes *der)
{
    const uint8_t *at = der->data;
    X509 *x509 = d2i_X509(NULL, &at, (long)der->size);
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;

    check(x509 && bio && PEM_write_bio_X509(bio, x509) == 1);
    long size = BIO_get_mem_data(bio, &data);
    char *pem = strndup(data, (size_t)size);
    check(pem);
    BIO_free(bio);
    X509_free(x509);
    bytes_done(der);
    return pem;
}

static char *ca_pem(EVP_PKEY *key)
{
    Bytes der = forge_certificate(&(ForgeCertificate){
        .subject = "CA", .issuer = "CA", .key = key, .issuer_key = key, .is_ca = true });

    return pem_of(&der);
}

static RootLab root_lab_start(void)
{
    RootLab lab = { .lab = secret_lab_start(), .ca = forge_pkey("P-256") };

    lab.ca_pem = ca_pem(lab.ca);
    return lab;
}

static void root_lab_stop(RootLab *lab)
{
    secret_lab_stop(&lab->lab);
    EVP_PKEY_free(lab->ca);
    free(lab->ca_pem);
}

static EVP_PKEY *pkey_of(ByteView public_area)
{
    _cleanup_(key_freep) Key *key = NULL;
    _cleanup_bytes_ Bytes spki = { 0 };
    TpmPublic area;

    check_int(tpm_public_parse(public_area, &area), TPM_PUBLIC_OK);
    check_int(tpm_public_key(&area, &key), KEY_OK);
    check_int(key_to_spki(key, &spki), 0);
    const uint8_t *at = spki.data;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)spki.size);
    check(pkey);
    return pkey;
}

/* A certificate for the key with this public area; CHANGES name what is not as it should be. */
static Bytes certify(const RootLab *lab, ByteView public_area, ForgeCertificate changes)
{
    EVP_PKEY *key = pkey_of(public_area);

    changes.subject = "vTPM";
    changes.issuer = "CA";
    changes.key = key;
    changes.issuer_key = changes.issuer_key ? changes.issuer_key : lab->ca;
    Bytes der = forge_certificate(&changes);
    EVP_PKEY_free(key);
    return der;
}

static Bytes ek_public(const Swtpm *swtpm)
{
    TpmContext *tpm = swtpm_open(swtpm);
    TpmKey *key = NULL;

    check_int(tpm_endorsement_key_find(tpm, &key), 0);
    Bytes area = TAKE_STRUCT(key->public_area);
    tpm_key_free(key);
    tpm_context_free(tpm);
    return area;
}

static void write_nv(const Swtpm *swtpm, uint32_t index, Bytes bytes)
{
    TpmContext *tpm = swtpm_open(swtpm);

    swtpm_define_nv(tpm, index, VIEW(bytes));
    tpm_context_free(tpm);
    bytes_done(&bytes);
}

/* The EK of OF, certified for a TPM's NV. */
static Bytes ek_certificate(const RootLab *lab, const Swtpm *of, ForgeCertificate changes)
{
    _cleanup_bytes_ Bytes area = ek_public(of);

    changes.key_usage = changes.key_usage ? changes.key_usage : "keyAgreement";
    changes.extended_usage = USAGE_EK;
    return certify(lab, VIEW(area), changes);
}

static void certify_ek(const RootLab *lab)
{
    write_nv(&lab->lab.swtpm, EK_CERTIFICATE,
             ek_certificate(lab, &lab->lab.swtpm, (ForgeCertificate){ 0 }));
}

/* As in a Google VM: the vendor's template and a certificate for the key that it makes. */
static void certify_ak(const RootLab *lab)
{
    static const uint8_t template[] = { 0x00, 0x23, 0x00, 0x0b, 0x00, 0x05, 0x04, 0x72,
                                        0x00, 0x00, 0x00, 0x10, 0x00, 0x18, 0x00, 0x0b,
                                        0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00 };
    TpmContext *tpm = swtpm_open(&lab->lab.swtpm);
    TpmKey *ak = NULL;

    swtpm_define_nv(tpm, AK_TEMPLATE, VIEW_OF_ARRAY(template));
    check_int(tpm_attestation_key_find(tpm, "auto", &ak), TPM_ATTESTATION_KEY_OK);
    Bytes der =
        certify(lab, VIEW(ak->public_area),
                (ForgeCertificate){ .key_usage = "digitalSignature", .extended_usage = USAGE_AK });
    swtpm_define_nv(tpm, AK_CERTIFICATE, VIEW(der));
    bytes_done(&der);
    tpm_key_free(ak);
    tpm_context_free(tpm);
}

/* CA_PEM NULL: the gate has none. */
static WorkerAnswer seal(const RootLab *lab, const char *root, const char *pem, bool accept)
{
    json_t *gate = secret_lab_gate("db", lab->lab.release_key, NULL);
    json_t *request = secret_lab_seal_request(&lab->lab, "db-password", gate, "unit:db.service");

    check(json_object_set_new(gate, "vtpm_root", json_string(root)) == 0);
    check(!pem || json_object_set_new(gate, "vtpm_ca_pem", json_string(pem)) == 0);
    check(json_object_set_new(request, "accept_host_tpm", json_boolean(accept)) == 0);
    check(json_object_set_new(request, "accept_unchecked_vtpm", json_boolean(accept)) == 0);
    return secret_lab_run_seal(request, view_of_string("secret"));
}

static void check_refused(const RootLab *lab, const char *root, const char *pem,
                          const char *finding)
{
    _cleanup_worker_answer_ WorkerAnswer answer = seal(lab, root, pem, NOBODY_ACCEPTS);
    char path[128];

    if (answer.result == ANSWER_OK || strcmp(answer.error, finding) != 0)
        (void)printf("  %s, wanted %s\n", answer.error ? answer.error : "ok", finding);
    check_int(answer.result, ANSWER_FAILED);
    check_str(answer.error, finding);
    (void)snprintf(path, sizeof(path), "%s/db-password.secret", lab->lab.secrets);
    check(access(path, F_OK) < 0 && errno == ENOENT);
}

static void check_sealed(const RootLab *lab, const char *root, const char *pem, bool accept)
{
    _cleanup_worker_answer_ WorkerAnswer answer = seal(lab, root, pem, accept);
    _cleanup_(secret_store_freep) SecretStore *store = NULL;
    _cleanup_secret_file_ SecretFile file = { 0 };

    if (answer.result != ANSWER_OK)
        (void)printf("  %s\n", answer.error);
    check_int(answer.result, ANSWER_OK);
    check_int(secret_store_open(lab->lab.secrets, &store), SECRET_STORE_OK);
    check_int(secret_store_load(store, "db-password", &file), SECRET_STORE_OK);
    check_str(file.header.vtpm_root_minimum, root);
}

static void a_certified_endorsement_key_is_enough(void)
{
    RootLab lab = root_lab_start();

    certify_ek(&lab);
    check_sealed(&lab, "certificate", lab.ca_pem, NOBODY_ACCEPTS);
    root_lab_stop(&lab);
}

static void a_certified_attestation_key_is_enough(void)
{
    RootLab lab = root_lab_start();

    certify_ak(&lab);
    check_sealed(&lab, "certificate", lab.ca_pem, NOBODY_ACCEPTS);
    root_lab_stop(&lab);
}

static void what_was_proven_and_sealed_opens(void)
{
    RootLab lab = root_lab_start();
    _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(&lab.lab);

    check(json_object_set_new(batch.request, "vtpm_root", json_string("certificate")) == 0);
    certify_ek(&lab);
    check_sealed(&lab, "certificate", lab.ca_pem, NOBODY_ACCEPTS);
    secret_batch_take_approval(&batch,
                               secret_lab_approve(&lab.lab, "db", lab.lab.release_key, -60));
    (void)secret_batch_ask(&batch, "db-password", "unit:db.service");
    secret_batch_run(&batch);
    secret_batch_check_served(&batch, 0, "secret");
    root_lab_stop(&lab);
}

static void a_vtpm_without_a_certificate_is_refused(void)
{
    RootLab lab = root_lab_start();

    check_refused(&lab, "certificate", lab.ca_pem, "secret-vtpm-certificate-missing");
    root_lab_stop(&lab);
}

static void a_gate_without_a_usable_ca_is_refused(void)
{
    RootLab lab = root_lab_start();

    certify_ek(&lab);
    check_refused(&lab, "certificate", NULL, "secret-vtpm-ca-missing");
    check_refused(&lab, "certificate",
                  "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
                  "secret-vtpm-ca-missing");
    root_lab_stop(&lab);
}

static void a_chain_to_another_ca_is_refused(void)
{
    RootLab lab = root_lab_start();
    EVP_PKEY *stranger = forge_pkey("P-256");
    _cleanup_free_ char *pem = ca_pem(stranger);

    certify_ek(&lab);
    check_refused(&lab, "certificate", pem, "secret-vtpm-chain-broken");
    _cleanup_worker_answer_ WorkerAnswer answer = seal(&lab, "certificate", pem, NOBODY_ACCEPTS);
    check(findings_has(&answer.findings, "tpm-certificate-untrusted"));
    EVP_PKEY_free(stranger);
    root_lab_stop(&lab);
}

static void an_expired_certificate_or_one_for_another_purpose_is_refused(void)
{
    static const ForgeCertificate bad[] = {
        { .not_before_sec = 1, .not_after_sec = FORGE_2025 },
        { .key_usage = "digitalSignature" },
        { .is_ca = true, .key_usage = "keyCertSign" },
    };

    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        RootLab lab = root_lab_start();
        write_nv(&lab.lab.swtpm, EK_CERTIFICATE, ek_certificate(&lab, &lab.lab.swtpm, bad[i]));
        check_refused(&lab, "certificate", lab.ca_pem, "secret-vtpm-chain-broken");
        root_lab_stop(&lab);
    }
}

static void the_certificate_of_another_tpm_is_refused(void)
{
    RootLab lab = root_lab_start();
    Swtpm other = swtpm_start();

    write_nv(&lab.lab.swtpm, EK_CERTIFICATE, ek_certificate(&lab, &other, (ForgeCertificate){ 0 }));
    check_refused(&lab, "certificate", lab.ca_pem, "tpm-certificate-other-key");
    swtpm_stop(&other);
    root_lab_stop(&lab);
}

static void nothing_but_the_host_vouches_for_a_host_vtpm(void)
{
    RootLab lab = root_lab_start();

    certify_ek(&lab); /* which the gate does not ask for */
    check_refused(&lab, "host", NULL, "secret-host-tpm");
    check_sealed(&lab, "host", NULL, true);
    root_lab_stop(&lab);
}

static void what_nobody_here_can_check_must_be_accepted_in_so_many_words(void)
{
    RootLab lab = root_lab_start();

    check_refused(&lab, "paravisor", NULL, "secret-vtpm-unchecked");
    check_refused(&lab, "svsm", NULL, "secret-vtpm-unchecked");
    check_sealed(&lab, "paravisor", NULL, true);
    check_sealed(&lab, "svsm", NULL, true);
    root_lab_stop(&lab);
}

/* Seals with a key of another machine's TPM in the place of an own, which must be noticed. */
static void check_two_tpms(const char *root, bool takes_ak, const char *finding)
{
    RootLab lab = root_lab_start();
    Swtpm there = swtpm_start();

    certify_ek(&lab);
    TpmContext *own = swtpm_open(&lab.lab.swtpm);
    TpmKey *decoy = NULL;
    check_int(tpm_storage_key_find(own, (ByteView){ 0 }, &decoy), TPM_STORAGE_KEY_OK);
    swtpm_persist(own, decoy->handle, TWO_TPMS_DECOY);
    tpm_key_free(decoy);
    tpm_context_free(own);

    TpmContext *other = swtpm_open(&there);
    two_tpms.other = other->tcti;
    two_tpms.takes_ak = takes_ak;
    two_tpms.n_lies = two_tpms.n_endorsement = 0;
    _cleanup_worker_answer_ WorkerAnswer answer =
        seal(&lab, root, strcmp(root, "certificate") == 0 ? lab.ca_pem : NULL, true);
    two_tpms.other = NULL;
    check_int(two_tpms.n_lies, 1);
    if (answer.result == ANSWER_OK || strcmp(answer.error, finding) != 0)
        (void)printf("  %s, wanted %s\n", answer.error ? answer.error : "ok", finding);
    check_str(answer.error, finding);
    tpm_context_free(other);
    swtpm_check_slots_free(&there);
    swtpm_stop(&there);
    root_lab_stop(&lab);
}

static void a_storage_key_of_another_tpm_is_refused(void)
{
    check_two_tpms("certificate", false, "secret-storage-key-elsewhere");
    check_two_tpms("paravisor", false, "secret-storage-key-elsewhere");
}

static void an_attestation_key_of_another_tpm_is_refused(void)
{
    check_two_tpms("certificate", true, "secret-ak-elsewhere");
}

static const Test tests[] = {
    { "a certified endorsement key is enough", a_certified_endorsement_key_is_enough },
    { "a certified attestation key is enough", a_certified_attestation_key_is_enough },
    { "what was proven and sealed opens", what_was_proven_and_sealed_opens },
    { "a vTPM without a certificate is refused", a_vtpm_without_a_certificate_is_refused },
    { "a gate without a usable CA is refused", a_gate_without_a_usable_ca_is_refused },
    { "a chain to another CA is refused", a_chain_to_another_ca_is_refused },
    { "an expired certificate, or one for another purpose, is refused",
      an_expired_certificate_or_one_for_another_purpose_is_refused },
    { "the certificate of another TPM is refused", the_certificate_of_another_tpm_is_refused },
    { "nothing but the host vouches for a host vTPM",
      nothing_but_the_host_vouches_for_a_host_vtpm },
    { "what nobody here can check must be accepted in so many words",
      what_nobody_here_can_check_must_be_accepted_in_so_many_words },
    { "a storage key of another TPM is refused", a_storage_key_of_another_tpm_is_refused },
    { "an attestation key of another TPM is refused",
      an_attestation_key_of_another_tpm_is_refused },
};

TEST_MAIN(tests)
