/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which function shows what; what has none is shown member by member.
 */
#include "ctl/show-content.h"

#include <string.h>

static void show_snp_response(const json_t *response)
{
    show_field(response, "Status", "status");
    show_snp_report(show_at(response, "report"));
}

static void show_snp_certificates(const json_t *table)
{
    size_t i;
    json_t *entry;

    json_array_foreach (show_at(table, "entries"), i, entry) {
        show_heading(show_string(entry, "name"));
        show_certificate(entry);
    }
}

/* Of attestd: what it consists of, what the sender says, and the hardware's report. */
static void show_evidence(const json_t *evidence)
{
    char line[192] = "";
    size_t used = 0;
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)show_at(evidence, "members"), name, value)
        if (json_is_true(value) && used < sizeof(line))
            used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%.40s",
                                     used > 0 ? ", " : "", name);
    show_row("Members", line);
    show_heading("Claims of the sender");
    show_tree(show_at(evidence, "claims"));
    if (show_at(evidence, "hcl")) {
        show_heading("HCL report");
        show_hcl_report(evidence);
    } else if (show_at(evidence, "report")) {
        show_heading("SEV-SNP report");
        show_snp_report(show_at(evidence, "report"));
    }
}

/* Of ACPI: where firmware left its log in memory. */
static void show_log_table(const json_t *table)
{
    json_int_t type = json_integer_value(show_at(table, "cc_type"));

    show_rowf("Written for", "%s (type %lld, subtype %lld)",
              type == 1   ? "AMD SEV"
              : type == 2 ? "Intel TDX"
                          : "something else",
              (long long)type, (long long)json_integer_value(show_at(table, "cc_subtype")));
    show_rowf("Log", "%lld bytes at 0x%llx",
              (long long)json_integer_value(show_at(table, "log_size")),
              (unsigned long long)json_integer_value(show_at(table, "log_address")));
}

/* A list of certificates, or one by itself. */
static void show_certificates(const json_t *content)
{
    size_t i;
    json_t *certificate;

    if (!json_object_get(content, "certificates"))
        show_certificate(content);
    json_array_foreach (show_at(content, "certificates"), i, certificate) {
        if (i > 0)
            (void)putchar('\n');
        show_certificate(certificate);
    }
}

void show_pcrs(const json_t *banks)
{
    const char *bank, *index;
    json_t *values, *value;

    json_object_foreach ((json_t *)(uintptr_t)banks, bank, values) {
        json_object_foreach (values, index, value) {
            char label[32];
            (void)snprintf(label, sizeof(label), "%.10s PCR %.3s", bank, index);
            show_row(label, json_is_string(value) ? json_string_value(value) : "");
        }
    }
}

void show_policy(const json_t *explanation)
{
    size_t i;
    json_t *item;

    show_heading("It demands");
    json_array_foreach (show_at(explanation, "demands"), i, item) {
        (void)fputs("- ", stdout);
        show_text(json_is_string(item) ? json_string_value(item) : "");
        (void)putchar('\n');
    }
    if (json_array_size(show_at(explanation, "demands")) == 0)
        (void)puts("- nothing");
    if (json_array_size(show_at(explanation, "uncovered")) == 0)
        return;
    show_heading("It leaves to whoever runs the machine");
    json_array_foreach (show_at(explanation, "uncovered"), i, item) {
        (void)fputs("- ", stdout);
        show_text(show_string(item, "layer"));
        (void)fputs(": ", stdout);
        show_text(show_string(item, "text"));
        (void)putchar('\n');
    }
}

typedef struct Kind {
    const char *name; /* of <attest/result.h> */
    void (*show)(const json_t *content);
} Kind;

static const Kind kinds[] = {
    { "snp-report", show_snp_report },
    { "snp-response", show_snp_response },
    { "snp-certificates", show_snp_certificates },
    { "evidence", show_evidence },
    { "hcl-report", show_hcl_report },
    { "td-quote", show_td_quote },
    { "tpm-quote", show_quote },
    { "tpm-public", show_tpm_public },
    { "tpm-signature", show_tpm_signature },
    { "event-log", show_event_log },
    { "userspace-log", show_userspace_log },
    { "pcrs", show_pcrs },
    { "token", show_token },
    { "jwks", show_jwks },
    { "public-key", show_public_key },
    { "crl", show_crl },
    { "ccel-table", show_log_table },
    { "policy", show_policy },
    { "certificate", show_certificates },
};

void show_content(const char *kind, const json_t *content)
{
    for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
        if (strcmp(kinds[i].name, kind) == 0) {
            kinds[i].show(content);
            return;
        }
    show_tree(content);
}
