/* SPDX-License-Identifier: BSD-2-Clause */
/* What Linux's sanitizers are told of accesses: nothing here. */
#ifndef GUEST_LINUX_INSTRUMENTED_H
#define GUEST_LINUX_INSTRUMENTED_H

#define instrument_read(v, size)                           ((void)(v))
#define instrument_write(v, size)                          ((void)(v))
#define instrument_atomic_read(v, size)                    ((void)(v))
#define instrument_atomic_write(v, size)                   ((void)(v))
#define instrument_atomic_read_write(v, size)              ((void)(v))
#define instrument_copy_to_user(to, from, n)               ((void)(to))
#define instrument_copy_from_user(to, from, n)             ((void)(to))
#define instrument_copy_from_user_before(to, from, n)      ((void)(to))
#define instrument_copy_from_user_after(to, from, n, left) ((void)(to))
#define instrument_get_user(to)                            ((void)(to))
#define instrument_put_user(from, ptr, size)               ((void)(ptr))

#endif
