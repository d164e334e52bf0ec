/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of a file that another process may shrink: an access beyond its end is SIGBUS.
 * A guarded range that this happens to is replaced, as a whole, by empty private
 * memory, so that whoever accessed it goes on, and its owner is told.
 *
 * Seals are no way out: few front ends seal, and those that do are not the ones to
 * fear. The table is process-wide, since that is what a signal handler is.
 */
#ifndef VIRTIO_VHOST_USER_GUARD_H
#define VIRTIO_VHOST_USER_GUARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* Ranges guarded at once, in the process: those of 16 disks with all the regions that there
 * may be, while a table is replaced, so that no front end takes another's. */
#define VHOST_USER_GUARDS 1280

/* Takes SIGBUS over. Once, before the first range. Returns 0 or a negative errno. */
int vhost_user_guard_setup(void);

/*
 * Guards [base, base + size), which is a mapping of its own. When it is lost, *lost is set
 * and alarm_fd (an eventfd) signalled. Returns 0 or -ENOSPC.
 */
int vhost_user_guard_add(void *base, size_t size, atomic_bool *lost, int alarm_fd);

/* Guards it no more; the range is not accessed any more. */
void vhost_user_guard_remove(void *base);

#endif
