/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking response codes up in a caller's table.
 */
#include "tpm/tpm-answer.h"

#include <stdio.h>

int tpm_answer(TpmContext *tpm, const TpmNoTable *table, const char *command, TSS2_RC rc)
{
    int r = tpm_result(tpm, command, rc);

    if (r == 0)
        return 0;
    for (size_t i = 0; i < table->n_rows; i++) {
        if (table->rows[i].code != tpm_code_base(rc))
            continue;
        tpm->failure.finding = table->finding(table->rows[i].no);
        return table->rows[i].no;
    }
    return r;
}

int tpm_say_no(TpmContext *tpm, const TpmNoTable *table, int no, const char *text)
{
    tpm->failure.finding = table->finding(no);
    (void)snprintf(tpm->failure.text, sizeof(tpm->failure.text), "%s", text);
    return no;
}
