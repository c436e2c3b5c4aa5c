/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/bind-values.h"

#include "format/bundle.h"
#include "testing.h"

#define REPORT_SIZE  1184 /* SNP ABI, table 23 */
#define ALGORITHM_AT 0x34
#define HOST_DATA_AT 0xc0
#define ID_KEY_AT    0xe0
#define CHIP_ID_AT   0x1a0

#define REFUSED 2 /* EXIT_CLASS_USAGE */

/* A report that nobody signed. */
static void make_report(uint8_t out[static REPORT_SIZE])
{
    memset(out, 0, REPORT_SIZE);
    out[0] = 2;
    out[ALGORITHM_AT] = 1;
    memset(out + HOST_DATA_AT, 0x11, 32);
    memset(out + ID_KEY_AT, 0x22, 48);
    memset(out + CHIP_ID_AT, 0x33, 64);
}

static Bytes make_evidence(ByteView report, ByteView hcl)
{
    _cleanup_evidence_ Evidence evidence = { 0 };
    Bytes json = { 0 };

    check_int(bytes_copy(view_of_string("{}"), &evidence.claims), 0);
    if (report.size > 0) {
        evidence.cpu.provider = strdup("sev_guest");
        check_int(bytes_copy(report, &evidence.cpu.outblob), 0);
    }
    if (hcl.size > 0)
        check_int(bytes_copy(hcl, &evidence.hcl), 0);
    check_int(evidence_emit(&evidence, &json), 0);
    return json;
}

static GateFile gate_of(unsigned binds)
{
    return (GateFile){ .kind = GATE_KIND_REWRAP, .binds = binds };
}

static void check_value(const json_t *values, const char *name, uint8_t byte)
{
    _cleanup_bytes_ Bytes value = { 0 };

    check_int(json_get_base64url(values, name, BIND_VALUE_MAX, &value), 0);
    for (size_t i = 0; i < value.size; i++)
        check_int(value.data[i], byte);
}

static void test_the_report_gives_chip_host_data_and_identity_key(void)
{
    GateFile gate = gate_of(BIND_BIT(BIND_KIND_AK_NAME) | BIND_BIT(BIND_KIND_CHIP_ID) |
                            BIND_BIT(BIND_KIND_HOST_DATA) | BIND_BIT(BIND_KIND_ID_KEY));
    json_auto_t *values = NULL;
    uint8_t report[REPORT_SIZE];

    make_report(report);
    _cleanup_bytes_ Bytes evidence = make_evidence(VIEW_OF_ARRAY(report), (ByteView){ 0 });
    check_int(bind_values(&gate, VIEW(evidence), &values), 0);
    check_int(json_object_size(values), 3);
    check_value(values, "chip-id", 0x33);
    check_value(values, "host-data", 0x11);
    check_value(values, "id-key", 0x22);
}

static void test_what_needs_no_evidence_has_no_values(void)
{
    json_t *values = NULL;
    GateFile fleet = gate_of(BIND_BIT(BIND_KIND_FLEET)), ak = gate_of(BIND_BIT(BIND_KIND_AK_NAME));
    GateFile other = { .kind = GATE_KIND_VERIFIER };
    OwnEvidence unasked = { 0 };

    check_int(bind_values(&fleet, (ByteView){ 0 }, &values), 0);
    check_int(bind_values(&ak, (ByteView){ 0 }, &values), 0);
    check_int(bind_values_collect(&other, &unasked, &values), 0);
    check(!values && !bind_values_needed(&fleet) && !bind_values_needed(&ak));
    check(!bind_values_needed(&other));
}

static void test_what_tells_no_machine_from_another_binds_nothing(void)
{
    static const struct {
        BindKind kind;
        size_t at, size;
    } parts[] = { { BIND_KIND_CHIP_ID, CHIP_ID_AT, 64 },
                  { BIND_KIND_HOST_DATA, HOST_DATA_AT, 32 },
                  { BIND_KIND_ID_KEY, ID_KEY_AT, 48 } };

    for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
        GateFile gate = gate_of(BIND_BIT(parts[i].kind));
        json_t *values = NULL;
        uint8_t report[REPORT_SIZE];
        make_report(report);
        memset(report + parts[i].at, 0, parts[i].size);
        _cleanup_bytes_ Bytes evidence = make_evidence(VIEW_OF_ARRAY(report), (ByteView){ 0 });
        check_int(bind_values(&gate, VIEW(evidence), &values), REFUSED);
        check(!values);
    }
}

static void test_what_is_not_in_the_evidence_is_refused(void)
{
    GateFile vm = gate_of(BIND_BIT(BIND_KIND_VM_ID)), chip = gate_of(BIND_BIT(BIND_KIND_CHIP_ID));
    uint8_t report[REPORT_SIZE];
    json_t *values = NULL;

    make_report(report);
    _cleanup_bytes_ Bytes evidence = make_evidence(VIEW_OF_ARRAY(report), (ByteView){ 0 });
    check_int(bind_values(&vm, VIEW(evidence), &values), REFUSED);
    const ByteView part = { report, REPORT_SIZE / 2 };
    _cleanup_bytes_ Bytes broken = make_evidence(part, (ByteView){ 0 });
    check_int(bind_values(&chip, VIEW(broken), &values), REFUSED);
    check_int(bind_values(&chip, view_of_string("noise"), &values), REFUSED);
    check_int(bind_values(&chip, view_of_string("{}"), &values), REFUSED);
    check(!values);
}

static void test_a_paravisor_names_the_machine(void)
{
    GateFile gate = gate_of(BIND_BIT(BIND_KIND_VM_ID));
    _cleanup_bytes_ Bytes hcl = test_vector("azure-snp/milan-v3-a/hcl_report.bin");
    _cleanup_bytes_ Bytes evidence = make_evidence((ByteView){ 0 }, VIEW(hcl));
    _cleanup_bytes_ Bytes value = { 0 };
    json_auto_t *values = NULL;

    check_int(bind_values(&gate, VIEW(evidence), &values), 0);
    check_int(json_get_base64url(values, "vm-id", BIND_VALUE_MAX, &value), 0);
    check_int(value.size, 36);
    for (size_t i = 0; i < value.size; i++)
        check(value.data[i] < 'A' || value.data[i] > 'Z');
}

static const Test tests[] = {
    { "the report gives chip, host data and identity key",
      test_the_report_gives_chip_host_data_and_identity_key },
    { "what needs no evidence has no values", test_what_needs_no_evidence_has_no_values },
    { "what tells no machine from another binds nothing",
      test_what_tells_no_machine_from_another_binds_nothing },
    { "what is not in the evidence is refused", test_what_is_not_in_the_evidence_is_refused },
    { "a paravisor names the machine", test_a_paravisor_names_the_machine },
};

TEST_MAIN(tests)
