/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Azure's quoting service: a TDREPORT goes in, a TD quote of it comes out (spec azure 4.3). Nothing
 * in it is believed but through its signature to Intel.
 */
#pragma once

#include "base/bytes.h"

#define TD_QUOTE_PATH      "/acc/tdquote"
#define TD_QUOTE_REPLY_MAX (256 * 1024) /* bytes of the answer; real ones have 7 KiB */

/* The JSON to post for TDREPORT, owned; NULL: no memory. */
char *td_quote_request(ByteView td_report);

enum {
    TD_QUOTE_OK,
    TD_QUOTE_E_JSON,     /* not one bounded JSON object with the text "quote" */
    TD_QUOTE_E_ENCODING, /* neither of the two base64 alphabets, or empty */
};

/* A word for each of the above, for error texts. */
const char *td_quote_reason(int reason);
/* Either alphabet, padded or not. TD_QUOTE_OK or a named no; -ENOMEM. */
_must_check_ int td_quote_parse(ByteView body, Bytes *ret);
