/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCR files of every form: what is read is whole, and reads the same once it is written as JSON.
 */
#include "base/encode.h"
#include "format/pcr-file.h"
#include "fuzz/require.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static json_t *to_json(const PcrFile *file)
{
    json_t *json = json_object();

    require(json);
    for (size_t i = 0; i < file->n_banks; i++) {
        json_t *values = json_object();
        require(values && file->banks[i].mask != 0);
        require(file->banks[i].digest_size == tpm_alg_digest_size(file->banks[i].bank));
        for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
            char name[8];
            if (!(file->banks[i].mask & UINT32_C(1) << pcr))
                continue;
            (void)snprintf(name, sizeof(name), "%u", pcr);
            require(json_set_hex(values, name, evidence_pcr(&file->banks[i], pcr)) == 0);
        }
        require(json_object_set_new(json, tpm_alg_name(file->banks[i].bank), values) == 0);
    }
    return json;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    PcrFile file, again;

    int r = pcr_file_parse((ByteView){ data, size }, &file);
    require(r >= 0 && strcmp(pcr_file_reason(r), "unknown") != 0);
    if (r)
        return 0;
    require(file.n_banks > 0);
    json_auto_t *json = to_json(&file);
    _cleanup_free_ char *text = json_text(json);
    require(text && pcr_file_parse(view_of_string(text), &again) == PCR_FILE_OK);
    require(again.n_banks == file.n_banks);
    for (size_t i = 0; i < file.n_banks; i++) {
        const EvidencePcrs *bank = pcr_file_bank(&again, file.banks[i].bank);
        require(bank && bank->mask == file.banks[i].mask);
        for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++)
            require(view_equal(evidence_pcr(bank, pcr), evidence_pcr(&file.banks[i], pcr)));
    }
    return 0;
}
