/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measurements of the firmware, in the order of OVMF: PCR 0, 7, 1, then separators, then the disk.
 */
#include "sim-efi.h"
#include "sim-events.h"

#include <string.h>

#define PLATFORM_KEY       "attestd lab platform key"
#define KEY_EXCHANGE_KEY   "attestd lab key exchange key"
#define N_FORBIDDEN_IMAGES 3u

static int measure_text(SimLog *log, uint32_t pcr, uint32_t type, const char *text)
{
    return sim_log_plain(log, pcr, type, view_of_string(text));
}

static int measure_firmware_volume(SimLog *log, uint64_t base, uint64_t length, const char *content)
{
    _cleanup_bytes_ Bytes event = { 0 };

    int r = bytes_append_le64(&event, base);
    if (r == 0)
        r = bytes_append_le64(&event, length);
    return r == 0 ? sim_log_event(log, 0, EV_EFI_PLATFORM_FIRMWARE_BLOB, VIEW(event),
                                  view_of_string(content))
                  : r;
}

static int measure_firmware_code(SimLog *log)
{
    _cleanup_bytes_ Bytes version = { 0 };

    int r = sim_efi_utf16("attestd lab firmware 1", true, &version);
    if (r == 0)
        r = sim_log_plain(log, 0, EV_S_CRTM_VERSION, VIEW(version));
    if (r == 0)
        r = measure_firmware_volume(log, 0x820000, 0xe0000, "attestd lab: PEI volume");
    if (r == 0)
        r = measure_firmware_volume(log, 0x900000, 0xd00000, "attestd lab: DXE volume");
    return r;
}

static int measure_driver_config(SimLog *log, const uint8_t *guid, const char *name, ByteView value)
{
    _cleanup_bytes_ Bytes event = { 0 };

    int r = sim_efi_variable(guid, name, value, &event);
    return r == 0 ? sim_log_plain(log, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, VIEW(event)) : r;
}

/* Without Secure Boot there are no keys, and the variables are measured empty. */
static int measure_secure_boot(SimLog *log, bool enabled)
{
    const uint8_t state = enabled ? 1 : 0;
    _cleanup_bytes_ Bytes pk = { 0 };
    _cleanup_bytes_ Bytes kek = { 0 };
    _cleanup_bytes_ Bytes db = { 0 };
    _cleanup_bytes_ Bytes dbx = { 0 };
    int r = 0;

    if (enabled) {
        r = sim_efi_certificate_list(PLATFORM_KEY, &pk);
        if (r == 0)
            r = sim_efi_certificate_list(KEY_EXCHANGE_KEY, &kek);
        if (r == 0)
            r = sim_efi_certificate_list("attestd lab operating systems", &db);
        if (r == 0)
            r = sim_efi_certificate_list(SIM_SHIM_SIGNER, &db);
        if (r == 0)
            r = sim_efi_hash_list(N_FORBIDDEN_IMAGES, &dbx);
    }
    if (r == 0)
        r = measure_driver_config(log, sim_efi_global_variable, "SecureBoot",
                                  (ByteView){ .data = &state, .size = 1 });
    if (r == 0)
        r = measure_driver_config(log, sim_efi_global_variable, "PK", VIEW(pk));
    if (r == 0)
        r = measure_driver_config(log, sim_efi_global_variable, "KEK", VIEW(kek));
    if (r == 0)
        r = measure_driver_config(log, sim_efi_security_database, "db", VIEW(db));
    if (r == 0)
        r = measure_driver_config(log, sim_efi_security_database, "dbx", VIEW(dbx));
    return r;
}

/* EDK2 hashes the variable's data alone here, not the event. */
static int measure_boot_variable(SimLog *log, const char *name, ByteView value)
{
    _cleanup_bytes_ Bytes event = { 0 };

    int r = sim_efi_variable(sim_efi_global_variable, name, value, &event);
    return r == 0 ? sim_log_event(log, 1, EV_EFI_VARIABLE_BOOT, VIEW(event), value) : r;
}

static int measure_handoff_tables(SimLog *log)
{
    /* SMBIOS 3 table, f2fd1544-9794-4a2c-992e-e5bbcf20e394 */
    static const uint8_t smbios[SIM_GUID_SIZE] = { 0x44, 0x15, 0xfd, 0xf2, 0x94, 0x97, 0x2c, 0x4a,
                                                   0x99, 0x2e, 0xe5, 0xbb, 0xcf, 0x20, 0xe3, 0x94 };
    _cleanup_bytes_ Bytes event = { 0 };

    int r = bytes_append_le64(&event, 1);
    if (r == 0)
        r = bytes_append(&event, VIEW_OF_ARRAY(smbios));
    if (r == 0)
        r = bytes_append_le64(&event, 0xbf7de000);
    return r == 0 ? sim_log_event(log, 1, EV_EFI_HANDOFF_TABLES, VIEW(event),
                                  view_of_string("attestd lab: SMBIOS"))
                  : r;
}

static int measure_boot_variables(SimLog *log)
{
    static const uint8_t order[] = { 0x01, 0x00, 0x00, 0x00 };
    _cleanup_bytes_ Bytes debian = { 0 };
    _cleanup_bytes_ Bytes disk = { 0 };

    int r = sim_efi_load_option("debian", "\\EFI\\debian\\shimx64.efi", &debian);
    if (r == 0)
        r = sim_efi_load_option("UEFI Misc Device", "\\EFI\\BOOT\\BOOTX64.EFI", &disk);
    if (r == 0)
        r = measure_boot_variable(log, "BootOrder", VIEW_OF_ARRAY(order));
    if (r == 0)
        r = measure_boot_variable(log, "Boot0001", VIEW(debian));
    if (r == 0)
        r = measure_boot_variable(log, "Boot0000", VIEW(disk));
    return r;
}

static int measure_separator(SimLog *log, uint32_t pcr)
{
    static const uint8_t zeros[4] = { 0 };

    return sim_log_plain(log, pcr, EV_SEPARATOR, VIEW_OF_ARRAY(zeros));
}

static int measure_partitions(SimLog *log)
{
    _cleanup_bytes_ Bytes event = { 0 };

    int r = sim_efi_gpt(&event);
    return r == 0 ? sim_log_plain(log, 5, EV_EFI_GPT_EVENT, VIEW(event)) : r;
}

int sim_measure_firmware(SimLog *log, const SimBoot *boot)
{
    int r = measure_firmware_code(log);

    if (r == 0)
        r = measure_secure_boot(log, boot->secure_boot);
    if (r == 0)
        r = measure_separator(log, 7);
    if (r == 0)
        r = measure_handoff_tables(log);
    if (r == 0)
        r = measure_boot_variables(log);
    if (r == 0)
        r = measure_text(log, 4, EV_EFI_ACTION, "Calling EFI Application from Boot Option");
    for (uint32_t pcr = 0; r == 0 && pcr < 7; pcr++)
        r = measure_separator(log, pcr);
    return r == 0 ? measure_partitions(log) : r;
}
