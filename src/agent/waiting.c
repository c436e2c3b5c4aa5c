/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots, states, and the slow answer that is a refusal.
 */
#include "agent/waiting.h"

#include "agent/fd-store.h"
#include "agent/verdict.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>

#define STORE_PREFIX    "wait-"
#define STORE_NAME_SIZE 16

struct Waiting {
    sd_event *event; /* borrowed */
    WaitingHandlers handlers;
    WaitingRecord record;
    Asking *slots[WAITING_SLOTS]; /* NULL: free */
    Asking *first;
    size_t n_connections;
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

bool asking_is_caller(const Asking *asking)
{
    return asking->slot == WAITING_SLOTS;
}

AskingState asking_state(const Asking *asking)
{
    return asking_is_caller(asking)
               ? asking->state
               : (AskingState)asking->waiting->record.slots[asking->slot].state;
}

static void set_state(Asking *asking, AskingState state)
{
    if (asking_is_caller(asking))
        asking->state = state;
    else
        asking->waiting->record.slots[asking->slot].state = state;
}

static void leave_slot(const Asking *asking)
{
    Waiting *waiting = asking->waiting;

    waiting->slots[asking->slot] = NULL;
    waiting->n_connections--;
    (void)shutdown(asking->fd, SHUT_RDWR);
    fd_store_remove(store_name(asking->slot).text);
    waiting->record.slots[asking->slot].state = ASKING_NONE;
}

/* Takes ASKING out of list and store, and frees it. The peer sees whatever was written, then end.
 */
static void asking_end(Asking *asking)
{
    Asking **link = &asking->waiting->first;

    while (*link != asking)
        link = &(*link)->next;
    *link = asking->next;
    if (!asking_is_caller(asking))
        leave_slot(asking);
    asking_free(asking);
}

/* Says it, if there still is somebody, and ends. */
static void answer_caller(Asking *asking, const AskingSecret *secret, const char *finding,
                          const char *found)
{
    if (asking->answer)
        asking->answer(secret, finding, found, asking->userdata);
    asking_end(asking);
}

/* An offset of its own, and no way to write: the memfd is the worker's still. */
static void hand_on(Asking *asking, ByteView header_sha256)
{
    _cleanup_close_ int fd = fd_reopen(asking->fd);
    const AskingSecret secret = { fd, header_sha256 };

    answer_caller(asking, fd < 0 ? NULL : &secret, fd < 0 ? "internal-error" : NULL, NULL);
}

void asking_finish(Asking *asking, ByteView header_sha256)
{
    if (asking_is_caller(asking))
        hand_on(asking, header_sha256);
    else
        asking_end(asking);
}

void asking_forget(Asking *asking)
{
    asking->answer = NULL;
    if (asking_state(asking) != ASKING_RELEASING)
        asking_end(asking);
}

const char *asking_fault(const Asking *asking)
{
    if (!asking_is_caller(asking))
        return NULL;
    if (!asking->answer)
        return "secret-asker-gone";
    return fd_is_sealed(asking->fd, WAITING_SECRET_MAX) ? NULL : "release-answer-malformed";
}

int asking_prepare(Asking *asking)
{
    if (!asking_is_caller(asking))
        return 0;
    closep(&asking->fd);
    asking->fd = memfd_create("secret", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return asking->fd < 0 ? -errno : 0;
}

/*
 * What a refusal begins with, and its size in all. A volume's is a key that nobody knows: an empty
 * one, too, opens a header that was made for it. Behind a secret that a worker has written it makes
 * another key of that.
 */
static size_t make_refusal(const Asking *asking, uint8_t bytes[static WAITING_VOLUME_REFUSAL_SIZE])
{
    ssize_t n = -1;

    if (asking->asker.kind != ASKER_VOLUME)
        return WAITING_REFUSAL_SIZE;
    /* Not to be interrupted at this size (getrandom(2)). */
    while (n != WAITING_VOLUME_REFUSAL_SIZE)
        n = getrandom(bytes, WAITING_VOLUME_REFUSAL_SIZE, 0);
    return WAITING_VOLUME_REFUSAL_SIZE;
}

/* Writes what the buffer takes. True when there is nothing more to do. */
static bool refuse_more(Asking *asking)
{
    uint8_t bytes[16 * 1024] = { 0 };
    const size_t total = make_refusal(asking, bytes);

    while (asking->n_refused < total) {
        size_t left = total - asking->n_refused;
        ssize_t n = send(asking->fd, bytes, MIN(left, sizeof(bytes)), MSG_DONTWAIT | MSG_NOSIGNAL);
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
    if (asking_is_caller(asking))
        return 0;
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
    if (asking_is_caller(asking) && !asking->answer) {
        asking_end(asking);
        return 0;
    }
    set_state(asking, ASKING_WAITING);
    return watch(asking, 0, SD_EVENT_ON);
}

int asking_refuse(Asking *asking, const char *finding, const char *found)
{
    if (asking_is_caller(asking)) {
        answer_caller(asking, NULL, finding, found);
        return 0;
    }
    set_state(asking, ASKING_REFUSING);
    return watch(asking, EPOLLOUT, SD_EVENT_ON);
}

static void append(Waiting *waiting, Asking *asking)
{
    Asking **end = &waiting->first;

    while (*end)
        end = &(*end)->next;
    *end = asking;
    if (asking_is_caller(asking))
        return;
    waiting->slots[asking->slot] = asking;
    waiting->n_connections++;
}

int waiting_add_caller(Waiting *waiting, const Asker *asker, uint64_t now, AskingAnswer *answer,
                       void *userdata, Asking **ret)
{
    Asking *asking = malloc(sizeof(*asking));

    if (!asking)
        return -ENOMEM;
    *asking = (Asking){ .waiting = waiting,
                        .slot = WAITING_SLOTS,
                        .fd = -EBADF,
                        .asker = *asker,
                        .since_boottime_usec = now,
                        .state = ASKING_WAITING,
                        .answer = answer,
                        .userdata = userdata };
    append(waiting, asking);
    *ret = asking;
    return 0;
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
    return waiting->n_connections == WAITING_SLOTS;
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
