/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads that go on after interruptions and short counts. */
#ifndef MM_HOST_FILE_H
#define MM_HOST_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads len bytes at offset. Returns how many there were up to the end of the
 * file, or -errno: of the read, or EINVAL where the range reaches past what an offset can say. */
ssize_t file_read_at(int fd, void *buf, size_t len, uint64_t offset);

/* Reads from where fd is until len bytes or the end; returns as file_read_at. */
ssize_t file_read(int fd, void *buf, size_t len);

#endif
