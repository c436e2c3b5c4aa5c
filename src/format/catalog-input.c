/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Catalogue: what attestctl is given to judge, and what AMD is asked for.
 */
#include "format/catalog.h"

static const CatalogEntry entries[] = {
    /* What attestctl is given; subject is the file. */
    { "input-missing", "there is no such file", "correct its name", EXIT_CLASS_USAGE },
    { "input-unreadable", "the file cannot be read", "correct its permissions, or name another",
      EXIT_CLASS_USAGE },
    { "input-not-a-file", "there is nothing to read from this", "name a file, or - with a pipe",
      EXIT_CLASS_USAGE },
    { "input-too-large", "the file is larger than any evidence",
      "name the evidence itself; 16 MiB are the most that is read", EXIT_CLASS_USAGE },
    { "input-empty", "the file is empty", "see what should have written it", EXIT_CLASS_USAGE },
    { "input-not-accepted", "the file cannot be what it was said to be",
      "compare its size with that of its kind; see attestctl inspect", EXIT_CLASS_USAGE },
    { "roots-unreadable", "the directory of roots cannot be read",
      "correct its name or permissions; it has milan/ark.der and the like", EXIT_CLASS_USAGE },
    { "roots-empty", "the directory of roots has no root in it",
      "store AMD's certificates as milan/ark.der, milan/ask.der and so on; see attestctl(1)",
      EXIT_CLASS_USAGE },

    /* AMD's key distribution service; subject is what was asked for. */
    { "kds-unreachable", "AMD's key distribution service cannot be reached",
      "check the network and --kds; what the cache has works without", EXIT_CLASS_UNREACHABLE },
    { "kds-throttled", "AMD's key distribution service asks to wait",
      "try again when the time is over; what was fetched is in the cache", EXIT_CLASS_UNREACHABLE },
    { "kds-not-found", "AMD knows no such certificate",
      "compare chip and TCB with the report; parts that are not for sale have none",
      EXIT_CLASS_UNREACHABLE },
    { "kds-answer-unusable", "AMD's key distribution service did not answer as it should",
      "try again later; see --kds if this is a mirror", EXIT_CLASS_UNREACHABLE },
    { "kds-certificate-other", "the certificate that came is not the one that was asked for",
      "see --kds: something on the way answers for AMD", EXIT_CLASS_UNREACHABLE },
    { "kds-chip-unknown", "the report does not say which chip made it, so nothing can be fetched",
      "have the host supply the certificate, or unmask the chip id", EXIT_CLASS_UNREACHABLE },
    /* The key belongs to the cloud and not to one chip. */
    { "kds-vlek", "AMD gives a VLEK to the cloud only, so it cannot be fetched",
      "take it from the certificates that the host supplies", EXIT_CLASS_UNREACHABLE },
    { "kds-product-unknown", "the report does not say which product line of AMD made it",
      "give the certificate with --cert", EXIT_CLASS_UNREACHABLE },

    { "fetch-worker-failed", "the program that reaches the network did not do its work",
      "see that attest-worker is installed and of this version", EXIT_CLASS_INTERNAL },

    /* The cache of certificates; subject is the file or directory. */
    { "cache-unusable", "the cache of certificates cannot be used",
      "correct its permissions, or name another with --cache", EXIT_CLASS_USAGE },
    { "cache-damaged", "a file of the cache is not the certificate that its name says",
      "remove it; with --fetch it is fetched anew", EXIT_CLASS_USAGE },
};

const CatalogTable catalog_input = { entries, ELEMENTSOF(entries) };
