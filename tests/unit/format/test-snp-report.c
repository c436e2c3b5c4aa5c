/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SNP report: sizes, versions, product, TCB layout, signature, the firmware's answer.
 */
#include "build.h"
#include "format/snp-report.h"

#define SCALAR_WIRE_SIZE 72

/* A report in which every byte of the signed part is different from its neighbours. */
static void make_report(uint8_t out[static SNP_REPORT_SIZE], uint32_t version)
{
    memset(out, 0, SNP_REPORT_SIZE);
    out[SNP_OFFSET_VERSION] = (uint8_t)version;
    out[SNP_OFFSET_GUEST_SVN] = 7;
    out[SNP_OFFSET_POLICY] = 31;
    out[SNP_OFFSET_POLICY + 1] = 1;
    out[SNP_OFFSET_POLICY + 2] = 3; /* SMT, reserved one */
    out[SNP_OFFSET_SIGNATURE_ALGO] = 1;
    out[SNP_OFFSET_PLATFORM_INFO] = 0x25;
    memset(out + SNP_OFFSET_REPORT_DATA, 0xd1, 64);
    memset(out + SNP_OFFSET_MEASUREMENT, 0xd2, 48);
    memset(out + SNP_OFFSET_REPORT_ID_MA, 0xff, 32);
    memset(out + SNP_OFFSET_CHIP_ID, 0xc1, 64);
    if (version >= 3) {
        out[SNP_OFFSET_CPUID_FAMILY] = 0x19;
        out[SNP_OFFSET_CPUID_MODEL] = 0x11;
        out[SNP_OFFSET_CPUID_STEPPING] = 1;
    }
    out[SNP_OFFSET_CURRENT_BUILD] = 40;
    out[SNP_OFFSET_CURRENT_BUILD + 1] = 55;
    out[SNP_OFFSET_CURRENT_BUILD + 2] = 1;
    out[SNP_OFFSET_SIGNATURE] = 0x11;
    out[SNP_OFFSET_SIGNATURE + 47] = 0x22;
    out[SNP_OFFSET_SIGNATURE + SCALAR_WIRE_SIZE] = 0x33;
}

static SnpReport parse(const uint8_t bytes[static SNP_REPORT_SIZE])
{
    SnpReport report;

    check_int(snp_report_parse((ByteView){ bytes, SNP_REPORT_SIZE }, 0, &report), SNP_REPORT_OK);
    return report;
}

static int try_parse(const uint8_t *bytes, size_t size, unsigned flags)
{
    SnpReport report;

    return snp_report_parse((ByteView){ bytes, size }, flags, &report);
}

static void test_fields_stand_where_they_should(void)
{
    uint8_t raw[SNP_REPORT_SIZE];

    make_report(raw, 5);
    raw[SNP_OFFSET_LAUNCH_MIT_VECTOR] = 0x0b;
    raw[SNP_OFFSET_CURRENT_MIT_VECTOR + 7] = 0x80;
    SnpReport report = parse(raw);
    check_int(report.version, 5);
    check_int(report.guest_svn, 7);
    check_int(snp_policy_abi_major(report.policy), 1);
    check_int(snp_policy_abi_minor(report.policy), 31);
    check(report.policy & SNP_POLICY_SMT && report.policy & SNP_POLICY_RESERVED_ONE);
    check(!(report.policy & SNP_POLICY_DEBUG));
    check(report.platform_info & SNP_PLATFORM_ALIAS_CHECK_COMPLETE);
    check(view_is_filled_with(VIEW_OF_ARRAY(report.report_data), 0xd1));
    check(view_is_filled_with(VIEW_OF_ARRAY(report.measurement), 0xd2));
    check_int(report.current_version.major, 1);
    check_int(report.current_version.minor, 55);
    check_int(report.current_version.build, 40);
    check_int(report.launch_mitigations, 0x0b);
    check(report.current_mitigations == UINT64_C(1) << 63);
    check_int(snp_report_signed_part(&report).size, SNP_SIGNED_SIZE);
    check(snp_report_reserved_is_zero(&report));
    check(!snp_report_has_migration_agent(&report));
    check(!snp_report_chip_id_is_masked(&report));
    check(memcmp(report.raw, raw, sizeof(raw)) == 0);
}

static void test_a_report_of_another_size_is_refused(void)
{
    uint8_t raw[SNP_REPORT_SIZE + 1] = { 0 };

    make_report(raw, 3);
    for (size_t size = 0; size <= sizeof(raw); size++) {
        _cleanup_free_ uint8_t *copy = tight_copy(raw, size);
        int wanted = size == SNP_REPORT_SIZE ? SNP_REPORT_OK : SNP_REPORT_E_SIZE;
        check_int(try_parse(copy, size, 0), wanted);
    }
}

static void test_a_report_of_zeros_is_refused(void)
{
    uint8_t raw[SNP_REPORT_SIZE] = { 0 };

    check_int(try_parse(raw, sizeof(raw), 0), SNP_REPORT_E_EMPTY);
}

static void test_versions(void)
{
    uint8_t raw[SNP_REPORT_SIZE];

    for (uint32_t version = 0; version < 256; version++) {
        int wanted = version < 2   ? SNP_REPORT_E_VERSION
                     : version > 5 ? SNP_REPORT_E_VERSION_NEWER
                                   : SNP_REPORT_OK;
        make_report(raw, version);
        check_int(try_parse(raw, sizeof(raw), 0), wanted);
        check_int(try_parse(raw, sizeof(raw), SNP_REPORT_ACCEPT_NEWER),
                  version < 2 ? SNP_REPORT_E_VERSION : SNP_REPORT_OK);
    }
}

static void test_what_a_version_does_not_have_is_absent(void)
{
    uint8_t raw[SNP_REPORT_SIZE];

    make_report(raw, 2);
    raw[SNP_OFFSET_CPUID_FAMILY] = 0x19;
    raw[SNP_OFFSET_LAUNCH_MIT_VECTOR] = 1;
    SnpReport report = parse(raw);
    check(!report.has_cpuid && report.cpuid_family == 0);
    check(!report.has_mitigations && report.launch_mitigations == 0);
    check(!snp_report_reserved_is_zero(&report));
    check_int(snp_report_product(&report), SNP_PRODUCT_UNKNOWN);

    raw[SNP_OFFSET_VERSION] = 4;
    report = parse(raw);
    check(report.has_cpuid && !report.has_mitigations);
    raw[SNP_OFFSET_VERSION] = 5;
    report = parse(raw);
    check(report.has_cpuid && report.has_mitigations);
}

static void test_reserved_bytes_are_noticed_in_each_place(void)
{
    static const size_t offsets[] = { 0x04c, 0x04f, 0x18b, 0x19f, 0x1eb, 0x1ef, 0x208, 0x29f };
    uint8_t raw[SNP_REPORT_SIZE];
    SnpReport report;

    for (size_t i = 0; i < ELEMENTSOF(offsets); i++) {
        make_report(raw, 5);
        raw[offsets[i]] = 1;
        report = parse(raw);
        check(!snp_report_reserved_is_zero(&report));
    }
    make_report(raw, 5);
    raw[SNP_OFFSET_POLICY + 3] = 4; /* bit 26 */
    report = parse(raw);
    check(!snp_report_reserved_is_zero(&report));
    make_report(raw, 5);
    raw[SNP_OFFSET_KEY_INFO] = 0x20;
    report = parse(raw);
    check(!snp_report_reserved_is_zero(&report));
}

static void test_products_follow_family_and_model(void)
{
    static const struct {
        uint8_t family, model;
        SnpProduct product;
        SnpTcbLayout layout;
    } cases[] = {
        { 0x19, 0x01, SNP_PRODUCT_MILAN, SNP_TCB_LAYOUT_LEGACY },
        { 0x19, 0x0f, SNP_PRODUCT_MILAN, SNP_TCB_LAYOUT_LEGACY },
        { 0x19, 0x10, SNP_PRODUCT_GENOA, SNP_TCB_LAYOUT_LEGACY },
        { 0x19, 0x1f, SNP_PRODUCT_GENOA, SNP_TCB_LAYOUT_LEGACY },
        { 0x19, 0x20, SNP_PRODUCT_UNKNOWN, SNP_TCB_LAYOUT_LEGACY },
        { 0x19, 0xa0, SNP_PRODUCT_GENOA, SNP_TCB_LAYOUT_LEGACY },
        { 0x19, 0xb0, SNP_PRODUCT_UNKNOWN, SNP_TCB_LAYOUT_LEGACY },
        { 0x1a, 0x02, SNP_PRODUCT_TURIN, SNP_TCB_LAYOUT_FMC },
        { 0x1a, 0x11, SNP_PRODUCT_TURIN, SNP_TCB_LAYOUT_FMC },
        { 0x1a, 0x50, SNP_PRODUCT_UNKNOWN, SNP_TCB_LAYOUT_FMC },
        { 0x17, 0x31, SNP_PRODUCT_UNKNOWN, SNP_TCB_LAYOUT_UNKNOWN },
        { 0x00, 0x00, SNP_PRODUCT_UNKNOWN, SNP_TCB_LAYOUT_UNKNOWN },
    };
    uint8_t raw[SNP_REPORT_SIZE];

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        make_report(raw, 3);
        raw[SNP_OFFSET_CPUID_FAMILY] = cases[i].family;
        raw[SNP_OFFSET_CPUID_MODEL] = cases[i].model;
        SnpReport report = parse(raw);
        check_int(snp_report_product(&report), cases[i].product);
        check_int(snp_report_tcb_layout(&report), cases[i].layout);
    }
}

static void test_a_version_2_report_shows_its_layout_by_its_chip_id(void)
{
    uint8_t raw[SNP_REPORT_SIZE];

    make_report(raw, 2);
    SnpReport report = parse(raw);
    check(!snp_report_looks_like_turin(&report));
    check_int(snp_report_tcb_layout(&report), SNP_TCB_LAYOUT_LEGACY);

    memset(raw + SNP_OFFSET_CHIP_ID + 8, 0, 56);
    report = parse(raw);
    check(snp_report_looks_like_turin(&report));
    check_int(snp_report_tcb_layout(&report), SNP_TCB_LAYOUT_FMC);

    memset(raw + SNP_OFFSET_CHIP_ID, 0, 64);
    report = parse(raw);
    check(snp_report_chip_id_is_masked(&report));
    check(!snp_report_looks_like_turin(&report));
    check_int(snp_report_tcb_layout(&report), SNP_TCB_LAYOUT_UNKNOWN);
}

static void test_tcb_layouts(void)
{
    SnpTcbRaw raw = { { 1, 2, 3, 4, 5, 6, 7, 8 } };
    SnpTcb legacy = snp_tcb_decode(raw, SNP_TCB_LAYOUT_LEGACY);
    SnpTcb fmc = snp_tcb_decode(raw, SNP_TCB_LAYOUT_FMC);

    check(!legacy.has_fmc && legacy.fmc == 0);
    check(legacy.boot_loader == 1 && legacy.tee == 2 && legacy.snp == 7 && legacy.microcode == 8);
    check(fmc.has_fmc && fmc.fmc == 1);
    check(fmc.boot_loader == 2 && fmc.tee == 3 && fmc.snp == 4 && fmc.microcode == 8);
    check(!snp_tcb_reserved_is_zero(raw, SNP_TCB_LAYOUT_LEGACY));
    check(!snp_tcb_reserved_is_zero(raw, SNP_TCB_LAYOUT_FMC));
    check(snp_tcb_reserved_is_zero(snp_tcb_encode(&legacy), SNP_TCB_LAYOUT_LEGACY));
    check(snp_tcb_reserved_is_zero(snp_tcb_encode(&fmc), SNP_TCB_LAYOUT_FMC));
}

static void test_a_tcb_is_compared_component_by_component(void)
{
    SnpTcb minimum = { .has_fmc = true, 2, 2, 2, 2, 2 };
    SnpTcb tcb = minimum;

    check(snp_tcb_is_at_least(&tcb, &minimum) && snp_tcb_is_equal(&tcb, &minimum));
    tcb.microcode = 255;
    check(snp_tcb_is_at_least(&tcb, &minimum) && !snp_tcb_is_equal(&tcb, &minimum));
    tcb.fmc = 1;
    check(!snp_tcb_is_at_least(&tcb, &minimum));
    tcb = minimum;
    tcb.boot_loader = 1;
    check(!snp_tcb_is_at_least(&tcb, &minimum));
    tcb = minimum;
    tcb.tee = 1;
    check(!snp_tcb_is_at_least(&tcb, &minimum));
    tcb = minimum;
    tcb.snp = 1;
    check(!snp_tcb_is_at_least(&tcb, &minimum));
    tcb = minimum;
    tcb.has_fmc = false;
    check(!snp_tcb_is_equal(&tcb, &minimum));
}

static void test_key_info(void)
{
    static const SnpSigningKey keys[8] = {
        SNP_SIGNING_KEY_VCEK,     SNP_SIGNING_KEY_VLEK,     SNP_SIGNING_KEY_RESERVED,
        SNP_SIGNING_KEY_RESERVED, SNP_SIGNING_KEY_RESERVED, SNP_SIGNING_KEY_RESERVED,
        SNP_SIGNING_KEY_RESERVED, SNP_SIGNING_KEY_NONE,
    };
    uint8_t raw[SNP_REPORT_SIZE];

    for (uint8_t i = 0; i < 8; i++) {
        make_report(raw, 3);
        raw[SNP_OFFSET_KEY_INFO] = (uint8_t)(i << 2);
        SnpReport report = parse(raw);
        check_int(snp_report_signing_key(&report), keys[i]);
        check(!snp_report_chip_key_is_masked(&report));
    }
    raw[SNP_OFFSET_KEY_INFO] = 2;
    SnpReport report = parse(raw);
    check(snp_report_chip_key_is_masked(&report));
}

static int try_signature(const uint8_t *raw)
{
    uint8_t r[SNP_SCALAR_SIZE], s[SNP_SCALAR_SIZE];
    SnpReport report = parse(raw);

    return snp_report_signature(&report, r, s);
}

static void test_signature_numbers_turn_big_endian(void)
{
    uint8_t raw[SNP_REPORT_SIZE], r[SNP_SCALAR_SIZE], s[SNP_SCALAR_SIZE];

    make_report(raw, 3);
    SnpReport report = parse(raw);
    check_int(snp_report_signature(&report, r, s), SNP_SIGNATURE_OK);
    check_int(r[47], 0x11);
    check_int(r[0], 0x22);
    check_int(s[47], 0x33);
    check_int(s[0], 0);
}

static void test_signatures_that_cannot_be_are_refused(void)
{
    uint8_t raw[SNP_REPORT_SIZE];

    make_report(raw, 3);
    memset(raw + SNP_OFFSET_SIGNATURE, 0, SCALAR_WIRE_SIZE);
    check_int(try_signature(raw), SNP_SIGNATURE_E_ZERO);
    make_report(raw, 3);
    memset(raw + SNP_OFFSET_SIGNATURE + SCALAR_WIRE_SIZE, 0, SCALAR_WIRE_SIZE);
    check_int(try_signature(raw), SNP_SIGNATURE_E_ZERO);
    make_report(raw, 3);
    raw[SNP_OFFSET_SIGNATURE + 48] = 1;
    check_int(try_signature(raw), SNP_SIGNATURE_E_RANGE);
    make_report(raw, 3);
    raw[SNP_OFFSET_SIGNATURE + 2 * SCALAR_WIRE_SIZE - 1] = 1;
    check_int(try_signature(raw), SNP_SIGNATURE_E_RANGE);
    make_report(raw, 3);
    raw[SNP_OFFSET_SIGNATURE + 2 * SCALAR_WIRE_SIZE] = 1;
    check_int(try_signature(raw), SNP_SIGNATURE_E_RESERVED);
    make_report(raw, 3);
    raw[SNP_REPORT_SIZE - 1] = 1;
    check_int(try_signature(raw), SNP_SIGNATURE_E_RESERVED);
}

static void test_product_names_go_both_ways(void)
{
    check_str(snp_product_name(SNP_PRODUCT_MILAN), "Milan");
    check_str(snp_product_name(SNP_PRODUCT_UNKNOWN), "unknown");
    check_int(snp_product_by_name("Genoa"), SNP_PRODUCT_GENOA);
    check_int(snp_product_by_name("Turin"), SNP_PRODUCT_TURIN);
    check_int(snp_product_by_name("unknown"), SNP_PRODUCT_UNKNOWN);
    check_int(snp_product_by_name("milan"), SNP_PRODUCT_UNKNOWN);
    check_int(snp_product_tcb_layout(SNP_PRODUCT_TURIN), SNP_TCB_LAYOUT_FMC);
    check_int(snp_product_tcb_layout(SNP_PRODUCT_UNKNOWN), SNP_TCB_LAYOUT_UNKNOWN);
}

static void test_firmware_versions_compare_major_first(void)
{
    SnpFirmwareVersion old = { 1, 55, 40 };

    check(snp_firmware_version_compare(old, old) == 0);
    check(snp_firmware_version_compare(old, (SnpFirmwareVersion){ 1, 55, 41 }) < 0);
    check(snp_firmware_version_compare(old, (SnpFirmwareVersion){ 1, 54, 99 }) > 0);
    check(snp_firmware_version_compare(old, (SnpFirmwareVersion){ 2, 0, 0 }) < 0);
}

static void test_the_firmware_answer_says_why_not(void)
{
    uint8_t raw[SNP_RESPONSE_SIZE] = { [4] = 0xa0, [5] = 0x04 };
    ByteView report = { 0 };
    uint32_t status = 99;

    check_int(snp_response_parse(VIEW_OF_ARRAY(raw), &status, &report), SNP_RESPONSE_OK);
    check(status == 0 && report.size == SNP_REPORT_SIZE && report.data == raw + 32);

    raw[4] = 0x9f;
    check_int(snp_response_parse(VIEW_OF_ARRAY(raw), &status, &report), SNP_RESPONSE_E_SIZE);
    raw[4] = 0xa0;
    raw[0] = 0x16;
    check_int(snp_response_parse(VIEW_OF_ARRAY(raw), &status, &report), SNP_RESPONSE_E_STATUS);
    check_int(status, 0x16);
    raw[0] = 0;
    for (size_t size = 0; size < 32 + SNP_REPORT_SIZE; size++)
        check_int(snp_response_parse((ByteView){ raw, size }, &status, &report),
                  SNP_RESPONSE_E_TRUNCATED);
}

static const Test tests[] = {
    { "fields stand where they should", test_fields_stand_where_they_should },
    { "a report of another size is refused", test_a_report_of_another_size_is_refused },
    { "a report of zeros is refused", test_a_report_of_zeros_is_refused },
    { "versions 2 to 5 are read, newer ones only on request", test_versions },
    { "what a version does not have is absent", test_what_a_version_does_not_have_is_absent },
    { "reserved bytes are noticed in each place", test_reserved_bytes_are_noticed_in_each_place },
    { "products follow family and model", test_products_follow_family_and_model },
    { "a version 2 report shows its layout by its chip id",
      test_a_version_2_report_shows_its_layout_by_its_chip_id },
    { "a TCB decodes by its layout", test_tcb_layouts },
    { "a TCB is compared component by component", test_a_tcb_is_compared_component_by_component },
    { "key info tells the signing key", test_key_info },
    { "signature numbers turn big-endian", test_signature_numbers_turn_big_endian },
    { "signatures that cannot be are refused", test_signatures_that_cannot_be_are_refused },
    { "product names go both ways", test_product_names_go_both_ways },
    { "firmware versions compare major first", test_firmware_versions_compare_major_first },
    { "the firmware's answer says why not", test_the_firmware_answer_says_why_not },
};

TEST_MAIN(tests)
