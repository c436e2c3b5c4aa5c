/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which value wins: defaults, trust file, files in their order; and how that is shown.
 */
#include "config-files.h"

#include "config/config-show.h"
#include "config/config-table.h"

#define MINIMAL "[Verifier lab]\nURL=https://v.example\nTrust=%s/trust.json\n"

static Files minimal(const char *addition)
{
    Files files = files_new();

    files_write(&files, "trust.json", TRUST);
    files_writef(&files, "attestd.conf", MINIMAL "%s", files.directory, addition);
    return files;
}

static void two_lines_are_enough(void)
{
    Files files = minimal("");
    _cleanup_(config_freep) Config *config = files_load_good(&files);
    const VerifierConfig *verifier = config->verifier;

    check_str(verifier->name, "lab");
    check_int(verifier->urls.n_items, 1);
    check_str(verifier->urls.items[0], "https://v.example");
    check_str(verifier->issuer, "trusted-issuer");
    check_str(verifier->verifier_id, "trusted-verifier");
    check_str(verifier->audience, "attestd");
    check(strstr(verifier->ca_pem, "BEGIN CERTIFICATE"));
    check(json_is_array(json_object_get(verifier->token_keys, "keys")));
    check(!verifier->accept_simulated && !verifier->accept_host_tpm && verifier->enabled);
    check_str(config->evidence.source, "auto");
    check_str(config->evidence.tcti, "device:/dev/tpmrm0");
    check_int(config->evidence.pcrs, 0xfbff);
    check_str(config->evidence.preflight, "enforce");
    check_int(config->schedule.retry_min_usec, 5 * USEC_PER_SEC);
    check_int(config->schedule.round_timeout_usec, 180 * USEC_PER_SEC);
    files_done(&files);
}

static void the_trust_file_alone_names_the_url(void)
{
    Files files = files_new();

    files_write(&files, "trust.json", TRUST);
    files_writef(&files, "attestd.conf", "[Verifier lab]\nTrust=%s/trust.json\n", files.directory);
    _cleanup_(config_freep) Config *config = files_load_good(&files);
    check_str(config->verifier->urls.items[0], "https://t.example:8443");
    files_done(&files);
}

static void what_is_written_out_wins_over_the_trust_file(void)
{
    Files files = minimal("Issuer=mine\nVerifierID=me\nAudience=us\nAlgorithms=ES384\n");
    _cleanup_(config_freep) Config *config = files_load_good(&files);

    check_str(config->verifier->issuer, "mine");
    check_str(config->verifier->verifier_id, "me");
    check_str(config->verifier->audience, "us");
    check_int(config->verifier->algorithms.n_items, 1);
    check_str(config->verifier->algorithms.items[0], "ES384");
    files_done(&files);
}

static void without_a_trust_file_the_verifier_goes_by_its_issuer(void)
{
    Files files = files_new();

    files_write(&files, "keys.json",
                "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}]}");
    files_writef(&files, "attestd.conf",
                 "[Verifier lab]\nURL=https://v.example\nIssuer=who\nKeys=%s/keys.json\n",
                 files.directory);
    _cleanup_(config_freep) Config *config = files_load_good(&files);
    check_str(config->verifier->verifier_id, "who");
    check(!config->verifier->ca_pem);
    files_done(&files);
}

/* A change to the good trust file that must not pass. */
static void check_trust_refused(const char *member, const char *value, const char *word)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };
    json_auto_t *trust = json_loads(TRUST, 0, NULL);
    Files files = minimal("");
    char place[128];
    Config *config = NULL;

    if (value)
        check(json_object_set_new(trust, member, json_loads(value, JSON_DECODE_ANY, NULL)) == 0);
    else
        check(json_object_del(trust, member) == 0);
    _cleanup_free_ char *text = json_text(trust);
    files_write(&files, "trust.json", text);
    int r = files_load(&files, &findings, &config);
    if (r != CONFIG_E_INVALID || findings.n_items != 1)
        (void)fprintf(stderr, "%s: %s: %zu\n", member, value ? value : "absent", findings.n_items);
    check_int(r, CONFIG_E_INVALID);
    check_int(findings.n_items, 1);
    (void)snprintf(place, sizeof(place), "%s/attestd.conf:3", files.directory);
    check_str(findings.items[0].name, "config-trust-invalid");
    check_str(findings.items[0].subject, place);
    check(strstr(findings.items[0].found, "/trust.json: "));
    check(strstr(findings.items[0].found, word));
    files_done(&files);
}

static void a_bad_trust_file_is_named_with_its_member(void)
{
    static const char long_roots[] = "[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\","
                                     "\"\",\"\",\"\",\"\",\"\"]";

    check_trust_refused("attestd_trust", NULL, "attestd_trust");
    check_trust_refused("attestd_trust", "2", "attestd_trust");
    check_trust_refused("attestd_trust", "\"1\"", "attestd_trust");
    check_trust_refused("extra", "1", "extra");
    check_trust_refused("urls", NULL, "urls");
    check_trust_refused("issuer", NULL, "issuer");
    check_trust_refused("issuer", "7", "issuer");
    check_trust_refused("issuer", "\"\"", "issuer");
    check_trust_refused("audience", "\"caf\\u00e9\"", "audience");
    check_trust_refused("verifier_id", "{}", "verifier_id");
    check_trust_refused("algorithms", "[\"none\"]", "algorithms");
    check_trust_refused("algorithms", "[\"HS256\"]", "algorithms");
    check_trust_refused("ca_pem", "\"no certificate\"", "CA certificates");
    check_trust_refused("ca_pem", "[]", "ca_pem");
    check_trust_refused("token_keys", NULL, "token keys");
    check_trust_refused("token_keys", "{\"keys\":[]}", "token keys");
    check_trust_refused("token_keys", "{\"keys\":[{\"x\":\"AA\"}]}", "token keys");
    check_trust_refused("token_keys", "{\"keys\":[{\"kty\":\"EC\",\"d\":\"AA\"}]}", "token keys");
    check_trust_refused("token_keys", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}", "token keys");
    check_trust_refused("release_key", "{\"kty\":\"EC\",\"d\":\"AA\"}", "release_key");
    check_trust_refused("release_key", "\"x\"", "release_key");
    check_trust_refused("next_release_key", "\"x\"", "next_release_key");
    check_trust_refused("next_release_key", "{}", "next_release_key");
    check_trust_refused("next_release_key", REWRAP_KEY("\"d\":\"AA\""), "next_release_key");
    check_trust_refused("rewrap_key", "\"x\"", "rewrap_key");
    check_trust_refused("rewrap_key", "{}", "rewrap_key");
    check_trust_refused("rewrap_key", REWRAP_KEY("\"use\":\"enc\""), "rewrap_key");
    check_trust_refused("rewrap_key", REWRAP_KEY("\"kid\":\"\""), "rewrap_key");
    check_trust_refused("rewrap_key", REWRAP_KEY("\"kid\":\"k\",\"d\":\"AA\""), "rewrap_key");
    check_trust_refused(
        "rewrap_key", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\",\"kid\":\"k\"}",
        "rewrap_key");
    check_trust_refused("simulated_roots", "{}", "simulated_roots");
    check_trust_refused("simulated_roots", "[\"abcd\"]", "simulated_roots");
    check_trust_refused("simulated_roots", long_roots, "simulated_roots");
}

static void a_trust_file_that_is_no_json_object_is_refused(void)
{
    static const char *const texts[] = { "",
                                         "[]",
                                         "null",
                                         "{",
                                         "{\"attestd_trust\":1} x",
                                         "{\"attestd_trust\":1,\"attestd_trust\":1}" };

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        _cleanup_findings_ Findings findings = { .source = "agent" };
        Files files = minimal("");
        Config *config = NULL;

        files_write(&files, "trust.json", texts[i]);
        check_int(files_load(&files, &findings, &config), CONFIG_E_INVALID);
        check_int(findings.n_items, 1);
        check_str(findings.items[0].name, "config-trust-invalid");
        files_done(&files);
    }
}

static void a_missing_trust_file_is_named_with_its_line(void)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };
    Files files = files_new();
    Config *config = NULL;

    files_writef(&files, "attestd.conf", MINIMAL, files.directory);
    check_int(files_load(&files, &findings, &config), CONFIG_E_INVALID);
    check_int(findings.n_items, 1);
    check_str(findings.items[0].name, "config-path-unreadable");
    check(strstr(findings.items[0].subject, "/attestd.conf:3"));
    check(strstr(findings.items[0].found, "No such file"));
    files_done(&files);
}

static void drop_ins_are_read_by_name_and_the_later_wins(void)
{
    Files files = minimal("[Evidence]\nDevice=/dev/main\nTCTI=none\n");

    files_mkdir(&files, "etc");
    files_mkdir(&files, "run");
    files_mkdir(&files, "usr");
    files_write(&files, "usr/90-last.conf", "[Evidence]\nDevice=/dev/last\n");
    files_write(&files, "etc/10-first.conf", "[Evidence]\nDevice=/dev/first\nPCRs=7\n");
    files_write(&files, "run/50-middle.conf", "[Evidence]\nPCRs=4\n");
    _cleanup_(config_freep) Config *config = files_load_good(&files);
    check_str(config->evidence.device, "/dev/last");
    check_str(config->evidence.tcti, "none");
    check_int(config->evidence.pcrs, 1 << 4);
    check_int(config->files.n_items, 4);
    check(strstr(config->files.items[0], "/attestd.conf"));
    check(strstr(config->files.items[1], "/etc/10-first.conf"));
    check(strstr(config->files.items[2], "/run/50-middle.conf"));
    check(strstr(config->files.items[3], "/usr/90-last.conf"));
    files_done(&files);
}

static void a_drop_in_in_etc_hides_its_namesakes(void)
{
    Files files = minimal("");

    files_mkdir(&files, "etc");
    files_mkdir(&files, "run");
    files_mkdir(&files, "usr");
    files_write(&files, "usr/a.conf", "[Evidence]\nDevice=/dev/usr\n");
    files_write(&files, "run/a.conf", "[Evidence]\nDevice=/dev/run\n");
    files_write(&files, "etc/a.conf", "[Evidence]\nDevice=/dev/etc\n");
    files_write(&files, "usr/b.conf", "this would be an error\n");
    files_write(&files, "run/b.conf", "");
    files_write(&files, "etc/.hidden.conf", "nor is this read\n");
    files_write(&files, "etc/notes.txt", "nor this\n");
    _cleanup_(config_freep) Config *config = files_load_good(&files);
    check_str(config->evidence.device, "/dev/etc");
    check_int(config->files.n_items, 3);
    files_done(&files);
}

static void an_error_in_a_drop_in_names_the_drop_in(void)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };
    Files files = minimal("");
    Config *config = NULL;

    files_mkdir(&files, "run");
    files_write(&files, "run/x.conf", "[Evidence]\nSource=nope\n");
    check_int(files_load(&files, &findings, &config), CONFIG_E_INVALID);
    check(strstr(findings.items[0].subject, "/run/x.conf:2"));
    files_done(&files);
}

static void a_drop_in_does_not_inherit_the_section_before_it(void)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };
    Files files = minimal("[Evidence]\n");
    Config *config = NULL;

    files_mkdir(&files, "etc");
    files_write(&files, "etc/x.conf", "Source=auto\n");
    check_int(files_load(&files, &findings, &config), CONFIG_E_INVALID);
    check(strstr(findings.items[0].wanted, "[Section]"));
    files_done(&files);
}

static void an_empty_assignment_clears_what_was_added(void)
{
    Files files = minimal("URL=https://two.example\nRequire=/a = 1\nIssuer=mine\n");

    files_mkdir(&files, "etc");
    files_write(&files, "etc/x.conf",
                "[Verifier lab]\nURL=\nURL=https://three.example\nRequire=\nIssuer=\n");
    _cleanup_(config_freep) Config *config = files_load_good(&files);
    check_int(config->verifier->urls.n_items, 1);
    check_str(config->verifier->urls.items[0], "https://three.example");
    check_int(config->verifier->require.n_items, 0);
    check_str(config->verifier->issuer, "trusted-issuer");
    files_done(&files);
}

static void lists_grow_over_lines_and_words(void)
{
    Files files = minimal("URL=https://two.example https://three.example\nURL=https://four\n");
    _cleanup_(config_freep) Config *config = files_load_good(&files);

    check_int(config->verifier->urls.n_items, 4);
    check_str(config->verifier->urls.items[3], "https://four");
    files_done(&files);
}

static void lines_may_be_continued_and_commented(void)
{
    Files files = minimal("\t; remark\n  Issuer = a \\\n# in between\n  b  \r\n[Evidence]\n"
                          "Device=/dev/a\\");
    _cleanup_(config_freep) Config *config = files_load_good(&files);

    check_str(config->verifier->issuer, "a    b");
    check_str(config->evidence.device, "/dev/a");
    files_done(&files);
}

static void times_are_sums_with_units(void)
{
    static const struct {
        const char *text;
        uint64_t usec;
    } times[] = {
        { "90", 90 * USEC_PER_SEC },
        { "1min 30s", 90 * USEC_PER_SEC },
        { "1min30s", 90 * USEC_PER_SEC },
        { "2 h", 7200 * USEC_PER_SEC },
        { "1500ms", 1500 * USEC_PER_MSEC },
        { "1d", 86400 * USEC_PER_SEC },
        { "1w", 604800 * USEC_PER_SEC },
        { "1000000us", USEC_PER_SEC },
        { "1 hour 1 minute 1 second", 3661 * USEC_PER_SEC },
    };

    for (size_t i = 0; i < ELEMENTSOF(times); i++) {
        char addition[128];
        (void)snprintf(addition, sizeof(addition), "[Schedule]\nIntervalSec=%s\n", times[i].text);
        Files files = minimal(addition);
        _cleanup_(config_freep) Config *config = files_load_good(&files);
        check_int(config->schedule.interval_usec, times[i].usec);
        files_done(&files);
    }
}

static json_t *shown(const json_t *all, const char *section, const char *key)
{
    size_t i;
    json_t *setting;

    json_array_foreach (json_object_get(all, "settings"), i, setting) {
        if (strcmp(json_string_value(json_object_get(setting, "section")), section) == 0 &&
            strcmp(json_string_value(json_object_get(setting, "key")), key) == 0)
            return setting;
    }
    return NULL;
}

static const char *origin(const json_t *all, const char *section, const char *key)
{
    return json_string_value(json_object_get(shown(all, section, key), "origin"));
}

static void effective_settings_say_where_they_come_from(void)
{
    Files files = minimal("Require=/a = 1\n[Schedule]\nIntervalSec=90\n[Evidence]\nPCRs=4 7 5\n");
    _cleanup_(config_freep) Config *config = files_load_good(&files);
    json_auto_t *all = config_to_json(config);

    check_int(json_array_size(json_object_get(all, "settings")), n_config_keys);
    check_int(json_array_size(json_object_get(all, "files")), 1);
    check_str(origin(all, "Evidence", "Source"), "default");
    check(strstr(origin(all, "Schedule", "IntervalSec"), "/attestd.conf:6"));
    check(strstr(origin(all, "Verifier lab", "URL"), "/attestd.conf:2"));
    check(strstr(origin(all, "Verifier lab", "Issuer"), "/trust.json"));
    check(strstr(origin(all, "Verifier lab", "Keys"), "/trust.json"));
    check_str(json_string_value(json_object_get(shown(all, "Schedule", "IntervalSec"), "value")),
              "90s");
    check_str(json_string_value(json_object_get(shown(all, "Evidence", "PCRs"), "value")), "4-5,7");
    check_str(json_string_value(json_array_get(
                  json_object_get(shown(all, "Verifier lab", "Require"), "value"), 0)),
              "/a = 1");
    files_done(&files);
}

/* What is shown can be written into a file again and means the same. */
static void what_is_shown_reads_back(void)
{
    Files files =
        minimal("Require=/a >= 3\nRequire=/b contains x y\n[Schedule]\nRetryMinSec=1500ms\n"
                "[Evidence]\nPCRs=0,2,3,4,23\nEventLog=none\n");
    _cleanup_(config_freep) Config *config = files_load_good(&files);
    json_auto_t *before = config_to_json(config);
    char text[8192] = "";
    size_t used = 0, i, k;
    json_t *setting, *item;

    json_array_foreach (json_object_get(before, "settings"), i, setting) {
        json_t *value = json_object_get(setting, "value");
        json_auto_t *one = json_pack("[O]", value);
        json_array_foreach (json_is_array(value) ? value : one, k, item)
            used += (size_t)snprintf(text + used, sizeof(text) - used, "[%s]\n%s=%s\n",
                                     json_string_value(json_object_get(setting, "section")),
                                     json_string_value(json_object_get(setting, "key")),
                                     json_string_value(item));
    }
    files_write(&files, "attestd.conf", text);
    _cleanup_(config_freep) Config *again = files_load_good(&files);
    json_auto_t *after = config_to_json(again);
    json_array_foreach (json_object_get(before, "settings"), i, setting)
        check(json_equal(
            json_object_get(setting, "value"),
            json_object_get(json_array_get(json_object_get(after, "settings"), i), "value")));
    files_done(&files);
}

static void every_default_passes_its_own_parser(void)
{
    for (size_t row = 0; row < n_config_keys; row++) {
        const ConfigKey *key = &config_keys[row];
        char found[CONFIG_VALUE_WHAT_MAX];
        union {
            char *text;
            Texts texts;
            uint64_t number;
            uint32_t pcrs;
            bool flag;
        } field = { 0 };

        check(config_key_wanted(key));
        if (key->fallback)
            check_int(key->type->parse(key->fallback, key->detail, &field, found), 0);
        key->type->reset(&field);
    }
}

static const Test tests[] = {
    { "two lines are enough", two_lines_are_enough },
    { "the trust file alone names the URL", the_trust_file_alone_names_the_url },
    { "what is written out wins over the trust file",
      what_is_written_out_wins_over_the_trust_file },
    { "without a trust file the verifier goes by its issuer",
      without_a_trust_file_the_verifier_goes_by_its_issuer },
    { "a bad trust file is named with its member", a_bad_trust_file_is_named_with_its_member },
    { "a trust file that is no JSON object is refused",
      a_trust_file_that_is_no_json_object_is_refused },
    { "a missing trust file is named with its line", a_missing_trust_file_is_named_with_its_line },
    { "drop-ins are read by name and the later wins",
      drop_ins_are_read_by_name_and_the_later_wins },
    { "a drop-in in etc hides its namesakes", a_drop_in_in_etc_hides_its_namesakes },
    { "an error in a drop-in names the drop-in", an_error_in_a_drop_in_names_the_drop_in },
    { "a drop-in does not inherit the section before it",
      a_drop_in_does_not_inherit_the_section_before_it },
    { "an empty assignment clears what was added", an_empty_assignment_clears_what_was_added },
    { "lists grow over lines and words", lists_grow_over_lines_and_words },
    { "lines may be continued and commented", lines_may_be_continued_and_commented },
    { "times are sums with units", times_are_sums_with_units },
    { "effective settings say where they come from", effective_settings_say_where_they_come_from },
    { "what is shown reads back", what_is_shown_reads_back },
    { "every default passes its own parser", every_default_passes_its_own_parser },
};

TEST_MAIN(tests)
