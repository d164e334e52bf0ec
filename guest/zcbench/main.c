/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads or writes a disk as fast as it goes, and prints what fio prints, as `name value unit` lines
 * or as fio's JSON. See options.c for the arguments.
 */
#include "zcbench.h"
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <slabvisor/platform.h>

struct io {
	struct blk_request req;
	struct worker *worker;
	u64 since;
};

struct worker {
	struct buffers buffers;
	struct io *io;
	u64 random, next; /* block */
	u64 errors;
	u64 start, until, end, exits;
	unsigned int busy;
	u32 unflushed; /* writes begun since the last flush */
	struct latency read, write;
	int err;
};

static struct options opt;
static struct blk_disk *disk;
static struct worker worker[PLATFORM_MAX_CPUS];
static u64 blocks; /* on the disk */
static u32 ready;  /* vCPUs that are about to start */

static u64 random_next(struct worker *w)
{
	/* xorshift64*, Vigna 2014 */
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return w->random * 0x2545f4914f6cdd1dull;
}

/* As fio has it: neither is a request that is counted, nor do the others wait for it. */
static int start_flush(struct worker *w, struct io *io)
{
	int err;

	w->unflushed = 0;
	io->req.op = BLK_FLUSH;
	err = blk_add(disk, &io->req);
	if (!err)
		w->busy++;
	return err;
}

static int start_io(struct worker *w, struct io *io, u64 now)
{
	u64 r;
	u64 block;
	int err;

	if (opt.fsync && w->unflushed >= opt.fsync)
		return start_flush(w, io);
	io->req.op = opt.write && (!opt.mixed || random_next(w) % 100 >= opt.mix_read) ? BLK_WRITE
										       : BLK_READ;
	w->unflushed += io->req.op == BLK_WRITE;
	r = random_next(w);
	block = opt.random ? (u64)((unsigned __int128)r * blocks >> 64) : w->next++ % blocks;
	io->req.sector = block * (opt.bs / BLK_SECTOR_SIZE);
	if (w->buffers.count > opt.depth)
		io->req.page =
			w->buffers.page + (r & 0xffffffff) % w->buffers.count * w->buffers.per;
	io->since = now;
	err = blk_add(disk, &io->req);
	if (!err)
		w->busy++;
	return err;
}

/* Each is started again as it ends, so that the disk has the next while others are looked at. */
static void io_done(struct blk_request *req)
{
	struct io *io = req->private;
	struct worker *w = io->worker;
	u64 now = ktime_get_ns();
	u64 ns = now - io->since;

	if (req->result)
		w->errors++;
	if (req->op != BLK_FLUSH)
		latency_add(req->op == BLK_WRITE ? &w->write : &w->read, ns);
	w->busy--;
	if (now < w->until && !w->err)
		w->err = start_io(w, io, now);
}

static void run(struct worker *w)
{
	w->start = ktime_get_ns();
	w->until = w->start + opt.runtime_ms * 1000000;
	for (unsigned int i = 0; i < opt.depth && !w->err; i++)
		w->err = start_io(w, &w->io[i], w->start);
	while (w->busy) {
		int n = blk_wait(disk);

		if (n < 0) {
			w->err = n;
			break;
		}
	}
	w->end = ktime_get_ns();
}

static void prepare(struct worker *w, unsigned int cpu)
{
	w->err = buffers_alloc(&w->buffers, &opt);
	if (w->err)
		return;
	w->io = kvmalloc_array(opt.depth, sizeof(*w->io), GFP_KERNEL | __GFP_ZERO);
	if (!w->io) {
		buffers_free(&w->buffers);
		w->err = -ENOMEM;
		return;
	}
	w->random = (u64)opt.seed << 32 | (cpu + 1);
	w->next = blocks / opt.cpus * cpu;
	for (unsigned int i = 0; i < opt.depth; i++) {
		struct io *io = &w->io[i];

		for (unsigned int k = 0; opt.write && k < w->buffers.per; k++)
			memset(page_address(w->buffers.page[i * w->buffers.per + k]), (int)(i + 1),
			       PAGE_SIZE);
		io->worker = w;
		io->req = (struct blk_request){
			.page = w->buffers.page + i * w->buffers.per,
			.nr_pages = w->buffers.per,
			.len = opt.bs,
			.done = io_done,
			.private = io,
		};
	}
}

static void work(void *arg)
{
	unsigned int cpu = smp_processor_id();
	struct worker *w = &worker[cpu];
	u64 exits;

	(void)arg;
	if (cpu >= opt.cpus)
		return;
	prepare(w, cpu);
	__atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) < opt.cpus)
		asm volatile("pause");
	if (w->err)
		return;
	exits = platform()->exits[cpu];
	run(w);
	w->exits = platform()->exits[cpu] - exits;
	kvfree(w->io);
	buffers_free(&w->buffers);
}

/* What all vCPUs did. */
static void report(const struct blk_counts *before)
{
	static struct result all;
	struct blk_counts after;
	u64 start = ~0ull;
	u64 end = 0;

	blk_get_counts(disk, &after);
	for (unsigned int cpu = 0; cpu < opt.cpus; cpu++) {
		const struct worker *w = &worker[cpu];

		all.exits += w->exits;
		start = min(start, w->start);
		end = max(end, w->end);
		latency_merge(&all.read, &w->read);
		latency_merge(&all.write, &w->write);
	}
	all.us = max((end - start) / 1000, 1ull);
	all.doorbells = after.doorbells - before->doorbells;
	all.waits = after.waits - before->waits;
	if (all.read.count + all.write.count)
		result_print(&all, &opt);
}

static int bench(void)
{
	struct blk_counts before;
	struct blk_info info;
	int err;

	disk = blk_open(opt.disk, &err);
	if (!disk)
		return err;
	blk_set_poll(disk, opt.poll_us);
	blk_get_info(disk, &info);
	if (!opt.size || opt.size > info.sectors * BLK_SECTOR_SIZE)
		opt.size = info.sectors * BLK_SECTOR_SIZE;
	blocks = opt.size / opt.bs;
	if (!blocks) {
		printk("zcbench: bs=%u: that is more than the %llu bytes of the disk\n", opt.bs,
		       opt.size);
		return -ENOSPC;
	}
	if (opt.write && info.readonly) {
		printk("zcbench: the disk is read-only: rw=read and randread are all it can do\n");
		return -EROFS;
	}
	blk_get_counts(disk, &before);
	smp_call_all(work, NULL);
	for (unsigned int cpu = 0; cpu < opt.cpus; cpu++) {
		if (!worker[cpu].err && worker[cpu].errors)
			worker[cpu].err = -EIO;
		if (worker[cpu].err)
			return worker[cpu].err;
	}
	report(&before);
	return 0;
}

int main(int argc, char **argv)
{
	int err;

	if (!options_read(&opt, argc, argv))
		return 2;
	err = opt.pins ? pins_run() : bench();
	if (!err)
		return 0;
	if (err == -ENODEV)
		printk("zcbench: there is no disk: give slabvisor run a --disk\n");
	else if (err != -ENOSPC && err != -EROFS)
		printk("zcbench: it ended with %pe\n", ERR_PTR(err));
	return 1;
}
