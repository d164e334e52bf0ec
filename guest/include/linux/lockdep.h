/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux's check of the order of locks, which is not here: what sources tell it means nothing. */
#ifndef GUEST_LINUX_LOCKDEP_H
#define GUEST_LINUX_LOCKDEP_H

#include <linux/types.h>

struct lock_class_key {
};

#define lockdep_init_map(map, name, key, subclass)  ((void)(name), (void)(key))
#define lockdep_set_class(lock, key)                ((void)(key))
#define lockdep_set_class_and_name(lock, key, name) ((void)(key), (void)(name))
#define lockdep_assert_held(lock)                   ((void)(lock))
#define lockdep_assert_held_write(lock)             ((void)(lock))
#define lockdep_assert_held_read(lock)              ((void)(lock))
#define lockdep_assert_not_held(lock)               ((void)(lock))
#define lockdep_is_held(lock)                       1
#define lockdep_register_key(key)                   ((void)(key))
#define lockdep_unregister_key(key)                 ((void)(key))
#define might_lock(lock)                            ((void)(lock))

#endif
