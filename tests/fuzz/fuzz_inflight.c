/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: the account of a ring of either format, as a hostile front end leaves it. The
 * input is the set-up, a list of steps, then what the account and guest memory have at first.
 * The steps are those of a device that takes chains and gives them back, and is killed and
 * started again now and then, and of a front end that writes to both meanwhile.
 *
 * The account is an allocation, so that a step over its edge is seen.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/ring_guest.h"
#include "tests/unit/virtio/vhost_user/inflight_track.h"

#define SEGS  64u
#define HELD  16u
#define STEPS 64u

static uint8_t *account;
static uint64_t account_size;

struct device {
	struct vring ring;
	struct vring_setup setup;
	struct vhost_user_inflight inflight;
	uint16_t desc_num;
	struct vring_chain held[HELD];
	struct iovec seg[HELD][SEGS];
	unsigned int nr;
};

/* A process that has just been started. Returns whether it takes the account up. */
static bool start(struct device *d)
{
	struct vhost_user_recovery recovery;
	uint16_t used_idx = 0;
	uint16_t used_flags = 0;
	uint16_t at;
	int ret;

	memset(&d->ring, 0, sizeof(d->ring));
	memset(&d->inflight, 0xa5, sizeof(d->inflight));
	d->nr = 0;
	d->setup.base = vring_fresh_base(d->setup.packed);
	if (d->setup.packed) {
		at = vhost_user_inflight_peek(account, d->desc_num);
		must(at < d->desc_num);
		if (at < d->setup.size)
			memcpy(&used_flags, ram + at * 16u + 14, sizeof(used_flags));
	} else {
		memcpy(&used_idx, ram + USED + 2, sizeof(used_idx));
		d->setup.base = used_idx | (uint32_t)used_idx << 16;
	}
	ret = vhost_user_inflight_attach(&d->inflight, account, d->desc_num, &d->setup, used_idx,
					 used_flags, &recovery);
	must(!ret || ret == -EBADMSG);
	if (ret)
		return false;
	must(recovery.resubmitted <= d->desc_num && recovery.recovered <= d->desc_num);
	must(!vring_start(&d->ring, &mem, &d->setup));
	return true;
}

static void pop(struct device *d)
{
	struct vring_chain *chain = &d->held[d->nr];
	unsigned int n;

	if (d->nr == HELD)
		return;
	chain->seg = d->seg[d->nr];
	chain->max_seg = SEGS;
	if (vring_pop(&d->ring, chain) != 1)
		return;
	must(chain->head < d->setup.size);
	n = chain->nr_readable + chain->nr_writable;
	for (unsigned int i = 0; i < n; i++) {
		uint8_t *base = chain->seg[i].iov_base;

		must(base >= ram && chain->seg[i].iov_len <= RAM_SIZE - (size_t)(base - ram));
	}
	for (unsigned int i = 0; i < d->nr; i++)
		must(d->held[i].head != chain->head);
	d->nr++;
}

static void push(struct device *d, unsigned int which)
{
	if (!d->nr)
		return;
	which %= d->nr;
	must(!vring_push(&d->ring, &d->held[which], 1));
	d->nr--;
	d->held[which] = d->held[d->nr];
	memcpy(d->seg[which], d->seg[d->nr], sizeof(d->seg[which]));
	d->held[which].seg = d->seg[which];
}

/* Returns whether the device goes on. */
static bool step(struct device *d, const uint8_t *in)
{
	uint16_t at;
	uint16_t value;

	memcpy(&at, in + 1, sizeof(at));
	memcpy(&value, in + 3, sizeof(value));
	switch (in[0] % 8) {
	case 0:
	case 1:
	case 2:
		pop(d);
		return true;
	case 3:
		push(d, in[1]);
		return true;
	case 4: /* killed in the midst of giving one back */
		if (d->nr && in[1] & 1)
			vhost_user_inflight_returning(&d->inflight, &d->ring,
						      &d->held[in[2] % d->nr]);
		return start(d);
	case 5:
		memcpy(account + at % (account_size - 1), &value, sizeof(value));
		return true;
	default:
		memcpy(ram + at % (RAM_SIZE - 1), &value, sizeof(value));
		return true;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct device d;
	size_t steps;
	size_t n;

	if (size < 4)
		return 0;
	memset(&d, 0, sizeof(d));
	d.setup = (struct vring_setup){
		.avail = AVAIL,
		.used = USED,
		.packed = data[0] & 1,
		.indirect = data[0] & 4,
		.size = (uint16_t)(data[0] & 1 ? 1 + data[1] % 128 : 1 << data[1] % 8),
		.track = &inflight_track_ops,
		.track_opaque = &d.inflight,
	};
	/* An account may be for larger rings. */
	d.desc_num = d.setup.size + (data[3] & 3);
	account_size = vhost_user_inflight_size(d.setup.packed, d.desc_num);
	steps = data[2] % STEPS;
	data += 4;
	size -= 4;
	if (size < 5 * steps)
		steps = size / 5;
	size -= 5 * steps;
	account = calloc(1, account_size);
	ram = calloc(1, RAM_SIZE);
	must(ram && account);
	n = size < account_size ? size : account_size;
	memcpy(account, data + 5 * steps, n);
	size -= n;
	memcpy(ram, data + 5 * steps + n, size < RAM_SIZE ? size : RAM_SIZE);
	if (start(&d))
		for (size_t i = 0; i < steps; i++)
			if (!step(&d, data + 5 * i))
				break;
	free(account);
	free(ram);
	return 0;
}
