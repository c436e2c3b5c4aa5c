/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Catalogue: what libattest is handed.
 */
#include "format/catalog.h"

static const CatalogEntry entries[] = {
    { "item-missing", "something without which nothing can be judged was not given",
      "give it as well", EXIT_CLASS_USAGE },
    { "item-unwanted", "something was given that this kind of evidence is judged without",
      "leave it out, or judge the evidence that it belongs to", EXIT_CLASS_USAGE },
    { "item-unreadable", "what was to be judged by cannot be read",
      "compare it with what is wanted; attestctl inspect says what a file is", EXIT_CLASS_USAGE },
    { "item-ignored", "a certificate that came along cannot be read and was left out",
      "nothing if the verdict stands without; else give it again", EXIT_CLASS_USAGE },
    { "item-unknown", "this is nothing that is known here",
      "see what should have written it; text may have been damaged on the way", EXIT_CLASS_USAGE },
    { "item-ambiguous", "this might be more than one thing",
      "judge it as the kind that it should be, with attestctl verify", EXIT_CLASS_USAGE },
    { "item-damaged", "this has the marks of its kind, but cannot be read",
      "fetch or collect it anew", EXIT_CLASS_USAGE },
    /* A verdict is only worth as much as the root it rests on. */
    { "amd-root-foreign", "a root was given that is not AMD's, and hardware is judged by it",
      "nothing in a laboratory; for real hardware leave the roots out, AMD's are built in",
      EXIT_CLASS_NOT_ATTESTED },
};

const CatalogTable catalog_item = { entries, ELEMENTSOF(entries) };
