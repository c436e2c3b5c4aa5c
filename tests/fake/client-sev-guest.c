/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A raw client of /dev/sev-guest for the lab's own tests: one ioctl, its outcome as one line of
 * text, its report and certificate buffer as files.
 */
#include "base/encode.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/sev-guest.h>

static const char help[] =
    "client-sev-guest [--extended CERTS_LEN] [--vmpl N] [--key-select N] [--data HEX]\n"
    "                 [--msg-version N] [--null] [--unknown] [--report OUT] [--certs OUT]\n"
    "\n"
    "Prints: errno=NAME exitinfo2=HEX status=N size=N certs_len=N\n";

typedef struct Wish {
    bool extended, null, unknown;
    unsigned certs_len, vmpl, key_select, msg_version;
    const char *data, *report, *certs;
} Wish;

static const struct option options[] = {
    { "extended", required_argument, NULL, 'e' },    { "vmpl", required_argument, NULL, 'v' },
    { "key-select", required_argument, NULL, 'k' },  { "data", required_argument, NULL, 'd' },
    { "msg-version", required_argument, NULL, 'm' }, { "null", no_argument, NULL, 'n' },
    { "unknown", no_argument, NULL, 'u' },           { "report", required_argument, NULL, 'r' },
    { "certs", required_argument, NULL, 'c' },       { 0 },
};

static unsigned number(const char *text)
{
    return (unsigned)strtoul(text, NULL, 0);
}

static bool take_option(int c, Wish *wish)
{
    switch (c) {
    case 'e':
        wish->extended = true;
        wish->certs_len = number(optarg);
        return true;
    case 'v':
        wish->vmpl = number(optarg);
        return true;
    case 'k':
        wish->key_select = number(optarg);
        return true;
    case 'm':
        wish->msg_version = number(optarg);
        return true;
    case 'n':
        wish->null = true;
        return true;
    case 'u':
        wish->unknown = true;
        return true;
    case 'd':
        wish->data = optarg;
        return true;
    case 'r':
        wish->report = optarg;
        return true;
    case 'c':
        wish->certs = optarg;
        return true;
    }
    return false;
}

static int fill_data(const char *hex, uint8_t out[static 64])
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    if (!hex)
        return 0;
    if (hex_decode(hex, &bytes) != ENCODE_OK || bytes.size != 64)
        return -EINVAL;
    memcpy(out, bytes.data, 64);
    return 0;
}

static int save(const char *path, const uint8_t *data, size_t size)
{
    return path ? file_write_atomic(path, (ByteView){ .data = data, .size = size }, 0644) : 0;
}

static int ask(int fd, const Wish *wish)
{
    _cleanup_bytes_ Bytes certs = { 0 };
    struct snp_ext_report_req request = { .certs_len = wish->certs_len };
    struct snp_report_resp response = { 0 };
    struct snp_guest_request_ioctl arg = {
        .msg_version = (uint8_t)wish->msg_version,
        .req_data = wish->null ? 0 : (uintptr_t)&request,
        .resp_data = (uintptr_t)&response,
    };
    uint32_t status = 0, size = 0;

    if (bytes_new(wish->certs_len, &certs) < 0)
        return -ENOMEM;
    request.certs_address = wish->certs_len > 0 ? (uintptr_t)certs.data : 0;
    request.data.vmpl = wish->vmpl;
    request.data.rsvd[0] = (uint8_t)wish->key_select;
    if (fill_data(wish->data, request.data.user_data) < 0)
        return -EINVAL;

    unsigned long call = wish->extended ? SNP_GET_EXT_REPORT : SNP_GET_REPORT;
    if (wish->unknown)
        call = _IOWR(SNP_GUEST_REQ_IOC_TYPE, 0x7, struct snp_guest_request_ioctl);
    errno = 0;
    int r = ioctl(fd, call, &arg);
    const int error = r < 0 ? errno : 0;
    memcpy(&status, response.data, sizeof(status));
    memcpy(&size, response.data + 4, sizeof(size));
    (void)printf("errno=%s exitinfo2=%llx status=%u size=%u certs_len=%u\n",
                 error ? strerrorname_np(error) : "0", (unsigned long long)arg.exitinfo2, status,
                 size, request.certs_len);
    if (error != 0)
        return 0;
    r = save(wish->report, response.data + 0x20, 1184);
    return r < 0 ? r : save(wish->certs, certs.data, certs.size);
}

int main(int argc, char **argv)
{
    Wish wish = { .msg_version = 1 };

    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) >= 0;)
        if (!take_option(c, &wish)) {
            (void)fputs(help, stderr);
            return 2;
        }
    _cleanup_close_ int fd = open("/dev/sev-guest", O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        (void)fprintf(stderr, "/dev/sev-guest: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    int r = ask(fd, &wish);
    if (r < 0)
        (void)fprintf(stderr, "client-sev-guest: %s\n", strerror(-r));
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
