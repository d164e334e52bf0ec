/* SPDX-License-Identifier: BSD-2-Clause */
#include "raw.h"
#include <linux/mm.h>
#include <linux/string.h>
#include <slabvisor/platform.h>

#define FEATURE_VERSION_1 (1u << 0) /* bit 32: bit 0 of the upper word */

struct raw_ring raw __attribute__((aligned(4096)));
struct virtio_kmem_req raw_req;
u64 raw_payload[VIRTIO_KMEM_MAX_BATCH + 1];
typeof(raw_reply) raw_reply;

static unsigned long regs;

u32 raw_read(unsigned int reg)
{
	return *(const volatile u32 *)(regs + reg);
}

void raw_write(unsigned int reg, u32 value)
{
	*(volatile u32 *)(regs + reg) = value;
}

void raw_store(unsigned int offset, u64 value, unsigned int width)
{
	switch (width) {
	case 1:
		*(volatile u8 *)(regs + offset) = (u8)value;
		break;
	case 2:
		*(volatile u16 *)(regs + offset) = (u16)value;
		break;
	case 4:
		*(volatile u32 *)(regs + offset) = (u32)value;
		break;
	default:
		*(volatile u64 *)(regs + offset) = value;
	}
}

bool raw_find(void)
{
	for (u32 i = 0; i < platform()->mmio_devices; i++) {
		regs = PLATFORM_DIRECT_VA + PLATFORM_MMIO_BASE + i * PLATFORM_MMIO_STRIDE;
		if (raw_read(REG_DEVICE_ID) == VIRTIO_ID_KMEM)
			return true;
	}
	return false;
}

static void write_address(unsigned int reg, u64 address)
{
	raw_write(reg, (u32)address);
	raw_write(reg + 4, (u32)(address >> 32));
}

bool raw_begin(u32 features)
{
	raw_write(REG_STATUS, 0);
	raw_write(REG_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
	raw_write(REG_DRIVER_SEL, 1);
	raw_write(REG_DRIVER_FEATURES, FEATURE_VERSION_1);
	raw_write(REG_DRIVER_SEL, 0);
	raw_write(REG_DRIVER_FEATURES, features);
	raw_write(REG_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
	return raw_read(REG_STATUS) & STATUS_FEATURES_OK;
}

bool raw_queue(u32 queue, u32 size, u64 desc, u64 avail, u64 used)
{
	raw_write(REG_QUEUE_SEL, queue);
	raw_write(REG_QUEUE_NUM, size);
	write_address(REG_QUEUE_DESC, desc);
	write_address(REG_QUEUE_AVAIL, avail);
	write_address(REG_QUEUE_USED, used);
	raw_write(REG_QUEUE_READY, 1);
	return raw_read(REG_QUEUE_READY) == 1;
}

bool raw_ready(void)
{
	raw_write(REG_STATUS,
		  STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
	return !raw_needs_reset();
}

bool raw_start_with(u32 size, u64 desc, u64 avail, u64 used)
{
	memset(&raw, 0, sizeof(raw));
	return raw_begin(1u << VIRTIO_KMEM_F_PIN) && raw_queue(0, size, desc, avail, used) &&
	       raw_ready();
}

bool raw_start(void)
{
	return raw_start_with(RAW_QUEUE, virt_to_phys(raw.desc),
			      virt_to_phys((const void *)&raw.avail_flags),
			      virt_to_phys((const void *)&raw.used_head));
}

bool raw_needs_reset(void)
{
	return raw_read(REG_STATUS) & STATUS_NEEDS_RESET;
}

bool raw_kick(u16 head)
{
	u32 before = raw.used_head;

	raw.avail[raw.avail_idx % RAW_QUEUE] = head;
	/* x86 keeps stores in order; the compiler must as well. */
	asm volatile("" : : : "memory");
	raw.avail_idx++;
	raw_write(REG_QUEUE_NOTIFY, 0);
	return raw.used_head != before;
}

int raw_request(size_t payload_bytes, size_t reply_bytes)
{
	unsigned int n = 0;

	memset(&raw_reply, 0xee, sizeof(raw_reply));
	raw.desc[n++] = (struct raw_desc){virt_to_phys(&raw_req), sizeof(raw_req), DESC_NEXT, 1};
	if (payload_bytes) {
		raw.desc[n] = (struct raw_desc){virt_to_phys(raw_payload), (u32)payload_bytes,
						DESC_NEXT, (u16)(n + 1)};
		n++;
	}
	raw.desc[n] = (struct raw_desc){virt_to_phys(&raw_reply), (u32)reply_bytes, DESC_WRITE, 0};
	if (!raw_kick(0))
		return RAW_NO_ANSWER;
	return (int)raw_reply.resp.status;
}

void raw_prepare(unsigned int type, u32 count, u32 cache)
{
	raw_req = (struct virtio_kmem_req){
		.type = (u16)type,
		.count = count,
		.cache = cache,
		.node = VIRTIO_KMEM_NODE_ANY,
	};
}

struct raw_desc request_desc(u16 flags, u16 next)
{
	return (struct raw_desc){virt_to_phys(&raw_req), sizeof(raw_req), flags, next};
}

struct raw_desc reply_desc(u16 flags, u16 next)
{
	return (struct raw_desc){virt_to_phys(&raw_reply), RAW_REPLY_MAX, flags, next};
}
