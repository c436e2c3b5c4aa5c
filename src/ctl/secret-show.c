/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header member by member. The wrapped key and the recovery are shown by what can be read of
 * them: whom they are for, and what they are bound to.
 */
#include "ctl/secret-show.h"

#include "base/clock.h"
#include "base/encode.h"
#include "crypto/jwe.h"
#include "ctl/gate-show.h"
#include "ctl/output.h"
#include "ctl/show.h"
#include "ctl/who.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The protected header of JWE, which may be NULL, a new reference; NULL: it cannot be read. */
static json_t *read_jwe(const char *jwe)
{
    _cleanup_jwe_parts_ JweParts parts = { 0 };

    if (!jwe || jwe_parse(jwe, &parts) != JWE_OK)
        return NULL;
    return json_incref(parts.header);
}

/* The key that JWE is for goes into OBJECT as NAME, where it can be read. 0 or -ENOMEM. */
static int set_key(json_t *object, const char *name, const char *jwe)
{
    json_auto_t *header = read_jwe(jwe);
    json_t *kid = json_object_get(header, "kid");

    return json_is_string(kid) && json_object_set(object, name, kid) < 0 ? -ENOMEM : 0;
}

static int set_verifier(json_t *object, const SecretHeader *header)
{
    int r = json_set_hex(object, "release_key_name", VIEW_OF_ARRAY(header->release_key_name));

    if (r == 0 && header->has_next_release_key)
        r = json_set_hex(object, "next_release_key_name",
                         VIEW_OF_ARRAY(header->next_release_key_name));
    return r == 0 ? json_set_hex(object, "ak_name", VIEW_OF_ARRAY(header->ak_name)) : r;
}

/* {"4": HEX, …}: "cap" of a gate that a refusal shuts, "pcrs" of one that these open. */
static int set_pcrs(json_t *object, const SecretHeader *header)
{
    json_auto_t *values = json_object();

    for (unsigned pcr = 0; pcr < GATE_PCR_COUNT; pcr++) {
        char number[8];
        (void)snprintf(number, sizeof(number), "%u", pcr);
        if ((header->pcrs.mask >> pcr & 1) &&
            json_set_hex(values, number, VIEW_OF_ARRAY(header->pcrs.values[pcr])) < 0)
            return -ENOMEM;
    }
    if (header->pcrs.mask == 0)
        return 0;
    return json_object_set(object, header->gate_kind == GATE_KIND_PCR ? "pcrs" : "cap", values);
}

static int set_counter(json_t *object, const SecretCounter *counter)
{
    json_t *value =
        json_pack("{si sI}", "index", (int)counter->index, "value", (json_int_t)counter->value);

    return json_object_set_new(object, "counter", value);
}

static int set_wrapped(json_t *object, const SecretHeader *header)
{
    const char *name = header->gate_kind == GATE_KIND_REWRAP ? "rewrap_key" : "vault_key";
    json_auto_t *wrapped = read_jwe(header->wrapped);
    json_t *bind = json_object_get(wrapped, "bind");

    if (bind && json_object_set(object, "bind", bind) < 0)
        return -ENOMEM;
    return set_key(object, name, header->wrapped);
}

/* What only secrets behind a gate of that kind have. */
static int set_own(json_t *object, const SecretHeader *header)
{
    int r = header->has_counter ? set_counter(object, &header->counter) : 0;

    if (r == 0 && !gate_kind_is_wrapped(header->gate_kind))
        r = json_set_hex(object, "parent_name", VIEW_OF_ARRAY(header->parent_name));
    if (r == 0)
        r = set_pcrs(object, header);
    if (r == 0 && header->gate_kind == GATE_KIND_VERIFIER)
        r = set_verifier(object, header);
    if (r == 0 && gate_kind_is_wrapped(header->gate_kind))
        r = set_wrapped(object, header);
    return r;
}

json_t *secret_to_json(const SecretHeader *header)
{
    json_auto_t *object = json_pack(
        "{ss sI ss ss so ss ss ss sI sb sb}", "name", header->name, "version",
        (json_int_t)header->version, "gate", header->gate, "gate_kind",
        gate_kind_name(header->gate_kind), "who", who_of_header(header), "on_loss",
        on_loss_name(header->on_loss), "on_change", on_change_name(header->on_change),
        "vtpm_root_minimum", header->vtpm_root_minimum, "created_sec",
        (json_int_t)header->created_sec, "recovery", header->recovery != NULL, "authenticated", 0);

    if (!object || json_set_hex(object, "id", VIEW_OF_ARRAY(header->id)) < 0 ||
        set_key(object, "recovery_key", header->recovery) < 0 || set_own(object, header) < 0)
        return NULL;
    return TAKE_PTR(object);
}

static void print_label(const char *label)
{
    (void)printf("%s%16s:%s ", output_tone(TONE_DIM), label, output_reset());
}

static void print_row(const char *label, const char *text)
{
    print_label(label);
    (void)puts(text);
}

static void print_hex(const char *label, ByteView bytes)
{
    _cleanup_free_ char *hex = hex_encode(bytes);

    print_row(label, hex ? hex : "?");
}

/* The key that JWE is for, behind TEXT. */
static void print_key(const char *label, const char *text, const char *jwe)
{
    json_auto_t *header = read_jwe(jwe);
    const char *kid = json_string_value(json_object_get(header, "kid"));

    print_label(label);
    (void)fputs(text, stdout);
    show_text(kid ? kid : "that cannot be read");
    (void)putchar('\n');
}

void secret_show_who(const SecretHeader *header)
{
    if (header->n_who == 0)
        (void)fputs("nobody", stdout);
    for (size_t i = 0; i < header->n_who; i++) {
        _cleanup_free_ char *text = who_text(header->who[i]);
        (void)printf("%s%s", i > 0 ? ", " : "", text ? text : header->who[i]);
    }
}

static const char *loss_text(OnLoss on_loss)
{
    static const char *const texts[] = {
        [ON_LOSS_KEEP] = "keep: who has it keeps it",
        [ON_LOSS_STOP_UNITS] = "stop-units: the units that have it are stopped",
        [ON_LOSS_POWEROFF] = "poweroff: the machine is turned off",
    };

    return texts[on_loss];
}

static const char *change_text(OnChange on_change)
{
    static const char *const texts[] = {
        [ON_CHANGE_KEEP] = "keep: its units get it when they next start",
        [ON_CHANGE_RELOAD] = "reload: its active units are reloaded",
        [ON_CHANGE_RESTART] = "restart: its active units are restarted",
    };

    return texts[on_change];
}

static void show_pcrs(const SecretHeader *header)
{
    for (unsigned pcr = 0; pcr < GATE_PCR_COUNT; pcr++) {
        char label[16];
        (void)snprintf(label, sizeof(label), "PCR %u", pcr);
        if (header->pcrs.mask >> pcr & 1)
            print_hex(label, VIEW_OF_ARRAY(header->pcrs.values[pcr]));
    }
}

static void show_verifier(const SecretHeader *header)
{
    print_hex("Release key", VIEW_OF_ARRAY(header->release_key_name));
    if (header->has_next_release_key)
        print_hex("or", VIEW_OF_ARRAY(header->next_release_key_name));
    print_hex("AK", VIEW_OF_ARRAY(header->ak_name));
    if (header->pcrs.mask != 0) {
        print_row("On refusal", "shut until a reset: this must be as it was when sealing");
        show_pcrs(header);
    }
}

/* Base64url as hex, as such values are shown elsewhere; an identity that is a text as that. */
static void print_bound(const char *kind, const json_t *value)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    const char *text = json_string_value(value);
    BindKind bind;

    if (!text || !bind_kind_by_name(kind, &bind) ||
        base64url_decode(view_of_string(text), &bytes) != 0)
        return;
    _cleanup_free_ char *shown = bind == BIND_KIND_VM_ID
                                     ? strndup((const char *)bytes.data, bytes.size)
                                     : hex_encode(VIEW(bytes));
    print_label("Bound to");
    (void)printf("%s ", bind_kind_name(bind));
    show_text(shown ? shown : "?");
    (void)putchar('\n');
}

static void show_rewrap(const SecretHeader *header)
{
    json_auto_t *wrapped = read_jwe(header->wrapped);
    json_t *bind = json_object_get(wrapped, "bind"), *value;
    const char *kind;

    print_key("Rewrap key", "", header->wrapped);
    if (json_is_string(bind))
        print_row("Bound to", "fleet: every machine that the verifier opens the gate to");
    json_object_foreach (bind, kind, value)
        print_bound(kind, value);
}

static void show_counter(const SecretCounter *counter)
{
    print_label("Counter");
    (void)printf("0x%08x of the TPM, at most %llu\n", counter->index,
                 (unsigned long long)counter->value);
}

static void show_own(const SecretHeader *header)
{
    switch (header->gate_kind) {
    case GATE_KIND_VERIFIER:
        show_verifier(header);
        break;
    case GATE_KIND_REWRAP:
        show_rewrap(header);
        return;
    case GATE_KIND_KEY_RELEASE:
        print_key("Vault key", "", header->wrapped);
        return;
    case GATE_KIND_PCR:
        show_pcrs(header);
        break;
    case N_GATE_KINDS:
        return;
    }
    print_hex("Storage key", VIEW_OF_ARRAY(header->parent_name));
    if (header->has_counter)
        show_counter(&header->counter);
}

void secret_show(const SecretHeader *header)
{
    char sealed[96], version[24];

    format_moment(header->created_sec * USEC_PER_SEC, sealed);
    (void)snprintf(version, sizeof(version), "%llu", (unsigned long long)header->version);
    print_row("Secret", header->name);
    print_row("Version", version);
    print_row("Sealed", sealed);
    print_row("Gate", header->gate);
    print_label("Kind");
    (void)printf("%s: %s\n", gate_kind_name(header->gate_kind), gate_worth(header->gate_kind));
    print_label("For");
    secret_show_who(header);
    (void)putchar('\n');
    print_row("On loss", loss_text(header->on_loss));
    print_row("On change", change_text(header->on_change));
    if (header->recovery)
        print_key("Recovery", "yes, by the offline key ", header->recovery);
    else
        print_row("Recovery", "no: lost with this TPM");
    print_row("vTPM root", header->vtpm_root_minimum);
    show_own(header);
    print_hex("ID", VIEW_OF_ARRAY(header->id));
}
