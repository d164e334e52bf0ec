/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/serve/disk.h"

#include <linux/virtio_blk.h>
#include <string.h>
#include <unistd.h>

#include "virtio/blk/blk.h"
#include "vmm/base/cli.h"
#include "vmm/base/cpu_latency.h"
#include "vmm/base/disk_create.h"
#include "vmm/base/disk_words.h"
#include "vmm/sandbox/sandbox.h"
#include "vmm/serve/thread.h"

/* As QEMU's own back ends: the largest that its front end asks for. */
#define QUEUE_SIZE 1024
/* The size that QEMU's front end takes unless it is told: it says which only after it has asked for
 * the configuration. */
#define RING_SIZE 128
/* Where polls are found to pay: longer than a fast disk takes, and than a driver does to its next
 * request. */
#define LEARNT_POLL_US 200

static const struct disk_words words = {
	.option = "",
	.raw = "--format raw",
	.block_size = "--block-size ",
};

enum exit_status served_check_distinct(const struct serve_config *config)
{
	struct disk_place place[SERVE_MAX_DISKS];

	for (unsigned int i = 0; i < config->nr_disks; i++)
		place[i] = (struct disk_place){config->disk[i].blk_file, config->disk[i].read_only};
	return disk_check_distinct(&words, place, config->nr_disks);
}

static void say(void *opaque, const char *text)
{
	struct served *disk = opaque;

	log_limit_note(&disk->log, "%s", text);
}

static void tell(void *opaque, const char *text)
{
	struct served *disk = opaque;

	if (log_limit_may(&disk->came))
		cli_info("%s: %s", disk->came.source, text);
}

static void settle(void *opaque)
{
	sandbox_enter(opaque, SANDBOX_IO);
}

/* Everything of a disk but its socket. Returns 0 or the exit status. */
static enum exit_status open_device(struct served *disk, struct cpu_latency *latency,
				    struct sandbox *sandbox)
{
	const struct serve_disk *config = disk->config;
	const struct blk_file_config file = {
		.path = config->blk_file,
		.direct = config->direct,
		.block_size = config->block_size,
	};
	char why[BLK_WHY_MAX];
	struct io_engine_config engine = {
		.poll_us = config->poll_us < 0 ? LEARNT_POLL_US : (uint32_t)config->poll_us,
		.learns_polls = config->poll_us < 0,
		.pin_budget = config->pin_budget,
		.warn = say,
		.warn_opaque = disk,
		.settle = settle,
		.settle_opaque = sandbox,
	};
	struct blk_dev_config blk = {
		.path = config->blk_file,
		.serial = config->serial,
		.direct = config->direct,
		.readonly = config->read_only,
		.raw = config->raw,
		.block_size = config->block_size,
		.why = why,
		.warn = say,
		.warn_opaque = disk,
		.queues = config->queues,
		.queue_size = QUEUE_SIZE,
		.ring_size = RING_SIZE,
	};
	struct vhost_user_config vu;
	int ret;

	if (latency && config->keep_awake) {
		engine.keep_awake = cpu_latency_keep_awake;
		engine.awake_opaque = latency;
		engine.awake_at = cpu_latency_price();
	}
	sandbox_expect(sandbox);
	ret = io_engine_create(&engine, &disk->engine);
	if (ret)
		return cli_fail(STATUS_HOST_ERROR,
				"io_uring cannot be used: %s: see slabvisor doctor",
				strerror(-ret));
	ret = disk_create(&blk, disk->engine, &disk->dev);
	if (ret)
		return disk_refuse(&words, config->blk_file, ret, why);
	disk_note(&words, &file, blk_dev_file(disk->dev));
	disk->host.engine = disk->engine;
	vu = (struct vhost_user_config){
		.dev = disk->dev,
		/* A driver that turned the cache off would not be told that a restarted
		 * back end has it on again; flushes are there either way. */
		.hide = 1ull << VIRTIO_BLK_F_CONFIG_WCE,
		.max_memory = config->max_memory,
		.host = &vhost_user_engine_ops,
		.host_opaque = &disk->host,
		.say = say,
		.tell = tell,
		.say_opaque = disk,
	};
	ret = vhost_user_create(&vu, &disk->vu);
	return ret ? cli_fail(STATUS_HOST_ERROR, "%s: cannot be served: %s", config->blk_file,
			      strerror(-ret))
		   : 0;
}

static enum exit_status open_socket(struct served *disk, unsigned int *next)
{
	bool listening;
	enum exit_status status;
	int fd;

	status = serve_socket(disk->config, next, &fd, &listening);
	if (status)
		return status;
	if (listening) {
		disk->socket = fd;
		return 0;
	}
	vhost_user_begin(disk->vu, fd);
	return 0;
}

static enum exit_status start_thread(struct served *disk, struct sandbox *sandbox, int over_fd)
{
	const struct serve_thread_config config = {
		.vu = disk->vu,
		.dev = disk->dev,
		.engine = disk->engine,
		.socket = disk->socket,
		.sandbox = sandbox,
		.over_fd = over_fd,
	};
	int ret = serve_thread_create(&config, &disk->thread);

	return ret ? cli_fail(STATUS_HOST_ERROR, "no thread can be made for %s: %s",
			      disk->config->blk_file, strerror(-ret))
		   : 0;
}

void served_close(struct served *disk)
{
	serve_thread_destroy(disk->thread);
	vhost_user_destroy(disk->vu);
	virtio_device_destroy(disk->dev);
	io_engine_destroy(disk->engine);
	if (disk->socket >= 0)
		close(disk->socket);
	log_limit_settle(&disk->log, true);
	log_limit_settle(&disk->came, true);
	log_limit_fini(&disk->came);
	log_limit_fini(&disk->log);
}

enum exit_status served_open(struct served *disk, const struct serve_disk *config,
			     struct mm_heap *heap, struct cpu_latency *latency,
			     struct sandbox *sandbox, int over_fd, unsigned int *next)
{
	enum exit_status status = 0;

	*disk = (struct served){.config = config, .socket = -1};
	if (log_limit_init(&disk->log, config->blk_file, LOG_LIMIT_BURST))
		return cli_fail(STATUS_HOST_ERROR, "out of memory");
	if (log_limit_init(&disk->came, config->blk_file, LOG_LIMIT_BURST)) {
		log_limit_fini(&disk->log);
		return cli_fail(STATUS_HOST_ERROR, "out of memory");
	}
	if (heap && vhost_user_engine_know(&disk->host, heap))
		status = cli_fail(STATUS_HOST_ERROR, "%s: the heap's file cannot be looked at",
				  config->blk_file);
	if (!status)
		status = open_device(disk, latency, sandbox);
	if (!status)
		status = open_socket(disk, next);
	if (!status)
		status = start_thread(disk, sandbox, over_fd);
	if (status)
		served_close(disk);
	return status;
}

void served_resize(struct served *disk)
{
	serve_thread_resize(disk->thread);
	disk_note_tail(&words, disk->config->blk_file, blk_dev_file(disk->dev));
}
