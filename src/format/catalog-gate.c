/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Catalogue: gates, from their files to what opens and shuts them in a round.
 */
#include "format/catalog.h"

static const CatalogEntry entries[] = {
    /* Gate files; subject is the file. */
    { "gate-file-unreadable", "a gate file cannot be read",
      "make it a plain file that user attestd can read and only root can write", EXIT_CLASS_USAGE },
    { "gate-file-invalid", "a gate file is not usable",
      "write it again with attestctl gate add, then reload attestd.service", EXIT_CLASS_USAGE },
    { "gate-kind-unknown", "a gate is of a kind that this version does not have",
      "use a gate of kind verifier, rewrap, key-release or pcr", EXIT_CLASS_USAGE },
    { "gate-too-many", "there are more gates than one round can ask for",
      "remove gate files that are not needed", EXIT_CLASS_USAGE },

    /* What a round does with them; subject is the gate. */
    { "gates-mismatch", "what came to open gates is not what the token was signed with",
      "find out who stands between this machine and the verifier; nothing was opened",
      EXIT_CLASS_NOT_ATTESTED },
    { "gates-malformed", "what came to open gates cannot be used",
      "see that agent and verifier have versions that go together; nothing was opened",
      EXIT_CLASS_NOT_ATTESTED },
    /* That gate stays shut; the rest of the round goes on. */
    { "gate-kind-mismatch", "the verifier has this gate as one of another kind than this machine",
      "make it of one kind, in the verifier's policy or here: attestctl gate list",
      EXIT_CLASS_NOT_ATTESTED },
    /* An approval is for one TPM session, which must not be open for long. */
    { "gate-session-too-old", "the hardware report took so long that the gate was given up",
      "nothing if it passes: the next round asks again; else see what slows hardware reports",
      EXIT_CLASS_NOT_ATTESTED },
    { "gate-without-tpm", "a gate cannot be opened on a machine without a TPM",
      "set TCTI=, or remove the gate: attestctl gate remove", EXIT_CLASS_USAGE },
    { "gate-key-unusable", "a data key that was opened for this gate cannot be used",
      "check the verifier's version, the gate's key, and LimitMEMLOCK= of attest-round@.service",
      EXIT_CLASS_NOT_ATTESTED },
    /* The gate was made with a register that a refusal extends, so that no approval opens it
     * before the next boot. */
    { "gate-capped", "the refusal closed gates with a --cap-pcr until the machine is reset",
      "when the reason for the refusal is gone, reboot", EXIT_CLASS_REFUSED },
    { "gate-cap-failed", "a register that a refusal is to extend could not be extended",
      "see the TPM's error; until it is extended, an approval that is still live opens the gate",
      EXIT_CLASS_REFUSED },

    /* What the verifier says to them: warnings of a yes. */
    /* The verdict is good. The policy does not list this gate for this machine, so what is sealed
     * to it stays shut. */
    { "gate-not-granted", "the verifier does not open this gate to this machine",
      "see the gates of the verifier's policy: docs/policy.md", EXIT_CLASS_NOT_ATTESTED },
};

const CatalogTable catalog_gate = { entries, ELEMENTSOF(entries) };
