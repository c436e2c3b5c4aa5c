/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl doctor on the files of a system that is made here.
 */
#include "ctl/doctor.h"

#include "ctl/etc-file.h"
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define SWAPS_HEAD "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"

/* A tree, and the doctor that takes it for the system. */
typedef struct Stage {
    char root[64];
    Doctor doctor;
    CheckList list;
    Check *line;
} Stage;

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void stage_done(Stage *stage)
{
    check_list_done(&stage->list);
    doctor_done(&stage->doctor);
    check(nftw(stage->root, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}
#define _cleanup_stage_ _cleanup_(stage_done)

static void stage_begin(Stage *stage)
{
    *stage = (Stage){ .root = "/tmp/test-doctor-XXXXXX", .doctor = DOCTOR_INIT };
    check(mkdtemp(stage->root));
    stage->doctor.root_fd = open(stage->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    check(stage->doctor.root_fd >= 0);
    check_int(check_list_add(&stage->list, "line", NULL, &stage->line), 0);
}

static void put(const Stage *stage, const char *name, const char *text)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s", stage->root, name);
    for (char *c = path + strlen(stage->root) + 1; (c = strchr(c, '/')); c++) {
        *c = 0;
        check(mkdir(path, 0755) == 0 || errno == EEXIST);
        *c = '/';
    }
    check_int(file_write_atomic(path, view_of_string(text), 0644), 0);
}

/* Of the file system the tree is on. */
static void put_block(const Stage *stage, const char *file, const char *text)
{
    char path[256];
    struct stat st;

    check(stat(stage->root, &st) == 0);
    (void)snprintf(path, sizeof(path), "sys/dev/block/%u:%u/%s", major(st.st_dev), minor(st.st_dev),
                   file);
    put(stage, path, text);
}

static void run(Stage *stage, DoctorCheck *one)
{
    check_int(one(&stage->doctor, stage->line), 0);
}

static void expect(Stage *stage, DoctorCheck *one, CheckState state, const char *finding)
{
    run(stage, one);
    check_int(check_state(stage->line), state);
    check(!finding || findings_has(&stage->line->findings, finding));
}

#define CRYPTTAB_GOOD                                                                              \
    "data /dev/vdb /run/attestd/secrets.sock luks,noauto,headless=true,"                           \
    "header=/run/attestd-headers/data\n"
#define DROP_IN "etc/systemd/system/systemd-cryptsetup@data.service.d/50-attested.conf"
#define BOUND   "[Unit]\nBindsTo=attested.target\nAfter=attested.target\n"

static void test_crypttab_good(void)
{
    _cleanup_stage_ Stage stage = { 0 };

    stage_begin(&stage);
    put(&stage, "etc/crypttab", "root /dev/vda2 none luks\n" CRYPTTAB_GOOD);
    put(&stage, "etc/fstab",
        "/dev/mapper/root / ext4 defaults 0 1\n"
        "/dev/mapper/data /srv ext4 noauto,nofail,x-systemd.wanted-by=attested.target 0 0\n");
    put(&stage, DROP_IN, BOUND);
    expect(&stage, doctor_crypttab, CHECK_OK, NULL);
    check_str(stage.line->said, "1 volume, none in the way of the boot");
}

static void test_crypttab_none(void)
{
    _cleanup_stage_ Stage stage = { 0 };

    stage_begin(&stage);
    expect(&stage, doctor_crypttab, CHECK_OK, NULL);
}

static void test_crypttab_deadlock(void)
{
    _cleanup_stage_ Stage stage = { 0 };

    stage_begin(&stage);
    put(&stage, "etc/crypttab", "data UUID=1-2 /run/attestd/secrets.sock luks,headless=true\n");
    put(&stage, DROP_IN, BOUND);
    expect(&stage, doctor_crypttab, CHECK_NO, "volume-boot-waits");
}

static void test_mount_waits(void)
{
    _cleanup_stage_ Stage stage = { 0 };

    stage_begin(&stage);
    put(&stage, "etc/crypttab", CRYPTTAB_GOOD);
    put(&stage, DROP_IN, BOUND);
    put(&stage, "etc/fstab", "/dev/mapper/data /srv ext4 defaults 0 0\n");
    expect(&stage, doctor_crypttab, CHECK_NO, "volume-mount-waits");
    check_str(stage.line->findings.items[0].subject, "/srv, fstab line 1");
}

static void test_crypttab_unusable(void)
{
    _cleanup_stage_ Stage stage = { 0 };

    stage_begin(&stage);
    put(&stage, "etc/crypttab/nothing", "");
    expect(&stage, doctor_crypttab, CHECK_NO, "volume-file-unusable");
}

static void test_volume_secret(void)
{
    _cleanup_stage_ Stage stage = { 0 };
    SecretList *secrets = &stage.doctor.secrets;

    stage_begin(&stage);
    secrets->items = calloc(1, sizeof(*secrets->items));
    check(secrets->items);
    secrets->n_items = 1;
    secrets->items[0].name = strdup("data");
    secrets->items[0].header.who[0] = strdup("volume:data");
    secrets->items[0].header.n_who = 1;
    expect(&stage, doctor_crypttab, CHECK_WARN, "volume-missing");
}

static void test_volume_key(void)
{
    _cleanup_stage_ Stage stage = { 0 };
    SecretList *secrets = &stage.doctor.secrets;

    stage_begin(&stage);
    put(&stage, "etc/crypttab", CRYPTTAB_GOOD);
    put(&stage, DROP_IN, BOUND);
    stage.doctor.has_secrets = true;
    expect(&stage, doctor_crypttab, CHECK_NO, "secret-not-sealed");
    check_str(stage.line->findings.items[0].subject, "volume:data, secret data");
    secrets->items = calloc(1, sizeof(*secrets->items));
    check(secrets->items);
    secrets->n_items = 1;
    secrets->items[0].name = strdup("data");
    secrets->items[0].header.who[0] = strdup("unit:data.service");
    secrets->items[0].header.n_who = 1;
    expect(&stage, doctor_crypttab, CHECK_NO, "secret-for-others");
    free(secrets->items[0].header.who[0]);
    secrets->items[0].header.who[0] = strdup("volume:data");
    findings_done(&stage.line->findings);
    expect(&stage, doctor_crypttab, CHECK_OK, NULL);
}

static void test_swap_none(void)
{
    _cleanup_stage_ Stage stage = { 0 };

    stage_begin(&stage);
    put(&stage, "proc/swaps", SWAPS_HEAD);
    expect(&stage, doctor_swap, CHECK_OK, NULL);
    check_str(stage.line->said, "there is none");
}

static void put_swap(const Stage *stage)
{
    put(stage, "swapfile", "");
    put(stage, "proc/swaps",
        SWAPS_HEAD "/swapfile                               file\t\t2\t0\t-2\n");
}

static void test_swap_open(void)
{
    _cleanup_stage_ Stage stage = { 0 };

    stage_begin(&stage);
    put_swap(&stage);
    expect(&stage, doctor_swap, CHECK_WARN, "swap-not-encrypted");
    check_str(stage.line->findings.items[0].subject, "/swapfile");
    check_str(stage.line->findings.items[0].found, "a file");
}

static void test_swap_gone(void)
{
    _cleanup_stage_ Stage stage = { 0 };

    stage_begin(&stage);
    put(&stage, "proc/swaps", SWAPS_HEAD "/dev/nothing  partition\t1\t0\t-2\n");
    expect(&stage, doctor_swap, CHECK_WARN, "swap-not-encrypted");
}

static void test_swap_encrypted(void)
{
    _cleanup_stage_ Stage stage = { 0 };

    stage_begin(&stage);
    put_swap(&stage);
    put_block(&stage, "dm/uuid", "CRYPT-LUKS2-00-data\n");
    expect(&stage, doctor_swap, CHECK_OK, NULL);
}

static void test_swap_on_integrity(void)
{
    _cleanup_stage_ Stage stage = { 0 };

    stage_begin(&stage);
    put_swap(&stage);
    put_block(&stage, "dm/uuid", "CRYPT-INTEGRITY-00-data\n");
    expect(&stage, doctor_swap, CHECK_WARN, "swap-not-encrypted");
}

static void test_swap_below(void)
{
    _cleanup_stage_ Stage stage = { 0 }, mixed = { 0 };

    stage_begin(&stage);
    put_swap(&stage);
    put_block(&stage, "dm/uuid", "LVM-abc\n");
    put_block(&stage, "slaves/dm-0/dm/uuid", "CRYPT-PLAIN-swap\n");
    expect(&stage, doctor_swap, CHECK_OK, NULL);

    stage_begin(&mixed);
    put_swap(&mixed);
    put_block(&mixed, "slaves/dm-0/dm/uuid", "CRYPT-PLAIN-swap\n");
    put_block(&mixed, "slaves/sda1/size", "1\n");
    expect(&mixed, doctor_swap, CHECK_WARN, "swap-not-encrypted");
}

static void test_kexec(void)
{
    static const struct {
        const char *kexec, *lockdown;
        CheckState state;
        const char *found;
    } cases[] = {
        { NULL, NULL, CHECK_OK, NULL },
        { "1\n", NULL, CHECK_OK, NULL },
        { "0\n", NULL, CHECK_WARN, "0" },
        { "0\n", "[none] integrity confidentiality\n", CHECK_WARN, "0" },
        { "0\n", "none [integrity] confidentiality\n", CHECK_WARN,
          "0; lockdown takes signed kernels only" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_stage_ Stage stage = { 0 };
        stage_begin(&stage);
        if (cases[i].kexec)
            put(&stage, "proc/sys/kernel/kexec_load_disabled", cases[i].kexec);
        if (cases[i].lockdown)
            put(&stage, "sys/kernel/security/lockdown", cases[i].lockdown);
        run(&stage, doctor_kexec);
        check_int(check_state(stage.line), cases[i].state);
        if (cases[i].found)
            check_str(stage.line->findings.items[0].found, cases[i].found);
    }
}

static const Test tests[] = {
    { "volumes by the recipe are fine", test_crypttab_good },
    { "no crypttab is fine", test_crypttab_none },
    { "a line of crypttab that the boot would wait for is named", test_crypttab_deadlock },
    { "so is a mount", test_mount_waits },
    { "a crypttab that is no file is named", test_crypttab_unusable },
    { "a volume that asks for what nobody sealed for it is named", test_volume_key },
    { "a secret for a volume that is not there is named", test_volume_secret },
    { "no swap is fine", test_swap_none },
    { "swap on a plain disk is named", test_swap_open },
    { "so is swap that cannot be looked at", test_swap_gone },
    { "swap on dm-crypt is fine", test_swap_encrypted },
    { "and not swap on dm-integrity, whose name looks like it", test_swap_on_integrity },
    { "whatever lies between, unless one leg is plain", test_swap_below },
    { "kexec is open until it is barred", test_kexec },
};
TEST_MAIN(tests)
