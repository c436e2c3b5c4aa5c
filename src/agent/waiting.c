/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots, states, and the slow answer that is a refusal.
 */
#include "agent/waiting.h"

#include "agent/fd-store.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define STORE_PREFIX    "wait-"
#define STORE_NAME_SIZE 16

struct Waiting {
    sd_event *event; /* borrowed */
    WaitingHandlers handlers;
    WaitingRecord record;
    Asking *slots[WAITING_SLOTS]; /* NULL: free */
    Asking *first;
    size_t n_askings;
};

typedef struct StoreName {
    char text[STORE_NAME_SIZE];
} StoreName;

static StoreName store_name(unsigned slot)
{
    StoreName name;

    (void)snprintf(name.text, sizeof(name.text), STORE_PREFIX "%u", slot);
    return name;
}

int waiting_new(sd_event *event, PassedFds *passed, const WaitingHandlers *handlers, Waiting **ret)
{
    _cleanup_(waiting_freep) Waiting *waiting = malloc(sizeof(*waiting));

    if (!waiting)
        return -ENOMEM;
    *waiting = (Waiting){ .event = event, .handlers = *handlers, .record = WAITING_RECORD_INIT };
    int r = waiting_record_open(passed, &waiting->record);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(waiting);
    return 0;
}

static void asking_free(Asking *asking)
{
    (void)sd_event_source_disable_unref(asking->io);
    closep(&asking->fd);
    free(asking);
}

DEFINE_CLEANUP(Asking *, asking_free);

Waiting *waiting_free(Waiting *waiting)
{
    if (!waiting)
        return NULL;
    while (waiting->first) {
        Asking *asking = waiting->first;
        waiting->first = asking->next;
        asking_free(asking);
    }
    waiting_record_done(&waiting->record);
    free(waiting);
    return NULL;
}

AskingState asking_state(const Asking *asking)
{
    return (AskingState)asking->waiting->record.slots[asking->slot].state;
}

static void set_state(const Asking *asking, AskingState state)
{
    asking->waiting->record.slots[asking->slot].state = state;
}

/* Takes ASKING out of list and store, and frees it. The peer sees whatever was written, then end.
 */
static void asking_end(Asking *asking)
{
    Waiting *waiting = asking->waiting;
    Asking **link = &waiting->first;

    while (*link != asking)
        link = &(*link)->next;
    *link = asking->next;
    waiting->slots[asking->slot] = NULL;
    waiting->n_askings--;
    (void)shutdown(asking->fd, SHUT_RDWR);
    fd_store_remove(store_name(asking->slot).text);
    set_state(asking, ASKING_NONE);
    asking_free(asking);
}

void asking_finish(Asking *asking)
{
    asking_end(asking);
}

/* Writes what the buffer takes. True when there is nothing more to do. */
static bool refuse_more(Asking *asking)
{
    static const uint8_t zeros[16 * 1024];

    if (asking->asker.kind == ASKER_VOLUME)
        return true;
    while (asking->n_refused < WAITING_REFUSAL_SIZE) {
        size_t left = WAITING_REFUSAL_SIZE - asking->n_refused;
        ssize_t n = send(asking->fd, zeros, MIN(left, sizeof(zeros)), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return false;
        if (n < 0)
            return true; /* it has seen enough, and closed */
        asking->n_refused += (size_t)n;
    }
    return true;
}

static int waiting_on_io(sd_event_source *source _unused_, int fd _unused_, uint32_t events,
                         void *userdata)
{
    Asking *asking = userdata;
    WaitingHandlers handlers = asking->waiting->handlers;
    bool has_left = events & (EPOLLHUP | EPOLLERR);

    if (asking_state(asking) == ASKING_REFUSING) {
        if (!has_left && !refuse_more(asking))
            return 0;
    } else if (has_left) {
        handlers.on_left(asking, handlers.userdata);
    } else {
        return 0;
    }
    asking_end(asking);
    return handlers.on_end(handlers.userdata);
}

/*
 * While it waits only a hang-up is looked for. A readable end of stream is none: systemd shuts its
 * sending side at once (spec/lab 8.3).
 */
static int watch(Asking *asking, uint32_t events, int enabled)
{
    int r = sd_event_source_set_io_events(asking->io, events);

    if (r >= 0)
        r = sd_event_source_set_enabled(asking->io, enabled);
    return r < 0 ? r : 0;
}

int asking_lend(Asking *asking)
{
    set_state(asking, ASKING_RELEASING);
    return watch(asking, 0, SD_EVENT_OFF);
}

int asking_take_back(Asking *asking)
{
    set_state(asking, ASKING_WAITING);
    return watch(asking, 0, SD_EVENT_ON);
}

int asking_refuse(Asking *asking)
{
    set_state(asking, ASKING_REFUSING);
    return watch(asking, EPOLLOUT, SD_EVENT_ON);
}

static void append(Waiting *waiting, Asking *asking)
{
    Asking **end = &waiting->first;

    while (*end)
        end = &(*end)->next;
    *end = asking;
    waiting->slots[asking->slot] = asking;
    waiting->n_askings++;
}

/* Takes FD, also on failure. */
static int make_asking(Waiting *waiting, unsigned slot, int fd, Asking **ret)
{
    _cleanup_close_ int taken = fd;
    _cleanup_(asking_freep) Asking *asking = malloc(sizeof(*asking));

    if (!asking)
        return -ENOMEM;
    *asking = (Asking){ .waiting = waiting, .slot = slot, .fd = TAKE_FD(taken), .is_stored = true };
    int r = sd_event_add_io(waiting->event, &asking->io, asking->fd, 0, waiting_on_io, asking);
    if (r >= 0)
        r = sd_event_source_set_description(asking->io, "asker");
    if (r < 0)
        return r;
    asking->since_boottime_usec = waiting->record.slots[slot].since_boottime_usec;
    append(waiting, asking);
    *ret = TAKE_PTR(asking);
    return 0;
}

static unsigned free_slot(const Waiting *waiting)
{
    unsigned slot = 0;

    while (slot < WAITING_SLOTS && waiting->slots[slot])
        slot++;
    return slot;
}

int waiting_add(Waiting *waiting, int fd, uint64_t now, Asking **ret)
{
    _cleanup_close_ int taken = fd;
    unsigned slot = free_slot(waiting);

    if (slot == WAITING_SLOTS)
        return -ENOSPC;
    waiting->record.slots[slot] =
        (WaitingSlot){ .since_boottime_usec = now, .state = ASKING_WAITING };
    bool is_stored = fd_store_put(store_name(slot).text, taken) == 0;
    int r = make_asking(waiting, slot, TAKE_FD(taken), ret);
    if (r == 0)
        (*ret)->is_stored = is_stored;
    return r;
}

bool waiting_is_full(const Waiting *waiting)
{
    return waiting->n_askings == WAITING_SLOTS;
}

static bool has_hung_up(int fd)
{
    struct pollfd pollfd = { .fd = fd };

    return poll(&pollfd, 1, 0) > 0 && pollfd.revents & (POLLHUP | POLLERR | POLLNVAL);
}

int waiting_resume(Waiting *waiting, PassedFds *passed, Asking **ret, AskingState *ret_state)
{
    unsigned slot;
    _cleanup_close_ int fd = passed_fds_take_numbered(passed, STORE_PREFIX, WAITING_SLOTS, &slot);

    *ret = NULL;
    if (fd < 0 || waiting_is_full(waiting))
        return 0;
    uint64_t state = waiting->record.slots[slot].state;
    /* Two of one name: at most one of them is in the record, and nobody knows which. */
    if (waiting->slots[slot]) {
        slot = free_slot(waiting);
        state = ASKING_NONE;
    }
    int r = make_asking(waiting, slot, TAKE_FD(fd), ret);
    if (r < 0)
        return r;
    *ret_state = state <= ASKING_REFUSING ? (AskingState)state : ASKING_NONE;
    if (has_hung_up((*ret)->fd))
        *ret_state = ASKING_REFUSING;
    return 0;
}

Asking *waiting_first(const Waiting *waiting)
{
    return waiting->first;
}

size_t waiting_count(const Waiting *waiting, const Asker *like)
{
    size_t n = 0;

    for (const Asking *asking = waiting->first; asking; asking = asking->next)
        n += asking_state(asking) != ASKING_REFUSING &&
             (!like || strcmp(asking->asker.text, like->text) == 0);
    return n;
}
