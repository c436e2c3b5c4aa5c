/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time that passes only by sleeping, a private directory, and a report without signature.
 */
#pragma once

#include "evidence/pacing.h"
#include "evidence/source.h"
#include "format/snp-report.h"
#include "testing.h"

typedef struct FakeTime {
    Clock clock;
    PacingTime time;
    uint64_t now_usec;
    uint64_t slept_usec;
} FakeTime;

static inline uint64_t fake_time_now(void *userdata)
{
    const FakeTime *fake = userdata;

    return fake->now_usec;
}

static inline void fake_time_sleep(void *userdata, uint64_t usec)
{
    FakeTime *fake = userdata;

    fake->now_usec += usec;
    fake->slept_usec += usec;
}

static inline void fake_time_init(FakeTime *fake, uint64_t now_usec)
{
    *fake = (FakeTime){
        .clock = { fake_time_now, fake_time_now, fake, fake_time_now },
        .time = { &fake->clock, fake_time_sleep, fake },
        .now_usec = now_usec,
    };
}

typedef struct TemporaryDirectory {
    char path[32];
} TemporaryDirectory;

static inline TemporaryDirectory temporary_directory(void)
{
    TemporaryDirectory directory = { "/tmp/evidence-XXXXXX" };

    check(mkdtemp(directory.path) != NULL);
    return directory;
}

static inline void temporary_directory_remove(const TemporaryDirectory *directory)
{
    char command[64];

    (void)snprintf(command, sizeof(command), "rm -rf %s", directory->path);
    check(system(command) == 0);
}

static inline void fill_report(uint8_t report[static SNP_REPORT_SIZE], const uint8_t *report_data)
{
    memset(report, 0, SNP_REPORT_SIZE);
    report[SNP_OFFSET_VERSION] = 3;
    memcpy(report + SNP_OFFSET_REPORT_DATA, report_data, SOURCE_REPORT_DATA_SIZE);
}
