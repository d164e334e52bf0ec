/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In a Linux guest whose host gives user space memory (/dev/slabvisor of the module slabvisor),
 * what backs the heap is the host's. Where it is not, whatever the reason, it is the kernel's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/linux/include/uapi/slabvisor.h"
#include "tests/shim/shim.h"

#define DEVICE "/dev/slabvisor"
/* Where programs have no descriptors of their own, as a rule. */
#define HIGH_FD 700

enum {
	UNKNOWN = -2,
	NONE = -1
};

static int window_fd = UNKNOWN;
static dev_t device; /* set before window_fd */

/* The device's descriptor, or NONE. */
static int device_open(void)
{
	int low = open(DEVICE, O_RDWR | O_CLOEXEC);
	struct stat st;
	int high;

	if (low < 0)
		return NONE;
	if (fstat(low, &st) || !S_ISCHR(st.st_mode)) {
		close(low);
		return NONE;
	}
	device = st.st_rdev;
	high = fcntl(low, F_DUPFD_CLOEXEC, HIGH_FD);
	/* A limit on descriptors that is so low leaves the one there is. */
	if (high < 0)
		return low;
	close(low);
	return high;
}

static int window_open(void)
{
	int unknown = UNKNOWN;
	int fd = device_open();

	/* Release: the device is known by then. Another thread may have been as quick. */
	if (__atomic_compare_exchange_n(&window_fd, &unknown, fd, false, __ATOMIC_RELEASE,
					__ATOMIC_ACQUIRE))
		return fd;
	if (fd >= 0)
		close(fd);
	return unknown;
}

/* The device's descriptor, which is opened if nobody has tried, or NONE. */
static int window_get(void)
{
	/* Acquire: with it the device is known. */
	int fd = __atomic_load_n(&window_fd, __ATOMIC_ACQUIRE);

	return fd == UNKNOWN ? window_open() : fd;
}

bool shim_window_there(void)
{
	int err = errno;
	bool there = window_get() >= 0;

	errno = err;
	return there;
}

void shim_window_back(void *p, size_t size)
{
	struct slabvisor_range range = {.addr = (u64)p, .len = size};
	int err = errno;
	int fd = window_get();
	struct stat st;

	/* The program may have closed it, and have another file by this number. */
	if (fd >= 0 && !fstat(fd, &st) && S_ISCHR(st.st_mode) && st.st_rdev == device)
		(void)ioctl(fd, SLABVISOR_IOC_BACK, &range);
	errno = err;
}
