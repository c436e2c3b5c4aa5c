/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events of a log for a person: each with what its data says, by its type. Declared in
 * describe-log.h.
 */
#include "attest/describe-log.h"

#include "base/reader.h"
#include "format/uefi-image-load.h"
#include "format/uefi-signatures.h"
#include "format/uefi-variable.h"

#include "crypto/certificate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX  4352 /* bytes of what is shown of one event, with NUL; a command line has 4096 */
#define VALUE_MAX 320  /* bytes; a common name of 256 is not cut inside a character */

/* Bytes of the character of UTF-8 that DATA begins with; 0: it is none, or a control character. */
static size_t character_size(ByteView data)
{
    uint8_t first = data.data[0];
    size_t size = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;

    if (first < 0x80)
        return (first >= 0x20 && first != 0x7f) || first == '\t' ? 1 : 0;
    if (size > data.size)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((data.data[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

/* DATA up to the first NUL or line break, ? for what is not ASCII; "" unless all of that is text.
 */
static void plain_text(ByteView data, char out[static TEXT_MAX])
{
    size_t n = 0, size = 0;

    out[0] = 0;
    for (size_t at = 0; at < data.size; at += size) {
        if (data.data[at] == 0 || data.data[at] == '\n')
            break;
        size = character_size((ByteView){ .data = data.data + at, .size = data.size - at });
        if (size == 0) {
            out[0] = 0;
            return;
        }
        if (n + 1 < TEXT_MAX)
            out[n++] = size > 1 ? '?' : data.data[at] == '\t' ? ' ' : (char)data.data[at];
    }
    out[n] = 0;
}

/* Text of one byte a character, or of two. Old systemd-boot measures half a NUL behind those. */
static void any_text(ByteView data, char out[static TEXT_MAX])
{
    bool is_odd = data.size % 2 != 0 && data.size > 0 && data.data[data.size - 1] == 0;
    size_t size = data.size - (is_odd ? 1 : 0);
    bool is_wide = size >= 4 && size % 2 == 0 && data.data[1] == 0 && data.data[3] == 0;

    if (is_wide)
        utf16_to_ascii((ByteView){ .data = data.data, .size = size }, out, TEXT_MAX);
    else
        plain_text(data, out);
}

/* Length u8, a description of so many bytes, then where the thing lies (PFP 10.2.5). */
static void described_text(ByteView data, char out[static TEXT_MAX])
{
    Reader reader = reader_over(data);
    ByteView text = reader_view(&reader, reader_u8(&reader));

    out[0] = 0;
    if (reader_check(&reader) == READER_OK)
        plain_text(text, out);
}

/* Tag u32, size u32, data: a word of the kernel, UTF-16 of systemd-stub, or numbers of Windows. */
static void tagged_text(ByteView data, char out[static TEXT_MAX])
{
    Reader reader = reader_over(data);

    reader_skip(&reader, 4);
    ByteView text = reader_view(&reader, reader_le32(&reader));
    out[0] = 0;
    if (reader_check(&reader) != READER_OK)
        return;
    any_text(text, out);
    size_t n = strlen(out);
    if (n < 2 || (n + 1 < text.size && 2 * n + 3 < text.size)) /* not all of it is text */
        out[0] = 0;
}

/* Who authorised it: the common name of the certificate, if it is one. */
static void authority_text(ByteView data, char *out, size_t size)
{
    _cleanup_(certificate_freep) Certificate *certificate = NULL;
    UefiSignature signature;

    out[0] = 0;
    if (uefi_signature_parse(data, &signature) != UEFI_SIGNATURES_OK ||
        certificate_from_der(signature.data, &certificate) != CERTIFICATE_OK)
        return;
    (void)snprintf(out, size, ": %s", certificate_subject_cn(certificate));
}

static void variable_text(const Event *event, char out[static TEXT_MAX])
{
    UefiVariable variable;
    char name[128], value[VALUE_MAX] = "";

    out[0] = 0;
    if (uefi_variable_parse(event->data, &variable) != UEFI_VARIABLE_OK)
        return;
    utf16_to_ascii(variable.name, name, sizeof(name));
    if (event->type == EV_EFI_VARIABLE_AUTHORITY)
        authority_text(variable.data, value, sizeof(value));
    else if (variable.data.size == 1)
        (void)snprintf(value, sizeof(value), " = %02x", variable.data.data[0]);
    else
        (void)snprintf(value, sizeof(value), " (%zu bytes)", variable.data.size);
    (void)snprintf(out, TEXT_MAX, "%s%s", name, value);
}

static void image_text(const Event *event, char out[static TEXT_MAX])
{
    UefiImageLoad load;

    out[0] = 0;
    if (uefi_image_load_parse(event->data, &load) == UEFI_IMAGE_LOAD_OK)
        uefi_image_load_file(&load, out, TEXT_MAX);
}

static void separator_text(const Event *event, char out[static TEXT_MAX])
{
    bool is_error = event->data.size == 4 && event->data.data[0] == 1;

    (void)snprintf(out, TEXT_MAX, "%s", is_error ? "error" : "");
    if (event->data.size > 4)
        plain_text(event->data, out);
}

static void event_shown(const Event *event, char out[static TEXT_MAX])
{
    switch (event->type) {
    case EV_EFI_VARIABLE_DRIVER_CONFIG:
    case EV_EFI_VARIABLE_BOOT:
    case EV_EFI_VARIABLE_BOOT2:
    case EV_EFI_VARIABLE_AUTHORITY:
        variable_text(event, out);
        return;
    case EV_EFI_BOOT_SERVICES_APPLICATION:
    case EV_EFI_BOOT_SERVICES_DRIVER:
    case EV_EFI_RUNTIME_SERVICES_DRIVER:
        image_text(event, out);
        return;
    case EV_SEPARATOR:
        separator_text(event, out);
        return;
    case EV_EFI_PLATFORM_FIRMWARE_BLOB2:
    case EV_EFI_HANDOFF_TABLES2:
        described_text(event->data, out);
        return;
    case EV_EVENT_TAG:
        tagged_text(event->data, out);
        return;
    }
    any_text(event->data, out);
}

static json_t *digests(const Event *event)
{
    json_auto_t *object = json_object();

    for (size_t i = 0; i < event->n_digests; i++) {
        const char *name = tpm_alg_name(event->digests[i].alg);
        if (name && json_set_hex(object, name, event->digests[i].digest) < 0)
            return NULL;
    }
    return TAKE_PTR(object);
}

static json_t *describe_event(const Event *event)
{
    const char *type = event_type_name(event->type);
    char text[TEXT_MAX];

    event_shown(event, text);
    return json_pack("{s:I, s:I, s:o, s:o, s:I, s:s}", "index", (json_int_t)event->index, "pcr",
                     (json_int_t)event->pcr, "type",
                     type ? json_string(type) : json_sprintf("0x%x", event->type), "digests",
                     digests(event), "size", (json_int_t)event->data.size, "text", text);
}

int describe_events(ByteView bytes, unsigned flags, json_t **ret)
{
    json_auto_t *array = json_array();
    EventLog log;
    Event event;

    if (event_log_open(bytes, flags, &log) == EVENT_LOG_OK)
        while (event_log_next(&log, &event) == EVENT_LOG_OK)
            if (json_array_append_new(array, describe_event(&event)))
                return -ENOMEM;
    if (!array)
        return -ENOMEM;
    *ret = TAKE_PTR(array);
    return 0;
}
