/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/attack/witness.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define IN   0u
#define OUT  1u
#define SLOT 0u

#define PATIENCE_MS 60000 /* a machine that is busy is not a service that hangs */

void witness_init(struct witness *w, struct client *client, unsigned int ring, uint64_t buffers,
		  uint64_t seed)
{
	*w = (struct witness){
		.client = client, .ring = ring, .buffers = buffers, .rng = {seed ^ 0x77}};
	w->disk = malloc(WITNESS_BYTES);
	must(w->disk, "no memory");
}

void witness_fini(struct witness *w)
{
	free(w->disk);
}

void witness_poll(const struct client *client, struct client_ring *ring)
{
	struct pollfd fd[] = {{.fd = ring->call, .events = POLLIN},
			      {.fd = client->fd, .events = POLLRDHUP}};
	uint64_t value;

	while (!client_enable_call(ring)) {
		must(poll(fd, 2, PATIENCE_MS) > 0, "no answer in a minute");
		must(!fd[1].revents, "the service has hung up");
		must(read(ring->call, &value, sizeof(value)) == sizeof(value), "no event");
	}
}

/* data: an offset in the buffers. */
static void request(struct witness *w, uint32_t type, uint64_t at, uint64_t data, uint32_t len)
{
	struct client_request q = {.type = type,
				   .sector = WITNESS_SECTOR + at / 512,
				   .data = w->buffers + CLIENT_HEADER_ROOM + data,
				   .len = len,
				   .header = w->buffers};
	struct client_ring *ring = &w->client->ring[w->ring];
	uint32_t written = 0;

	client_post(w->client, w->ring, SLOT, &q);
	client_kick(ring);
	witness_poll(w->client, ring);
	must(client_reap(ring, &written) == (int)SLOT, "an answer to what was not asked");
	must(w->client->mem[q.header + 16] == 0, "status %u, type %u, sector %#llx, %u bytes",
	     w->client->mem[q.header + 16], type, (unsigned long long)q.sector, len);
	must(written == (type == IN ? len + 1 : 1), "%u bytes written, of %u", written, len);
}

static uint8_t *buffer(struct witness *w, uint64_t data)
{
	return w->client->mem + w->buffers + CLIENT_HEADER_ROOM + data;
}

static void write_at(struct witness *w, uint64_t at, uint64_t data, uint32_t len)
{
	for (uint32_t i = 0; i < len; i += 8) {
		uint64_t value = rng_next(&w->rng);

		memcpy(w->disk + at + i, &value, sizeof(value));
	}
	memcpy(buffer(w, data), w->disk + at, len);
	request(w, OUT, at, data, len);
	w->writes++;
}

static void read_at(struct witness *w, uint64_t at, uint64_t data, uint32_t len)
{
	memset(buffer(w, data), 0xe5, len);
	request(w, IN, at, data, len);
	must(!memcmp(buffer(w, data), w->disk + at, len),
	     "what was written at byte %llu is not what is read", (unsigned long long)at);
	w->reads++;
}

void witness_fill(struct witness *w)
{
	for (uint64_t at = 0; at < WITNESS_BYTES; at += 128 * KIB)
		write_at(w, at, 4096 - CLIENT_HEADER_ROOM, 128 * KIB);
}

void witness_step(struct witness *w)
{
	/* Half of them as direct I/O wants them, half of them not. */
	bool even = rng_one_in(&w->rng, 2);
	uint32_t unit = even ? WITNESS_BLOCK : 512;
	uint32_t len = unit * (1 + rng_below(&w->rng, 8));
	uint64_t at = rng_below(&w->rng, (uint32_t)((WITNESS_BYTES - len) / unit + 1)) * unit;
	uint64_t data = even ? 4096 - CLIENT_HEADER_ROOM : rng_below(&w->rng, 9000);

	if (rng_one_in(&w->rng, 4))
		write_at(w, at, data, len);
	else
		read_at(w, at, data, len);
}

void witness_compare(struct witness *w)
{
	for (uint64_t at = 0; at < WITNESS_BYTES; at += 128 * KIB)
		read_at(w, at, 4096 - CLIENT_HEADER_ROOM, 128 * KIB);
}

void witness_compare_image(const struct witness *w, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *image = malloc(WITNESS_BYTES);

	must(fd >= 0 && image, "%s", path);
	must(pread(fd, image, WITNESS_BYTES, (off_t)(WITNESS_SECTOR * 512)) ==
		     (ssize_t)WITNESS_BYTES,
	     "%s", path);
	must(!memcmp(image, w->disk, WITNESS_BYTES), "%s has changed where nobody wrote", path);
	free(image);
	close(fd);
}
