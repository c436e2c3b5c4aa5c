/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a paravisor's report is believed enough to be sent, and which machines have none.
 */
#include "evidence/source-azure.h"

#include "fake-time.h"
#include "format/hcl-claims.h"
#include "format/hcl-report.h"
#include "sim-hcl.h"
#include "tpm/tpm-key.h"
#include "tpm/tpm-nv.h"
#include "unit/tpm/swtpm.h"

#define INDEX_SIZE 2600 /* bytes */
#define CHUNK      1024 /* bytes that a TPM gives at once */

static const AzureIndices indices = {
    .report = AZURE_REPORT_INDEX_DEFAULT,
    .user_data = AZURE_USER_DATA_INDEX_DEFAULT,
    .certificate = AZURE_CERTIFICATE_INDEX_DEFAULT,
};

/* TPMT_PUBLIC of the paravisor's template up to the modulus. */
static const uint8_t ak_head[] = { 0x00, 0x01, 0x00, 0x0b, 0x00, 0x05, 0x04, 0x72,
                                   0x00, 0x00, 0x00, 0x10, 0x00, 0x14, 0x00, 0x0b,
                                   0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00 };

/* A paravisor of ours, and what is wanted of it. */
typedef struct Bench {
    TemporaryDirectory directory;
    SimChip *chip;
    SimReport report;
    uint8_t ak[SIM_HCL_MODULUS], ek[SIM_HCL_MODULUS], user_data[SIM_HCL_USER_DATA];
    uint8_t ak_public[sizeof(ak_head) + SIM_HCL_MODULUS];
    SimHcl hcl;
    AzureWanted wanted;
} Bench;

static void bench_init(Bench *bench)
{
    const SimChipOptions options = { .keys_from = SIM_KEYS_DIR };

    *bench = (Bench){ .directory = temporary_directory() };
    check_int(sim_chip_create(bench->directory.path, &options), SIM_OK);
    check_int(sim_chip_open(bench->directory.path, &bench->chip), SIM_OK);
    sim_report_default(bench->chip, &bench->report);
    memset(bench->ak, 0xa5, sizeof(bench->ak));
    memset(bench->ek, 0xe5, sizeof(bench->ek));
    memset(bench->user_data, 0x3c, sizeof(bench->user_data));
    memcpy(bench->ak_public, ak_head, sizeof(ak_head));
    memcpy(bench->ak_public + sizeof(ak_head), bench->ak, sizeof(bench->ak));
    bench->hcl = (SimHcl){ .chip = bench->chip,
                           .report = &bench->report,
                           .header_version = 2,
                           .ak = bench->ak,
                           .ek = bench->ek,
                           .user_data = bench->user_data };
    bench->wanted =
        (AzureWanted){ VIEW_OF_ARRAY(bench->user_data), VIEW_OF_ARRAY(bench->ak_public) };
}

static void bench_done(Bench *bench)
{
    sim_chip_free(bench->chip);
    temporary_directory_remove(&bench->directory);
}

/* The whole index. */
static Bytes index_of(const SimHcl *hcl, size_t size)
{
    _cleanup_bytes_ Bytes useful = { 0 };
    Bytes index = { 0 };

    check_int(sim_hcl_emit(hcl, &useful), SIM_OK);
    check(useful.size <= size);
    check_int(bytes_new(size, &index), 0);
    memcpy(index.data, useful.data, useful.size);
    return index;
}

/* RESULT and, where it is a failure or a warning, its name. */
static void expect(const Bench *bench, ByteView index, int result, const char *name)
{
    _cleanup_findings_ Findings findings = { 0 };

    check_int(azure_report_check(index, &bench->wanted, &findings), result);
    check_int(findings.n_items, name ? 1 : 0);
    if (!name)
        return;
    check_str(findings.items[0].name, name);
    check_int(findings.items[0].result, result == AZURE_OK ? FINDING_WARNING : FINDING_FAILURE);
    check(findings.items[0].remedy[0] != 0);
}

static void expect_of(const Bench *bench, const SimHcl *hcl, int result, const char *name)
{
    Bytes index = index_of(hcl, INDEX_SIZE);

    expect(bench, VIEW(index), result, name);
    bytes_done(&index);
}

static void a_report_about_what_is_wanted_passes(void)
{
    static const size_t sizes[] = { 2600, 2900, 4096 };
    _cleanup_bytes_ Bytes trimmed = { 0 };
    Bench bench;

    bench_init(&bench);
    for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
        Bytes index = index_of(&bench.hcl, sizes[i]);
        expect(&bench, VIEW(index), AZURE_OK, NULL);
        bytes_done(&index);
    }
    check_int(sim_hcl_emit(&bench.hcl, &trimmed), SIM_OK);
    expect(&bench, VIEW(trimmed), AZURE_OK, NULL);
    bench.hcl.header_version = 1;
    bench.hcl.upper_case = true;
    expect_of(&bench, &bench.hcl, AZURE_OK, NULL);
    bench_done(&bench);
}

static void every_defect_has_its_answer(void)
{
    static const struct {
        SimHclFaults faults;
        int result;
        const char *name;
    } cases[] = {
        { { .wrong_user_data = true }, AZURE_E_STALE, NULL },
        { { .wrong_hash = true }, AZURE_E_TORN, NULL },
        { { .no_user_data = true }, AZURE_OK, "azure-user-data-unsupported" },
        { { .zero_ak = true }, AZURE_E_FAILED, "azure-ak-missing" },
        { { .other_ak = true }, AZURE_E_FAILED, "azure-ak-foreign" },
        { { .tdx = true }, AZURE_OK, NULL },
    };
    Bench bench;

    bench_init(&bench);
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        bench.hcl.faults = cases[i].faults;
        expect_of(&bench, &bench.hcl, cases[i].result, cases[i].name);
    }
    bench_done(&bench);
}

/* Wherever one report ends and the next begins. */
static void parts_of_two_reports_are_torn(void)
{
    uint8_t others[SIM_HCL_USER_DATA];
    Bench bench;

    bench_init(&bench);
    memset(others, 0x99, sizeof(others));
    SimHcl other = bench.hcl;
    other.user_data = others;
    for (unsigned version = 1; version <= 2; version++) { /* with version 1 of another length */
        other.header_version = version;
        Bytes ours = index_of(&bench.hcl, INDEX_SIZE), theirs = index_of(&other, INDEX_SIZE);
        for (size_t at = CHUNK; at < INDEX_SIZE; at += CHUNK) {
            Bytes torn = { 0 };
            check_int(bytes_copy((ByteView){ ours.data, at }, &torn), 0);
            check_int(bytes_append(&torn, (ByteView){ theirs.data + at, INDEX_SIZE - at }), 0);
            expect(&bench, VIEW(torn), AZURE_E_TORN, NULL);
            bytes_done(&torn);
        }
        expect(&bench, VIEW(theirs), AZURE_E_STALE, NULL);
        bytes_done(&ours);
        bytes_done(&theirs);
    }
    bench_done(&bench);
}

static void what_is_no_report_is_malformed(void)
{
    static const struct {
        size_t offset;
        uint8_t value;
    } cases[] = { { 0, 'h' }, { 4, 3 }, { 0x0c, 1 }, { 0x4c8, 1 }, { 0x4cc, 2 }, { 0x4cc, 9 } };
    Bench bench;

    bench_init(&bench);
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        Bytes index = index_of(&bench.hcl, INDEX_SIZE);
        index.data[cases[i].offset] = cases[i].value;
        expect(&bench, VIEW(index), AZURE_E_FAILED, "azure-report-malformed");
        bytes_done(&index);
    }
    Bytes index = index_of(&bench.hcl, INDEX_SIZE);
    expect(&bench, (ByteView){ index.data, CHUNK }, AZURE_E_FAILED, "azure-report-malformed");
    expect(&bench, (ByteView){ 0 }, AZURE_E_FAILED, "azure-report-malformed");
    bytes_done(&index);
    bench_done(&bench);
}

static void a_key_with_other_attributes_is_foreign(void)
{
    static const struct {
        size_t offset;
        uint8_t value;
    } cases[] = {
        { 5, 0x04 }, /* sign, not restricted */
        { 7, 0x70 }, /* not fixedTPM */
        { 1, 0x23 }, /* no RSA key */
        { 20, 1 },   /* another exponent */
    };
    Bench bench;

    bench_init(&bench);
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        uint8_t before = bench.ak_public[cases[i].offset];
        bench.ak_public[cases[i].offset] = cases[i].value;
        expect_of(&bench, &bench.hcl, AZURE_E_FAILED, "azure-ak-foreign");
        bench.ak_public[cases[i].offset] = before;
    }
    expect_of(&bench, &bench.hcl, AZURE_OK, NULL);
    bench_done(&bench);
}

/* TPMT_PUBLIC of the key that the claims of a recorded report name, and its user data. */
static void take_from(ByteView index, Bench *bench, bool *ret_has_user_data)
{
    _cleanup_hcl_claims_ HclClaims claims = { 0 };
    HclReport report;

    check_int(hcl_report_parse(index, &report), HCL_REPORT_OK);
    check_int(hcl_claims_parse(report.claims, &claims), HCL_CLAIMS_OK);
    check_int(claims.ak.modulus_size, SIM_HCL_MODULUS);
    memcpy(bench->ak_public, ak_head, sizeof(ak_head));
    memcpy(bench->ak_public + sizeof(ak_head), claims.ak.modulus, SIM_HCL_MODULUS);
    memcpy(bench->user_data, claims.user_data, sizeof(bench->user_data));
    bench->wanted =
        (AzureWanted){ VIEW_OF_ARRAY(bench->user_data), VIEW_OF_ARRAY(bench->ak_public) };
    *ret_has_user_data = claims.has_user_data;
}

static void recorded_reports_pass_for_their_own_user_data(void)
{
    static const char *const names[] = {
        "azure-snp/genoa-v3-a",  "azure-snp/hcl-only-a", "azure-snp/milan-v2-a",
        "azure-snp/milan-v3-a",  "azure-snp/milan-v3-b", "azure-snp/milan-v3-c",
        "azure-snp/milan-v3-e",  "azure-tdx/hcl-only",   "azure-tdx/tdx-a",
        "azure-tdx/tdx-akchain",
    };

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        _cleanup_bytes_ Bytes index = { 0 };
        char path[256];
        Bench bench = { 0 };
        bool has_user_data;
        (void)snprintf(path, sizeof(path), "%s/%s/hcl_report.bin", VECTORS_DIR, names[i]);
        check_int(file_read(path, HCL_REPORT_SIZE_MAX, &index), 0);
        take_from(VIEW(index), &bench, &has_user_data);
        expect(&bench, VIEW(index), AZURE_OK, has_user_data ? NULL : "azure-user-data-unsupported");
        bench.user_data[5] ^= 1;
        expect(&bench, VIEW(index), has_user_data ? AZURE_E_STALE : AZURE_OK,
               has_user_data ? NULL : "azure-user-data-unsupported");
        bench.ak_public[100] ^= 1;
        bench.user_data[5] ^= 1;
        _cleanup_findings_ Findings findings = { 0 };
        check_int(azure_report_check(VIEW(index), &bench.wanted, &findings), AZURE_E_FAILED);
        check(findings_has(&findings, "azure-ak-foreign"));
    }
}

static void what_lasts_has_a_name(void)
{
    _cleanup_findings_ Findings findings = { 0 };

    check_int(azure_report_give_up(AZURE_E_STALE, &findings), AZURE_E_FAILED);
    check_int(azure_report_give_up(AZURE_E_TORN, &findings), AZURE_E_FAILED);
    check_str(findings.items[0].name, "azure-report-stale");
    check_str(findings.items[1].name, "azure-report-torn");
}

static void write_tag(const TemporaryDirectory *directory, const char *tag)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "%s/chassis_asset_tag", directory->path);
    check_int(file_write_atomic(path, view_of_string(tag), 0644), 0);
}

static AzurePlatform platform_of(TpmContext *tpm, const TemporaryDirectory *directory)
{
    AzurePlatform platform;

    check_int(azure_detect(tpm, &indices, directory->path, &platform), 0);
    return platform;
}

static void put_key(TpmContext *tpm, uint32_t handle)
{
    static const TPMT_PUBLIC template = {
        .type = TPM2_ALG_RSA,
        .nameAlg = TPM2_ALG_SHA256,
        .objectAttributes = 0x00050472,
        .parameters.rsaDetail = { .symmetric.algorithm = TPM2_ALG_NULL,
                                  .scheme = { .scheme = TPM2_ALG_RSASSA,
                                              .details.rsassa.hashAlg = TPM2_ALG_SHA256 },
                                  .keyBits = 2048 },
    };
    ESYS_TR kept = ESYS_TR_NONE;
    TpmKey *key = NULL;

    check_int(tpm_key_create(tpm, ESYS_TR_RH_ENDORSEMENT, &template, &key), 0);
    check_int(Esys_EvictControl(tpm->esys, ESYS_TR_RH_OWNER, key->handle, ESYS_TR_PASSWORD,
                                ESYS_TR_NONE, ESYS_TR_NONE, handle, &kept),
              TSS2_RC_SUCCESS);
    tpm_close_handle(tpm, &kept);
    tpm_key_free(key);
}

static void machines_are_told_apart(void)
{
    static const uint8_t report[] = { 'H', 'C', 'L', 'A' };
    TemporaryDirectory directory = temporary_directory();
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);

    check_int(platform_of(NULL, &directory), AZURE_NONE);
    check_int(platform_of(tpm, &directory), AZURE_NONE);
    write_tag(&directory, "7783-7084-3265-9085-8269-3286-78\n");
    check_int(platform_of(tpm, &directory), AZURE_NONE);
    write_tag(&directory, "7783-7084-3265-9085-8269-3286-77\n");
    check_int(platform_of(NULL, &directory), AZURE_PLAIN);
    check_int(platform_of(tpm, &directory), AZURE_PLAIN);
    put_key(tpm, AZURE_AK_HANDLE);
    check_int(platform_of(tpm, &directory), AZURE_TRUSTED_LAUNCH);
    write_tag(&directory, "somebody else's\n");
    check_int(platform_of(tpm, &directory), AZURE_NONE);
    swtpm_define_nv(tpm, AZURE_CERTIFICATE_INDEX_DEFAULT, VIEW_OF_ARRAY(report));
    check_int(platform_of(tpm, &directory), AZURE_TRUSTED_LAUNCH); /* by key and its place alone */
    swtpm_define_nv(tpm, AZURE_REPORT_INDEX_DEFAULT, VIEW_OF_ARRAY(report));
    check_int(platform_of(tpm, &directory), AZURE_CONFIDENTIAL);
    check(azure_platform_finding(AZURE_CONFIDENTIAL) == NULL);
    check_str(azure_platform_finding(AZURE_TRUSTED_LAUNCH), "azure-trusted-launch");
    check_str(azure_platform_finding(AZURE_PLAIN), "azure-plain-vm");
    check_str(azure_platform_finding(AZURE_NONE), "azure-not-azure");
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
    temporary_directory_remove(&directory);
}

/* One read, and what it says. */
static void expect_read(TpmContext *tpm, const TemporaryDirectory *directory, const char *name)
{
    static const uint8_t user_data[AZURE_USER_DATA_SIZE] = { 1 };
    const AzureWanted wanted = { .user_data = VIEW_OF_ARRAY(user_data) };
    _cleanup_findings_ Findings findings = { 0 };
    Pacing *pacing = NULL;
    Bytes report = { 0 };
    FakeTime fake;

    fake_time_init(&fake, 100 * USEC_PER_SEC);
    check_int(pacing_new_of(&pacing_of_azure, directory->path, &fake.time, &pacing), PACING_OK);
    check_int(azure_report_read(tpm, &indices, &wanted, pacing, &findings, &report),
              AZURE_E_FAILED);
    check_str(findings.items[0].name, name);
    check(report.data == NULL);
    pacing_free(pacing);
}

static void what_the_tpm_refuses_has_a_name(void)
{
    static const uint8_t no_report[64] = { 0 };
    static const TPM2B_AUTH auth = { .size = 4, .buffer = "mine" };
    TemporaryDirectory directory = temporary_directory();
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmNvShape shape;

    expect_read(tpm, &directory, "azure-report-missing");
    check_int(tpm_nv_describe(tpm, AZURE_USER_DATA_INDEX_DEFAULT, &shape), 0);
    check(shape.exists && shape.written && shape.is_owners && shape.size == AZURE_USER_DATA_SIZE);
    swtpm_define_nv(tpm, AZURE_REPORT_INDEX_DEFAULT, VIEW_OF_ARRAY(no_report));
    expect_read(tpm, &directory, "azure-report-malformed");
    check_int(Esys_HierarchyChangeAuth(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                       ESYS_TR_NONE, &auth),
              TSS2_RC_SUCCESS);
    tpm_context_free(tpm);
    tpm = swtpm_open(&swtpm); /* one that knows no authorisation */
    expect_read(tpm, &directory, "azure-owner-authorization");
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
    temporary_directory_remove(&directory);
}

static const Test tests[] = {
    { "a report about what is wanted passes", a_report_about_what_is_wanted_passes },
    { "every defect has its answer", every_defect_has_its_answer },
    { "parts of two reports are torn", parts_of_two_reports_are_torn },
    { "what is no report is malformed", what_is_no_report_is_malformed },
    { "a key with other attributes is foreign", a_key_with_other_attributes_is_foreign },
    { "recorded reports pass for their own user data",
      recorded_reports_pass_for_their_own_user_data },
    { "what lasts has a name", what_lasts_has_a_name },
    { "machines are told apart", machines_are_told_apart },
    { "what the TPM refuses has a name", what_the_tpm_refuses_has_a_name },
};

TEST_MAIN(tests)
