/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Azure's paravisor says: the hardware's report inside, and the claims that the report names.
 */
#include "ctl/show-content.h"

static void show_head(const json_t *hcl)
{
    show_field(hcl, "Header version", "header_version");
    show_field(hcl, "Hardware", "runtime_data.report_type_name");
    show_field(hcl, "Claims hash", "runtime_data.hash_type_name");
    show_field(hcl, "Keys", "key_ids");
    show_field(hcl, "User data", "user_data");
}

/* Of an inspection, where the parts lie side by side, or of "hcl" in claims. */
void show_hcl_report(const json_t *hcl)
{
    const json_t *inner = json_object_get(hcl, "hcl"), *report = json_object_get(hcl, "report");
    const json_t *head = inner ? inner : hcl;

    show_head(head);
    if (show_at(head, "vm_configuration")) {
        show_heading("The machine, as the paravisor was told");
        show_tree(show_at(head, "vm_configuration"));
    }
    show_field(hcl, "Claims bound", "runtime_claims_hash_matches_report_data");
    show_field(hcl, "TDREPORT data", "tdreport_report_data");
    if (report) {
        show_heading("SEV-SNP report inside");
        show_snp_report(report);
    }
}
