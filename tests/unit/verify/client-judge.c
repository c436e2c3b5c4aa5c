/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judges files for test-tpm2-tools.sh. client-judge quote ATTEST SIGNATURE AK PCRS: exits 0 or 1.
 * client-judge log FILE: prints "bank pcr value" for every register, or exits 1.
 */
#include "verify/genuine-quote.h"
#include "verify/log-values.h"

#include "lab.h"

static Bytes slurp(const char *path)
{
    Bytes bytes = { 0 };

    check_int(file_read(path, 8 << 20, &bytes), 0);
    return bytes;
}

static int judge_quote(char **paths)
{
    _cleanup_bytes_ Bytes attest = slurp(paths[0]), signature = slurp(paths[1]),
                          ak = slurp(paths[2]), values = slurp(paths[3]);
    _cleanup_genuine_quote_ GenuineQuote quote = { 0 };
    _cleanup_findings_ Findings findings = { 0 };
    PcrFile pcrs;
    const GenuineQuoteInput input = {
        .attest = VIEW(attest), .signature = VIEW(signature), .ak = VIEW(ak), .pcrs = &pcrs
    };

    int r = pcr_file_parse(VIEW(values), &pcrs);
    if (r != PCR_FILE_OK) {
        (void)fprintf(stderr, "%s\n", pcr_file_reason(r));
        return 1;
    }
    r = genuine_quote_verify(&input, &findings, &quote);
    lab_print(&findings);
    return r == GENUINE_QUOTE_OK ? 0 : 1;
}

static int print_log(const char *path)
{
    _cleanup_bytes_ Bytes log = slurp(path);
    LogValues values;
    size_t at = 0;

    int r = log_values(VIEW(log), 0, &at, &values);
    if (r != EVENT_LOG_OK) {
        (void)fprintf(stderr, "event %zu: %s\n", at, event_log_reason(r));
        return 1;
    }
    for (size_t i = 0; i < values.n_banks; i++) {
        const LogBankValues *bank = &values.banks[i];
        for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
            if (!(bank->pcrs & UINT32_C(1) << pcr))
                continue;
            _cleanup_free_ char *hex = hex_encode(digest_view(&bank->values[pcr]));
            (void)printf("%s %u %s\n", digest_name(bank->algorithm), pcr, hex);
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "quote") == 0)
        return judge_quote(argv + 2);
    if (argc == 3 && strcmp(argv[1], "log") == 0)
        return print_log(argv[2]);
    return 2;
}
