/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver's order of checks and the firmware's answers.
 */
#include "sim-driver.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define EXITINFO2_ENTRY    UINT64_C(0xff) /* what the driver sets before it looks at anything */
#define EXITINFO2_LENGTH   (UINT64_C(1) << 32) /* vmm_error INVALID_LEN */
#define STATUS_PARAMETER   0x16u
#define STATUS_KEY         0x27u
#define RESPONSE_REPORT_AT 0x20u
#define VMPL_MAX           3u

struct SimDriver {
    SimChip *chip;
    char *control_path;
    json_t *faults_seen;
    uint64_t guest_vmpl; /* where the control file does not say */
    bool vmpck_dead;
    uint64_t n_requests;
    bool has_previous;
    uint8_t previous[SIM_REPORT_SIZE];
    char *leaf_tcb; /* the TCB that leaf was issued for */
    Bytes leaf;     /* VCEK or VLEK issued anew; empty: the chip's own */
};

SimDriver *sim_driver_free(SimDriver *driver)
{
    if (!driver)
        return NULL;
    (void)sim_chip_free(driver->chip);
    json_decref(driver->faults_seen);
    bytes_done(&driver->leaf);
    free(driver->leaf_tcb);
    free(driver->control_path);
    free(driver);
    return NULL;
}

int sim_driver_new(const char *chip_directory, const char *control_path, SimDriver **ret)
{
    _cleanup_(sim_driver_freep) SimDriver *driver = calloc(1, sizeof(*driver));

    if (!driver)
        return -ENOMEM;
    driver->faults_seen = json_object();
    driver->control_path = control_path ? strdup(control_path) : NULL;
    if (!driver->faults_seen || (control_path && !driver->control_path))
        return -ENOMEM;
    int r = sim_chip_open(chip_directory, &driver->chip);
    if (r == SIM_OK)
        *ret = TAKE_PTR(driver);
    return r;
}

void sim_answer_done(SimAnswer *answer)
{
    bytes_done(&answer->certificates);
    *answer = (SimAnswer){ 0 };
}

static uint64_t le64(const uint8_t *bytes, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

/* A failed call: every path but success copies exitinfo2 out. */
static void fail(SimAnswer *answer, int error, uint64_t exitinfo2)
{
    answer->error = error;
    answer->writes_exitinfo2 = exitinfo2 != 0;
    answer->exitinfo2 = exitinfo2;
    answer->writes_response = false;
}

/* The call succeeds and the firmware says no: no report. */
static void refuse(SimAnswer *answer, uint32_t status)
{
    memset(answer->response, 0, sizeof(answer->response));
    answer->response[0] = (uint8_t)status;
    answer->response[1] = (uint8_t)(status >> 8);
    answer->writes_response = true;
}

static SimSigner signer_of(const SimReport *report)
{
    return (report->key_info >> 2 & 7) == 1 ? SIM_VLEK : SIM_VCEK;
}

/* KEY_SEL, bits 1:0 of the first reserved word. False: the firmware has no such key. */
static bool select_key(const SimDriver *driver, const uint8_t *request, SimReport *report)
{
    const uint64_t selected = le64(request + 0x44, 4) & 3;
    const char *const names[] = { NULL, "vcek", "vlek", NULL };

    if (selected == 0)
        return true;
    if (selected == 3 || (selected == 2 && !sim_chip_has_vlek(driver->chip)))
        return false;
    return sim_report_set(report, "signing_key", names[selected]) == SIM_OK;
}

static uint64_t guest_vmpl_of(const SimDriver *driver, const SimControl *control)
{
    return json_object_get(control->json, "guest_vmpl") ? control->guest_vmpl : driver->guest_vmpl;
}

/* The report the firmware would give: SIM_OK, a firmware status above 0xf, or negative errno. */
static int compose_report(SimDriver *driver, const SimControl *control, const uint8_t *request,
                          SimReport *ret)
{
    const uint64_t vmpl = le64(request + 0x40, 4);

    if (vmpl > VMPL_MAX || vmpl < guest_vmpl_of(driver, control))
        return STATUS_PARAMETER;
    sim_report_default(driver->chip, ret);
    if (!select_key(driver, request, ret))
        return STATUS_KEY;
    ret->vmpl = (uint32_t)vmpl;
    memcpy(ret->report_data, request, sizeof(ret->report_data));
    int r = sim_control_apply(control, ret);
    return r > 0 ? -EBADMSG : r;
}

static int emit_report(SimDriver *driver, const SimReport *report, SimFaultKind fault,
                       uint8_t out[static SIM_REPORT_SIZE])
{
    SimReport changed = *report;

    if (fault == SIM_FAULT_ZERO_REPORT)
        return SIM_OK;
    if (fault == SIM_FAULT_STALE_REPORT && driver->has_previous) {
        memcpy(out, driver->previous, SIM_REPORT_SIZE);
        return SIM_OK;
    }
    if (fault == SIM_FAULT_STALE_REPORT)
        memset(changed.report_data, 0, sizeof(changed.report_data));
    if (fault == SIM_FAULT_WRONG_REPORT_DATA)
        changed.report_data[0] ^= 0x80;
    int r = sim_report_emit(driver->chip, &changed, out);
    if (fault == SIM_FAULT_BAD_SIGNATURE)
        out[0x2a0] ^= 1;
    if (r == SIM_OK) {
        memcpy(driver->previous, out, SIM_REPORT_SIZE);
        driver->has_previous = true;
    }
    return r;
}

/* The leaf certificate for another TCB than the report's, where the control file asks for one. */
static int reissue_leaf(SimDriver *driver, const SimControl *control, SimSigner signer)
{
    SimReport report = { 0 };
    SimLeaf leaf;

    if (!control->leaf_tcb) {
        bytes_done(&driver->leaf);
        return SIM_OK;
    }
    if (driver->leaf.size > 0 && strcmp(driver->leaf_tcb, control->leaf_tcb) == 0)
        return SIM_OK;
    if (sim_report_set(&report, "tcb", control->leaf_tcb) != SIM_OK)
        return -EBADMSG;
    sim_leaf_default(driver->chip, signer, &leaf);
    leaf.tcb = report.reported_tcb;
    bytes_done(&driver->leaf);
    free(driver->leaf_tcb);
    driver->leaf_tcb = strdup(control->leaf_tcb);
    return driver->leaf_tcb ? sim_leaf_issue(driver->chip, &leaf, &driver->leaf) : -ENOMEM;
}

/*
 * Puts the host's table into the buffer offered, or fails with INVALID_LEN and the length it needs.
 * A request without a buffer succeeds only where the host has nothing to give.
 */
static int give_certificates(SimDriver *driver, const SimControl *control, SimSigner signer,
                             uint32_t offered, SimAnswer *answer)
{
    _cleanup_bytes_ Bytes table = { 0 };

    int r = reissue_leaf(driver, control, signer);
    if (r == SIM_OK)
        r = sim_chip_table(driver->chip, control->table, signer, VIEW(driver->leaf), &table);
    if (r != SIM_OK)
        return r;

    const uint32_t needed = (uint32_t)((table.size + SIM_PAGE - 1) / SIM_PAGE * SIM_PAGE);
    if (needed > offered) {
        fail(answer, EIO, EXITINFO2_LENGTH);
        answer->writes_certs_len = true;
        answer->certs_len = needed;
        return SIM_OK;
    }
    r = bytes_new(offered, &answer->certificates);
    if (r == 0 && table.size > 0)
        memcpy(answer->certificates.data, table.data, table.size);
    return r;
}

/* The part of the exchange that reaches the firmware. */
static int exchange(SimDriver *driver, const SimControl *control, const SimRequest *request,
                    SimFaultKind fault, SimAnswer *answer)
{
    const bool extended = request->call == SIM_CALL_EXT_REPORT;
    const uint32_t offered = request->certs_address != 0 ? request->certs_len : 0;
    SimReport report;

    int r = compose_report(driver, control, request->request, &report);
    if (r > 0) {
        refuse(answer, (uint32_t)r);
        return SIM_OK;
    }
    if (r < 0)
        return r;
    if (extended && fault == SIM_FAULT_INVALID_LEN) {
        fail(answer, EIO, EXITINFO2_LENGTH);
        answer->writes_certs_len = true;
        answer->certs_len = offered + SIM_PAGE;
        return SIM_OK;
    }
    if (extended)
        r = give_certificates(driver, control, signer_of(&report), offered, answer);
    if (r != SIM_OK || answer->error != 0)
        return r;

    refuse(answer, 0);
    answer->response[4] = SIM_REPORT_SIZE & 0xff;
    answer->response[5] = SIM_REPORT_SIZE >> 8;
    return emit_report(driver, &report, fault, answer->response + RESPONSE_REPORT_AT);
}

static const char *name_of(SimCall call)
{
    switch (call) {
    case SIM_CALL_REPORT:
        return "report";
    case SIM_CALL_EXT_REPORT:
        return "ext-report";
    case SIM_CALL_DERIVED_KEY:
        return "derived-key";
    case SIM_CALL_OTHER:
        return "other";
    }
    return "other";
}

/* The driver's own refusals, in its order. 0 or an errno value with what exitinfo2 becomes. */
static int refuse_early(const SimDriver *driver, const SimRequest *request, uint64_t *exitinfo2)
{
    *exitinfo2 = 0;
    if (request->msg_version == 0)
        return EINVAL;
    if (driver->vmpck_dead)
        return ENOTTY;
    *exitinfo2 = EXITINFO2_ENTRY;
    if (request->call == SIM_CALL_OTHER)
        return ENOTTY;
    if (!request->has_pointers)
        return EINVAL;
    if (request->call == SIM_CALL_EXT_REPORT && request->certs_len != 0 &&
        request->certs_address != 0 &&
        (request->certs_len > SIM_CERTS_LIMIT || request->certs_len % SIM_PAGE != 0))
        return EINVAL;
    return 0;
}

static void answer_with(SimDriver *driver, const SimControl *control, const SimRequest *request,
                        SimAnswer *ret)
{
    uint64_t exitinfo2 = 0;
    int error = refuse_early(driver, request, &exitinfo2);
    if (error != 0) {
        fail(ret, error, exitinfo2);
        return;
    }
    /* The agent derives no keys; the firmware refuses them here. */
    if (request->call == SIM_CALL_DERIVED_KEY) {
        refuse(ret, STATUS_PARAMETER);
        return;
    }

    SimFault fault = sim_control_fault(control, driver->faults_seen, name_of(request->call));
    driver->vmpck_dead = fault.vmpck_dies;
    if (fault.kind == SIM_FAULT_ERRNO) {
        fail(ret, fault.error, fault.exitinfo2);
        return;
    }
    if (fault.kind == SIM_FAULT_STATUS) {
        refuse(ret, fault.status);
        return;
    }
    int r = exchange(driver, control, request, fault.kind, ret);
    if (r != SIM_OK) {
        (void)fprintf(stderr, "simulated firmware cannot make that report (%d)\n", r);
        fail(ret, EPROTO, 0);
    }
}

/* One JSON line a request, appended in one write, so that tests can count and time requests. */
static int append_log(const SimDriver *driver, const char *path, const SimRequest *request,
                      uint64_t arrived_usec, const SimAnswer *answer)
{
    _cleanup_free_ char *report_data =
        hex_encode((ByteView){ .data = request->request, .size = 64 });
    _cleanup_free_ char *line = NULL;
    _cleanup_free_ char *text = NULL;

    if (!report_data)
        return -ENOMEM;
    json_t *json = json_pack("{s:I, s:I, s:s, s:I, s:I, s:i, s:I, s:s}", "request",
                             (json_int_t)driver->n_requests, "boottime_usec",
                             (json_int_t)arrived_usec, "operation", name_of(request->call), "vmpl",
                             (json_int_t)le64(request->request + 0x40, 4), "certs_len",
                             (json_int_t)request->certs_len, "errno", answer->error, "status",
                             (json_int_t)(answer->writes_response ? le64(answer->response, 4) : 0),
                             "report_data", report_data);
    text = json ? json_text(json) : NULL;
    json_decref(json);
    if (!text || asprintf(&line, "%s\n", text) < 0)
        return -ENOMEM;

    _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    return fd_write_all(fd, view_of_string(line));
}

void sim_driver_answer(SimDriver *driver, const SimRequest *request, uint64_t arrived_usec,
                       SimAnswer *ret)
{
    SimControl control = { 0 };

    *ret = (SimAnswer){ 0 };
    driver->n_requests++;
    int r = sim_control_read(driver->control_path, &control);
    if (r < 0) {
        (void)fprintf(stderr, "control file not usable: %s\n", strerror(-r));
        fail(ret, EPROTO, 0);
        return;
    }
    answer_with(driver, &control, request, ret);
    if (control.log) {
        r = append_log(driver, control.log, request, arrived_usec, ret);
        if (r < 0)
            (void)fprintf(stderr, "%s: %s\n", control.log, strerror(-r));
    }
    sim_control_done(&control);
}

uint64_t sim_driver_delay_msec(const SimDriver *driver)
{
    SimControl control = { 0 };

    if (sim_control_read(driver->control_path, &control) < 0)
        return 0;
    uint64_t delay = control.delay_msec;
    sim_control_done(&control);
    return delay;
}

uint64_t sim_driver_guest_vmpl(const SimDriver *driver)
{
    SimControl control = { 0 };

    if (sim_control_read(driver->control_path, &control) < 0)
        return driver->guest_vmpl;
    uint64_t vmpl = guest_vmpl_of(driver, &control);
    sim_control_done(&control);
    return vmpl;
}

void sim_driver_set_guest_vmpl(SimDriver *driver, uint64_t vmpl)
{
    driver->guest_vmpl = vmpl;
}

SimFault sim_driver_fault(SimDriver *driver, const char *operation)
{
    SimFault fault = { .kind = SIM_FAULT_NONE };
    SimControl control = { 0 };

    if (sim_control_read(driver->control_path, &control) < 0)
        return (SimFault){ .kind = SIM_FAULT_ERRNO, .error = EPROTO };
    fault = sim_control_fault(&control, driver->faults_seen, operation);
    sim_control_done(&control);
    return fault;
}
