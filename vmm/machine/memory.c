/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/machine/memory.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "mm/host/limit.h"
#include "virtio/abi/platform.h"
#include "vmm/base/cli.h"
#include "vmm/machine/kind.h"

#define GIB (1ull << 30)

static uint64_t round_up(uint64_t value, uint64_t to)
{
	return (value + to - 1) / to * to;
}

/* What RAM comes in. */
static uint64_t page_of(const struct run_config *config)
{
	return config->hugepages ? config->hugepages : MM_HUGE_SIZE;
}

/*
 * The guest keeps a page array of RAM and heap window, and little more for each frame: a 64th of
 * both. RAM grows by that, so that --memory is what a program has; what it does not touch costs
 * nothing. The hole counts in the window.
 */
#define PAGE_ARRAY_SHARE (MM_FRAME_SIZE / PLATFORM_PAGE_ROOM)

static uint64_t ram_for(const struct run_config *config, const struct guest_kind *kind)
{
	uint64_t window;

	/* Others, as Linux, take what they need from what was asked for. */
	if (!kind->page_array)
		return round_up(config->memory, page_of(config));
	window = config->heap + (PLATFORM_HOLE_END - PLATFORM_HOLE_BASE);

	return round_up((config->memory + window / PAGE_ARRAY_SHARE) / (PAGE_ARRAY_SHARE - 1) *
				PAGE_ARRAY_SHARE,
			page_of(config));
}

/* Ranges that are laid one behind the other, and where the next one begins. */
struct layout {
	struct mm_range *range;
	unsigned int nr;
	uint64_t next;
	uint64_t hole; /* the first address below PLATFORM_HOLE_END that is not for them */
};

/* Adds memory of a node, in two pieces where the hole is in its way. */
static void lay(struct layout *at, uint64_t left, int node, int host_node)
{
	uint64_t size;

	while (left) {
		if (at->next >= at->hole && at->next < PLATFORM_HOLE_END)
			at->next = PLATFORM_HOLE_END;
		size = left;
		if (at->next < at->hole && size > at->hole - at->next)
			size = at->hole - at->next;
		at->range[at->nr++] = (struct mm_range){
			.base = at->next,
			.size = size,
			.node = node,
			.host_node = host_node,
		};
		at->next += size;
		left -= size;
	}
}

/* RAM that does not fit below the hole goes on above it, and ends below at a boundary of 1 GiB,
 * so that all of it can be mapped by pages of that size. */
static void place_ram(struct memory *mem, const struct run_config *config)
{
	struct layout at = {.range = mem->ram_range};
	const uint64_t equal = mem->ram_size / config->nr_nodes & ~(page_of(config) - 1);
	uint64_t left = mem->ram_size;
	uint64_t part;

	mem->ram_low = mem->ram_size <= PLATFORM_HOLE_BASE ? mem->ram_size
							   : PLATFORM_HOLE_BASE / GIB * GIB;
	at.hole = mem->ram_low;
	for (unsigned int i = 0; i < config->nr_nodes; i++) {
		part = config->node[i].memory ? config->node[i].memory : equal;
		/* The last has the rest, such as a program's page array. */
		if (i + 1 == config->nr_nodes)
			part = left;
		lay(&at, part, (int)i, config->node[i].host_node);
		left -= part;
	}
	mem->nr_ram_ranges = at.nr;
}

static void place_heap(struct memory *mem, const struct run_config *config)
{
	struct layout at = {
		.range = mem->range,
		.next = round_up(memory_ram_end(mem), GIB),
		.hole = PLATFORM_HOLE_BASE,
	};

	for (unsigned int i = 0; i < config->nr_nodes; i++)
		lay(&at, config->node[i].heap - config->node[i].user, (int)i,
		    config->node[i].host_node);
	for (unsigned int i = 0; i < config->nr_nodes; i++) {
		if (!config->node[i].user)
			continue;
		lay(&at, config->node[i].user, (int)(config->nr_nodes + i),
		    config->node[i].host_node);
		mem->user_nodes |= 1u << (config->nr_nodes + i);
	}
	mem->nr_ranges = at.nr;
	mem->heap_base = mem->range[0].base;
	mem->heap_end = at.next;
	mem->page_map = at.next;
}

static enum exit_status memory_place(struct memory *mem, const struct run_config *config,
				     const struct guest_kind *kind, uint64_t limit)
{
	char size[32];
	char heap[32];

	mem->ram_size = ram_for(config, kind);
	if (kind->page_array && mem->ram_size > PLATFORM_HOLE_BASE)
		return cli_fail(STATUS_USAGE,
				"--memory %s: with the page array of this heap it passes 3328M: "
				"ask for less memory or a smaller heap",
				cli_format_size(size, sizeof(size), config->memory));
	place_ram(mem, config);
	place_heap(mem, config);
	if (mem->page_map + (mem->page_map >> MM_FRAME_SHIFT) + MM_HUGE_SIZE > limit)
		return cli_fail(STATUS_NO_MEMORY,
				"--memory %s and --heap %s: beyond the physical addresses of this "
				"host: ask for less",
				cli_format_size(size, sizeof(size), config->memory),
				cli_format_size(heap, sizeof(heap), config->heap));
	return 0;
}

static enum exit_status create_ram(struct memory *mem, const struct run_config *config)
{
	const struct mm_ram_config ram = {
		.range = mem->ram_range,
		.nr_ranges = mem->nr_ram_ranges,
		.page = config->hugepages,
		.populate = config->prefault,
		.dry_run = config->dry_run,
	};
	const char *why;
	char size[32];
	int ret;

	ret = mm_ram_create(&ram, &mem->backing, &why);
	if (ret)
		return cli_fail(ret == -EINVAL ? STATUS_USAGE : STATUS_NO_MEMORY,
				"--memory %s%s%s: %s",
				cli_format_size(size, sizeof(size), config->memory),
				config->hugepages ? " --hugepages" : "",
				config->prefault ? " --prefault" : "", why);
	mem->ram = mem->backing.host;
	return 0;
}

static void heap_config(const struct memory *mem, const struct run_config *config,
			struct mm_config *heap)
{
	*heap = (struct mm_config){
		.nr_ranges = mem->nr_ranges,
		.user_nodes = mem->user_nodes,
		.cpus = config->cpus,
		.backing = config->backing,
		.debug = config->slab_debug,
		.nr_rules = config->nr_slab_rules,
		.reclaim_delay_ms = config->reclaim_delay_ms,
		.pin_quota = config->heap >> MM_FRAME_SHIFT,
	};
	memcpy(heap->range, mem->range, sizeof(heap->range));
	memcpy(heap->rule, config->slab_rule, sizeof(heap->rule));
}

/* What the guest can come to is no more than there is; what others have of it does not count. */
static enum exit_status memory_check_bound(const struct memory *mem,
					   const struct run_config *config)
{
	char text[MEMORY_BOUND_TEXT];
	char size[32];
	char heap[32];
	char there[24];
	const char *whose;
	uint64_t room = limit_memory(&whose);

	if (mem->bound.total <= room)
		return 0;
	return cli_fail(STATUS_NO_MEMORY,
			"--memory %s and --heap %s: the guest can come to %s; %s is %s: "
			"ask for less",
			cli_format_size(size, sizeof(size), config->memory),
			cli_format_size(heap, sizeof(heap), config->heap),
			memory_bound_format(&mem->bound, text), whose, limit_size(there, room));
}

static enum exit_status create_heap(struct memory *mem, const struct mm_config *heap,
				    const struct run_config *config)
{
	const char *why = NULL;
	char size[32];
	int ret;

	ret = mm_heap_create(heap, &mem->heap, &why);
	if (ret)
		return cli_fail(STATUS_NO_MEMORY,
				"--heap %s: the host cannot give it: %s: ask for a smaller heap "
				"or another --backing",
				cli_format_size(size, sizeof(size), config->heap),
				why ? why : strerror(-ret));
	mem->page_map_host = mm_heap_page_map(mem->heap, &mem->page_map_size);
	return 0;
}

/* What is the guest's stays out of a dump of the monitor, which somebody may be sent. Advice: where
 * it is not taken the guest runs all the same. */
static void keep_from_dumps(const struct memory *mem)
{
	(void)madvise(mem->ram, mem->ram_size, MADV_DONTDUMP);
	(void)madvise(mm_heap_host(mem->heap), mm_heap_size(mem->heap), MADV_DONTDUMP);
}

/* One who writes does not wait for ever behind those who read in turns. */
void memory_init_lock(struct memory *mem)
{
	pthread_rwlockattr_t attr;

	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&mem->reset, &attr);
	pthread_rwlockattr_destroy(&attr);
}

enum exit_status memory_create(struct memory *mem, const struct run_config *config,
			       const struct guest_kind *kind, uint64_t limit, mm_report_fn report,
			       void *opaque)
{
	struct mm_config heap;
	enum exit_status status;

	*mem = (struct memory){0};
	status = memory_place(mem, config, kind, limit);
	if (status)
		return status;
	heap_config(mem, config, &heap);
	heap.report = report;
	heap.report_opaque = opaque;
	memory_bound(config, mem->ram_size, &heap, bound_kvm_shadows(), &mem->bound);
	status = create_ram(mem, config);
	if (status)
		return status;
	status = memory_check_bound(mem, config);
	if (!status)
		status = create_heap(mem, &heap, config);
	if (status) {
		mm_ram_destroy(&mem->backing);
		return status;
	}
	keep_from_dumps(mem);
	memory_init_lock(mem);
	return 0;
}

enum exit_status memory_bound_of(const struct run_config *config, const struct guest_kind *kind,
				 struct memory_bound *bound)
{
	struct mm_config heap;
	struct memory mem = {0};
	enum exit_status status = memory_place(&mem, config, kind, MEMORY_NO_LIMIT);

	if (status)
		return status;
	heap_config(&mem, config, &heap);
	memory_bound(config, mem.ram_size, &heap, bound_kvm_shadows(), bound);
	return 0;
}

void memory_destroy(struct memory *mem)
{
	pthread_rwlock_destroy(&mem->reset);
	mm_heap_destroy(mem->heap);
	mm_ram_destroy(&mem->backing);
}

uint64_t memory_ram_end(const struct memory *mem)
{
	return mem->ram_size > mem->ram_low ? PLATFORM_HOLE_END + (mem->ram_size - mem->ram_low)
					    : mem->ram_low;
}

void *memory_ram(const struct memory *mem, uint64_t addr, uint64_t len)
{
	uint64_t end = mem->ram_low;

	if (addr >= PLATFORM_HOLE_END) {
		addr -= PLATFORM_HOLE_END - mem->ram_low;
		end = mem->ram_size;
	}
	if (!len || addr >= end || len > end - addr)
		return NULL;
	return mem->ram + addr;
}

void *memory_ram_of(void *mem, uint64_t addr, uint64_t len)
{
	return memory_ram(mem, addr, len);
}

const void *memory_peek(const struct memory *mem, uint64_t addr, uint64_t len)
{
	const void *ram = memory_ram(mem, addr, len);

	if (ram || !len || addr < mem->heap_base)
		return ram;
	return mm_host_ptr(mem->heap, addr, len);
}

/* The frames that [addr, addr + len) lies in; there are at most two. */
static size_t frames_of(uint64_t addr, size_t len, uint64_t frame[2])
{
	frame[0] = addr & ~(MM_FRAME_SIZE - 1);
	frame[1] = (addr + len - 1) & ~(MM_FRAME_SIZE - 1);
	return frame[0] == frame[1] ? 1 : 2;
}

/* Calls copy() on heap memory that is kept in place for so long. */
static int with_pinned(const struct memory *mem, uint64_t addr, void *buf, size_t len,
		       void (*copy)(void *buf, void *host, size_t len))
{
	pthread_rwlock_t *reset = (pthread_rwlock_t *)(uintptr_t)&mem->reset;
	uint64_t frame[2];
	size_t n;
	int ret = 0;
	void *host;
	long got;

	if (!len || len > MM_FRAME_SIZE || addr < mem->heap_base || addr > mem->heap_end)
		return -EFAULT;
	n = frames_of(addr, len, frame);
	pthread_rwlock_rdlock(reset);
	got = mm_hold(mem->heap, n, frame);
	host = (size_t)got == n ? mm_host_ptr(mem->heap, addr, len) : NULL;
	if (host)
		copy(buf, host, len);
	else
		ret = got == -EAGAIN ? -EAGAIN : -EFAULT;
	if (got > 0)
		mm_release(mem->heap, (size_t)got, frame);
	pthread_rwlock_unlock(reset);
	return ret;
}

void memory_enter(struct memory *mem)
{
	pthread_rwlock_rdlock(&mem->reset);
}

void memory_leave(struct memory *mem)
{
	pthread_rwlock_unlock(&mem->reset);
}

void memory_quiesce(struct memory *mem, bool begin)
{
	if (begin)
		pthread_rwlock_wrlock(&mem->reset);
	else
		pthread_rwlock_unlock(&mem->reset);
}

static void copy_in(void *buf, void *host, size_t len)
{
	memcpy(buf, host, len);
}

static void copy_out(void *buf, void *host, size_t len)
{
	memcpy(host, buf, len);
}

static void copy_word(void *buf, void *host, size_t len)
{
	(void)len;
	/* Acquire: what the guest wrote before the word is seen after it. */
	*(uint32_t *)buf = atomic_load_explicit((_Atomic uint32_t *)host, memory_order_acquire);
}

int memory_read(const struct memory *mem, uint64_t addr, void *buf, size_t len)
{
	void *ram = memory_ram(mem, addr, len);

	if (!ram)
		return with_pinned(mem, addr, buf, len, copy_in);
	copy_in(buf, ram, len);
	return 0;
}

int memory_write(const struct memory *mem, uint64_t addr, const void *buf, size_t len)
{
	void *ram = memory_ram(mem, addr, len);

	if (!ram)
		return with_pinned(mem, addr, (void *)(uintptr_t)buf, len, copy_out);
	memcpy(ram, buf, len);
	return 0;
}

int memory_read32(const struct memory *mem, uint64_t addr, uint32_t *value)
{
	void *ram = memory_ram(mem, addr, sizeof(*value));

	if (addr & 3)
		return -EFAULT;
	if (!ram)
		return with_pinned(mem, addr, value, sizeof(*value), copy_word);
	copy_word(value, ram, sizeof(*value));
	return 0;
}

const char *memory_name(const struct memory *mem, uint64_t addr)
{
	if (memory_ram(mem, addr, 1))
		return "RAM";
	if (addr >= PLATFORM_BASE && addr < PLATFORM_BASE + MM_FRAME_SIZE)
		return "the platform page";
	if (addr >= PLATFORM_HOLE_BASE && addr < PLATFORM_HOLE_END)
		return "no device";
	if (addr >= mem->heap_base && addr < mem->heap_end)
		return "heap that is not handed out";
	if (addr >= mem->page_map && addr - mem->page_map < mem->page_map_size)
		return "the page map (read-only)";
	return "nothing";
}
