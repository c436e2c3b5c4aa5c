/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Line by line.
 */
#include "format/pcr-text.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define DIGEST_TEXT_MAX (2 + 2 * TPM_DIGEST_SIZE_MAX) /* characters, "0x" included */

/* Cuts white space at both ends, in place. */
static char *strip(char *text)
{
    size_t length;

    text += strspn(text, " \t\r");
    length = strlen(text);
    while (length > 0 && strchr(" \t\r", text[length - 1]))
        text[--length] = 0;
    return text;
}

/* "0x0123ABCD" */
static int add_value(EvidencePcrs *pcrs, unsigned pcr, char *text)
{
    if (strlen(text) > DIGEST_TEXT_MAX || strncasecmp(text, "0x", 2) != 0)
        return PCR_FILE_E_VALUE;
    for (char *at = text += 2; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return pcr_file_add_hex(pcrs, pcr, text);
}

static int read_line(char *line, PcrFile *file, EvidencePcrs **bank)
{
    char *value = line;
    char *name = strip(strsep(&value, ":"));
    unsigned pcr;

    if (!value)
        return name[0] == 0 ? PCR_FILE_OK : PCR_FILE_E_SYNTAX;
    value = strip(value);
    if (value[0] == 0)
        return pcr_file_add_bank(file, tpm_alg_hash_by_name(name), bank);
    if (!*bank)
        return PCR_FILE_E_SYNTAX;
    return pcr_file_number(name, &pcr) ? add_value(*bank, pcr, value) : PCR_FILE_E_PCR;
}

int pcr_text_read(ByteView bytes, PcrFile *file)
{
    _cleanup_bytes_ Bytes copy = { 0 };
    EvidencePcrs *bank = NULL;

    if (memchr(bytes.data, 0, bytes.size))
        return PCR_FILE_E_SYNTAX;
    int r = bytes_copy(bytes, &copy);
    if (r < 0)
        return r;
    for (char *rest = (char *)copy.data, *line; (line = strsep(&rest, "\n"));) {
        r = read_line(line, file, &bank);
        if (r)
            return r;
    }
    return PCR_FILE_OK;
}
