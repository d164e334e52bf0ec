/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's disks and the thread that serves them. One I/O thread has all disks; it
 * is there before the first vCPU runs and at rest before their account is taken.
 */
#ifndef VMM_MACHINE_DISK_H
#define VMM_MACHINE_DISK_H

#include "virtio/blk/blk.h"
#include "vmm/base/cli.h"
#include "vmm/config/options.h"

struct log_limit;
struct memory;
struct run;

struct disks {
	struct io_engine *engine; /* NULL: there are no disks */
	struct virtio_device *dev[RUN_MAX_DISKS];
	struct disk_log {
		struct log_limit *limit;
		const char *path; /* what the disk is called; the configuration's */
	} log[RUN_MAX_DISKS];
	unsigned int count;
	unsigned int paused; /* how often */
	const struct memory *mem;
};

/* Looks at the files that config names, as they would be opened; changes nothing of them and keeps
 * nobody from them. Returns 0 or the exit status, the error having been reported. */
enum exit_status disks_check(const struct run_config *config);

/* Makes the devices, if run's configuration has disks, for a guest whose memory is mem. The first
 * machine of run starts the thread and opens the files, for all. Returns as disks_check(). */
enum exit_status disks_create(struct disks *disks, struct run *run, const struct memory *mem);

/* Frees the devices, whose transports are gone, and has the thread forget the guest's memory. */
void disks_destroy(struct disks *disks);

/* Ends the thread and closes the files, after the last machine. */
void disks_close(struct run *run);

/*
 * Brings the thread to rest: no request is taken, no operation is under way, no heap memory is
 * registered any more. Requests of several operations are held between two, so that this lasts no
 * longer than one does. Calls nest; disks_resume() undoes one.
 */
void disks_pause(struct disks *disks);
void disks_resume(struct disks *disks);

/* The same around a reset of the heap: requests that lie in it are over when this returns. */
void disks_reclaim(struct disks *disks, bool begin);

#endif
