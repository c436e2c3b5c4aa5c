/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every TPM quote: its verdict, its fields, its values, the certificates beside it, as the files of
 * tools have them.
 */
#include "vectors.h"

#include "verify/genuine-quote.h"

#include <dirent.h>

/* Bytes that a look borrows from, and what came of it. */
typedef struct Look {
    Bytes attest, signature, ak;
    PcrFile pcrs;
    Findings findings;
    GenuineQuote quote;
    bool genuine;
} Look;

static void look_done(Look *look)
{
    bytes_done(&look->attest);
    bytes_done(&look->signature);
    bytes_done(&look->ak);
    findings_done(&look->findings);
    genuine_quote_done(&look->quote);
}

/* NAME is "quote" or "quote-sha384"; its values are in pcrs.json, pcrs-sha384.json or pcrs.bin. */
static bool read_pcrs(const Vector *vector, const char *name, PcrFile *ret)
{
    char role[64];

    (void)snprintf(role, sizeof(role), "pcrs%s.json", name + strlen("quote"));
    if (!vector_has(vector, role))
        (void)snprintf(role, sizeof(role), "pcrs.bin");
    if (!vector_has(vector, role))
        return false;
    _cleanup_bytes_ Bytes bytes = vector_read(vector, role);
    check_int(pcr_file_parse(VIEW(bytes), ret), PCR_FILE_OK);
    return true;
}

static void look_again(Look *look, bool has_pcrs, ByteView qualifying_data)
{
    const GenuineQuoteInput input = {
        .attest = VIEW(look->attest),
        .signature = VIEW(look->signature),
        .ak = VIEW(look->ak),
        .pcrs = has_pcrs ? &look->pcrs : NULL,
        .qualifying_data = qualifying_data,
    };
    findings_done(&look->findings);
    genuine_quote_done(&look->quote);
    int r = genuine_quote_verify(&input, &look->findings, &look->quote);
    check(r >= 0);
    look->genuine = r == GENUINE_QUOTE_OK;
    check_int(look->genuine, findings_first_failure(&look->findings) == NULL);
}

static void check_selections(const json_t *expected, const TpmAttest *attest)
{
    const json_t *selections = vector_at(expected, "pcr_selection"), *selection, *pcr;
    size_t i, k;

    check_int(json_array_size(selections), attest->n_selections);
    json_array_foreach (selections, i, selection) {
        uint32_t mask = 0;
        json_array_foreach (vector_at(selection, "pcrs"), k, pcr)
            mask |= UINT32_C(1) << json_integer_value(pcr);
        check_str(tpm_alg_name(attest->selections[i].bank), lab_text(selection, "bank"));
        check_int(attest->selections[i].pcrs, mask);
    }
}

static void check_fields(const json_t *expected, const GenuineQuote *quote)
{
    const TpmAttest *attest = &quote->attest;
    char firmware[17];

    vector_check_hex(expected, "qualified_signer", attest->qualified_signer);
    vector_check_hex(expected, "extra_data", attest->extra_data);
    check_int(attest->clock_msec, vector_number(expected, "clock"));
    check_int(attest->reset_count, vector_number(expected, "reset_count"));
    check_int(attest->restart_count, vector_number(expected, "restart_count"));
    check_int(attest->safe, vector_number(expected, "safe"));
    (void)snprintf(firmware, sizeof(firmware), "%016llx",
                   (unsigned long long)attest->firmware_version);
    check_str(firmware, lab_text(expected, "firmware_version"));
    vector_check_hex(expected, "pcr_digest", attest->pcr_digest);
    check_selections(expected, attest);
    check_str(tpm_alg_name(quote->scheme), lab_text(expected, "signature.scheme"));
    check_str(tpm_alg_name(quote->hash), lab_text(expected, "signature.hash"));
}

/* "pcr_values" of the expectation: what the file of tpm2-tools holds. */
static void check_values(const Vector *vector, const PcrFile *pcrs)
{
    const json_t *banks = vector_at(vector->expected, "pcr_values");
    json_t *copy = banks ? json_deep_copy(banks) : NULL;
    const char *name, *pcr;
    json_t *values, *value;

    json_object_foreach (copy, name, values) {
        const EvidencePcrs *bank = pcr_file_bank(pcrs, tpm_alg_hash_by_name(name));
        check(bank != NULL);
        check_int(__builtin_popcount(bank->mask), json_object_size(values));
        json_object_foreach (values, pcr, value)
            vector_check_hex(values, pcr, evidence_pcr(bank, (unsigned)atoi(pcr)));
    }
    if (copy)
        check_int(pcrs->n_banks, json_object_size(copy));
    json_decref(copy);
}

static void check_nonce(const Vector *vector, Look *look, bool has_pcrs)
{
    _cleanup_bytes_ Bytes wrong = { 0 };

    check_int(bytes_copy(look->quote.attest.extra_data, &wrong), 0);
    check_int(bytes_append_u8(&wrong, 0), 0);
    if (vector_has(vector, "nonce.hex")) {
        _cleanup_bytes_ Bytes text = vector_read(vector, "nonce.hex");
        text.data[strcspn((char *)text.data, "\r\n")] = 0;
        _cleanup_bytes_ Bytes nonce = lab_hex((char *)text.data);
        look_again(look, has_pcrs, VIEW(nonce));
        check_int(look->genuine, vector_number(vector->expected, "nonce_matches"));
    }
    look_again(look, has_pcrs, VIEW(wrong));
    lab_check_failure(&look->findings, "tpm-qualifying-data-mismatch");
}

static void check_quote(const Vector *vector, const char *name, const char *ak)
{
    const json_t *expected = vector_at(vector->expected, name);
    _cleanup_(look_done) Look look = { 0 };
    char role[64];

    (void)snprintf(role, sizeof(role), "%s.msg", name);
    look.attest = vector_read(vector, role);
    (void)snprintf(role, sizeof(role), "%s.sig", name);
    look.signature = vector_read(vector, role);
    look.ak = vector_read(vector, ak);
    bool has_pcrs = read_pcrs(vector, name, &look.pcrs);
    look_again(&look, has_pcrs, (ByteView){ 0 });
    if (look.genuine != vector_passes(vector))
        lab_print(&look.findings);
    check_int(look.genuine, vector_passes(vector));
    check_int(look.genuine, vector_number(expected, "signature.valid"));
    check_int(has_pcrs, vector_at(expected, "pcr_digest_matches") != NULL);
    check_int(look.quote.has_pcrs, has_pcrs);
    check_int(findings_has(&look.findings, "tpm-pcrs-missing"), !has_pcrs);
    check_int(findings_has(&look.findings, "tpm-signature-sha1"),
              strcmp(lab_text(expected, "signature.hash"), "sha1") == 0);
    check_int(findings_has(&look.findings, "tpm-ak-attributes-unknown"), !look.quote.has_ak_public);
    check_fields(expected, &look.quote);
    check_values(vector, &look.pcrs);
    check_nonce(vector, &look, has_pcrs);
}

/* Certificates beside the quote, and those of the clouds: hints all. */
static void gather_intermediates(const Vector *vector, CertificateList *list)
{
    static const char *const paths[] = {
        "azure-vtpm-roots/global-virtual-tpm-ca-03/intermediate.der",
        "tpm-certs/gce-tpm-ek-intermediate-2/ca.der",
        "tpm-certs/gce-tpm-ek-intermediate-3/ca.der",
        "tpm-certs/gcp-ek-ak-ca-intermediate-v3/ca.der",
    };

    for (unsigned i = 0; i < 4; i++) {
        char role[32];
        (void)snprintf(role, sizeof(role), "ak-intermediate-%u.der", i);
        if (!vector_has(vector, role))
            continue;
        _cleanup_(certificate_freep) Certificate *certificate = vector_certificate(vector, role);
        check_int(certificate_list_add(list, certificate), 0);
    }
    for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
        _cleanup_(certificate_freep) Certificate *certificate = vector_load_certificate(paths[i]);
        check_int(certificate_list_add(list, certificate), 0);
    }
}

/* A certificate beside the quote: whose key it is of, and its chain. */
static void check_certificate(const Vector *vector, const char *role, const char *ak_role)
{
    static const char *const roots[] = {
        "azure-vtpm-roots/azure-virtual-tpm-root-2023/root.der",
        "tpm-certs/gce-tpm-ek-root-1/ca.der",
        "tpm-certs/gcp-ek-ak-ca-root/ca.der",
    };
    const json_t *expected = json_object_get(vector->expected, role);
    _cleanup_(certificate_freep) Certificate *certificate = vector_certificate(vector, role);
    _cleanup_certificates_ CertificateList anchors = { 0 }, intermediates = { 0 };
    _cleanup_bytes_ Bytes bytes = vector_read(vector, ak_role);
    _cleanup_quote_ak_ QuoteAk ak = { 0 };
    const char *text = "";

    check_int(quote_ak_parse(VIEW(bytes), &text, &ak), QUOTE_AK_OK);
    vector_check_certificate(certificate, vector_at(expected, "cert"));
    check_int(key_equal(certificate_key(certificate), ak.key),
              vector_number(expected, "certifies_quote_key"));
    gather_intermediates(vector, &intermediates);
    for (size_t i = 0; i < ELEMENTSOF(roots); i++) {
        _cleanup_(certificate_freep) Certificate *root = vector_load_certificate(roots[i]);
        check_int(certificate_list_add(&anchors, root), 0);
    }
    check_int(certificate_verify_chain(certificate, &intermediates, &anchors, CERTIFICATE_TIME_ANY,
                                       &text) == CERTIFICATE_OK,
              vector_number(expected, "chain_valid"));
}

static void run_quote(const Vector *vector)
{
    const char *ak = lab_text(vector->expected, "ak.file");
    json_t *expected = json_deep_copy(vector->expected);
    const char *name;
    json_t *value;
    size_t n = 0;

    json_object_foreach (expected, name, value) {
        size_t length = strlen(name);
        if (strncmp(name, "quote", 5) == 0) {
            check_quote(vector, name, ak);
            n++;
        }
        if (length > 4 && strcmp(name + length - 4, ".der") == 0)
            check_certificate(vector, name, ak);
    }
    check(n > 0);
    json_decref(expected);
}

static void test_every_quote_has_its_verdict(void)
{
    vectors_each("tpm-quote", 6, run_quote);
}

/* keylime-a has its keys in three spellings. */
static void test_a_key_is_read_in_every_spelling(void)
{
    static const char *const roles[] = { "ak.pem", "ak.tpm2b" };
    const Vector vector = { .path = "tpm-quote/keylime-a" };
    _cleanup_bytes_ Bytes name = vector_read(&vector, "ak.name");
    _cleanup_bytes_ Bytes area = vector_read(&vector, "ak.tpm2b");
    _cleanup_quote_ak_ QuoteAk first = { 0 }, bare = { 0 };
    const char *reason;
    Digest digest;

    for (size_t i = 0; i < ELEMENTSOF(roles); i++) {
        _cleanup_bytes_ Bytes bytes = vector_read(&vector, roles[i]);
        _cleanup_quote_ak_ QuoteAk ak = { 0 };
        check_int(quote_ak_parse(VIEW(bytes), &reason, &ak), QUOTE_AK_OK);
        check_int(ak.has_public, i == 1);
        if (i == 0)
            first = TAKE_STRUCT(ak);
        else
            check(key_equal(first.key, ak.key));
    }
    check_int(quote_ak_parse((ByteView){ area.data + 2, area.size - 2 }, &reason, &bare),
              QUOTE_AK_OK);
    check(bare.has_public && key_equal(first.key, bare.key));
    check_int(digest_of(DIGEST_SHA256, bare.public_area.raw, &digest), 0);
    check(view_equal((ByteView){ name.data + name.size - 32, 32 }, digest_view(&digest)));
}

static const Test tests[] = {
    { "every quote has its verdict", test_every_quote_has_its_verdict },
    { "a key is read in every spelling", test_a_key_is_read_in_every_spelling },
};

TEST_MAIN(tests)
