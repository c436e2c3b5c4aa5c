/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request of "fetch": which of AMD's certificates, and from where.
 */
#pragma once

#include "worker/kds.h"
#include "worker/message.h"
#include "worker/request.h"

#include <jansson.h>

/* Owned: fetch_request_free(). Texts are borrowed from json. */
typedef struct FetchRequest {
    json_t *json;
    const char *base;   /* https URL without a slash at the end */
    const char *ca_pem; /* NULL: the system's certificate authorities */
    const char *proxy;  /* NULL: none */
    unsigned timeout_sec;
    KdsRequest kds;
    int out_fd; /* borrowed: what comes is written there */
} FetchRequest;

/*
 * {"verb":"fetch","base","ca_pem"?,"proxy"?,"timeout_sec","item","product","chip_id"?,"tcb"?:
 * {"fmc"?,"bootloader","tee","snp","microcode"},"fds":["out"]}. As round_request_parse().
 */
_must_check_ int fetch_request_parse(ByteView line, const FdList *given, FetchRequest **ret,
                                     const char **reterr_member);
FetchRequest *fetch_request_free(FetchRequest *request);
DEFINE_CLEANUP(FetchRequest *, fetch_request_free);
