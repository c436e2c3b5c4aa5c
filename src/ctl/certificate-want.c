/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read from libattest's JSON, which knows the layouts of all product lines.
 */
#include "ctl/certificate-want.h"

#include "ctl/judged.h"
#include "ctl/show.h"

#include <attest/verify.h>

#include <stdio.h>
#include <string.h>

#define TURIN_CHIP_DIGITS 16
#define HEX_DIGITS        "0123456789abcdef"

static const char *const products[] = { "Milan", "Genoa", "Turin" };

/* The static spelling; NULL: no product that AMD has certificates for. */
static const char *product_by_name(const char *name)
{
    for (size_t i = 0; i < ELEMENTSOF(products); i++)
        if (strcmp(products[i], name) == 0)
            return products[i];
    return NULL;
}

static bool is_hex(const char *text, size_t digits)
{
    return strlen(text) == digits && strspn(text, HEX_DIGITS) == digits;
}

/* Those that may have made the report: what it says, else what its TCB and chip id look like. */
static size_t find_products(const json_t *report, const char *ret[static CERTIFICATE_WANTS_MAX])
{
    const char *stated = show_string(report, "product_from_cpuid");

    if (*stated) {
        ret[0] = product_by_name(stated);
        return ret[0] ? 1 : 0;
    }
    if (show_at(report, "reported_tcb.fmc")) {
        ret[0] = "Turin";
        return 1;
    }
    ret[0] = "Milan";
    ret[1] = "Genoa";
    return 2;
}

static int want_vcek(const json_t *report, const char *product, CertificateWant *ret)
{
    const char *chip = show_string(report, "chip_id");
    const char *tcb = show_string(report, "reported_tcb.raw");
    size_t digits = strcmp(product, "Turin") == 0 ? TURIN_CHIP_DIGITS : WANT_CHIP_SIZE - 1;

    if (!is_hex(chip, WANT_CHIP_SIZE - 1) || strspn(chip, "0") >= digits ||
        !is_hex(tcb, WANT_TCB_SIZE - 1))
        return CERTIFICATE_WANT_E_CHIP;
    *ret = (CertificateWant){ .item = WANT_VCEK,
                              .product = product,
                              .components = show_at(report, "reported_tcb") };
    memcpy(ret->chip, chip, digits);
    memcpy(ret->tcb, tcb, WANT_TCB_SIZE - 1);
    return CERTIFICATE_WANT_OK;
}

int certificate_want_vcek(const json_t *report, CertificateWant ret[static CERTIFICATE_WANTS_MAX],
                          size_t *ret_n)
{
    const char *found[CERTIFICATE_WANTS_MAX];
    size_t n = find_products(report, found);

    if (strcmp(show_string(report, "signing_key"), "VCEK") != 0)
        return CERTIFICATE_WANT_E_VLEK;
    if (n == 0)
        return CERTIFICATE_WANT_E_PRODUCT;
    for (size_t i = 0; i < n; i++) {
        int r = want_vcek(report, found[i], &ret[i]);
        if (r != CERTIFICATE_WANT_OK)
            return r;
    }
    *ret_n = n;
    return CERTIFICATE_WANT_OK;
}

int certificate_want_chain(const json_t *report, CertificateWant ret[static CERTIFICATE_WANTS_MAX],
                           size_t *ret_n)
{
    const char *found[CERTIFICATE_WANTS_MAX];
    size_t n = find_products(report, found);
    bool is_vlek = strcmp(show_string(report, "signing_key"), "VLEK") == 0;

    if (n == 0)
        return CERTIFICATE_WANT_E_PRODUCT;
    for (size_t i = 0; i < n; i++)
        ret[i] = (CertificateWant){ .item = is_vlek ? WANT_VLEK_CHAIN : WANT_VCEK_CHAIN,
                                    .product = found[i] };
    *ret_n = n;
    return CERTIFICATE_WANT_OK;
}

const char *certificate_want_name(const CertificateWant *want)
{
    switch (want->item) {
    case WANT_VCEK:
        return "vcek";
    case WANT_VCEK_CHAIN:
        return "vcek-chain";
    case WANT_VLEK_CHAIN:
        return "vlek-chain";
    }
    return "";
}

char *certificate_want_path(const CertificateWant *want)
{
    const char *name = certificate_want_name(want);
    char *path = NULL;
    int n = want->item == WANT_VCEK
                ? asprintf(&path, "%s/%s-%s-%s.der", name, want->product, want->chip, want->tcb)
                : asprintf(&path, "%s/%s.pem", name, want->product);

    return n < 0 ? NULL : path;
}

static bool is_same_tcb(const json_t *a, const json_t *b)
{
    static const char *const names[] = { "fmc", "bootloader", "tee", "snp", "microcode" };

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        const json_t *x = json_object_get(a, names[i]), *y = json_object_get(b, names[i]);
        if (json_is_integer(x) != json_is_integer(y) ||
            json_integer_value(x) != json_integer_value(y))
            return false;
    }
    return true;
}

/* For this chip and TCB? */
static bool is_vcek(const CertificateWant *want, const json_t *certificate)
{
    const json_t *extensions = show_at(certificate, "cert_ext");

    return strcmp(show_string(extensions, "hwid"), want->chip) == 0 &&
           is_same_tcb(extensions, want->components);
}

/* "SEV-Milan" or "SEV-VLEK-Milan" somewhere in the list. */
static bool has_signer(const CertificateWant *want, const json_t *certificates)
{
    char name[64];
    size_t i;
    json_t *certificate;

    (void)snprintf(name, sizeof(name), "CN=SEV-%s%s,", want->item == WANT_VLEK_CHAIN ? "VLEK-" : "",
                   want->product);
    json_array_foreach (certificates, i, certificate)
        if (strstr(show_string(certificate, "subject"), name))
            return true;
    return false;
}

bool certificate_want_is(const CertificateWant *want, ByteView bytes)
{
    _cleanup_(attest_result_freep) attest_result *result = NULL;

    if (attest_inspect(bytes.data, bytes.size, &result) != ATTEST_PASS ||
        strcmp(attest_result_kind_name(result), "certificate") != 0)
        return false;
    json_auto_t *json = judged_json(result);
    const json_t *content = show_at(json, "content");
    if (want->item == WANT_VCEK)
        return is_vcek(want, content);
    return has_signer(want, show_at(content, "certificates"));
}
