/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing events and replaying them in the same breath.
 */
#include "sim-log.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

static const SimBank known_banks[] = {
    { .name = "sha1", .algorithm = 0x0004, .size = 20 },
    { .name = "sha256", .algorithm = 0x000b, .size = 32 },
    { .name = "sha384", .algorithm = 0x000c, .size = 48 },
};

void sim_log_done(SimLog *log)
{
    bytes_done(&log->bytes);
    free(log->extensions);
    *log = (SimLog){ 0 };
}

static int add_bank(SimLog *log, const char *name, size_t length)
{
    for (size_t i = 0; i < log->n_banks; i++)
        if (strlen(log->banks[i].name) == length && memcmp(log->banks[i].name, name, length) == 0)
            return -EINVAL;
    for (size_t i = 0; i < ELEMENTSOF(known_banks); i++)
        if (strlen(known_banks[i].name) == length &&
            memcmp(known_banks[i].name, name, length) == 0) {
            log->banks[log->n_banks++] = known_banks[i];
            return 0;
        }
    return -EINVAL;
}

static int parse_banks(SimLog *log, const char *text)
{
    for (;;) {
        const char *comma = strchrnul(text, ',');
        int r = add_bank(log, text, (size_t)(comma - text));
        if (r < 0 || *comma == 0)
            return r;
        text = comma + 1;
    }
}

/* TCG_EfiSpecIDEvent in the legacy record layout, with which every crypto-agile log starts. */
static int append_spec_id(SimLog *log)
{
    static const uint8_t signature[16] = "Spec ID Event03";
    static const uint8_t sha1_of_nothing[20] = { 0 };
    static const uint8_t version[] = { 0, 2, 0, 2 }; /* minor, major, errata, 64-bit */
    Bytes *out = &log->bytes;

    int r = bytes_append_le32(out, 0);
    if (r == 0)
        r = bytes_append_le32(out, EV_NO_ACTION);
    if (r == 0)
        r = bytes_append(out, VIEW_OF_ARRAY(sha1_of_nothing));
    if (r == 0)
        r = bytes_append_le32(out, (uint32_t)(29 + 4 * log->n_banks));
    if (r == 0)
        r = bytes_append(out, VIEW_OF_ARRAY(signature));
    if (r == 0)
        r = bytes_append_le32(out, 0);
    if (r == 0)
        r = bytes_append(out, VIEW_OF_ARRAY(version));
    if (r == 0)
        r = bytes_append_le32(out, (uint32_t)log->n_banks);
    for (size_t i = 0; r == 0 && i < log->n_banks; i++) {
        r = bytes_append_le16(out, log->banks[i].algorithm);
        if (r == 0)
            r = bytes_append_le16(out, log->banks[i].size);
    }
    return r == 0 ? bytes_append_u8(out, 0) : r;
}

int sim_log_begin(SimLog *log, const char *banks)
{
    *log = (SimLog){ 0 };
    int r = parse_banks(log, banks);
    return r == 0 ? append_spec_id(log) : r;
}

static int digest(const SimBank *bank, ByteView bytes, uint8_t *out)
{
    if (EVP_Digest(bytes.data, bytes.size, out, NULL, EVP_get_digestbyname(bank->name), NULL) != 1)
        return -ENOTRECOVERABLE;
    return 0;
}

static int extend_pcr(SimLog *log, size_t bank, const SimExtension *extension)
{
    uint8_t joined[2 * SIM_DIGEST_SIZE];
    const size_t size = log->banks[bank].size;
    uint8_t *pcr = log->pcrs[bank][extension->pcr];

    memcpy(joined, pcr, size);
    memcpy(joined + size, extension->digests[bank], size);
    return digest(&log->banks[bank], (ByteView){ .data = joined, .size = 2 * size }, pcr);
}

int sim_log_extend(SimLog *log, uint32_t pcr, ByteView hashed, const SimExtension **ret)
{
    SimExtension extension = { .pcr = pcr };

    if (pcr >= SIM_N_PCRS)
        return -EINVAL;
    SimExtension *grown =
        reallocarray(log->extensions, log->n_extensions + 1, sizeof(*log->extensions));
    if (!grown)
        return -ENOMEM;
    log->extensions = grown;
    for (size_t i = 0; i < log->n_banks; i++) {
        int r = digest(&log->banks[i], hashed, extension.digests[i]);
        if (r == 0)
            r = extend_pcr(log, i, &extension);
        if (r < 0)
            return r;
    }
    log->extensions[log->n_extensions] = extension;
    if (ret)
        *ret = &log->extensions[log->n_extensions];
    log->n_extensions++;
    return 0;
}

/* TCG_PCR_EVENT2: index, type, digests, size, data. */
int sim_log_event(SimLog *log, uint32_t pcr, uint32_t type, ByteView data, ByteView hashed)
{
    const SimExtension *extension = NULL;
    Bytes *out = &log->bytes;

    int r = sim_log_extend(log, pcr, hashed, &extension);
    if (r == 0)
        r = bytes_append_le32(out, pcr);
    if (r == 0)
        r = bytes_append_le32(out, type);
    if (r == 0)
        r = bytes_append_le32(out, (uint32_t)log->n_banks);
    for (size_t i = 0; r == 0 && i < log->n_banks; i++) {
        r = bytes_append_le16(out, log->banks[i].algorithm);
        if (r == 0)
            r = bytes_append(
                out, (ByteView){ .data = extension->digests[i], .size = log->banks[i].size });
    }
    if (r == 0)
        r = bytes_append_le32(out, (uint32_t)data.size);
    return r == 0 ? bytes_append(out, data) : r;
}

int sim_log_plain(SimLog *log, uint32_t pcr, uint32_t type, ByteView data)
{
    return sim_log_event(log, pcr, type, data, data);
}
