/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line for "attest-worker fetch", and a memfd for what comes.
 */
#include "ctl/kds-request.h"

#include "base/file.h"
#include "ctl/certificate-cache.h"
#include "ctl/collateral.h"
#include "ctl/input-file.h"
#include "ctl/moment.h"
#include "ctl/worker-run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define TIMEOUT_SEC     30  /* of one exchange; AMD answers in some seconds, slowly when busy */
#define TIMEOUT_MAX_SEC 300 /* as the worker takes it */

static int warn(Findings *findings, const char *name, const char *subject, const char *found)
{
    return findings_add(findings, name, subject, FINDING_WARNING, found, NULL);
}

/* The PEM of --kds-ca as text, owned; NULL without one. */
static int read_authorities(const Options *options, Findings *findings, Bytes *ret)
{
    InputFileError error;

    if (!options->kds_ca)
        return KDS_REQUEST_OK;
    int r = input_file_read(options->kds_ca, ret, &error);
    if (r <= 0)
        return r;
    r = warn(findings, error.name, options->kds_ca, error.found);
    return r < 0 ? r : KDS_REQUEST_E_REFUSED;
}

/* Without the slashes at its end. */
static json_t *base_url(const Options *options)
{
    const char *url = options->kds ? options->kds : COLLATERAL_KDS_URL;
    size_t n = strlen(url);

    while (n > 0 && url[n - 1] == '/')
        n--;
    return json_stringn(url, n);
}

int kds_timeout(const Options *options, unsigned *ret_sec)
{
    int64_t seconds = TIMEOUT_SEC;

    if (options->timeout &&
        (seconds_parse(options->timeout, TIMEOUT_MAX_SEC, &seconds) != MOMENT_OK || seconds == 0))
        return -EINVAL;
    *ret_sec = (unsigned)seconds;
    return 0;
}

/* Owned text that ends in its line feed; NULL: out of memory, or no text that JSON can hold. */
static char *make_line(const Options *options, const CertificateWant *want, const Bytes *ca)
{
    unsigned timeout_sec = TIMEOUT_SEC;

    if (kds_timeout(options, &timeout_sec) < 0)
        return NULL;
    json_auto_t *request =
        json_pack("{ss so si ss ss s[s]}", "verb", "fetch", "base", base_url(options),
                  "timeout_sec", (int)timeout_sec, "item", certificate_want_name(want), "product",
                  want->product, "fds", "out");
    int r = request ? 0 : -ENOMEM;
    char *line = NULL;

    if (r == 0 && ca->size > 0)
        r = json_object_set_new(request, "ca_pem", json_stringn((const char *)ca->data, ca->size));
    if (r == 0 && want->item == WANT_VCEK)
        r = json_object_set_new(request, "chip_id", json_string(want->chip)) |
            json_object_set(request, "tcb", (json_t *)(uintptr_t)want->components);
    _cleanup_free_ char *text = r == 0 ? json_text(request) : NULL;
    return !text || asprintf(&line, "%s\n", text) < 0 ? NULL : line;
}

/* The worker's failures are warnings here: evidence is judged without what could not be had. */
static int take_findings(const WorkerAnswer *answer, Findings *findings, KdsAnswer *ret)
{
    for (size_t i = 0; i < answer->findings.n_items; i++) {
        const Finding *finding = &answer->findings.items[i];
        bool is_not_found = strcmp(finding->name, "kds-not-found") == 0;
        ret->is_not_found = ret->is_not_found || is_not_found;
        int r = is_not_found ? 0 : warn(findings, finding->name, finding->subject, finding->found);
        if (r < 0)
            return r;
    }
    ret->retry_after_sec = answer->retry_after_sec;
    return answer->result == ANSWER_OK ? KDS_REQUEST_OK : KDS_REQUEST_E_REFUSED;
}

static int read_back(int fd, Bytes *ret)
{
    if (lseek(fd, 0, SEEK_SET) < 0)
        return -errno;
    return fd_read_all(fd, CERTIFICATE_FILE_MAX, ret);
}

static int ask(const Options *options, const char *line, Findings *findings, KdsAnswer *ret)
{
    _cleanup_close_ int fd = memfd_create("certificate", MFD_CLOEXEC);
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    const char *worker = options->worker ? options->worker : ATTESTD_NETWORK_WORKER;

    if (fd < 0)
        return -errno;
    int r = worker_run(worker, "fetch", view_of_string(line), fd, &answer);
    if (r < 0)
        return r;
    if (r != WORKER_RUN_OK) {
        r = warn(findings, "fetch-worker-failed", worker,
                 r == WORKER_RUN_E_ABSENT ? "it cannot be started" : "it ended without an answer");
        return r < 0 ? r : KDS_REQUEST_E_REFUSED;
    }
    r = take_findings(&answer, findings, ret);
    return r == KDS_REQUEST_OK ? read_back(fd, &ret->bytes) : r;
}

int kds_request(const Options *options, const CertificateWant *want, Findings *findings,
                KdsAnswer *ret)
{
    _cleanup_bytes_ Bytes ca = { 0 };

    int r = read_authorities(options, findings, &ca);
    if (r != KDS_REQUEST_OK)
        return r;
    _cleanup_free_ char *line = make_line(options, want, &ca);
    return line ? ask(options, line, findings, ret) : -ENOMEM;
}
