/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TDX quotes of the vectors, read and judged without dates.
 */
#pragma once

#include "testing.h"
#include "verify/genuine-tdx.h"

static Bytes read_quote(const char *kind, const char *name)
{
    char path[96];

    (void)snprintf(path, sizeof(path), "%s/%s/td_quote.bin", kind, name);
    return test_vector(path);
}

static TdxQuote parse(ByteView bytes)
{
    TdxQuote quote;

    check_int(tdx_quote_parse(bytes, &quote), TDX_QUOTE_OK);
    return quote;
}

static int judge(ByteView quote, Findings *findings, TdxSteps *steps)
{
    const GenuineTdxInput input = { .quote = quote, .now_sec = CERTIFICATE_TIME_ANY };
    GenuineTdx genuine;

    int r = genuine_tdx_verify(&input, findings, steps, &genuine);
    check(r >= 0);
    check((r == GENUINE_TDX_OK) == !findings_first_failure(findings));
    return r;
}
