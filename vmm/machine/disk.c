/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/machine/disk.h"

#include <errno.h>
#include <string.h>

#include "virtio/blk/file.h"
#include "virtio/io/engine.h"
#include "vmm/base/cli.h"
#include "vmm/base/disk_create.h"
#include "vmm/base/disk_words.h"
#include "vmm/base/log_limit.h"
#include "vmm/machine/memory.h"
#include "vmm/machine/run.h"
#include "vmm/sandbox/sandbox.h"

/* Registered memory stays with the guest: what it does not use for so long, it may
 * give back. */
#define WINDOW_IDLE_MS 10000

static void warn(void *opaque, const char *text)
{
	struct log_limit *limit = opaque;

	if (log_limit_may(limit))
		cli_note("%s", text);
}

static void warn_of_disk(void *opaque, const char *text)
{
	const struct disk_log *log = opaque;

	if (log_limit_may(log->limit))
		cli_note("--disk path=%s: %s", log->path, text);
}

static const struct disk_words words = {
	.option = "--disk path=",
	.raw = "format=raw",
	.block_size = "block-size=",
};

static struct blk_file_config file_config(const struct run_disk *disk)
{
	return (struct blk_file_config){
		.path = disk->path,
		.direct = disk->direct,
		.readonly = disk->readonly,
		.raw = disk->raw,
		.block_size = disk->block_size,
	};
}

static enum exit_status disks_check_distinct(const struct run_config *config)
{
	struct disk_place place[RUN_MAX_DISKS];

	for (unsigned int i = 0; i < config->nr_disks; i++)
		place[i] = (struct disk_place){config->disk[i].path, config->disk[i].readonly};
	return disk_check_distinct(&words, place, config->nr_disks);
}

enum exit_status disks_check(const struct run_config *config)
{
	enum exit_status status = disks_check_distinct(config);
	int ret;
	char why[BLK_WHY_MAX];
	struct blk_file file;

	for (unsigned int i = 0; i < config->nr_disks && !status; i++) {
		struct blk_file_config open = file_config(&config->disk[i]);

		open.look = true;
		ret = blk_file_open(&file, &open, why);
		if (ret)
			return disk_refuse(&words, open.path, ret, why);
		disk_note(&words, &open, &file);
		blk_file_close(&file);
	}
	return status;
}

static void settle(void *opaque)
{
	sandbox_enter(opaque, SANDBOX_DISKS);
}

static enum exit_status start_engine(struct run *run)
{
	const struct run_config *from = run->config;
	struct io_engine_config config = {
		.poll_us = from->poll_us,
		.dear_kicks = true,
		.cpus = CPU_COUNT(&from->io_cpus) ? &from->io_cpus : NULL,
		.pin_budget = from->pin_budget,
		.idle_ms = WINDOW_IDLE_MS,
		.warn = warn,
		.warn_opaque = &run->machine_log,
		.settle = settle,
		.settle_opaque = run->sandbox,
	};
	int ret;

	sandbox_expect(run->sandbox);
	ret = io_engine_create(&config, &run->engine);
	if (!ret)
		return 0;
	run->engine = NULL;
	if (ret != -EPERM && ret != -EACCES && ret != -ENOSYS)
		return cli_fail(STATUS_HOST_ERROR, "--disk: io_uring cannot be set up: %s",
				strerror(-ret));
	return cli_fail(STATUS_HOST_ERROR,
			"--disk: the host gives no io_uring: %s: allow it (sysctl "
			"kernel.io_uring_disabled=0, seccomp) or run without disks",
			strerror(-ret));
}

/* What I/O may touch. */
static enum exit_status add_memory(struct disks *d, const struct run_config *config,
				   const struct memory *mem)
{
	const struct io_region ram = {
		.host = mem->ram,
		.size = mem->ram_size,
		.page = config->hugepages,
	};
	const struct io_region heap = {
		.host = mm_heap_host(mem->heap),
		.size = mm_heap_size(mem->heap),
		.heap = mem->heap,
	};
	int ret;

	ret = io_engine_add_region(d->engine, &ram);
	if (!ret)
		ret = io_engine_add_region(d->engine, &heap);
	d->mem = mem;
	return ret ? cli_fail(STATUS_HOST_ERROR, "--disk: the guest's memory is too much: %s",
			      strerror(-ret))
		   : 0;
}

static enum exit_status make_disk(struct disks *d, struct run *run, const struct run_disk *disk)
{
	const unsigned int cpus = run->config->cpus;
	struct disk_log *log = &d->log[d->count];
	char why[BLK_WHY_MAX];
	const struct blk_dev_config config = {
		.path = disk->path,
		.warn = warn_of_disk,
		.warn_opaque = log,
		.serial = disk->serial,
		.direct = disk->direct,
		.readonly = disk->readonly,
		.raw = disk->raw,
		.block_size = disk->block_size,
		.keep = &run->disk_file[d->count],
		.why = why,
		.split = !disk->packed,
		.queues = disk->queues            ? disk->queues
			  : cpus < BLK_MAX_QUEUES ? cpus
						  : BLK_MAX_QUEUES,
	};
	const struct blk_file_config file = file_config(disk);
	int ret;

	*log = (struct disk_log){&run->machine_log, disk->path};
	ret = disk_create(&config, d->engine, &d->dev[d->count]);
	if (ret)
		return disk_refuse(&words, disk->path, ret, why);
	if (!run->restarted)
		disk_note(&words, &file, blk_dev_file(d->dev[d->count]));
	d->count++;
	return 0;
}

enum exit_status disks_create(struct disks *d, struct run *run, const struct memory *mem)
{
	const struct run_config *config = run->config;
	enum exit_status status;

	if (!config->nr_disks)
		return 0;
	if (!run->engine) {
		status = disks_check_distinct(config);
		if (!status)
			status = start_engine(run);
		if (status)
			return status;
	}
	d->engine = run->engine;
	status = add_memory(d, config, mem);
	for (unsigned int i = 0; i < config->nr_disks && !status; i++)
		status = make_disk(d, run, &config->disk[i]);
	if (status)
		disks_destroy(d);
	return status;
}

void disks_destroy(struct disks *d)
{
	while (d->count)
		virtio_device_destroy(d->dev[--d->count]);
	if (!d->engine)
		return;
	/* The next machine begins with a thread that is at work. */
	while (d->paused)
		disks_resume(d);
	io_engine_remove_region(d->engine, mm_heap_host(d->mem->heap));
	io_engine_remove_region(d->engine, d->mem->ram);
	d->engine = NULL;
}

void disks_close(struct run *run)
{
	io_engine_destroy(run->engine);
	run->engine = NULL;
	for (unsigned int i = 0; i < RUN_MAX_DISKS; i++)
		blk_file_close(&run->disk_file[i]);
}

void disks_pause(struct disks *d)
{
	if (!d->engine)
		return;
	d->paused++;
	io_engine_pause(d->engine, IO_HOLD);
}

void disks_resume(struct disks *d)
{
	if (!d->engine)
		return;
	d->paused--;
	io_engine_resume(d->engine, IO_HOLD);
}

void disks_reclaim(struct disks *d, bool begin)
{
	if (!d->engine)
		return;
	if (begin)
		io_engine_pause(d->engine, IO_RECLAIM);
	else
		io_engine_resume(d->engine, IO_RECLAIM);
}
