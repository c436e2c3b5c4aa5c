/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * lab_tsm: a provider behind configfs-tsm as sev-guest is one, so that the kernel's own attributes
 * are read. The report is made by a program outside, for a kernel signs none: it is started with
 * what was written to inblob and leaves report and certificates in two files.
 */
#include <linux/fs.h>
#include <linux/hex.h>
#include <linux/kernel_read_file.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/tsm.h>
#include <linux/umh.h>

#define PROGRAM "/usr/lib/lab/sim-report"
#define REPORT  "/run/lab/outblob"
#define TABLE   "/run/lab/auxblob"

static int take(const char *path, u8 **data, size_t *size)
{
    void *buffer = NULL;
    size_t whole;
    /* Of the machine, whatever its sandbox shows to whoever asks for the report. */
    ssize_t n = kernel_read_file_from_path_initns(path, 0, &buffer, TSM_OUTBLOB_MAX, &whole,
                                                  READING_FIRMWARE);

    if (n < 0)
        return n;
    /* tsm frees with kvfree(), as this was allocated. */
    *data = buffer;
    *size = n;
    return 0;
}

static int report_new(struct tsm_report *report, void *data)
{
    char inblob[2 * TSM_INBLOB_MAX + 1] = "", level[12];
    char *argv[] = { PROGRAM, inblob, level, NULL };
    char *envp[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
    int r;

    if (report->desc.inblob_len != TSM_INBLOB_MAX)
        return -EINVAL;
    bin2hex(inblob, report->desc.inblob, TSM_INBLOB_MAX);
    snprintf(level, sizeof(level), "%u", report->desc.privlevel);
    r = call_usermodehelper(PROGRAM, argv, envp, UMH_WAIT_PROC);
    if (r != 0)
        return -EIO;
    r = take(REPORT, &report->outblob, &report->outblob_len);
    return r ? r : take(TABLE, &report->auxblob, &report->auxblob_len);
}

static bool attribute_visible(int n)
{
    return n == TSM_REPORT_GENERATION || n == TSM_REPORT_PROVIDER || n == TSM_REPORT_PRIVLEVEL ||
           n == TSM_REPORT_PRIVLEVEL_FLOOR;
}

static bool blob_visible(int n)
{
    return n == TSM_REPORT_INBLOB || n == TSM_REPORT_OUTBLOB || n == TSM_REPORT_AUXBLOB;
}

static const struct tsm_ops operations = {
    .name = "sev_guest",
    .report_new = report_new,
    .report_attr_visible = attribute_visible,
    .report_bin_attr_visible = blob_visible,
};

static int __init lab_tsm_init(void)
{
    return tsm_register(&operations, NULL);
}

static void __exit lab_tsm_exit(void)
{
    tsm_unregister(&operations);
}

module_init(lab_tsm_init);
module_exit(lab_tsm_exit);
MODULE_DESCRIPTION("Simulated configfs-tsm provider of the lab");
MODULE_LICENSE("GPL");
