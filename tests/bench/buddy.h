/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plain binary buddy allocator of frames, one thread, as the peer that mm's frames
 * are measured against: free lists by order, last in first out, merging at once.
 */
#ifndef TESTS_BENCH_BUDDY_H
#define TESTS_BENCH_BUDDY_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BUDDY_MAX_ORDER 10u
#define BUDDY_NONE      UINT32_MAX
#define BUDDY_TAKEN     0xff

struct buddy {
	uint32_t frames;
	uint32_t head[BUDDY_MAX_ORDER + 1];
	uint32_t *next, *prev;
	uint8_t *order; /* of the free run that starts here, or BUDDY_TAKEN */
};

static inline void buddy_push(struct buddy *buddy, uint32_t frame, unsigned int order)
{
	uint32_t head = buddy->head[order];

	buddy->order[frame] = (uint8_t)order;
	buddy->next[frame] = head;
	buddy->prev[frame] = BUDDY_NONE;
	if (head != BUDDY_NONE)
		buddy->prev[head] = frame;
	buddy->head[order] = frame;
}

static inline void buddy_remove(struct buddy *buddy, uint32_t frame, unsigned int order)
{
	uint32_t next = buddy->next[frame];
	uint32_t prev = buddy->prev[frame];

	if (next != BUDDY_NONE)
		buddy->prev[next] = prev;
	if (prev != BUDDY_NONE)
		buddy->next[prev] = next;
	else
		buddy->head[order] = next;
	buddy->order[frame] = BUDDY_TAKEN;
}

/* frames: a multiple of 2^BUDDY_MAX_ORDER. */
static inline int buddy_create(struct buddy *buddy, uint32_t frames)
{
	buddy->frames = frames;
	buddy->next = calloc(frames, sizeof(*buddy->next));
	buddy->prev = calloc(frames, sizeof(*buddy->prev));
	buddy->order = malloc(frames);
	if (!buddy->next || !buddy->prev || !buddy->order)
		return -1;
	memset(buddy->order, BUDDY_TAKEN, frames);
	memset(buddy->head, 0xff, sizeof(buddy->head));
	for (uint32_t frame = frames; frame; frame -= 1u << BUDDY_MAX_ORDER)
		buddy_push(buddy, frame - (1u << BUDDY_MAX_ORDER), BUDDY_MAX_ORDER);
	return 0;
}

static inline void buddy_destroy(struct buddy *buddy)
{
	free(buddy->next);
	free(buddy->prev);
	free(buddy->order);
}

static inline uint32_t buddy_get(struct buddy *buddy, unsigned int order)
{
	unsigned int from = order;
	uint32_t frame;

	while (from <= BUDDY_MAX_ORDER && buddy->head[from] == BUDDY_NONE)
		from++;
	if (from > BUDDY_MAX_ORDER)
		return BUDDY_NONE;
	frame = buddy->head[from];
	buddy_remove(buddy, frame, from);
	while (from-- > order)
		buddy_push(buddy, frame + (1u << from), from);
	return frame;
}

static inline void buddy_put(struct buddy *buddy, uint32_t frame, unsigned int order)
{
	for (; order < BUDDY_MAX_ORDER; order++) {
		uint32_t other = frame ^ (1u << order);

		if (buddy->order[other] != order)
			break;
		buddy_remove(buddy, other, order);
		frame &= ~(1u << order);
	}
	buddy_push(buddy, frame, order);
}

/* Free frames that lie in whole free huge frames. */
static inline uint64_t buddy_whole(const struct buddy *buddy)
{
	uint64_t whole = 0;

	for (uint32_t frame = 0; frame < buddy->frames; frame += 512) {
		if (buddy->order[frame] != BUDDY_TAKEN && buddy->order[frame] >= 9)
			whole += 1ull << buddy->order[frame];
	}
	return whole;
}

#endif
