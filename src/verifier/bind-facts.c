/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies what is believed.
 */
#include "verifier/bind-facts.h"

#include "verify/genuine-snp.h"

#include <string.h>

static void set(BindFacts *facts, BindKind kind, ByteView value)
{
    BindFact *fact = &facts->items[kind];

    if (value.size != bind_kind_size(kind) || view_is_filled_with(value, 0))
        return;
    memcpy(fact->value, value.data, value.size);
    fact->size = value.size;
}

void bind_facts_read(const Believed *believed, BindFacts *facts)
{
    const Appraisal *appraisal = believed->appraisal;
    const char *vm_id = NULL;

    *facts = (BindFacts){ 0 };
    set(facts, BIND_KIND_AK_NAME, VIEW(appraisal->ak_name));
    if (json_get_string(appraisal->identity, "vm_id", &vm_id) == JSON_OK)
        set(facts, BIND_KIND_VM_ID, view_of_string(vm_id));
    if (!believed->snp)
        return;
    set(facts, BIND_KIND_CHIP_ID, VIEW_OF_ARRAY(believed->snp->report.chip_id));
    set(facts, BIND_KIND_HOST_DATA, VIEW_OF_ARRAY(believed->snp->report.host_data));
    set(facts, BIND_KIND_ID_KEY, VIEW_OF_ARRAY(believed->snp->report.id_key_digest));
}
