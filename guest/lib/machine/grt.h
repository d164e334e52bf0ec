/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the machine half has for the rooms above it, and its files for one another;
 * programs do not see it. Functions that can fail return 0 or a negative errno value.
 */
#ifndef GUEST_LIB_MACHINE_GRT_H
#define GUEST_LIB_MACHINE_GRT_H

#include "virtio/abi/platform.h"
#include <linux/spinlock.h>
#include <linux/types.h>
#include <slabvisor/channel.h>
#include <slabvisor/percpu.h>
#include <slabvisor/platform.h>
#include <slabvisor/report.h>

#define GRT_CONSOLE_SIZE 4096
#define GRT_UNPIN_BATCH  128

/*
 * A vCPU's arguments to doorbells and its buffers. They lie in the image, whose
 * guest-physical address is known from the first instruction on, so that a fault
 * can be reported however early it comes.
 */
struct grt_cpu {
	struct platform_wait wait;
	struct platform_wake wake;
	struct platform_read read;
	struct platform_fault fault;
	char message[256];

	u32 console_used;
	u64 console_last; /* TSC of the last write to the monitor */
	char console[GRT_CONSOLE_SIZE];

	spinlock_t unpin_lock; /* others flush this vCPU's batch when the quota is short */
	unsigned int unpin_count;
	u64 unpin[GRT_UNPIN_BATCH];
} __attribute__((aligned(64)));

extern struct grt_cpu grt_cpus[PLATFORM_MAX_CPUS];

/* The linker script's. */
extern char _text[], _etext[], __start_rodata[], __end_rodata[], _end[];

/* What a vector stub and upcall leave on the exception stack: see entry.S. */
struct exc_frame {
	u64 r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx;
	u64 cr2;
	u64 rax, vector, error, rip, cs, rflags, rsp, ss;
	s64 error_in_handler; /* why a page fault was not resolved: a negative errno */
};

/* fault.c: reports an exception that the program does not survive. */
__attribute__((noreturn)) void grt_fault(const struct exc_frame *frame);
__attribute__((noreturn)) void grt_fault_again(const struct exc_frame *frame);

/* time.c */
void grt_time_init(void);
u64 grt_tsc_to_ns(u64 tsc);
u64 grt_ns_to_tsc(u64 ns);

static inline u64 grt_tsc(void)
{
	u32 lo;
	u32 hi;

	asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (u64)hi << 32 | lo;
}

static inline void grt_pause(void)
{
	asm volatile("pause" : : : "memory");
}

/* platform.c: platform_wait() without the work for idle times (idle.c); locks use it. */
void grt_wait(const u32 *word, u32 expected, u64 timeout_ns);

/* console.c: everything that any vCPU has buffered; for the program's end. */
void grt_console_flush_all(void);

/* smp.c */
__attribute__((noreturn)) void grt_secondary(void);
bool grt_smp_busy(void);
/* Stops the other vCPUs, which are idle, for good. */
void grt_smp_park(void);

/* ram.c: takes over [ram_free, ram_free_end) of the platform page. */
void grt_ram_init(void);
/* As grt_ram_alloc(), from the far end, where the monitor left room for page arrays. */
void *grt_ram_alloc_top(size_t size);

/* vm/percpu.c: the areas for <linux/percpu.h>, if the program defines something there. */
void grt_percpu_init(void);

/* channel_virtio.c: finds the device and brings it up. -ENODEV: there is none. */
int grt_channel_init(struct kmem_channel *channel);

/* pgtable.c */
#define PTE_PRESENT  (1ull << 0)
#define PTE_WRITE    (1ull << 1)
#define PTE_USER     (1ull << 2)
#define PTE_ACCESSED (1ull << 5)
#define PTE_DIRTY    (1ull << 6)
#define PTE_HUGE     (1ull << 7)
#define PTE_PARKED   (1ull << 9)  /* ours: not present, but the frame is still there */
#define PTE_SPECIAL  (1ull << 10) /* ours: a frame without a page, or whose page is not counted */
#define PTE_INSERTED (1ull << 11) /* ours: a page of the program's own, which is counted */
#define PTE_NX       (1ull << 63)
#define PTE_ADDR     0x000ffffffffff000ull

void grt_pgtable_init(void);
/* The last-level entry for va, NULL if there is none (or, with create, no RAM for its
 * tables). A huge mapping gives its own entry, with *huge (unless NULL) set. */
u64 *grt_pte(unsigned long va, bool create, bool *huge);
/* Moves *va on to the next address below end that has a last-level entry, used or not;
 * NULL: there is none. */
u64 *grt_pte_next(unsigned long *va, unsigned long end);
/* PTE_USER if the program runs at CPL 3, for mappings of the upper half. */
u64 grt_pte_ring(void);

static inline u64 pte_read(const u64 *pte)
{
	return __atomic_load_n(pte, __ATOMIC_RELAXED);
}

/* Returns the old entry, with the bits that the CPU set in it until now. */
static inline u64 pte_set(u64 *pte, u64 value)
{
	/* Release: the page's contents are there before its mapping is. */
	return __atomic_exchange_n(pte, value, __ATOMIC_ACQ_REL);
}

/* unpin.c: pins frames at the host, as kmem_pin() does, and counts them. */
long grt_pin(size_t n, const u64 *addr);
/* How many pins the host has of this program, whether they are in use or not. */
s64 grt_pins_held(void);
/* Has one pin of a frame dropped at the host, soon. */
void grt_unpin(u64 addr);
/* Drops a pin of each of n frames at the host, by as few requests as there can be. */
void grt_unpin_now(size_t n, const u64 *addr);
/* Drops at the host the pins that have been batched, of all vCPUs. */
void grt_unpin_flush(void);

#endif
