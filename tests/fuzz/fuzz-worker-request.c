/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of every verb. The first byte says how many descriptors came along; what is accepted
 * keeps its promises.
 */
#include "worker/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round(const RoundRequest *request)
{
    bool is_caller = request->purpose == PURPOSE_CALLER;

    if (is_caller != (request->nonce.size >= REQUEST_NONCE_MIN) || request->evidence.pcrs == 0 ||
        request->evidence.pcrs >> (REQUEST_PCR_MAX + 1))
        abort();
    if (!is_caller && (!request->has_verifier || request->verifier.n_urls == 0 ||
                       request->verifier.n_algorithms == 0 || !request->verifier.issuer))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(round_request_freep) RoundRequest *round = NULL;
    _cleanup_(collect_request_freep) CollectRequest *collect = NULL;
    FdList given = { .fds = { 100, 101, 102, 103 } };
    const char *member = NULL;

    if (size == 0)
        return 0;
    given.n_fds = data[0] % (MESSAGE_FDS_MAX + 1);
    ByteView line = { .data = data + 1, .size = size - 1 };
    int r = round_request_parse(line, &given, &round, &member);
    if ((r == REQUEST_OK) != (round != NULL) || (r > 0 && !member))
        abort();
    if (round)
        check_round(round);
    r = collect_request_parse(line, &given, &collect, &member);
    if ((r == REQUEST_OK) != (collect != NULL))
        abort();
    return 0;
}
