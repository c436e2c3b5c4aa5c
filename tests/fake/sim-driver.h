/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sev-guest driver of Linux 6.12 and the firmware behind it, as a function from the bytes of an
 * ioctl to the bytes of its answer (spec: snp 1.2 to 1.8). How the bytes get in and out is the
 * business of sim-firmware (ioctl) and sim-tsm (configfs).
 */
#pragma once

#include "base/bytes.h"

#include "sim-control.h"

#define SIM_RESPONSE_SIZE 4000u   /* bytes, struct snp_report_resp */
#define SIM_REQUEST_SIZE  96u     /* bytes, struct snp_report_req */
#define SIM_CERTS_LIMIT   0x4000u /* bytes, SEV_FW_BLOB_MAX_SIZE */
#define SIM_PAGE          4096u

typedef enum SimCall {
    SIM_CALL_REPORT,
    SIM_CALL_EXT_REPORT,
    SIM_CALL_DERIVED_KEY,
    SIM_CALL_OTHER
} SimCall;

typedef struct SimRequest {
    SimCall call;
    uint8_t msg_version;
    bool has_pointers;                 /* neither req_data nor resp_data is NULL */
    uint8_t request[SIM_REQUEST_SIZE]; /* struct snp_report_req */
    uint64_t certs_address;            /* extended report only */
    uint32_t certs_len;
} SimRequest;

typedef struct SimAnswer {
    int error;             /* errno value; 0: the ioctl returns 0 */
    bool writes_exitinfo2; /* the driver copies it out unless it is 0 */
    uint64_t exitinfo2;
    bool writes_certs_len;
    uint32_t certs_len;
    bool writes_response;
    uint8_t response[SIM_RESPONSE_SIZE];
    Bytes certificates; /* whole pages, as many as were offered; empty when none were */
} SimAnswer;

typedef struct SimDriver SimDriver;

/* CONTROL_PATH may be NULL. SIM_OK, SIM_E_KEYS; negative errno. */
_must_check_ int sim_driver_new(const char *chip_directory, const char *control_path,
                                SimDriver **ret);
SimDriver *sim_driver_free(SimDriver *driver);
DEFINE_CLEANUP(SimDriver *, sim_driver_free);

/* How long the machine takes before it looks at the next request, milliseconds. */
uint64_t sim_driver_delay_msec(const SimDriver *driver);
/* The VMPL whose key the driver holds: privlevel_floor. 0 until told otherwise. */
uint64_t sim_driver_guest_vmpl(const SimDriver *driver);
/* The VMPL where the control file does not say one, 0 to 3. */
void sim_driver_set_guest_vmpl(SimDriver *driver, uint64_t vmpl);
/* The fault of an attribute access in configfs. */
SimFault sim_driver_fault(SimDriver *driver, const char *operation);

/*
 * Answers one request; ARRIVED is its boot time in microseconds, for the log. The answer is
 * complete in every case; failures of the simulator itself come out as EPROTO with a word on
 * stderr.
 */
void sim_driver_answer(SimDriver *driver, const SimRequest *request, uint64_t arrived_usec,
                       SimAnswer *ret);
void sim_answer_done(SimAnswer *answer);
