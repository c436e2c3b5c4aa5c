/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recomputes digests from data, by type and producer.
 */
#include "verify/event-text.h"

#include "base/json.h"
#include "format/uefi-variable.h"

#include <errno.h>
#include <string.h>

#define SEPARATOR_ERROR "\x01\0\0\0" /* the firmware could not measure: PFP, 10.4.1 */

/*
 * Strings that firmware measures under one type only. A digest of one of them under another type is
 * an attempt to be taken for something else (spec TPM 4.5), and so is anything else under theirs.
 */
static const struct {
    uint32_t type;
    const char *data;
    size_t size;
} known[] = {
#define KNOWN(type, text)                                                                          \
    {                                                                                              \
        type, text, sizeof(text) - 1                                                               \
    }
    KNOWN(EV_SEPARATOR, "\0\0\0\0"),
    KNOWN(EV_SEPARATOR, "\xff\xff\xff\xff"),
    KNOWN(EV_SEPARATOR, SEPARATOR_ERROR),
    KNOWN(EV_EFI_ACTION, "Calling EFI Application from Boot Option"),
    KNOWN(EV_EFI_ACTION, "Returning from EFI Application from Boot Option"),
    KNOWN(EV_EFI_ACTION, "Exit Boot Services Invocation"),
    KNOWN(EV_EFI_ACTION, "Exit Boot Services Returned with Failure"),
    KNOWN(EV_EFI_ACTION, "Exit Boot Services Returned with Success"),
    KNOWN(EV_EFI_ACTION, "UEFI Debug Mode"),
    KNOWN(EV_EFI_ACTION, "DMA Protection Disabled"),
#undef KNOWN
};

static const ByteView separator_error = { (const uint8_t *)SEPARATOR_ERROR, 4 };

/* What systemd extends at its milestones (spec TPM 4.3, 4.6). */
static const char *const userspace_words[] = {
    "os-separator", "enter-initrd", "leave-initrd", "sysinit", "ready", "shutdown", "final",
};

static const char *const grub_labels[] = {
    "grub_cmd: ", GRUB_LABEL_KERNEL, "module_cmdline: ", "grub_cmd ", GRUB_LABEL_KERNEL_OLD,
};

struct EventTextReader {
    Hasher *hasher;
    Digest known[ELEMENTSOF(known)];
};

EventTextReader *event_text_reader_free(EventTextReader *reader)
{
    if (!reader)
        return NULL;
    hasher_free(reader->hasher);
    free(reader);
    return NULL;
}

static int hash(EventTextReader *reader, ByteView data, Digest *ret)
{
    int r = hasher_update(reader->hasher, data);

    return r < 0 ? r : hasher_finish(reader->hasher, ret);
}

int event_text_reader_new(uint16_t bank, EventTextReader **ret)
{
    _cleanup_(event_text_reader_freep) EventTextReader *reader = calloc(1, sizeof(*reader));
    DigestAlgorithm algorithm;

    if (!reader)
        return -ENOMEM;
    if (digest_from_tpm_id(bank, &algorithm) != DIGEST_OK)
        return -EOPNOTSUPP;
    int r = hasher_new(algorithm, &reader->hasher);
    for (size_t i = 0; i < ELEMENTSOF(known) && r >= 0; i++) {
        const ByteView data = { .data = (const uint8_t *)known[i].data, .size = known[i].size };
        r = hash(reader, data, &reader->known[i]);
    }
    if (r < 0)
        return r;
    *ret = TAKE_PTR(reader);
    return 0;
}

/* Has it the digest of a known string, whose type is then WITH_TYPE or another? */
static bool has_known_digest(const EventTextReader *reader, const ReplayedEvent *event,
                             bool with_type)
{
    for (size_t i = 0; i < ELEMENTSOF(known); i++)
        if ((known[i].type == event->type) == with_type &&
            view_equal(digest_view(&reader->known[i]), event->digest))
            return true;
    return false;
}

static bool is_known_event(const EventTextReader *reader, const BootEvent *boot)
{
    if (!boot->verified)
        return false;
    if (!boot->event->is_userspace)
        return has_known_digest(reader, boot->event, true) &&
               !view_equal(boot->event->data, separator_error);
    for (size_t i = 0; i < ELEMENTSOF(userspace_words); i++)
        if (boot->text && strcmp(boot->text, userspace_words[i]) == 0)
            return true;
    return false;
}

static int is_digest_of(EventTextReader *reader, const ReplayedEvent *event, ByteView data,
                        bool *ret)
{
    Digest digest;

    int r = hash(reader, data, &digest);
    if (r >= 0)
        *ret = view_equal(digest_view(&digest), event->digest);
    return r;
}

static bool is_plain(unsigned unit)
{
    return (unit >= 0x20 && unit <= 0x7e) || unit == '\t' || unit == '\n';
}

/* UTF-8 up to trailing zeros; NULL in *RET when it is not plain text. -ENOMEM. */
static int decode_utf8(ByteView data, char **ret)
{
    while (data.size > 0 && data.data[data.size - 1] == 0)
        data.size--;
    for (size_t i = 0; i < data.size; i++)
        if (!is_plain(data.data[i]) && data.data[i] < 0x80)
            return 0;
    json_auto_t *valid = json_stringn((const char *)data.data, data.size);
    if (data.size == 0 || !valid)
        return 0;
    *ret = strndup((const char *)data.data, data.size);
    return *ret ? 0 : -ENOMEM;
}

/* UTF-16LE, likewise. An odd byte at the end must be zero (some stubs log one). */
static int decode_utf16(ByteView data, char **ret)
{
    size_t n = data.size / 2;

    if (data.size % 2 != 0 && data.data[data.size - 1] != 0)
        return 0;
    while (n > 0 && data.data[2 * n - 2] == 0 && data.data[2 * n - 1] == 0)
        n--;
    for (size_t i = 0; i < n; i++)
        if (data.data[2 * i + 1] != 0 || !is_plain(data.data[2 * i]))
            return 0;
    if (n == 0)
        return 0;
    char *text = malloc(n + 1);
    if (!text)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        text[i] = (char)data.data[2 * i];
    text[n] = 0;
    *ret = text;
    return 0;
}

static int decode(ByteView data, char **ret)
{
    bool is_wide = data.size >= 4 && data.data[1] == 0 && data.data[0] != 0;

    return is_wide ? decode_utf16(data, ret) : decode_utf8(data, ret);
}

const char *grub_label(size_t i)
{
    return i < ELEMENTSOF(grub_labels) ? grub_labels[i] : NULL;
}

static size_t label_size(ByteView text)
{
    for (size_t i = 0; i < ELEMENTSOF(grub_labels); i++) {
        size_t size = strlen(grub_labels[i]);
        if (text.size >= size && memcmp(text.data, grub_labels[i], size) == 0)
            return size;
    }
    return 0;
}

const char *grub_text_strip(const char *text)
{
    return text + label_size(view_of_string(text));
}

/* GRUB measures what is behind its label, old ones commands with the NUL behind them. */
static int read_grub(EventTextReader *reader, const ReplayedEvent *event, BootEvent *boot)
{
    ByteView data = event->data;
    size_t size = label_size(data);

    if (size == 0 || data.data[data.size - 1] != 0)
        return 0;
    data.data += size;
    data.size -= size;
    int r = is_digest_of(reader, event, data, &boot->verified);
    if (r < 0 || boot->verified)
        return r;
    data.size--;
    return is_digest_of(reader, event, data, &boot->verified);
}

/* Boot loaders: the text behind GRUB's label, or all of it with up to three zero bytes less. */
static int read_ipl(EventTextReader *reader, const ReplayedEvent *event, BootEvent *boot)
{
    ByteView data = event->data;

    int r = read_grub(reader, event, boot);
    for (int cut = 0; cut < 3 && r >= 0 && !boot->verified; cut++) {
        if (data.size == 0 || data.data[data.size - 1] != 0)
            return 0;
        data.size--;
        r = is_digest_of(reader, event, data, &boot->verified);
    }
    return r >= 0 && boot->verified ? decode(event->data, &boot->text) : r;
}

/* EV_EVENT_TAG: tag u32, size u32, then what is sometimes all that is measured. */
static int read_tag(EventTextReader *reader, const ReplayedEvent *event, BootEvent *boot)
{
    Reader tagged = reader_over(event->data);

    reader_skip(&tagged, 4);
    ByteView payload = reader_view(&tagged, reader_le32(&tagged));
    if (reader_end(&tagged) != READER_OK)
        return 0;
    return is_digest_of(reader, event, payload, &boot->verified);
}

static int read_variable(EventTextReader *reader, const ReplayedEvent *event, BootEvent *boot)
{
    UefiVariable variable;

    if (uefi_variable_parse(event->data, &variable) != UEFI_VARIABLE_OK)
        return 0;
    return is_digest_of(reader, event, variable.data, &boot->verified);
}

/* Old shims log one byte too many behind the certificate. */
static int read_authority(EventTextReader *reader, const ReplayedEvent *event, BootEvent *boot)
{
    ByteView data = event->data;

    if (data.size == 0)
        return 0;
    data.size--;
    return is_digest_of(reader, event, data, &boot->verified);
}

static int read_userspace(EventTextReader *reader, const ReplayedEvent *event, BootEvent *boot)
{
    if (!event->text)
        return 0;
    int r = is_digest_of(reader, event, view_of_string(event->text), &boot->verified);
    if (r < 0 || !boot->verified)
        return r;
    return decode_utf8(view_of_string(event->text), &boot->text);
}

/* Could the event be what its type says? Separators and actions are known strings, nothing else. */
static bool is_plausible(const EventTextReader *reader, const ReplayedEvent *event)
{
    if (has_known_digest(reader, event, false))
        return false;
    return (event->type != EV_SEPARATOR && event->type != EV_EFI_ACTION) ||
           has_known_digest(reader, event, true);
}

int event_text_read(EventTextReader *reader, const ReplayedEvent *event, BootEvent *ret)
{
    BootEvent boot = { .event = event };
    int r = 0;

    if (!is_plausible(reader, event)) {
        *ret = boot;
        return 0;
    }
    if (event->is_userspace) {
        r = read_userspace(reader, event, &boot);
    } else {
        r = is_digest_of(reader, event, event->data, &boot.verified);
        if (r >= 0 && boot.verified)
            r = decode(event->data, &boot.text);
        else if (r >= 0 && event->type == EV_IPL)
            r = read_ipl(reader, event, &boot);
        else if (r >= 0 && event->type == EV_EVENT_TAG)
            r = read_tag(reader, event, &boot);
        else if (r >= 0 && event->type == EV_EFI_VARIABLE_BOOT)
            r = read_variable(reader, event, &boot);
        else if (r >= 0 && event->type == EV_EFI_VARIABLE_AUTHORITY)
            r = read_authority(reader, event, &boot);
    }
    if (r < 0) {
        free(boot.text);
        return r;
    }
    boot.is_known = is_known_event(reader, &boot);
    *ret = boot;
    return 0;
}

int event_text_name(EventTextReader *reader, const char *name, Digest *ret)
{
    const ByteView data = { .data = (const uint8_t *)name, .size = strlen(name) + 1 };

    return hash(reader, data, ret);
}
