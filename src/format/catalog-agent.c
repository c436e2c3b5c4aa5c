/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Catalogue entries of the agent: configuration, worker sockets, standing, bus.
 */
#include "format/catalog.h"

static const CatalogEntry entries[] = {
    { "internal-error", "an internal error occurred", "report it with the journal of this boot",
      EXIT_CLASS_INTERNAL },

    /* Configuration; subject is FILE:LINE. */
    { "config-file-unreadable", "the configuration cannot be read",
      "create the file or correct its permissions; attestd reads it as user attestd",
      EXIT_CLASS_USAGE },
    { "config-syntax", "a line is no section, assignment or comment",
      "correct the line; attestd.conf(5) shows the form", EXIT_CLASS_USAGE },
    { "config-section-unknown", "there is no such section", "correct its name; see attestd.conf(5)",
      EXIT_CLASS_USAGE },
    { "config-key-unknown", "there is no such setting in this section",
      "correct its name or move it to its section; see attestd.conf(5)", EXIT_CLASS_USAGE },
    { "config-value-invalid", "the value does not fit the setting",
      "write a value of the wanted form; see attestd.conf(5)", EXIT_CLASS_USAGE },
    { "config-unit-unknown", "the time has a unit that does not exist",
      "use one of the wanted units, as in 90s or 1h 30min", EXIT_CLASS_USAGE },
    { "config-list-too-long", "the list has too many items",
      "remove items; an empty assignment clears what earlier files added", EXIT_CLASS_USAGE },
    { "config-path-unreadable", "a file named by a setting cannot be read",
      "create the file or correct its path and permissions; attestd reads it as user attestd",
      EXIT_CLASS_USAGE },
    { "config-trust-invalid", "the trust file is not usable",
      "copy verifier-trust.json from the verifier again, unchanged", EXIT_CLASS_USAGE },
    { "config-keys-invalid", "the file of token keys is not usable",
      "store the verifier's public keys as a JWK set", EXIT_CLASS_USAGE },
    { "config-ca-invalid", "the file of CA certificates is not usable",
      "store the CA certificates as PEM", EXIT_CLASS_USAGE },
    { "config-verifier-missing", "no verifier is configured",
      "add [Verifier NAME] with URL= and Trust= to attestd.conf", EXIT_CLASS_USAGE },
    { "config-verifier-several", "more than one verifier is enabled",
      "set Enabled=no in all sections but one", EXIT_CLASS_USAGE },
    { "config-setting-missing", "a setting is missing",
      "add it, or name the verifier's trust file by Trust=", EXIT_CLASS_USAGE },
    { "config-setting-conflict", "settings contradict each other",
      "change or remove one of them; see attestd.conf(5)", EXIT_CLASS_USAGE },

    /* The round worker as the agent sees it; subject is "worker". */
    { "round-worker-unreachable", "the socket of the round worker cannot be reached",
      "start attest-round.socket; see systemctl status attest-round.socket", EXIT_CLASS_INTERNAL },
    { "round-worker-silent", "the round worker did not answer in time",
      "see the journal of attest-round@*.service; RoundTimeoutSec= may be too short",
      EXIT_CLASS_INTERNAL },
    { "round-worker-ended", "the round worker ended without a whole answer",
      "see the journal of attest-round@*.service", EXIT_CLASS_INTERNAL },
    { "round-answer-malformed", "the round worker's answer is not one",
      "check that attestd and attest-worker are of the same version", EXIT_CLASS_INTERNAL },
    { "round-settings-changed", "the settings that a verdict rests on changed during the round",
      "nothing; another round follows", EXIT_CLASS_NOT_ATTESTED },
    { "round-verdict-unusable", "the verdict's life does not fit this machine's clocks",
      "check the clocks of this machine and of the verifier", EXIT_CLASS_NOT_ATTESTED },

    /* Gates; subject is the file. */
    { "gate-file-unreadable", "a gate file cannot be read",
      "make it a plain file that user attestd can read and only root can write", EXIT_CLASS_USAGE },
    { "gate-file-invalid", "a gate file is not usable",
      "write it again with attestctl gate add, then reload attestd.service", EXIT_CLASS_USAGE },
    { "gate-kind-unknown", "a gate is of a kind that this version does not have",
      "use a gate of kind verifier", EXIT_CLASS_USAGE },
    { "gate-too-many", "there are more gates than one round can ask for",
      "remove gate files that are not needed", EXIT_CLASS_USAGE },

    /* Those who ask for a secret. */
    { "asker-unknown", "whoever asks is no unit and no volume of this system",
      "ask by LoadCredential= in a unit file, or by /etc/crypttab", EXIT_CLASS_USAGE },
    { "asker-too-many", "too many askers are waiting, of this one or in all",
      "start it again when others have been served", EXIT_CLASS_NOT_ATTESTED },
    { "asker-not-kept", "the connection cannot be kept safe from a crash",
      "see that attestd.service has FileDescriptorStoreMax= and runs under systemd",
      EXIT_CLASS_INTERNAL },
    { "asker-waited-too-long", "no verdict that opens the secret came within WaitSec=",
      "see attestctl status for the reason; then start it again", EXIT_CLASS_NOT_ATTESTED },
    { "asker-verdict-refused", "the verifier has refused this machine",
      "see attestctl status for the finding; then start it again", EXIT_CLASS_REFUSED },
    { "asker-verdict-lost", "the verdict was withdrawn while the secret was being released",
      "see attestctl status for the reason; then start it again", EXIT_CLASS_NOT_ATTESTED },
    { "asker-daemon-stops", "attestd is being stopped",
      "start attestd.service, then start it again", EXIT_CLASS_NOT_ATTESTED },
    { "asker-interrupted", "attestd ended while the secret was being released",
      "start it again; see the journal for why attestd ended", EXIT_CLASS_INTERNAL },

    /* The release worker as the agent sees it. */
    { "release-worker-unreachable", "the socket of the release worker cannot be reached",
      "start attest-release.socket; see systemctl status attest-release.socket",
      EXIT_CLASS_INTERNAL },
    { "release-worker-silent", "the release worker did not answer in time",
      "see the journal of attest-release@*.service", EXIT_CLASS_INTERNAL },
    { "release-worker-ended", "the release worker ended without a whole answer",
      "see the journal of attest-release@*.service", EXIT_CLASS_INTERNAL },
    { "release-answer-malformed", "the release worker's answer is not one",
      "check that attestd and attest-worker are of the same version", EXIT_CLASS_INTERNAL },

    /* Calls on the bus. */
    { "secrets-unlistable", "the directory of secrets cannot be listed",
      "see that Directory= of [Secrets] is readable to user attestd, and holds at most 1024",
      EXIT_CLASS_USAGE },
    { "no-verdict", "no verdict is held", "see attestctl status for the reason and the next round",
      EXIT_CLASS_NOT_ATTESTED },
    { "nonce-size-invalid", "the nonce has fewer than 8 or more than 64 bytes",
      "pass 8 to 64 random bytes", EXIT_CLASS_USAGE },
    { "too-many-calls", "too many calls are waiting for their answer",
      "try again when earlier calls have been answered", EXIT_CLASS_INTERNAL },
    { "agent-stopping", "attestd is ending", "start attestd.service", EXIT_CLASS_NOT_ATTESTED },
};

const CatalogTable catalog_agent = { entries, ELEMENTSOF(entries) };
