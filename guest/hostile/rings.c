/* SPDX-License-Identifier: BSD-2-Clause */
/* Rings that make no sense: the device must ask for a reset, and be well after it. */
#include "attack.h"
#include <linux/kernel.h>
#include <linux/mm.h>
#include <slabvisor/platform.h>

static void chain_loop(void)
{
	raw.desc[0] = request_desc(DESC_NEXT, 1);
	raw.desc[1] = request_desc(DESC_NEXT, 0);
	raw_kick(0);
}

static void chain_self(void)
{
	raw.desc[0] = request_desc(DESC_NEXT, 0);
	raw_kick(0);
}

static void next_out_of_range(void)
{
	raw.desc[0] = request_desc(DESC_NEXT, RAW_QUEUE);
	raw_kick(0);
}

static void head_out_of_range(void)
{
	raw_kick(0xffff);
}

static void avail_ran_ahead(void)
{
	raw.avail_idx = (u16)(raw.avail_idx + RAW_QUEUE + 1);
	raw_write(REG_QUEUE_NOTIFY, 0);
}

static void buffer_at(u64 address, u32 length)
{
	raw.desc[0] = (struct raw_desc){address, length, DESC_NEXT, 1};
	raw.desc[1] = reply_desc(DESC_WRITE, 0);
	raw_kick(0);
}

static void buffer_nowhere(void)
{
	buffer_at(heap_base + heap_size + (1ull << 40), 64);
}

static void buffer_past_ram(void)
{
	buffer_at(platform()->ram_size - 32, 64);
}

static void buffer_wraps(void)
{
	buffer_at(~0ull - 31, 64);
}

static void buffer_huge(void)
{
	buffer_at(virt_to_phys(&raw_req), 0xffffffff);
}

static void buffer_in_heap(void)
{
	buffer_at(heap_base, 64);
}

static void buffer_in_registers(void)
{
	buffer_at(PLATFORM_BASE, 64);
}

static void reply_in_platform_page(void)
{
	raw_prepare(VIRTIO_KMEM_ALLOC, 1, CACHE_64);
	raw.desc[0] = request_desc(DESC_NEXT, 1);
	raw.desc[1] = (struct raw_desc){PLATFORM_BASE, 64, DESC_WRITE, 0};
	raw_kick(0);
}

static void reply_before_request(void)
{
	raw.desc[0] = reply_desc(DESC_NEXT | DESC_WRITE, 1);
	raw.desc[1] = request_desc(0, 0);
	raw_kick(0);
}

static void no_room_for_a_status(void)
{
	raw.desc[0] = request_desc(DESC_NEXT, 1);
	raw.desc[1] = (struct raw_desc){virt_to_phys(&raw_reply), 15, DESC_WRITE, 0};
	raw_kick(0);
}

static void no_reply_at_all(void)
{
	raw.desc[0] = request_desc(0, 0);
	raw_kick(0);
}

static void indirect_not_negotiated(void)
{
	raw.desc[0] = (struct raw_desc){virt_to_phys(&raw.desc[2]), 32, DESC_INDIRECT, 0};
	raw.desc[2] = request_desc(DESC_NEXT, 1);
	raw.desc[3] = reply_desc(DESC_WRITE, 0);
	raw_kick(0);
}

void try_rings(void)
{
	static const struct {
		void (*attack)(void);
		const char *what;
	} attacks[] = {
		{chain_loop, "ring: a chain that goes in a circle"},
		{chain_self, "ring: a descriptor that is its own next"},
		{next_out_of_range, "ring: a next beyond the table"},
		{head_out_of_range, "ring: a head beyond the table"},
		{avail_ran_ahead, "ring: an index that ran ahead"},
		{buffer_nowhere, "ring: a buffer where there is no memory"},
		{buffer_past_ram, "ring: a buffer that runs out of RAM"},
		{buffer_wraps, "ring: a buffer that wraps around"},
		{buffer_huge, "ring: a buffer of 4 GiB"},
		{buffer_in_heap, "ring: a buffer in the heap"},
		{buffer_in_registers, "ring: a request in the platform page"},
		{reply_in_platform_page, "ring: a reply in the platform page"},
		{reply_before_request, "ring: the reply before the request"},
		{no_room_for_a_status, "ring: a reply too short for a status"},
		{no_reply_at_all, "ring: no reply"},
		{indirect_not_negotiated, "ring: an indirect table that was not negotiated"},
	};
	u64 magic = platform()->magic;

	for (size_t i = 0; i < ARRAY_SIZE(attacks); i++) {
		bool started = raw_start();
		bool refused;

		raw_prepare(VIRTIO_KMEM_ALLOC, 1, CACHE_64);
		attacks[i].attack();
		refused = raw_needs_reset();
		/* Broken is broken: nothing is served until the reset. */
		raw_kick(0);
		ok(started && refused && raw_needs_reset() && raw_start() && good_request(),
		   attacks[i].what);
	}
	ok(platform()->magic == magic, "ring: the platform page is as it was");
}
