/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/machine/bound.h"

#include <inttypes.h>
#include <stdio.h>

#include "virtio/blk/blk.h"
#include "virtio/kmem/kmem.h"

#define MIB (1ull << 20)

/*
 * What Linux keeps, by its sources (6.18; arch/x86/kvm/mmu). A page table of KVM's is the table,
 * as large a note of what it shadows, and a header; its entries are listed by the frames they
 * map, 14 in a block of 128 bytes, and each frame may have one block that is not full.
 */
#define KVM_SHADOW_PAGE  (2 * 4096 + 256)
#define KVM_SHADOW_BLOCK 128
#define KVM_BLOCK_SIZE   14
#define KVM_ENTRIES      512
/* Of a slot, by frame: where it is mapped from, who tracks writes to it. */
#define KVM_SLOT_FRAME 12
/* Of a vCPU: its state, the pages of it that are shared, and page tables kept ready. */
#define KVM_VCPU  MIB
#define KVM_FIXED (2 * MIB)

/* Of a vCPU: a thread's stacks and malloc() arena. Of the I/O thread: its ring, and what the
 * kernel has of each of IO_CQ_FACTOR * IO_SQ_ENTRIES operations. */
#define MONITOR_IO    (8 * MIB)
#define MONITOR_VCPU  (MIB / 2)
#define MONITOR_FIXED (12 * MIB)
/* Of a control socket: 64 clients (vmm/qmp/server.h), each with a message and events of 64 KiB, and
 * an answer of less than 384 KiB. */
#define MONITOR_CONTROL (32 * MIB)
/* A mapping of the kernel's: an area, its part of the tree, its links to pages. */
#define MONITOR_AREA     512
#define MONITOR_MAX_AREA 65530 /* vm.max_map_count, unless the host has another */
/* Registered for I/O: a page is a segment of 16 bytes in the kernel. */
#define MONITOR_PINNED_PAGE 16
/* Of 2 MiB that may be registered: that they are, or how often it was worth it. */
#define MONITOR_PLACE 128

uint64_t bound_kvm_pages(uint64_t guest_bytes)
{
	return guest_bytes / MM_FRAME_SIZE / 128 + 512;
}

static bool says_yes(const char *path)
{
	FILE *file = fopen(path, "re");
	int c;

	if (!file)
		return false;
	c = fgetc(file);
	fclose(file);
	return c == 'Y' || c == '1';
}

bool bound_kvm_shadows(void)
{
	return !says_yes("/sys/module/kvm_intel/parameters/ept") &&
	       !says_yes("/sys/module/kvm_amd/parameters/npt");
}

/* Page tables that map so much by single pages. */
static uint64_t tables_for(uint64_t bytes)
{
	return bytes / 512 + bytes / 512 / 256 + 64 * 1024;
}

static uint64_t kvm_bytes(const struct run_config *config, uint64_t guest, bool shadow)
{
	uint64_t frames = guest / MM_FRAME_SIZE;
	uint64_t bytes = KVM_FIXED + config->cpus * KVM_VCPU + frames * KVM_SLOT_FRAME;

	if (!shadow)
		return bytes + tables_for(guest) + tables_for(guest) / 16;
	return bytes + frames * KVM_SHADOW_BLOCK +
	       bound_kvm_pages(guest) *
		       (KVM_SHADOW_PAGE + (KVM_ENTRIES / KVM_BLOCK_SIZE + 1) * KVM_SHADOW_BLOCK);
}

static uint64_t disk_bytes(const struct run_config *config)
{
	uint64_t bytes = MONITOR_IO;
	uint64_t pinned = config->pin_budget;
	unsigned int queues;

	if (!config->nr_disks)
		return 0;
	for (unsigned int i = 0; i < config->nr_disks; i++) {
		queues = config->disk[i].queues ? config->disk[i].queues : config->cpus;
		bytes += BLK_DEV_MOST + (uint64_t)queues * BLK_QUEUE_SIZE * BLK_ENTRY_MOST;
	}
	if (pinned > config->memory + config->heap)
		pinned = config->memory + config->heap;
	return bytes + pinned / MM_FRAME_SIZE * MONITOR_PINNED_PAGE +
	       (config->memory + config->heap) / MM_HUGE_SIZE * MONITOR_PLACE;
}

void memory_bound(const struct run_config *config, uint64_t ram_size, const struct mm_config *heap,
		  bool shadow, struct memory_bound *bound)
{
	uint64_t areas = config->heap / MM_HUGE_SIZE;
	uint64_t guest = ram_size + config->heap;

	*bound = (struct memory_bound){.ram = ram_size, .heap = config->heap};
	bound->metadata = mm_heap_metadata(heap) + config->heap / MM_FRAME_SIZE * KMEM_DEV_FRAME;
	bound->kvm = kvm_bytes(config, guest, shadow);
	/* A memory file's index has 576 bytes for 64 pages. */
	if (config->backing == MM_BACKING_MEMFD)
		bound->monitor += config->heap / MM_FRAME_SIZE * 10;
	if (heap->debug & MM_HARDEN_GUARD)
		areas = MONITOR_MAX_AREA;
	if (areas > MONITOR_MAX_AREA)
		areas = MONITOR_MAX_AREA;
	if (config->qmp || config->name)
		bound->monitor += MONITOR_CONTROL;
	bound->monitor += MONITOR_FIXED + config->cpus * MONITOR_VCPU + disk_bytes(config) +
			  areas * MONITOR_AREA + tables_for(guest + bound->metadata);
	if (config->hugepages) {
		bound->pool += bound->ram;
		bound->ram = 0;
	}
	if (config->backing == MM_BACKING_HUGETLB) {
		bound->pool += bound->heap;
		bound->heap = 0;
	}
	bound->total = bound->ram + bound->heap + bound->metadata + bound->kvm + bound->monitor;
}

static uint64_t mib(uint64_t bytes)
{
	return (bytes + MIB - 1) / MIB;
}

const char *memory_bound_format(const struct memory_bound *bound, char text[MEMORY_BOUND_TEXT])
{
	uint64_t sum = mib(bound->ram) + mib(bound->heap) + mib(bound->metadata) + mib(bound->kvm) +
		       mib(bound->monitor);
	int len;

	len = snprintf(text, MEMORY_BOUND_TEXT,
		       "at most %" PRIu64 " MiB: ram %" PRIu64 ", heap %" PRIu64
		       ", metadata %" PRIu64 ", KVM %" PRIu64 ", monitor %" PRIu64,
		       sum, mib(bound->ram), mib(bound->heap), mib(bound->metadata),
		       mib(bound->kvm), mib(bound->monitor));
	if (bound->pool)
		snprintf(text + len, MEMORY_BOUND_TEXT - (size_t)len,
			 "; and %" PRIu64 " MiB of hugetlb pools", mib(bound->pool));
	return text;
}
