/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting calls, from arrival to answer.
 */
#include "agent/calls.h"

#include "agent/asker.h"
#include "agent/bouncer.h"
#include "agent/bus-error.h"
#include "agent/directory-names.h"
#include "agent/secrets.h"
#include "format/catalog.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

typedef enum CallPhase {
    PHASE_IDENTIFYING, /* the bus is asked who calls */
    PHASE_AUTHORIZING, /* polkit is asked whether they may */
    PHASE_WAITING,     /* for a round, a secret, or for the evidence before */
    PHASE_COLLECTING,  /* its evidence is being made */
} CallPhase;

typedef struct Call Call;

struct Call {
    Calls *calls;
    Call *next;
    CallKind kind;
    CallPhase phase;
    sd_bus_message *message;
    sd_bus_slot *question; /* to bus or polkit */
    sd_bus_slot *watch;    /* for its caller's end */
    Attempt *attempt;      /* PHASE_COLLECTING */
    Asking *asking;        /* CALL_OPEN in PHASE_WAITING */
    uid_t uid;             /* known from PHASE_AUTHORIZING on */
    Bytes argument;        /* NUL behind it */
};

struct Calls {
    Agent *agent;
    Call *first;
};

static const char *const actions[] = {
    [CALL_ATTEST] = "org.attestd.agent1.attest",
    [CALL_EVIDENCE] = "org.attestd.agent1.collect-evidence",
    [CALL_TOKEN] = "org.attestd.agent1.get-token",
    [CALL_SECRETS] = "org.attestd.agent1.list-secrets",
    [CALL_OPEN] = "org.attestd.agent1.open-secret",
    [CALL_RELOAD] = "org.attestd.agent1.reload",
};

static Call *call_free(Call *call)
{
    Call **link = &call->calls->first;

    while (*link && *link != call)
        link = &(*link)->next;
    if (*link)
        *link = call->next;
    (void)sd_bus_slot_unref(call->question);
    (void)sd_bus_slot_unref(call->watch);
    (void)attempt_free(call->attempt);
    if (call->asking)
        agent_forget_asking(call->calls->agent, call->asking);
    (void)sd_bus_message_unref(call->message);
    bytes_done(&call->argument);
    free(call);
    return NULL;
}

DEFINE_CLEANUP(Call *, call_free);

/* The argument, where it is a text. */
static const char *call_text(const Call *call)
{
    return (const char *)call->argument.data;
}

/* Whatever cannot be sent is lost with the connection: nothing to be done about it here. */
static int call_refuse_found(Call *call, const char *finding_name, const char *found)
{
    _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

    (void)bus_error_set_found(&error, finding_name, found);
    (void)sd_bus_reply_method_error(call->message, &error);
    (void)call_free(call);
    return 0;
}

static int call_refuse(Call *call, const char *finding_name)
{
    return call_refuse_found(call, finding_name, NULL);
}

static int call_deny(Call *call, const char *error_name, const char *text)
{
    (void)sd_bus_reply_method_errorf(call->message, error_name, "%s", text);
    (void)call_free(call);
    return 0;
}

int calls_new(Agent *agent, Calls **ret)
{
    Calls *calls = malloc(sizeof(*calls));

    if (!calls)
        return -ENOMEM;
    *calls = (Calls){ .agent = agent };
    *ret = calls;
    return 0;
}

Calls *calls_free(Calls *calls)
{
    if (!calls)
        return NULL;
    while (calls->first)
        (void)call_refuse(calls->first, "agent-stopping");
    free(calls);
    return NULL;
}

/* A defect behind a call stops the daemon, not only the call. */
static int calls_defect(const Calls *calls, int r)
{
    return r < 0 ? sd_event_exit(agent_event(calls->agent), r) : r;
}

static size_t count(const Calls *calls, bool (*matches)(const Call *call, const Call *like),
                    const Call *like)
{
    size_t n = 0;

    for (const Call *call = calls->first; call; call = call->next)
        n += matches(call, like);
    return n;
}

static bool is_unknown(const Call *call, const Call *like _unused_)
{
    return call->phase == PHASE_IDENTIFYING;
}

static bool is_of_sender(const Call *call, const Call *like)
{
    return (call->phase == PHASE_IDENTIFYING || call->uid != 0) &&
           strcmp(sd_bus_message_get_sender(call->message),
                  sd_bus_message_get_sender(like->message)) == 0;
}

static bool is_of_user(const Call *call, const Call *like)
{
    return call->phase != PHASE_IDENTIFYING && call->uid == like->uid;
}

static bool is_of_users(const Call *call, const Call *like _unused_)
{
    return call->phase != PHASE_IDENTIFYING && call->uid != 0;
}

/* CALL is counted itself. */
static bool has_room(const Call *call)
{
    const Calls *calls = call->calls;

    if (call->phase == PHASE_IDENTIFYING)
        return count(calls, is_unknown, call) <= CALLS_UNKNOWN_MAX &&
               count(calls, is_of_sender, call) <= CALLS_SENDER_MAX;
    if (call->uid == 0)
        return count(calls, is_of_user, call) <= CALLS_ROOT_MAX;
    return count(calls, is_of_user, call) <= CALLS_USER_MAX &&
           count(calls, is_of_users, call) <= CALLS_USERS_MAX;
}

static int collect_next(Calls *calls);

static int reply_with_fd(Call *call, int fd)
{
    (void)sd_bus_reply_method_return(call->message, "h", fd);
    (void)call_free(call);
    return 0;
}

static int call_on_evidence(AttemptOutcome *outcome, void *userdata)
{
    Call *call = userdata;
    Calls *calls = call->calls;
    const char *error = outcome->answer.error;

    if (outcome->result == ATTEMPT_PASSED) {
        PublishContext context = agent_context(calls->agent);
        publish_evidence_given(&context, call->uid);
        (void)reply_with_fd(call, outcome->evidence_fd);
    } else {
        (void)call_refuse(call, error ? error : "internal-error");
    }
    (void)malloc_trim(0);
    return collect_next(calls);
}

/* Begins the evidence of the call that waits longest, unless one is being made. */
static int collect_next(Calls *calls)
{
    Call *next = NULL;

    for (Call *call = calls->first; call; call = call->next) {
        if (call->phase == PHASE_COLLECTING)
            return 0;
        if (!next && call->kind == CALL_EVIDENCE && call->phase == PHASE_WAITING)
            next = call;
    }
    if (!next)
        return 0;
    next->phase = PHASE_COLLECTING;
    return agent_collect_evidence(calls->agent, VIEW(next->argument), call_on_evidence, next,
                                  &next->attempt);
}

static int give_token(Call *call)
{
    const Agent *agent = call->calls->agent;
    const Standing *standing = agent_standing(agent);
    PublishContext context = agent_context(agent);

    if (!state_has_verdict(standing->state))
        return call_refuse(call, "no-verdict");
    _cleanup_close_ int fd = fd_reopen(standing->verdict.token_fd);
    if (fd < 0)
        return call_refuse(call, "internal-error");
    publish_token_given(&context, call->uid);
    return reply_with_fd(call, fd);
}

static int reply_with_names(Call *call, const Texts *names)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

    int r = sd_bus_message_new_method_return(call->message, &reply);
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "s");
    for (size_t i = 0; i < names->n_items && r >= 0; i++)
        if (asker_secret_is_valid(names->items[i]))
            r = sd_bus_message_append(reply, "s", names->items[i]);
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    if (r < 0)
        return call_refuse(call, "internal-error");
    (void)sd_bus_send(sd_bus_message_get_bus(reply), reply, NULL);
    (void)call_free(call);
    return 0;
}

static int list_secrets(Call *call)
{
    const SecretsConfig *config = &agent_config(call->calls->agent)->secrets;
    Texts names = { 0 };

    int r = directory_names(config->directory, ".secret", CALL_SECRETS_MAX, &names);
    r = r < 0 ? call_refuse(call, "secrets-unlistable") : reply_with_names(call, &names);
    texts_done(&names);
    return r;
}

/* The journal has what attestd made of it; who calls is told in the words of the bus. */
static const char *bus_word(const char *finding)
{
    if (strcmp(finding, "asker-waited-too-long") == 0)
        return "not-attested";
    return strcmp(finding, "asker-daemon-stops") == 0 ? "agent-stopping" : finding;
}

static int reply_with_secret(Call *call, const AskingSecret *secret)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

    int r = sd_bus_message_new_method_return(call->message, &reply);
    if (r >= 0)
        r = sd_bus_message_append(reply, "h", secret->fd);
    if (r >= 0)
        r = sd_bus_message_append_array(reply, 'y', secret->header_sha256.data,
                                        secret->header_sha256.size);
    if (r < 0)
        return call_refuse(call, "internal-error");
    (void)sd_bus_send(sd_bus_message_get_bus(reply), reply, NULL);
    (void)call_free(call);
    return 0;
}

static void call_on_opened(const AskingSecret *secret, const char *finding, const char *found,
                           void *userdata)
{
    Call *call = userdata;

    call->asking = NULL;
    if (secret)
        (void)reply_with_secret(call, secret);
    else
        (void)call_refuse_found(call, bus_word(finding), found);
}

static int open_secret(Call *call)
{
    int r = agent_open_secret(call->calls->agent, call->uid, call_text(call), call_on_opened, call,
                              &call->asking);

    if (r == SECRETS_E_MANY)
        return call_refuse(call, "asker-too-many");
    return r == SECRETS_E_LEAVING ? call_refuse(call, "agent-stopping") : r;
}

/* The first of what is wrong, with its file and line; the journal has them all. */
static int refuse_settings(Call *call, const Findings *findings)
{
    const Finding *first = findings_first_failure(findings);
    const CatalogEntry *entry = first ? catalog_find(first->name) : NULL;
    char name[BUS_ERROR_NAME_SIZE];

    if (!entry)
        return call_refuse(call, "internal-error");
    bus_error_name(first->name, name);
    (void)sd_bus_reply_method_errorf(call->message, name, "%s: %s%s%s%s%s", first->subject,
                                     entry->text, *first->found ? ": found " : "", first->found,
                                     *first->wanted ? ", wanted " : "", first->wanted);
    (void)call_free(call);
    return 0;
}

static int read_settings(Call *call)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };

    int r = agent_reload(call->calls->agent, &findings);
    if (r == AGENT_E_LEAVING)
        return call_refuse(call, "agent-stopping");
    if (r > 0)
        return refuse_settings(call, &findings);
    (void)sd_bus_reply_method_return(call->message, NULL);
    (void)call_free(call);
    return r;
}

/* The call has passed all doors. */
static int call_go(Call *call)
{
    Calls *calls = call->calls;

    call->phase = PHASE_WAITING;
    switch (call->kind) {
    case CALL_ATTEST:
        return agent_request_round(calls->agent);
    case CALL_EVIDENCE:
        return collect_next(calls);
    case CALL_TOKEN:
        return give_token(call);
    case CALL_SECRETS:
        return list_secrets(call);
    case CALL_OPEN:
        return open_secret(call);
    case CALL_RELOAD:
        return read_settings(call);
    }
    return -EINVAL;
}

static int call_on_decided(BouncerVerdict verdict, void *userdata)
{
    Call *call = userdata;
    const Calls *calls = call->calls;

    call->question = sd_bus_slot_unref(call->question);
    switch (verdict) {
    case BOUNCER_YES:
        return calls_defect(calls, call_go(call));
    case BOUNCER_NO:
        return call_deny(call, SD_BUS_ERROR_ACCESS_DENIED, "not authorized");
    case BOUNCER_ASK_PERSON:
        return call_deny(call, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
                         "interactive authentication required");
    }
    return -EINVAL;
}

/* Root, and attestd's own user, as which ExecReload= runs, for what is theirs to do. */
static bool may_always(const Call *call)
{
    return call->uid == 0 || (call->kind == CALL_RELOAD && call->uid == geteuid());
}

static int call_on_identified(uid_t uid, void *userdata)
{
    Call *call = userdata;

    call->question = sd_bus_slot_unref(call->question);
    if (uid == (uid_t)-1)
        return call_deny(call, SD_BUS_ERROR_ACCESS_DENIED, "caller unknown");
    call->uid = uid;
    call->phase = PHASE_AUTHORIZING;
    if (!has_room(call))
        return call_refuse(call, "too-many-calls");
    if (may_always(call))
        return call_on_decided(BOUNCER_YES, call);
    BouncerQuestion question = { .action = actions[call->kind],
                                 .secret = call->kind == CALL_OPEN ? call_text(call) : NULL };
    int r = bouncer_ask(call->message, &question, call_on_decided, call, &call->question);
    return r < 0 ? call_refuse(call, "internal-error") : r;
}

static void append(Calls *calls, Call *call)
{
    Call **end = &calls->first;

    while (*end)
        end = &(*end)->next;
    *end = call;
}

static void call_on_left(void *userdata)
{
    (void)call_free(userdata);
}

/* The bus is asked who calls, and, where an answer would be a secret, to say when they have left.
 */
static int begin(Call *call)
{
    int r = 0;

    if (call->kind == CALL_OPEN)
        r = bouncer_watch(call->message, call_on_left, call, &call->watch);
    return r < 0 ? r : bouncer_identify(call->message, call_on_identified, call, &call->question);
}

int calls_admit(Calls *calls, sd_bus_message *message, CallKind kind, ByteView argument,
                sd_bus_error *error)
{
    _cleanup_(call_freep) Call *call = malloc(sizeof(*call));

    if (!call)
        return -ENOMEM;
    *call = (Call){ .calls = calls,
                    .kind = kind,
                    .phase = PHASE_IDENTIFYING,
                    .message = sd_bus_message_ref(message),
                    .uid = (uid_t)-1 };
    append(calls, call);
    if (!has_room(call))
        return bus_error_set(error, "too-many-calls");
    int r = bytes_copy(argument, &call->argument);
    if (r == 0)
        r = begin(call);
    if (r < 0)
        return r;
    (void)TAKE_PTR(call);
    return 1;
}

void calls_round_ended(Calls *calls)
{
    State state = agent_standing(calls->agent)->state;
    Call *next;

    for (Call *call = calls->first; call; call = next) {
        next = call->next;
        if (call->kind != CALL_ATTEST || call->phase != PHASE_WAITING)
            continue;
        if (state == STATE_STOPPING) {
            (void)call_refuse(call, "agent-stopping");
            continue;
        }
        (void)sd_bus_reply_method_return(call->message, "s", state_name(state));
        (void)call_free(call);
    }
}
