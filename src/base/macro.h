/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes and the few macros the whole tree relies on. Statement expressions live here and
 * nowhere else.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define _must_check_    __attribute__((warn_unused_result))
#define _printf_(f, a)  __attribute__((format(printf, f, a)))
#define _cleanup_(func) __attribute__((cleanup(func)))
#define _unused_        __attribute__((unused))
#define _noreturn_      __attribute__((noreturn))

#define ELEMENTSOF(array) (sizeof(array) / sizeof((array)[0]))
#define MIN(a, b)         ((a) < (b) ? (a) : (b))
#define MAX(a, b)         ((a) > (b) ? (a) : (b))

/* Hands ownership over: yields the pointer and leaves NULL behind. */
#define TAKE_PTR(p)                                                                                \
    ({                                                                                             \
        __typeof__(p) _taken = (p);                                                                \
        (p) = NULL;                                                                                \
        _taken;                                                                                    \
    })

/* The same for a file descriptor, which leaves -EBADF behind. */
#define TAKE_FD(fd)                                                                                \
    ({                                                                                             \
        int _taken = (fd);                                                                         \
        (fd) = -9 /* EBADF */;                                                                     \
        _taken;                                                                                    \
    })

/* The same for a struct by value, which is left all zero. */
#define TAKE_STRUCT(s)                                                                             \
    ({                                                                                             \
        __typeof__(s) _taken = (s);                                                                \
        (s) = (__typeof__(s)){ 0 };                                                                \
        _taken;                                                                                    \
    })

/* DEFINE_CLEANUP(Thing *, thing_free) makes thing_freep() for use as _cleanup_(thing_freep). */
#define DEFINE_CLEANUP(type, func)                                                                 \
    static inline void func##p(type *p)                                                            \
    {                                                                                              \
        if (*p)                                                                                    \
            (void)func(*p);                                                                        \
    }                                                                                              \
    struct _swallow_semicolon

static inline void freep(void *p)
{
    free(*(void **)p);
}

static inline void closep(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

#define _cleanup_free_  _cleanup_(freep)
#define _cleanup_close_ _cleanup_(closep)
