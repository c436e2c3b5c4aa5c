/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verifier.json: what is written is read, and whatever is wrong is named with its place.
 */
#include "lab.h"

#include "verifier/config.h"
#include "verifier/identity.h"
#include "verifier/instance.h"
#include "verifier/supervise.h"

#include <sys/stat.h>

#define GOOD                                                                                       \
    "\"attest_verifier\":1,\"listen\":\"127.0.0.1:0\",\"verifier_id\":\"v\",\"issuer\":\"i\","     \
    "\"urls\":[\"https://v.example\"]"

static Lab lab;

static void what_init_writes_is_read(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_(config_freep) VerifierConfig *config = NULL;
    _cleanup_(instance_freep) Instance *instance = NULL;
    char path[128];

    check_int(config_load(lab.verifier, &findings, &config), CONFIG_OK);
    check_str(config->listen, "127.0.0.1:8443");
    check_str(config->issuer, "https://127.0.0.1:8443/x");
    check_str(config->audience, "attestd");
    check_str(config->path_prefix, "/x");
    check_str(config->urls[0], "https://127.0.0.1:8443/x");
    check(strncmp(config->verifier_id, "urn:uuid:", 9) == 0);
    check_int(config->token_life_sec, 900);
    check_int(config->connections, CONFIG_CONNECTIONS);
    (void)snprintf(path, sizeof(path), "%s/keys/token.pem", lab.verifier);
    check_str(config->token_key, path);

    check_int(instance_load(lab.verifier, NULL, &findings, &instance), INSTANCE_OK);
    check_int(findings.n_items, 0);
    check_str(instance->policy->id, "starter-1");
}

static void absent_members_have_defaults(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_(config_freep) VerifierConfig *config = NULL;
    char directory[64];

    (void)snprintf(directory, sizeof(directory), "%s/d", lab.directory);
    check(mkdir(directory, 0700) == 0);
    lab_write(&lab, "../d/verifier.json", "{" GOOD ",\"policy\":\"/etc/p.json\"}");
    check_int(config_load(directory, &findings, &config), CONFIG_OK);
    check_str(config->path_prefix, "");
    check_str(config->audience, "attestd");
    check_str(config->policy, "/etc/p.json");
    check_int(config->processes, 0);
    check_int(config->timeout_sec, CONFIG_TIMEOUT_SEC);
}

static void each_mistake_is_named_with_its_place(void)
{
    static const struct {
        const char *text, *pointer;
    } cases[] = {
        { "{" GOOD ",\"colour\":1}", ": /colour" },
        { "{" GOOD ",\"keys\":{\"colour\":1}}", ": /keys/colour" },
        { "{" GOOD ",\"tls\":{\"token\":\"x\"}}", ": /tls/token" },
        { "{" GOOD ",\"tls\":[]}", ": /tls" },
        { "{" GOOD ",\"keys\":\"x\"}", ": /keys" },
        { "{" GOOD ",\"token_life_sec\":\"900\"}", ": /token_life_sec" },
        { "{" GOOD ",\"token_life_sec\":9}", ": /token_life_sec" },
        { "{" GOOD ",\"token_life_sec\":86401}", ": /token_life_sec" },
        { "{" GOOD ",\"processes\":-1}", ": /processes" },
        { "{" GOOD ",\"connections\":0}", ": /connections" },
        { "{" GOOD ",\"timeout_sec\":1.5}", ": /timeout_sec" },
        { "{" GOOD ",\"path_prefix\":\"x\"}", ": /path_prefix" },
        { "{" GOOD ",\"path_prefix\":\"/x/\"}", ": /path_prefix" },
        { "{" GOOD ",\"audience\":\"\"}", ": /audience" },
        { "{" GOOD ",\"audience\":\"a\\u0000b\"}", "verifier.json: /" },
        { "{" GOOD ",\"keys\":{\"token\":7}}", ": /keys/token" },
        { "{" GOOD ",\"listen\":\"again\"}", "verifier.json: /" },
        { "{" GOOD, "verifier.json: /" },
        { "[]", ": /attest_verifier" },
        { "{}", ": /attest_verifier" },
        { "{\"attest_verifier\":2}", ": /attest_verifier" },
        { "{\"attest_verifier\":1}", ": /listen" },
        { "{\"attest_verifier\":1,\"listen\":\"l\",\"verifier_id\":\"v\"}", ": /issuer" },
        { "{\"attest_verifier\":1,\"listen\":\"l\",\"verifier_id\":\"v\",\"issuer\":\"i\"}",
          ": /urls" },
        { "{\"attest_verifier\":1,\"listen\":\"l\",\"verifier_id\":\"v\",\"issuer\":\"i\","
          "\"urls\":[]}",
          ": /urls" },
        { "{\"attest_verifier\":1,\"listen\":\"l\",\"verifier_id\":\"v\",\"issuer\":\"i\","
          "\"urls\":[\"http://x\"]}",
          ": /urls" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_findings_ Findings findings = { 0 };
        VerifierConfig *config = NULL;
        lab_write(&lab, "verifier.json", cases[i].text);
        check_int(config_load(lab.verifier, &findings, &config), CONFIG_E_INVALID);
        check(config == NULL);
        check_int(findings.n_items, 1);
        check_str(findings.items[0].name, "verifier-config-invalid");
        if (!strstr(findings.items[0].subject, cases[i].pointer))
            (void)printf("  %s: %s\n", cases[i].text, findings.items[0].subject);
        check(strstr(findings.items[0].subject, cases[i].pointer) != NULL);
        check(*findings.items[0].found && *findings.items[0].remedy);
    }
}

static void a_missing_file_is_named(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    VerifierConfig *config = NULL;

    check_int(config_load("/nonexistent", &findings, &config), CONFIG_E_INVALID);
    check(strstr(findings.items[0].subject, "/nonexistent/verifier.json") != NULL);
    check(strstr(findings.items[0].found, "No such file") != NULL);
}

/* Each file that serving needs, spoilt. */
static void each_unusable_file_is_named(void)
{
    static const struct {
        const char *name, *text, *finding;
    } cases[] = {
        { "policy.json", "{\"attestd_policy\":1,\"id\":\"x\",\"snp\":{\"colour\":1}}",
          "verifier-policy-invalid" },
        { "policy.json", NULL, "verifier-policy-invalid" },
        { "keys/token.pem", "no key", "verifier-key-unusable" },
        { "keys/token.pem", NULL, "verifier-key-unusable" },
        { "keys/nonce.key", "short", "verifier-key-unusable" },
        { "keys/nonce.key", NULL, "verifier-key-unusable" },
        { "tls/server.pem", "no certificate", "verifier-key-unusable" },
        { "tls/server.pem", NULL, "verifier-key-unusable" },
        { "tls/server.key", "no key", "verifier-key-unusable" },
        { "tls/server.key", NULL, "verifier-key-unusable" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_findings_ Findings findings = { 0 };
        Instance *instance = NULL;
        Lab spoilt = lab_new("");
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/%s", spoilt.verifier, cases[i].name);
        if (cases[i].text)
            lab_write(&spoilt, cases[i].name, cases[i].text);
        else
            check(unlink(path) == 0);
        check_int(instance_load(spoilt.verifier, NULL, &findings, &instance), INSTANCE_E_INVALID);
        check_str(findings.items[0].name, cases[i].finding);
        check(strncmp(findings.items[0].subject, path, strlen(path)) == 0);
        lab_done(&spoilt);
    }
}

static void tls_key_and_certificate_must_match(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    Instance *instance = NULL;
    Lab a = lab_new(""), b = lab_new("");
    _cleanup_bytes_ Bytes key = { 0 };
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/tls/server.key", b.verifier);
    check_int(file_read(path, 65536, &key), 0);
    lab_write(&a, "tls/server.key", (const char *)key.data);
    check_int(instance_load(a.verifier, NULL, &findings, &instance), INSTANCE_E_INVALID);
    check_str(findings.items[0].found, "another key");
    lab_done(&a);
    lab_done(&b);
}

static void certificates_that_end_soon_are_named(void)
{
    static const char *const names[] = { "tls/server.pem", "tls/ca.pem" };
    uint64_t now_sec = clock_realtime_usec(&clock_system) / USEC_PER_SEC;
    _cleanup_identity_ Identity identity = { 0 };
    _cleanup_(instance_freep) Instance *instance = NULL;
    _cleanup_findings_ Findings findings = { 0 };
    Lab old = lab_new("");

    /* Of nearly ten years ago. */
    check_int(identity_make("127.0.0.1", now_sec - UINT64_C(86400) * (IDENTITY_LIFE_DAYS - 10),
                            &identity),
              0);
    lab_write(&old, "tls/server.pem", (const char *)identity.certificate.data);
    lab_write(&old, "tls/server.key", (const char *)identity.key.data);
    lab_write(&old, "tls/ca.pem", (const char *)identity.ca_certificate.data);
    check_int(instance_load(old.verifier, NULL, &findings, &instance), INSTANCE_OK);
    check_int(findings.n_items, 0);
    check_int(instance_note_ends(instance, &findings), 0);
    check_int(findings.n_items, ELEMENTSOF(names));
    for (size_t i = 0; i < findings.n_items; i++) {
        check_str(findings.items[i].name, "verifier-tls-ends");
        check(strstr(findings.items[i].subject, names[i]));
        check(findings.items[i].result == FINDING_WARNING);
    }
    lab_done(&old);
}

static void a_broken_start_says_why(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    Lab fresh = lab_new("");
    const char *const bad[] = { "127.0.0.1",          "localhost:1", "127.0.0.1:",     ":1",
                                "1::2:3:80",          "192.0.2.1:1", "127.0.0.1:port", "unix:",
                                "unix:/nonexistent/s" };

    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        const SuperviseOptions options = { .directory = fresh.verifier, .listen = bad[i] };
        findings_done(&findings);
        check_int(supervise(&options, &findings), SUPERVISE_E_INVALID);
        check_str(findings.items[0].name, "verifier-listen-failed");
        check_str(findings.items[0].subject, bad[i]);
    }
    lab_done(&fresh);
}

static const Test tests[] = {
    { "what init writes is read", what_init_writes_is_read },
    { "absent members have defaults", absent_members_have_defaults },
    { "each mistake is named with its place", each_mistake_is_named_with_its_place },
    { "a missing file is named", a_missing_file_is_named },
    { "each unusable file is named", each_unusable_file_is_named },
    { "TLS key and certificate must match", tls_key_and_certificate_must_match },
    { "certificates that end soon are named", certificates_that_end_soon_are_named },
    { "an address that cannot be listened on is named", a_broken_start_says_why },
};

int main(int argc, char **argv)
{
    lab = lab_new("/x");
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    lab_done(&lab);
    return r;
}
