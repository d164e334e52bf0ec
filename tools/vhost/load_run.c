/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The load: depth requests in flight on each queue, each replaced as it is answered. One
 * thread has all queues, and waits as a guest would, by an eventfd.
 *
 * Verifying, each block has a version, which a write raises and a read checks. No two
 * requests are on the same block at once, so what a read must find is known, also while
 * a back end is killed and started again.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "mm/host/clock.h"
#include "tools/vhost/load.h"
#include "vmm/base/cli.h"

#define SECTOR    512u
#define BLK_IN    0u
#define BLK_OUT   1u
#define BLK_FLUSH 4u
#define HANG_MS   30000

struct slot {
	struct client_request request;
	uint64_t block, since;
	bool busy, write, flush;
};

struct load {
	const struct load_config *config;
	struct load_result *result;
	struct client client;
	struct slot *slot; /* queue * depth + i */
	uint32_t *version; /* by block, when verifying */
	uint8_t *taken;
	uint64_t blocks, next, random, posted, inflight, unflushed;
	bool stopping;
};

static uint64_t next_random(uint64_t *state)
{
	/* xorshift64* (Vigna, 2016). */
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

void load_fill(uint8_t *data, uint32_t len, uint64_t block, uint32_t version, uint64_t seed)
{
	uint64_t word = (block + 1) * 0x9e3779b97f4a7c15ull ^ seed ^ (uint64_t)version << 32;

	for (uint32_t i = 0; i + 8 <= len; i += 8) {
		memcpy(data + i, &word, 8);
		word = word * 6364136223846793005ull + 1442695040888963407ull;
	}
}

bool load_check(const uint8_t *data, uint32_t len, uint64_t block, uint32_t version, uint64_t seed)
{
	uint64_t word = (block + 1) * 0x9e3779b97f4a7c15ull ^ seed ^ (uint64_t)version << 32;

	for (uint32_t i = 0; i + 8 <= len; i += 8) {
		if (memcmp(data + i, &word, 8) != 0)
			return false;
		word = word * 6364136223846793005ull + 1442695040888963407ull;
	}
	return true;
}

/* utime and stime of a process, in seconds; -1 if it is not to be seen. */
static double cpu_of(int pid)
{
	unsigned long user;
	unsigned long system;
	char path[64];
	char line[1024];
	char *at;
	FILE *file;
	bool ok;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = pid ? fopen(path, "re") : NULL;
	if (!file)
		return -1;
	ok = fgets(line, sizeof(line), file) && (at = strrchr(line, ')')) &&
	     sscanf(at + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
		    &system) == 2;
	fclose(file);
	return ok ? (double)(user + system) / (double)sysconf(_SC_CLK_TCK) : -1;
}

static double seconds_of(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static bool is_random(const struct load *l)
{
	return l->config->pattern >= LOAD_RANDREAD;
}

static bool next_is_write(struct load *l)
{
	switch (l->config->pattern) {
	case LOAD_WRITE:
	case LOAD_RANDWRITE:
		return true;
	case LOAD_RANDRW:
		return next_random(&l->random) % 100 >= l->config->mix_read;
	default:
		return false;
	}
}

static uint64_t next_block(struct load *l)
{
	uint64_t block;

	do {
		block = is_random(l) ? next_random(&l->random) % l->blocks : l->next++ % l->blocks;
	} while (l->config->verify && l->taken[block]);
	return block;
}

/* As fio has it: the requests of others do not wait for it. */
static void post_flush(struct load *l, unsigned int queue, unsigned int i)
{
	struct slot *s = &l->slot[queue * l->config->depth + i];
	struct client_request request = s->request;

	l->unflushed = 0;
	request.type = BLK_FLUSH;
	request.sector = 0;
	request.len = 0;
	s->flush = true;
	s->busy = true;
	client_post(&l->client, queue, (uint16_t)i, &request);
	l->inflight++;
}

static void post(struct load *l, unsigned int queue, unsigned int i)
{
	const struct load_config *config = l->config;
	struct slot *s = &l->slot[queue * config->depth + i];

	if (config->fsync && l->unflushed >= config->fsync) {
		post_flush(l, queue, i);
		return;
	}
	s->flush = false;
	s->write = next_is_write(l);
	l->unflushed += s->write;
	s->block = next_block(l);
	s->request.type = s->write ? BLK_OUT : BLK_IN;
	s->request.sector = s->block * (config->block_size / SECTOR);
	s->busy = true;
	if (config->verify) {
		l->taken[s->block] = 1;
		if (s->write)
			load_fill(l->client.mem + s->request.data, config->block_size, s->block,
				  l->version[s->block] + 1, config->seed);
	}
	s->since = monotonic_ns();
	client_post(&l->client, queue, (uint16_t)i, &s->request);
	l->posted++;
	l->inflight++;
}

static void complain(struct load *l, const char *what, uint64_t block)
{
	l->result->errors++;
	if (l->result->errors <= 10)
		fprintf(stderr, "slabvisor-vhost-load: block %llu: %s\n", (unsigned long long)block,
			what);
}

static void check_answer(struct load *l, struct slot *s, uint32_t len)
{
	const struct load_config *config = l->config;
	uint8_t status = l->client.mem[s->request.header + 16];

	if (s->flush) {
		if (status || len != 1)
			complain(l, "a flush failed", s->block);
		return;
	}
	if (status)
		complain(l, "the request failed", s->block);
	else if (len != (s->write ? 1 : config->block_size + 1))
		complain(l, "a wrong length was used", s->block);
	if (!config->verify)
		return;
	l->taken[s->block] = 0;
	if (status)
		return;
	if (s->write) {
		l->version[s->block]++;
	} else if (l->version[s->block] &&
		   !load_check(l->client.mem + s->request.data, config->block_size, s->block,
			       l->version[s->block], config->seed)) {
		l->result->wrong++;
		complain(l, "wrong bytes", s->block);
	}
}

/* Takes what is answered. Returns how many, or -EPROTO for what was never asked. */
static int reap(struct load *l, unsigned int queue)
{
	struct client_ring *ring = &l->client.ring[queue];
	int slot;
	int n = 0;
	uint32_t len;

	while ((slot = client_reap(ring, &len)) != -1) {
		struct slot *s = slot < 0 ? NULL : &l->slot[queue * l->config->depth + slot];
		uint64_t ns;

		if (!s || !s->busy) {
			fprintf(stderr,
				"slabvisor-vhost-load: queue %u: an answer that was not asked for, %d\n",
				queue, slot);
			return -EPROTO;
		}
		ns = monotonic_ns() - s->since;
		if (!s->flush) {
			latency_add(s->write ? &l->result->write : &l->result->read, ns);
			l->result->ios++;
			l->result->bytes += l->config->block_size;
		}
		check_answer(l, s, len);
		s->busy = false;
		l->inflight--;
		n++;
		if (!l->stopping)
			post(l, queue, (unsigned int)slot);
	}
	return n;
}

static int start_rings(struct load *l)
{
	int ret;

	ret = client_share(&l->client);
	if (!ret)
		ret = client_share_inflight(&l->client, (uint16_t)l->config->queues,
					    l->client.ring[0].size);
	for (unsigned int i = 0; i < l->config->queues && !ret; i++)
		ret = client_ring_start(&l->client, i);
	return ret;
}

static int reconnect(struct load *l)
{
	int ret;

	if (!l->config->reconnect_ms)
		return -EPIPE;
	client_disconnect(&l->client);
	do {
		ret = client_connect(&l->client, l->config->socket, l->config->reconnect_ms);
		if (!ret) {
			ret = start_rings(l);
			l->result->reconnects++;
		}
		/* It was killed again at once. */
	} while (ret == -EPIPE || ret == -ECONNRESET);
	return ret;
}

/* Waits for an answer, or for the back end to go. */
static int wait_for_answers(struct load *l)
{
	struct pollfd fds[CLIENT_MAX_QUEUES + 1];
	unsigned int n = l->config->queues;
	bool there = false;
	uint64_t value;
	int ret;

	if (l->config->spin) {
		const struct timespec none = {0};

		fds[0] = (struct pollfd){.fd = l->client.fd, .events = POLLRDHUP};
		return ppoll(fds, 1, &none, NULL) > 0 ? reconnect(l) : 0;
	}
	for (unsigned int i = 0; i < n; i++)
		there |= client_enable_call(&l->client.ring[i]);
	if (!there) {
		for (unsigned int i = 0; i < n; i++)
			fds[i] = (struct pollfd){.fd = l->client.ring[i].call, .events = POLLIN};
		fds[n] = (struct pollfd){.fd = l->client.fd, .events = POLLRDHUP};
		ret = poll(fds, n + 1, HANG_MS);
		l->result->waits++;
		if (!ret) {
			fprintf(stderr, "slabvisor-vhost-load: no answer in %d s\n",
				HANG_MS / 1000);
			return -ETIMEDOUT;
		}
		if (ret > 0 && fds[n].revents)
			return reconnect(l);
		for (unsigned int i = 0; i < n; i++)
			if (fds[i].revents && read(fds[i].fd, &value, sizeof(value)) < 0)
				continue;
	}
	for (unsigned int i = 0; i < n; i++)
		client_disable_call(&l->client.ring[i]);
	return 0;
}

/* Until nothing is in flight and no more is to be posted. */
static int drive(struct load *l, int64_t until)
{
	int n;
	int any;

	while (l->inflight) {
		any = 0;
		for (unsigned int i = 0; i < l->config->queues; i++) {
			n = reap(l, i);
			if (n < 0)
				return n;
			any |= n;
			l->result->kicks += client_kick(&l->client.ring[i]);
		}
		if ((l->config->ios && l->posted >= l->config->ios) || monotonic_ns() >= until)
			l->stopping = true;
		if (any)
			continue;
		n = wait_for_answers(l);
		if (n)
			return n;
	}
	return 0;
}

static int run_load(struct load *l, int64_t until)
{
	l->stopping = false;
	for (unsigned int q = 0; q < l->config->queues; q++) {
		for (unsigned int i = 0; i < l->config->depth; i++)
			post(l, q, i);
		l->result->kicks += client_kick(&l->client.ring[q]);
	}
	return drive(l, until);
}

/* Reads back all that was written. */
static int read_back(struct load *l)
{
	struct load_config config = *l->config;
	const struct load_config *outer = l->config;
	struct load_result *kept = l->result;
	struct load_result result = {0};
	int ret;

	config.pattern = LOAD_READ;
	config.ios = l->blocks + config.depth * config.queues;
	l->config = &config;
	l->result = &result;
	l->posted = 0;
	l->next = 0;
	ret = run_load(l, INT64_MAX);
	kept->errors += result.errors;
	kept->wrong += result.wrong;
	kept->reconnects += result.reconnects;
	l->config = outer;
	l->result = kept;
	return ret;
}

/* Lays memory out: rings, then for each slot its header and its data. */
static int lay_out(struct load *l)
{
	const struct load_config *config = l->config;
	uint64_t n = (uint64_t)config->queues * config->depth;
	uint64_t headers = (uint64_t)config->queues * CLIENT_RING_ROOM;
	uint64_t data = headers + ((n * CLIENT_HEADER_ROOM + 4095) & ~4095ull);
	uint64_t stride = (config->block_size + 4095ull) & ~4095ull;
	int ret;

	l->slot = calloc(n, sizeof(*l->slot));
	if (!l->slot)
		return -ENOMEM;
	ret = client_init(&l->client, data + n * stride);
	if (ret)
		return ret;
	l->client.wants_packed = config->packed;
	l->client.plain = config->plain;
	l->client.no_event_idx = config->no_event_idx;
	for (uint64_t i = 0; i < n; i++)
		l->slot[i].request = (struct client_request){
			.header = headers + i * CLIENT_HEADER_ROOM,
			.data = data + i * stride,
			.len = config->block_size,
		};
	return 0;
}

/* What the disk is asked for that it has not. Returns -ERANGE. */
__attribute__((format(printf, 1, 2))) static int refuse(const char *fmt, ...)
{
	va_list args;

	fputs("slabvisor-vhost-load: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return -ERANGE;
}

/* Returns 0 or -errno; -ERANGE has been said. */
static int size_up(struct load *l)
{
	const struct load_config *config = l->config;
	const uint64_t least = 2ull * config->queues * config->depth;
	uint64_t capacity;
	uint64_t range;
	char has[32];

	memcpy(&capacity, l->client.config, sizeof(capacity));
	cli_format_size(has, sizeof(has), capacity * SECTOR);
	range = config->range ? config->range : capacity * SECTOR;
	if (range / SECTOR > capacity)
		return refuse("--size: the disk has %s", has);
	if (l->client.max_queues < config->queues)
		return refuse("--queues %u: the disk offers %u", config->queues,
			      l->client.max_queues);
	l->blocks = range / config->block_size;
	/* Room to find a block that nobody has. */
	if (l->blocks < least)
		return refuse("--depth %u: with --queues %u and requests of %u bytes %" PRIu64
			      " of them have to fit into what is used of the disk, and %" PRIu64
			      " do",
			      config->depth, config->queues, config->block_size, least, l->blocks);
	l->version = calloc(config->verify ? l->blocks : 1, sizeof(*l->version));
	l->taken = calloc(config->verify ? l->blocks : 1, 1);
	return l->version && l->taken ? 0 : -ENOMEM;
}

static int connect_and_run(struct load *l)
{
	const struct load_config *config = l->config;
	struct load_result *result = l->result;
	struct rusage before;
	struct rusage after;
	double backend;
	int64_t start;
	int ret;
	char why[256];
	int pid;

	ret = client_connect(&l->client, config->socket, 5000);
	if (!ret)
		ret = size_up(l);
	for (unsigned int i = 0; i < config->queues && !ret; i++)
		ret = client_ring_init(&l->client, i, (uint16_t)config->depth,
				       (uint64_t)i * CLIENT_RING_ROOM);
	if (!ret)
		ret = start_rings(l);
	if (ret) {
		if (ret != -ERANGE) {
			snprintf(why, sizeof(why), "%.128s: %s", config->socket, strerror(-ret));
			fprintf(stderr, "slabvisor-vhost-load: %s\n", cli_sanitise(why));
		}
		return ret;
	}
	pid = config->pid ? config->pid : l->client.pid;
	backend = cpu_of(pid);
	getrusage(RUSAGE_SELF, &before);
	start = monotonic_ns();
	ret = run_load(l, start + (int64_t)config->seconds * 1000000000);
	result->seconds = (double)(monotonic_ns() - start) / 1e9;
	getrusage(RUSAGE_SELF, &after);
	result->user_cpu = seconds_of(after.ru_utime) - seconds_of(before.ru_utime);
	result->system_cpu = seconds_of(after.ru_stime) - seconds_of(before.ru_stime);
	result->backend_cpu = backend < 0 || result->reconnects ? -1 : cpu_of(pid) - backend;
	if (!ret && config->verify)
		ret = read_back(l);
	for (unsigned int i = 0; i < config->queues && !ret; i++) {
		uint32_t base;

		ret = client_ring_stop(&l->client, i, &base);
	}
	if (ret)
		fprintf(stderr, "slabvisor-vhost-load: %s\n", strerror(-ret));
	return ret;
}

int load_run(const struct load_config *config, struct load_result *result)
{
	struct load *l;
	int ret;

	memset(result, 0, sizeof(*result));
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->config = config;
	l->result = result;
	l->random = config->seed * 2 + 1;
	ret = lay_out(l);
	if (!ret) {
		ret = connect_and_run(l);
		client_fini(&l->client);
	}
	free(l->version);
	free(l->taken);
	free(l->slot);
	free(l);
	return ret;
}
