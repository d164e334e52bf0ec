/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sessions SOCKET IMAGE COUNT SEED: COUNT front ends that mean harm, one after the other, each
 * a valid start of a session in which steps are left out, done twice, swapped, or sent
 * wrong (messages.c), until it hangs up. After each hundred an honest front end reads and
 * writes its part of the disk.
 */
#include <errno.h>
#include <string.h>

#include "tests/attack/messages.h"
#include "tests/attack/witness.h"

#define BATCH       100u
#define STEPS       12u /* of the honest front end */
#define MEMORY      (1 * MIB)
#define RING_OFFSET (64 * KIB)
#define BUFFERS     (128 * KIB)

struct honest {
	struct client client;
	struct witness witness;
	bool filled;
};

static void honest_session(struct honest *h, const char *socket, unsigned int turn)
{
	struct client *c = &h->client;
	int ret;

	c->wants_packed = turn & 1;
	c->plain = turn & 2;
	ret = client_connect(c, socket, 30000);
	must(!ret, "the service is gone: %s", strerror(-ret));
	must(!client_share(c), "its memory is refused");
	must(!client_ring_init(c, 0, 8, RING_OFFSET) && !client_ring_start(c, 0),
	     "its ring is refused");
	if (!h->filled)
		witness_fill(&h->witness);
	h->filled = true;
	for (unsigned int i = 0; i < STEPS; i++)
		witness_step(&h->witness);
	if (turn % 16 == 15)
		witness_compare(&h->witness);
	client_disconnect(c);
}

int main(int argc, char **argv)
{
	struct front front = {0};
	struct honest honest = {0};
	uint64_t count;

	if (argc != 5) {
		fprintf(stderr, "usage: sessions SOCKET IMAGE COUNT SEED\n");
		return 2;
	}
	front.socket = argv[1];
	front.rng.state = strtoull(argv[4], NULL, 0);
	count = strtoull(argv[3], NULL, 0);
	must(!client_init(&honest.client, MEMORY), "no memory");
	honest.client.timeout_ms = 60000;
	witness_init(&honest.witness, &honest.client, 0, BUFFERS, rng_next(&front.rng));
	front_init(&front);
	for (uint64_t i = 0; i < count; i++) {
		if (i % BATCH == 0)
			honest_session(&honest, argv[1], (unsigned int)(i / BATCH));
		front_session(&front);
	}
	honest_session(&honest, argv[1], 15);
	witness_compare_image(&honest.witness, argv[2]);
	for (uint64_t i = 0; i < FRONT_COUNTS; i++) {
		printf("%s %llu\n", front_count_names[i], (unsigned long long)front.count[i]);
		must(front.count[i], "none of '%s': more sessions are needed",
		     front_count_names[i]);
	}
	printf("sessions %llu\nwitness_reads %llu\nwitness_writes %llu\n",
	       (unsigned long long)count, (unsigned long long)honest.witness.reads,
	       (unsigned long long)honest.witness.writes);
	front_fini(&front);
	witness_fini(&honest.witness);
	client_fini(&honest.client);
	return 0;
}
