/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Catalogue: gates of kind key-release: this machine's identity, the vault, what it releases.
 * Subject is the gate, which stays shut while the verdict holds.
 */
#include "format/catalog.h"

static const CatalogEntry entries[] = {
    { "key-release-unfit", "a vault releases keys to a whole guest that Azure attested",
      "set Protocol=maa and AttestationType=AzureGuest in the verifier's section",
      EXIT_CLASS_USAGE },
    /* attestctl gate update gave the gate another key; what was sealed before is for the old one.
     */
    { "key-release-key-changed", "a secret was sealed to another key than its gate has now",
      "reseal while attestd still has what the former key opened, and reload it after that; else "
      "give the gate the former key again with attestctl gate update, or recover the secret",
      EXIT_CLASS_USAGE },

    { "identity-missing", "this machine has no identity that a vault could know",
      "give the VM a managed identity: az vm identity assign", EXIT_CLASS_USAGE },
    /* Several identities and no client_id, or a resource that the tenant does not have. */
    { "identity-refused", "this machine's identity gets no access token for the vault",
      "see the words: of several identities name one with attestctl gate add --client-id=, and see "
      "that the gate's resource is the vault's or the HSM's",
      EXIT_CLASS_USAGE },
    { "identity-answer-malformed", "what the metadata service calls an access token is none",
      "see which program answers at MetadataURL=, since it is no metadata service of Azure's",
      EXIT_CLASS_NOT_ATTESTED },

    { "vault-unreachable", "the vault does not answer",
      "see that name and network lead to it from here: firewall, private endpoint, Proxy=",
      EXIT_CLASS_UNREACHABLE },
    { "vault-tls-failed", "there is no TLS with the vault, or nobody trusted certified it",
      "see who answers at the gate's key_url; a vault of your own needs --vault-ca=",
      EXIT_CLASS_UNREACHABLE },
    { "vault-unauthorized", "the vault does not take this machine's access token",
      "see that vault and identity are of one tenant, and that the gate's resource is the vault's",
      EXIT_CLASS_USAGE },
    { "vault-forbidden", "this machine's identity may not have the key released",
      "assign it the role Key Vault Crypto Service Release User, on a Managed HSM the role Managed "
      "HSM Crypto Service Release User; a new assignment takes some minutes",
      EXIT_CLASS_USAGE },
    { "vault-policy-refused", "the key's release policy says no to this machine",
      "compare the policy with attestctl token: its authority is the token's iss, and each claim "
      "is "
      "there with that value",
      EXIT_CLASS_REFUSED },
    { "vault-key-unknown", "the vault has no such key", "see the gate's key_url, and its version",
      EXIT_CLASS_USAGE },
    { "vault-key-not-exportable", "the key in the vault is not one to be released",
      "make another with az keyvault key create --exportable true --policy, and the gate anew",
      EXIT_CLASS_USAGE },
    { "vault-busy", "the vault has no time", "nothing: the next round asks again",
      EXIT_CLASS_UNREACHABLE },
    { "vault-error", "the vault does not do what it was asked",
      "see its words; a status of 5xx mostly passes, and the next round asks again",
      EXIT_CLASS_NOT_ATTESTED },

    { "vault-answer-malformed", "what the vault answers is no released key",
      "see that key_url names a vault or a Managed HSM, and api_version one that it knows",
      EXIT_CLASS_NOT_ATTESTED },
    { "vault-key-kind", "what the vault released is no private key that opens a data key",
      "make a key of type RSA-HSM, or EC-HSM on P-256 or P-384, and the gate anew",
      EXIT_CLASS_USAGE },
    { "vault-signature-invalid", "the vault's answer is not signed by the vault",
      "find out who stands between this machine and the vault; nothing was opened",
      EXIT_CLASS_NOT_ATTESTED },
    { "vault-certificate-untrusted", "who signed the vault's answer is not certified for the vault",
      "find out who signs the vault's answers; a vault of your own needs --vault-ca=",
      EXIT_CLASS_NOT_ATTESTED },
    { "vault-other-key", "the vault's answer is about another key than the gate's",
      "find out who stands between this machine and the vault: it was asked for the gate's key_url",
      EXIT_CLASS_NOT_ATTESTED },
    { "vault-nonce-mismatch", "the vault's answer is one to another question",
      "find out who stands between this machine and the vault: somebody keeps its answers",
      EXIT_CLASS_NOT_ATTESTED },
    /* The TPM's key is of this boot and of the registers that were quoted. */
    { "vault-key-unreadable", "what the vault released cannot be opened on this machine",
      "nothing if it passes; else see which register is extended while rounds run, and leave it "
      "out "
      "of PCRs=",
      EXIT_CLASS_NOT_ATTESTED },
    { "vault-key-foreign", "the released key is not the one that the gate was made with",
      "the key was rotated: put the version that the gate was made with into its key_url, with "
      "attestctl gate update",
      EXIT_CLASS_USAGE },
};

const CatalogTable catalog_vault = { entries, ELEMENTSOF(entries) };
