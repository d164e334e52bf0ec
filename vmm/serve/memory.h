/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory service that is served: a heap, its device, and the thread that answers a machine of
 * QEMU over ivshmem (virtio/ivshmem/ivshmem.h).
 *
 * It has one client in its life, which QEMU is: a second one is refused, and when the first has
 * gone the service is over, since whoever has had the window may have kept it. Whatever the machine
 * has not given back goes then.
 *
 * The thread sleeps while the machine asks for nothing. While it does, and for some seconds after,
 * the thread looks once a second for what can go back to the host: huge frames that have been empty
 * for the delay; and strays, pages that the machine has touched where nothing is handed out. A
 * machine that asks for nothing and touches what it likes is found out when the host is short of
 * memory, or when it asks again; what it takes until then is bounded by the window, and by the
 * control group that QEMU and this service are in.
 */
#ifndef VMM_SERVE_MEMORY_H
#define VMM_SERVE_MEMORY_H

#include "vmm/machine/memory.h"
#include "vmm/qmp/qmp.h"
#include "vmm/serve/serve.h"

struct io_engine;
struct sandbox;
struct served_memory;

/*
 * What it counts beside its mailboxes: X(name, name where it is shown, kind, metric, help), as
 * MM_COUNTERS (mm/mm.h).
 */
#define SERVED_MEMORY_COUNTERS(X)                                                           \
	X(sweeps, sweeps, COUNTER, "heap_sweeps", "looks for memory that nobody asked for") \
	X(strays, stray_pages, COUNTER, "heap_stray_pages",                                 \
	  "pages that the machine touched unasked, given back to the host")                 \
	X(pressures, pressures, COUNTER, "heap_pressures",                                  \
	  "times that the machine was told to give back memory")                            \
	X(turned_away, turned_away, COUNTER, "heap_refused_clients",                        \
	  "clients that were refused, since there is or was one")

/*
 * Makes all of it, up to a thread that waits to be let go. config is borrowed as long as the
 * service is there. sandbox, over_fd, next: as struct serve_thread_config and serve_socket() have
 * them. Returns 0 or the exit status, the error having been reported.
 */
enum exit_status served_memory_open(const struct serve_memory *config, struct sandbox *sandbox,
				    int over_fd, unsigned int *next, struct served_memory **memory);

/* An I/O thread whose disks may lie in the heap: it comes to rest before a reset. Before
 * served_memory_go(). */
void served_memory_add_engine(struct served_memory *memory, struct io_engine *engine);

/* From here on it serves. */
void served_memory_go(struct served_memory *memory);

/* Tells whether its client has come and gone. NULL: it has. */
bool served_memory_is_over(const struct served_memory *memory);

/* Asks the thread to end, and does not wait. NULL: nothing. */
void served_memory_stop(struct served_memory *memory);

/* Has it end, says to the driver that it is dead, and frees it. The memory stays the machine's as
 * long as that has it. NULL: nothing. */
void served_memory_close(struct served_memory *memory);

/* Prints how many lines were left out, if any were. */
void served_memory_settle(struct served_memory *memory);

/* For the control socket, and for disks: the heap, with a lock that a reset holds to write; the
 * device. */
struct memory *served_memory_heap(struct served_memory *memory);
struct virtio_device *served_memory_dev(struct served_memory *memory);

/* All that it and its mailboxes count, for struct qmp_service.counters. */
void served_memory_show(const struct served_memory *memory, qmp_counter_fn add, void *to);

#endif
