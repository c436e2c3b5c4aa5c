/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to the bus driver and to polkit, without libpolkit (spec/systemd 7).
 */
#include "agent/bouncer.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <sys/types.h>

#define IDENTIFY_TIMEOUT_USEC (5 * USEC_PER_SEC)
#define POLKIT_TIMEOUT_USEC   (120 * USEC_PER_SEC) /* a person types a password */
#define POLKIT_INTERACTIVE    1U                   /* AllowUserInteraction */
#define MATCH_SIZE            512                  /* a bus name has at most 255 bytes */

/* The callback of a slot with who is to be told; freed with the slot. */
typedef struct Question {
    BouncerIdentified *identified;
    BouncerDecided *decided;
    BouncerLeft *left;
    void *userdata;
} Question;

static int bouncer_on_uid(sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_)
{
    Question question = *(Question *)userdata;
    uint32_t uid;

    if (sd_bus_message_is_method_error(reply, NULL) || sd_bus_message_read(reply, "u", &uid) < 0)
        uid = (uint32_t)-1;
    return question.identified(uid, question.userdata);
}

static int bouncer_on_polkit(sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_)
{
    Question question = *(Question *)userdata;
    int is_authorized, is_challenge;
    BouncerVerdict verdict = BOUNCER_NO;

    if (!sd_bus_message_is_method_error(reply, NULL) &&
        sd_bus_message_enter_container(reply, 'r', "bba{ss}") > 0 &&
        sd_bus_message_read(reply, "bb", &is_authorized, &is_challenge) >= 0)
        verdict = is_authorized ? BOUNCER_YES : is_challenge ? BOUNCER_ASK_PERSON : BOUNCER_NO;
    return question.decided(verdict, question.userdata);
}

/* Sends CALL; QUESTION is taken, also on failure. */
static int put_question(sd_bus *bus, sd_bus_message *call, sd_bus_message_handler_t handler,
                        Question *question, uint64_t timeout_usec, sd_bus_slot **ret_slot)
{
    _cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
    _cleanup_free_ Question *owned = question;

    int r = sd_bus_call_async(bus, &slot, call, handler, owned, timeout_usec);
    if (r < 0)
        return r;
    r = sd_bus_slot_set_destroy_callback(slot, free);
    if (r < 0)
        return r;
    (void)TAKE_PTR(owned);
    *ret_slot = TAKE_PTR(slot);
    return 0;
}

static Question *question_new(Question question)
{
    Question *copy = malloc(sizeof(*copy));

    if (copy)
        *copy = question;
    return copy;
}

int bouncer_identify(sd_bus_message *message, BouncerIdentified *done, void *userdata,
                     sd_bus_slot **ret_slot)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
    sd_bus *bus = sd_bus_message_get_bus(message);

    int r =
        sd_bus_message_new_method_call(bus, &call, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                       "org.freedesktop.DBus", "GetConnectionUnixUser");
    if (r >= 0)
        r = sd_bus_message_append(call, "s", sd_bus_message_get_sender(message));
    if (r < 0)
        return r;
    Question *question = question_new((Question){ .identified = done, .userdata = userdata });
    if (!question)
        return -ENOMEM;
    return put_question(bus, call, bouncer_on_uid, question, IDENTIFY_TIMEOUT_USEC, ret_slot);
}

static int append_question(sd_bus_message *call, const char *sender,
                           const BouncerQuestion *question, uint32_t flags)
{
    int r = sd_bus_message_append(call, "(sa{sv})s", "system-bus-name", 1, "name", "s", sender,
                                  question->action);

    if (r >= 0 && question->secret)
        r = sd_bus_message_append(call, "a{ss}", 1, "secret", question->secret);
    else if (r >= 0)
        r = sd_bus_message_append(call, "a{ss}", 0);
    return r < 0 ? r : sd_bus_message_append(call, "us", flags, "");
}

int bouncer_ask(sd_bus_message *message, const BouncerQuestion *question, BouncerDecided *done,
                void *userdata, sd_bus_slot **ret_slot)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
    sd_bus *bus = sd_bus_message_get_bus(message);
    bool is_interactive = sd_bus_message_get_allow_interactive_authorization(message) > 0;

    int r = sd_bus_message_new_method_call(
        bus, &call, "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
        "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization");
    if (r >= 0)
        r = append_question(call, sd_bus_message_get_sender(message), question,
                            is_interactive ? POLKIT_INTERACTIVE : 0U);
    if (r < 0)
        return r;
    Question *waiting = question_new((Question){ .decided = done, .userdata = userdata });
    if (!waiting)
        return -ENOMEM;
    return put_question(bus, call, bouncer_on_polkit, waiting, POLKIT_TIMEOUT_USEC, ret_slot);
}

static int bouncer_on_owner(sd_bus_message *message _unused_, void *userdata,
                            sd_bus_error *error _unused_)
{
    Question question = *(Question *)userdata;

    question.left(question.userdata);
    return 0;
}

/* The bus says no: then the caller stays until its answer is there. */
static int bouncer_on_installed(sd_bus_message *reply _unused_, void *userdata _unused_,
                                sd_bus_error *error _unused_)
{
    return 0;
}

int bouncer_watch(sd_bus_message *message, BouncerLeft *left, void *userdata,
                  sd_bus_slot **ret_slot)
{
    _cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
    _cleanup_free_ Question *question =
        question_new((Question){ .left = left, .userdata = userdata });
    char match[MATCH_SIZE];

    int n = snprintf(match, sizeof(match),
                     "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                     "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='%s',arg2=''",
                     sd_bus_message_get_sender(message));
    if (!question || n < 0 || (size_t)n >= sizeof(match))
        return question ? -EINVAL : -ENOMEM;
    int r = sd_bus_add_match_async(sd_bus_message_get_bus(message), &slot, match, bouncer_on_owner,
                                   bouncer_on_installed, question);
    if (r >= 0)
        r = sd_bus_slot_set_destroy_callback(slot, free);
    if (r < 0)
        return r;
    (void)TAKE_PTR(question);
    *ret_slot = TAKE_PTR(slot);
    return 0;
}
