/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of steps that makes a report of configfs-tsm ours: provider and generation before and
 * after, privilege level at its floor, report data written, closed, and found again in the report.
 */
#include "evidence/source-tsm.h"

#include "evidence/signals.h"
#include "evidence/snp-reason.h"
#include "format/snp-report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PROVIDER   "sev_guest"
#define BLOB_LIMIT 32768 /* bytes, TSM_OUTBLOB_MAX of Linux 6.12 */

/* One collection under way. */
typedef struct Collection {
    const SourceInput *input;
    Findings *findings;
    TsmEntry *entry;
    uint64_t generation; /* what the attribute must say by now */
} Collection;

static void collection_done(Collection *collection)
{
    collection->entry = tsm_entry_free(collection->entry);
}

static int say(Findings *findings, int no, const char *name, const char *found, const char *wanted)
{
    int r = findings_add(findings, name, "cpu", FINDING_FAILURE, found, wanted);

    return r < 0 ? r : no;
}

static int say_errno(Findings *findings, int no, const char *name, const char *where, int r)
{
    char found[160];

    if (r == -ENOMEM)
        return r;
    (void)snprintf(found, sizeof(found), "%s: %s", where, errno_name(-r));
    return say(findings, no, name, found, NULL);
}

/* Without an entry nothing was asked of the hardware. */
static int refuse_entry(const SourceSettings *settings, Findings *findings, int r)
{
    const char *name = "tsm-entry-failed";

    if (r == -ENOENT || r == -ENOTDIR)
        name = "tsm-directory-missing";
    else if (r == -EACCES || r == -EPERM || r == -EROFS)
        name = "tsm-directory-denied";
    else if (r == -ENXIO)
        name = "tsm-no-provider";
    return say_errno(findings, SOURCE_E_ABSENT, name, settings->configfs_directory, r);
}

static int begin(const TsmOps *ops, Collection *collection)
{
    const SourceSettings *settings = collection->input->settings;
    int r = tsm_entry_new(ops, settings->configfs_directory, &collection->entry);

    return r < 0 ? refuse_entry(settings, collection->findings, r) : SOURCE_OK;
}

/* Before anything was asked: another source may do. */
static int check_provider_first(const Collection *collection)
{
    _cleanup_free_ char *provider = NULL;

    int r = tsm_entry_read_text(collection->entry, "provider", &provider);
    if (r < 0)
        return say_errno(collection->findings, SOURCE_E_ABSENT, "tsm-no-provider", "provider", r);
    if (strcmp(provider, PROVIDER) != 0)
        return say(collection->findings, SOURCE_E_ABSENT, "tsm-provider-unknown", provider,
                   PROVIDER);
    return SOURCE_OK;
}

static int check_provider_again(const Collection *collection)
{
    _cleanup_free_ char *provider = NULL;

    int r = tsm_entry_read_text(collection->entry, "provider", &provider);
    if (r < 0)
        return say_errno(collection->findings, SOURCE_E_FAILED, "tsm-provider-changed", "provider",
                         r);
    if (strcmp(provider, PROVIDER) != 0)
        return say(collection->findings, SOURCE_E_FAILED, "tsm-provider-changed", provider,
                   PROVIDER);
    return SOURCE_OK;
}

/* The generation as it is; a fresh entry of our own must stand at 0. */
static int read_first_generation(Collection *collection)
{
    uint64_t generation;

    int r = tsm_entry_read_number(collection->entry, "generation", &generation);
    if (r < 0)
        return say_errno(collection->findings, SOURCE_E_FAILED, "tsm-entry-failed", "generation",
                         r);
    if (collection->entry->made && generation != 0)
        return say(collection->findings, SOURCE_E_FAILED, "tsm-generation-changed",
                   "a new entry that was used", "generation 0");
    collection->generation = generation;
    return SOURCE_OK;
}

static int check_generation(const Collection *collection)
{
    char found[32], wanted[32];
    uint64_t generation;

    int r = tsm_entry_read_number(collection->entry, "generation", &generation);
    if (r < 0)
        return say_errno(collection->findings, SOURCE_E_FAILED, "tsm-entry-failed", "generation",
                         r);
    if (generation == collection->generation)
        return SOURCE_OK;
    (void)snprintf(found, sizeof(found), "generation %llu", (unsigned long long)generation);
    (void)snprintf(wanted, sizeof(wanted), "generation %llu",
                   (unsigned long long)collection->generation);
    /* What the kernel loses of what was written is seen here alone: its close() succeeds. */
    return say(collection->findings, SOURCE_E_FAILED,
               generation < collection->generation ? "tsm-request-lost" : "tsm-generation-changed",
               found, wanted);
}

/* The VMPL to ask for: our own, and not below what the provider accepts. */
static int choose_level(const Collection *collection, uint64_t *ret)
{
    uint64_t floor = 0;
    uint32_t vmpl;

    int r = snp_vmpl_read(collection->input->settings->vmpl_file, collection->findings, &vmpl);
    if (r < 0)
        return r;
    r = tsm_entry_read_number(collection->entry, "privlevel_floor", &floor);
    if (r < 0 && r != -ENOENT)
        return say_errno(collection->findings, SOURCE_E_FAILED, "tsm-entry-failed",
                         "privlevel_floor", r);
    *ret = MAX((uint64_t)vmpl, floor);
    return SOURCE_OK;
}

/* privlevel is 0 by itself, also where the floor is 2. A provider without levels has no file. */
static int write_level(Collection *collection)
{
    char text[32];
    uint64_t level = 0;

    int r = choose_level(collection, &level);
    if (r != SOURCE_OK)
        return r;
    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)level);
    r = tsm_entry_write(collection->entry, "privlevel", view_of_string(text));
    if (r == -ENOENT)
        return SOURCE_OK;
    if (r == -EINVAL)
        return say(collection->findings, SOURCE_E_FAILED, "tsm-privlevel-refused", text,
                   "privlevel_floor to 3");
    /* The guard against a generation that wraps: nobody writes that often in good faith. */
    if (r == -EBUSY)
        return say(collection->findings, SOURCE_E_FAILED, "tsm-generation-changed", "EBUSY", NULL);
    if (r < 0)
        return say_errno(collection->findings, SOURCE_E_FAILED, "tsm-entry-failed", "privlevel", r);
    collection->generation++;
    return SOURCE_OK;
}

static int write_report_data(Collection *collection)
{
    ByteView data = { .data = collection->input->report_data, .size = SOURCE_REPORT_DATA_SIZE };

    int r = tsm_entry_write(collection->entry, "inblob", data);
    if (r < 0)
        return say_errno(collection->findings, SOURCE_E_FAILED, "tsm-entry-failed", "inblob", r);
    collection->generation++;
    return SOURCE_OK;
}

/* The hardware is asked when a blob is first read. */
static const char *blob_reason(int r)
{
    if (r == -EINVAL)
        return "tsm-request-refused";
    if (r == -ENXIO)
        return "tsm-no-provider";
    if (r == -EFBIG)
        return "tsm-blob-too-large";
    if (r == -ENOENT || r == -EACCES || r == -EPERM)
        return "tsm-entry-failed";
    return snp_reason(-r);
}

static int read_blobs(Collection *collection, EvidenceCpu *cpu)
{
    int r = pacing_wait(collection->input->pacing);

    if (r < 0)
        return r;
    r = tsm_entry_read(collection->entry, "outblob", BLOB_LIMIT, &cpu->outblob);
    if (r < 0)
        return say_errno(collection->findings, SOURCE_E_FAILED, blob_reason(r), "outblob", r);
    r = tsm_entry_read(collection->entry, "auxblob", BLOB_LIMIT, &cpu->auxblob);
    if (r < 0 && r != -ENOENT)
        return say_errno(collection->findings, SOURCE_E_FAILED, blob_reason(r), "auxblob", r);
    return SOURCE_OK;
}

static int prepare(Collection *collection)
{
    int r = check_provider_first(collection);

    if (r != SOURCE_OK)
        return r;
    r = read_first_generation(collection);
    if (r != SOURCE_OK)
        return r;
    r = write_level(collection);
    if (r != SOURCE_OK)
        return r;
    r = write_report_data(collection);
    if (r != SOURCE_OK)
        return r;
    /* A lost commit shows here and nowhere else. */
    return check_generation(collection);
}

static int finish(const Collection *collection, const EvidenceCpu *cpu)
{
    int r = check_generation(collection);

    if (r != SOURCE_OK)
        return r;
    r = check_provider_again(collection);
    if (r != SOURCE_OK)
        return r;
    return snp_report_accept(VIEW(cpu->outblob), collection->input->report_data,
                             collection->findings);
}

int tsm_collect(const TsmOps *ops, const SourceInput *input, Findings *findings, EvidenceCpu *ret)
{
    _cleanup_signals_ SignalsHeld held = signals_hold();
    _cleanup_(collection_done) Collection collection = { .input = input, .findings = findings };
    _cleanup_evidence_cpu_ EvidenceCpu cpu = { .provider = strdup(PROVIDER) };

    if (!cpu.provider)
        return -ENOMEM;
    int r = begin(ops, &collection);
    if (r != SOURCE_OK)
        return r;
    r = prepare(&collection);
    if (r != SOURCE_OK)
        return r;
    r = read_blobs(&collection, &cpu);
    if (r != SOURCE_OK)
        return r;
    r = finish(&collection, &cpu);
    if (r != SOURCE_OK)
        return r;
    *ret = TAKE_STRUCT(cpu);
    return SOURCE_OK;
}

/* Making an entry asks no hardware, and only that tells whether we may. */
int tsm_probe(const TsmOps *ops, const SourceSettings *settings, Findings *findings)
{
    _cleanup_signals_ SignalsHeld held = signals_hold();
    const SourceInput input = { .settings = settings };
    _cleanup_(collection_done) Collection collection = { .input = &input, .findings = findings };

    int r = begin(ops, &collection);
    if (r != SOURCE_OK)
        return r;
    return check_provider_first(&collection);
}

static int probe(const SourceSettings *settings, Findings *findings)
{
    return tsm_probe(&tsm_ops_kernel, settings, findings);
}

static int collect(const SourceInput *input, Findings *findings, EvidenceCpu *ret)
{
    return tsm_collect(&tsm_ops_kernel, input, findings, ret);
}

const EvidenceSource source_tsm = { .name = "configfs-tsm", .probe = probe, .collect = collect };
