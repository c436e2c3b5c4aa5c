/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Catalogue: the daemon: its configuration, its workers, who calls it.
 */
#include "format/catalog.h"

static const CatalogEntry entries[] = {
    /* Where nothing else fits. */
    /* Memory ran out, a system call failed that never should, or this software is wrong. */
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
    /* Often a file below /root or with mode 0600 of root: attestd reads it, and that is another
     * user. */
    { "config-path-exposed", "everybody on this machine may read a file that is to be kept secret",
      "take it from others: chmod o= FILE; attestd reads it as user attestd", EXIT_CLASS_USAGE },
    { "config-path-unreadable", "a file named by a setting cannot be read",
      "create the file or correct its path and permissions; attestd reads it as user attestd",
      EXIT_CLASS_USAGE },
    /* It was edited, cut short in copying, or is of another version of attest-verifier. */
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

    /* The state directory; subject is its file "format". */
    { "state-newer", "the state directory was written by a newer version of attestd",
      "install that version or a later one; attestd reads no state that it does not know",
      EXIT_CLASS_USAGE },
    { "state-format-invalid", "the state directory does not say which version wrote it",
      "restore the file from a backup, or delete it if no newer version of attestd ever ran here",
      EXIT_CLASS_USAGE },

    /* The round worker as the agent sees it; subject is "worker". */
    /* attest-round.socket is stopped, failed, or does not belong to this version of the package. */
    { "round-worker-unreachable", "the socket of the round worker cannot be reached",
      "start attest-round.socket; see systemctl status attest-round.socket", EXIT_CLASS_INTERNAL },
    { "round-worker-silent", "the round worker did not answer in time",
      "see the journal of attest-round@*.service; RoundTimeoutSec= may be too short",
      EXIT_CLASS_INTERNAL },
    /* The worker crashed, was killed for memory, or its unit's time was over. */
    { "round-worker-ended", "the round worker ended without a whole answer",
      "see the journal of attest-round@*.service", EXIT_CLASS_INTERNAL },
    { "round-answer-malformed", "the round worker's answer is not one",
      "check that attestd and attest-worker are of the same version", EXIT_CLASS_INTERNAL },
    { "descriptors-exhausted", "attestd has no file descriptor left for a worker's answer",
      "see what it holds (ls -l /proc/PID/fd) and raise LimitNOFILE= of attestd.service",
      EXIT_CLASS_INTERNAL },
    { "round-request-too-large", "what the round worker is to be told does not fit one request",
      "shorten CACertificates=, Keys= or Require=, or keep fewer secrets behind rewrap gates",
      EXIT_CLASS_USAGE },
    { "round-settings-changed", "the settings that a verdict rests on changed during the round",
      "nothing to do: another round follows", EXIT_CLASS_NOT_ATTESTED },
    { "round-verdict-unusable", "the verdict's life does not fit this machine's clocks",
      "check the clocks of this machine and of the verifier", EXIT_CLASS_NOT_ATTESTED },

    /* The machine is not where it was; subject is "machine" or "vtpm". */
    { "machine-rewound", "the machine was restored from a snapshot, or copied",
      "nothing to do: what was approved before is gone, and the machine proves itself anew",
      EXIT_CLASS_NOT_ATTESTED },
    { "tpm-not-continuous", "the TPM was reset or put back, and this machine did not boot",
      "nothing after a resume or the restore of a snapshot; else ask the host's operator what the "
      "TPM went through",
      EXIT_CLASS_NOT_ATTESTED },
    /* The name of the key is kept below the state directory since the last round that passed. */
    { "tpm-key-new", "the vTPM's attestation key is another than in the boot that was last trusted",
      "nothing for attesting. Secrets behind gates of kind verifier or pcr open no more: where the "
      "vTPM is new at each boot (NonPersistedTPM) put them behind a gate of kind rewrap or "
      "key-release; after a clone, a restore or a redeployment recover and seal them again",
      EXIT_CLASS_NOT_ATTESTED },
    { "tpm-key-replaced", "the vTPM's attestation key is another than earlier in this boot",
      "if nobody moved this machine or made the key anew on purpose, find out who can write to its "
      "TPM; secrets behind gates of kind verifier are to be recovered and sealed again",
      EXIT_CLASS_NOT_ATTESTED },
    /* The quote's own counters say so, since the last round of this boot that was judged. The event
     * log does not replay then (eventlog-replay-mismatch), whoever wrote it. */
    { "tpm-registers-lost",
      "the TPM was reset or put back under the running machine: its registers no longer hold what "
      "the event log says",
      "boot the machine anew, so that it is measured again; if it comes back, ask the host's "
      "operator what resets the TPM",
      EXIT_CLASS_NOT_ATTESTED },
    { "agent-runs-already", "another attestd uses this runtime directory",
      "end the other one, or name another --runtime-directory; under systemd it is tried again",
      EXIT_CLASS_INTERNAL },

    /* What is kept about rounds; subject is the directory. */
    { "history-unwritable", "rounds cannot be recorded, and attestctl explain will not know them",
      "see that the disk of /var/lib/attestd has room and that the directory belongs to attestd",
      EXIT_CLASS_INTERNAL },
    { "metrics-unwritable",
      "metrics cannot be written, and the collector will see old ones or none",
      "make the directory with systemd-tmpfiles --create, and see that /run is not full",
      EXIT_CLASS_INTERNAL },
    { "history-unreadable", "the records of rounds cannot be read",
      "run it as root; records are in rounds below the state directory", EXIT_CLASS_USAGE },
    { "history-round-unknown", "there is no record of this round",
      "see attestctl explain for the rounds that are kept, or the journal for older ones",
      EXIT_CLASS_USAGE },
    { "history-record-damaged", "a record of a round cannot be read and is passed over",
      "nothing, unless it happens again: then see that the disk is sound", EXIT_CLASS_USAGE },

    /* What a verdict could not bring, because /run is full or belongs to somebody else. */
    { "approval-not-stored", "approvals cannot be stored, and their gates stay shut",
      "see that /run has room and that attestd may write /run/attestd/approvals; the next round "
      "brings others",
      EXIT_CLASS_INTERNAL },
    { "target-not-raised", "attested.target cannot be brought up",
      "see that /run has room and that attestd may write /run/attestd/standing; the next round "
      "tries again",
      EXIT_CLASS_INTERNAL },

    /* Those who ask for a secret. */
    { "asker-unknown", "whoever asks is no unit and no volume of this system",
      "ask by LoadCredential= in a unit file, or by /etc/crypttab", EXIT_CLASS_USAGE },
    { "asker-too-many", "too many askers are waiting, of this one or in all",
      "start it again when others have been served", EXIT_CLASS_NOT_ATTESTED },
    /* Outside systemd there is nobody to keep a connection; under it the store is full or switched
     * off by a drop-in. */
    { "asker-not-kept", "the connection cannot be kept safe from a crash",
      "see that attestd.service has FileDescriptorStoreMax= and runs under systemd",
      EXIT_CLASS_INTERNAL },
    /* A unit waits at most WaitSec= for a verdict, and then fails rather than starting without its
     * secret. */
    { "asker-waited-too-long", "no verdict that opens the secret came within WaitSec=",
      "see attestctl status for the reason; then start it again", EXIT_CLASS_NOT_ATTESTED },
    { "asker-verdict-refused", "the verifier has refused this machine",
      "see attestctl status for the finding; then start it again", EXIT_CLASS_REFUSED },
    { "asker-verdict-lost", "the verdict was withdrawn while the secret was being released",
      "see attestctl status for why the verdict was lost; then start it again",
      EXIT_CLASS_NOT_ATTESTED },
    { "asker-daemon-stops", "attestd is being stopped",
      "start attestd.service, then start it again", EXIT_CLASS_NOT_ATTESTED },
    /* A waiting unit cannot be left waiting for a daemon that will not come, so it is refused. */
    { "asker-daemon-unusable", "attestd cannot run: its configuration is not usable",
      "see the journal of attestd.service for the line; correct it, and start it again",
      EXIT_CLASS_USAGE },
    { "asker-too-much-out", "more is given out than attestd could take back",
      "stop units that hold secrets with on-loss=stop-units, then start it again",
      EXIT_CLASS_NOT_ATTESTED },
    { "asker-interrupted", "attestd ended while the secret was being released",
      "start it again; see the journal for why attestd ended", EXIT_CLASS_INTERNAL },

    /* The release worker as the agent sees it. */
    { "release-worker-unreachable", "the socket of the release worker cannot be reached",
      "start attest-release.socket; see systemctl status attest-release.socket",
      EXIT_CLASS_INTERNAL },
    { "release-worker-silent", "the release worker did not answer in time",
      "see the journal of attest-release@*.service, and whether the TPM answers",
      EXIT_CLASS_INTERNAL },
    { "release-worker-ended", "the release worker ended without a whole answer",
      "see the journal of attest-release@*.service", EXIT_CLASS_INTERNAL },
    { "release-answer-malformed", "the release worker's answer is not one",
      "check that attestd and attest-release are of the same version", EXIT_CLASS_INTERNAL },

    /* Calls on the bus. */
    { "secrets-unlistable", "the directory of secrets cannot be listed",
      "see that Directory= of [Secrets] is readable to user attestd, and holds at most 1024",
      EXIT_CLASS_USAGE },
    { "secret-name-invalid", "no secret can have this name",
      "use letters, digits, dots, dashes and underscores, at most 64", EXIT_CLASS_USAGE },
    /* OpenSecret waits as long as a unit does. */
    { "not-attested", "no verdict that opens the secret came within WaitSec=",
      "see attestctl status for the reason and the next round", EXIT_CLASS_NOT_ATTESTED },
    { "no-verdict", "no verdict is held",
      "see attestctl status for why none is held; then call again", EXIT_CLASS_NOT_ATTESTED },
    { "nonce-size-invalid", "the nonce has fewer than 8 or more than 64 bytes",
      "pass 8 to 64 random bytes", EXIT_CLASS_USAGE },
    { "too-many-calls", "too many calls are waiting for their answer",
      "try again when earlier calls have been answered", EXIT_CLASS_INTERNAL },
    { "agent-stopping", "attestd is ending", "start attestd.service", EXIT_CLASS_NOT_ATTESTED },
};

const CatalogTable catalog_agent = { entries, ELEMENTSOF(entries) };
