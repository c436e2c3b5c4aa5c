/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies in words: nothing left out, nothing taken back, and no layer called covered that is not.
 */
#include "verify/policy-explain.h"

#include "verify/policy-layers.h"
#include "verify/policy-member.h"

#include "verifier/starter-policy.h"

#include "base/file.h"

#include "explain-examples.h"
#include "lab.h"

#include <stdio.h>

#define LAYERS_MAX 32

/* The policy with these members, in words. */
static json_t *explain(const char *members)
{
    size_t size = strlen(members) + 64;
    char *text = malloc(size);
    json_t *explained = NULL;

    check(text != NULL);
    (void)snprintf(text, size, "{'attestd_policy':1%s%s%s}",
                   strstr(members, "'id':") ? "" : ",'id':'x'", members[0] ? "," : "", members);
    _cleanup_(policy_freep) Policy *policy = lab_policy(text);
    free(text);
    check_int(policy_explain(policy, &explained), 0);
    return explained;
}

static json_t *demands_of(const json_t *explained)
{
    return json_object_get(explained, "demands");
}

static bool has(const json_t *array, const json_t *sentence)
{
    for (size_t i = 0; i < json_array_size(array); i++)
        if (json_equal(json_array_get(array, i), sentence))
            return true;
    return false;
}

static bool is_within(const json_t *demands, const json_t *more)
{
    for (size_t i = 0; i < json_array_size(demands); i++)
        if (!has(more, json_array_get(demands, i))) {
            (void)fprintf(stderr, "lost: %s\n", json_string_value(json_array_get(demands, i)));
            return false;
        }
    return true;
}

static const ExplainExample *find_example(const char *path)
{
    for (size_t i = 0; explain_examples[i].path; i++)
        if (strcmp(explain_examples[i].path, path) == 0)
            return &explain_examples[i];
    return NULL;
}

static bool has_row(const char *path)
{
    const char *member;

    for (size_t i = 0; (member = policy_explained_member(i)); i++)
        if (strncmp(path, member, strlen(member)) == 0 &&
            (path[strlen(member)] == 0 || path[strlen(member)] == '/'))
            return true;
    return false;
}

static void check_member(const char *path)
{
    const ExplainExample *example = find_example(path);

    if (!example || !has_row(path))
        (void)fprintf(stderr, "%s: no %s\n", path, example ? "row that says it" : "example");
    check(example && has_row(path));
    json_auto_t *without = explain(example->without);
    json_auto_t *with = explain(example->with);
    if (json_equal(demands_of(without), demands_of(with)))
        (void)fprintf(stderr, "%s: nothing says that it is there\n", path);
    check(!json_equal(demands_of(without), demands_of(with)));
}

/* Every member of every object of the language, as the parser's own tables have it. */
static size_t walk(const PolicyTable *table, const char *path)
{
    size_t n = 0;

    for (size_t i = 0; i < table->n_members; i++) {
        const PolicyMember *member = &table->members[i];
        char at[256];
        (void)snprintf(at, sizeof(at), "%s%s/%s", path, table->item_size > 0 ? "/0" : "",
                       member->name);
        if (member->table) {
            n += walk(member->table, at);
        } else if (strcmp(at, "/attestd_policy") != 0) { /* one value, and nothing to say of it */
            check_member(at);
            n++;
        }
    }
    return n;
}

static void test_every_member_of_the_language_is_said(void)
{
    size_t n = walk(&policy_table, ""), n_examples = 0;

    while (explain_examples[n_examples].path)
        n_examples++;
    check_int(n, n_examples);
}

static void test_a_rule_more_is_never_a_sentence_less(void)
{
    for (size_t i = 0; explain_examples[i].path; i++) {
        json_auto_t *without = explain(explain_examples[i].without);
        json_auto_t *with = explain(explain_examples[i].with);
        if (!explain_examples[i].loosens)
            check(is_within(demands_of(without), demands_of(with)));
    }
}

/* Objects member by member, arrays end to end. */
static void merge(json_t *into, json_t *from)
{
    const char *name;
    json_t *value;

    json_object_foreach (from, name, value) {
        json_t *there = json_object_get(into, name);
        if (json_is_object(there))
            merge(there, value);
        else if (json_is_array(there))
            check_int(json_array_extend(there, value), 0);
        else
            check_int(json_object_set_new(into, name, json_deep_copy(value)), 0);
    }
}

/* The examples that tighten, put together at random: of two sets the larger says all of the less.
 */
static void test_many_rules_say_what_each_of_them_says(void)
{
    uint32_t seed = 20260601;

    for (int round = 0; round < 60; round++) {
        json_auto_t *small = json_pack("{s:i, s:s}", "attestd_policy", 1, "id", "x");
        json_auto_t *large = json_pack("{s:i, s:s}", "attestd_policy", 1, "id", "x");
        for (size_t i = 0; explain_examples[i].path; i++) {
            char text[4096];
            seed = seed * 1664525 + 1013904223;
            if (explain_examples[i].loosens || seed >> 30 == 0)
                continue;
            (void)snprintf(text, sizeof(text), "{%s}", explain_examples[i].with);
            for (char *c = text; *c; c++)
                *c = *c == '\'' ? '"' : *c;
            json_auto_t *members = json_loads(text, 0, NULL);
            check(members != NULL);
            if (seed >> 30 == 1)
                merge(small, members);
            merge(large, members);
        }
        json_t *explained[2] = { NULL, NULL };
        const json_t *policies[2] = { small, large };
        for (int k = 0; k < 2; k++) {
            _cleanup_free_ char *text = json_text(policies[k]);
            _cleanup_(policy_freep) Policy *policy = lab_policy(text);
            check_int(policy_explain(policy, &explained[k]), 0);
        }
        check(is_within(demands_of(explained[0]), demands_of(explained[1])));
        json_decref(explained[0]);
        json_decref(explained[1]);
    }
}

static bool is_uncovered(const json_t *explained, const char *layer)
{
    const json_t *list = json_object_get(explained, "uncovered");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        if (strcmp(json_string_value(json_object_get(item, "layer")), layer) == 0)
            return true;
    }
    return false;
}

/* LAYERS: names with commas between. */
static void check_covered(const char *members, const char *layers, bool covered)
{
    json_auto_t *explained = explain(members);
    char *copy = strdup(layers), *rest = copy;

    check(copy != NULL);
    for (char *layer; (layer = strsep(&rest, ","));) {
        bool known = false;
        for (size_t i = 0; policy_layer_name(i); i++)
            known |= strcmp(policy_layer_name(i), layer) == 0;
        check(known);
        if (is_uncovered(explained, layer) == covered)
            (void)fprintf(stderr, "%s: %s should be %s\n", members, layer,
                          covered ? "covered" : "uncovered");
        check(is_uncovered(explained, layer) != covered);
    }
    free(copy);
}

#define V      "0000000000000000000000000000000000000000000000000000000000000001"
#define Z      "0000000000000000000000000000000000000000000000000000000000000000"
#define V48    V "00000000000000000000000000000001"
#define Z48    Z "00000000000000000000000000000000"
#define PCR(n) "{'pcr':" #n ",'values':['" V "']}"
#define ALL_OF_THE_BOOT                                                                            \
    "secure boot,secure boot signers,boot loader,kernel,initrd,kernel command line"
#define VERITY "roothash=" V

static void test_layers_are_covered_by_rules_that_pin_them_and_no_others(void)
{
    static const char loader[] = "boot loader";

    check_covered("", "TCB,firmware,vTPM root," ALL_OF_THE_BOOT ",root file system,kexec", false);
    check_covered("", "hardware,debug,migration,VMPL,register bank", true);
    check_covered("'simulated_roots':['" V48 "']", "hardware", false);
    check_covered("'snp':{'debug':true,'migration_agent':true,'vmpl':[0,1]}",
                  "debug,migration,VMPL", false);
    check_covered("'tpm':{'bank':'sha1'}", "register bank", false);
    check_covered("'snp':{'minimum_tcb':{'Milan':{'boot_loader':1,'snp':1,'microcode':1}}}", "TCB",
                  true);
    check_covered("'snp':{'minimum_tcb':{'Milan':{'boot_loader':1,'snp':0,'microcode':1}}}", "TCB",
                  false);
    check_covered("'snp':{'measurements':[{'value':'" V48 "','covers':'firmware'}]}", "firmware",
                  true);
    check_covered("'snp':{'measurements':[{'value':'" V48 "','covers':'firmware'}]}",
                  ALL_OF_THE_BOOT ",vTPM root", false);
    check_covered("'snp':{'measurements':[{'value':'" V48 "','covers':'boot-chain'}]}",
                  ALL_OF_THE_BOOT ",firmware,vTPM root", true);
    check_covered("'snp':{'id_key_digests':['" V48 "']}", "firmware", true);
    check_covered("'snp':{'id_key_digests':['" V48 "','" Z48 "']}", "firmware", false);
    check_covered("'snp':{'author_key_digests':['" V48 "']}", "firmware", true);
    check_covered("'snp':{'author_key_digests':['" Z48 "']}", "firmware", false);
    check_covered("'tpm':{'required':true,'roots':['host']}", "vTPM root", false);
    check_covered("'tpm':{'required':true}", "vTPM root", true);
    check_covered("'tpm':{'roots':['host'],'ak_names':['000b" V "']}", "vTPM root", false);
    check_covered("'tpm':{'ak_names':['000b" V "']}", "vTPM root", true);
    check_covered("'tpm':{'roots':['host'],'ak_names':['000b" V "'],'rules':[" PCR(4) "]}",
                  "vTPM root", true);
    check_covered("'tpm':{'rules':[" PCR(4) "]}", loader, true);
    check_covered("'tpm':{'rules':[{'pcr':4,'values':['" Z "']}]}", loader, false);
    check_covered("'tpm':{'rules':[" PCR(7) "]}", "secure boot", false);
    check_covered("'tpm':{'rules':[" PCR(4) "]}", "kernel,initrd,kernel command line", false);
    check_covered("'tpm':{'rules':[" PCR(8) "," PCR(9) "," PCR(11) "," PCR(12) "]}",
                  ALL_OF_THE_BOOT, false);
    check_covered("'tpm':{'rules':[" PCR(4) "," PCR(9) "]}", "kernel,initrd", true);
    check_covered("'tpm':{'rules':[" PCR(4) ",{'pcr':9,'values':['" Z "']}]}", "kernel,initrd",
                  false);
    check_covered("'tpm':{'rules':[" PCR(4) "," PCR(8) "]}", "kernel command line", false);
    check_covered("'tpm':{'rules':[" PCR(4) "," PCR(8) "," PCR(9) "]}", "kernel command line",
                  true);
    check_covered("'tpm':{'rules':[" PCR(4) "," PCR(11) "]}", "kernel", true);
    check_covered("'tpm':{'rules':[" PCR(4) "," PCR(11) "]}", "initrd,kernel command line", false);
    check_covered("'tpm':{'rules':[" PCR(4) "," PCR(11) "," PCR(12) "]}",
                  "kernel,initrd,kernel command line", true);
    check_covered("'tpm':{'secure_boot':true}", "secure boot", true);
    check_covered("'tpm':{'secure_boot':true}", "secure boot signers,boot loader", false);
    check_covered("'tpm':{'secure_boot_signers':['" V "']}", "secure boot,secure boot signers",
                  true);
}

/* A layer is covered when it is so for each kind of machine that may pass. */
static void test_layers_are_covered_for_each_hardware_that_is_accepted(void)
{
#define BOTH     "'hardware':['snp','tdx'],"
#define TDX      "'hardware':['tdx'],"
#define FIRMWARE "'measurements':[{'value':'" V48 "','covers':'firmware'}]"
#define BOOT     "'measurements':[{'value':'" V48 "','covers':'boot-chain'}]"
#define TCB      "'minimum_tcb':{'Milan':{'boot_loader':1,'snp':1,'microcode':1}}"
    check_covered("'hardware':['tdx']", "TCB,firmware", false);
    check_covered("'hardware':['tdx']", "hardware,debug,migration,VMPL", true);
    check_covered(TDX "'tdx':{'minimum_tee_tcb_svn':'05010000000000000000000000000000'}", "TCB",
                  false);
    check_covered(BOTH "'snp':{" TCB "}", "TCB", false);
    check_covered(TDX "'tdx':{'debug':true}", "debug", false);
    check_covered(TDX "'tdx':{'migratable':true}", "migration", false);
    check_covered(BOTH "'snp':{'vmpl':[1]}", "VMPL", false);
    check_covered(TDX "'tdx':{" FIRMWARE "}", "firmware", true);
    check_covered(BOTH "'tdx':{" FIRMWARE "}", "firmware", false);
    check_covered(BOTH "'snp':{" FIRMWARE "}", "firmware", false);
    check_covered(BOTH "'snp':{" FIRMWARE "},'tdx':{" FIRMWARE "}", "firmware", true);
    check_covered(BOTH "'snp':{" BOOT "},'tdx':{" FIRMWARE "}", ALL_OF_THE_BOOT, false);
    check_covered(BOTH "'snp':{" BOOT "},'tdx':{" BOOT "}", ALL_OF_THE_BOOT, true);
    check_covered("'hardware':['none']", "hardware,TCB,debug,firmware", false);
    check_covered("'hardware':['snp','none'],'snp':{" BOOT "}",
                  "hardware,firmware," ALL_OF_THE_BOOT, false);
    check_covered("'hardware':['none'],'tpm':{'rules':[" PCR(0) "]}", "firmware", true);
#undef BOTH
#undef TDX
#undef FIRMWARE
#undef BOOT
#undef TCB
}

static void test_a_root_file_system_is_covered_by_a_verity_hash_that_counts(void)
{
#define LINE(line) "'tpm':{'rules':[" PCR(4) "," PCR(9) "],'command_line':{" line "}}"
    check_covered(LINE("'equals':['a " VERITY " b']"), "root file system,kernel command line",
                  true);
    check_covered(LINE("'contains':['" VERITY "']"), "root file system,kernel command line", false);
    check_covered(LINE("'equals':['" VERITY "','b']"), "root file system", false);
    check_covered(LINE("'equals':['roothash=1234']"), "root file system", false);
    check_covered(LINE("'equals':['" VERITY " roothash=1234']"), "root file system", false);
    check_covered(LINE("'equals':['not" VERITY "']"), "root file system", false);
    check_covered(LINE("'equals':['" VERITY " systemd.verity=0']"), "root file system", false);
    check_covered(LINE("'equals':['" VERITY " root=/dev/mapper/root']"), "root file system", true);
    check_covered(LINE("'equals':['" VERITY " root=/dev/sda2']"), "root file system", false);
    check_covered(LINE("'equals':['" VERITY " rd.roothash=1234']"), "root file system", false);
    check_covered(LINE("'equals':['" VERITY " systemd.verity_root_options=ignore-corruption']"),
                  "root file system", false);
    check_covered(LINE("'equals':[]"), "root file system", false);
    check_covered("'tpm':{'rules':[" PCR(4) "],'command_line':{'equals':['" VERITY "']}}",
                  "root file system,kernel command line", false);
    check_covered(LINE("'equals':['a']"), "kexec", false);
    check_covered(LINE("'equals':['a sysctl.kernel.kexec_load_disabled=1']"), "kexec", true);
    check_covered(LINE("'equals':['a sysctl.kernel.kexec_load_disabled=10']"), "kexec", false);
#undef LINE
}

static void test_sentences_are_printable_and_bounded(void)
{
    char members[3000], filler[1001];
    size_t index;
    json_t *item;

    memset(filler, 'y', sizeof(filler) - 1);
    filler[sizeof(filler) - 1] = 0;
    (void)snprintf(members, sizeof(members),
                   "'snp':{'csp_ids':['\\u001b[2J\u00e9%s','b','c','d']},"
                   "'tpm':{'log':[{'pcr':8,'type':'EV_IPL','contains':'\\n%s'}]}",
                   filler, filler);
    json_auto_t *explained = explain(members);
    json_array_foreach (demands_of(explained), index, item) {
        const char *text = json_string_value(item);
        check(strlen(text) < POLICY_SENTENCE_MAX && strlen(text) > 0);
        check(text[strlen(text) - 1] == '.');
        for (const char *c = text; *c; c++)
            check(*c >= 0x20 && *c <= 0x7e);
    }
    for (size_t i = 0; policy_layer_at(i); i++)
        check(strlen(policy_layer_name(i)) > 0);
}

static void render(const json_t *explained, Bytes *out)
{
    size_t i;
    json_t *item;

    json_array_foreach (demands_of(explained), i, item) {
        lab_put(out, json_string_value(item), json_string_length(item));
        lab_put(out, "\n", 1);
    }
    json_array_foreach (json_object_get(explained, "uncovered"), i, item) {
        const char *layer = json_string_value(json_object_get(item, "layer"));
        const char *text = json_string_value(json_object_get(item, "text"));
        lab_put(out, "NOT COVERED ", 12);
        lab_put(out, layer, strlen(layer));
        lab_put(out, ": ", 2);
        lab_put(out, text, strlen(text));
        lab_put(out, "\n", 1);
    }
    lab_put(out, "", 1);
}

/* Compares with explained/NAME.txt; prints what there is when they differ. */
static void check_golden(const char *name, const Policy *policy)
{
    json_auto_t *explained = NULL;
    _cleanup_bytes_ Bytes found = { 0 };
    _cleanup_bytes_ Bytes wanted = { 0 };
    char path[512];

    check_int(policy_explain(policy, &explained), 0);
    render(explained, &found);
    (void)snprintf(path, sizeof(path), EXPLAINED_DIR "/%s.txt", name);
    check_int(file_read(path, 1 << 20, &wanted), 0);
    lab_put(&wanted, "", 1);
    if (strcmp((const char *)found.data, (const char *)wanted.data) != 0)
        (void)fprintf(stderr, "%s differs; it would be\n%s", path, (const char *)found.data);
    check_str((const char *)found.data, (const char *)wanted.data);
}

static void test_the_starter_policy_reads_as_it_did(void)
{
    json_auto_t *roots = json_array();
    _cleanup_bytes_ Bytes text = { 0 };
    _cleanup_(policy_freep) Policy *policy = NULL;
    PolicyError error;

    check_int(starter_policy(roots, &text), 0);
    check_int(policy_parse(VIEW(text), &policy, &error), POLICY_OK);
    check_golden("starter", policy);
}

static void test_an_empty_policy_reads_as_it_did(void)
{
    _cleanup_(policy_freep) Policy *policy = lab_policy("{'attestd_policy':1,'id':'empty'}");

    check_golden("empty", policy);
}

static void test_the_strictest_policy_reads_as_it_did(void)
{
    _cleanup_(policy_freep) Policy *policy = lab_policy(
        "{'attestd_policy':1,'id':'strict','snp':{'products':['Milan'],'report_versions':[5],"
        "'signing_keys':['vcek'],'minimum_tcb':{'Milan':{'boot_loader':4,'snp':24,'microcode':219}}"
        ","
        "'maximum_tcb':{'Milan':{'boot_loader':4,'tee':0,'snp':24,'microcode':219}},"
        "'measurements':[{'value':'" V48 "','covers':'firmware','name':'cloud 2026-10'}],"
        "'smt':false,'minimum_abi':'1.55','minimum_firmware':'1.55.29','maximum_firmware':'1.55.40'"
        ","
        "'platform_info':{'required':'0x20','forbidden':'0x1'},'policy_bits':{'required':'0x100000'"
        "},"
        "'minimum_guest_svn':3,'maximum_guest_svn':3,'host_data':['" V "']},"
        "'tpm':{'required':true,'roots':['certificate'],'bank':'sha256',"
        "'pcrs':[0,1,2,3,4,5,6,7,8,9,11,12,13,14,15],'secure_boot':true,"
        "'secure_boot_signers':['" V
        "'],'rules':[" PCR(0) "," PCR(7) "," PCR(9) "," PCR(11) "," PCR(
            12) "],'events':[{'pcr':4,'type':'EV_EFI_BOOT_SERVICES_APPLICATION','digests':['" V
                "']}],'sections':[{'name':'.linux','digests':['" V
                "']}],'command_line':{'equals':['ro " VERITY
                " sysctl.kernel.kexec_load_disabled=1'],'excludes':['init=']},"
                "'log':[{'pcr':8,'type':'EV_IPL','contains':'chainloader','required':false}]},"
                "'gates':[{'name':'db','machines':['*'],'expiration_sec':60}]}");

    check_golden("strict", policy);
}

static void test_a_grub_machines_policy_reads_as_it_did(void)
{
    _cleanup_(policy_freep) Policy *policy = lab_policy(
        "{'attestd_policy':1,'id':'grub','snp':{'minimum_tcb':{'Genoa':{'snp':1}}},'tpm':{"
        "'secure_boot':true,'events':[{'pcr':4,'type':'EV_EFI_BOOT_SERVICES_APPLICATION',"
        "'digests':['" V "']}],'command_line':{'contains':['ro'],'excludes':['init=']}}}");

    check_golden("grub", policy);
}

static void test_gates_say_what_they_open_and_for_whom(void)
{
    static const struct {
        const char *gate; /* members but for the name */
        const char *sentences[3];
    } cases[] = {
        { "'machines':['*'],'ticket':false",
          { "Gate \"g\" opens while a round lasts, for 60 seconds at most, for every machine that "
            "is affirmed, when its vTPM rests on paravisor, svsm or certificate." } },
        { "'kind':'rewrap','machines':['*']",
          { "Gate \"g\" has this verifier open data keys that are bound to any fact of the machine "
            "that asks, for every machine that is affirmed, when its vTPM rests on paravisor, svsm "
            "or certificate, or when it shows none and its launch measurement covers the boot "
            "chain." } },
        { "'kind':'rewrap','machines':['000b" V "'],'binds':['id-key','chip-id','fleet'],"
          "'vtpm_roots':['svsm']",
          { "Gate \"g\" has this verifier open data keys that are bound to chip-id and id-key of "
            "the machine that asks, for the attestation key 000b" V ", when its vTPM rests on "
            "svsm.",
            "Gate \"g\" opens data keys that are bound to no machine (fleet) as well: each of "
            "these "
            "machines can have any of them opened." } },
        { "'kind':'rewrap','machines':['000b" V "'],'vtpm_roots':[]",
          { "Gate \"g\" has this verifier open data keys that are bound to any fact of the machine "
            "that asks, for the attestation key 000b" V ", when its vTPM rests on nothing that "
            "exists: it opens for nobody." } },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        char text[512];
        (void)snprintf(text, sizeof(text), "'gates':[{'name':'g',%s}]", cases[i].gate);
        json_auto_t *explained = explain(text);
        for (size_t k = 0; cases[i].sentences[k]; k++) {
            json_auto_t *wanted = json_string(cases[i].sentences[k]);
            if (!has(demands_of(explained), wanted))
                (void)fprintf(stderr, "missing: %s\n", cases[i].sentences[k]);
            check(has(demands_of(explained), wanted));
        }
    }
}

static const Test tests[] = {
    { "gates say what they open and for whom", test_gates_say_what_they_open_and_for_whom },
    { "every member of the language is said", test_every_member_of_the_language_is_said },
    { "a rule more is never a sentence less", test_a_rule_more_is_never_a_sentence_less },
    { "many rules say what each of them says", test_many_rules_say_what_each_of_them_says },
    { "layers are covered by rules that pin them, and no others",
      test_layers_are_covered_by_rules_that_pin_them_and_no_others },
    { "layers are covered for each hardware that is accepted",
      test_layers_are_covered_for_each_hardware_that_is_accepted },
    { "a root file system is covered by a verity hash that counts",
      test_a_root_file_system_is_covered_by_a_verity_hash_that_counts },
    { "sentences are printable and bounded", test_sentences_are_printable_and_bounded },
    { "the starter policy reads as it did", test_the_starter_policy_reads_as_it_did },
    { "an empty policy reads as it did", test_an_empty_policy_reads_as_it_did },
    { "the strictest policy reads as it did", test_the_strictest_policy_reads_as_it_did },
    { "a GRUB machine's policy reads as it did", test_a_grub_machines_policy_reads_as_it_did },
};

TEST_MAIN(tests)
