/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measurements of shim, GRUB and the kernel's EFI entry.
 */
#include "sim-efi.h"
#include "sim-events.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define INITRD_EVENT_TAG UINT32_C(0x8f3b22ec) /* Linux: INITRD_EVENT_TAG_ID */
#define BOOT_PREFIX      "(hd0,gpt2)/boot/grub"
#define ROOT_UUID        "9a1f3c52-7d0e-4b6a-8c35-5e2f4d7a6b10"

static int measure_image(SimLog *log, ByteView device_path, uint64_t address, const char *content)
{
    _cleanup_bytes_ Bytes event = { 0 };

    int r = sim_efi_image_load(address, 966664, device_path, &event);
    return r == 0 ? sim_log_event(log, 4, EV_EFI_BOOT_SERVICES_APPLICATION, VIEW(event),
                                  view_of_string(content))
                  : r;
}

static int measure_file_image(SimLog *log, const char *file, bool whole, const char *content)
{
    _cleanup_bytes_ Bytes path = { 0 };

    int r = sim_efi_device_path(file, whole, &path);
    return r == 0 ? measure_image(log, VIEW(path), 0xbcb78018, content) : r;
}

static int measure_authority(SimLog *log, const uint8_t *guid, const char *name, ByteView value)
{
    _cleanup_bytes_ Bytes event = { 0 };

    int r = sim_efi_variable(guid, name, value, &event);
    return r == 0 ? sim_log_plain(log, 7, EV_EFI_VARIABLE_AUTHORITY, VIEW(event)) : r;
}

/* The firmware finds shim's signer in db: one EFI_SIGNATURE_DATA, not a list. */
static int measure_shim_authority(SimLog *log)
{
    _cleanup_bytes_ Bytes certificate = { 0 };
    _cleanup_bytes_ Bytes signature = { 0 };

    int r = sim_efi_certificate(SIM_SHIM_SIGNER, &certificate);
    if (r == 0)
        r = sim_efi_signature(VIEW(certificate), &signature);
    return r == 0 ? measure_authority(log, sim_efi_security_database, "db", VIEW(signature)) : r;
}

/* Shim's own entries carry raw data: here the distribution's certificate built into it. */
static int measure_vendor_authority(SimLog *log)
{
    _cleanup_bytes_ Bytes certificate = { 0 };

    int r = sim_efi_certificate("attestd lab distribution", &certificate);
    return r == 0 ? measure_authority(log, sim_efi_shim_lock, "Shim", VIEW(certificate)) : r;
}

/* Name as event data with its NUL; the digest is over the variable's content. */
static int measure_mok(SimLog *log, const char *name, ByteView content)
{
    return sim_log_event(log, 14, EV_IPL,
                         (ByteView){ .data = (const uint8_t *)name, .size = strlen(name) + 1 },
                         content);
}

static int measure_shim(SimLog *log, const SimBoot *boot)
{
    static const uint8_t trusted[] = { 1 };

    int r = boot->secure_boot ? measure_shim_authority(log) : 0;
    if (r == 0)
        r = measure_file_image(log, "\\EFI\\debian\\shimx64.efi", true, "attestd lab: shim");
    if (r == 0)
        r = measure_mok(log, "MokList", (ByteView){ 0 });
    if (r == 0)
        r = measure_mok(log, "MokListX", (ByteView){ 0 });
    if (r == 0)
        r = measure_authority(log, sim_efi_shim_lock, "SbatLevel",
                              view_of_string("sbat,1,2021030218\n"));
    if (r == 0)
        r = measure_mok(log, "MokListTrusted", VIEW_OF_ARRAY(trusted));
    if (r == 0 && boot->secure_boot)
        r = measure_vendor_authority(log);
    if (r == 0)
        r = measure_file_image(log, "\\EFI\\debian\\grubx64.efi", false, "attestd lab: grub");
    return r;
}

/* GRUB logs a prefix and the text with its NUL, and hashes the text alone, without the NUL. */
static int measure_grub_text(SimLog *log, const char *prefix, const char *text)
{
    _cleanup_free_ char *event = NULL;

    if (asprintf(&event, "%s%s", prefix, text) < 0)
        return -ENOMEM;
    return sim_log_event(log, 8, EV_IPL,
                         (ByteView){ .data = (uint8_t *)event, .size = strlen(event) + 1 },
                         view_of_string(text));
}

static int measure_grub_command(SimLog *log, const char *command)
{
    return measure_grub_text(log, "grub_cmd: ", command);
}

/* A file GRUB read: its name with its NUL, and the digest of its content. */
static int measure_grub_file(SimLog *log, const char *name, const char *content)
{
    return sim_log_event(log, 9, EV_IPL,
                         (ByteView){ .data = (const uint8_t *)name, .size = strlen(name) + 1 },
                         view_of_string(content));
}

static int measure_grub_start(SimLog *log)
{
    static const struct {
        bool file;
        const char *text;
    } steps[] = {
        { true, "(hd0,gpt1)/EFI/debian/grub.cfg" },
        { false, "search.fs_uuid " ROOT_UUID " root" },
        { false, "set prefix=(hd0,gpt2)/boot/grub" },
        { true, BOOT_PREFIX "/x86_64-efi/command.lst" },
        { true, BOOT_PREFIX "/x86_64-efi/fs.lst" },
        { true, BOOT_PREFIX "/x86_64-efi/crypto.lst" },
        { true, BOOT_PREFIX "/x86_64-efi/terminal.lst" },
        { false, "configfile " BOOT_PREFIX "/grub.cfg" },
        { true, BOOT_PREFIX "/grub.cfg" },
        { false, "[ -s " BOOT_PREFIX "/grubenv ]" },
        { false, "load_env" },
        { true, BOOT_PREFIX "/grubenv" },
        { false, "set default=0" },
        { false, "set timeout=5" },
        { false, "menuentry Debian GNU/Linux --class debian --id gnulinux-simple-" ROOT_UUID " {\n"
                 "\tload_video\n\tinsmod gzio\n\tinsmod part_gpt\n\tinsmod ext2\n}" },
        { false, "setparams Debian GNU/Linux" },
        { false, "load_video" },
        { false, "insmod gzio" },
        { false, "insmod part_gpt" },
        { false, "insmod ext2" },
        { false, "search --no-floppy --fs-uuid --set=root " ROOT_UUID },
    };
    int r = 0;

    for (size_t i = 0; r == 0 && i < ELEMENTSOF(steps); i++)
        r = steps[i].file ? measure_grub_file(log, steps[i].text, steps[i].text)
                          : measure_grub_command(log, steps[i].text);
    return r;
}

/* The four texts that name the kernel; NULL members when memory ran out. */
typedef struct KernelTexts {
    char *file;    /* "/boot/vmlinuz-RELEASE" */
    char *initrd;  /* "/boot/initrd.img-RELEASE" */
    char *command; /* "linux FILE CMDLINE" */
    char *load;    /* "initrd INITRD" */
} KernelTexts;

static void kernel_texts_done(KernelTexts *texts)
{
    free(texts->file);
    free(texts->initrd);
    free(texts->command);
    free(texts->load);
}

static int kernel_texts_init(KernelTexts *texts, const SimBoot *boot)
{
    if (asprintf(&texts->file, "/boot/vmlinuz-%s", boot->kernel) < 0 ||
        asprintf(&texts->initrd, "/boot/initrd.img-%s", boot->kernel) < 0 ||
        asprintf(&texts->command, "linux %s %s", texts->file, boot->cmdline) < 0 ||
        asprintf(&texts->load, "initrd %s", texts->initrd) < 0)
        return -ENOMEM;
    return 0;
}

/* EV_EVENT_TAG of the kernel's EFI entry: tag, size, text; the digest is the initrd's. */
static int measure_initrd(SimLog *log, const char *initrd)
{
    static const char text[] = "Linux initrd";
    _cleanup_bytes_ Bytes event = { 0 };

    int r = bytes_append_le32(&event, INITRD_EVENT_TAG);
    if (r == 0)
        r = bytes_append_le32(&event, sizeof(text));
    if (r == 0)
        r = bytes_append(&event, (ByteView){ .data = (const uint8_t *)text, .size = sizeof(text) });
    return r == 0 ? sim_log_event(log, 9, EV_EVENT_TAG, VIEW(event), view_of_string(initrd)) : r;
}

static int measure_kernel(SimLog *log, const SimBoot *boot)
{
    _cleanup_(kernel_texts_done) KernelTexts texts = { 0 };

    int r = kernel_texts_init(&texts, boot);
    if (r == 0)
        r = measure_grub_command(log, texts.command);
    if (r == 0)
        r = measure_grub_file(log, texts.file, texts.file);
    /* shim_verify() logs the kernel without a device path. */
    if (r == 0 && boot->secure_boot)
        r = measure_image(log, (ByteView){ 0 }, 0xb8a7d000, texts.file);
    if (r == 0)
        r = measure_grub_text(log, "kernel_cmdline: ", texts.command + strlen("linux "));
    if (r == 0)
        r = measure_grub_command(log, texts.load);
    if (r == 0)
        r = measure_grub_file(log, texts.initrd, texts.initrd);
    return r == 0 ? measure_initrd(log, texts.initrd) : r;
}

static int measure_exit(SimLog *log)
{
    int r = sim_log_plain(log, 5, EV_EFI_ACTION, view_of_string("Exit Boot Services Invocation"));

    return r == 0 ? sim_log_plain(log, 5, EV_EFI_ACTION,
                                  view_of_string("Exit Boot Services Returned with Success"))
                  : r;
}

int sim_measure_loader(SimLog *log, const SimBoot *boot)
{
    int r = measure_shim(log, boot);

    if (r == 0)
        r = measure_grub_start(log);
    if (r == 0)
        r = measure_kernel(log, boot);
    return r == 0 ? measure_exit(log) : r;
}
