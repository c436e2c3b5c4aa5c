/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Azure's vectors through the public API with one bit flipped, or an end cut off, in each file of
 * each: refused, or nothing that is said of the evidence changes (a byte that nobody signed and
 * nobody reads: padding, white space, a key that is not used).
 */
#include "api.h"

#include "testing.h"

#define FILES_MAX 10
#define CUTS      8

typedef struct MutatedFile {
    attest_item item;
    const char *name; /* relative to the vector unless it begins with "/" */
} MutatedFile;

typedef struct MutatedVector {
    const char *name;
    attest_kind kind;
    MutatedFile files[FILES_MAX];
} MutatedVector;

#define HCL                                                                                        \
    {                                                                                              \
        ATTEST_ITEM_HCL_REPORT, "hcl_report.bin"                                                   \
    }
#define QUOTE                                                                                      \
    { ATTEST_ITEM_TPM_QUOTE, "quote.msg" },                                                        \
    {                                                                                              \
        ATTEST_ITEM_TPM_SIGNATURE, "quote.sig"                                                     \
    }
#define PCRS                                                                                       \
    {                                                                                              \
        ATTEST_ITEM_PCRS, "pcrs.json"                                                              \
    }
#define TD_QUOTE                                                                                   \
    {                                                                                              \
        ATTEST_ITEM_TD_QUOTE, "td_quote.bin"                                                       \
    }
#define HINT(file)                                                                                 \
    {                                                                                              \
        ATTEST_ITEM_CERTIFICATE, file                                                              \
    }
#define AZURE_ROOT                                                                                 \
    {                                                                                              \
        ATTEST_ITEM_VTPM_ROOT, "/azure-vtpm-roots/azure-virtual-tpm-root-2023/root.der"            \
    }
#define SNP_FILES                                                                                  \
    {                                                                                              \
        HCL, QUOTE, PCRS, HINT("vcek.der")                                                         \
    }
#define CHAIN HINT("ak-intermediate-0.der"), HINT("ak-intermediate-1.der"), AZURE_ROOT

static const MutatedVector vectors[] = {
    { "azure-snp/genoa-v3-a", ATTEST_KIND_HCL, SNP_FILES },
    { "azure-snp/milan-v2-a", ATTEST_KIND_HCL, SNP_FILES },
    { "azure-snp/milan-v3-a", ATTEST_KIND_HCL, SNP_FILES },
    { "azure-snp/milan-v3-b", ATTEST_KIND_HCL, SNP_FILES },
    { "azure-snp/milan-v3-c", ATTEST_KIND_HCL, SNP_FILES },
    { "azure-snp/milan-v3-e", ATTEST_KIND_HCL, SNP_FILES },
    { "azure-snp/hcl-only-a", ATTEST_KIND_HCL, { HCL } },
    { "azure-tdx/hcl-only", ATTEST_KIND_HCL, { HCL } },
    { "azure-tdx/tdx-a", ATTEST_KIND_HCL, { HCL, QUOTE, PCRS, TD_QUOTE } },
    { "azure-tdx/tdx-akchain",
      ATTEST_KIND_HCL,
      { HCL, QUOTE, PCRS, TD_QUOTE, HINT("ak-cert.der"), CHAIN } },
    { "tpm-quote/azure-cvm-challenge",
      ATTEST_KIND_QUOTE,
      { QUOTE, PCRS, { ATTEST_ITEM_TPM_AK, "ak.pem" } } },
    { "tpm-quote/azure-trusted-launch-a",
      ATTEST_KIND_QUOTE,
      { QUOTE, { ATTEST_ITEM_PCRS, "pcrs.bin" }, { ATTEST_ITEM_TPM_AK, "ak.pem" } } },
    { "tpm-quote/azure-trusted-launch-b",
      ATTEST_KIND_QUOTE,
      { QUOTE, { ATTEST_ITEM_TPM_AK, "ak-cert.der" }, CHAIN } },
    { "maa/sgx-2021",
      ATTEST_KIND_TOKEN,
      { { ATTEST_ITEM_TOKEN, "token.jwt" }, { ATTEST_ITEM_JWKS, "jwks.json" } } },
};

/* A vector in memory, and what is said of it as it is. */
typedef struct Loaded {
    const MutatedVector *vector;
    ApiInput input;
    Bytes files[FILES_MAX];
    size_t n_files;
    ApiAnswer good;
} Loaded;

static void load(const MutatedVector *vector, Loaded *loaded)
{
    char path[192];

    *loaded = (Loaded){ .vector = vector };
    for (size_t i = 0; i < FILES_MAX && vector->files[i].name; i++) {
        const char *name = vector->files[i].name;
        if (name[0] == '/')
            (void)snprintf(path, sizeof(path), "%s", name + 1);
        else
            (void)snprintf(path, sizeof(path), "%s/%s", vector->name, name);
        loaded->files[i] = test_vector(path);
        loaded->input.items[i] =
            (ApiItem){ .item = vector->files[i].item, .bytes = VIEW(loaded->files[i]) };
        loaded->n_files++;
    }
    loaded->good = api_verify(vector->kind, &loaded->input);
    check_int(loaded->good.verdict, ATTEST_PASS);
}

static void loaded_done(Loaded *loaded)
{
    for (size_t i = 0; i < loaded->n_files; i++)
        bytes_done(&loaded->files[i]);
    api_answer_done(&loaded->good);
}

/* Was it shown, with a warning, without a proof by hardware? */
static bool is_unproven(const ApiAnswer *answer)
{
    for (size_t i = 0; i < attest_result_n_findings(answer->result); i++)
        if (strcmp(attest_finding_name(attest_result_finding(answer->result, i)),
                   "hcl-hardware-unverified") == 0)
            return true;
    return false;
}

/* All but what is shown and never believed: of the HCL report header and size, the set of keys. */
static json_t *believed(const Loaded *loaded, const ApiAnswer *answer)
{
    json_t *claims = json_deep_copy(json_object_get(answer->json, "claims"));
    json_t *hcl = json_object_get(claims, "hcl");

    (void)json_object_del(hcl, "header_version");
    (void)json_object_del(hcl, "report_size");
    (void)json_object_del(hcl, "file_size");
    (void)json_object_del(claims, "jwks"); /* what was given to judge by */
    if (is_unproven(&loaded->good))
        (void)json_object_del(claims, "report");
    return claims;
}

static bool says_the_same(const Loaded *loaded, const ApiAnswer *answer)
{
    json_t *good = believed(loaded, &loaded->good), *found = believed(loaded, answer);
    bool is_same = json_equal(good, found) && is_unproven(answer) == is_unproven(&loaded->good);

    json_decref(good);
    json_decref(found);
    return is_same;
}

/* Judges what was changed; whether it passed. */
static bool judge(const Loaded *loaded, size_t file, const char *what, size_t at)
{
    _cleanup_answer_ ApiAnswer answer = api_verify(loaded->vector->kind, &loaded->input);

    if (answer.verdict != ATTEST_PASS)
        return false;
    if (!says_the_same(loaded, &answer)) {
        (void)fprintf(stderr, "%s %s, %s at %zu: passes, and says something else\n",
                      loaded->vector->name, loaded->vector->files[file].name, what, at);
        check(false);
    }
    return true;
}

/* Bits all over the file, in each of the eight places. */
static size_t flip(Loaded *loaded, size_t file)
{
    Bytes *bytes = &loaded->files[file];
    size_t n_passed = 0;

    for (size_t i = 0; i < FLIPS; i++) {
        size_t at = (i * bytes->size + i * 7 % FLIPS) / FLIPS;
        const uint8_t bit = (uint8_t)(1U << i % 8);
        bytes->data[at] ^= bit;
        n_passed += judge(loaded, file, "flipped", at);
        bytes->data[at] ^= bit;
    }
    return n_passed;
}

static void cut(Loaded *loaded, size_t file)
{
    ByteView whole = VIEW(loaded->files[file]);

    for (size_t i = 0; i < CUTS; i++) {
        loaded->input.items[file].bytes.size = i * whole.size / CUTS;
        (void)judge(loaded, file, "cut", i * whole.size / CUTS);
    }
    loaded->input.items[file].bytes = whole;
}

static void a_changed_byte_is_refused_or_changes_nothing(void)
{
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        Loaded loaded;
        load(&vectors[i], &loaded);
        for (size_t k = 0; k < loaded.n_files; k++) {
            size_t n_passed = flip(&loaded, k);
            (void)printf("  %s %s: %zu of %d flips change nothing\n", vectors[i].name,
                         vectors[i].files[k].name, n_passed, FLIPS);
            cut(&loaded, k);
        }
        loaded_done(&loaded);
    }
}

/* Each character of a token is signed, and the signature has no second spelling. */
static void no_character_of_a_token_can_be_changed(void)
{
    Loaded loaded;

    load(&vectors[sizeof(vectors) / sizeof(vectors[0]) - 1], &loaded);
    check_int(loaded.vector->kind, ATTEST_KIND_TOKEN);
    Bytes *token = &loaded.files[0];
    while (token->size > 0 && token->data[token->size - 1] == '\n')
        token->size--;
    loaded.input.items[0].bytes = VIEW(*token);
    for (size_t at = 0; at < token->size; at += TOKEN_STRIDE) {
        const uint8_t was = token->data[at];
        token->data[at] = was == 'A' ? 'B' : 'A';
        check(!judge(&loaded, 0, "replaced", at));
        token->data[at] = was;
    }
    loaded_done(&loaded);
}

static const Test tests[] = {
    { "a changed byte is refused or changes nothing",
      a_changed_byte_is_refused_or_changes_nothing },
    { "no character of a token can be changed", no_character_of_a_token_can_be_changed },
};

TEST_MAIN(tests)
