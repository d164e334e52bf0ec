/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * punch SOCKET IMAGE COUNT [--packed]: a front end that gives memory back while it has many
 * requests under way, whole areas and single pages, beside the pages of requests and before they
 * are used again. It reads the image's first part COUNT times, writes new data behind it each time
 * and reads those again; it knows no more of what is right than the image says by direct I/O on the
 * host.
 *
 * A hole is only ever made where no request lies: what the back end does with one that lies there
 * is between it and a broken front end.
 *
 * Prints figures. Exit status 0: all was done, whatever the checksums are.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/soak/sum.h"
#include "tools/vhost/client.h"

#define PAGE    4096u
#define DEPTH   32u
#define AREA    (2u << 20) /* of a slot, for its data */
#define HEADERS CLIENT_RING_ROOM
#define AREAS   AREA /* where they begin: behind ring and headers */
#define MEMORY  (AREAS + (uint64_t)DEPTH * AREA)
#define DATA    (64u << 20)
#define SCRATCH (16u << 20)
#define LARGEST (512u << 10)

#define READ  0u
#define WRITE 1u

/* A piece of the disk under way: len bytes at disk, of which the copy is at plain. */
struct slot {
	bool busy;
	uint32_t type, len;
	uint64_t disk, at; /* on the disk, in memory; bytes */
	uint8_t *plain;
};

static struct client client;
static struct slot slots[DEPTH];
static uint64_t given, requests, zeroes;

static void die(const char *what)
{
	fprintf(stderr, "punch: %s: %s\n", what, strerror(errno));
	exit(2);
}

static uint64_t resident(void)
{
	struct stat st;

	if (fstat(client.mem_fd, &st))
		die("fstat");
	return (uint64_t)st.st_blocks * 512;
}

/* Makes a hole of whole pages within a range where no request lies. */
static void give_back(uint64_t from, uint64_t to)
{
	const int hole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	uint64_t before = resident();
	uint64_t after;

	from = (from + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	to &= ~(uint64_t)(PAGE - 1);
	if (from >= to)
		return;
	if (soak_random() >> 63 ? fallocate(client.mem_fd, hole, (off_t)from, (off_t)(to - from))
				: madvise(client.mem + from, to - from, MADV_REMOVE))
		die("memory cannot be given back");
	after = resident();
	/* A read that is under way may bring a page meanwhile. */
	given += before > after ? before - after : 0;
}

/* Starts a request of a slot; what lies around it is given back while it is under way. */
static void start(unsigned int i, uint32_t type, uint64_t disk, uint8_t *plain, uint32_t len)
{
	struct slot *slot = &slots[i];
	const uint64_t area = AREAS + (uint64_t)i * AREA;
	const uint64_t chance = soak_random();
	/* Mostly of pages, else of sectors. */
	const uint32_t unit = chance & 7 ? PAGE : 512;
	struct client_request request;

	*slot = (struct slot){true, type, len, disk, area, plain};
	slot->at += (chance >> 8) % ((AREA - len) / unit) * unit;
	if (chance >> 3 & 1)
		give_back(area, area + AREA);
	else if (chance >> 4 & 1)
		give_back(slot->at, slot->at + len / 2);
	if (type == WRITE)
		memcpy(client.mem + slot->at, plain, len);
	else if (chance >> 5 & 1)
		memset(client.mem + slot->at, 0x5a, len);
	request = (struct client_request){
		.type = type,
		.sector = disk / 512,
		.data = slot->at,
		.len = len,
		.header = HEADERS + i * CLIENT_HEADER_ROOM,
	};
	client_post(&client, 0, (uint16_t)i, &request);
	client_kick(&client.ring[0]);
	requests++;
	if (chance >> 6 & 1) {
		give_back(area, slot->at);
		give_back(slot->at + len, area + AREA);
	}
}

static void finish(unsigned int i)
{
	struct slot *slot = &slots[i];

	if (!slot->busy || client.mem[HEADERS + i * CLIENT_HEADER_ROOM + 16])
		die("a request failed");
	if (slot->type == READ)
		memcpy(slot->plain, client.mem + slot->at, slot->len);
	slot->busy = false;
}

/* Waits for a request to be done; its slot. */
static unsigned int next_done(void)
{
	struct pollfd call = {.fd = client.ring[0].call, .events = POLLIN};
	uint64_t count;
	uint32_t len;
	int i;

	while ((i = client_reap(&client.ring[0], &len)) < 0) {
		if (i != -1)
			die("the back end answers what was not asked");
		if (client_enable_call(&client.ring[0]))
			continue;
		if (poll(&call, 1, 60000) != 1)
			die("no answer in a minute");
		if (read(call.fd, &count, sizeof(count)) < 0)
			continue;
	}
	finish((unsigned int)i);
	return (unsigned int)i;
}

/* Reads or writes a part of the disk by requests of all sizes. */
static void transfer(uint32_t type, uint64_t disk, uint8_t *plain, uint32_t size)
{
	unsigned int free_slots[DEPTH];
	unsigned int nr_free;
	uint32_t done = 0;
	uint32_t len;

	for (nr_free = 0; nr_free < DEPTH; nr_free++)
		free_slots[nr_free] = nr_free;
	while (done < size) {
		if (!nr_free)
			free_slots[nr_free++] = next_done();
		len = (uint32_t)(soak_random() >> 32) % (LARGEST / 512) /
		      (soak_random() & 1 ? 1 : 16);
		len = (len + 1) * 512;
		if (len > size - done)
			len = size - done;
		start(free_slots[--nr_free], type, disk + done, plain + done, len);
		done += len;
	}
	for (unsigned int i = nr_free; i < DEPTH; i++)
		next_done();
}

/* The checksum of what the image has, past the host's page cache. */
static uint64_t image_sum(int image, uint64_t offset, uint32_t size)
{
	uint8_t *buf = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t sum;
	uint64_t none = 0;

	if (buf == MAP_FAILED || pread(image, buf, size, (off_t)offset) != (ssize_t)size)
		die("the image cannot be read");
	sum = soak_sum((uint64_t *)buf, size, &none);
	munmap(buf, size);
	return sum;
}

int main(int argc, char **argv)
{
	unsigned int count;
	unsigned int i;
	unsigned int wrong = 0;
	unsigned int wrong_again = 0;
	unsigned int wrong_written = 0;
	uint64_t right;
	uint64_t sum;
	uint64_t none = 0;
	uint8_t *plain = malloc(DATA);
	int image;

	if (argc < 4) {
		fprintf(stderr, "usage: punch SOCKET IMAGE COUNT [--packed]\n");
		return 2;
	}
	count = (unsigned int)atoi(argv[3]);
	image = open(argv[2], O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (!plain || image < 0)
		die(argv[2]);
	if (client_init(&client, MEMORY))
		die("there is no memory");
	client.wants_packed = argc > 4;
	if (client_connect(&client, argv[1], 5000) || client_share(&client) ||
	    client_ring_init(&client, 0, DEPTH, 0) || client_ring_start(&client, 0))
		die("the back end refuses");
	right = image_sum(image, 0, DATA);
	for (i = 0; i < count; i++) {
		transfer(READ, 0, plain, DATA);
		wrong += soak_sum((uint64_t *)plain, DATA, &zeroes) != right;
		soak_fill((uint64_t *)plain, SCRATCH);
		sum = soak_sum((uint64_t *)plain, SCRATCH, &none);
		transfer(WRITE, DATA, plain, SCRATCH);
		wrong_written += image_sum(image, DATA, SCRATCH) != sum;
		memset(plain, 0, SCRATCH);
		transfer(READ, DATA, plain, SCRATCH);
		wrong_again += soak_sum((uint64_t *)plain, SCRATCH, &zeroes) != sum;
	}
	printf("sums %u checksums\nwrong %u checksums\nzero_words %lu words\n"
	       "written %u checksums\nwrong_again %u checksums\nwrong_on_disk %u checksums\n"
	       "requests %lu requests\ngiven_back %lu MiB\n",
	       i, wrong, zeroes, i, wrong_again, wrong_written, requests, given >> 20);
	client_fini(&client);
	free(plain);
	return 0;
}
