/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches and what follows from them. The worker's answer is release-link's.
 */
#include "agent/serving.h"

#include "agent/demand.h"
#include "agent/publish-secrets.h"
#include "agent/release-link.h"
#include "agent/secrets.h"
#include "base/log.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

#define STAYS_SHUT        "secret-no-approval" /* the worker's word for a gate that is not open */
#define WORKER_IS_MISSING "release-worker-unreachable"
#define BATCH_MAX         WAITING_SLOTS

_Static_assert(SECRETS_WAITING_MAX < BATCH_MAX, "whoever may wait fits a batch");

struct Serving {
    Agent *agent;
    Waiting *waiting;
    ServingDone *done;
    void *userdata;
    ApprovalStore store;
    Approvals once;       /* for those who wait at the moment */
    Demand demand;        /* of rounds */
    ReleaseLink *release; /* NULL: nobody is being served */
    Asking *batch[BATCH_MAX];
    size_t n_batch;
    uint64_t adoption; /* counts verdicts; who was tried under one waits for the next */
    uint64_t adopted_boottime_usec; /* when the last one came */
    uint64_t retry_boottime_usec;   /* not before that: the worker could not be reached */
};

Serving *serving_free(Serving *serving)
{
    if (!serving)
        return NULL;
    (void)release_link_free(serving->release);
    approvals_done(&serving->once);
    approval_store_done(&serving->store);
    free(serving);
    return NULL;
}

static void report(int r, const char *what)
{
    if (r < 0)
        log_warning("%s: %s", what, strerror(-r));
}

int serving_new(Agent *agent, Waiting *waiting, ServingDone *done, void *userdata, Serving **ret)
{
    _cleanup_(serving_freep) Serving *serving = malloc(sizeof(*serving));

    if (!serving)
        return -ENOMEM;
    *serving = (Serving){ .agent = agent,
                          .waiting = waiting,
                          .done = done,
                          .userdata = userdata,
                          .store = APPROVAL_STORE_INIT };
    int r = approval_store_open(agent_runtime_directory(agent), &serving->store);
    if (r == -ENOMEM)
        return r;
    report(r, "there is no place for approvals");
    *ret = TAKE_PTR(serving);
    return 0;
}

static uint64_t now_usec(const Serving *serving)
{
    return clock_boottime_usec(agent_schedule(serving->agent)->clock);
}

int turn_away(const Agent *agent, Asking *asking, const char *finding, const char *found)
{
    PublishContext context = agent_context(agent);

    publish_asker_refused(&context, asking->asker.text, asking->asker.secret, finding, found);
    return asking_refuse(asking, finding, found);
}

bool serving_is_under_way(const Serving *serving)
{
    return serving->release != NULL;
}

uint64_t serving_retry_boottime_usec(const Serving *serving)
{
    return serving->retry_boottime_usec;
}

/* May a round that is begun for somebody bring what is not held now? */
static bool has_gates_on_demand(const Serving *serving)
{
    return gates_are_on_demand(agent_gates(serving->agent),
                               agent_config(serving->agent)->verifier->verifier_id);
}

/* Does a round ask the verifier for any? */
static bool has_gates_of_verifier(const Serving *serving)
{
    const Gates *gates = agent_gates(serving->agent);
    const char *verifier_id = agent_config(serving->agent)->verifier->verifier_id;

    for (size_t i = 0; i < gates->n_items; i++)
        if (gate_kind_has_round(gates->items[i].kind) &&
            strcmp(gates->items[i].verifier, verifier_id) == 0)
            return true;
    return false;
}

/* Approvals, or gates that are not known to be shut without one, or that a round may open. */
static bool has_gates(const Serving *serving)
{
    return agent_standing(serving->agent)->verdict.approvals.n_items > 0 ||
           serving->once.n_items > 0 || gates_need_no_approval(agent_gates(serving->agent)) ||
           has_gates_of_verifier(serving);
}

bool serving_is_ready(const Serving *serving)
{
    return state_has_verdict(agent_standing(serving->agent)->state) && has_gates(serving) &&
           now_usec(serving) >= serving->retry_boottime_usec;
}

bool serving_is_due(const Serving *serving, const Asking *asking)
{
    return asking_state(asking) == ASKING_WAITING && asking->tried < serving->adoption &&
           serving_is_ready(serving);
}

static int choose_one(Serving *serving, Asking *asking)
{
    int r = asking_prepare(asking);

    if (r < 0)
        return turn_away(serving->agent, asking, "internal-error", strerror(-r));
    asking->tried = serving->adoption;
    serving->batch[serving->n_batch++] = asking;
    return 0;
}

static int choose_batch(Serving *serving)
{
    int r = 0;

    serving->n_batch = 0;
    for (Asking *a = waiting_first(serving->waiting), *next; a && r == 0; a = next) {
        next = a->next;
        if (serving_is_due(serving, a) && serving->n_batch < BATCH_MAX)
            r = choose_one(serving, a);
    }
    return r;
}

/* What stood behind the vTPM when the verdict was given, as the verifier says. */
static const char *vtpm_root(const Standing *standing)
{
    const char *root = json_string_value(json_object_get(standing->verdict.claims, "vtpm_root"));

    return root ? root : "host";
}

static int serving_on_released(const WorkerAnswer *answer, const char *error, void *userdata);

static int begin_release(Serving *serving)
{
    const Standing *standing = agent_standing(serving->agent);
    ReleaseBatch batch = {
        .config = agent_config(serving->agent),
        .runtime_directory = agent_runtime_directory(serving->agent),
        .vtpm_root = vtpm_root(standing),
        .approvals = &standing->verdict.approvals,
        .once = &serving->once,
        .store = &serving->store,
        .askings = serving->batch,
        .n_askings = serving->n_batch,
    };

    int r = release_link_new(agent_event(serving->agent), &batch, serving_on_released, serving,
                             &serving->release);
    for (size_t i = 0; i < serving->n_batch && r == 0; i++)
        r = asking_lend(serving->batch[i]);
    return r;
}

/* What is for once is gone afterwards, whether or not somebody wanted it. */
int serving_begin(Serving *serving)
{
    if (serving->release)
        return 0;
    int r = choose_batch(serving);
    if (r == 0 && serving->n_batch > 0)
        r = begin_release(serving);
    approvals_done(&serving->once);
    return r;
}

/* After one that failed the next is planned, by its pauses, and will do. */
uint64_t serving_round_boottime_usec(const Serving *serving)
{
    if (agent_standing(serving->agent)->state != STATE_TRUSTED ||
        agent_schedule(serving->agent)->n_failures > 0)
        return USEC_INFINITY;
    for (const Asking *a = waiting_first(serving->waiting); a; a = a->next)
        if (asking_state(a) == ASKING_WAITING && a->round == ROUND_WANTED)
            return serving->demand.not_before_boottime_usec;
    return USEC_INFINITY;
}

int serving_begin_round(Serving *serving)
{
    log_info("a round is begun for those who ask behind gates that are not open");
    demand_note_round(&serving->demand, &agent_config(serving->agent)->schedule, now_usec(serving));
    return agent_request_round(serving->agent);
}

/* Why ASKING does not get what the worker says it got; NULL: it does, and that is known. */
static int note_one(const Serving *serving, const Asking *asking, const AnswerReleased *released,
                    const char **ret_finding)
{
    PublishContext context = agent_context(serving->agent);
    const Asker *asker = &asking->asker;

    *ret_finding = released->ok ? asking_fault(asking) : released->finding;
    if (*ret_finding)
        return 0;
    const Release release = { .secret = (char *)(uintptr_t)asker->secret,
                              .asker = (char *)(uintptr_t)asker->text,
                              .on_loss = released->on_loss,
                              .gate = released->gate,
                              .version = released->version };
    int r = agent_note_released(serving->agent, &release);
    if (r < 0)
        return r;
    if (r == RELEASES_E_FULL)
        *ret_finding = "asker-too-much-out";
    else
        publish_released(&context, &release);
    return 0;
}

/*
 * It is known what is out before anybody has it: until its end of stream, or its answer, a peer has
 * nothing.
 */
static int note_released(const Serving *serving, const AnswerReleased *released,
                         const char *findings[static BATCH_MAX])
{
    bool is_any = false;
    int r = 0;

    for (size_t i = 0; i < serving->n_batch && r == 0; i++) {
        r = note_one(serving, serving->batch[i], &released[i], &findings[i]);
        is_any = is_any || !findings[i];
    }
    if (is_any)
        agent_store_standing(serving->agent);
    return r;
}

/*
 * Another round may open it, and nothing was written. FINDING is the worker's: the gate is not
 * open, or the TPM does not take what should open it.
 */
static bool is_shut(const char *finding)
{
    return strcmp(finding, STAYS_SHUT) == 0 || strcmp(finding, "tpm-approval-lost") == 0 ||
           strcmp(finding, "tpm-approval-expired") == 0;
}

/* Is a round of its own all that ASKING can hope for? Else a later verdict may open its gate. */
static bool has_one_chance(const Serving *serving, const char *finding)
{
    return strcmp(finding, STAYS_SHUT) != 0 || has_gates_on_demand(serving);
}

static bool is_of_vault(const Serving *serving, const char *gate)
{
    const Gates *gates = agent_gates(serving->agent);

    for (size_t i = 0; i < gates->n_items; i++)
        if (gates->items[i].kind == GATE_KIND_KEY_RELEASE &&
            strcmp(gates->items[i].name, gate) == 0)
            return true;
    return false;
}

/* A gate's finding is about each secret behind it, but for one that names a secret. */
static bool is_about(const Finding *finding, const char *gate, const char *secret)
{
    const char *found = finding->found;
    size_t length = strlen(secret);

    if (strncmp(finding->subject, "gate ", 5) != 0 || strcmp(finding->subject + 5, gate) != 0)
        return false;
    return strncmp(found, "secret ", 7) != 0 ||
           (strncmp(found + 7, secret, length) == 0 && strchr(":", found[7 + length]));
}

/* No round will open a gate that is the verifier's to open: its protocol opens none. */
static bool is_unfit(const Finding *finding)
{
    return strcmp(finding->name, "gate-protocol-unfit") == 0;
}

/* What kept GATE shut in the last round, if it is a vault's or nobody's to open; NULL: nothing that
 * is known. GATE may be NULL.
 */
static const Finding *find_reason(const Serving *serving, const Asking *asking, const char *gate)
{
    const Findings *findings = &agent_standing(serving->agent)->findings;
    bool is_vault = gate && is_of_vault(serving, gate);

    for (size_t i = 0; gate && i < findings->n_items; i++) {
        const Finding *finding = &findings->items[i];
        if (is_vault ? is_about(finding, gate, asking->asker.secret) : is_unfit(finding))
            return finding;
    }
    return NULL;
}

/*
 * A round is begun for who asks, and no second one. Where the verdict that is held came while it
 * waited, that was its round, but for what no verdict keeps. FOUND may be NULL.
 */
static int settle_shut(Serving *serving, Asking *asking, const char *finding, const char *found)
{
    bool is_new = asking->since_boottime_usec >= serving->adopted_boottime_usec;
    bool has_chance = has_one_chance(serving, finding);
    const Finding *reason =
        strcmp(finding, STAYS_SHUT) == 0 ? find_reason(serving, asking, found) : NULL;

    if ((asking->round == ROUND_HAD && has_chance) || (reason && is_unfit(reason)))
        return reason ? turn_away(serving->agent, asking, reason->name, reason->found)
                      : turn_away(serving->agent, asking, finding, found);
    if (asking->round == ROUND_UNASKED && (is_new || has_chance))
        asking->round = ROUND_WANTED;
    return asking_take_back(asking);
}

/* FOUND may be NULL. */
static int settle_refused(Serving *serving, Asking *asking, const char *finding, const char *found)
{
    return is_shut(finding) ? settle_shut(serving, asking, finding, found)
                            : turn_away(serving->agent, asking, finding, found);
}

static void settle_served(Serving *serving, Asking *asking, const AnswerReleased *released)
{
    if (asking->round == ROUND_HAD)
        demand_note_fruit(&serving->demand, &agent_config(serving->agent)->schedule,
                          now_usec(serving));
    asking_finish(asking, VIEW_OF_ARRAY(released->header_sha256));
}

/* No worker ever saw the batch: it waits, and is due again. */
static int take_back(Serving *serving)
{
    uint64_t pause_usec = agent_config(serving->agent)->schedule.retry_min_usec;
    int r = 0;

    publish_release_failed(WORKER_IS_MISSING);
    serving->retry_boottime_usec = now_usec(serving) + pause_usec;
    for (size_t i = 0; i < serving->n_batch && r == 0; i++) {
        serving->batch[i]->tried = 0;
        r = asking_take_back(serving->batch[i]);
    }
    return r;
}

static int settle_answered(Serving *serving, const WorkerAnswer *answer)
{
    const char *findings[BATCH_MAX];

    int r = note_released(serving, answer->released, findings);
    for (size_t i = 0; i < serving->n_batch && r == 0; i++) {
        Asking *asking = serving->batch[i];
        if (findings[i])
            r = settle_refused(serving, asking, findings[i],
                               release_link_found(answer, asking, findings[i]));
        else
            settle_served(serving, asking, &answer->released[i]);
    }
    return r;
}

static int settle_batch(Serving *serving, const char *error)
{
    int r = 0;

    if (strcmp(error, WORKER_IS_MISSING) == 0)
        return take_back(serving);
    for (size_t i = 0; i < serving->n_batch && r == 0; i++)
        r = settle_refused(serving, serving->batch[i], error, NULL);
    return r;
}

static int serving_on_released(const WorkerAnswer *answer, const char *error, void *userdata)
{
    Serving *serving = userdata;

    int r = answer ? settle_answered(serving, answer) : settle_batch(serving, error);
    serving->n_batch = 0;
    serving->release = release_link_free(serving->release);
    if (r == 0)
        r = serving->done(serving->userdata);
    (void)malloc_trim(0);
    return r;
}

/* No answer is waited for any more. Whatever the worker still does, they get more than a secret. */
static int break_off(Serving *serving, const char *finding)
{
    int r = 0;

    if (!serving->release)
        return 0;
    serving->release = release_link_free(serving->release);
    for (size_t i = 0; i < serving->n_batch && r == 0; i++)
        r = turn_away(serving->agent, serving->batch[i], finding, NULL);
    serving->n_batch = 0;
    return r;
}

int serving_adopt(Serving *serving, Approvals *approvals)
{
    serving->adoption++;
    serving->adopted_boottime_usec = now_usec(serving);
    for (Asking *a = waiting_first(serving->waiting); a; a = a->next)
        if (a->round == ROUND_WANTED)
            a->round = ROUND_HAD;
    approvals_take_once(approvals, &serving->once);
    return approval_store_keep(&serving->store, approvals, now_usec(serving));
}

void serving_expire(Serving *serving, Approvals *approvals)
{
    report(approval_store_keep(&serving->store, approvals, now_usec(serving)),
           "an expired approval cannot be wiped");
}

int serving_withdraw(Serving *serving)
{
    report(approval_store_wipe(&serving->store), "approvals cannot be wiped");
    approvals_done(&serving->once);
    bool is_stopping = agent_standing(serving->agent)->state == STATE_STOPPING;
    return break_off(serving, is_stopping ? "asker-daemon-stops" : "asker-verdict-lost");
}
