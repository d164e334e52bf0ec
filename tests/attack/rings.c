/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rings SOCKET IMAGE COUNT SEED: a hostile driver of a disk that `slabvisor serve` serves. It
 * makes COUNT requests: some that are answered, each by one answer that says no more was written
 * than there is room for; some that no ring need survive, after which the ring is set up
 * again. Some are changed by a second thread while the device reads them. Queue 1 is the
 * witness's, who reads and writes his part of the disk all the time.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "tests/attack/arena.h"

#define QUEUE_SIZE   1024u
#define WITNESS_RING (64 * KIB)
#define BUFFERS      (128 * KIB)
#define ROUNDS       150u /* of a session */
#define AT_ONCE      16u
#define KINDS        32u

static struct {
	struct client client;
	struct arena arena;
	struct witness witness;
	struct rng rng;
	const char *socket;
	uint64_t requests, answers, rings, sessions, raced, recovered;
	uint64_t chains[KINDS], wild[KINDS];
	_Atomic unsigned int racing; /* 2: the other thread is at it */
} t;

static void fill_canary(void)
{
	for (uint64_t at = CANARY; at < TRUSTED_BYTES; at++)
		t.client.mem[at] = (uint8_t)(at * 167 >> 3);
}

static void check_canary(void)
{
	for (uint64_t at = CANARY; at < TRUSTED_BYTES; at++)
		must(t.client.mem[at] == (uint8_t)(at * 167 >> 3),
		     "byte %llu of memory that no request names has changed",
		     (unsigned long long)at);
}

static void *race(void *opaque)
{
	struct rng rng = {0x1234};

	(void)opaque;
	/* Acquire and release: the arena is not touched when it is 0. */
	for (;;) {
		unsigned int racing = atomic_load_explicit(&t.racing, memory_order_acquire);

		if (racing == 3)
			return NULL;
		if (!racing) {
			usleep(100);
			continue;
		}
		if (racing == 1)
			atomic_store_explicit(&t.racing, 2, memory_order_release);
		for (unsigned int i = 0; i < 64; i++)
			wild_store(&t.arena, &rng);
		/* Asked to stop: tells that it has. */
		racing = 4;
		atomic_compare_exchange_strong_explicit(&t.racing, &racing, 0, memory_order_acq_rel,
							memory_order_acquire);
	}
}

static void race_is(unsigned int wanted, unsigned int until)
{
	atomic_store_explicit(&t.racing, wanted, memory_order_release);
	while (atomic_load_explicit(&t.racing, memory_order_acquire) != until)
		usleep(1);
}

static int share(void)
{
	struct client *c = &t.client;
	struct vhost_user_table table = {.nr = 2};
	const int fds[] = {c->mem_fd, c->mem_fd};

	table.region[0] =
		(struct vhost_user_region){TRUSTED_GPA, TRUSTED_BYTES, (uintptr_t)c->mem, 0};
	table.region[1] = (struct vhost_user_region){
		ARENA_GPA, ARENA_BYTES, (uintptr_t)c->mem + TRUSTED_BYTES, TRUSTED_BYTES};
	return client_tell(c, VHOST_USER_SET_MEM_TABLE, &table, 8 + 2 * sizeof(table.region[0]),
			   fds, 2);
}

static int attack_ring_start(void)
{
	struct client_ring *r = &t.client.ring[0];
	uint16_t slots = (uint16_t)(8u << rng_below(&t.rng, 8));

	if (t.client.plain)
		slots = 85;
	must(!client_ring_init(&t.client, 0, slots, TRUSTED_BYTES), "ring 0");
	/* No power of two is needed of a packed one. */
	if (r->packed)
		r->size = (uint16_t)(r->size - rng_below(&t.rng, r->size / 4));
	t.arena.put = 0;
	t.rings++;
	return client_ring_start(&t.client, 0);
}

/* Connects, and brings both rings up. */
static void begin(bool fresh)
{
	struct client *c = &t.client;
	int ret;

	c->wants_packed = rng_one_in(&t.rng, 2);
	c->plain = rng_one_in(&t.rng, 4);
	c->no_event_idx = rng_one_in(&t.rng, 3);
	ret = client_connect(c, t.socket, 30000);
	must(!ret, "the service is gone: %s", strerror(-ret));
	must(!share(), "memory");
	if (c->inflight_fd >= 0 && rng_one_in(&t.rng, 2)) {
		close(c->inflight_fd);
		c->inflight_fd = -1;
	}
	/* What the last session left in it, whatever its rings were: with it, a ring starts or
	 * is refused. */
	if (c->inflight_fd >= 0) {
		ret = client_share_inflight(c, 2, QUEUE_SIZE);
		if (!ret)
			ret = attack_ring_start();
		t.recovered += !ret;
		client_disconnect(c);
		close(c->inflight_fd);
		c->inflight_fd = -1;
		ret = client_connect(c, t.socket, 30000);
		must(!ret && !share(), "the service is gone: %s", strerror(-ret));
	}
	if (rng_one_in(&t.rng, 3))
		must(!client_share_inflight(c, 2, QUEUE_SIZE), "an inflight region");
	must(!client_ring_init(c, 1, 8, WITNESS_RING) && !client_ring_start(c, 1), "ring 1");
	must(!attack_ring_start(), "ring 0");
	t.sessions++;
	if (fresh)
		witness_fill(&t.witness);
	witness_step(&t.witness);
}

static void kick(void)
{
	const uint64_t one = 1;

	must(write(t.client.ring[0].kick, &one, sizeof(one)) == sizeof(one), "a kick");
}

/* The number of a used request, or -1. */
static int reap(uint32_t *len, const uint16_t *id, unsigned int n)
{
	struct client_ring *r = &t.client.ring[0];
	uint32_t got;
	unsigned int i;

	if (r->packed) {
		const struct vring_packed_desc *d =
			(struct vring_packed_desc *)r->desc + r->next_used;
		uint16_t flags = atomic_load_explicit(&d->flags, memory_order_acquire);

		if (!(flags & VRING_F_AVAIL) != !(flags & VRING_F_USED) ||
		    !(flags & VRING_F_USED) != !r->used_wrap)
			return -1;
		got = d->id;
		*len = d->len;
	} else {
		const struct vring_used *used = r->used;

		if (atomic_load_explicit(&used->idx, memory_order_acquire) == r->next_used)
			return -1;
		got = used->ring[r->next_used & (r->size - 1)].id;
		*len = used->ring[r->next_used & (r->size - 1)].len;
	}
	for (i = 0; i < n && id[i] != got; i++)
		;
	must(i < n, "answer to %u, which was not asked", got);
	if (!r->packed) {
		r->next_used++;
		return (int)i;
	}
	/* As many entries as it took. */
	got = r->next_used + (i + 1 < n ? id[i + 1] : t.arena.put) - id[i];
	r->used_wrap ^= got >= r->size;
	r->next_used = (uint16_t)(got >= r->size ? got - r->size : got);
	return (int)i;
}

/* Requests that are answered, each of them once. */
static void answered_round(void)
{
	static struct chain chain[AT_ONCE];
	unsigned int kind[AT_ONCE];
	unsigned int n = 0;
	bool done[AT_ONCE] = {false};
	uint16_t id[AT_ONCE];
	struct client_ring *r = &t.client.ring[0];
	uint32_t len;

	t.arena.put = 0;
	while (n < AT_ONCE) {
		kind[n] = chain_make(&t.arena, &chain[n], n);
		if (!chain_post(&t.arena, &chain[n], &id[n]))
			break;
		t.chains[kind[n]]++;
		n++;
	}
	kick();
	for (unsigned int left = n; left; left--) {
		const struct chain *c;
		int i;

		while ((i = reap(&len, id, n)) < 0)
			witness_poll(&t.client, r);
		c = &chain[i];
		must(!done[i], "answered twice: %s", chain_kind(kind[i]));
		done[i] = true;
		must(len <= c->writable, "%u bytes written into %llu: %s", len,
		     (unsigned long long)c->writable, chain_kind(kind[i]));
		/* In the data another request may have written over it. */
		if (!c->allowed || c->d[c->n - 1].addr >= ARENA_GPA + ARENA_DATA)
			continue;
		must(c->allowed >> *chain_status(&t.arena, c) & 1, "status %u: %s",
		     *chain_status(&t.arena, c), chain_kind(kind[i]));
	}
	t.requests += n;
	t.answers += n;
}

/* Stops ring 0 and starts it again; or all of it. */
static void again(bool hang_up)
{
	uint32_t base;

	/* With an account a ring goes on where it was, which it cannot. */
	if (hang_up || t.client.inflight_fd >= 0) {
		client_disconnect(&t.client);
		begin(false);
		return;
	}
	must(!client_ring_stop(&t.client, 0, &base), "ring 0 does not stop");
	must(!attack_ring_start(), "ring 0 does not start");
}

static void wild_round(void)
{
	unsigned int n = 1 + rng_below(&t.rng, 3);
	/* Several times as many that do not kill the ring before. */
	while (n--) {
		t.wild[wild_post(&t.arena)]++;
		t.requests++;
		kick();
		/* By the time the witness has its answer, the ring was looked at. */
		if (!rng_one_in(&t.rng, 8))
			witness_step(&t.witness);
	}
	again(rng_one_in(&t.rng, 10));
}

/* Chains that change while they are read. */
static void raced_round(void)
{
	static struct chain chain;
	uint16_t id;

	t.arena.put = 0;
	race_is(1, 2);
	for (unsigned int n = 0; n < AT_ONCE; n++) {
		chain_make(&t.arena, &chain, rng_below(&t.rng, HEADS));
		if (!chain_post(&t.arena, &chain, &id))
			break;
		kick();
		t.requests++;
		t.raced++;
	}
	witness_step(&t.witness);
	race_is(4, 0);
	again(rng_one_in(&t.rng, 10));
}

/* Memory goes while requests are in it. */
static void memory_goes(void)
{
	const struct vhost_user_single_region gone = {
		.region = {ARENA_GPA, ARENA_BYTES, (uintptr_t)t.client.mem + TRUSTED_BYTES,
			   TRUSTED_BYTES}};
	static struct chain chain;
	uint16_t id;

	t.arena.put = 0;
	chain_make(&t.arena, &chain, 0);
	if (chain_post(&t.arena, &chain, &id))
		t.requests++;
	kick();
	/* Refused or not: the ring in it is no more, and the session may be over. */
	if (!client_tell(&t.client, VHOST_USER_REM_MEM_REG, &gone, sizeof(gone), NULL, 0))
		witness_step(&t.witness);
	again(true);
}

static void run(uint64_t count)
{
	for (unsigned int rounds = 1; t.requests < count; rounds++) {
		switch (rng_below(&t.rng, 10)) {
		case 0:
		case 1:
		case 2:
			wild_round();
			break;
		case 3:
			raced_round();
			break;
		case 4:
			if (rng_one_in(&t.rng, 10))
				memory_goes();
			break;
		default:
			answered_round();
			witness_step(&t.witness);
		}
		if (rounds % ROUNDS)
			continue;
		check_canary();
		witness_compare(&t.witness);
		again(true);
	}
}

static void report(const char *what, const char *(*name)(unsigned int), const uint64_t *count)
{
	for (unsigned int i = 0; name(i); i++) {
		printf("%s: %s %llu\n", what, name(i), (unsigned long long)count[i]);
		must(count[i], "nothing of the kind '%s' was asked: more requests are needed",
		     name(i));
	}
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc != 5) {
		fprintf(stderr, "usage: rings SOCKET IMAGE COUNT SEED\n");
		return 2;
	}
	t.socket = argv[1];
	t.rng.state = strtoull(argv[4], NULL, 0);
	must(!client_init(&t.client, TRUSTED_BYTES + ARENA_BYTES), "no memory");
	t.client.gpa = TRUSTED_GPA;
	t.client.timeout_ms = 60000;
	t.arena = (struct arena){.client = &t.client,
				 .ring = &t.client.ring[0],
				 .rng = {rng_next(&t.rng)},
				 .mem = t.client.mem + TRUSTED_BYTES};
	witness_init(&t.witness, &t.client, 1, BUFFERS, rng_next(&t.rng));
	fill_canary();
	must(!pthread_create(&thread, NULL, race, NULL), "no thread");
	begin(true);
	run(strtoull(argv[3], NULL, 0));
	check_canary();
	witness_compare(&t.witness);
	client_disconnect(&t.client);
	witness_compare_image(&t.witness, argv[2]);
	atomic_store(&t.racing, 3);
	pthread_join(thread, NULL);
	report("answered", chain_kind, t.chains);
	report("wild", wild_kind, t.wild);
	printf("requests %llu\nanswered %llu\nraced %llu\nrings %llu\nsessions %llu\nrecovered %llu\n"
	       "witness_reads %llu\nwitness_writes %llu\n",
	       (unsigned long long)t.requests, (unsigned long long)t.answers,
	       (unsigned long long)t.raced, (unsigned long long)t.rings,
	       (unsigned long long)t.sessions, (unsigned long long)t.recovered,
	       (unsigned long long)t.witness.reads, (unsigned long long)t.witness.writes);
	witness_fini(&t.witness);
	client_fini(&t.client);
	return 0;
}
