/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificate table a host hands out with an extended report (GHCB 56421, 4.1.8.1): honest,
 * partial, too large or hostile.
 */
#include "sim-chip.h"

#include "sim-x509.h"

#include <errno.h>
#include <string.h>

#define ENTRY_SIZE    24u     /* GUID, u32 offset, u32 length */
#define BLOB_ALIGN    8u      /* bytes */
#define OVERSIZE_BLOB 0x5000u /* bytes: more than the 16 KiB that a guest can receive */

/* GUIDs in the order they print in, which is how the table holds them. */
const uint8_t sim_guid_vcek[16] = { 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64,
                                    0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd };
const uint8_t sim_guid_vlek[16] = { 0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e,
                                    0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8, 0xa1 };
const uint8_t sim_guid_ask[16] = { 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4,
                                   0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82 };
const uint8_t sim_guid_ark[16] = { 0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52,
                                   0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0, 0xae };
const uint8_t sim_guid_crl[16] = { 0x92, 0xf8, 0x1b, 0xc3, 0x58, 0x11, 0x4d, 0x3d,
                                   0x97, 0xff, 0xd1, 0x9f, 0x88, 0xdc, 0x67, 0xea };

static int append_padding(Bytes *table)
{
    while (table->size % BLOB_ALIGN != 0) {
        int r = bytes_append_u8(table, 0);
        if (r < 0)
            return r;
    }
    return 0;
}

static int append_entry(Bytes *table, const uint8_t *guid, uint32_t offset, uint32_t length)
{
    int r = bytes_append(table, (ByteView){ .data = guid, .size = 16 });

    if (r == 0)
        r = bytes_append_le32(table, offset);
    if (r == 0)
        r = bytes_append_le32(table, length);
    return r;
}

int sim_table_emit(const SimTableEntry *entries, size_t n_entries, Bytes *ret)
{
    static const uint8_t terminator[ENTRY_SIZE] = { 0 };
    _cleanup_bytes_ Bytes table = { 0 };
    size_t offset = (n_entries + 1) * ENTRY_SIZE;
    int r = 0;

    for (size_t i = 0; r == 0 && i < n_entries; i++) {
        r = append_entry(&table, entries[i].guid, (uint32_t)offset, (uint32_t)entries[i].blob.size);
        offset += (entries[i].blob.size + BLOB_ALIGN - 1) / BLOB_ALIGN * BLOB_ALIGN;
    }
    if (r == 0)
        r = bytes_append(&table, VIEW_OF_ARRAY(terminator));
    for (size_t i = 0; r == 0 && i < n_entries; i++) {
        r = append_padding(&table);
        if (r == 0)
            r = bytes_append(&table, entries[i].blob);
    }
    if (r == 0)
        *ret = TAKE_STRUCT(table);
    return r;
}

int sim_table_set_from_string(const char *text, SimTableSet *ret)
{
    static const struct {
        const char *name;
        SimTableSet set;
    } sets[] = {
        { "full", SIM_TABLE_FULL },         { "vcek", SIM_TABLE_LEAF },
        { "none", SIM_TABLE_NONE },         { "pem", SIM_TABLE_PEM },
        { "oversize", SIM_TABLE_OVERSIZE }, { "hostile", SIM_TABLE_HOSTILE },
    };

    for (size_t i = 0; i < ELEMENTSOF(sets); i++)
        if (strcmp(text, sets[i].name) == 0) {
            *ret = sets[i].set;
            return SIM_OK;
        }
    return SIM_E_NAME;
}

static int table_of_pem(const SimTableEntry *entries, size_t n_entries, Bytes *ret)
{
    SimTableEntry texts[3] = { 0 };
    Bytes pems[3] = { 0 };
    int r = SIM_OK;

    for (size_t i = 0; r == SIM_OK && i < n_entries; i++) {
        r = sim_certificate_to_pem(entries[i].blob, &pems[i]);
        texts[i] = (SimTableEntry){ .guid = entries[i].guid, .blob = VIEW(pems[i]) };
    }
    if (r == SIM_OK)
        r = sim_table_emit(texts, n_entries, ret);
    for (size_t i = 0; i < ELEMENTSOF(pems); i++)
        bytes_done(&pems[i]);
    return r;
}

static int table_oversize(const SimTableEntry *entries, Bytes *ret)
{
    _cleanup_bytes_ Bytes filler = { 0 };
    int r = bytes_new(OVERSIZE_BLOB, &filler);
    if (r < 0)
        return r;

    const SimTableEntry large[] = {
        entries[0], entries[1], entries[2], { .guid = sim_guid_crl, .blob = VIEW(filler) }
    };
    return sim_table_emit(large, ELEMENTSOF(large), ret);
}

/*
 * Each entry is a trap of its own: a sum that wraps 32 bits, one that lies outside, an offset into
 * the header, no length, the same GUID twice, and no zero entry at the end.
 */
static int table_hostile(const uint8_t *leaf_guid, Bytes *ret)
{
    const struct {
        const uint8_t *guid;
        uint32_t offset, length;
    } traps[] = {
        { leaf_guid, UINT32_C(0xfffffff0), 0x40 },    { sim_guid_ask, 0x10, 0x20 },
        { sim_guid_ark, 0x90, UINT32_C(0xffffffff) }, { sim_guid_crl, 0x90, 0 },
        { leaf_guid, 0x7fffffff, 0x7fffffff },        { leaf_guid, 0x1000, 0x1000 },
    };
    _cleanup_bytes_ Bytes table = { 0 };
    int r = 0;

    for (size_t i = 0; r == 0 && i < ELEMENTSOF(traps); i++)
        r = append_entry(&table, traps[i].guid, traps[i].offset, traps[i].length);
    if (r == 0)
        *ret = TAKE_STRUCT(table);
    return r;
}

int sim_chip_table(const SimChip *chip, SimTableSet set, SimSigner signer, ByteView leaf,
                   Bytes *ret)
{
    const bool vlek = signer == SIM_VLEK;
    const uint8_t *leaf_guid = vlek ? sim_guid_vlek : sim_guid_vcek;
    const SimTableEntry entries[] = {
        { leaf_guid, leaf.size > 0 ? leaf : sim_chip_certificate(chip, vlek ? "vlek" : "vcek") },
        { sim_guid_ask, sim_chip_certificate(chip, vlek ? "asvk" : "ask") },
        { sim_guid_ark, sim_chip_certificate(chip, "ark") },
    };

    switch (set) {
    case SIM_TABLE_FULL:
        return sim_table_emit(entries, ELEMENTSOF(entries), ret);
    case SIM_TABLE_LEAF:
        return sim_table_emit(entries, 1, ret);
    case SIM_TABLE_NONE:
        return bytes_new(0, ret);
    case SIM_TABLE_PEM:
        return table_of_pem(entries, ELEMENTSOF(entries), ret);
    case SIM_TABLE_OVERSIZE:
        return table_oversize(entries, ret);
    case SIM_TABLE_HOSTILE:
        return table_hostile(leaf_guid, ret);
    }
    return SIM_E_NAME;
}
