/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Magics are those that QEMU's block drivers probe for (block/qcow.c, qcow2.c, qed.c, vmdk.c,
 * vhdx.c, vpc.c, vdi.c, parallels.c, bochs.c, dmg.c), and those that file(1) has for compressed
 * files. A file system, a partition table or an ISO 9660 image begins with none of them.
 */
#include "virtio/blk/format.h"

#include <stdbool.h>
#include <string.h>

#include "mm/host/file.h"
#include "mm/util.h"

#define CONVERT "qemu-img convert -O raw FILE NEW"

struct magic {
	struct blk_format format;
	unsigned int offset, len; /* of the head, or of the tail */
	const char *bytes;
	bool tail;
};

#define AT(offset_, bytes_) .offset = (offset_), .bytes = (bytes_), .len = sizeof(bytes_) - 1

/* The first that fits counts. */
static const struct magic magics[] = {
	{{"a qcow image", CONVERT}, AT(0, "QFI\xfb\0\0\0\1")},
	{{"a qcow2 image", CONVERT}, AT(0, "QFI\xfb")},
	{{"a QED image", CONVERT}, AT(0, "QED\0")},
	{{"a VMDK image", CONVERT}, AT(0, "KDMV")},
	{{"a VMDK image", CONVERT}, AT(0, "COWD")},
	{{"the descriptor of a VMDK image", CONVERT}, AT(0, "# Disk DescriptorFile")},
	{{"a VHDX image", CONVERT}, AT(0, "vhdxfile")},
	{{"a VHD image", "qemu-img convert -f vpc -O raw FILE NEW"}, AT(0, "conectix")},
	{{"a VDI image", CONVERT}, AT(64, "\x7f\x10\xda\xbe")},
	{{"a Parallels image", CONVERT}, AT(0, "WithoutFreeSpace")},
	{{"a Parallels image", CONVERT}, AT(0, "WithouFreSpacExt")},
	{{"a Bochs image", CONVERT}, AT(0, "Bochs Virtual HD Image")},
	{{"an Android sparse image", "simg2img FILE NEW"}, AT(0, "\x3a\xff\x26\xed\1\0")},
	{{"xz-compressed", "xz -d FILE"},
	 AT(0, "\xfd"
	       "7zXZ\0")},
	{{"gzip-compressed", "gzip -d FILE"}, AT(0, "\x1f\x8b\x08")},
	{{"zstd-compressed", "zstd -d FILE"}, AT(0, "\x28\xb5\x2f\xfd")},
	{{"bzip2-compressed", "bzip2 -d FILE"}, AT(4, "1AY&SY")},
	{{"lz4-compressed", "lz4 -d FILE"}, AT(0, "\x04\x22\x4d\x18")},
	{{"lz4-compressed", "lz4 -d FILE"}, AT(0, "\x02\x21\x4c\x18")},
	{{"lzip-compressed", "lzip -d FILE"}, AT(0, "LZIP\1")},
	{{"lzop-compressed", "lzop -d FILE"}, AT(0, "\x89LZO\0\r\n\x1a\n")},
	{{"a ZIP archive", "unzip FILE"}, AT(0, "PK\3\4")},
	{{"a 7z archive", "7z x FILE"}, AT(0, "7z\xbc\xaf\x27\x1c")},
	{{"a VHD image", "qemu-img convert -f vpc -O raw FILE NEW"},
	 AT(0, "conectix"),
	 .tail = true},
	/* The footer of old ones has 511 bytes. */
	{{"a VHD image", "qemu-img convert -f vpc -O raw FILE NEW"},
	 AT(1, "conectix"),
	 .tail = true},
	{{"a DMG image", "qemu-img convert -f dmg -O raw FILE NEW"},
	 AT(0, "koly\0\0\0\4"),
	 .tail = true},
};

const struct blk_format *blk_format_find(const uint8_t *head, size_t head_len, const uint8_t *tail,
					 size_t tail_len)
{
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++) {
		const struct magic *m = &magics[i];
		const uint8_t *at = m->tail ? tail : head;
		const size_t len = m->tail ? tail_len : head_len;

		/* A footer is a footer only where all of it is there. */
		if (m->tail && len < BLK_FORMAT_TAIL)
			continue;
		if (len >= m->offset + m->len && !memcmp(at + m->offset, m->bytes, m->len))
			return &m->format;
	}
	return NULL;
}

int blk_format_probe(int fd, uint64_t size, const struct blk_format **format)
{
	uint8_t head[BLK_FORMAT_HEAD];
	uint8_t tail[BLK_FORMAT_TAIL];
	ssize_t head_len;
	ssize_t tail_len = 0;

	head_len = file_read_at(fd, head, sizeof(head), 0);
	if (head_len < 0)
		return (int)head_len;
	if (size >= sizeof(tail))
		tail_len = file_read_at(fd, tail, sizeof(tail), size - sizeof(tail));
	if (tail_len < 0)
		return (int)tail_len;
	*format = blk_format_find(head, (size_t)head_len, tail, (size_t)tail_len);
	return 0;
}

/* UEFI 2.10, section 5.3.2: the table's header is the second sector. */
uint32_t blk_format_gpt_sector(int fd)
{
	static const uint32_t sizes[] = {512, 4096};
	static const char signature[] = "EFI PART";
	uint8_t at[sizeof(signature) - 1];

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		if (file_read_at(fd, at, sizeof(at), sizes[i]) == (ssize_t)sizeof(at) &&
		    !memcmp(at, signature, sizeof(at)))
			return sizes[i];
	return 0;
}
