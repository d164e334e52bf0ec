/* SPDX-License-Identifier: BSD-2-Clause */
#include "slabvisor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest/linux/include/uapi/slabvisor.h"

#define DEVICE "/dev/slabvisor"
#define PAGE   4096ul

struct slabvisor {
	int fd;
};

int slabvisor_open(struct slabvisor **sv)
{
	struct slabvisor *s = malloc(sizeof(*s));
	int err;

	*sv = NULL;
	if (!s)
		return -ENOMEM;
	s->fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (s->fd < 0) {
		err = -errno;
		free(s);
		return err;
	}
	*sv = s;
	return 0;
}

void slabvisor_close(struct slabvisor *sv)
{
	if (!sv)
		return;
	close(sv->fd);
	free(sv);
}

static size_t pages(size_t len)
{
	return (len + PAGE - 1) & ~(PAGE - 1);
}

void *slabvisor_alloc(struct slabvisor *sv, size_t len)
{
	void *p = mmap(NULL, pages(len), PROT_READ | PROT_WRITE, MAP_SHARED, sv->fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

int slabvisor_free(void *p, size_t len)
{
	return munmap(p, pages(len)) ? -errno : 0;
}

static long range_call(struct slabvisor *sv, unsigned long request, void *p, size_t len)
{
	struct slabvisor_range range = {.addr = (uintptr_t)p, .len = len};

	return ioctl(sv->fd, request, &range) ? -errno : (long)(range.pages * PAGE);
}

long slabvisor_back(struct slabvisor *sv, void *p, size_t len)
{
	return range_call(sv, SLABVISOR_IOC_BACK, p, len);
}

int slabvisor_pin(struct slabvisor *sv, void *p, size_t len)
{
	long done = range_call(sv, SLABVISOR_IOC_PIN, p, len);

	return done < 0 ? (int)done : 0;
}

int slabvisor_unpin(struct slabvisor *sv, void *p, size_t len)
{
	long done = range_call(sv, SLABVISOR_IOC_UNPIN, p, len);

	return done < 0 ? (int)done : 0;
}

int slabvisor_get_stats(struct slabvisor *sv, struct slabvisor_info *info)
{
	struct slabvisor_stats stats;

	if (ioctl(sv->fd, SLABVISOR_IOC_STATS, &stats))
		return -errno;
	*info = (struct slabvisor_info){
		.window = stats.window_bytes,
		.given = stats.pages_out * PAGE,
		.in_use = stats.frames_in_use * PAGE,
		.backed = stats.frames_backed * PAGE,
		.pinned = stats.pages_pinned * PAGE,
		.requests = stats.requests,
	};
	return 0;
}
