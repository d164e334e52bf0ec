/* SPDX-License-Identifier: BSD-2-Clause */
/* A disk that is served: its device, its socket, and the threads of both. */
#ifndef VMM_SERVE_DISK_H
#define VMM_SERVE_DISK_H

#include "virtio/vhost_user/engine.h"
#include "vmm/base/log_limit.h"
#include "vmm/serve/serve.h"

struct cpu_latency;
struct io_engine;
struct mm_heap;
struct sandbox;
struct serve_thread;
struct vhost_user;
struct virtio_device;

struct served {
	const struct serve_disk *config;
	struct io_engine *engine;
	struct virtio_device *dev;
	struct vhost_user_engine host;
	struct vhost_user *vu;
	struct serve_thread *thread;
	struct log_limit log;  /* of what its front ends and its driver make us say */
	struct log_limit came; /* of machines that come and go: they take no fault's place */
	int socket;            /* -1: not to be accepted from */
};

/* Tells whether no two disks are one file, of which one is written to. Returns 0 or the exit
 * status, the error having been reported. */
enum exit_status served_check_distinct(const struct serve_config *config);

/*
 * Opens all of a disk, up to a thread that waits to be let go. config is borrowed as long as the
 * disk is there. heap: of a memory service beside it, whose machine may have buffers there; NULL:
 * none. latency: where CPUs are kept awake by, open as long as the disk is there; NULL: they cannot
 * be. sandbox: for its threads to enter, NULL: none. over_fd, next: as struct serve_thread_config
 * and serve_socket() have them. Returns 0 or the exit status, the error having been reported; then
 * there is nothing to close.
 */
enum exit_status served_open(struct served *disk, const struct serve_disk *config,
			     struct mm_heap *heap, struct cpu_latency *latency,
			     struct sandbox *sandbox, int over_fd, unsigned int *next);

/* Looks at the disk's size again. */
void served_resize(struct served *disk);

/* Has its thread end, waits until it has, and closes all. */
void served_close(struct served *disk);

#endif
