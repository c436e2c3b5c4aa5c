/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What leaves the machine with a report, whatever stands in the files that it is made of.
 */
#include "ctl/explain-report.h"
#include "format/redact.h"
#include "testing.h"

/* One of each kind of thing that says whose machine this is, or opens something. */
static const char *const identities[] = {
    "acme-vm-017",                            /* host */
    "verifier.acme.example",                  /* its verifier's */
    "https://verifier.acme.example:8443/x?y", /* with all of the URL */
    "10.20.30.40",
    "fe80::dead:beef:1",
    "0123456789abcdef0123456789abcdef",     /* machine or boot */
    "6a1e1c5e-3f2b-4c1d-9e8f-001122334455", /* VM */
    "5c1e8c8105900082676fe7c47a8cf1700815ddbe1da721091c3778f356a5352b036adedf892602c418fee4e72dfda7"
    "d7"
    "e7f65789c02b009186d9b6c322091eb1",                                     /* chip */
    "000ba2bac29335b9104677a43cbbb1b632f4776bc88c4272ec87370d423691cfd48e", /* AK */
    "eyJhbGciOiJFUzI1NiJ9.eyJqdGkiOiJhYmMxMjMifQ.c2lnbmF0dXJlLTEyMw",       /* token */
    "RYhK9NKMfybj8FnhCT6peg",                                               /* its id */
    "acme-payroll",                                                         /* secret */
    "unit:payroll.service",
    "/srv/acme/payroll",
    "alice@acme.example",
    "user:alice",
    "hunter2hunter2",
};

static char *copy(const char *text)
{
    char *own = strdup(text);

    check(own);
    return own;
}

static RoundRecord record_of(const char *text)
{
    RoundRecord record = ROUND_RECORD_INIT;
    Findings *findings = &record.findings;

    record.number = 1;
    record.version = copy(text);
    record.boot = copy(text);
    record.verifier = copy(text);
    record.protocol = copy(text);
    record.before = copy(text);
    record.after = copy(text);
    record.evidence_kinds[0] = copy(text);
    record.n_evidence_kinds = 1;
    /* Past what an agent would have hidden, as somebody might write it. */
    check(findings_add(findings, text, text, FINDING_FAILURE, text, text) == 0);
    check(findings_add(findings, "verifier-refused", text, FINDING_FAILURE, "found", "") == 0);
    free(findings->items[0].remedy);
    findings->items[0].remedy = copy(text);
    free(findings->items[0].source);
    findings->items[0].source = copy(text);
    return record;
}

static void a_round_says_nothing_of_what_identifies(void)
{
    for (size_t i = 0; i < ELEMENTSOF(identities); i++) {
        _cleanup_round_record_ RoundRecord record = record_of(identities[i]);
        json_auto_t *shown = explain_report_round(&record, 1);
        _cleanup_free_ char *text = json_text(shown);
        check(text);
        if (strstr(text, identities[i]))
            (void)fprintf(stderr, "%s in %s\n", identities[i], text);
        check(!strstr(text, identities[i]));
        check(!strstr(text, "acme") && !strstr(text, "payroll"));
        check(strstr(text, "verifier-refused"));
    }
}

static void a_round_says_what_helps(void)
{
    _cleanup_round_record_ RoundRecord record = record_of("x");
    Finding *finding = &record.findings.items[0];

    free(record.after);
    record.after = copy("REFUSED");
    free(record.version);
    record.version = copy("1.2.3");
    free(finding->found);
    finding->found = copy("PCR 7 at event 41");
    json_auto_t *shown = explain_report_round(&record, 3);
    check_str(json_string_value(json_object_get(shown, "after")), "REFUSED");
    check_str(json_string_value(json_object_get(shown, "before")), REDACTED);
    check_str(json_string_value(json_object_get(shown, "version")), "1.2.3");
    check_int(json_integer_value(json_object_get(shown, "boot")), 3);
    check(!json_object_get(shown, "verifier"));
    const json_t *first = json_array_get(json_object_get(shown, "findings"), 0);
    check_str(json_string_value(json_object_get(first, "found")), "PCR 7 at event 41");
    check_str(json_string_value(json_object_get(first, "name")), REDACTED);
}

/* Whoever may own attestd's name on the bus. */
static void a_standing_says_words_and_numbers_only(void)
{
    static const char *const members[] = { "State", "Protocol", "Version", "Simulated" };
    json_auto_t *good =
        json_pack("{ss ss ss sb sI ss}", "State", "TRUSTED", "Protocol", "maa", "Version", "1.2.3",
                  "Simulated", 1, "LastRoundUSec", (json_int_t)7, "Verifier", "acme");
    json_auto_t *shown = explain_report_standing(good);

    check_str(json_string_value(json_object_get(shown, "State")), "TRUSTED");
    check_str(json_string_value(json_object_get(shown, "Protocol")), "maa");
    check_str(json_string_value(json_object_get(shown, "Version")), "1.2.3");
    check(json_is_true(json_object_get(shown, "Simulated")));
    check_int(json_integer_value(json_object_get(shown, "LastRoundUSec")), 7);
    check(!json_object_get(shown, "Verifier"));
    for (size_t i = 0; i < ELEMENTSOF(identities); i++) {
        json_auto_t *bad = json_object();
        for (size_t m = 0; m < ELEMENTSOF(members); m++)
            check(json_object_set_new(bad, members[m], json_string(identities[i])) == 0);
        check(json_object_set_new(bad, "NextRoundUSec", json_string(identities[i])) == 0);
        json_auto_t *hidden = explain_report_standing(bad);
        _cleanup_free_ char *text = json_text(hidden);
        check(text && !strstr(text, identities[i]));
    }
}

#define KEYS "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}]}"

/* %1$s: the directory of the files. */
#define SETTINGS                                                                                   \
    "[Evidence]\n"                                                                                 \
    "Source=sev-guest\n"                                                                           \
    "TCTI=device:/dev/acme\n"                                                                      \
    "EventLog=/srv/acme/log\n"                                                                     \
    "[Verifier acme]\n"                                                                            \
    "URL=https://a.acme.example https://b.acme.example\n"                                          \
    "Keys=%1$s/keys.json\n"                                                                        \
    "VerifierID=acme\n"                                                                            \
    "Issuer=acme\n"                                                                                \
    "Audience=acme\n"                                                                              \
    "Proxy=http://proxy.acme.example:3128\n"                                                       \
    "Require=/acme = acme\n"                                                                       \
    "[Schedule]\n"                                                                                 \
    "IntervalSec=7min\n"                                                                           \
    "[Secrets]\n"                                                                                  \
    "Directory=/srv/acme/secrets\n"

typedef struct Room {
    char directory[40];
    char keys[64];
    char settings[64];
} Room;

static void write_file(const char *path, const char *text)
{
    check(file_write_atomic(path, view_of_string(text), 0600) == 0);
}

static Room make_room(void)
{
    Room room = { .directory = "/tmp/test-acme.XXXXXX" };
    _cleanup_free_ char *text = NULL;

    check(mkdtemp(room.directory));
    (void)snprintf(room.keys, sizeof(room.keys), "%s/keys.json", room.directory);
    (void)snprintf(room.settings, sizeof(room.settings), "%s/attestd.conf", room.directory);
    check(asprintf(&text, SETTINGS, room.directory) > 0);
    write_file(room.keys, KEYS);
    write_file(room.settings, text);
    return room;
}

static void room_done(Room *room)
{
    check(unlink(room->keys) == 0 && unlink(room->settings) == 0 && rmdir(room->directory) == 0);
}

/* The value of setting KEY. */
static const json_t *value_of(const json_t *shown, const char *key)
{
    size_t i;
    json_t *row;

    json_array_foreach (json_object_get(shown, "settings"), i, row)
        if (strcmp(json_string_value(json_object_get(row, "key")), key) == 0)
            return json_object_get(row, "value");
    return NULL;
}

static void settings_say_that_they_are_set_and_not_to_what(void)
{
    _cleanup_(room_done) Room room = make_room();
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_(config_freep) Config *config = NULL;

    int r = config_load(room.settings, &findings, &config);
    for (size_t i = 0; i < findings.n_items; i++)
        (void)fprintf(stderr, "%s: %s %s\n", findings.items[i].name, findings.items[i].subject,
                      findings.items[i].found);
    check_int(r, 0);
    json_auto_t *shown = explain_report_settings(config);
    _cleanup_free_ char *text = json_text(shown);
    check(text && !strstr(text, "acme"));
    check_str(json_string_value(value_of(shown, "Source")), "sev-guest");
    check_str(json_string_value(value_of(shown, "IntervalSec")), "7min");
    check_str(json_string_value(value_of(shown, "Directory")), REDACTED);
    check_str(json_string_value(value_of(shown, "Device")), "/dev/sev-guest");
    check_int(json_integer_value(json_object_get(value_of(shown, "URL"), "items")), 2);
}

static const Test tests[] = {
    { "a round says nothing of what identifies", a_round_says_nothing_of_what_identifies },
    { "a round says what helps", a_round_says_what_helps },
    { "a standing says words and numbers only", a_standing_says_words_and_numbers_only },
    { "settings say that they are set, and not to what",
      settings_say_that_they_are_set_and_not_to_what },
};

TEST_MAIN(tests)
