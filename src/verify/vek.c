/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads AMD's private extensions.
 */
#include "verify/vek.h"

#include <stdio.h>
#include <string.h>

#define OID_TCB    "1.3.6.1.4.1.3704.1.3." /* blSPL … fmcSPL */
#define OID_HWID   "1.3.6.1.4.1.3704.1.4"
#define OID_CSP_ID "1.3.6.1.4.1.3704.1.5"

const char *vek_reason(int reason)
{
    switch (reason) {
    case VEK_E_TCB:
        return "its TCB extensions";
    case VEK_E_HWID:
        return "its hwID extension";
    case VEK_E_CSP_ID:
        return "its cspID extension";
    default:
        return "nothing";
    }
}

/* INTEGER from 0 to 255 in minimal DER: 02 01 xx, or 02 02 00 xx from 0x80 on. */
static bool read_integer(ByteView content, uint8_t *ret)
{
    if (content.size == 3 && content.data[0] == 0x02 && content.data[1] == 1 &&
        content.data[2] < 0x80) {
        *ret = content.data[2];
        return true;
    }
    if (content.size == 4 && content.data[0] == 0x02 && content.data[1] == 2 &&
        content.data[2] == 0 && content.data[3] >= 0x80) {
        *ret = content.data[3];
        return true;
    }
    return false;
}

/* The ones AMD reserves may be absent and must be 0; FMC is there from Turin on. */
static int read_tcb(const Certificate *certificate, SnpTcb *ret)
{
    SnpTcb tcb = { 0 };
    uint8_t reserved[4] = { 0 };
    const struct {
        unsigned suffix;
        bool optional;
        uint8_t *value;
    } components[] = {
        { 1, false, &tcb.boot_loader }, { 2, false, &tcb.tee },       { 3, false, &tcb.snp },
        { 4, true, &reserved[0] },      { 5, true, &reserved[1] },    { 6, true, &reserved[2] },
        { 7, true, &reserved[3] },      { 8, false, &tcb.microcode }, { 9, true, &tcb.fmc },
    };

    for (size_t i = 0; i < ELEMENTSOF(components); i++) {
        char oid[sizeof(OID_TCB) + 1];
        ByteView content;
        (void)snprintf(oid, sizeof(oid), OID_TCB "%u", components[i].suffix);
        if (certificate_extension(certificate, oid, &content) != CERTIFICATE_OK) {
            if (components[i].optional)
                continue;
            return VEK_E_TCB;
        }
        if (!read_integer(content, components[i].value))
            return VEK_E_TCB;
        tcb.has_fmc |= components[i].value == &tcb.fmc;
    }
    if (!view_is_filled_with(VIEW_OF_ARRAY(reserved), 0))
        return VEK_E_TCB;
    *ret = tcb;
    return VEK_OK;
}

/* By length, never by first byte: 64 or 8 raw bytes, or 04 40 / 04 08 before them. */
static int read_hwid(const Certificate *certificate, Vek *vek)
{
    ByteView content;

    if (certificate_extension(certificate, OID_HWID, &content) != CERTIFICATE_OK)
        return VEK_OK;
    if (content.size == 66 || content.size == 10) {
        if (content.data[0] != 0x04 || content.data[1] != content.size - 2)
            return VEK_E_HWID;
        content.data += 2;
        content.size -= 2;
    }
    if (content.size != 64 && content.size != 8)
        return VEK_E_HWID;
    memcpy(vek->hwid, content.data, content.size);
    vek->hwid_size = content.size;
    return VEK_OK;
}

static int read_csp_id(const Certificate *certificate, Vek *vek)
{
    ByteView content;

    if (certificate_extension(certificate, OID_CSP_ID, &content) != CERTIFICATE_OK)
        return VEK_OK;
    if (content.size < 3 || content.data[0] != 0x16 /* IA5String */ ||
        content.data[1] != content.size - 2 || content.size - 2 >= sizeof(vek->csp_id))
        return VEK_E_CSP_ID;
    for (size_t i = 2; i < content.size; i++)
        if (content.data[i] < 0x20 || content.data[i] > 0x7e)
            return VEK_E_CSP_ID;
    memcpy(vek->csp_id, content.data + 2, content.size - 2);
    return VEK_OK;
}

int vek_parse(const Certificate *certificate, Vek *ret)
{
    Vek vek = { 0 };

    int r = read_tcb(certificate, &vek.tcb);
    if (r == VEK_OK)
        r = read_hwid(certificate, &vek);
    if (r == VEK_OK)
        r = read_csp_id(certificate, &vek);
    if (r == VEK_OK)
        *ret = vek;
    return r;
}
