/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a confidential guest's firmware keeps its event log (ACPI table CCEL) and which registers
 * that log speaks of. The log itself is a crypto-agile TCG log behind which padding follows:
 * event-log.h with CC_EVENT_LOG_FLAGS.
 */
#pragma once

#include "format/event-log.h"

#define CC_EVENT_LOG_FLAGS EVENT_LOG_PADDED
#define CC_REGISTER_MRTD   0 /* measurement register indexes of events (UEFI 2.10, 38.4.1) */
#define CC_REGISTER_RTMR0  1 /* RTMR1 is 2, and so on */
#define CC_REGISTER_MAX    4

#define CCEL_TABLE_SIZE 56
#define CCEL_TYPE_TDX   2 /* CC type (UEFI 2.10, 38.2.2) */

/* ACPI 6.5, 5.2.34 */
typedef struct CcelTable {
    uint8_t cc_type; /* 1 SEV, CCEL_TYPE_TDX */
    uint8_t cc_subtype;
    uint64_t log_size;    /* bytes set aside */
    uint64_t log_address; /* physical */
} CcelTable;

enum {
    CCEL_TABLE_OK,
    CCEL_TABLE_E_SIZE,      /* not CCEL_TABLE_SIZE bytes, or it says another size of itself */
    CCEL_TABLE_E_SIGNATURE, /* not a CCEL table */
    CCEL_TABLE_E_REVISION,  /* not revision 1 */
    CCEL_TABLE_E_CHECKSUM,  /* bytes do not add up to 0 */
};

/* A word for each of the above, for error texts. */
const char *ccel_table_reason(int reason);
/* CCEL_TABLE_OK or a named no. */
_must_check_ int ccel_table_parse(ByteView bytes, CcelTable *ret);
/* "MRTD", "RTMR0" to "RTMR3"; "unknown". */
const char *cc_register_name(uint32_t index);
