/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: a ring of either format, by itself, under a device that holds chains and
 * gives them back out of order. The input is the set-up, a list of steps of both
 * sides, then what guest memory has at first.
 *
 * Every byte of every chain is touched, and what the ring says of itself is held
 * against what was done to it.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/ring_guest.h"

#define SEGS  64u
#define HELD  8u
#define STEPS 64u

/* A device and what it has in flight. */
struct device {
	struct vring ring;
	struct vring_setup setup;
	struct vring_chain held[HELD];
	struct iovec seg[HELD][SEGS];
	unsigned int nr;
};

static void touch(const struct vring_chain *chain)
{
	unsigned int n = chain->nr_readable + chain->nr_writable;
	uint64_t readable = 0;
	uint64_t writable = 0;
	uint8_t byte;

	must(n <= SEGS);
	for (unsigned int i = 0; i < n; i++) {
		uint8_t *base = chain->seg[i].iov_base;
		size_t len = chain->seg[i].iov_len;

		must(len && base >= ram && len <= RAM_SIZE - (size_t)(base - ram));
		if (i < chain->nr_readable)
			readable += len;
		else
			writable += len;
	}
	must(readable == chain->readable && writable == chain->writable);
	must(vring_chain_read(chain, readable ? readable - 1 : 0, &byte, 1) == (readable != 0));
	must(vring_chain_write(chain, writable ? writable - 1 : 0, &byte, 1) == (writable != 0));
}

static void pop(struct device *d)
{
	struct vring_chain *chain = &d->held[d->nr];

	if (d->nr == HELD)
		return;
	chain->seg = d->seg[d->nr];
	chain->max_seg = SEGS;
	if (vring_pop(&d->ring, chain) != 1)
		return;
	must(chain->head < d->setup.size);
	for (unsigned int i = 0; i < d->nr; i++)
		must(d->held[i].head != chain->head);
	touch(chain);
	d->nr++;
}

static void push(struct device *d, uint32_t which, uint32_t written)
{
	struct vring_chain chain;

	if (!d->nr)
		return;
	which %= d->nr;
	chain = d->held[which];
	must(!vring_push(&d->ring, &chain, written));
	must(vring_push(&d->ring, &chain, written));
	/* The segments move with the chain. */
	d->nr--;
	d->held[which] = d->held[d->nr];
	memcpy(d->seg[which], d->held[which].seg, sizeof(d->seg[which]));
	d->held[which].seg = d->seg[which];
}

/* Starts anew where the ring was, or at the beginning; what was held is late. */
static void stop(struct device *d, bool go_on)
{
	uint32_t base = vring_stop(&d->ring);

	must(!vring_running(&d->ring));
	d->setup.base = go_on ? base : vring_fresh_base(d->setup.packed);
	must(!vring_start(&d->ring, &mem, &d->setup));
	for (unsigned int i = 0; i < d->nr; i++)
		must(vring_push(&d->ring, &d->held[i], 1));
	d->nr = 0;
	if (go_on)
		must(vring_stop(&d->ring) == base && !vring_start(&d->ring, &mem, &d->setup));
}

static void step(struct device *d, const uint8_t *in)
{
	uint16_t at;
	uint16_t value;

	memcpy(&at, in + 1, sizeof(at));
	memcpy(&value, in + 3, sizeof(value));
	switch (in[0] % 8) {
	case 0:
	case 1:
		pop(d);
		break;
	case 2:
		push(d, in[1], value);
		break;
	case 3:
		vring_should_signal(&d->ring);
		must(!vring_should_signal(&d->ring));
		break;
	case 4:
		if (in[1] & 1)
			must(vring_enable_notify(&d->ring) == vring_pending(&d->ring));
		else
			vring_disable_notify(&d->ring);
		break;
	case 5:
		if (in[1] & 2)
			stop(d, in[1] & 1);
		else
			must(!vring_revalidate(&d->ring));
		break;
	default: /* the driver's */
		memcpy(ram + at % (RAM_SIZE - 1), &value, sizeof(value));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct device d;
	size_t steps;

	if (size < 3)
		return 0;
	memset(&d, 0, sizeof(d));
	d.setup = (struct vring_setup){
		.avail = AVAIL,
		.used = USED,
		.packed = data[0] & 1,
		.event_idx = data[0] & 2,
		.indirect = data[0] & 4,
		.size = (uint16_t)(data[0] & 1 ? 1 + data[1] % 128 : 1 << data[1] % 8),
	};
	d.setup.base = vring_fresh_base(d.setup.packed);
	steps = data[2] % STEPS;
	data += 3;
	size -= 3;
	if (size < 5 * steps)
		steps = size / 5;
	size -= 5 * steps;
	ram = calloc(1, RAM_SIZE);
	must(ram);
	memcpy(ram, data + 5 * steps, size < RAM_SIZE ? size : RAM_SIZE);
	must(!vring_start(&d.ring, &mem, &d.setup));
	for (size_t i = 0; i < steps; i++) {
		step(&d, data + 5 * i);
		must(d.ring.inflight == d.nr);
	}
	while (d.nr)
		push(&d, 0, 1);
	must(!d.ring.inflight && !d.ring.slots);
	vring_stop(&d.ring);
	free(ram);
	return 0;
}
