/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /dev/slabvisor: memory of the host for programs in a Linux guest.
 *
 * mmap(MAP_SHARED) of it gives buffers whose pages come from the host as they are touched, zeroed,
 * and are the host's again when the last reference to them goes. Each mapping has memory of its own,
 * whatever its offset. Pages touched before a fork() are shared with the child; later ones are each
 * process's own. MAP_PRIVATE is refused (EINVAL). A touch that the host has no page for is SIGBUS.
 */
#ifndef SLABVISOR_UAPI_H
#define SLABVISOR_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* A range of the caller's memory; both are multiples of the page size. */
struct slabvisor_range {
	__u64 addr;
	__u64 len;
	__u64 pages; /* what the call did, in pages; set by it */
};

struct slabvisor_stats {
	__u64 window_bytes;  /* of addresses */
	__u64 mapped_bytes;  /* of these that have struct pages */
	__u64 pages_out;     /* that programs have */
	__u64 pages_given;   /* to programs, ever */
	__u64 pages_freed;   /* by programs, ever */
	__u64 requests;      /* to the host, ever */
	__u64 frames_in_use; /* by the host's account: pages, and the kernel's objects */
	__u64 frames_backed; /* that the host has memory for */
	__u64 pages_pinned;  /* by the host's account */
	__u64 reserved[7];
};

/*
 * Backs anonymous private memory of the caller with pages of the host: what is not there comes
 * zeroed, what is there is copied. fork(), copy on write, mprotect() and munmap() work as ever.
 * Ends early, without an error, where the host has no more; ENODEV: the host has no such memory at
 * all; EINVAL: not a multiple of pages; ENOMEM: nothing is mapped there, or it is not anonymous.
 */
#define SLABVISOR_IOC_BACK _IOWR('S', 0xe0, struct slabvisor_range)
/*
 * Keeps the pages of a range in memory, and where they are in it, until SLABVISOR_IOC_UNPIN of the
 * same range or close(). Anonymous memory that the host backs is moved to the guest's RAM first.
 * Counts against RLIMIT_MEMLOCK. EFAULT, ENOMEM, EINVAL.
 */
#define SLABVISOR_IOC_PIN _IOWR('S', 0xe1, struct slabvisor_range)
/* Ends a pin; ENOENT: there is none of exactly this range. */
#define SLABVISOR_IOC_UNPIN _IOWR('S', 0xe2, struct slabvisor_range)
#define SLABVISOR_IOC_STATS _IOR('S', 0xe3, struct slabvisor_stats)

#endif
