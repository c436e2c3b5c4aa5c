/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Made-up boots: a crypto-agile log with one bank, event by event, and its registers.
 */
#include "lab.h"

#include "format/event-type.h"
#include "format/uefi-variable.h"

#include <stdio.h>

static void extend(LabLog *log, unsigned pcr, const Digest *digest)
{
    const ByteView parts[] = { { log->pcrs.values[pcr], log->pcrs.digest_size },
                               digest_view(digest) };
    Digest value;

    check_int(digest_of_parts(log->algorithm, parts, 2, &value), 0);
    check(evidence_pcrs_set(&log->pcrs, pcr, digest_view(&value)));
}

void lab_log_begin(LabLog *log, DigestAlgorithm algorithm)
{
    Bytes spec = { 0 };

    *log = (LabLog){ .algorithm = algorithm, .n_events = 1 };
    log->pcrs = (EvidencePcrs){ .bank = digest_tpm_id(algorithm),
                                .digest_size = digest_size(algorithm),
                                .mask = 0xffff };
    lab_put(&spec, "Spec ID Event03\0", 16);
    lab_put_le(&spec, 0, 4);
    lab_put(&spec, "\0\2\0\2", 4);
    lab_put_le(&spec, 1, 4);
    lab_put_le(&spec, digest_tpm_id(algorithm), 2);
    lab_put_le(&spec, digest_size(algorithm), 2);
    lab_put_le(&spec, 0, 1);

    lab_put_le(&log->bytes, 0, 4);
    lab_put_le(&log->bytes, EV_NO_ACTION, 4);
    for (int i = 0; i < 20; i++)
        lab_put_le(&log->bytes, 0, 1);
    lab_put_le(&log->bytes, spec.size, 4);
    lab_put(&log->bytes, spec.data, spec.size);
    bytes_done(&spec);
}

void lab_log_done(LabLog *log)
{
    bytes_done(&log->bytes);
}

void lab_log_event(LabLog *log, unsigned pcr, uint32_t type, ByteView data, ByteView hashed)
{
    Digest digest;

    check_int(digest_of(log->algorithm, hashed, &digest), 0);
    if (type == EV_NO_ACTION)
        memset(digest.data, 0, digest.size);
    else
        extend(log, pcr, &digest);
    lab_put_le(&log->bytes, pcr, 4);
    lab_put_le(&log->bytes, type, 4);
    lab_put_le(&log->bytes, 1, 4);
    lab_put_le(&log->bytes, digest_tpm_id(log->algorithm), 2);
    lab_put(&log->bytes, digest.data, digest.size);
    lab_put_le(&log->bytes, data.size, 4);
    lab_put(&log->bytes, data.data, data.size);
    log->n_events++;
}

void lab_log_plain(LabLog *log, unsigned pcr, uint32_t type, ByteView data)
{
    lab_log_event(log, pcr, type, data, data);
}

void lab_log_text(LabLog *log, unsigned pcr, uint32_t type, const char *text)
{
    lab_log_plain(log, pcr, type, view_of_string(text));
}

void lab_log_grub(LabLog *log, const char *label, const char *text)
{
    char data[1024];

    int size = snprintf(data, sizeof(data), "%s%s", label, text) + 1;
    lab_log_event(log, 8, EV_IPL, (ByteView){ (const uint8_t *)data, (size_t)size },
                  view_of_string(text));
}

void lab_log_extend(LabLog *log, unsigned pcr, ByteView hashed)
{
    Digest digest;

    check_int(digest_of(log->algorithm, hashed, &digest), 0);
    extend(log, pcr, &digest);
}

void lab_log_variable(LabLog *log, uint32_t type, const uint8_t guid[16], const char *name,
                      ByteView data)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    check_int(uefi_variable_build(guid, name, data, &bytes), 0);
    lab_log_plain(log, 7, type, VIEW(bytes));
}

static void log_secure_boot(LabLog *log, const LabBoot *boot)
{
    const ByteView zero = { (const uint8_t *)"\0\0\0\0", 4 };
    const ByteView state = { (const uint8_t *)(boot->secure_boot_off ? "\0" : "\1"), 1 };
    const uint8_t *global = uefi_guid_global_variable, *security = uefi_guid_security_database;

    lab_log_variable(log, EV_EFI_VARIABLE_DRIVER_CONFIG, global, "SecureBoot", state);
    lab_log_variable(log, EV_EFI_VARIABLE_DRIVER_CONFIG, global, "PK", view_of_string("a PK"));
    lab_log_variable(log, EV_EFI_VARIABLE_DRIVER_CONFIG, global, "KEK", view_of_string("a KEK"));
    lab_log_variable(log, EV_EFI_VARIABLE_DRIVER_CONFIG, security, "db", view_of_string("a db"));
    lab_log_variable(log, EV_EFI_VARIABLE_DRIVER_CONFIG, security, "dbx", (ByteView){ 0 });
    lab_log_plain(log, 7, EV_SEPARATOR, zero);
    if (!boot->no_authority)
        lab_log_variable(log, EV_EFI_VARIABLE_AUTHORITY, security, "db",
                         view_of_string("the certificate that verified shim"));
}

void lab_log_boot(LabLog *log, const LabBoot *boot)
{
    static const LabBoot good = { 0 };
    const ByteView zero = { (const uint8_t *)"\0\0\0\0", 4 };
    const ByteView image = { (const uint8_t *)"0123456789abcdef0123456789abcdef", 32 };
    char command[512];

    boot = boot ? boot : &good;
    const char *line = boot->command_line ? boot->command_line : LAB_COMMAND_LINE;
    lab_log_text(log, 0, EV_S_CRTM_VERSION, "lab firmware 1");
    log_secure_boot(log, boot);
    for (unsigned pcr = 0; pcr < 7; pcr++)
        if (pcr != 4 && pcr != 5)
            lab_log_plain(log, pcr, EV_SEPARATOR, zero);
    lab_log_text(log, 4, EV_EFI_ACTION, "Calling EFI Application from Boot Option");
    lab_log_plain(log, 4, EV_SEPARATOR, zero);
    lab_log_plain(log, 5, EV_SEPARATOR, zero);
    lab_log_event(log, 4, EV_EFI_BOOT_SERVICES_APPLICATION, image,
                  view_of_string(boot->application ? boot->application : "shim"));
    lab_log_grub(log, "grub_cmd: ", "set default=0");
    (void)snprintf(command, sizeof(command), "linux %s", line);
    lab_log_grub(log, "grub_cmd: ", command);
    lab_log_event(log, 9, EV_IPL, (ByteView){ (const uint8_t *)"/vmlinuz", 9 },
                  view_of_string("the kernel"));
    lab_log_grub(log, "kernel_cmdline: ", line);
    if (boot->no_exit)
        return;
    lab_log_text(log, 5, EV_EFI_ACTION, "Exit Boot Services Invocation");
    lab_log_text(log, 5, EV_EFI_ACTION, "Exit Boot Services Returned with Success");
}
