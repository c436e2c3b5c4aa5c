/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/kds.h"

#include "testing.h"

#define BASE "https://kds.example"

static KdsRequest vcek(SnpProduct product)
{
    KdsRequest request = { .item = KDS_VCEK,
                           .product = product,
                           .tcb = { .boot_loader = 4, .tee = 0, .snp = 24, .microcode = 219 } };

    request.chip_id[0] = 0xab;
    request.chip_id[7] = 0x01;
    if (product == SNP_PRODUCT_TURIN) {
        request.tcb.has_fmc = true;
        request.tcb.fmc = 1;
    }
    return request;
}

static void check_url(const KdsRequest *request, const char *wanted)
{
    _cleanup_free_ char *url = NULL;

    check_int(kds_url(BASE, request, &url), KDS_OK);
    check_str(url, wanted);
}

static void check_refused(const KdsRequest *request, int reason)
{
    _cleanup_free_ char *url = NULL;

    check_int(kds_url(BASE, request, &url), reason);
    check(!url);
}

static void test_a_chip_is_named_by_all_its_bytes(void)
{
    KdsRequest request = vcek(SNP_PRODUCT_MILAN);
    char wanted[512];

    (void)snprintf(wanted, sizeof(wanted),
                   BASE "/vcek/v1/Milan/ab00000000000001%0112d?blSPL=4&teeSPL=0&snpSPL=24"
                        "&ucodeSPL=219",
                   0);
    check_url(&request, wanted);
    request.product = SNP_PRODUCT_GENOA;
    memcpy(strstr(wanted, "Milan"), "Genoa", 5);
    check_url(&request, wanted);
    request.chip_id[63] = 0xff;
    memcpy(strstr(wanted, "?") - 2, "ff", 2);
    check_url(&request, wanted);
}

static void test_turin_has_eight_bytes_and_an_fmc(void)
{
    KdsRequest request = vcek(SNP_PRODUCT_TURIN);

    check_url(&request, BASE "/vcek/v1/Turin/ab00000000000001?fmcSPL=1&blSPL=4&teeSPL=0&snpSPL=24"
                             "&ucodeSPL=219");
    request.chip_id[8] = 1;
    check_refused(&request, KDS_E_CHIP);
}

static void test_what_names_no_certificate_is_refused(void)
{
    KdsRequest masked = vcek(SNP_PRODUCT_MILAN), unknown = vcek(SNP_PRODUCT_UNKNOWN);
    KdsRequest no_fmc = vcek(SNP_PRODUCT_TURIN), fmc = vcek(SNP_PRODUCT_GENOA);

    memset(masked.chip_id, 0, sizeof(masked.chip_id));
    no_fmc.tcb.has_fmc = false;
    fmc.tcb.has_fmc = true;
    check_refused(&masked, KDS_E_CHIP);
    check_refused(&unknown, KDS_E_PRODUCT);
    check_refused(&no_fmc, KDS_E_TCB);
    check_refused(&fmc, KDS_E_TCB);
}

static void test_chains_are_of_a_product(void)
{
    static const struct {
        KdsItem item;
        const char *url;
    } rows[] = {
        { KDS_VCEK_CHAIN, BASE "/vcek/v1/Genoa/cert_chain" },
        { KDS_VLEK_CHAIN, BASE "/vlek/v1/Genoa/cert_chain" },
    };

    for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
        KdsRequest request = { .item = rows[i].item, .product = SNP_PRODUCT_GENOA };
        check_url(&request, rows[i].url);
    }
}

static void test_items_have_names(void)
{
    KdsItem item;

    for (int i = KDS_VCEK; i <= KDS_VLEK_CHAIN; i++) {
        check(kds_item_by_name(kds_item_name((KdsItem)i), &item));
        check_int(item, i);
    }
    check(!kds_item_by_name("", &item));
    check(!kds_item_by_name("VCEK", &item));
}

static const Test tests[] = {
    { "a chip is named by all its bytes", test_a_chip_is_named_by_all_its_bytes },
    { "Turin has eight bytes and an FMC", test_turin_has_eight_bytes_and_an_fmc },
    { "what names no certificate is refused", test_what_names_no_certificate_is_refused },
    { "chains are of a product", test_chains_are_of_a_product },
    { "items have names", test_items_have_names },
};

TEST_MAIN(tests)
