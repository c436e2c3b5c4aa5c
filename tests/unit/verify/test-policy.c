/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy language: every member read, every mistake named with its place.
 */
#include "verify/policy.h"

#include "format/event-type.h"

#include "lab.h"

#define D32 "'0000000000000000000000000000000000000000000000000000000000000001'"
#define D64                                                                                        \
    "'0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" \
    "0"                                                                                            \
    "000000000000000000000000000000000001'"
#define AK "'000b0000000000000000000000000000000000000000000000000000000000000001'"
#define D48                                                                                        \
    "'000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"  \
    "000001'"

static int parse(const char *text, Policy **ret, PolicyError *error)
{
    char *json = strdup(text);

    check(json != NULL);
    for (char *c = json; *c; c++)
        if (*c == '\'')
            *c = '"';
    int r = policy_parse(view_of_string(json), ret, error);
    free(json);
    return r;
}

static void check_error(const char *text, const char *path, const char *cause)
{
    PolicyError error = { 0 };
    Policy *policy = NULL;

    check_int(parse(text, &policy, &error), POLICY_E_INVALID);
    check(!policy);
    check_str(error.path, path);
    if (!strstr(error.cause, cause))
        (void)fprintf(stderr, "%s: \"%s\", wanted \"%s\"\n", error.path, error.cause, cause);
    check(strstr(error.cause, cause) != NULL);
}

/* MEMBERS inside "snp" or "tpm". */
static void check_member(const char *object, const char *members, const char *path,
                         const char *cause)
{
    char text[2048], where[256];

    (void)snprintf(text, sizeof(text), "{'attestd_policy':1,'id':'x','%s':{%s}}", object, members);
    (void)snprintf(where, sizeof(where), "/%s%s", object, path);
    check_error(text, where, cause);
}

static void test_the_smallest_policy_has_safe_defaults(void)
{
    _cleanup_(policy_freep) Policy *policy = lab_policy("{'attestd_policy':1,'id':'small'}");

    check_str(policy->id, "small");
    check(!policy->snp.debug && !policy->snp.migration_agent && !policy->snp.masked_chip_id);
    check(policy->snp.smt);
    check_int(policy->snp.vmpls, 1);
    check_int(policy->snp.products, 0);
    check(!policy->snp.maximum_tcb.present && policy->snp.maximum_guest_svn == UINT32_MAX);
    check_int(policy->snp.maximum_firmware.major, 255);
    check(!policy->snp.measurements_present && !policy->snp.minimum_tcb.present);
    check_int(policy->tpm.roots,
              1U << VTPM_ROOT_PARAVISOR | 1U << VTPM_ROOT_SVSM | 1U << VTPM_ROOT_CERTIFICATE);
    check(!policy->tpm.required && !policy->tpm.secure_boot);
    check_int(policy->tpm.bank, 0);
    check_int(policy->n_simulated_roots, 0);
}

static const char *const full =
    "{'attestd_policy':1,'id':'full','comment':'top','gates':[],"
    "'simulated_roots':[" D48 "],"
    "'snp':{'comment':'c','products':['Milan','Turin'],'report_versions':[2,3,5],"
    "'minimum_tcb':{'comment':'c','Milan':{'boot_loader':3,'tee':0,'snp':8,'microcode':115},"
    "'Turin':{'fmc':1,'comment':'c'}},"
    "'maximum_tcb':{'Milan':{'microcode':220}},'minimum_committed_tcb':{'Milan':{'snp':7}},"
    "'minimum_launch_tcb':{'Milan':{'snp':6}},'maximum_guest_svn':9,'maximum_firmware':'1.58.0',"
    "'chip_ids':[" D64 "],"
    "'measurements':[{'value':" D48 ",'covers':'firmware','name':'n','comment':'c'},"
    "{'value':" D48 ",'covers':'boot-chain'}],"
    "'debug':true,'migration_agent':true,'smt':false,'vmpl':[0,2],'minimum_guest_svn':4,"
    "'minimum_abi':'0.31','minimum_firmware':'1.55.29','host_data':[" D32 "],"
    "'family_ids':['01000000000000000000000000000000'],"
    "'image_ids':['02000000000000000000000000000000'],"
    "'id_key_digests':[" D48 "],'author_key_digests':[" D48 "],"
    "'platform_info':{'required':'0x20','forbidden':1,'comment':'c'},"
    "'policy_bits':{'required':'0x10000'},'signing_keys':['vlek'],"
    "'csp_ids':['CN=cc-us-east-2.amazonaws.com'],'masked_chip_id':true,"
    "'minimum_mitigations':'0x3F'},"
    "'tpm':{'comment':'c','required':true,'roots':['host','svsm'],'bank':'sha384',"
    "'pcrs':[0,4,7,8,11],'certificate_roots':[],"
    "'paravisors':[{'measurement':" D48 "},{'id_key_digest':" D48 ",'comment':'c'}],"
    "'rules':[{'pcr':4,'values':[" D32 "],'comment':'c'}],'secure_boot':true,"
    "'secure_boot_signers':[" D32 "],'ak_names':[" AK "],"
    "'sections':[{'name':'.linux','digests':[" D32 "],'comment':'c'}],"
    "'log':[{'pcr':8,'type':'EV_IPL','contains':'roothash=','comment':'c'},{'pcr':8,'type':'EV_IPL'"
    ",'equals':'x','required':false}],"
    "'events':[{'pcr':4,'type':'EV_EFI_BOOT_SERVICES_APPLICATION','digests':[" D32 "],"
    "'comment':'c'}],"
    "'command_line':{'equals':['a b'],'contains':['a','b'],'excludes':['c'],'comment':'c'}}}";

static void test_every_member_is_read(void)
{
    _cleanup_(policy_freep) Policy *policy = lab_policy(full);
    const PolicySnp *snp = &policy->snp;
    const PolicyTpm *tpm = &policy->tpm;

    check_int(snp->products, 1U << SNP_PRODUCT_MILAN | 1U << SNP_PRODUCT_TURIN);
    check_int(snp->report_versions, 1U << 2 | 1U << 3 | 1U << 5);
    check(snp->minimum_tcb.present && snp->minimum_tcb.products[SNP_PRODUCT_MILAN].present);
    check(!snp->minimum_tcb.products[SNP_PRODUCT_GENOA].present);
    check_int(snp->minimum_tcb.products[SNP_PRODUCT_MILAN].bound.microcode, 115);
    check_int(snp->minimum_tcb.products[SNP_PRODUCT_MILAN].bound.boot_loader, 3);
    check_int(snp->minimum_tcb.products[SNP_PRODUCT_TURIN].bound.fmc, 1);
    check_int(snp->maximum_tcb.products[SNP_PRODUCT_MILAN].bound.microcode, 220);
    check_int(snp->maximum_tcb.products[SNP_PRODUCT_MILAN].bound.snp, 255);
    check_int(snp->minimum_committed_tcb.products[SNP_PRODUCT_MILAN].bound.snp, 7);
    check_int(snp->minimum_launch_tcb.products[SNP_PRODUCT_MILAN].bound.snp, 6);
    check_int(snp->maximum_guest_svn, 9);
    check_int(snp->maximum_firmware.minor, 58);
    check_int(snp->chip_ids.items[0].size, 64);
    check_int(snp->n_measurements, 2);
    check_str(snp->measurements[0].name, "n");
    check_int(snp->measurements[1].covers, POLICY_COVERS_BOOT_CHAIN);
    check_int(snp->measurements[1].value[47], 1);
    check(snp->debug && snp->migration_agent && !snp->smt && snp->masked_chip_id);
    check_int(snp->vmpls, 1U << 0 | 1U << 2);
    check_int(snp->minimum_guest_svn, 4);
    check_int(snp->minimum_abi, 31);
    check(snp->minimum_firmware.major == 1 && snp->minimum_firmware.minor == 55 &&
          snp->minimum_firmware.build == 29);
    check_int(snp->host_data.n_items, 1);
    check_int(snp->family_ids.items[0].size, 16);
    check_int(snp->platform_info.required, 0x20);
    check_int(snp->platform_info.forbidden, 1);
    check_int(snp->policy_bits.required, 0x10000);
    check_int(snp->signing_keys, 1U << SNP_SIGNING_KEY_VLEK);
    check_str(snp->csp_ids.items[0], "CN=cc-us-east-2.amazonaws.com");
    check_int(snp->minimum_mitigations, 0x3f);
    check(tpm->required && tpm->secure_boot);
    check_int(tpm->roots, 1U << VTPM_ROOT_HOST | 1U << VTPM_ROOT_SVSM);
    check_int(tpm->bank, TPM_ALG_SHA384);
    check_int(tpm->pcrs, 1U << 0 | 1U << 4 | 1U << 7 | 1U << 8 | 1U << 11);
    check_int(tpm->n_paravisors, 2);
    check_int(tpm->paravisors[1].id_key_digest.size, 48);
    check_int(tpm->rules[0].pcr, 4);
    check(tpm->log[0].contains && tpm->log[0].required);
    check(!tpm->log[1].contains && !tpm->log[1].required);
    check(tpm->command_line.present);
    check_int(tpm->secure_boot_signers.items[0].size, 32);
    check_int(tpm->ak_names.items[0].size, 34);
    check_int(tpm->n_sections, 1);
    check_str(tpm->sections[0].name, ".linux");
    check_str(tpm->command_line.equals.items[0], "a b");
    check_int(tpm->command_line.contains.n_items, 2);
    check_int(tpm->command_line.excludes.n_items, 1);
    check_int(tpm->log[0].type, EV_IPL);
    check_int(tpm->events[0].type, EV_EFI_BOOT_SERVICES_APPLICATION);
    check_int(policy->n_simulated_roots, 1);
}

static void test_text_that_is_no_policy_is_named(void)
{
    check_error("", "/", "cannot be read");
    check_error("[1]", "/", "must be an object");
    check_error("{'a':1,'a':2}", "/", "cannot be read");
    check_error("{'attestd_policy':1}", "/id", "is missing");
    check_error("{'id':'x'}", "/attestd_policy", "is missing");
    check_error("{'attestd_policy':2,'id':'x'}", "/attestd_policy", "must be 1");
    check_error("{'attestd_policy':1,'id':''}", "/id", "at least one character");
    check_error("{'attestd_policy':1,'id':'a b'}", "/id", "without spaces");
    check_error("{'attestd_policy':1,'id':'x','surprise':1}", "/surprise", "unknown member");
    check_error("{'attestd_policy':1,'id':'x','comment':1}", "/comment", "must be a string");
    check_error("{'attestd_policy':1,'id':'x','snp':[]}", "/snp", "must be an object");
    check_error("{'attestd_policy':1,'id':'x','gates':{}}", "/gates", "must be an array");
    check_error("{'attestd_policy':1,'id':'x','simulated_roots':['00']}", "/simulated_roots/0",
                "48 are needed");
}

static void test_unknown_members_are_named_in_every_object(void)
{
    check_member("snp", "'minimum_tbc':{}", "/minimum_tbc", "unknown member");
    check_member("snp", "'minimum_tcb':{'Rome':{}}", "/minimum_tcb/Rome", "unknown member");
    check_member("snp", "'minimum_tcb':{'Milan':{'tea':1}}", "/minimum_tcb/Milan/tea",
                 "unknown member");
    check_member("snp", "'minimum_tcb':{'Genoa':{'fmc':1}}", "/minimum_tcb/Genoa/fmc",
                 "unknown member");
    check_member("snp", "'measurements':[{'value':" D48 ",'covers':'firmware','x':1}]",
                 "/measurements/0/x", "unknown member");
    check_member("snp", "'platform_info':{'require':1}", "/platform_info/require",
                 "unknown member");
    check_member("snp", "'policy_bits':{'x':1}", "/policy_bits/x", "unknown member");
    check_member("tpm", "'secureboot':true", "/secureboot", "unknown member");
    check_member("tpm", "'rules':[{'pcr':1,'values':[],'value':1}]", "/rules/0/value",
                 "unknown member");
    check_member("tpm", "'log':[{'pcr':1,'type':'EV_IPL','equals':'x','match':1}]", "/log/0/match",
                 "unknown member");
    check_member("tpm", "'events':[{'pcr':1,'type':'EV_IPL','digests':[],'x':1}]", "/events/0/x",
                 "unknown member");
    check_member("tpm", "'paravisors':[{'x':1}]", "/paravisors/0/x", "unknown member");
}

static void test_wrong_values_of_snp_are_named(void)
{
    check_member("snp", "'products':['Rome']", "/products", "item 0 (\"Rome\") is not known");
    check_member("snp", "'products':[]", "/products", "at least one");
    check_member("snp", "'products':'Milan'", "/products", "array");
    check_member("snp", "'report_versions':[32]", "/report_versions", "from 0 to 31");
    check_member("snp", "'report_versions':[]", "/report_versions", "at least one");
    check_member("snp", "'minimum_tcb':{'Milan':{'tee':256}}", "/minimum_tcb/Milan/tee",
                 "from 0 to 255");
    check_member("snp", "'minimum_tcb':{'Milan':3}", "/minimum_tcb/Milan", "must be an object");
    check_member("snp", "'measurements':[{'value':" D32 ",'covers':'firmware'}]",
                 "/measurements/0/value", "is 32 bytes; 48 are needed");
    check_member("snp", "'measurements':[{'value':" D48 "}]", "/measurements/0/covers",
                 "is missing");
    check_member("snp", "'measurements':[{'value':" D48 ",'covers':'all'}]",
                 "/measurements/0/covers", "must be \"firmware\"");
    check_member("snp", "'measurements':{}", "/measurements", "must be an array");
    check_member("snp", "'debug':'no'", "/debug", "must be true or false");
    check_member("snp", "'smt':1", "/smt", "must be true or false");
    check_member("snp", "'vmpl':[4]", "/vmpl", "from 0 to 3");
    check_member("snp", "'vmpl':0", "/vmpl", "array");
    check_member("snp", "'minimum_guest_svn':-1", "/minimum_guest_svn", "whole number");
    check_member("snp", "'minimum_abi':'0.31.1'", "/minimum_abi", "2 numbers");
    check_member("snp", "'minimum_abi':0.31", "/minimum_abi", "2 numbers");
    check_member("snp", "'minimum_firmware':'1.55'", "/minimum_firmware", "3 numbers");
    check_member("snp", "'minimum_firmware':'1.55.256'", "/minimum_firmware", "3 numbers");
    check_member("snp", "'minimum_firmware':'1.55.0x'", "/minimum_firmware", "3 numbers");
    check_member("snp", "'host_data':['zz']", "/host_data/0", "hexadecimal");
    check_member("snp", "'host_data':[" D48 "]", "/host_data/0", "32 are needed");
    check_member("snp", "'family_ids':[1]", "/family_ids/0", "must be a string");
    check_member("snp", "'platform_info':{'required':1,'forbidden':'0x3'}", "/platform_info",
                 "the same bit");
    check_member("snp", "'platform_info':{'required':'20'}", "/platform_info/required", "0x");
    check_member("snp", "'platform_info':{'required':'0x'}", "/platform_info/required", "0x");
    check_member("snp", "'platform_info':{'required':'0x11111111111111111'}",
                 "/platform_info/required", "16");
    check_member("snp", "'maximum_tcb':{'Milan':{'snp':3}},'minimum_tcb':{'Milan':{'snp':4}}", "",
                 "\"minimum_tcb\" is above \"maximum_tcb\" for Milan");
    check_member("snp", "'maximum_tcb':{'Milan':{'fmc':3}}", "/maximum_tcb/Milan/fmc",
                 "unknown member");
    check_member("snp", "'minimum_guest_svn':2,'maximum_guest_svn':1", "", "is above");
    check_member("snp", "'maximum_firmware':'1.55'", "/maximum_firmware", "3 numbers");
    check_member("snp", "'chip_ids':[" D32 "]", "/chip_ids/0", "64 are needed");
    check_member("snp", "'signing_keys':['both']", "/signing_keys", "not known");
    check_member("snp", "'signing_keys':[]", "/signing_keys", "must be an array of");
    check_member("snp", "'csp_ids':['']", "/csp_ids/0", "at least one character");
    check_member("snp", "'minimum_mitigations':true", "/minimum_mitigations", "whole number");
}

static void test_wrong_values_of_tpm_are_named(void)
{
    check_member("tpm", "'required':1", "/required", "must be true or false");
    check_member("tpm", "'roots':['guest']", "/roots", "\"guest\") is not known");
    check_member("tpm", "'roots':[1]", "/roots", "not a string");
    check_member("tpm", "'bank':'md5'", "/bank", "sha256");
    check_member("tpm", "'bank':'sm3_256'", "/bank", "sha256");
    check_member("tpm", "'pcrs':[24]", "/pcrs", "from 0 to 23");
    check_member("tpm", "'pcrs':[]", "/pcrs", "at least one");
    check_member("tpm", "'certificate_roots':['x']", "/certificate_roots/0", "PEM");
    check_member("tpm", "'certificate_roots':[1]", "/certificate_roots/0", "PEM");
    check_member("tpm", "'ak_certificate_roots':[1]", "/ak_certificate_roots/0", "PEM");
    check_member("tpm", "'ek_certificate_roots':['x']", "/ek_certificate_roots/0", "PEM");
    check_member("tpm", "'required':1", "/required", "true or false");
    check_member("tpm", "'required':[[[[]]]]", "/required", "true or false");
    check_member("tpm", "'required':null", "/required", "true or false");
    check_member("tpm", "'log':[{'pcr':8,'type':'EV_IPL','equals':'x','required':'no'}]",
                 "/log/0/required", "true or false");
    check_member("snp", "'platform_info':{'required':-1}", "/platform_info/required", "");
    check_member("snp", "'platform_info':{'required':1e300}", "/platform_info/required", "");
    check_member("snp", "'policy_bits':{'required':{}}", "/policy_bits/required", "");
    check_member("tpm", "'paravisors':[{}]", "/paravisors/0", "must have \"measurement\"");
    check_member("tpm", "'rules':[{'pcr':16,'values':[]}]", "/rules/0/pcr", "from 0 to 15");
    check_member("tpm", "'rules':[{'pcr':4}]", "/rules/0/values", "is missing");
    check_member("tpm", "'rules':[{'values':[]}]", "/rules/0/pcr", "is missing");
    check_member("tpm", "'rules':[{'pcr':4,'values':['00']}]", "/rules/0/values/0",
                 "a digest has 20, 32, 48 or 64");
    check_member("tpm", "'log':[{'pcr':8,'type':'EV_NONE','equals':'x'}]", "/log/0/type",
                 "no event type");
    check_member("tpm", "'log':[{'pcr':8,'type':'EV_IPL'}]", "/log/0", "must have \"contains\"");
    check_member("tpm", "'log':[{'pcr':8,'type':'EV_IPL','equals':'x','contains':'y'}]",
                 "/log/0/contains", "cannot stand beside");
    check_member("tpm", "'log':[{'pcr':8,'type':'EV_IPL','contains':'x','equals':'y'}]",
                 "/log/0/equals", "cannot stand beside");
    check_member("tpm", "'log':[{'pcr':8,'equals':'x'}]", "/log/0/type", "is missing");
    check_member("tpm", "'events':[{'pcr':4,'type':'EV_IPL'}]", "/events/0/digests", "is missing");
    check_member("tpm", "'pcrs':[0],'rules':[{'pcr':4,'values':[]}]", "",
                 "a rule needs PCR 4, which \"pcrs\" leaves out");
    check_member("tpm", "'pcrs':[0],'secure_boot':true", "", "a rule needs PCR 7");
    check_member("tpm", "'command_line':{}", "", "needs a rule on PCR 4");
    check_member("tpm", "'sections':[{'name':'.linux','digests':[]}]", "",
                 "\"sections\" needs a rule on PCR 4");
    check_member("tpm", "'sections':[{'name':'linux','digests':[]}]", "/sections/0/name",
                 "name of a section");
    check_member("tpm", "'sections':[{'name':'.0123456789abcdef','digests':[]}]",
                 "/sections/0/name", "name of a section");
    check_member("tpm", "'sections':[{'name':'.linux'}]", "/sections/0/digests", "is missing");
    check_member("tpm", "'pcrs':[0],'secure_boot_signers':[]", "", "a rule needs PCR 7");
    check_member("tpm", "'secure_boot_signers':[" D48 "]", "/secure_boot_signers/0",
                 "32 are needed");
    check_member("tpm", "'ak_names':[" D32 "]", "/ak_names/0", "34 are needed");
    check_member("tpm", "'command_line':{'equal':[]}", "/command_line/equal", "unknown member");
    check_member("tpm", "'command_line':{'equals':'x'}", "/command_line/equals", "array");
    check_member("tpm", "'command_line':[]", "/command_line", "must be an object");
}

#define TDX "{'attestd_policy':1,'id':'x','hardware':['tdx'],"

static void test_hardware_and_tdx_are_read(void)
{
    _cleanup_(policy_freep) Policy *policy = lab_policy(
        TDX "'tdx':{'measurements':[{'value':" D48 ",'covers':'boot-chain','name':'n'}],"
            "'debug':true,'migratable':true,'attributes':{'required':'0x10'},'xfam':{'forbidden':8}"
            ",'minimum_tee_tcb_svn':'0d010400000000000000000000000000','minimum_qe_svn':7,"
            "'mr_seams':[" D48 "],'mr_config_ids':[],'mr_owners':[" D48 "," D48 "],"
            "'mr_owner_configs':[" D48 "]},'tpm':{'paravisors':[{'mrtd':" D48 "}]},"
            "'gates':[{'name':'a','machines':['*'],'hardware':['none','tdx']}]}");
    _cleanup_(policy_freep) Policy *empty = lab_policy("{'attestd_policy':1,'id':'x'}");
    _cleanup_(policy_freep) Policy *nothing =
        lab_policy("{'attestd_policy':1,'id':'x','hardware':[]}");
    const PolicyTdx *tdx = &policy->tdx;

    check_int(policy->hardware, 1U << HARDWARE_TDX);
    check(tdx->present && tdx->measurements_present && tdx->debug && tdx->migratable);
    check_int(tdx->n_measurements, 1);
    check_int(tdx->measurements[0].covers, POLICY_COVERS_BOOT_CHAIN);
    check_int(tdx->attributes.required, 0x10);
    check_int(tdx->xfam.forbidden, 8);
    check_int(tdx->minimum_tee_tcb_svn[2], 4);
    check_int(tdx->minimum_qe_svn, 7);
    check_int(tdx->mr_seams.n_items, 1);
    check(tdx->mr_config_ids.present && tdx->mr_config_ids.n_items == 0);
    check_int(tdx->mr_owners.n_items, 2);
    check_int(tdx->mr_owner_configs.n_items, 1);
    check_int(policy->tpm.paravisors[0].mrtd.size, 48);
    check_int(policy->gates[0].hardware, 1U << HARDWARE_NONE | 1U << HARDWARE_TDX);
    check_int(empty->hardware, 1U << HARDWARE_SNP);
    check(!empty->tdx.present && !empty->tdx.debug && !empty->tdx.migratable);
    check_int(nothing->hardware, 0);
    check_str(hardware_name(HARDWARE_NONE), "none");
    check_str(hardware_name(HARDWARE_SNP), "snp");
    check_str(hardware_name(HARDWARE_TDX), "tdx");
}

static void test_wrong_values_of_hardware_and_tdx_are_named(void)
{
    static const char of_no_use[] = "is of no use";

    check_error("{'attestd_policy':1,'id':'x','hardware':'tdx'}", "/hardware", "must be an array");
    check_error("{'attestd_policy':1,'id':'x','hardware':['sgx']}", "/hardware", "is not known");
    check_error("{'attestd_policy':1,'id':'x','tdx':{}}", "/", of_no_use);
    check_error(TDX "'snp':{}}", "/", of_no_use);
    check_error(TDX "'tdx':{'mrtd':[]}}", "/tdx/mrtd", "unknown member");
    check_error(TDX "'tdx':{'measurements':[{'value':'00','covers':'firmware'}]}}",
                "/tdx/measurements/0/value", "48 are needed");
    check_error(TDX "'tdx':{'minimum_tee_tcb_svn':'00'}}", "/tdx/minimum_tee_tcb_svn",
                "16 are needed");
    check_error(TDX "'tdx':{'minimum_qe_svn':65536}}", "/tdx/minimum_qe_svn", "");
    check_error(TDX "'tdx':{'mr_seams':['00']}}", "/tdx/mr_seams/0", "48 are needed");
    check_error(TDX "'tdx':{'debug':1}}", "/tdx/debug", "");
    check_member("tpm", "'paravisors':[{}]", "/paravisors/0", "mrtd");
    check_member("tpm", "'paravisors':[{'mrtd':" D48 ",'measurement':" D48 "}]", "/paravisors/0",
                 "alone (TDX)");
    check_member("tpm", "'paravisors':[{'mrtd':'00'}]", "/paravisors/0/mrtd", "48 are needed");
}

static void test_lists_are_bounded(void)
{
    Bytes text = { 0 };
    Policy *policy = NULL;
    PolicyError error;

    static const char head[] = "{\"attestd_policy\":1,\"id\":\"x\",\"snp\":{\"csp_ids\":[";

    lab_put(&text, head, sizeof(head) - 1);
    for (int i = 0; i < POLICY_ITEMS_MAX; i++)
        lab_put(&text, "\"a\",", 4);
    lab_put(&text, "\"a\"]}}", 6);
    check_int(policy_parse(VIEW(text), &policy, &error), POLICY_E_INVALID);
    check_str(error.path, "/snp/csp_ids");
    bytes_done(&text);
    check_int(bytes_new(POLICY_SIZE_MAX + 1, &text), 0);
    memset(text.data, ' ', text.size);
    check_int(policy_parse(VIEW(text), &policy, &error), POLICY_E_INVALID);
    check_str(error.path, "/");
    bytes_done(&text);
}

static void test_a_policy_cut_anywhere_is_refused(void)
{
    for (size_t n = 0; n < strlen(full); n += 7) {
        PolicyError error;
        Policy *policy = NULL;
        char *cut = strndup(full, n);
        check_int(parse(cut, &policy, &error), POLICY_E_INVALID);
        free(cut);
    }
}

static void test_the_example_of_the_documentation_is_a_policy(void)
{
    _cleanup_bytes_ Bytes page = { 0 };
    PolicyError error = { 0 };
    _cleanup_(policy_freep) Policy *policy = NULL;

    check_int(file_read(DOCS_DIR "/policy.md", 1 << 20, &page), 0);
    const char *begin = strstr((const char *)page.data, "```json\n");
    check(begin != NULL);
    begin += strlen("```json\n");
    const char *end = strstr(begin, "```");
    check(end != NULL);
    const ByteView text = { .data = (const uint8_t *)begin, .size = (size_t)(end - begin) };
    int r = policy_parse(text, &policy, &error);
    if (r != POLICY_OK)
        (void)fprintf(stderr, "%s: %s\n", error.path, error.cause);
    check_int(r, POLICY_OK);
    check(policy->tpm.command_line.present && policy->tpm.n_events == 1);
}

static void test_names_of_roots(void)
{
    check_str(vtpm_root_name(VTPM_ROOT_HOST), "host");
    check_str(vtpm_root_name(VTPM_ROOT_PARAVISOR), "paravisor");
    check_str(vtpm_root_name(VTPM_ROOT_SVSM), "svsm");
    check_str(vtpm_root_name(VTPM_ROOT_CERTIFICATE), "certificate");
}

static const Test tests[] = {
    { "the smallest policy has safe defaults", test_the_smallest_policy_has_safe_defaults },
    { "every member is read", test_every_member_is_read },
    { "text that is no policy is named", test_text_that_is_no_policy_is_named },
    { "unknown members are named in every object", test_unknown_members_are_named_in_every_object },
    { "wrong values of snp are named", test_wrong_values_of_snp_are_named },
    { "wrong values of tpm are named", test_wrong_values_of_tpm_are_named },
    { "hardware and tdx are read", test_hardware_and_tdx_are_read },
    { "wrong values of hardware and tdx are named",
      test_wrong_values_of_hardware_and_tdx_are_named },
    { "lists are bounded", test_lists_are_bounded },
    { "a policy cut anywhere is refused", test_a_policy_cut_anywhere_is_refused },
    { "the example of the documentation is a policy",
      test_the_example_of_the_documentation_is_a_policy },
    { "names of roots", test_names_of_roots },
};

TEST_MAIN(tests)
