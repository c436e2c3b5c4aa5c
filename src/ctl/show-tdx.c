/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TDX quote: what runs, what measured it, and whose keys signed.
 */
#include "ctl/show-content.h"

#include <string.h>

/* Registers that nobody uses are all zero. */
static void show_unless_zero(const json_t *quote, const char *label, const char *path)
{
    const char *text = show_string(quote, path);

    if (text[strspn(text, "0")])
        show_row(label, text);
}

static void show_attributes(const json_t *quote)
{
    show_field(quote, "TD attributes", "td_attributes");
    if (show_is_true(quote, "td_attributes_bits.debug"))
        show_row("", "DEBUG: the host may read and change the memory of the guest");
    if (show_is_true(quote, "td_attributes_bits.sept_ve_disable"))
        show_row("", "no exceptions on pages that the host takes away");
    if (show_is_true(quote, "td_attributes_bits.perfmon"))
        show_row("", "performance counters on");
    show_field(quote, "XFAM", "xfam");
}

static void show_registers(const json_t *quote)
{
    size_t i;
    json_t *value;

    show_field(quote, "MRTD", "mr_td");
    json_array_foreach (show_at(quote, "rtmr"), i, value) {
        char label[32];
        (void)snprintf(label, sizeof(label), "RTMR%zu", i);
        show_row(label, json_is_string(value) ? json_string_value(value) : "");
    }
    show_field(quote, "Report data", "report_data");
    show_unless_zero(quote, "Config id", "mr_config_id");
    show_unless_zero(quote, "Owner", "mr_owner");
    show_unless_zero(quote, "Owner config", "mr_owner_config");
    show_unless_zero(quote, "Service TDs", "mr_servicetd");
}

/* Of an inspection, where it is a member, or of "td_quote" in claims. */
void show_td_quote(const json_t *content)
{
    const json_t *inner = json_object_get(content, "td_quote");
    const json_t *quote = inner ? inner : content;

    show_field(quote, "Version", "version");
    show_registers(quote);
    show_attributes(quote);
    show_field(quote, "TDX module", "mr_seam");
    show_unless_zero(quote, "Module signer", "mr_signer_seam");
    show_field(quote, "TEE TCB SVN", "tee_tcb_svn");
    show_field(quote, "PCK chain", "pck_chain");
    show_field(quote, "TCB status", "tcb_status");
    if (!show_at(quote, "pck"))
        return;
    show_heading("Certificate of the platform (PCK)");
    show_certificate(show_at(quote, "pck"));
}
