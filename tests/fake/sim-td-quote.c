/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim-td-quote: the quoting enclave of a simulated host, with a root of its own. Prints the SHA-384
 * of the root's SubjectPublicKeyInfo in hex, as one line; then, for each TDREPORT of 1024 bytes on
 * standard input, the size of its quote (u32, little-endian) and the quote. For tests only.
 */
#include "tdx-lab.h"

#include "base/encode.h"
#include "format/tdx-report.h"

/* False at the end. */
static bool read_report(uint8_t report[static TDX_REPORT_SIZE])
{
    for (size_t size = 0; size < TDX_REPORT_SIZE;) {
        ssize_t n = read(STDIN_FILENO, report + size, TDX_REPORT_SIZE - size);
        if (n <= 0)
            return false;
        size += (size_t)n;
    }
    return true;
}

static void answer(const TdxLab *lab, const uint8_t *report)
{
    const TdxOrder order = { .td_report = report };
    _cleanup_bytes_ Bytes quote = tdx_lab_quote(lab, &order), head = { 0 };

    check_int(bytes_append_le32(&head, (uint32_t)quote.size), 0);
    check_int(fd_write_all(STDOUT_FILENO, VIEW(head)), 0);
    check_int(fd_write_all(STDOUT_FILENO, VIEW(quote)), 0);
}

int main(void)
{
    _cleanup_(tdx_lab_freep) TdxLab *lab = tdx_lab_new();
    SpkiDigest root = tdx_lab_root(lab);
    uint8_t report[TDX_REPORT_SIZE];
    _cleanup_free_ char *hex = hex_encode(VIEW_OF_ARRAY(root.bytes));

    check(hex && printf("%s\n", hex) > 0 && fflush(stdout) == 0);
    while (read_report(report))
        answer(lab, report);
    return 0;
}
