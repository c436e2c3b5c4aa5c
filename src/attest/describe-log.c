/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts, header and values of a firmware log; and the story of a boot that was proven.
 */
#include "attest/describe-log.h"

#include "attest/describe-certificate.h"
#include "format/uefi-variable.h"
#include "verify/boot-signers.h"
#include "verify/log-values.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CHECKED_TYPES                                                                              \
    "EV_SEPARATOR, EV_ACTION, EV_S_CRTM_VERSION, EV_EFI_VARIABLE_DRIVER_CONFIG, "                  \
    "EV_EFI_VARIABLE_AUTHORITY, EV_EFI_GPT_EVENT, EV_EFI_ACTION"

static int set(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value);
}

static json_t *banks(const EventLog *log)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; i < log->n_banks; i++) {
        const char *name = tpm_alg_name(log->banks[i].alg);
        json_t *bank = json_pack("{s:o, s:i, s:i}", "alg", name ? json_string(name) : json_null(),
                                 "id", log->banks[i].alg, "size", log->banks[i].digest_size);
        if (json_array_append_new(array, bank))
            return NULL;
    }
    return TAKE_PTR(array);
}

static json_t *spec_id(const EventLog *log)
{
    json_auto_t *object = json_object();
    int r = set(object, "signature", json_string("Spec ID Event03"));

    r |= set(object, "platform_class", json_integer(log->platform_class));
    r |= set(object, "version", json_sprintf("%u.%u", log->version_major, log->version_minor));
    r |= set(object, "errata", json_integer(log->version_errata));
    r |= set(object, "uintn_size", json_integer(log->uintn_size));
    r |= set(object, "algorithms", banks(log));
    r |= json_set_hex(object, "vendor_info", log->vendor_info);
    return r ? NULL : TAKE_PTR(object);
}

/* What is gathered on the way through. Owned. */
typedef struct Gathered {
    json_t *types; /* name of type to number of events */
    json_t *secure_boot;
    size_t n_events;
    bool has_hcrtm;
    int locality; /* -1: none */
} Gathered;

static void gathered_done(Gathered *gathered)
{
    json_decref(gathered->types);
    json_decref(gathered->secure_boot);
}

static int count_type(json_t *types, uint32_t type)
{
    const char *name = event_type_name(type);
    char number[16];

    (void)snprintf(number, sizeof(number), "0x%x", type);
    name = name ? name : number;
    json_int_t n = json_integer_value(json_object_get(types, name));
    return set(types, name, json_integer(n + 1));
}

/* What the firmware says it measured as SecureBoot, the first time. */
static int note_secure_boot(const Event *event, Gathered *gathered)
{
    UefiVariable variable;
    json_auto_t *holder = NULL;

    if (gathered->secure_boot || event->type != EV_EFI_VARIABLE_DRIVER_CONFIG ||
        uefi_variable_parse(event->data, &variable) != UEFI_VARIABLE_OK ||
        !uefi_variable_is(&variable, uefi_guid_global_variable, "SecureBoot") ||
        variable.data.size > 64)
        return 0;
    holder = json_object();
    if (json_set_hex(holder, "value", variable.data) < 0)
        return -ENOMEM;
    gathered->secure_boot = json_incref(json_object_get(holder, "value"));
    return 0;
}

static int gather(EventLog *log, Gathered *gathered)
{
    Event event;
    uint8_t locality;
    int r;

    while ((r = event_log_next(log, &event)) == EVENT_LOG_OK) {
        gathered->n_events++;
        if (event_startup_locality(&event, &locality))
            gathered->locality = locality;
        gathered->has_hcrtm = gathered->has_hcrtm || event_is_hcrtm(&event);
        if (count_type(gathered->types, event.type) || note_secure_boot(&event, gathered) < 0)
            return -ENOMEM;
    }
    return r == EVENT_LOG_END ? EVENT_LOG_OK : r;
}

static int set_bank(json_t *object, const LogBankValues *bank)
{
    json_auto_t *values = json_object();
    int r = 0;

    for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
        char name[8];
        if (!(bank->pcrs & 1U << pcr))
            continue;
        (void)snprintf(name, sizeof(name), "%u", pcr);
        r |= json_set_hex(values, name, digest_view(&bank->values[pcr]));
    }
    return r ? r : json_object_set(object, digest_name(bank->algorithm), values);
}

static int set_values(json_t *object, ByteView log, unsigned flags)
{
    json_auto_t *replayed = json_object();
    LogValues values = { 0 };
    LogDataCheck data_check = { 0 };

    int r = log_values(log, flags, NULL, &values);
    if (r < 0)
        return r;
    for (size_t i = 0; r == EVENT_LOG_OK && i < values.n_banks; i++)
        if (set_bank(replayed, &values.banks[i]))
            return -ENOMEM;
    if (json_object_set(object, "replayed", replayed))
        return -ENOMEM;
    r = log_data_check(log, flags, &data_check);
    if (r < 0)
        return r;
    const char *bank = tpm_alg_name(data_check.bank);
    r = set(object, "digest_equals_hash_of_event_data",
            json_pack("{s:o, s:I, s:I, s:s}", "bank", bank ? json_string(bank) : json_null(),
                      "matches", (json_int_t)data_check.n_matching, "differs",
                      (json_int_t)data_check.n_differing, "over", CHECKED_TYPES));
    return r ? -ENOMEM : 0;
}

/* The padding behind a log that was set aside in memory. */
static int set_padding(json_t *object, const EventLog *log, ByteView bytes)
{
    char byte[4];

    if (!(log->flags & EVENT_LOG_PADDED) || log->padding_offset >= bytes.size)
        return 0;
    (void)snprintf(byte, sizeof(byte), "%02x", bytes.data[bytes.size - 1]);
    int r = set(object, "padding_offset", json_integer((json_int_t)log->reader.offset));
    r |= set(object, "padding_byte", json_string(byte));
    return r;
}

static int set_summary(json_t *object, const Gathered *gathered, int result)
{
    int r = set(object, "parse_ok", json_boolean(result == EVENT_LOG_OK));

    if (result != EVENT_LOG_OK)
        r |= set(object, "parse_error",
                 json_sprintf("event %zu: %s", gathered->n_events, event_log_reason(result)));
    r |= set(object, "events", json_integer((json_int_t)gathered->n_events));
    r |= json_object_set(object, "event_types", gathered->types);
    if (gathered->locality >= 0)
        r |= set(object, "startup_locality", json_integer(gathered->locality));
    if (gathered->has_hcrtm)
        r |= set(object, "hcrtm_event", json_true());
    if (gathered->secure_boot)
        r |= json_object_set(object, "secure_boot_variable", gathered->secure_boot);
    return r;
}

/* By its first event, also where the rest of it cannot be read (PFP 10.4.5.1). */
static bool is_agile(ByteView bytes)
{
    static const char mark[] = "Spec ID Event03";

    return bytes.size >= 32 + sizeof(mark) && memcmp(bytes.data + 32, mark, sizeof(mark)) == 0;
}

static int describe_open(EventLog *log, ByteView bytes, json_t *object, Gathered *gathered)
{
    int result = gather(log, gathered);
    int r = 0;

    if (result < 0)
        return result;
    if (log->is_agile)
        r |= set(object, "spec_id", spec_id(log));
    if (result == EVENT_LOG_OK)
        r |= set_padding(object, log, bytes);
    return r ? -ENOMEM : result;
}

int describe_event_log(ByteView bytes, unsigned flags, json_t **ret)
{
    json_auto_t *object = json_object();
    _cleanup_(gathered_done) Gathered gathered = { .types = json_object(), .locality = -1 };
    EventLog log;

    int result = event_log_open(bytes, flags, &log);
    if (result == EVENT_LOG_OK)
        result = describe_open(&log, bytes, object, &gathered);
    if (result < 0)
        return result;
    if (set(object, "size", json_integer((json_int_t)bytes.size)) ||
        set(object, "format", json_string(is_agile(bytes) ? "crypto-agile" : "sha1-legacy")) ||
        set_summary(object, &gathered, result))
        return -ENOMEM;
    int r = set_values(object, bytes, flags);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(object);
    return result;
}

static json_t *proven_registers(const ReplayedLog *log)
{
    json_auto_t *array = json_array();
    uint32_t proven = replayed_log_proven(log);

    for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++)
        if (proven & 1U << pcr && json_array_append_new(array, json_integer(pcr)))
            return NULL;
    return TAKE_PTR(array);
}

static json_t *applications(const BootFacts *boot)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; i < boot->n_applications; i++) {
        json_auto_t *object = json_object();
        int r = json_set_hex(object, "digest", boot->applications[i].digest);
        r |= set(object, "file", json_string(boot->applications[i].file));
        if (r || json_array_append(array, object))
            return NULL;
    }
    return TAKE_PTR(array);
}

static json_t *sections(const BootFacts *boot)
{
    json_auto_t *object = json_object();

    for (size_t i = 0; i < boot->n_sections; i++)
        if (json_set_hex(object, boot->sections[i].name, boot->sections[i].digest) < 0)
            return NULL;
    return TAKE_PTR(object);
}

/* Texts that their digests cover, in the order of the log. */
static json_t *texts(const BootFacts *boot)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; i < boot->n_events; i++) {
        const BootEvent *event = &boot->events[i];
        if (event->text &&
            json_array_append_new(
                array, json_pack("{s:i, s:s}", "pcr", event->event->pcr, "text", event->text)))
            return NULL;
    }
    return TAKE_PTR(array);
}

static int add_signer(json_t *array, const BootSigner *signer)
{
    json_auto_t *object = json_object();
    _cleanup_(certificate_freep) Certificate *certificate = NULL;
    json_t *described = NULL;

    if (json_set_hex(object, "id", VIEW_OF_ARRAY(signer->id)) < 0 ||
        set(object, "variable", json_string(signer->variable)))
        return -ENOMEM;
    int r = signer->certificate.size > 0 ? certificate_parse(signer->certificate, &certificate)
                                         : CERTIFICATE_E_SYNTAX;
    if (r < 0)
        return r;
    if (r == CERTIFICATE_OK) {
        r = describe_certificate(certificate, &described);
        if (r < 0)
            return r;
        if (set(object, "cert", described))
            return -ENOMEM;
    }
    return json_array_append(array, object) ? -ENOMEM : 0;
}

static int set_signers(json_t *object, const BootFacts *boot)
{
    json_auto_t *array = json_array();
    _cleanup_boot_signers_ BootSigners signers = { 0 };

    int r = boot_signers_read(boot, &signers);
    for (size_t i = 0; r >= 0 && i < signers.n_items; i++)
        r = add_signer(array, &signers.items[i]);
    if (r < 0)
        return r;
    return json_object_set(object, "signers", array) ? -ENOMEM : 0;
}

int describe_boot(const ReplayedLog *log, const BootFacts *boot, json_t **ret)
{
    json_auto_t *object = json_object();
    bool is_known = boot->secure_boot != SECURE_BOOT_UNKNOWN;
    const char *bank = tpm_alg_name(replayed_log_bank(log));
    int r = set(object, "bank", json_string(bank ? bank : ""));

    r |= set(object, "proven_pcrs", proven_registers(log));
    r |= set(object, "secure_boot",
             is_known ? json_boolean(boot->secure_boot == SECURE_BOOT_ON) : json_null());
    if (boot->secure_boot_reason)
        r |= set(object, "secure_boot_reason", json_string(boot->secure_boot_reason));
    r |= set(object, "command_line",
             boot->command_line ? json_string(boot->command_line) : json_null());
    r |= set(object, "applications", applications(boot));
    r |= set(object, "sections", sections(boot));
    r |= set(object, "texts", texts(boot));
    if (r)
        return -ENOMEM;
    r = set_signers(object, boot);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(object);
    return 0;
}
