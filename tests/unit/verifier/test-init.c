/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What init leaves behind: files and their modes, certificates that hold, public parts only in the
 * trust file, and nothing at all where there was something.
 */
#include "lab.h"

#include "base/clock.h"
#include "base/encode.h"
#include "crypto/certificate.h"
#include "token/jwks.h"
#include "verifier/init.h"
#include "verifier/instance.h"
#include "verifier/trust.h"

#include <sys/stat.h>

static Bytes read_file(const Lab *lab, const char *name)
{
    Bytes bytes = { 0 };
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", lab->verifier, name);
    check_int(file_read(path, 1 << 20, &bytes), 0);
    return bytes;
}

static json_t *read_json(const Lab *lab, const char *name)
{
    _cleanup_bytes_ Bytes bytes = read_file(lab, name);
    json_t *json = NULL;

    check_int(json_parse(VIEW(bytes), 1 << 20, &json), JSON_OK);
    return json;
}

static int init_again(const Lab *lab, const InitOptions *more, Findings *findings)
{
    InitOptions options = *more;

    options.directory = lab->verifier;
    if (!options.url)
        options.url = "https://127.0.0.1:8443";
    return init_directory(&options, findings);
}

static Lab empty_lab(void)
{
    Lab lab = lab_new("");
    char path[128];

    /* Out of the way, so that init finds no directory. */
    (void)snprintf(path, sizeof(path), "%s/away", lab.directory);
    check(rename(lab.verifier, path) == 0);
    return lab;
}

static void files_have_their_modes(void)
{
    static const struct {
        const char *name;
        unsigned mode;
    } files[] = {
        { "keys", 040700 },
        { "keys/token.pem", 0100600 },
        { "keys/release.pem", 0100600 },
        { "keys/rewrap.pem", 0100600 },
        { "keys/nonce.key", 0100600 },
        { "tls", 040700 },
        { "tls/ca.key", 0100600 },
        { "tls/ca.pem", 0100600 },
        { "tls/server.key", 0100600 },
        { "tls/server.pem", 0100600 },
        { "policy.json", 0100600 },
        { "verifier.json", 0100600 },
        { "verifier-trust.json", 0100644 },
    };
    Lab lab = lab_new("");

    for (size_t i = 0; i < ELEMENTSOF(files); i++) {
        char path[128];
        struct stat st;
        (void)snprintf(path, sizeof(path), "%s/%s", lab.verifier, files[i].name);
        check(stat(path, &st) == 0);
        check_int(st.st_mode, files[i].mode);
    }
    lab_done(&lab);
}

static void it_does_not_overwrite(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    Lab lab = lab_new("");
    _cleanup_bytes_ Bytes before = read_file(&lab, "keys/token.pem");

    check_int(init_again(&lab, &(InitOptions){ 0 }, &findings), INIT_E_REFUSED);
    check_str(findings.items[0].name, "verifier-directory-not-empty");
    _cleanup_bytes_ Bytes after = read_file(&lab, "keys/token.pem");
    check(view_equal(VIEW(before), VIEW(after)));
    lab_done(&lab);
}

static void an_empty_directory_is_taken(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    Lab lab = empty_lab();

    check(mkdir(lab.verifier, 0700) == 0);
    check_int(init_again(&lab, &(InitOptions){ 0 }, &findings), INIT_OK);
    lab_done(&lab);
}

static void wrong_arguments_leave_nothing(void)
{
    const InitOptions cases[] = {
        { .url = "http://127.0.0.1" },
        { .simulated_roots = { "/nonexistent" }, .n_simulated_roots = 1 },
        { .simulated_roots = { "abcd" }, .n_simulated_roots = 1 },
        { .simulated_roots = { "/dev/null" }, .n_simulated_roots = 1 },
    };
    Lab lab = empty_lab();

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_findings_ Findings findings = { 0 };
        check_int(init_again(&lab, &cases[i], &findings), INIT_E_REFUSED);
        check_str(findings.items[0].name, "verifier-usage");
        check(access(lab.verifier, F_OK) < 0);
    }
    lab_done(&lab);

    _cleanup_findings_ Findings findings = { 0 };
    const InitOptions options = { .directory = "/nonexistent/v", .url = "https://127.0.0.1" };
    check_int(init_directory(&options, &findings), INIT_E_REFUSED);
    check_str(findings.items[0].name, "verifier-directory-unusable");
}

static void the_leaf_chains_to_the_ca(void)
{
    _cleanup_(certificate_freep) Certificate *ca = NULL, *leaf = NULL;
    _cleanup_certificates_ CertificateList anchors = { 0 };
    int64_t now = (int64_t)(clock_realtime_usec(&clock_system) / USEC_PER_SEC);
    Lab lab = lab_new("");
    _cleanup_bytes_ Bytes ca_pem = read_file(&lab, "tls/ca.pem");
    _cleanup_bytes_ Bytes leaf_pem = read_file(&lab, "tls/server.pem");

    check_int(certificate_from_pem(VIEW(ca_pem), &ca), CERTIFICATE_OK);
    check_int(certificate_from_pem(VIEW(leaf_pem), &leaf), CERTIFICATE_OK);
    check_int(certificate_list_add(&anchors, ca), 0);
    check(certificate_is_ca(ca));
    check(!certificate_is_ca(leaf));
    check(certificate_has_extended_usage(leaf, "1.3.6.1.5.5.7.3.1"));
    check_int(certificate_verify_chain(leaf, NULL, &anchors, now, NULL), CERTIFICATE_OK);
    check_int(certificate_verify_chain(leaf, NULL, &anchors, now + 3600L * 24 * 3600, NULL),
              CERTIFICATE_OK);
    lab_done(&lab);
}

static void the_trust_file_has_public_parts_only(void)
{
    Lab lab = lab_new("/att");
    json_t *trust = read_json(&lab, "verifier-trust.json");
    json_t *config = read_json(&lab, "verifier.json");
    _cleanup_bytes_ Bytes text = read_file(&lab, "verifier-trust.json");
    _cleanup_jwks_ Jwks jwks = { 0 };
    _cleanup_(key_freep) Key *release = NULL, *rewrap = NULL;

    check_int(json_integer_value(json_object_get(trust, "attestd_trust")), 1);
    check(
        json_equal(json_object_get(trust, "verifier_id"), json_object_get(config, "verifier_id")));
    check(json_equal(json_object_get(trust, "urls"), json_object_get(config, "urls")));
    check_str(json_string_value(json_array_get(json_object_get(trust, "urls"), 0)),
              "https://127.0.0.1:8443/att");
    check_str(json_string_value(json_object_get(trust, "issuer")), "https://127.0.0.1:8443/att");
    check_str(json_string_value(json_object_get(trust, "audience")), "attestd");
    check_str(json_string_value(json_array_get(json_object_get(trust, "algorithms"), 0)), "ES256");
    check(strstr(json_string_value(json_object_get(trust, "ca_pem")), "BEGIN CERTIFICATE"));
    check(!strstr((const char *)text.data, "PRIVATE"));
    check(json_object_get(trust, "simulated_roots") == NULL);

    check_int(jwks_from_json(json_object_get(trust, "token_keys"), &jwks), JWKS_OK);
    check_int(jwks.n_keys, 1);
    check(!key_is_private(jwks.keys[0].key));
    check_int(jwk_parse_key(json_object_get(trust, "release_key"), &release), JWK_OK);
    check(!key_is_private(release));
    check(json_object_get(json_object_get(trust, "release_key"), "d") == NULL);
    check(!key_equal(release, jwks.keys[0].key));
    check_int(jwk_parse_key(json_object_get(trust, "rewrap_key"), &rewrap), JWK_OK);
    check(json_object_get(json_object_get(trust, "rewrap_key"), "d") == NULL);
    check(!key_equal(rewrap, jwks.keys[0].key) && !key_equal(rewrap, release));
    json_decref(trust);
    json_decref(config);
    lab_done(&lab);
}

static void the_trust_file_can_be_made_again(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    Lab lab = lab_new("");
    _cleanup_bytes_ Bytes before = read_file(&lab, "verifier-trust.json"), again = { 0 };

    check_int(trust_text(lab.verifier, &findings, &again), TRUST_OK);
    check(view_equal(VIEW(before), VIEW(again)));
    lab_done(&lab);
}

static void two_verifiers_share_nothing(void)
{
    Lab a = lab_new(""), b = lab_new("");
    static const char *const names[] = { "keys/token.pem", "keys/release.pem", "keys/rewrap.pem",
                                         "keys/nonce.key", "tls/server.key",   "tls/ca.key",
                                         "verifier.json" };

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        _cleanup_bytes_ Bytes x = read_file(&a, names[i]), y = read_file(&b, names[i]);
        check(!view_equal(VIEW(x), VIEW(y)));
    }
    lab_done(&a);
    lab_done(&b);
}

static void simulated_roots_go_to_policy_and_trust(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    Lab lab = empty_lab();
    char file[128], hex[97];
    Digest digest;

    /* Any certificate will do: the CA of the other verifier. */
    (void)snprintf(file, sizeof(file), "%s/away/tls/ca.pem", lab.directory);
    memset(hex, 'A', 96);
    hex[96] = 0;
    const InitOptions options = { .simulated_roots = { hex, file }, .n_simulated_roots = 2 };
    check_int(init_again(&lab, &options, &findings), INIT_OK);

    _cleanup_(certificate_freep) Certificate *ca = NULL;
    _cleanup_bytes_ Bytes pem = { 0 };
    check_int(file_read(file, 65536, &pem), 0);
    check_int(certificate_parse(VIEW(pem), &ca), CERTIFICATE_OK);
    check_int(certificate_spki_sha384(ca, &digest), 0);
    _cleanup_free_ char *wanted = hex_encode(digest_view(&digest));

    json_t *trust = read_json(&lab, "verifier-trust.json");
    json_t *policy = read_json(&lab, "policy.json");
    json_t *roots = json_object_get(trust, "simulated_roots");
    check_int(json_array_size(roots), 2);
    check(strspn(json_string_value(json_array_get(roots, 0)), "a") == 96);
    check_str(json_string_value(json_array_get(roots, 1)), wanted);
    check(json_equal(roots, json_object_get(policy, "simulated_roots")));
    json_decref(trust);
    json_decref(policy);
    lab_done(&lab);
}

static void the_starter_policy_is_strict(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_(policy_freep) Policy *policy = NULL;
    Lab lab = lab_new("");
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/policy.json", lab.verifier);
    check_int(policy_load(path, &findings, &policy), INSTANCE_OK);
    check(!policy->snp.debug && !policy->snp.migration_agent);
    check(policy->snp.measurements_present && policy->snp.n_measurements == 0);
    check(policy->tpm.required && policy->tpm.secure_boot);
    check(!(policy->tpm.roots & 1U << VTPM_ROOT_HOST));
    check_int(policy->tpm.n_paravisors, 0);
    check_int(policy->tpm.n_rules, 5);
    for (size_t i = 0; i < policy->tpm.n_rules; i++)
        check(policy->tpm.rules[i].values.present && policy->tpm.rules[i].values.n_items == 0);
    check_int(policy->n_simulated_roots, 0);
    lab_done(&lab);
}

static const Test tests[] = {
    { "each file has its mode", files_have_their_modes },
    { "a directory with something in it is left alone", it_does_not_overwrite },
    { "an empty directory is taken", an_empty_directory_is_taken },
    { "wrong arguments leave nothing behind", wrong_arguments_leave_nothing },
    { "the leaf chains to the CA", the_leaf_chains_to_the_ca },
    { "the trust file has public parts only", the_trust_file_has_public_parts_only },
    { "the trust file can be made again", the_trust_file_can_be_made_again },
    { "two verifiers share nothing", two_verifiers_share_nothing },
    { "simulated roots go to policy and trust file", simulated_roots_go_to_policy_and_trust },
    { "the starter policy is strict", the_starter_policy_is_strict },
};

TEST_MAIN(tests)
