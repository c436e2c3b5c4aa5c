/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Catalogue: what attest-verifier answers, and what its operator sees.
 */
#include "format/catalog.h"

static const CatalogEntry entries[] = {
    /* Problems of requests, listed in docs/protocols.md. */
    { "request-path-unknown", "the verifier has nothing at this path",
      "compare URL= with the urls and path_prefix of the verifier", EXIT_CLASS_UNREACHABLE },
    { "request-method-not-allowed", "the path does not take this HTTP method",
      "use the method that docs/protocols.md names", EXIT_CLASS_UNREACHABLE },
    { "request-media-type-unsupported", "the request's Content-Type is not the one of this path",
      "send the media type that docs/protocols.md names; agent and verifier may be of different "
      "versions",
      EXIT_CLASS_UNREACHABLE },
    { "request-length-required", "the request has no Content-Length",
      "send the whole body at once, without chunked transfer coding", EXIT_CLASS_UNREACHABLE },
    { "request-body-too-large", "the request is larger than this path takes",
      "shorten the evidence, for example the event logs", EXIT_CLASS_UNREACHABLE },
    { "request-malformed", "the request's body is not the JSON this path takes",
      "send {} or public areas as docs/protocols.md describes", EXIT_CLASS_UNREACHABLE },
    { "challenge-keys-malformed", "the TPM keys in the challenge cannot be used",
      "send TPMT_PUBLIC of an attestation key and a restricted decryption key, RSA or P-256 or "
      "P-384, or none",
      EXIT_CLASS_UNREACHABLE },
    { "evidence-malformed", "the evidence is not in the form docs/evidence.md describes",
      "compare the member that is named with docs/evidence.md; agent and verifier may be of "
      "different versions",
      EXIT_CLASS_UNREACHABLE },
    /* Another verifier issued it, or another instance with another nonce key; or the key was
     * rotated twice. */
    { "nonce-unknown", "the nonce was not issued by this verifier",
      "ask for a fresh challenge; all processes behind one URL need the same nonce key",
      EXIT_CLASS_UNREACHABLE },
    { "nonce-expired", "the nonce is older than two minutes",
      "ask for a fresh challenge; look at the timings of the round for what took so long",
      EXIT_CLASS_UNREACHABLE },
    { "nonce-early", "the nonce is from the future of this verifier's clock",
      "set the verifier's clock, on each instance", EXIT_CLASS_UNREACHABLE },
    /* The same evidence came twice; or an agent sent it again after a connection that broke. */
    { "nonce-replayed", "the nonce has been used before", "ask for a fresh challenge",
      EXIT_CLASS_UNREACHABLE },

    /* What the operator of a verifier sees. */
    { "verifier-usage", "an argument cannot be used", "see attest-verifier(1)", EXIT_CLASS_USAGE },
    { "verifier-directory-not-empty", "the directory has something in it",
      "choose another directory, or move this one away: its keys would be lost", EXIT_CLASS_USAGE },
    { "verifier-directory-unusable", "the directory cannot be made or read",
      "make its parent first, as the user that runs this", EXIT_CLASS_USAGE },
    /* attest-verifier keys changes several files, and two rotations in a row would drop the key
     * that was to be accepted a while longer. */
    { "verifier-directory-busy", "somebody else is changing the keys of this directory",
      "agree with them first; when theirs has ended, see whether another change is still wanted",
      EXIT_CLASS_USAGE },
    { "verifier-config-invalid", "verifier.json cannot be used",
      "mend the member that is named; attest-verifier(1) describes each", EXIT_CLASS_USAGE },
    { "verifier-policy-invalid", "the policy cannot be used",
      "mend the member that is named; docs/policy.md describes each", EXIT_CLASS_USAGE },
    /* Said while all is well still: in the last quarter of its life, at most the last 30 days. */
    { "verifier-tls-ends", "a certificate of this verifier will be over soon",
      "make another one before then and send SIGHUP; of another CA the machines need the new trust "
      "file first",
      EXIT_CLASS_USAGE },
    { "verifier-key-unusable", "a key or certificate file cannot be used",
      "put back the file that is named, readable for the user that serves; init makes a whole set "
      "in a new directory",
      EXIT_CLASS_USAGE },
    { "verifier-next-key-missing", "there is no next release key to take the present one's place",
      "attest-verifier keys next-release DIR makes one; let the machines seal to it before this",
      EXIT_CLASS_USAGE },
    { "verifier-listen-failed", "the address cannot be listened on",
      "choose a free address of this machine with --listen, or let systemd pass one socket",
      EXIT_CLASS_USAGE },
};

const CatalogTable catalog_verifier = { entries, ELEMENTSOF(entries) };
