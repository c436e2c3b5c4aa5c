/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers first, then the files of the newest.
 */
#include "ctl/explain-records.h"

#include "base/file.h"
#include "ctl/complain.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define ROUNDS "rounds"

/* The newest, in order. */
typedef struct Numbers {
    uint64_t items[ROUND_RECORDS_KEPT];
    size_t n_items;
} Numbers;

void rounds_done(Rounds *rounds)
{
    for (size_t i = 0; i < rounds->n_items; i++)
        round_record_done(&rounds->items[i]);
    rounds->n_items = 0;
}

const RoundRecord *rounds_find(const Rounds *rounds, uint64_t number)
{
    for (size_t i = 0; i < rounds->n_items; i++)
        if (rounds->items[i].number == number)
            return &rounds->items[i];
    return NULL;
}

/* NUMBER in its place; the lowest leaves where there is no room. */
static void insert(Numbers *numbers, uint64_t number)
{
    size_t i = numbers->n_items;

    if (i == ROUND_RECORDS_KEPT) {
        if (number < numbers->items[0])
            return;
        memmove(numbers->items, numbers->items + 1, (i - 1) * sizeof(numbers->items[0]));
        i--;
    } else {
        numbers->n_items++;
    }
    for (; i > 0 && numbers->items[i - 1] > number; i--)
        numbers->items[i] = numbers->items[i - 1];
    numbers->items[i] = number;
}

static int list_numbers(int fd, Numbers *ret)
{
    _cleanup_closedir_ DIR *dir = fd_entries(fd);
    const struct dirent *entry;

    if (!dir)
        return -errno;
    while ((entry = readdir(dir))) {
        uint64_t number = round_file_number(entry->d_name);
        if (number > 0)
            insert(ret, number);
    }
    return 0;
}

static int read_file(int directory_fd, const char *name, Bytes *ret)
{
    _cleanup_close_ int fd =
        openat(directory_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    return fd_read_all(fd, ROUND_RECORD_MAX, ret);
}

/* A file that has just made room for a newer one is not missed. */
static int add_round(int directory_fd, uint64_t number, Rounds *rounds)
{
    _cleanup_bytes_ Bytes text = { 0 };
    char name[ROUND_FILE_NAME_SIZE];

    round_file_name(number, name);
    int r = read_file(directory_fd, name, &text);
    if (r == -ENOENT || r == -ENOMEM)
        return r == -ENOENT ? 0 : r;
    RoundRecord *record = &rounds->items[rounds->n_items];
    if (r == 0)
        r = round_record_decode(VIEW(text), record);
    if (r == -ENOMEM)
        return r;
    if (r == 0 && record->number == number)
        rounds->n_items++;
    else
        (void)complain("history-record-damaged", name, r < 0 ? strerror(-r) : NULL);
    if (r == 0 && record->number != number)
        round_record_done(record);
    return 0;
}

static int open_directory(const char *state_directory)
{
    _cleanup_close_ int state = open(state_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (state < 0)
        return -errno;
    int fd = openat(state, ROUNDS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int rounds_read(const char *state_directory, Rounds *ret)
{
    _cleanup_close_ int fd = open_directory(state_directory);
    Numbers numbers = { 0 };
    int r = MIN(fd, 0);

    *ret = (Rounds){ 0 };
    if (r == -ENOENT)
        return 0;
    if (r == 0)
        r = list_numbers(fd, &numbers);
    for (size_t i = 0; i < numbers.n_items && r == 0; i++)
        r = add_round(fd, numbers.items[i], ret);
    if (r == 0)
        return 0;
    rounds_done(ret);
    return complain("history-unreadable", state_directory, strerror(-r));
}
