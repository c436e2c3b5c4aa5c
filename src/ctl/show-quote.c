/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a TPM signed: which registers, at what point of its life, over whose challenge.
 */
#include "ctl/show-content.h"

static void show_selections(const json_t *quote)
{
    const char *label = "Registers";
    size_t i;
    json_t *selection;

    json_array_foreach (show_at(quote, "pcr_selection"), i, selection) {
        char line[SHOW_REGISTERS_SIZE];
        show_registers_text(show_at(selection, "pcrs"), line);
        show_rowf(label, "%s, PCR %s", show_string(selection, "bank"), *line ? line : "none");
        label = "";
    }
}

/* "20 d 3 h 5 min" of a clock in milliseconds. */
static void show_clock(const json_t *quote)
{
    long long seconds = (long long)json_integer_value(show_at(quote, "clock")) / 1000;
    long long resets = (long long)json_integer_value(show_at(quote, "reset_count"));
    long long restarts = (long long)json_integer_value(show_at(quote, "restart_count"));

    show_rowf("TPM clock", "%lld d %lld h %lld min, %lld resets, %lld restarts since",
              seconds / 86400, seconds % 86400 / 3600, seconds % 3600 / 60, resets, restarts);
    if (json_is_integer(show_at(quote, "safe")) && json_integer_value(show_at(quote, "safe")) == 0)
        show_row("", "the clock may have been set back by a loss of power");
}

/* Of a verdict. */
static void show_signature(const json_t *quote)
{
    const char *scheme = show_string(quote, "signature.scheme");
    const char *hash = show_string(quote, "signature.hash");

    if (show_at(quote, "signature.valid"))
        show_rowf("Signature", "%s%s%s%s%s",
                  show_is_true(quote, "signature.valid") ? "valid" : "not valid",
                  *scheme ? ", " : "", scheme, *hash ? " with " : "", hash);
}

void show_quote(const json_t *quote)
{
    show_selections(quote);
    show_field(quote, "PCR digest", "pcr_digest");
    show_field(quote, "Nonce", "extra_data");
    show_field(quote, "as text", "extra_data_text");
    show_clock(quote);
    show_field(quote, "TPM firmware", "firmware_version");
    show_field(quote, "Signer", "qualified_signer");
    show_signature(quote);
}
