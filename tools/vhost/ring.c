/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver's side of the rings, split and packed (virtio 1.2, sections 2.7 and 2.8). */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tools/vhost/client.h"
#include "virtio/ring/vring.h"

/* A whole turn of descriptors, then the driver's area, then the device's. */
int client_ring_init(struct client *c, unsigned int i, uint16_t slots, uint64_t offset)
{
	struct client_ring *r = &c->ring[i];
	uint32_t size = c->plain ? slots * 3u : slots;
	uint32_t n;
	uint8_t *at = c->mem + offset;

	r->packed = c->wants_packed;
	r->indirect = !c->plain;
	r->event_idx = !c->no_event_idx;
	for (n = 2; n < size; n *= 2)
		;
	if (n > 1024 || offset + CLIENT_RING_ROOM > c->mem_size)
		return -EINVAL;
	r->size = (uint16_t)n;
	r->slots = slots;
	memset(at, 0, CLIENT_RING_ROOM);
	r->desc = at;
	r->avail = at + n * sizeof(struct vring_desc);
	r->used = at + CLIENT_RING_ROOM / 2;
	r->next_avail = 0;
	r->next_used = 0;
	r->kicked = 0;
	r->posted = 0;
	r->avail_wrap = true;
	r->used_wrap = true;
	if (r->kick < 0)
		r->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->call < 0)
		r->call = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return r->kick < 0 || r->call < 0 ? -errno : 0;
}

static void fill_table(const struct client *c, struct vring_desc desc[3],
		       const struct client_request *q, uint16_t first, bool in)
{
	desc[0] = (struct vring_desc){c->gpa + q->header, 16, VRING_F_NEXT, (uint16_t)(first + 1)};
	desc[1] = (struct vring_desc){c->gpa + q->data, q->len,
				      VRING_F_NEXT | (in ? VRING_F_WRITE : 0),
				      (uint16_t)(first + 2)};
	desc[2] = (struct vring_desc){c->gpa + q->header + 16, 1, VRING_F_WRITE, 0};
	if (q->len)
		return;
	/* FLUSH has no data. */
	desc[0].next = (uint16_t)(first + 2);
	desc[1] = (struct vring_desc){0};
}

static void post_split(struct client *c, struct client_ring *r, uint16_t slot,
		       const struct client_request *q, bool in)
{
	uint64_t table = q->header + 32;
	struct vring_desc *desc = r->desc;
	struct vring_avail *avail = r->avail;
	uint16_t head = r->indirect ? slot : (uint16_t)(slot * 3);

	if (r->indirect) {
		fill_table(c, (struct vring_desc *)(c->mem + table), q, 0, in);
		desc[head] =
			(struct vring_desc){c->gpa + table, 3 * sizeof(*desc), VRING_F_INDIRECT, 0};
	} else {
		fill_table(c, &desc[head], q, head, in);
	}
	atomic_store_explicit(&avail->ring[r->next_avail & (r->size - 1)], head,
			      memory_order_relaxed);
	r->next_avail++;
	/* Release: the descriptors are there when the index says so. */
	atomic_store_explicit(&avail->idx, r->next_avail, memory_order_release);
}

static uint16_t packed_flags(const struct client_ring *r, uint16_t flags)
{
	return flags | (r->avail_wrap ? VRING_F_AVAIL : VRING_F_USED);
}

static void step(const struct client_ring *r, uint16_t *at, bool *wrap, unsigned int n)
{
	unsigned int to = *at + n;

	if (to >= r->size) {
		to -= r->size;
		*wrap = !*wrap;
	}
	*at = (uint16_t)to;
}

static void put_packed(struct client_ring *r, const struct vring_desc *from, uint16_t id,
		       uint16_t flags, struct vring_packed_desc **head, uint16_t *head_flags)
{
	struct vring_packed_desc *d = &((struct vring_packed_desc *)r->desc)[r->next_avail];

	d->addr = from->addr;
	d->len = from->len;
	d->id = id;
	flags = packed_flags(r, flags);
	if (*head) {
		atomic_store_explicit(&d->flags, flags, memory_order_relaxed);
	} else {
		*head = d;
		*head_flags = flags;
	}
	step(r, &r->next_avail, &r->avail_wrap, 1);
	r->posted++;
	r->id_slots[id]++;
}

static void post_packed(struct client *c, struct client_ring *r, uint16_t slot,
			const struct client_request *q, bool in)
{
	struct vring_packed_desc *head = NULL;
	struct vring_desc desc[3];
	uint16_t head_flags = 0;
	uint64_t table = q->header + 32;

	fill_table(c, desc, q, 0, in);
	if (!q->len)
		desc[1] = desc[2];
	r->id_slots[slot] = 0;
	if (r->indirect) {
		struct vring_packed_desc *t = (struct vring_packed_desc *)(c->mem + table);
		unsigned int n = q->len ? 3 : 2;
		const struct vring_desc one = {.addr = c->gpa + table,
					       .len = n * (uint32_t)sizeof(*t)};

		for (unsigned int i = 0; i < n; i++) {
			t[i].addr = desc[i].addr;
			t[i].len = desc[i].len;
			t[i].flags = desc[i].flags & VRING_F_WRITE;
		}
		put_packed(r, &one, slot, VRING_F_INDIRECT, &head, &head_flags);
	} else {
		put_packed(r, &desc[0], slot, VRING_F_NEXT, &head, &head_flags);
		if (q->len)
			put_packed(r, &desc[1], slot, desc[1].flags, &head, &head_flags);
		put_packed(r, &desc[2], slot, VRING_F_WRITE, &head, &head_flags);
	}
	/* Release: the chain is there when its head says so. */
	atomic_store_explicit(&head->flags, head_flags, memory_order_release);
}

void client_post(struct client *c, unsigned int ring, uint16_t slot, const struct client_request *q)
{
	struct client_ring *r = &c->ring[ring];
	struct {
		uint32_t type;
		uint32_t reserved;
		uint64_t sector;
	} header = {q->type, 0, q->sector};
	bool in = q->type == 0 || q->type == 8;

	memcpy(c->mem + q->header, &header, sizeof(header));
	c->mem[q->header + 16] = 0xff;
	if (r->packed)
		post_packed(c, r, slot, q, in);
	else
		post_split(c, r, slot, q, in);
}

static bool split_wants_kick(const struct client_ring *r)
{
	const struct vring_used *used = r->used;
	uint16_t event;

	if (!r->event_idx)
		return !(atomic_load_explicit(&used->flags, memory_order_relaxed) &
			 VRING_USED_NO_NOTIFY);
	event = atomic_load_explicit((const _Atomic uint16_t *)&used->ring[r->size],
				     memory_order_relaxed);
	return (uint16_t)(r->next_avail - event - 1) < (uint16_t)(r->next_avail - r->kicked);
}

static bool packed_wants_kick(const struct client_ring *r)
{
	uint32_t event =
		atomic_load_explicit((const _Atomic uint32_t *)r->used, memory_order_relaxed);
	uint32_t n = r->size;
	uint32_t at;
	uint32_t now;
	uint32_t back;

	if ((event & VRING_EVENT_FLAGS) == VRING_EVENT_DISABLE)
		return false;
	if ((event & VRING_EVENT_FLAGS) != VRING_EVENT_DESC)
		return true;
	at = (event & VRING_EVENT_OFFSET) + (event & VRING_EVENT_WRAP ? 0 : n);
	now = r->next_avail + (r->avail_wrap ? 0 : n);
	back = now + 2 * n - at;
	return (back - 1) % (2 * n) < r->posted;
}

bool client_kick(struct client_ring *r)
{
	const uint64_t one = 1;
	bool wants;

	/* Full barrier: what was posted is out before the device's wish is read. */
	atomic_thread_fence(memory_order_seq_cst);
	wants = r->packed ? packed_wants_kick(r) : split_wants_kick(r);
	r->kicked = r->next_avail;
	r->posted = 0;
	return wants && write(r->kick, &one, sizeof(one)) == sizeof(one);
}

static bool packed_is_used(const struct client_ring *r)
{
	const struct vring_packed_desc *d = &((struct vring_packed_desc *)r->desc)[r->next_used];
	/* Acquire: the rest of the element, and the data. */
	uint16_t flags = atomic_load_explicit(&d->flags, memory_order_acquire);
	bool avail = flags & VRING_F_AVAIL;
	bool used = flags & VRING_F_USED;

	return avail == used && used == r->used_wrap;
}

static bool is_used(const struct client_ring *r)
{
	if (r->packed)
		return packed_is_used(r);
	/* Acquire: the element, and the data. */
	return atomic_load_explicit(&((struct vring_used *)r->used)->idx, memory_order_acquire) !=
	       r->next_used;
}

int client_reap(struct client_ring *r, uint32_t *len)
{
	uint32_t id;

	if (!is_used(r))
		return -1;
	if (r->packed) {
		const struct vring_packed_desc *d =
			&((struct vring_packed_desc *)r->desc)[r->next_used];

		id = d->id;
		*len = d->len;
		if (id >= r->slots || !r->id_slots[id])
			return -2;
		step(r, &r->next_used, &r->used_wrap, r->id_slots[id]);
		return (int)id;
	}
	id = ((struct vring_used *)r->used)->ring[r->next_used & (r->size - 1)].id;
	*len = ((struct vring_used *)r->used)->ring[r->next_used & (r->size - 1)].len;
	r->next_used++;
	if (!r->indirect && id % 3)
		return -2;
	id = r->indirect ? id : id / 3;
	return id < r->slots ? (int)id : -2;
}

bool client_enable_call(struct client_ring *r)
{
	struct vring_avail *avail = r->avail;

	if (r->packed)
		/* One used entry is enough: the next. */
		atomic_store_explicit((_Atomic uint32_t *)r->avail,
				      r->event_idx ? VRING_EVENT_DESC | r->next_used |
							     (r->used_wrap ? VRING_EVENT_WRAP : 0)
						   : VRING_EVENT_ENABLE,
				      memory_order_relaxed);
	else if (r->event_idx)
		atomic_store_explicit(&avail->ring[r->size], r->next_used, memory_order_relaxed);
	else
		atomic_store_explicit(&avail->flags, 0, memory_order_relaxed);
	/* Full barrier: the wish is out before the ring is looked at again. */
	atomic_thread_fence(memory_order_seq_cst);
	return is_used(r);
}

void client_disable_call(struct client_ring *r)
{
	/* With the event index, the wish merely stays behind. */
	if (r->packed)
		atomic_store_explicit((_Atomic uint32_t *)r->avail, VRING_EVENT_DISABLE,
				      memory_order_relaxed);
	else if (!r->event_idx)
		atomic_store_explicit(&((struct vring_avail *)r->avail)->flags,
				      VRING_AVAIL_NO_INTERRUPT, memory_order_relaxed);
}
