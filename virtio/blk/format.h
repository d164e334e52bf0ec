/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a file is by its own account: disk images that are not raw, and compressed files. A disk
 * of such a file's bytes is never what was meant, and writing to it destroys the image; so
 * it is recognized and refused, unless somebody says that its bytes are the disk.
 */
#ifndef VIRTIO_BLK_FORMAT_H
#define VIRTIO_BLK_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define BLK_FORMAT_HEAD 128u /* bytes of a file's beginning that are looked at */
#define BLK_FORMAT_TAIL 512u /* ... and of its end */

struct blk_format {
	const char *name; /* after "is": "a qcow2 image", "xz-compressed" */
	const char *make; /* the command that makes a raw file of it, in words for a user */
};

/*
 * Recognizes a file by its first head_len bytes (of BLK_FORMAT_HEAD, fewer of a shorter file) and
 * its last tail_len (of BLK_FORMAT_TAIL): some images have their magic in a footer. NULL: it is
 * none of those; nothing speaks against its being raw.
 */
const struct blk_format *blk_format_find(const uint8_t *head, size_t head_len, const uint8_t *tail,
					 size_t tail_len);

/*
 * The same of an open file of size bytes. Returns 0 with *format set (NULL: none of those), or
 * -errno of reading.
 */
int blk_format_probe(int fd, uint64_t size, const struct blk_format **format);

/* The size of sector, 512 or 4096, that the disk's partition table (GPT) was made for; 0: there is
 * none, or it cannot be read. */
uint32_t blk_format_gpt_sector(int fd);

#endif
