/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtio/vhost_user/engine.h"

#include <errno.h>
#include <sys/stat.h>

#include "mm/mm.h"

static void ready(struct io_watch *watch)
{
	/* The I/O thread looks at its sources after this: nobody has to be told. */
	(void)watch;
}

static int watch(void *opaque, unsigned int queue, int fd)
{
	struct vhost_user_engine *e = opaque;

	if (queue >= VHOST_USER_ENGINE_QUEUES)
		return -ENOSPC;
	e->watch[queue].ready = ready;
	io_engine_watch(e->engine, &e->watch[queue], fd);
	return 0;
}

static void unwatch(void *opaque, unsigned int queue)
{
	struct vhost_user_engine *e = opaque;

	io_engine_unwatch(e->engine, &e->watch[queue]);
}

static void quiesce(void *opaque)
{
	struct vhost_user_engine *e = opaque;

	io_engine_pause(e->engine, IO_FINISH);
}

static void resume(void *opaque)
{
	struct vhost_user_engine *e = opaque;

	io_engine_resume(e->engine, IO_FINISH);
}

int vhost_user_engine_know(struct vhost_user_engine *e, struct mm_heap *heap)
{
	struct stat st;

	if (fstat(mm_heap_fd(heap), &st))
		return -errno;
	e->heap = heap;
	e->heap_dev = st.st_dev;
	e->heap_ino = st.st_ino;
	return 0;
}

static int add_memory(void *opaque, void *host, uint64_t size, uint64_t page,
		      const struct vhost_user_file *file)
{
	struct vhost_user_engine *e = opaque;
	struct io_region region = {.host = host, .size = size, .page = page};

	/* The front end's word for it is not needed: it is this file or another. */
	if (e->heap && file->dev == e->heap_dev && file->ino == e->heap_ino) {
		region.heap = e->heap;
		region.heap_at = file->offset;
		region.apart = true;
	}
	return io_engine_add_region(e->engine, &region);
}

static void remove_memory(void *opaque, void *host)
{
	struct vhost_user_engine *e = opaque;

	io_engine_remove_region(e->engine, host);
}

const struct vhost_user_host_ops vhost_user_engine_ops = {
	.watch = watch,
	.unwatch = unwatch,
	.quiesce = quiesce,
	.resume = resume,
	.add_memory = add_memory,
	.remove_memory = remove_memory,
};
