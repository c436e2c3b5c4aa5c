/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drafts the object "tdx".
 */
#include "verify/baseline-draft.h"

static void put_versions(Draft *draft, json_t *tdx, const TdxQuote *quote)
{
    draft_put(draft, tdx, "minimum_tee_tcb_svn", draft_hex(VIEW_OF_ARRAY(quote->tee_tcb_svn)));
    draft_put_number(draft, tdx, "minimum_qe_svn", quote->qe.isv_svn);
    draft_put_digest(draft, tdx, "mr_seams", VIEW_OF_ARRAY(quote->mr_seam));
    draft_note(
        draft, "/tdx/minimum_tee_tcb_svn", "host firmware",
        "a minimum, byte by byte: raise it after an update; a module of a new line may count "
        "a byte from 0 again");
    draft_note(draft, "/tdx/mr_seams", "host firmware",
               "another module with each update of it; remove it and rely on the minimum");
}

json_t *draft_tdx(Draft *draft)
{
    const TdxQuote *quote = &draft->believed->tdx->quote;
    const TdxTdInfo *td = &quote->td;
    bool debug = (td->attributes & TDX_ATTRIBUTES_UNDER_DEBUG) != 0;
    json_t *tdx = json_object();

    draft_put_text(draft, tdx, "comment",
                   "The TD quote as it was. Zeros in a list mean that there was none.");
    put_versions(draft, tdx, quote);
    draft_put(draft, tdx, "debug", json_boolean(debug));
    draft_put(draft, tdx, "migratable", json_boolean(td->attributes & TDX_ATTRIBUTE_MIGRATABLE));
    draft_put_mask(draft, tdx, "attributes", td->attributes);
    draft_put_mask(draft, tdx, "xfam", td->xfam);
    draft_put_measurement(draft, tdx, VIEW_OF_ARRAY(td->mr_td));
    draft_put_digest(draft, tdx, "mr_config_ids", VIEW_OF_ARRAY(td->mr_config_id));
    draft_put_digest(draft, tdx, "mr_owners", VIEW_OF_ARRAY(td->mr_owner));
    draft_put_digest(draft, tdx, "mr_owner_configs", VIEW_OF_ARRAY(td->mr_owner_config));
    if (debug)
        draft_note(draft, "/tdx/debug", "redeployment",
                   "WARNING: the host may read and write all memory of this machine; start it "
                   "without the debug attribute and draft again");
    draft_note(draft, "/tdx/measurements", "guest firmware",
               "another value with every build of the paravisor");
    draft_note(draft, "/tdx/xfam", "machine size", "exact: another kind of processor may set more");
    return tdx;
}
