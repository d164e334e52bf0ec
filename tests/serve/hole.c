/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hole SOCKET DISK [--packed]: a front end that gives memory back between requests on it, as QEMU
 * does for a balloon or free page reporting: by a hole in the file, of which no message tells the
 * back end. What is read afterwards must lie in the pages that are there then, and what is written
 * must come from them. Prints each case that is wrong; exit status 0: none is.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mm/util.h"
#include "tools/vhost/client.h"

#define MEMORY  (16u << 20)
#define WINDOW  (2u << 20) /* what the back end would register at a time */
#define LARGEST (1u << 20)
#define HEADER  CLIENT_RING_ROOM /* behind the ring */
#define ROUNDS  3

#define READ  0u
#define WRITE 1u

static const struct span {
	const char *name;
	uint64_t at; /* in memory, bytes */
	uint32_t len;
} spans[] = {
	{"a page", 4u << 20, 4096},
	{"64 KiB across 2 MiB", (6u << 20) - 32768, 65536},
	{"1 MiB", 10u << 20, LARGEST},
	{"8 KiB that no disk can take as it lies", (12u << 20) + 256, 8192},
};

static struct client client;
static int disk, wrong;
static uint8_t want[LARGEST], found[LARGEST];

static void die(const char *what)
{
	fprintf(stderr, "hole: %s\n", what);
	exit(2);
}

static void fill(uint8_t *to, uint32_t len, unsigned int seed)
{
	for (uint32_t i = 0; i < len; i++)
		to[i] = (uint8_t)(i * 31 + i / 4096 + seed * 59 + 1);
}

static void check(const char *what, const struct span *span, const void *got)
{
	if (!memcmp(got, want, span->len))
		return;
	printf("%s: %s\n", what, span->name);
	wrong++;
}

static void request(uint32_t type, const struct span *span)
{
	const struct client_request q = {
		.type = type, .data = span->at, .len = span->len, .header = HEADER};
	struct pollfd call = {.fd = client.ring[0].call, .events = POLLIN};
	uint64_t count;
	uint32_t len;

	client.mem[HEADER + 16] = 0xff;
	client_post(&client, 0, 0, &q);
	client_kick(&client.ring[0]);
	while (client_reap(&client.ring[0], &len)) {
		if (client_enable_call(&client.ring[0]))
			continue;
		if (poll(&call, 1, 60000) != 1)
			die("no answer in a minute");
		if (read(call.fd, &count, sizeof(count)) < 0)
			continue;
	}
	if (client.mem[HEADER + 16])
		die("a request failed");
}

/* The windows that a span lies in are given back, by the file or by the mapping. */
static void give_back(const struct span *span, bool by_file)
{
	const uint64_t from = span->at / WINDOW * WINDOW;
	const uint64_t to = (span->at + span->len + WINDOW - 1) / WINDOW * WINDOW;
	const int hole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

	if (by_file ? fallocate(client.mem_fd, hole, (off_t)from, (off_t)(to - from))
		    : madvise(client.mem + from, to - from, MADV_REMOVE))
		die("memory cannot be given back");
	memset(want, 0, span->len);
	check("memory that was given back is not zero", span, client.mem + span->at);
}

static void reads(const struct span *span, unsigned int round)
{
	fill(want, span->len, round);
	if (pwrite(disk, want, span->len, 0) != (ssize_t)span->len)
		die("the disk cannot be written");
	request(READ, span);
	check("read", span, client.mem + span->at);
	give_back(span, round & 1);
	fill(want, span->len, round);
	request(READ, span);
	check("read after memory was given back", span, client.mem + span->at);
}

static void writes(const struct span *span, const char *what)
{
	request(WRITE, span);
	if (pread(disk, found, span->len, 0) != (ssize_t)span->len)
		die("the disk cannot be read");
	memcpy(want, client.mem + span->at, span->len);
	check(what, span, found);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		die("usage: hole SOCKET DISK [--packed]");
	disk = open(argv[2], O_RDWR | O_CLOEXEC);
	if (disk < 0)
		die("the disk cannot be opened");
	if (client_init(&client, MEMORY))
		die("there is no memory");
	client.wants_packed = argc > 3;
	if (client_connect(&client, argv[1], 5000) || client_share(&client) ||
	    client_ring_init(&client, 0, 4, 0) || client_ring_start(&client, 0))
		die("the back end refuses");
	for (unsigned int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < ARRAY_SIZE(spans); i++) {
			const struct span *span = &spans[i];
			uint8_t *data = client.mem + span->at;

			reads(span, round);
			fill(data, span->len, round + 100);
			writes(span, "write");
			give_back(span, !(round & 1));
			writes(span, "write of memory that was given back");
			fill(data, span->len, round + 200);
			writes(span, "write of new data after memory was given back");
		}
	client_fini(&client);
	return wrong != 0;
}
