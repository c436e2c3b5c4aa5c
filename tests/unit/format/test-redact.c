/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is hidden, and what has to stay readable.
 */
#include "format/redact.h"
#include "testing.h"

static void opaque(const char *text, const char *wanted)
{
    char copy[512];

    (void)snprintf(copy, sizeof(copy), "%s", text);
    redact_opaque(copy);
    check_str(copy, wanted);
}

static void foreign(const char *text, const char *wanted)
{
    _cleanup_free_ char *shown = redact_foreign(text);

    check_str(shown, wanted);
}

static void digests_keys_and_tokens_are_opaque(void)
{
    opaque("chip 0123456789abcdef0123456789abcdef, wanted fedcba9876543210",
           "chip " REDACTED ", wanted " REDACTED);
    opaque("chip_id=0123456789abcdef", REDACTED);
    opaque("vm 6a1e1c5e-3f2b-4c1d-9e8f-001122334455", "vm " REDACTED);
    opaque("eyJhbGciOiJFUzI1NiJ9.eyJqdGkiOiJhYmMxMjMifQ.c2lnbmF0dXJlLTEyMw",
           REDACTED "." REDACTED "." REDACTED);
    opaque("pin sha256//AbCd/eFgH+iJkL0123456789mnopqrstuvwxyz0123=", "pin " REDACTED);
    opaque("key Zm9vYmFyYmF6cXV4MTIzNA== here", "key " REDACTED " here");
    opaque("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", REDACTED);
}

static void what_helps_stays(void)
{
    static const char *const texts[] = {
        "",
        "event log does not replay for PCR 12 at event 41",
        "https://verifier.example.org:8443/attest: 403",
        "/var/lib/attestd/secrets/db-password.secret",
        "6.12.38+deb12-cloud-amd64",
        "2026-11-22T06:05:00Z",
        "systemd-cryptsetup@data.service",
        "0x81000003",
        "deadbeef",
        "RestartPreventExitStatus=243",
        "FileDescriptorStoreMax=",
    };

    for (size_t i = 0; i < ELEMENTSOF(texts); i++)
        opaque(texts[i], texts[i]);
    opaque("/run/keys/0123456789abcdef0123456789abcdef", "/run/keys/" REDACTED);
}

static void a_report_keeps_the_words_of_attestd_and_numbers(void)
{
    foreign("no connection to the verifier", "no connection to the verifier");
    foreign("PCR 7: found 5.1, wanted 6.12", "PCR 7: found 5.1, wanted 6.12");
    foreign("expires 2026-11-22T06:05:00Z, life 900 s", "expires 2026-11-22T06:05:00Z, life 900 s");
    foreign("Connection refused", "Connection refused");
    foreign("vtpm (event-log)", "vtpm (event-log)");
    foreign("", "");
}

static void a_report_hides_every_other_word(void)
{
    foreign("https://10.0.0.7:8443/x", REDACTED);
    foreign("10.0.0.7 and fe80::1", REDACTED " and " REDACTED);
    foreign("alice@acme.example", REDACTED);
    foreign("Failed to connect to 127.0.0.1 port 60575 after 0 ms",
            "Failed to connect to " REDACTED " port " REDACTED " after 0 ms");
    foreign("unit:acme-db.service", REDACTED);
    foreign("/etc/acme/key.pem: No such file or directory", REDACTED ": No such file or directory");
    foreign("host acme, found 12345678", "host " REDACTED ", found " REDACTED);
    foreign("0123456789abcdef", REDACTED);
    foreign("verifier.example verifier", REDACTED " verifier");
}

static const Test tests[] = {
    { "digests, keys and tokens are opaque", digests_keys_and_tokens_are_opaque },
    { "what helps stays", what_helps_stays },
    { "a report keeps the words of attestd, and numbers",
      a_report_keeps_the_words_of_attestd_and_numbers },
    { "a report hides every other word", a_report_hides_every_other_word },
};

TEST_MAIN(tests)
