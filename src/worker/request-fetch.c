/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Its members, listed once.
 */
#include "worker/request-fetch.h"

#include "base/encode.h"
#include "worker/request-evidence.h"

#include <errno.h>
#include <string.h>

#define TIMEOUT_MAX_SEC 300

static bool is_fetch(const char *text)
{
    return strcmp(text, "fetch") == 0;
}

static bool is_out_descriptor(const char *text)
{
    return strcmp(text, "out") == 0;
}

static bool is_item(const char *text)
{
    KdsItem item;

    return kds_item_by_name(text, &item);
}

static bool is_product(const char *text)
{
    return snp_product_by_name(text) != SNP_PRODUCT_UNKNOWN;
}

static bool is_pem(const char *text)
{
    return strlen(text) <= REQUEST_PEM_MAX;
}

static void read_descriptor(MemberReader *reader, const FdList *given, FetchRequest *request)
{
    const char *names[1];
    size_t n = member_texts(reader, "fds", is_out_descriptor, ELEMENTSOF(names), names);

    if (n != 1 || given->n_fds != 1)
        member_fail(reader, REQUEST_E_DESCRIPTORS, "fds");
    else
        request->out_fd = given->fds[0];
}

/* Shorter ids, such as Turin's of 8 bytes, end in zeros. */
static void read_chip(MemberReader *reader, KdsRequest *kds)
{
    _cleanup_bytes_ Bytes id = { 0 };
    const char *text = member_text(reader, "chip_id", is_plain_text);

    if (!text)
        return;
    int r = hex_decode(text, &id);
    if (r < 0)
        member_fail(reader, r, "chip_id");
    else if (r > 0 || id.size == 0 || id.size > sizeof(kds->chip_id))
        member_fail(reader, REQUEST_E_MEMBER, "chip_id");
    else
        memcpy(kds->chip_id, id.data, id.size);
}

static void read_tcb(MemberReader *reader, json_t *object, SnpTcb *ret)
{
    static const char *const known[] = {
        "raw", "fmc", "bootloader", "tee", "snp", "microcode", NULL
    };

    if (!object)
        return;
    member_enter(reader, object);
    member_only(reader, "tcb", known);
    ret->has_fmc = json_object_get(object, "fmc") != NULL;
    if (ret->has_fmc)
        ret->fmc = (uint8_t)member_number(reader, "tcb.fmc", 0, UINT8_MAX);
    ret->boot_loader = (uint8_t)member_number(reader, "tcb.bootloader", 0, UINT8_MAX);
    ret->tee = (uint8_t)member_number(reader, "tcb.tee", 0, UINT8_MAX);
    ret->snp = (uint8_t)member_number(reader, "tcb.snp", 0, UINT8_MAX);
    ret->microcode = (uint8_t)member_number(reader, "tcb.microcode", 0, UINT8_MAX);
}

static void read_fetch(MemberReader *reader, const FdList *given, FetchRequest *request)
{
    static const char *const known[] = { "verb",        "base", "ca_pem",  "proxy",
                                         "timeout_sec", "item", "product", "chip_id",
                                         "tcb",         "fds",  NULL };

    member_only(reader, "request", known);
    (void)member_text(reader, "verb", is_fetch);
    read_descriptor(reader, given, request);
    request->base = member_text(reader, "base", is_plain_text);
    request->ca_pem = member_text_or(reader, "ca_pem", is_pem, NULL);
    request->proxy = member_text_or(reader, "proxy", is_plain_text, NULL);
    request->timeout_sec = (unsigned)member_number(reader, "timeout_sec", 1, TIMEOUT_MAX_SEC);
    const char *item = member_text(reader, "item", is_item);
    const char *product = member_text(reader, "product", is_product);
    if (!item || !product || !kds_item_by_name(item, &request->kds.item))
        return;
    request->kds.product = snp_product_by_name(product);
    if (request->kds.item != KDS_VCEK)
        return;
    read_chip(reader, &request->kds);
    read_tcb(reader, member_object(reader, "tcb"), &request->kds.tcb);
}

int fetch_request_parse(ByteView line, const FdList *given, FetchRequest **ret,
                        const char **reterr_member)
{
    _cleanup_(fetch_request_freep) FetchRequest *request = calloc(1, sizeof(*request));
    if (!request)
        return -ENOMEM;
    request->out_fd = -EBADF;

    MemberReader reader = { .reason = request_open(line, &request->json), .member = "request" };
    member_enter(&reader, request->json);
    if (!reader.reason)
        read_fetch(&reader, given, request);
    int r = request_finish(&reader, reterr_member);
    if (r == REQUEST_OK)
        *ret = TAKE_PTR(request);
    return r;
}

FetchRequest *fetch_request_free(FetchRequest *request)
{
    if (!request)
        return NULL;

    json_decref(request->json);
    free(request);
    return NULL;
}
