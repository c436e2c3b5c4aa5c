/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report object of configfs-tsm and its attributes, with the semantics of Linux 6.12
 * drivers/virt/coco/tsm.c (spec: snp 2): what an access yields, without the file system around it.
 */
#pragma once

#include "sim-driver.h"

#define SIM_INBLOB_SIZE 64u /* bytes, TSM_REPORT_INBLOB_MAX */

typedef enum SimAttribute {
    SIM_ATTRIBUTE_INBLOB,
    SIM_ATTRIBUTE_PRIVLEVEL,
    SIM_ATTRIBUTE_PRIVLEVEL_FLOOR,
    SIM_ATTRIBUTE_PROVIDER,
    SIM_ATTRIBUTE_GENERATION,
    SIM_ATTRIBUTE_OUTBLOB,
    SIM_ATTRIBUTE_AUXBLOB,
    SIM_N_ATTRIBUTES,
} SimAttribute;

typedef struct SimEntry SimEntry;
struct SimEntry {
    SimEntry *next;
    char *name;
    uint64_t write_generation, read_generation;
    bool has_report;
    uint64_t privlevel;
    uint8_t inblob[SIM_INBLOB_SIZE];
    size_t inblob_size;
    Bytes outblob, auxblob;
};

const char *sim_attribute_name(SimAttribute attribute);
bool sim_attribute_is_writable(SimAttribute attribute); /* else it is readable; none is both */
/* SIM_N_ATTRIBUTES when there is none of that name. */
SimAttribute sim_attribute_from_name(const char *name);

/* NULL when out of memory. */
SimEntry *sim_entry_new(const char *name);
SimEntry *sim_entry_free(SimEntry *entry);

/* What a fresh open reads from start to end. 0 or negative errno, as the kernel's. */
_must_check_ int sim_entry_read(SimEntry *entry, SimDriver *driver, SimAttribute attribute,
                                Bytes *ret);
/* One write() to privlevel. 0 or negative errno. */
_must_check_ int sim_entry_write_privlevel(SimEntry *entry, SimDriver *driver, ByteView text);
/* What close() of a written inblob commits; a failure shows in generation alone. */
void sim_entry_commit_inblob(SimEntry *entry, SimDriver *driver, ByteView inblob);
