/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Catalogue: what a cloud has beside the machine: its metadata service, its attestation service.
 */
#include "format/catalog.h"

static const CatalogEntry entries[] = {
    /* The metadata service; subject is the path that was asked for, or endorsements. */
    { "metadata-unreachable", "the cloud's metadata service does not answer",
      "see that MetadataURL= is right and that a firewall of this machine lets attest-worker reach "
      "it; where there is none, set MetadataURL=none",
      EXIT_CLASS_NOT_ATTESTED },
    /* Azure's THIM answers 404, 429 and 5xx for a while after a host was changed. */
    { "metadata-refused", "the cloud's metadata service says no",
      "see the status: 404, 410, 429 and 5xx mostly pass, and the next round asks again; else see "
      "whether the Metadata Security Protocol of this VM lets attest-worker ask",
      EXIT_CLASS_NOT_ATTESTED },
    { "metadata-answer-unusable", "the answer of the metadata service cannot be read",
      "see that nothing stands between this machine and its metadata service",
      EXIT_CLASS_NOT_ATTESTED },
    { "thim-answer-malformed", "what the metadata service calls the report's certificates is none",
      "ask it with curl -H Metadata:true, and report what it says", EXIT_CLASS_NOT_ATTESTED },
    /* The host's firmware is being updated, or the metadata service has not noticed that it was. */
    { "thim-tcb-mismatch", "the certificate that Azure offers is for another TCB than the report's",
      "wait: the next rounds ask again; when it stays so for a day, redeploy the VM",
      EXIT_CLASS_NOT_ATTESTED },
    { "thim-chip-mismatch", "the certificate that Azure offers is for another processor",
      "wait: the VM was moved and the next rounds ask again; when it stays so, redeploy the VM",
      EXIT_CLASS_NOT_ATTESTED },
    { "td-quote-answer-malformed", "what Azure's quoting service answers is no TD quote",
      "ask again; report what it says when it stays so", EXIT_CLASS_NOT_ATTESTED },

    /* Microsoft Azure Attestation; subject is verifier, or token for what its token says. */
    { "maa-evidence-unfit", "this machine's evidence cannot be put to Microsoft Azure Attestation",
      "set Source=azure on an Azure confidential VM, and MetadataURL= where certificates come "
      "from; "
      "a vTPM alone (Source=tpm) takes AttestationType=AzureGuest",
      EXIT_CLASS_USAGE },
    { "maa-ak-certificate-missing", "the vTPM's attestation key has no certificate yet",
      "wait: Azure issues it some minutes after the first boot; AttestationType=auto needs none",
      EXIT_CLASS_NOT_ATTESTED },
    { "maa-token-not-encrypted", "the provider's token is not encrypted as it was asked to be",
      "see that URL= names an attestation provider that does AzureGuest", EXIT_CLASS_NOT_ATTESTED },
    { "maa-token-unreadable", "the provider's token is not encrypted to this machine's key",
      "see whether a register was extended meanwhile; leave such registers out of PCRs=",
      EXIT_CLASS_NOT_ATTESTED },
    { "maa-key-registers", "the key for the token cannot be bound to the registers of PCRs=",
      "let PCRs= have registers below 16 only", EXIT_CLASS_USAGE },
    { "maa-encryption-key-mismatch", "the token names another key than it was to be encrypted to",
      "see who answers at URL=: a secret released to that key is not this machine's",
      EXIT_CLASS_NOT_ATTESTED },
    { "maa-policy-refused", "the attestation provider's policy says no to this machine",
      "see the policy of the provider; with a shared provider, whether Secure Boot is on",
      EXIT_CLASS_REFUSED },
    { "maa-policy-broken", "the attestation provider's policy cannot be evaluated",
      "correct the provider's policy", EXIT_CLASS_NOT_ATTESTED },
    { "maa-evidence-refused", "the attestation provider cannot use what it was sent",
      "see its words; an APIVersion= that it does not know is answered so, too",
      EXIT_CLASS_NOT_ATTESTED },
    { "maa-unauthorized", "the attestation provider wants to know who asks",
      "use a shared provider, or put a token of Microsoft Entra into ApiKeyFile=",
      EXIT_CLASS_USAGE },
    { "maa-type-mismatch", "the token is not about hardware of this machine's kind",
      "see that URL= names an attestation provider; report it if it does",
      EXIT_CLASS_NOT_ATTESTED },
    { "maa-user-data-missing", "the token does not say what this machine had the report carry",
      "update the VM's paravisor by redeploying it: an old one has no user-data",
      EXIT_CLASS_NOT_ATTESTED },
    { "maa-user-data-mismatch", "the token is about another report than this round's",
      "see who answers at URL=: this token proves nothing about this machine",
      EXIT_CLASS_NOT_ATTESTED },
    { "maa-ak-mismatch", "the token names another attestation key than this machine's vTPM has",
      "set AttestationKey=auto; when the key is the paravisor's, see who answers at URL=",
      EXIT_CLASS_NOT_ATTESTED },
    { "maa-debuggable", "by the token the host may read this machine's memory",
      "create the VM without debugging", EXIT_CLASS_REFUSED },
    /* Trusted Launch has nothing else that could be said of what booted. */
    { "maa-secure-boot-off", "by the token Secure Boot was off",
      "switch Secure Boot on; without hardware to vouch for it, no less is accepted",
      EXIT_CLASS_REFUSED },
    { "maa-vmpl-not-zero", "by the token the report was not made by the paravisor",
      "redeploy the VM; somebody in it may have made this report", EXIT_CLASS_REFUSED },
    { "maa-not-compliant", "Microsoft does not vouch for the paravisor of this machine",
      "have the provider's policy issue x-ms-compliance-status, as its default does; "
      "AcceptHostTPM=yes believes any paravisor",
      EXIT_CLASS_NOT_ATTESTED },
    /* Gates of kinds verifier and rewrap need keys of attest-verifier. */
    { "gate-protocol-unfit", "the verifier speaks a protocol that opens no gates of these kinds",
      "use gates of kind key-release or pcr, or Protocol=native", EXIT_CLASS_NOT_ATTESTED },
};

const CatalogTable catalog_cloud = { entries, ELEMENTSOF(entries) };
