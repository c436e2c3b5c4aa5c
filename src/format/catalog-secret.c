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
    { "secret-missing", "there is no secret of this name",
      "see attestctl secrets list, and the name after LoadCredential=", EXIT_CLASS_NOT_ATTESTED },
    { "secret-file-unsafe", "the secret's file is a link, or others than its owner may touch it",
      "treat it as tampered with: make it a plain file of attestd, mode 0600, or seal again",
      EXIT_CLASS_NOT_ATTESTED },
    { "secret-file-malformed", "the secret's file cannot be read as one",
      "restore it from a backup, or seal again", EXIT_CLASS_NOT_ATTESTED },
    { "secret-name-mismatch", "the secret's file names another secret: it was renamed or copied",
      "give it back its name, or seal again under the new one", EXIT_CLASS_NOT_ATTESTED },
    { "secret-version-lower", "this is not the newest version of the secret",
      "an older file was put back: restore the newest, or seal again", EXIT_CLASS_NOT_ATTESTED },
    { "secret-tampered", "the secret's file does not authenticate: something in it was changed",
      "restore it from a backup, or seal again, and find out who can write there",
      EXIT_CLASS_NOT_ATTESTED },

    /* Gates and approvals. */
    { "secret-gate-unknown", "the gate is of a kind that this version does not have",
      "use a gate of kind verifier, or a newer version of this software", EXIT_CLASS_USAGE },
    { "secret-no-approval", "the verifier has not approved this secret's gate",
      "see attestctl status for the verdict, and the verifier's policy for gate and machine",
      EXIT_CLASS_REFUSED },
    { "secret-approval-malformed", "an approval cannot be read, or is not for what it says",
      "delete it below /run/attestd/approvals; the next round brings another",
      EXIT_CLASS_NOT_ATTESTED },
    { "secret-key-changed", "the secret was sealed for another attestation key",
      "another machine's file, or this TPM was cleared: seal again", EXIT_CLASS_NOT_ATTESTED },
    { "secret-release-key-changed", "the approval is by a release key this secret does not know",
      "if the verifier's key was changed on purpose, renew the gate and seal again",
      EXIT_CLASS_NOT_ATTESTED },

    /* Who asks. */
    { "secret-asker-refused", "the secret is not for who asks",
      "name the unit when sealing (attestctl seal NAME --for unit:NAME.service)",
      EXIT_CLASS_REFUSED },
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
    { "secret-host-tpm", "nothing says that this vTPM is out of the host's reach",
      "state what stands behind it when adding the gate, or accept it (--accept-host-tpm)",
      EXIT_CLASS_USAGE },
    { "secret-vtpm-unchecked", "nothing here can check that this stands behind the vTPM",
      "attest first; when attestctl status has the same vtpm_root, say so "
      "(--accept-unchecked-vtpm)",
      EXIT_CLASS_USAGE },
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
      "treat the machine as tampered with: two TPMs answer here as if they were one",
      EXIT_CLASS_NOT_ATTESTED },
};

const CatalogTable catalog_secret = { entries, ELEMENTSOF(entries) };
