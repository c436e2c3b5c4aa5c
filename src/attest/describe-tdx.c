/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TDX quote to JSON. Registers and attributes are hex in the order of their bytes; what attributes
 * mean stands beside them.
 */
#include "attest/describe-tdx.h"

#include "attest/describe-certificate.h"
#include "base/encode.h"

#include <errno.h>
#include <stdio.h>

/* One member that is hex. */
typedef struct HexMember {
    const char *name;
    ByteView bytes;
} HexMember;

static int set_hex(json_t *json, const HexMember *members, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int r = json_set_hex(json, members[i].name, members[i].bytes);
        if (r < 0)
            return r;
    }
    return 0;
}

/* As it lies in memory. */
static void le_bytes(uint64_t value, uint8_t out[static 8])
{
    for (size_t i = 0; i < 8; i++)
        out[i] = (uint8_t)(value >> 8 * i);
}

/* -ENOMEM: VALUE, which is given away, or JSON is NULL. */
static int set(json_t *json, const char *name, json_t *value)
{
    return json_object_set_new(json, name, value) == 0 ? 0 : -ENOMEM;
}

static int describe_header(const TdxQuote *quote, json_t *json)
{
    const HexMember vendor = { "qe_vendor_id", VIEW_OF_ARRAY(quote->qe_vendor_id) };
    char tee_type[16];

    (void)snprintf(tee_type, sizeof(tee_type), "0x%x", quote->tee_type);
    int r = set(json, "version", json_integer(quote->version));
    if (r >= 0)
        r = set(json, "att_key_type", json_integer(quote->key_type));
    if (r >= 0)
        r = set(json, "tee_type", json_string(tee_type));
    if (r >= 0)
        r = set_hex(json, &vendor, 1);
    if (r >= 0 && quote->version >= 5)
        r = set(json, "body_type", json_integer(quote->body_type));
    return r;
}

static int describe_attribute_bits(const TdxQuote *quote, json_t *json)
{
    static const struct {
        const char *name;
        uint64_t bit;
    } bits[] = {
        { "debug", TDX_ATTRIBUTE_DEBUG },     { "sept_ve_disable", TDX_ATTRIBUTE_SEPT_VE_DISABLE },
        { "pks", TDX_ATTRIBUTE_PKS },         { "kl", TDX_ATTRIBUTE_KL },
        { "perfmon", TDX_ATTRIBUTE_PERFMON },
    };
    json_t *object = json_object();

    int r = set(json, "td_attributes_bits", object);
    for (size_t i = 0; i < ELEMENTSOF(bits) && r >= 0; i++)
        r = set(object, bits[i].name, json_boolean(quote->td.attributes & bits[i].bit));
    return r;
}

static int describe_registers(const TdxQuote *quote, json_t *json)
{
    json_t *rtmr = json_array();

    int r = set(json, "rtmr", rtmr);
    for (size_t i = 0; i < TDX_RTMR_COUNT && r >= 0; i++) {
        _cleanup_free_ char *text = hex_encode(VIEW_OF_ARRAY(quote->td.rtmr[i]));
        if (!text || json_array_append_new(rtmr, json_string(text)) != 0)
            r = -ENOMEM;
    }
    return r;
}

static int describe_body(const TdxQuote *quote, json_t *json)
{
    uint8_t seam_attributes[8], td_attributes[8], xfam[8];
    const HexMember module[] = {
        { "tee_tcb_svn", VIEW_OF_ARRAY(quote->tee_tcb_svn) },
        { "mr_seam", VIEW_OF_ARRAY(quote->mr_seam) },
        { "mr_signer_seam", VIEW_OF_ARRAY(quote->mr_signer_seam) },
        { "seam_attributes", VIEW_OF_ARRAY(seam_attributes) },
        { "td_attributes", VIEW_OF_ARRAY(td_attributes) },
        { "xfam", VIEW_OF_ARRAY(xfam) },
        { "mr_td", VIEW_OF_ARRAY(quote->td.mr_td) },
        { "mr_config_id", VIEW_OF_ARRAY(quote->td.mr_config_id) },
        { "mr_owner", VIEW_OF_ARRAY(quote->td.mr_owner) },
        { "mr_owner_config", VIEW_OF_ARRAY(quote->td.mr_owner_config) },
        { "report_data", VIEW_OF_ARRAY(quote->report_data) },
    };
    const HexMember tdx_1_5[] = {
        { "tee_tcb_svn2", VIEW_OF_ARRAY(quote->tee_tcb_svn2) },
        { "mr_servicetd", VIEW_OF_ARRAY(quote->mr_service_td) },
    };

    le_bytes(quote->seam_attributes, seam_attributes);
    le_bytes(quote->td.attributes, td_attributes);
    le_bytes(quote->td.xfam, xfam);
    int r = set_hex(json, module, ELEMENTSOF(module));
    if (r >= 0 && quote->body_type == TDX_BODY_1_5)
        r = set_hex(json, tdx_1_5, ELEMENTSOF(tdx_1_5));
    if (r >= 0)
        r = describe_registers(quote, json);
    if (r >= 0)
        r = describe_attribute_bits(quote, json);
    return r;
}

static int describe_signature_data(const TdxQuote *quote, json_t *json)
{
    int r = set(json, "signature_data_size", json_integer(quote->signature_data_size));
    if (r >= 0)
        r = set(json, "bytes_after_signature_data", json_integer((json_int_t)quote->trailing.size));
    if (r >= 0)
        r = set(json, "cert_data_type", json_integer(quote->certification_type));
    if (r >= 0)
        r = set(json, "pck_cert_type", json_integer(quote->chain_type));
    if (r >= 0)
        r = set(json, "qe_isv_svn", json_integer(quote->qe.isv_svn));
    return r;
}

static int describe_names(const CertificateList *list, json_t *json)
{
    json_t *names = json_array();

    int r = set(json, "pck_chain", names);
    for (size_t i = 0; i < list->n_items && r >= 0; i++)
        if (json_array_append_new(names, json_string(certificate_subject_cn(list->items[i]))) != 0)
            r = -ENOMEM;
    return r;
}

static int describe_pck_chain(const TdxChain *chain, json_t *json)
{
    const CertificateList *list = &chain->certificates;
    json_t *pck;
    Digest digest;

    int r = describe_names(list, json);
    if (r < 0 || list->n_items != TDX_CHAIN_LENGTH)
        return r;
    r = digest_of(DIGEST_SHA256, certificate_spki(list->items[TDX_CHAIN_ROOT]), &digest);
    if (r >= 0)
        r = json_set_hex(json, "root_spki_sha256", digest_view(&digest));
    if (r >= 0)
        r = describe_certificate(list->items[TDX_CHAIN_PCK], &pck);
    return r < 0 ? r : set(json, "pck", pck);
}

static int describe_steps(const TdxSteps *steps, json_t *json)
{
    const struct {
        const char *name;
        bool value;
    } results[] = {
        { "quote_signature_valid", steps->quote_signature_valid },
        { "qe_report_data_binds_key", steps->qe_binds_key },
        { "qe_report_signature_valid", steps->qe_signature_valid },
        { "pck_chain_valid", steps->chain_valid },
    };

    for (size_t i = 0; i < ELEMENTSOF(results); i++) {
        int r = set(json, results[i].name, json_boolean(results[i].value));
        if (r < 0)
            return r;
    }
    int r = set(json, "tcb_status", json_string("not-evaluated"));
    return r < 0 ? r : describe_pck_chain(&steps->chain, json);
}

int describe_tdx_quote(const TdxQuote *quote, const TdxSteps *steps, json_t **ret)
{
    json_auto_t *json = json_object();

    int r = describe_header(quote, json);
    if (r >= 0)
        r = describe_body(quote, json);
    if (r >= 0)
        r = describe_signature_data(quote, json);
    if (r >= 0 && steps)
        r = describe_steps(steps, json);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(json);
    return 0;
}

int describe_ccel_table(const CcelTable *table, json_t **ret)
{
    json_t *json = json_pack("{s:i, s:i, s:I, s:I}", "cc_type", table->cc_type, "cc_subtype",
                             table->cc_subtype, "log_size", (json_int_t)table->log_size,
                             "log_address", (json_int_t)table->log_address);
    if (!json)
        return -ENOMEM;
    *ret = json;
    return 0;
}
