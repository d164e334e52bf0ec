/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's physical memory as the monitor sees it: RAM, the heap of the
 * memory service, and where each lies. All addresses are guest-physical.
 *
 * RAM stays mapped while the guest lives, so a pointer into it stays good. A heap
 * frame goes away when the guest frees it, which another vCPU may do at any time:
 * heap memory is copied to and from under a pin, never kept as a pointer.
 */
#ifndef VMM_MACHINE_MEMORY_H
#define VMM_MACHINE_MEMORY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mm/host/ram.h"
#include "mm/mm.h"
#include "vmm/base/cli.h"
#include "vmm/config/options.h"
#include "vmm/machine/bound.h"

struct guest_kind;

struct memory {
	/* All RAM, one piece here. For the guest it is [0, ram_low) and, what is more than
	 * fits below the hole, [PLATFORM_HOLE_END, ...). */
	uint8_t *ram;
	uint64_t ram_size; /* bytes, a multiple of 2 MiB */
	uint64_t ram_low;
	struct mm_range ram_range[MM_MAX_RANGES]; /* the nodes' parts, ascending */
	unsigned int nr_ram_ranges;
	struct mm_ram backing;
	struct mm_heap *heap;
	struct mm_range range[MM_MAX_RANGES];
	unsigned int nr_ranges;
	/* Nodes of ranges for user space: of each node of the guest one, in the same order, behind
	 * them all. */
	uint32_t user_nodes;
	uint64_t heap_base, heap_end;
	uint64_t page_map; /* above the heap, 2 MiB aligned */
	size_t page_map_size;
	const uint8_t *page_map_host;
	/* A reset of the heap allows no other call: it holds this to write, who copies
	 * heap memory or gives some back holds it to read. */
	pthread_rwlock_t reset;
	/* What the guest can come to, all in all. */
	struct memory_bound bound;
};

/* Every x86-64 CPU reaches this far: for memory_create() where no host is asked. */
#define MEMORY_NO_LIMIT (1ull << 46)

/*
 * Lays out RAM and heap as config says for a guest of kind, checks that the host and its control
 * groups can have what the guest comes to at most, and reserves both; of them, nothing takes host
 * memory yet but what config wants to be there at start. limit: the first address that the host's
 * CPU cannot reach. report is called with opaque for what the heap's debug modes find.
 * Returns 0 or the exit status, the error having been reported.
 */
enum exit_status memory_create(struct memory *mem, const struct run_config *config,
			       const struct guest_kind *kind, uint64_t limit, mm_report_fn report,
			       void *opaque);
void memory_destroy(struct memory *mem);

/* The lock alone, for a service's heap, which has no machine. */
void memory_init_lock(struct memory *mem);

/* What a guest of config and kind could come to, which nothing is reserved for. Returns 0 or the
 * exit status, the error having been reported. */
enum exit_status memory_bound_of(const struct run_config *config, const struct guest_kind *kind,
				 struct memory_bound *bound);

/* The first address above RAM. */
uint64_t memory_ram_end(const struct memory *mem);

/* Host pointer to [addr, addr + len) if len is not 0 and all of it is RAM, else NULL. */
void *memory_ram(const struct memory *mem, uint64_t addr, uint64_t len);

/* memory_ram() for those to whom a struct memory is opaque. */
void *memory_ram_of(void *mem, uint64_t addr, uint64_t len);

/*
 * Host pointer to [addr, addr + len) if it is RAM or heap that is handed out, else
 * NULL. Heap may vanish under it: only for a system call, which then says EFAULT.
 */
const void *memory_peek(const struct memory *mem, uint64_t addr, uint64_t len);

/*
 * Copies len bytes, at most a frame, from or to memory that the guest owns.
 * Returns 0, -EFAULT, or -EAGAIN when the pin quota is used up.
 */
int memory_read(const struct memory *mem, uint64_t addr, void *buf, size_t len);
int memory_write(const struct memory *mem, uint64_t addr, const void *buf, size_t len);

/* Reads an aligned 32-bit word in one piece. Returns as memory_read. */
int memory_read32(const struct memory *mem, uint64_t addr, uint32_t *value);

/* Around calls of mm that do not come by way of a request of the guest's. */
void memory_enter(struct memory *mem);
void memory_leave(struct memory *mem);

/* Around a reset of the heap: waits until nobody is in there, and holds off who comes. */
void memory_quiesce(struct memory *mem, bool begin);

/* What memory addr is, for reports: "RAM", "the page map" ... */
const char *memory_name(const struct memory *mem, uint64_t addr);

#endif
