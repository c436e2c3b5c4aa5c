/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim-cuse: /dev/sev-guest as a character device of a real kernel, until SIGTERM. What it answers
 * is decided in sim-driver; here are the three passes in which CUSE gets at a caller's nested
 * pointers.
 */
#define FUSE_USE_VERSION 31

#include "base/clock.h"
#include "base/file.h"

#include "sim-driver.h"

#include <cuse_lowlevel.h>
#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/sev-guest.h>

#define REPLY_LIMIT                                                                                \
    (sizeof(struct snp_guest_request_ioctl) + sizeof(struct snp_ext_report_req) +                  \
     SIM_RESPONSE_SIZE + SIM_CERTS_LIMIT)

static const char help[] =
    "sim-cuse CHIP CONTROL READY\n"
    "\n"
    "Makes /dev/sev-guest in a kernel with module cuse; CHIP was made by `sim-chip init`, CONTROL "
    "is\n"
    "read anew at every ioctl (README.md of tests/fake), READY is made when the device is there.\n";

typedef struct Device {
    SimDriver *driver;
    const char *ready_file;
} Device;

static SimCall call_of(unsigned command)
{
    if (command == (unsigned)SNP_GET_REPORT)
        return SIM_CALL_REPORT;
    if (command == (unsigned)SNP_GET_EXT_REPORT)
        return SIM_CALL_EXT_REPORT;
    return command == (unsigned)SNP_GET_DERIVED_KEY ? SIM_CALL_DERIVED_KEY : SIM_CALL_OTHER;
}

static size_t request_size(SimCall call)
{
    if (call == SIM_CALL_EXT_REPORT)
        return sizeof(struct snp_ext_report_req);
    return call == SIM_CALL_REPORT ? sizeof(struct snp_report_req)
                                   : sizeof(struct snp_derived_key_req);
}

static size_t response_size(SimCall call)
{
    return call == SIM_CALL_DERIVED_KEY ? sizeof(struct snp_derived_key_resp) : SIM_RESPONSE_SIZE;
}

static void *address(uint64_t value)
{
    void *pointer;

    memcpy(&pointer, &value, sizeof(pointer));
    return pointer;
}

/* The answer as CUSE copies it out: one part behind the other, each to where it came from. */
static void reply(fuse_req_t req, const struct snp_guest_request_ioctl *head, const uint8_t *body,
                  const SimRequest *request, const SimAnswer *answer)
{
    static uint8_t out[REPLY_LIMIT]; /* one thread, one request at a time */
    struct snp_guest_request_ioctl changed = *head;
    const size_t body_size = request_size(request->call);
    uint8_t *at = out;

    if (answer->writes_exitinfo2)
        changed.exitinfo2 = answer->exitinfo2;
    memcpy(at, &changed, sizeof(changed));
    at += sizeof(changed);
    memcpy(at, body, body_size);
    if (answer->writes_certs_len)
        memcpy(at + offsetof(struct snp_ext_report_req, certs_len), &answer->certs_len,
               sizeof(answer->certs_len));
    at += body_size;
    /* What is not written stays as it is only where nothing follows. */
    if (answer->writes_response) {
        memcpy(at, answer->response, response_size(request->call));
        at += response_size(request->call);
        if (answer->certificates.size > 0)
            memcpy(at, answer->certificates.data, answer->certificates.size);
        at += answer->certificates.size;
    }
    (void)fuse_reply_ioctl(req, -answer->error, out, (size_t)(at - out));
}

/* Third pass: HEAD and BODY are here. */
static void serve(fuse_req_t req, Device *device, const struct snp_guest_request_ioctl *head,
                  const uint8_t *body, SimCall call)
{
    SimRequest request = { .call = call, .msg_version = head->msg_version, .has_pointers = true };
    _cleanup_(sim_answer_done) SimAnswer answer = { 0 };
    struct snp_ext_report_req extended = { 0 };

    memcpy(&extended, body, request_size(call));
    memcpy(request.request, &extended.data, sizeof(request.request));
    if (call == SIM_CALL_EXT_REPORT) {
        request.certs_address = extended.certs_address;
        request.certs_len = extended.certs_len;
    }
    sim_driver_answer(device->driver, &request, clock_boottime_usec(&clock_system), &answer);
    reply(req, head, body, &request, &answer);
}

/* Second pass: tells CUSE where the rest is, and where the answer goes. */
static void ask_for_rest(fuse_req_t req, void *arg, const struct snp_guest_request_ioctl *head,
                         const void *body, SimCall call)
{
    struct snp_ext_report_req extended = { 0 };
    struct iovec in[] = {
        { arg, sizeof(*head) },
        { address(head->req_data), request_size(call) },
    };
    struct iovec out[] = {
        { arg, sizeof(*head) },
        { address(head->req_data), request_size(call) },
        { address(head->resp_data), response_size(call) },
        { NULL, 0 },
    };
    size_t n_out = 3;

    if (body && call == SIM_CALL_EXT_REPORT) {
        memcpy(&extended, body, sizeof(extended));
        out[3] = (struct iovec){ address(extended.certs_address), extended.certs_len };
        n_out = extended.certs_len > 0 && extended.certs_len <= SIM_CERTS_LIMIT ? 4 : 3;
    }
    (void)fuse_reply_ioctl_retry(req, in, 2, out, n_out);
}

static void on_ioctl(fuse_req_t req, int command, void *arg, struct fuse_file_info *info,
                     unsigned flags, const void *in, size_t in_size, size_t out_size)
{
    Device *device = fuse_req_userdata(req);
    const SimCall call = call_of((unsigned)command);
    struct snp_guest_request_ioctl head;
    struct snp_ext_report_req extended = { 0 };
    const uint8_t *body = in_size > sizeof(head) ? (const uint8_t *)in + sizeof(head) : NULL;

    (void)info;
    (void)flags;
    if (call == SIM_CALL_OTHER) {
        (void)fuse_reply_err(req, ENOTTY);
        return;
    }
    if (in_size < sizeof(head)) {
        (void)fuse_reply_ioctl_retry(req, &(struct iovec){ arg, sizeof(head) }, 1, NULL, 0);
        return;
    }
    memcpy(&head, in, sizeof(head));
    if (head.req_data == 0 || head.resp_data == 0) {
        (void)fuse_reply_err(req, EINVAL);
        return;
    }
    if (in_size < sizeof(head) + request_size(call)) {
        ask_for_rest(req, arg, &head, NULL, call);
        return;
    }
    memcpy(&extended, body, request_size(call));
    /* Only now is it known where the certificates go. */
    if (call == SIM_CALL_EXT_REPORT && extended.certs_len > 0 &&
        extended.certs_len <= SIM_CERTS_LIMIT &&
        out_size < sizeof(head) + sizeof(extended) + SIM_RESPONSE_SIZE + extended.certs_len) {
        ask_for_rest(req, arg, &head, body, call);
        return;
    }
    serve(req, device, &head, body, call);
}

static void on_open(fuse_req_t req, struct fuse_file_info *info)
{
    (void)fuse_reply_open(req, info);
}

static void on_init_done(void *userdata)
{
    const Device *device = userdata;

    if (file_write_atomic(device->ready_file, (ByteView){ 0 }, 0444) < 0)
        exit(EXIT_FAILURE);
}

static const struct cuse_lowlevel_ops operations = {
    .init_done = on_init_done,
    .open = on_open,
    .ioctl = on_ioctl,
};

int main(int argc, char **argv)
{
    static const char *attributes[] = { "DEVNAME=sev-guest" };
    char name[] = "sim-cuse", in_foreground[] = "-f", in_one_thread[] = "-s";
    char *arguments[] = { name, in_foreground, in_one_thread, NULL };
    const struct cuse_info info = {
        .dev_info_argc = 1,
        .dev_info_argv = attributes,
        .flags = CUSE_UNRESTRICTED_IOCTL,
    };
    Device device = { 0 };

    if (argc != 4) {
        (void)fputs(help, stderr);
        return EXIT_FAILURE;
    }
    device.ready_file = argv[3];
    int r = sim_driver_new(argv[1], argv[2], &device.driver);
    if (r != 0) {
        (void)fprintf(stderr, "sim-cuse: no chip in %s\n", argv[1]);
        return EXIT_FAILURE;
    }
    r = cuse_lowlevel_main(3, arguments, &info, &operations, &device);
    sim_driver_free(device.driver);
    return r;
}
