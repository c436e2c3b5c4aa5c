/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quotes as files: a key in any spelling, a signature, an attestation and values, each with two
 * bytes of length before it. No answer may come without findings, and no pass with a failure.
 */
#include "base/reader.h"
#include "fuzz/require.h"
#include "verify/genuine-quote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ByteView part(Reader *reader)
{
    uint16_t size = reader_be16(reader);

    return reader_view(reader, MIN(size, reader->left.size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Reader reader = reader_over((ByteView){ data, size });
    _cleanup_genuine_quote_ GenuineQuote quote = { 0 };
    _cleanup_findings_ Findings findings = { 0 };
    GenuineQuoteInput input = { 0 };
    PcrFile pcrs;

    input.ak = part(&reader);
    input.signature = part(&reader);
    input.attest = part(&reader);
    if (pcr_file_parse(part(&reader), &pcrs) == PCR_FILE_OK)
        input.pcrs = &pcrs;
    int r = genuine_quote_verify(&input, &findings, &quote);
    require(r == GENUINE_QUOTE_OK || r == GENUINE_QUOTE_E_REFUSED);
    require((r == GENUINE_QUOTE_OK) == (findings_first_failure(&findings) == NULL));
    if (r != GENUINE_QUOTE_OK)
        return 0;
    require(quote.ak && quote.has_pcrs == (input.pcrs != NULL));
    require(quote.attest.n_selections <= TPM_SELECTIONS_MAX);
    return 0;
}
