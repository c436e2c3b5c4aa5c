/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/request-fetch.h"

#include "testing.h"

#include <errno.h>

#define CHIP "ab00000000000001"
#define TCB  "\"tcb\":{\"raw\":\"00\",\"bootloader\":4,\"tee\":0,\"snp\":24,\"microcode\":219}"
#define HEAD "{\"verb\":\"fetch\",\"base\":\"https://kds.example\",\"timeout_sec\":30,"

static int parse(const char *line, size_t n_fds, FetchRequest **ret, const char **reterr_member)
{
    FdList given = { .fds = { 7, 8 }, .n_fds = n_fds };

    return fetch_request_parse(view_of_string(line), &given, ret, reterr_member);
}

static void test_a_vcek_is_asked_for_by_chip_and_tcb(void)
{
    _cleanup_(fetch_request_freep) FetchRequest *request = NULL;
    const char *member = NULL;

    check_int(parse(HEAD "\"item\":\"vcek\",\"product\":\"Milan\",\"chip_id\":\"" CHIP "\"," TCB
                         ",\"fds\":[\"out\"]}",
                    1, &request, &member),
              REQUEST_OK);
    check_str(request->base, "https://kds.example");
    check(!request->ca_pem && !request->proxy);
    check_int(request->timeout_sec, 30);
    check_int(request->out_fd, 7);
    check_int(request->kds.item, KDS_VCEK);
    check_int(request->kds.product, SNP_PRODUCT_MILAN);
    check_int(request->kds.chip_id[0], 0xab);
    check_int(request->kds.chip_id[7], 1);
    check_int(request->kds.chip_id[8], 0);
    check_int(request->kds.tcb.microcode, 219);
    check(!request->kds.tcb.has_fmc);
}

static void test_a_chain_is_asked_for_by_product(void)
{
    _cleanup_(fetch_request_freep) FetchRequest *request = NULL;
    const char *member = NULL;

    check_int(parse(HEAD "\"ca_pem\":\"x\",\"item\":\"vlek-chain\",\"product\":\"Turin\","
                         "\"fds\":[\"out\"]}",
                    1, &request, &member),
              REQUEST_OK);
    check_str(request->ca_pem, "x");
    check_int(request->kds.item, KDS_VLEK_CHAIN);
    check_int(request->kds.product, SNP_PRODUCT_TURIN);
}

typedef struct BadRequest {
    const char *line;
    size_t n_fds;
    int reason;
    const char *member;
} BadRequest;

#define CHAIN "\"item\":\"vcek-chain\",\"product\":\"Milan\""
#define OUT   ",\"fds\":[\"out\"]}"

static const BadRequest bad[] = {
    { "", 1, REQUEST_E_JSON, "request" },
    { "[]", 1, REQUEST_E_JSON, "request" },
    { HEAD CHAIN ",\"fds\":[]}", 0, REQUEST_E_DESCRIPTORS, "fds" },
    { HEAD CHAIN OUT, 0, REQUEST_E_DESCRIPTORS, "fds" },
    { HEAD CHAIN OUT, 2, REQUEST_E_DESCRIPTORS, "fds" },
    { HEAD CHAIN ",\"fds\":[\"in\"]}", 1, REQUEST_E_MEMBER, "fds" },
    { HEAD CHAIN ",\"x\":1" OUT, 1, REQUEST_E_UNKNOWN, "request" },
    { HEAD "\"item\":\"ark\",\"product\":\"Milan\"" OUT, 1, REQUEST_E_MEMBER, "item" },
    { HEAD "\"item\":\"vcek-chain\",\"product\":\"unknown\"" OUT, 1, REQUEST_E_MEMBER, "product" },
    { HEAD "\"item\":\"vcek-chain\",\"product\":\"../x\"" OUT, 1, REQUEST_E_MEMBER, "product" },
    { HEAD "\"item\":\"vcek\",\"product\":\"Milan\"," TCB OUT, 1, REQUEST_E_MEMBER, "chip_id" },
    { HEAD "\"item\":\"vcek\",\"product\":\"Milan\",\"chip_id\":\"../\"," TCB OUT, 1,
      REQUEST_E_MEMBER, "chip_id" },
    { HEAD "\"item\":\"vcek\",\"product\":\"Milan\",\"chip_id\":\"ab\"" OUT, 1, REQUEST_E_MEMBER,
      "tcb" },
    { HEAD "\"item\":\"vcek\",\"product\":\"Milan\",\"chip_id\":\"ab\",\"tcb\":{\"bootloader\":256,"
           "\"tee\":0,\"snp\":1,\"microcode\":1}" OUT,
      1, REQUEST_E_MEMBER, "tcb.bootloader" },
    { HEAD "\"item\":\"vcek\",\"product\":\"Milan\",\"chip_id\":\"ab\",\"tcb\":{\"spl4\":0}" OUT, 1,
      REQUEST_E_UNKNOWN, "tcb" },
    { "{\"verb\":\"fetch\",\"base\":\"https://k\",\"timeout_sec\":0," CHAIN OUT, 1,
      REQUEST_E_MEMBER, "timeout_sec" },
    { "{\"verb\":\"fetch\",\"timeout_sec\":1," CHAIN OUT, 1, REQUEST_E_MEMBER, "base" },
    { "{\"verb\":\"round\",\"base\":\"https://k\",\"timeout_sec\":1," CHAIN OUT, 1,
      REQUEST_E_MEMBER, "verb" },
};

static void test_everything_else_is_refused_by_member(void)
{
    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        FetchRequest *request = NULL;
        const char *member = NULL;
        (void)printf("  %s\n", bad[i].line);
        check_int(parse(bad[i].line, bad[i].n_fds, &request, &member), bad[i].reason);
        check_str(member, bad[i].member);
        check(!request);
    }
}

static const Test tests[] = {
    { "a VCEK is asked for by chip and TCB", test_a_vcek_is_asked_for_by_chip_and_tcb },
    { "a chain is asked for by product", test_a_chain_is_asked_for_by_product },
    { "everything else is refused by member", test_everything_else_is_refused_by_member },
};

TEST_MAIN(tests)
