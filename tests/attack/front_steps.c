/* SPDX-License-Identifier: BSD-2-Clause */
/* What a valid session says, and what memory a front end has. */
#include <linux/virtio_blk.h>
#include <string.h>
#include <unistd.h>

#include "tests/attack/messages.h"
#include "virtio/ring/vring.h"

#define USED  (FRONT_RING / 2)
#define AVAIL (FRONT_RING / 4)
#define DATA  (256 * KIB)
#define FEATURES                                                                        \
	((1ull << 32) | VHOST_USER_F_PROTOCOL_FEATURES | (1ull << VIRTIO_BLK_F_FLUSH) | \
	 (1ull << VIRTIO_BLK_F_MQ) | VRING_FEATURE_INDIRECT | VRING_FEATURE_EVENT_IDX)
#define PROTOCOL                                                                            \
	(VHOST_USER_PF_MQ | VHOST_USER_PF_LOG_SHMFD | VHOST_USER_PF_BACKEND_REQ |           \
	 VHOST_USER_PF_CONFIG | VHOST_USER_PF_INFLIGHT_SHMFD | VHOST_USER_PF_RESET_DEVICE | \
	 VHOST_USER_PF_CONFIGURE_MEM_SLOTS)

static void number(struct front_message *m, uint32_t request, uint64_t value)
{
	m->header.request = request;
	m->payload.u64 = value;
	m->size = 8;
}

static void state(struct front_message *m, uint32_t request, uint32_t index, uint32_t value)
{
	m->header.request = request;
	m->payload.state = (struct vhost_user_ring_state){index, value};
	m->size = sizeof(m->payload.state);
}

static void file(struct front *f, struct front_message *m, enum front_file kind)
{
	m->fds[m->nr_fds++] = f->file[kind];
}

static uint64_t features(const struct front *f, bool logging)
{
	return FEATURES | (f->packed ? VRING_FEATURE_PACKED : 0) |
	       (logging ? VHOST_USER_F_LOG_ALL : 0);
}

static void address(struct front_message *m, uint32_t ring, bool logging)
{
	uint64_t at = FRONT_USER + ring * FRONT_RING;

	m->header.request = VHOST_USER_SET_VRING_ADDR;
	m->payload.addr = (struct vhost_user_ring_addr){
		.index = ring,
		.flags = logging ? VHOST_USER_RING_LOG : 0,
		.desc = at,
		.avail = at + AVAIL,
		.used = at + USED,
		.log = FRONT_GPA + ring * FRONT_RING + USED,
	};
	m->size = sizeof(m->payload.addr);
}

static void table(struct front *f, struct front_message *m)
{
	m->header.request = VHOST_USER_SET_MEM_TABLE;
	m->payload.table.nr = 2;
	m->payload.table.region[0] =
		(struct vhost_user_region){FRONT_GPA, FRONT_MEMORY, FRONT_USER, 0};
	m->payload.table.region[1] = (struct vhost_user_region){
		FRONT_GPA + FRONT_MEMORY, FRONT_MEMORY, FRONT_USER + FRONT_MEMORY, 0};
	m->size = 8 + 2 * sizeof(struct vhost_user_region);
	file(f, m, FILE_MEMORY);
	/* What is cut later on. */
	file(f, m, FILE_SHRINKS);
}

static void account(struct front *f, struct front_message *m, uint32_t request)
{
	m->header.request = request;
	m->payload.inflight = (struct vhost_user_inflight_area){
		.mmap_size = request == VHOST_USER_SET_INFLIGHT_FD ? 8192 : 0,
		.num_queues = FRONT_RINGS,
		.queue_size = FRONT_SIZE};
	m->size = VHOST_USER_INFLIGHT_SIZE;
	if (request == VHOST_USER_SET_INFLIGHT_FD)
		file(f, m, FILE_ACCOUNT);
}

static void ring_step(struct front *f, unsigned int i, struct front_message *m)
{
	uint32_t ring = i / 7;

	switch (i % 7) {
	case 0:
		state(m, VHOST_USER_SET_VRING_NUM, ring, FRONT_SIZE);
		break;
	case 1:
		state(m, VHOST_USER_SET_VRING_BASE, ring, f->packed ? 0x80008000 : 0);
		break;
	case 2:
		address(m, ring, false);
		break;
	case 6:
		state(m, VHOST_USER_SET_VRING_ENABLE, ring, 1);
		break;
	default: /* CALL and ERR before KICK: with that it starts */
		number(m,
		       i % 7 == 3   ? VHOST_USER_SET_VRING_CALL
		       : i % 7 == 4 ? VHOST_USER_SET_VRING_ERR
				    : VHOST_USER_SET_VRING_KICK,
		       ring);
		file(f, m, FILE_EVENT);
	}
}

/* From the first message until the rings run. */
#define HELLO_STEPS 10u
#define RING_STEPS  (7u * FRONT_RINGS)

static void hello_step(struct front *f, unsigned int i, struct front_message *m)
{
	switch (i) {
	case 0:
		m->header.request = VHOST_USER_GET_FEATURES;
		break;
	case 1:
		m->header.request = VHOST_USER_GET_PROTOCOL_FEATURES;
		break;
	case 2:
		/* Wrong messages end a session, but for those that ask for an answer. */
		number(m, VHOST_USER_SET_PROTOCOL_FEATURES,
		       PROTOCOL | (rng_one_in(&f->rng, 4) ? 0 : VHOST_USER_PF_REPLY_ACK));
		break;
	case 3:
		m->header.request = VHOST_USER_GET_QUEUE_NUM;
		break;
	case 4:
		m->header.request = VHOST_USER_SET_OWNER;
		break;
	case 5:
		m->header.request = VHOST_USER_GET_CONFIG;
		m->payload.config.size = 60;
		m->size = VHOST_USER_CONFIG_HEADER + 60;
		break;
	case 6:
		number(m, VHOST_USER_SET_FEATURES, features(f, false));
		break;
	case 7:
		table(f, m);
		break;
	case 8:
		account(f, m, VHOST_USER_GET_INFLIGHT_FD);
		break;
	default:
		account(f, m, VHOST_USER_SET_INFLIGHT_FD);
	}
}

static void late_step(struct front *f, unsigned int i, struct front_message *m)
{
	switch (i) {
	case 0:
		m->header.request = VHOST_USER_SET_LOG_BASE;
		m->payload.log.size = (FRONT_GPA + 2 * FRONT_MEMORY) / 4096 / 8 + 1;
		m->size = sizeof(m->payload.log);
		file(f, m, FILE_MEMORY);
		break;
	case 1:
		number(m, VHOST_USER_SET_FEATURES, features(f, true));
		break;
	case 2:
		address(m, 0, true);
		break;
	case 3:
		m->header.request = VHOST_USER_SET_BACKEND_REQ_FD;
		file(f, m, FILE_SOCKET);
		break;
	case 4:
		m->header.request = VHOST_USER_ADD_MEM_REG;
		m->payload.single.region = (struct vhost_user_region){
			FRONT_GPA + 4 * FRONT_MEMORY, 4096, FRONT_USER + 4 * FRONT_MEMORY, 0};
		m->size = sizeof(m->payload.single);
		file(f, m, FILE_MEMORY);
		break;
	case 5:
		m->header.request = VHOST_USER_REM_MEM_REG;
		m->payload.single.region = (struct vhost_user_region){
			FRONT_GPA + 4 * FRONT_MEMORY, 4096, FRONT_USER + 4 * FRONT_MEMORY, 0};
		m->size = sizeof(m->payload.single);
		break;
	case 6:
	case 7:
		state(m, VHOST_USER_GET_VRING_BASE, i - 6, 0);
		break;
	default:
		m->header.request = VHOST_USER_RESET_DEVICE;
	}
}

bool front_step(struct front *f, unsigned int i, struct front_message *m)
{
	memset(m, 0, sizeof(*m));
	m->header.flags = VHOST_USER_VERSION | (rng_one_in(&f->rng, 2) ? VHOST_USER_NEED_REPLY : 0);
	if (i < HELLO_STEPS)
		hello_step(f, i, m);
	else if (i < HELLO_STEPS + RING_STEPS)
		ring_step(f, i - HELLO_STEPS, m);
	else if (i < HELLO_STEPS + RING_STEPS + 9)
		late_step(f, i - HELLO_STEPS - RING_STEPS, m);
	else
		return false;
	m->header.size = m->size;
	return true;
}

void front_random(struct front *f, struct front_message *m)
{
	if (rng_one_in(&f->rng, 4) ||
	    !front_step(f, rng_below(&f->rng, HELLO_STEPS + RING_STEPS + 9), m)) {
		memset(m, 0, sizeof(*m));
		m->header.request = rng_below(&f->rng, 45);
		m->header.flags = VHOST_USER_VERSION;
		m->size = rng_below(&f->rng, sizeof(m->payload) + 1);
	}
	/* A few words of it are others. */
	for (unsigned int n = 1 + rng_below(&f->rng, 3); n; n--) {
		uint64_t value = rng_edge(&f->rng);
		uint32_t at = 4 * rng_below(&f->rng, 16);

		if (rng_one_in(&f->rng, 2))
			memcpy((uint8_t *)&m->payload + at, &value, 4);
		else
			memcpy((uint8_t *)&m->payload + at, &value, 8);
	}
	m->header.size = m->size;
}

void front_fill_rings(struct front *f)
{
	for (unsigned int ring = 0; ring < FRONT_RINGS; ring++) {
		uint8_t *at = f->mem + ring * FRONT_RING;
		struct vring_desc *desc = (struct vring_desc *)at;
		struct vring_avail *avail = (struct vring_avail *)(at + AVAIL);
		uint8_t *header = f->mem + DATA;

		memset(at, 0, FRONT_RING);
		memset(header, 0, 16);
		for (unsigned int i = 0; i < FRONT_SIZE; i++) {
			/* A read: header, data that reaches into the memory that shrinks, status. */
			const struct vring_desc part[] = {
				{FRONT_GPA + DATA, 16, VRING_F_NEXT, (uint16_t)(i + 1)},
				{FRONT_GPA + FRONT_MEMORY - 4096, 8192,
				 VRING_F_NEXT | VRING_F_WRITE, (uint16_t)(i + 1)},
				{FRONT_GPA + DATA + 16, 1, VRING_F_WRITE, 0},
			};

			desc[i] = part[i % 3];
			if (f->packed)
				desc[i].flags |= VRING_F_AVAIL, desc[i].next = desc[i].flags,
								desc[i].flags = (uint16_t)i;
			if (rng_one_in(&f->rng, 40))
				desc[i].addr = rng_edge(&f->rng);
			avail->ring[i] = (uint16_t)(i % 3 ? rng_edge(&f->rng) : i);
		}
		avail->ring[1] = 3;
		avail->ring[2] = 6;
		avail->idx = f->packed ? 0 : (uint16_t)rng_below(&f->rng, 6);
	}
}
