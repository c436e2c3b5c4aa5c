/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SNP attestation report: bytes to fields, after the table in SNP Firmware ABI 7.3.
 */
#include "format/snp-report.h"

#include "base/reader.h"

#include <string.h>

#define WIRE_SCALAR_SIZE 72 /* R and S are stored in 72 bytes each, for any curve */

static SnpFirmwareVersion read_firmware_version(Reader *reader)
{
    SnpFirmwareVersion version;

    version.build = reader_u8(reader);
    version.minor = reader_u8(reader);
    version.major = reader_u8(reader);
    reader_skip(reader, 1);
    return version;
}

/* 0x000 to 0x04f */
static void read_head(Reader *reader, SnpReport *report)
{
    report->version = reader_le32(reader);
    report->guest_svn = reader_le32(reader);
    report->policy = reader_le64(reader);
    reader_copy(reader, report->family_id, sizeof(report->family_id));
    reader_copy(reader, report->image_id, sizeof(report->image_id));
    report->vmpl = reader_le32(reader);
    report->signature_algo = reader_le32(reader);
    reader_copy(reader, report->current_tcb.bytes, sizeof(report->current_tcb.bytes));
    report->platform_info = reader_le64(reader);
    report->key_info = reader_le32(reader);
    reader_skip(reader, 4);
}

/* 0x050 to 0x187 */
static void read_identity(Reader *reader, SnpReport *report)
{
    reader_copy(reader, report->report_data, sizeof(report->report_data));
    reader_copy(reader, report->measurement, sizeof(report->measurement));
    reader_copy(reader, report->host_data, sizeof(report->host_data));
    reader_copy(reader, report->id_key_digest, sizeof(report->id_key_digest));
    reader_copy(reader, report->author_key_digest, sizeof(report->author_key_digest));
    reader_copy(reader, report->report_id, sizeof(report->report_id));
    reader_copy(reader, report->report_id_ma, sizeof(report->report_id_ma));
    reader_copy(reader, report->reported_tcb.bytes, sizeof(report->reported_tcb.bytes));
}

/* 0x188 to 0x207 */
static void read_platform(Reader *reader, SnpReport *report)
{
    report->has_cpuid = report->version >= 3;
    if (report->has_cpuid) {
        report->cpuid_family = reader_u8(reader);
        report->cpuid_model = reader_u8(reader);
        report->cpuid_stepping = reader_u8(reader);
        reader_skip(reader, 21);
    } else {
        reader_skip(reader, 24);
    }

    reader_copy(reader, report->chip_id, sizeof(report->chip_id));
    reader_copy(reader, report->committed_tcb.bytes, sizeof(report->committed_tcb.bytes));
    report->current_version = read_firmware_version(reader);
    report->committed_version = read_firmware_version(reader);
    reader_copy(reader, report->launch_tcb.bytes, sizeof(report->launch_tcb.bytes));

    report->has_mitigations = report->version >= 5;
    if (report->has_mitigations) {
        report->launch_mitigations = reader_le64(reader);
        report->current_mitigations = reader_le64(reader);
    }
}

static int judge_version(uint32_t version, unsigned flags)
{
    if (version < 1 || (version < 2 && !(flags & SNP_REPORT_ACCEPT_FIRST)))
        return SNP_REPORT_E_VERSION;
    if (version > SNP_REPORT_VERSION_MAX && !(flags & SNP_REPORT_ACCEPT_NEWER))
        return SNP_REPORT_E_VERSION_NEWER;
    return SNP_REPORT_OK;
}

int snp_report_parse(ByteView bytes, unsigned flags, SnpReport *ret)
{
    SnpReport report = { 0 };
    Reader reader = reader_over(bytes);

    if (bytes.size != SNP_REPORT_SIZE)
        return SNP_REPORT_E_SIZE;
    if (view_is_filled_with(bytes, 0))
        return SNP_REPORT_E_EMPTY;

    read_head(&reader, &report);
    int r = judge_version(report.version, flags);
    if (r)
        return r;
    read_identity(&reader, &report);
    read_platform(&reader, &report);
    if (reader_check(&reader))
        return SNP_REPORT_E_SIZE;

    memcpy(report.raw, bytes.data, sizeof(report.raw));
    *ret = report;
    return SNP_REPORT_OK;
}

ByteView snp_report_signed_part(const SnpReport *report)
{
    return (ByteView){ .data = report->raw, .size = SNP_SIGNED_SIZE };
}

static ByteView part(const SnpReport *report, size_t offset, size_t size)
{
    return (ByteView){ .data = report->raw + offset, .size = size };
}

/* Little-endian in 72 bytes to big-endian in 48. */
static int read_scalar(ByteView wire, uint8_t out[static SNP_SCALAR_SIZE])
{
    ByteView excess = { wire.data + SNP_SCALAR_SIZE, WIRE_SCALAR_SIZE - SNP_SCALAR_SIZE };

    if (view_is_filled_with(wire, 0))
        return SNP_SIGNATURE_E_ZERO;
    if (!view_is_filled_with(excess, 0))
        return SNP_SIGNATURE_E_RANGE;
    for (size_t i = 0; i < SNP_SCALAR_SIZE; i++)
        out[i] = wire.data[SNP_SCALAR_SIZE - 1 - i];
    return SNP_SIGNATURE_OK;
}

int snp_report_signature(const SnpReport *report, uint8_t ret_r[SNP_SCALAR_SIZE],
                         uint8_t ret_s[SNP_SCALAR_SIZE])
{
    uint8_t big_r[SNP_SCALAR_SIZE], big_s[SNP_SCALAR_SIZE];
    size_t tail = SNP_OFFSET_SIGNATURE + 2 * WIRE_SCALAR_SIZE;

    int r = read_scalar(part(report, SNP_OFFSET_SIGNATURE, WIRE_SCALAR_SIZE), big_r);
    if (r)
        return r;
    r = read_scalar(part(report, SNP_OFFSET_SIGNATURE + WIRE_SCALAR_SIZE, WIRE_SCALAR_SIZE), big_s);
    if (r)
        return r;
    if (!view_is_filled_with(part(report, tail, SNP_REPORT_SIZE - tail), 0))
        return SNP_SIGNATURE_E_RESERVED;

    memcpy(ret_r, big_r, sizeof(big_r));
    memcpy(ret_s, big_s, sizeof(big_s));
    return SNP_SIGNATURE_OK;
}

SnpSigningKey snp_report_signing_key(const SnpReport *report)
{
    switch (report->key_info >> SNP_KEY_INFO_SIGNING_KEY_SHIFT & 7) {
    case 0:
        return SNP_SIGNING_KEY_VCEK;
    case 1:
        return SNP_SIGNING_KEY_VLEK;
    case 7:
        return SNP_SIGNING_KEY_NONE;
    }
    return SNP_SIGNING_KEY_RESERVED;
}

bool snp_report_chip_key_is_masked(const SnpReport *report)
{
    return (report->key_info & SNP_KEY_INFO_MASK_CHIP_KEY) != 0;
}

bool snp_report_chip_id_is_masked(const SnpReport *report)
{
    return view_is_filled_with(VIEW_OF_ARRAY(report->chip_id), 0);
}

bool snp_report_has_migration_agent(const SnpReport *report)
{
    return !view_is_filled_with(VIEW_OF_ARRAY(report->report_id_ma), 0xff);
}

bool snp_report_reserved_is_zero(const SnpReport *report)
{
    static const struct {
        uint16_t offset;
        uint16_t size;
        uint8_t from, to; /* report versions, inclusive */
    } reserved[] = {
        { 0x04c, 4, 2, 255 }, { 0x188, 24, 2, 2 },  { 0x18b, 21, 3, 255 },  { 0x1eb, 1, 2, 255 },
        { 0x1ef, 1, 2, 255 }, { 0x1f8, 168, 2, 4 }, { 0x208, 152, 5, 255 },
    };
    uint64_t policy = report->policy >> (report->version >= 5 ? 26 : 25);

    for (size_t i = 0; i < ELEMENTSOF(reserved); i++)
        if (report->version >= reserved[i].from && report->version <= reserved[i].to &&
            !view_is_filled_with(part(report, reserved[i].offset, reserved[i].size), 0))
            return false;
    return policy == 0 && report->platform_info >> 8 == 0 && report->key_info >> 5 == 0;
}
