/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring of an I/O thread: set up by what the running kernel has, then shut to
 * all but the operations and the registrations in use, since what goes through a
 * ring does not pass a seccomp filter. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mm/util.h"
#include "virtio/io/priv.h"

/* Setups to try, the best first. Kernels 6.1, 5.19, 5.10. */
static const struct {
	uint32_t setup;
	uint32_t features;
} ladder[] = {
	{IORING_SETUP_R_DISABLED | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER |
		 IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
	 IO_HAS_DEFER_TASKRUN},
	{IORING_SETUP_R_DISABLED | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN |
		 IORING_SETUP_TASKRUN_FLAG,
	 IO_HAS_COOP_TASKRUN},
	{IORING_SETUP_R_DISABLED, 0},
};

static const uint8_t operations[] = {
	IORING_OP_READ,     IORING_OP_WRITE,       IORING_OP_READV,
	IORING_OP_WRITEV,   IORING_OP_FSYNC,       IORING_OP_TIMEOUT,
	IORING_OP_POLL_ADD, IORING_OP_POLL_REMOVE, IORING_OP_FALLOCATE,
};
static const uint8_t window_operations[] = {IORING_OP_READ_FIXED, IORING_OP_WRITE_FIXED};

static int try_setup(struct io_engine *e, uint32_t setup, unsigned int entries)
{
	struct io_uring_params params;

	memset(&params, 0, sizeof(params));
	params.flags = setup | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
	params.cq_entries = IO_CQ_FACTOR * entries;
	e->cq_entries = params.cq_entries;
	return io_uring_queue_init_params(entries, &e->ring, &params);
}

static int setup_ring(struct io_engine *e)
{
	unsigned int entries = IO_SQ_ENTRIES;
	size_t i = 0;
	int ret = -EINVAL;

	while (i < ARRAY_SIZE(ladder)) {
		if (ladder[i].features & e->config.force_plain) {
			i++;
			continue;
		}
		ret = try_setup(e, ladder[i].setup, entries);
		if (!ret)
			e->features |= ladder[i].features;
		/* The ring itself counts against RLIMIT_MEMLOCK. */
		if (ret == -ENOMEM && entries > IO_SQ_LEAST)
			entries /= 2;
		else if (ret == -EINVAL)
			i++;
		else
			break;
	}
	return ret;
}

/* liburing's own names end at what its headers know: read the probe by number. */
static bool has_vectored(struct io_engine *e)
{
	const unsigned int nr = 256;
	struct io_uring_probe *probe;
	bool has;

	probe = calloc(1, sizeof(*probe) + nr * sizeof(probe->ops[0]));
	if (!probe)
		return false;
	has = !io_uring_register_probe(&e->ring, probe, nr) &&
	      probe->last_op >= IO_OP_WRITEV_FIXED &&
	      probe->ops[IO_OP_READV_FIXED].flags & IO_URING_OP_SUPPORTED &&
	      probe->ops[IO_OP_WRITEV_FIXED].flags & IO_URING_OP_SUPPORTED;
	free(probe);
	return has;
}

/* liburing 2.3 declares functions for these, and does not export them. */
static int register_raw(struct io_engine *e, unsigned int opcode, const void *arg, unsigned int nr)
{
	return io_uring_register((unsigned int)e->ring.ring_fd, opcode, arg, nr);
}

static int register_files(struct io_engine *e)
{
	int fd[IO_MAX_FILES];

	for (int i = 0; i < IO_MAX_FILES; i++)
		fd[i] = -1;
	return io_uring_register_files(&e->ring, fd, IO_MAX_FILES);
}

static unsigned int allow(struct io_uring_restriction *r, const uint8_t *operation, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		r[i].opcode = IORING_RESTRICTION_SQE_OP;
		r[i].sqe_op = operation[i];
	}
	return (unsigned int)count;
}

static void restrict_ring(struct io_engine *e)
{
	struct io_uring_restriction r[32];
	unsigned int n;

	memset(r, 0, sizeof(r));
	n = allow(r, operations, sizeof(operations));
	if (e->features & IO_HAS_WINDOWS) {
		n += allow(r + n, window_operations, sizeof(window_operations));
		r[n].opcode = IORING_RESTRICTION_REGISTER_OP;
		r[n++].register_op = IORING_REGISTER_BUFFERS_UPDATE;
	}
	if (e->features & IO_HAS_VECTORED) {
		r[n].opcode = IORING_RESTRICTION_SQE_OP;
		r[n++].sqe_op = IO_OP_READV_FIXED;
		r[n].opcode = IORING_RESTRICTION_SQE_OP;
		r[n++].sqe_op = IO_OP_WRITEV_FIXED;
	}
	/* Allowed, not required: what lasts is on files by descriptor (loop.c). */
	r[n].opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED;
	r[n++].sqe_flags = IOSQE_FIXED_FILE;
	r[n].opcode = IORING_RESTRICTION_REGISTER_OP;
	r[n++].register_op = IORING_REGISTER_FILES_UPDATE;
	/* A kernel that does not know them leaves the ring as open as it was. */
	if (!register_raw(e, IORING_REGISTER_RESTRICTIONS, r, n))
		e->features |= IO_HAS_RESTRICTIONS;
}

int io_ring_create(struct io_engine *e)
{
	uint32_t without = e->config.force_plain;
	int ret;

	ret = setup_ring(e);
	if (ret)
		return ret;
	ret = register_files(e);
	if (ret)
		goto err_ring;
	if (e->config.pin_budget && !(without & IO_NO_WINDOWS) &&
	    !io_uring_register_buffers_sparse(&e->ring, IO_WINDOW_SLOTS)) {
		e->features |= IO_HAS_WINDOWS;
		if (!(without & IO_NO_VECTORED) && has_vectored(e))
			e->features |= IO_HAS_VECTORED;
		io_windows_enable(e->windows, &e->ring);
	}
	restrict_ring(e);
	ret = register_raw(e, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
	if (ret)
		goto err_ring;
	return 0;

err_ring:
	io_uring_queue_exit(&e->ring);
	return ret;
}

void io_ring_destroy(struct io_engine *e)
{
	io_uring_queue_exit(&e->ring);
}
