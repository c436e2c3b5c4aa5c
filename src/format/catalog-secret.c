/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Catalogue: sealing a secret, and giving it to who asks.
 */
#include "format/catalog.h"

static const CatalogEntry entries[] = {
    /* The store and its files. */
    { "secret-store-unusable", "the directory of secrets cannot be used",
      "make it (systemd's StateDirectory= does), owned by attestd, mode 0700",
      EXIT_CLASS_NOT_ATTESTED },
    { "secret-store-failed", "a file of the store cannot be read or written",
      "see the error; what was stored before is as it was", EXIT_CLASS_INTERNAL },
    /* A unit asks by the name behind LoadCredential=, which is the name that the secret was sealed
     * under. */
    { "secret-missing", "there is no secret of this name",
      "see attestctl secrets list, and the name after LoadCredential=", EXIT_CLASS_USAGE },
    /* A file that somebody else can change could be any secret. */
    { "secret-file-unsafe", "the secret's file is a link, or others than its owner may touch it",
      "treat it as tampered with: make it a plain file of attestd, mode 0600, or seal again",
      EXIT_CLASS_NOT_ATTESTED },
    { "secret-file-malformed", "the secret's file cannot be read as one",
      "restore it from a backup, or seal again", EXIT_CLASS_NOT_ATTESTED },
    { "secret-name-mismatch", "the secret's file names another secret: it was renamed or copied",
      "give it back its name, or seal again under the new one", EXIT_CLASS_NOT_ATTESTED },
    /* The file beside it remembers the highest version ever stored; or the counter in the TPM
     * does. */
    { "secret-version-lower", "this is not the newest version of the secret",
      "an older file was put back, or the TPM's counter was made anew: restore the newest, or seal "
      "again",
      EXIT_CLASS_NOT_ATTESTED },
    { "secret-version-exhausted", "the secret's version is the highest there is",
      "nothing here counts so far: the file that is named was planted; remove it by hand, seal "
      "again, and find out who can write there",
      EXIT_CLASS_NOT_ATTESTED },
    /* Header and ciphertext are authenticated with one key; whoever changes a name, an asker or a
     * gate in the file ends here. */
    { "secret-tampered", "the secret's file does not authenticate: something in it was changed",
      "restore it from a backup, or seal again, and find out who can write there",
      EXIT_CLASS_NOT_ATTESTED },

    /* Gates and approvals. */
    { "secret-gate-unknown", "the gate is of a kind that this version does not have",
      "use a gate of a kind that attestctl gate add knows, or a newer version of this software",
      EXIT_CLASS_USAGE },
    { "secret-gate-kind-changed", "the secret was sealed to a gate of another kind",
      "the gate was removed and added as another kind: seal again (attestctl reseal), or put it "
      "back",
      EXIT_CLASS_NOT_ATTESTED },
    { "secret-vtpm-root-lower", "the vTPM is worse rooted than it was when the secret was sealed",
      "compare vtpm_root in attestctl status and attestctl secrets show; if the machine was moved "
      "on "
      "purpose, recover the secret and seal again",
      EXIT_CLASS_REFUSED },
    /* The registers are named. Behind a gate of kind pcr the values themselves are the key, so
     * every update of what they measure moves them; a gate of kind verifier survives updates. */
    { "secret-pcrs-moved", "PCRs have other values than the secret was sealed for",
      "if kernel, firmware or boot loader were updated: recover, and seal again; attestctl reseal "
      "before an update takes the values to come",
      EXIT_CLASS_NOT_ATTESTED },
    { "secret-capped", "a refusal has closed the gate until the next boot",
      "see attestctl status for what was refused; then reboot", EXIT_CLASS_REFUSED },
    /* Approvals end with the time that the verifier gave them, with a reset of the TPM, and with a
     * refusal. */
    { "secret-no-approval", "the verifier has not approved this secret's gate",
      "see attestctl status for the verdict, and the verifier's policy for gate and machine",
      EXIT_CLASS_REFUSED },
    { "secret-approval-malformed", "an approval cannot be read, or is not for what it says",
      "delete it below /run/attestd/approvals; the next round brings another",
      EXIT_CLASS_NOT_ATTESTED },
    /* Each gate is bound to one attestation key. */
    { "secret-key-changed", "the secret was sealed for another attestation key",
      "another machine's file, or the vTPM has another key since: recover and seal again, behind a "
      "gate of kind rewrap or key-release where each boot brings another key",
      EXIT_CLASS_NOT_ATTESTED },
    { "secret-release-key-changed", "the approval is by a release key this secret does not know",
      "it was not sealed anew before the verifier's key was replaced: recover it and seal again, "
      "or let the verifier sign with the old key once more (attest-verifier(1)) and reseal",
      EXIT_CLASS_NOT_ATTESTED },

    /* Recovery. */
    { "secret-recovery-missing", "the secret was sealed without a recovery key",
      "nothing opens it but its gate: seal again from the source, to a gate with --recovery-key",
      EXIT_CLASS_USAGE },
    { "secret-recovery-key-unfit", "the recovery key is not private, or not of P-256 or P-384",
      "give the private key whose public half the gate has", EXIT_CLASS_USAGE },
    { "secret-recovery-other-key", "the secret is recovered with another key",
      "compare the recovery key's thumbprint in attestctl secrets show", EXIT_CLASS_USAGE },
    { "secret-recovery-tampered", "the recovery part is not of this file, or was changed",
      "restore the secret's file from a backup", EXIT_CLASS_NOT_ATTESTED },

    { "secret-rewrap-many", "one round takes 32 wrapped data keys, and there are more",
      "seal a key behind the gate and keep the rest encrypted with it", EXIT_CLASS_USAGE },
    { "secret-copied", "two secrets have the same id or wrapped data key",
      "one is a copy that was altered: remove it, and find out who can write there",
      EXIT_CLASS_NOT_ATTESTED },

    /* Who asks. */
    /* Who may ask is sealed with the secret and counts only when it has been decrypted. */
    { "secret-asker-refused", "the secret is not for who asks",
      "name the unit when sealing (attestctl seal NAME --for unit:NAME.service)",
      EXIT_CLASS_REFUSED },
    /* The unit was stopped or killed while its secret was on the way. */
    { "secret-asker-gone", "the connection of who asked did not take the whole secret",
      "nothing if the unit was stopped; the secret is not in its hands", EXIT_CLASS_NOT_ATTESTED },
    { "secret-too-large", "the secret is larger than can be handed over whole",
      "at most 512 KiB; beyond twice net.core.wmem_max that must be raised, or seal a key and keep "
      "the bulk elsewhere",
      EXIT_CLASS_USAGE },

    /* Sealing. */
    { "secret-empty", "there is nothing to seal", "give the secret on standard input",
      EXIT_CLASS_USAGE },
    { "secret-unreadable", "what is to be sealed cannot be read", "see the error",
      EXIT_CLASS_USAGE },
    { "secret-pcrs-unmeasured",
      "the PCRs of the gate are all zero, or one of 0 to 7 is: nothing is measured into them",
      "see that the firmware measures into bank sha256, or name other PCRs", EXIT_CLASS_USAGE },
    /* On such a machine the host can read what the TPM keeps; sealing has to be told that this is
     * known. */
    { "secret-host-tpm", "nothing says that this vTPM is out of the host's reach",
      "add the gate with the --vtpm-root= that attestctl status says, or accept it "
      "(--accept-host-tpm)",
      EXIT_CLASS_USAGE },
    /* A paravisor's vTPM proves itself by the hardware report, but the gate lists no paravisor; an
     * SVSM's cannot be checked by this version. */
    { "secret-vtpm-unchecked", "nothing says which of these may stand behind the vTPM",
      "compare what was found with what your cloud publishes or your verifier's policy lists, and "
      "add the gate again with it (--paravisor=); or accept it (--accept-unchecked-vtpm)",
      EXIT_CLASS_USAGE },
    /* Its platform was updated, or it is another's. */
    { "secret-paravisor-unknown", "the paravisor of this vTPM is none that the gate lists",
      "see whether the platform was updated: compare with your verifier's policy, and add the gate "
      "again with the new one (--paravisor=); what is sealed to it stays as it is",
      EXIT_CLASS_NOT_ATTESTED },
    { "secret-evidence-unusable", "attestctl passed on evidence that cannot be read",
      "see that attest-release is of the same version as the tool", EXIT_CLASS_INTERNAL },
    { "secret-vtpm-ca-missing", "the gate has no CA that this vTPM's certificate could be by",
      "remove the gate and add it again with --vtpm-ca=FILE; what is sealed to it stays as it is",
      EXIT_CLASS_USAGE },
    { "secret-vtpm-certificate-missing", "the TPM has no certificate that a CA could vouch with",
      "see that the vendor's certificate is in NV; else add the gate without --vtpm-root",
      EXIT_CLASS_NOT_ATTESTED },
    { "secret-vtpm-chain-broken", "the TPM's certificate does not lead to a CA of the gate",
      "compare the certificate's issuer with --vtpm-ca; another TPM than expected may answer here",
      EXIT_CLASS_NOT_ATTESTED },
    { "secret-ak-elsewhere", "the attestation key is not in the TPM that the certificate is for",
      "treat the machine as tampered with: two TPMs answer here as if they were one",
      EXIT_CLASS_NOT_ATTESTED },
    { "secret-storage-key-elsewhere", "the storage key is not in the TPM of the attestation key",
      "treat the machine as tampered with: one TPM stores keys here, and another quotes",
      EXIT_CLASS_NOT_ATTESTED },
};

const CatalogTable catalog_secret = { entries, ELEMENTSOF(entries) };
