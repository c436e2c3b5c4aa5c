/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Properties out, methods in.
 */
#include "agent/bus-object.h"

#include "agent/bus-error.h"
#include "agent/bus.h"

#include <errno.h>
#include <string.h>

/*
 * More than two readings of one clock after the other can differ by, and less than anyone would
 * call a change of the wall clock.
 */
#define WALL_JITTER_USEC INT64_C(10000)

/* What handlers get; freed with the slot. */
typedef struct BusObject {
    Agent *agent;
    Calls *calls;
    int64_t wall_at_boot_usec; /* what the wall clock would have told at boot time 0 */
} BusObject;

/* The same in every call until the wall clock is changed. */
static int64_t wall_at_boot_usec(BusObject *object)
{
    const Clock *clock = agent_schedule(object->agent)->clock;
    uint64_t boottime = clock_boottime_usec(clock);
    int64_t found = (int64_t)(clock_realtime_usec(clock) - boottime);
    int64_t change = found - object->wall_at_boot_usec;

    if (change > WALL_JITTER_USEC || change < -WALL_JITTER_USEC)
        object->wall_at_boot_usec = found;
    return object->wall_at_boot_usec;
}

/* A boot time as the wall clock of this moment would tell it; 0 stays 0. */
static uint64_t to_realtime(BusObject *object, uint64_t boottime_usec)
{
    if (boottime_usec == 0 || boottime_usec == USEC_INFINITY)
        return 0;
    int64_t realtime = wall_at_boot_usec(object) + (int64_t)boottime_usec;
    return realtime > 0 ? (uint64_t)realtime : 0;
}

#define PROPERTY_HANDLER(name)                                                                     \
    static int name(sd_bus *bus _unused_, const char *path _unused_,                               \
                    const char *interface _unused_, const char *property _unused_,                 \
                    sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_)

PROPERTY_HANDLER(get_state)
{
    const BusObject *object = userdata;

    return sd_bus_message_append(reply, "s", state_name(agent_standing(object->agent)->state));
}

PROPERTY_HANDLER(get_state_since)
{
    BusObject *object = userdata;
    uint64_t since = agent_standing(object->agent)->since_boottime_usec;

    return sd_bus_message_append(reply, "t", to_realtime(object, since));
}

PROPERTY_HANDLER(get_verifier)
{
    const BusObject *object = userdata;

    return sd_bus_message_append(reply, "s", agent_config(object->agent)->verifier->name);
}

PROPERTY_HANDLER(get_protocol)
{
    const BusObject *object = userdata;

    return sd_bus_message_append(reply, "s", agent_config(object->agent)->verifier->protocol);
}

PROPERTY_HANDLER(get_evidence_kinds)
{
    const BusObject *object = userdata;
    const Texts *kinds = &agent_standing(object->agent)->verdict.evidence_kinds;

    int r = sd_bus_message_open_container(reply, 'a', "s");
    for (size_t i = 0; i < kinds->n_items && r >= 0; i++)
        r = sd_bus_message_append(reply, "s", kinds->items[i]);
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* The stricter clock decides when the verdict ends. */
PROPERTY_HANDLER(get_verdict_expires)
{
    BusObject *object = userdata;
    const Schedule *schedule = agent_schedule(object->agent);
    uint64_t end = 0;

    if (schedule_verdict_left_usec(schedule) > 0)
        end = MIN(to_realtime(object, schedule->expires_boottime_usec),
                  schedule->expires_realtime_usec);
    return sd_bus_message_append(reply, "t", end);
}

PROPERTY_HANDLER(get_next_round)
{
    BusObject *object = userdata;
    uint64_t next = agent_schedule(object->agent)->next_round_boottime_usec;

    return sd_bus_message_append(reply, "t", to_realtime(object, next));
}

PROPERTY_HANDLER(get_last_round)
{
    BusObject *object = userdata;
    uint64_t last = agent_standing(object->agent)->last_round_boottime_usec;

    return sd_bus_message_append(reply, "t", to_realtime(object, last));
}

PROPERTY_HANDLER(get_last_error)
{
    const BusObject *object = userdata;
    const LastError *last = &agent_standing(object->agent)->last_error;

    return sd_bus_message_append(reply, "(sss)", last->name ? last->name : "",
                                 last->text ? last->text : "", last->remedy ? last->remedy : "");
}

PROPERTY_HANDLER(get_findings)
{
    const BusObject *object = userdata;
    const Findings *findings = &agent_standing(object->agent)->findings;

    int r = sd_bus_message_open_container(reply, 'a', "(sssssss)");
    for (size_t i = 0; i < findings->n_items && r >= 0; i++) {
        const Finding *f = &findings->items[i];
        r = sd_bus_message_append(reply, "(sssssss)", f->name, f->subject,
                                  f->result == FINDING_FAILURE ? "failure" : "warning", f->found,
                                  f->wanted, f->remedy, f->source);
    }
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* Texts or integers, as the worker's answer has them; an empty one is of texts. */
static int append_list(sd_bus_message *reply, const json_t *array)
{
    bool is_numbers = json_is_integer(json_array_get(array, 0));
    size_t i;
    json_t *item;

    int r = sd_bus_message_open_container(reply, 'v', is_numbers ? "ax" : "as");
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', is_numbers ? "x" : "s");
    json_array_foreach (array, i, item) {
        if (r >= 0 && is_numbers)
            r = sd_bus_message_append(reply, "x", (int64_t)json_integer_value(item));
        else if (r >= 0)
            r = sd_bus_message_append(reply, "s", json_string_value(item));
    }
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_claim(sd_bus_message *reply, const char *name, const json_t *value)
{
    int r = sd_bus_message_open_container(reply, 'e', "sv");

    if (r >= 0)
        r = sd_bus_message_append(reply, "s", name);
    if (r >= 0 && json_is_array(value))
        r = append_list(reply, value);
    else if (r >= 0 && json_is_boolean(value))
        r = sd_bus_message_append(reply, "v", "b", json_is_true(value));
    else if (r >= 0 && json_is_integer(value))
        r = sd_bus_message_append(reply, "v", "x", (int64_t)json_integer_value(value));
    else if (r >= 0)
        r = sd_bus_message_append(reply, "v", "s",
                                  json_is_string(value) ? json_string_value(value) : "");
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

PROPERTY_HANDLER(get_claims)
{
    const BusObject *object = userdata;
    const char *name;
    json_t *claims = agent_standing(object->agent)->verdict.claims, *value;

    int r = sd_bus_message_open_container(reply, 'a', "{sv}");
    json_object_foreach (claims, name, value) {
        if (r >= 0)
            r = append_claim(reply, name, value);
    }
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

PROPERTY_HANDLER(get_simulated)
{
    const BusObject *object = userdata;

    return sd_bus_message_append(reply, "b", agent_standing(object->agent)->verdict.simulated);
}

PROPERTY_HANDLER(get_version)
{
    (void)userdata;
    return sd_bus_message_append(reply, "s", ATTESTD_VERSION);
}

static int method_attest(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    const BusObject *object = userdata;

    return calls_admit(object->calls, message, CALL_ATTEST, (ByteView){ 0 }, error);
}

static int method_collect_evidence(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    const BusObject *object = userdata;
    const void *nonce;
    size_t size;

    int r = sd_bus_message_read_array(message, 'y', &nonce, &size);
    if (r < 0)
        return r;
    if (size < CALL_NONCE_MIN || size > CALL_NONCE_MAX)
        return bus_error_set(error, "nonce-size-invalid");
    return calls_admit(object->calls, message, CALL_EVIDENCE,
                       (ByteView){ .data = nonce, .size = size }, error);
}

static int method_get_token(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    const BusObject *object = userdata;

    return calls_admit(object->calls, message, CALL_TOKEN, (ByteView){ 0 }, error);
}

static int method_list_secrets(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    const BusObject *object = userdata;

    return calls_admit(object->calls, message, CALL_SECRETS, (ByteView){ 0 }, error);
}

static int method_open_secret(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    const BusObject *object = userdata;
    const char *name;

    int r = sd_bus_message_read(message, "s", &name);
    if (r < 0)
        return r;
    if (!asker_secret_is_valid(name))
        return bus_error_set(error, "secret-name-invalid");
    return calls_admit(object->calls, message, CALL_OPEN, view_of_string(name), error);
}

static int method_reload(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    const BusObject *object = userdata;

    return calls_admit(object->calls, message, CALL_RELOAD, (ByteView){ 0 }, error);
}

#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

/* Every method asks the bouncer itself, so that sd-bus must not ask for capabilities. */
static const sd_bus_vtable vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD_WITH_ARGS("Attest", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", state), method_attest,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("CollectEvidence", SD_BUS_ARGS("ay", nonce),
                            SD_BUS_RESULT("h", evidence), method_collect_evidence,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("GetToken", SD_BUS_NO_ARGS, SD_BUS_RESULT("h", token), method_get_token,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("ListSecrets", SD_BUS_NO_ARGS, SD_BUS_RESULT("as", names),
                            method_list_secrets, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("OpenSecret", SD_BUS_ARGS("s", name),
                            SD_BUS_RESULT("h", secret, "ay", header_sha256), method_open_secret,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_reload,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_SIGNAL_WITH_ARGS("SecretWithdrawn", SD_BUS_ARGS("s", name), 0),
    SD_BUS_PROPERTY("State", "s", get_state, 0, CHANGES),
    SD_BUS_PROPERTY("StateSinceUSec", "t", get_state_since, 0, CHANGES),
    SD_BUS_PROPERTY("Verifier", "s", get_verifier, 0, CHANGES),
    SD_BUS_PROPERTY("Protocol", "s", get_protocol, 0, CHANGES),
    SD_BUS_PROPERTY("EvidenceKinds", "as", get_evidence_kinds, 0, CHANGES),
    SD_BUS_PROPERTY("VerdictExpiresUSec", "t", get_verdict_expires, 0, CHANGES),
    SD_BUS_PROPERTY("NextRoundUSec", "t", get_next_round, 0, CHANGES),
    SD_BUS_PROPERTY("LastRoundUSec", "t", get_last_round, 0, CHANGES),
    SD_BUS_PROPERTY("LastError", "(sss)", get_last_error, 0, CHANGES),
    SD_BUS_PROPERTY("Findings", "a(sssssss)", get_findings, 0, CHANGES),
    SD_BUS_PROPERTY("Claims", "a{sv}", get_claims, 0, CHANGES),
    SD_BUS_PROPERTY("Simulated", "b", get_simulated, 0, CHANGES),
    SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_VTABLE_END,
};

int bus_object_add(sd_bus *connection, Agent *agent, Calls *calls, sd_bus_slot **ret_slot)
{
    _cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
    _cleanup_free_ BusObject *object = malloc(sizeof(*object));

    if (!object)
        return -ENOMEM;
    *object = (BusObject){ .agent = agent, .calls = calls };
    int r = sd_bus_add_object_vtable(connection, &slot, BUS_PATH, BUS_INTERFACE, vtable, object);
    if (r >= 0)
        r = sd_bus_slot_set_destroy_callback(slot, free);
    if (r < 0)
        return r;
    (void)TAKE_PTR(object);
    *ret_slot = TAKE_PTR(slot);
    return 0;
}

void bus_object_announce(sd_bus *connection)
{
    (void)sd_bus_emit_properties_changed(connection, BUS_PATH, BUS_INTERFACE, "State",
                                         "StateSinceUSec", "EvidenceKinds", "VerdictExpiresUSec",
                                         "NextRoundUSec", "LastRoundUSec", "LastError", "Findings",
                                         "Claims", "Simulated", NULL);
}

void bus_object_announce_config(sd_bus *connection)
{
    (void)sd_bus_emit_properties_changed(connection, BUS_PATH, BUS_INTERFACE, "Verifier",
                                         "Protocol", NULL);
}

void bus_object_announce_withdrawn(sd_bus *connection, const char *name)
{
    (void)sd_bus_emit_signal(connection, BUS_PATH, BUS_INTERFACE, "SecretWithdrawn", "s", name);
}
