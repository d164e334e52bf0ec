/* SPDX-License-Identifier: BSD-2-Clause */
/* mm_check(): it agrees with a heap whatever was done to it, and finds what was planted. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mm/heap.h"
#include "tests/unit/mm/util.h"

#define THINGS 300u

/* What is out: an object of a cache, or (cache 0) a run. */
struct thing {
	uint64_t addr;
	int cache;
	unsigned int pins;
	bool freed; /* while it was pinned */
};

static void thing_take(struct mm_heap *heap, struct thing *thing, uint64_t *seed)
{
	unsigned int cpu = (unsigned int)(util_random(seed) % 3);
	unsigned int order = (unsigned int)(util_random(seed) % 5);
	long got;

	thing->cache = util_random(seed) % 3 ? 1 + (int)(util_random(seed) % MM_CLASSES) : 0;
	if (!(util_random(seed) % 100))
		order = MM_MAX_ORDER - order % 2;
	if (thing->cache)
		got = mm_alloc_bulk(heap, cpu, thing->cache, MM_NODE_ANY, 0, 0, 0, 1, &thing->addr);
	else
		got = mm_pages_alloc(heap, cpu, order, MM_NODE_ANY, 0, 1, &thing->addr);
	thing->addr = got == 1 ? thing->addr & ~MM_ADDR_FLAGS : 0;
}

/* Pins, unpins or frees: what is freed while it is pinned goes with its last pin. */
static void thing_change(struct mm_heap *heap, struct thing *thing, uint64_t *seed)
{
	uint64_t frame = thing->addr & ~(MM_FRAME_SIZE - 1);
	struct mm_bad bad;
	size_t nr_bad;

	if (!thing->freed && !(util_random(seed) % 3)) {
		thing->pins += mm_pin(heap, 1, &frame) == 1;
		return;
	}
	if (thing->pins && util_random(seed) % 2) {
		assert_int_equal(mm_unpin(heap, 1, &frame, &bad, &nr_bad), 1);
		thing->pins--;
	} else if (!thing->freed) {
		if (thing->cache)
			util_free(heap, thing->cache, thing->addr, 0);
		else
			util_free_run(heap, thing->addr, 0);
		thing->freed = true;
	}
	if (thing->freed && !thing->pins)
		memset(thing, 0, sizeof(*thing));
}

static void agrees_after_random_steps(unsigned int debug)
{
	struct mm_config config = util_config(64 * MIB, 3);
	struct thing thing[THINGS] = {0};
	struct mm_heap *heap;
	uint64_t seed = 11;

	config.range[0].base += 6 * MIB;
	config.reclaim_delay_ms = 0;
	config.debug = debug;
	heap = util_heap(&config);
	for (int round = 0; round < 12000; round++) {
		struct thing *one = &thing[util_random(&seed) % THINGS];

		if (one->addr)
			thing_change(heap, one, &seed);
		else
			thing_take(heap, one, &seed);
		if (!(round % 1500))
			(void)mm_reclaim(heap);
		if (!(round % 150))
			util_check(heap);
	}
	mm_heap_reset(heap);
	util_check(heap);
	mm_heap_destroy(heap);
}

static void a_heap_agrees_with_itself_after_random_steps(void **state)
{
	(void)state;
	agrees_after_random_steps(0);
}

static void a_debugged_heap_does_too(void **state)
{
	(void)state;
	agrees_after_random_steps(MM_DEBUG_POISON | MM_DEBUG_REDZONE | MM_HARDEN_QUARANTINE |
				  MM_HARDEN_RANDOM | MM_HARDEN_GUARD);
}

/* What is planted is found and named, and what is put right again is not. */
#define FINDS(heap, what, saying)                                                            \
	do {                                                                                 \
		const char *why_;                                                            \
		what;                                                                        \
		why_ = mm_check(heap);                                                       \
		if (!why_ || !strstr(why_, saying))                                          \
			fail_msg("%s: \"%s\", not \"%s\"", #what, why_ ? why_ : "", saying); \
	} while (0)

static struct slab *slab_of(struct mm_heap *heap, uint64_t addr)
{
	frame_t frame;

	assert_true(map_frame(&heap->map, addr, &frame));
	return &heap->slabs.slab[heap->slabs.of[frame.nr]];
}

static void a_wrong_bit_of_a_slab_is_found(void **state)
{
	const struct mm_config config = util_config(16 * MIB, 2);
	struct mm_heap *heap = util_heap(&config);
	uint64_t addr = util_alloc(heap, 5, 0) & ~MM_ADDR_FLAGS;
	struct slab *slab = slab_of(heap, addr);

	(void)state;
	FINDS(heap, slab->free[0] ^= 1, "bits of");
	slab->free[0] ^= 1;
	FINDS(heap, slab->used++, "bits of");
	slab->used--;
	FINDS(heap, slab->cap--, "does not look as");
	slab->cap++;
	FINDS(heap, slab_set_state(slab, SLAB_FULL), "active on 1 CPU");
	slab_set_state(slab, SLAB_ACTIVE);
	FINDS(heap, heap->slabs.cache[5].nr_slabs++, "counts 2 slabs");
	heap->slabs.cache[5].nr_slabs--;
	FINDS(heap, heap->slabs.cpu[1].count[5].freed++, "cache 5 counts 0 objects");
	heap->slabs.cpu[1].count[5].freed--;
	FINDS(heap, heap->slabs.of[slab->frame]++, "found as another's");
	heap->slabs.of[slab->frame]--;
	FINDS(heap, slab->lock.held = 1, "held at rest");
	slab->lock.held = 0;
	util_check(heap);
	mm_heap_destroy(heap);
}

static void a_wrong_list_is_found(void **state)
{
	const struct mm_config config = util_config(16 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	uint64_t addr[1025];
	struct slab_list *list = &heap->slabs.cache[4].list[0];
	struct slab *slab;

	(void)state;
	/* The first slab is full until one of its objects is freed, and the CPU has gone on. */
	assert_int_equal(mm_alloc_bulk(heap, 0, 4, MM_NODE_ANY, 0, 0, 0, 1025, addr), 1025);
	util_free(heap, 4, addr[0], 0);
	slab = slab_of(heap, addr[0] & ~MM_ADDR_FLAGS);
	assert_int_equal(slab_get_state(slab), SLAB_LISTED);
	util_check(heap);
	FINDS(heap, list->nr_empty++, "empty slabs");
	list->nr_empty--;
	FINDS(heap, slab->empty = true, "is listed as empty");
	slab->empty = false;
	FINDS(heap, slab->prev = 1, "does not belong");
	slab->prev = 0;
	FINDS(heap, list->head = list->tail = 0, "are listed");
	list->head = list->tail = (uint32_t)(slab - heap->slabs.slab);
	util_check(heap);
	mm_heap_destroy(heap);
}

static void a_wrong_frame_is_found(void **state)
{
	const struct mm_config config = util_config(16 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	uint64_t addr = util_run(heap, 3, 0) & ~MM_ADDR_FLAGS;
	struct frame_field *used;
	frame_t frame;
	struct frame_tree *tree;

	(void)state;
	assert_true(map_frame(&heap->map, addr, &frame));
	used = &heap->frames.used[frame.nr / FRAME_PER_HUGE];
	tree = &heap->frames.trees[0];
	FINDS(heap, used->row[7] ^= 1ull << 63, "bits of");
	used->row[7] ^= 1ull << 63;
	FINDS(heap, tree->child[frame.nr / FRAME_PER_HUGE % FRAME_CHILDREN] ^= FRAME_CHILD_BUSY,
	      "at rest");
	tree->child[frame.nr / FRAME_PER_HUGE % FRAME_CHILDREN] ^= FRAME_CHILD_BUSY;
	FINDS(heap, tree->sum++, "tree 0");
	tree->sum--;
	FINDS(heap, heap->frames.nr_backed++, "said to be backed");
	heap->frames.nr_backed--;
	FINDS(heap, heap->map.byte[frame.nr - heap->map.first + 1] = MM_PM_NONE, "begins no run");
	heap->map.byte[frame.nr - heap->map.first + 1] = MM_PM_TAIL;
	FINDS(heap, heap->map.count[0].given++, "counted as handed out");
	heap->map.count[0].given--;
	util_check(heap);
	mm_heap_destroy(heap);
}

static void a_wrong_pin_is_found(void **state)
{
	const struct mm_config config = util_config(16 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	uint64_t run = util_run(heap, 0, 0) & ~MM_ADDR_FLAGS;
	uint64_t object = util_alloc(heap, 12, 0) & ~(MM_FRAME_SIZE - 1);
	struct slab *slab = slab_of(heap, object);
	frame_t frame;

	(void)state;
	assert_true(map_frame(&heap->map, run, &frame));
	assert_int_equal(mm_pin(heap, 1, &run), 1);
	assert_int_equal(mm_pin(heap, 1, &object), 1);
	util_check(heap);
	FINDS(heap, heap->pins.word[frame.nr]++, "there are 2");
	heap->pins.word[frame.nr]--;
	FINDS(heap, pin_block_of(&heap->pins, frame)->freed++, "1 freed runs");
	pin_block_of(&heap->pins, frame)->freed--;
	FINDS(heap, slab->pins++, "counts 2 pins");
	slab->pins--;
	FINDS(heap, slab->held = NULL, "not what to note frees in");
	slab->held = &heap->slabs.held[slab - heap->slabs.slab];
	FINDS(heap, heap->pins.total += 2, "4 pins are counted, frames have 2");
	heap->pins.total -= 2;
	util_check(heap);
	mm_heap_destroy(heap);
}

/* Runs a step that a comment forbids in a process of its own. */
static void assert_aborts(void (*step)(struct mm_heap *heap))
{
	const struct mm_config config = util_config(16 * MIB, 1);
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		struct mm_heap *heap = util_heap(&config);

		(void)util_alloc(heap, 5, 0);
		/* What the assertion prints is no part of the test's output. */
		(void)close(STDERR_FILENO);
		step(heap);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void put_a_slot_without_the_lock(struct mm_heap *heap)
{
	slab_put_slot(&heap->slabs.slab[1], 0);
}

static void put_a_slot_twice(struct mm_heap *heap)
{
	mm_lock(&heap->slabs.slab[1].lock);
	slab_put_slot(&heap->slabs.slab[1], 1);
}

static void give_frames_back_that_are_free(struct mm_heap *heap)
{
	uint64_t taken;
	frame_t frame;

	assert_int_equal(frame_get_bulk(&heap->frames, 0, 1, MM_NODE_ANY, 0, 1, &taken), 1);
	frame = frame_at(taken);
	frame_put_bulk(&heap->frames, 0, 1, 1, &frame);
	frame_put_bulk(&heap->frames, 0, 1, 1, &frame);
}

static void drain_under_a_lock(struct mm_heap *heap)
{
	mm_lock(&heap->slabs.spare_lock);
	slab_set_drain(&heap->slabs);
}

static void lock_what_is_locked(struct mm_heap *heap)
{
	mm_lock(&heap->slabs.lock);
	mm_lock(&heap->slabs.lock);
}

static void end_a_heap_with_a_wrong_count(struct mm_heap *heap)
{
	heap->slabs.slab[1].used++;
	mm_heap_destroy(heap);
}

static void what_comments_forbid_ends_the_process(void **state)
{
	(void)state;
	assert_aborts(put_a_slot_without_the_lock);
	assert_aborts(put_a_slot_twice);
	assert_aborts(give_frames_back_that_are_free);
	assert_aborts(drain_under_a_lock);
	assert_aborts(lock_what_is_locked);
	assert_aborts(end_a_heap_with_a_wrong_count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_heap_agrees_with_itself_after_random_steps),
		cmocka_unit_test(a_debugged_heap_does_too),
		cmocka_unit_test(a_wrong_bit_of_a_slab_is_found),
		cmocka_unit_test(a_wrong_list_is_found),
		cmocka_unit_test(a_wrong_frame_is_found),
		cmocka_unit_test(a_wrong_pin_is_found),
		cmocka_unit_test(what_comments_forbid_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
