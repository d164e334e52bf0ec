/* SPDX-License-Identifier: BSD-2-Clause */
#include "mm/host/file.h"

#include <errno.h>
#include <unistd.h>

/* offset: NULL stands for where fd is. */
static ssize_t read_all(int fd, char *buf, size_t len, const off_t *offset)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = offset ? pread(fd, buf + done, len - done, *offset + (off_t)done)
			   : read(fd, buf + done, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

ssize_t file_read_at(int fd, void *buf, size_t len, uint64_t offset)
{
	off_t at = (off_t)offset;

	if (offset > INT64_MAX || len > INT64_MAX - offset)
		return -EINVAL;
	return read_all(fd, buf, len, &at);
}

ssize_t file_read(int fd, void *buf, size_t len)
{
	return read_all(fd, buf, len, NULL);
}
