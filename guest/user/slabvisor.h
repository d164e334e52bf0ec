/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libslabvisor: memory of the host for a program in a Linux guest, by /dev/slabvisor of the module
 * slabvisor. Functions return 0 or what they say, or a negative errno, and may be called from any
 * thread. What the kernel's side does stands in <slabvisor/uapi.h>.
 */
#ifndef SLABVISOR_H
#define SLABVISOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The library shows these names and no other. */
#pragma GCC visibility push(default)

struct slabvisor;

/* What slabvisor_get_stats() tells; bytes, but for the counts of calls. */
struct slabvisor_info {
	uint64_t window;   /* of addresses that the host could hand out */
	uint64_t given;    /* that programs of this guest have at the moment */
	uint64_t in_use;   /* by the host's account, the kernel's objects included */
	uint64_t backed;   /* that the host has memory for */
	uint64_t pinned;   /* by the host's account */
	uint64_t requests; /* to the host, since the module was loaded */
};

/* Opens the device. *sv is to be given to slabvisor_close(). -ENOENT: the module is not loaded, or
 * finds no device; -EACCES: the caller is not of the group slabvisor; -ENOMEM. */
int slabvisor_open(struct slabvisor **sv);
/* Ends it, pins included; buffers stay until they are freed. NULL does nothing. */
void slabvisor_close(struct slabvisor *sv);

/*
 * A buffer of len bytes, rounded up to pages, for I/O and for sharing: zeroed, page by page from
 * the host as it is touched. Pages touched before a fork() are shared with the child. A touch that
 * the host has no memory for raises SIGBUS. NULL, and errno, for -EINVAL (0 bytes), -ENOMEM.
 */
void *slabvisor_alloc(struct slabvisor *sv, size_t len);
/* Frees it, or the part that begins at p; the pages are the host's again. 0 or -EINVAL. */
int slabvisor_free(void *p, size_t len);

/*
 * Moves anonymous private memory of the caller, page aligned, to memory of the host: it is what it
 * was, copy on write included, and goes back to the host as it is unmapped. Returns how many bytes,
 * fewer where the host has no more; -EINVAL, -ENOMEM (not anonymous), -ENODEV (the host gives no
 * memory for this: `--heap SIZE,user=SIZE`).
 */
long slabvisor_back(struct slabvisor *sv, void *p, size_t len);

/* Keeps page aligned memory where it is until it is unpinned, by the same range, or sv is closed.
 * -EINVAL, -EFAULT, -ENOMEM (RLIMIT_MEMLOCK), -ENOSPC (the host's quota); for unpin -ENOENT. */
int slabvisor_pin(struct slabvisor *sv, void *p, size_t len);
int slabvisor_unpin(struct slabvisor *sv, void *p, size_t len);

/* 0, -EIO. */
int slabvisor_get_stats(struct slabvisor *sv, struct slabvisor_info *info);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
