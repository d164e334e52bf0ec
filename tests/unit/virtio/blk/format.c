/* SPDX-License-Identifier: BSD-2-Clause */
/* What a disk's file is by its own account: each format by its magic alone, and what is raw. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "mm/util.h"
#include "virtio/blk/file.h"
#include "virtio/blk/format.h"

#define SIZE 65536u

struct sample {
	const char *name, *make; /* parts of what is said */
	long at;                 /* below 0: from the end */
	size_t len;
	const char *bytes;
};

#define SAMPLE(name, make, at, bytes)                    \
	{                                                \
		name, make, at, sizeof(bytes) - 1, bytes \
	}

static const struct sample samples[] = {
	SAMPLE("a qcow image", "qemu-img convert", 0, "\x51\x46\x49\xfb\x00\x00\x00\x01"),
	SAMPLE("a qcow2 image", "qemu-img convert", 0, "\x51\x46\x49\xfb\x00\x00\x00\x02"),
	SAMPLE("a qcow2 image", "qemu-img convert", 0, "\x51\x46\x49\xfb\x00\x00\x00\x03"),
	SAMPLE("a QED image", "qemu-img convert", 0, "\x51\x45\x44\x00"),
	SAMPLE("a VMDK image", "qemu-img convert", 0, "\x4b\x44\x4d\x56\x01\x00\x00\x00"),
	SAMPLE("a VMDK image", "qemu-img convert", 0, "\x43\x4f\x57\x44\x01\x00\x00\x00"),
	SAMPLE("the descriptor of a VMDK", "qemu-img convert", 0,
	       "# Disk DescriptorFile\nversion=1"),
	SAMPLE("a VHDX image", "qemu-img convert", 0, "\x76\x68\x64\x78\x66\x69\x6c\x65"),
	SAMPLE("a VHD image", "convert -f vpc", 0, "\x63\x6f\x6e\x65\x63\x74\x69\x78"),
	SAMPLE("a VHD image", "convert -f vpc", -512, "\x63\x6f\x6e\x65\x63\x74\x69\x78"),
	SAMPLE("a VHD image", "convert -f vpc", -511, "\x63\x6f\x6e\x65\x63\x74\x69\x78"),
	SAMPLE("a VDI image", "qemu-img convert", 64, "\x7f\x10\xda\xbe"),
	SAMPLE("a Parallels image", "qemu-img convert", 0, "WithoutFreeSpace"),
	SAMPLE("a Parallels image", "qemu-img convert", 0, "WithouFreSpacExt"),
	SAMPLE("a Bochs image", "qemu-img convert", 0, "Bochs Virtual HD Image"),
	SAMPLE("a DMG image", "convert -f dmg", -512, "koly\x00\x00\x00\x04"),
	SAMPLE("an Android sparse image", "simg2img", 0, "\x3a\xff\x26\xed\x01\x00\x00\x00"),
	SAMPLE("xz-compressed", "xz -d", 0, "\xfd\x37\x7a\x58\x5a\x00"),
	SAMPLE("gzip-compressed", "gzip -d", 0, "\x1f\x8b\x08\x00"),
	SAMPLE("zstd-compressed", "zstd -d", 0, "\x28\xb5\x2f\xfd"),
	SAMPLE("bzip2-compressed", "bzip2 -d", 0, "\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59"),
	SAMPLE("lz4-compressed", "lz4 -d", 0, "\x04\x22\x4d\x18"),
	SAMPLE("lz4-compressed", "lz4 -d", 0, "\x02\x21\x4c\x18"),
	SAMPLE("lzip-compressed", "lzip -d", 0, "\x4c\x5a\x49\x50\x01"),
	SAMPLE("lzop-compressed", "lzop -d", 0, "\x89\x4c\x5a\x4f\x00\x0d\x0a\x1a\x0a"),
	SAMPLE("a ZIP archive", "unzip", 0, "\x50\x4b\x03\x04"),
	SAMPLE("a 7z archive", "7z x", 0, "\x37\x7a\xbc\xaf\x27\x1c"),
};

/* What begins a disk: nothing speaks against these. */
static const struct sample raw[] = {
	SAMPLE("boot code", "", 0, "\xeb\x63\x90\x10\x8e\xd0\xbc\x00\xb0"),
	SAMPLE("an MBR", "", 510, "\x55\xaa"),
	SAMPLE("a GPT", "", 512, "EFI PART"),
	SAMPLE("ext4", "", 1080, "\x53\xef"),
	SAMPLE("XFS", "", 0, "XFSB"),
	SAMPLE("LUKS", "", 0, "LUKS\xba\xbe\x00\x02"),
	SAMPLE("LVM", "", 512, "LABELONE"),
	SAMPLE("swap", "", 4086, "SWAPSPACE2"),
	SAMPLE("ISO 9660", "", 32769, "CD001"),
	SAMPLE("squashfs", "", 0, "hsqs"),
	SAMPLE("a tar archive", "", 257, "ustar"),
	SAMPLE("a qcow2 image inside", "", 512, "QFI\xfb"),
	SAMPLE("half a magic", "", 0, "QFI"),
	SAMPLE("a footer that is no footer", "", -520, "conectix"),
	SAMPLE("text", "", 0, "BZh9 is no bzip2"),
};

static char path[64];
static int fd;

/* A file of size bytes with this in it. */
static void make(const struct sample *s, size_t size)
{
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	assert_int_equal(pwrite(fd, s->bytes, s->len, s->at < 0 ? (off_t)size + s->at : s->at),
			 s->len);
	/* A sample at the edge must not make the file longer. */
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
}

static int open_disk(bool raw_said, bool readonly, char *why)
{
	const struct blk_file_config config = {.path = path, .raw = raw_said, .readonly = readonly};
	struct blk_file file;
	int ret = blk_file_open(&file, &config, why);

	if (!ret)
		blk_file_close(&file);
	return ret;
}

static void formats_are_named(void **state)
{
	char why[BLK_WHY_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		make(&samples[i], SIZE);
		assert_int_equal(open_disk(false, false, why), -EMEDIUMTYPE);
		if (!strstr(why, samples[i].name) || !strstr(why, samples[i].make))
			fail_msg("sample %zu, %s: \"%s\"", i, samples[i].name, why);
		/* What is read from it would be as wrong. */
		assert_int_equal(open_disk(false, true, why), -EMEDIUMTYPE);
		assert_int_equal(open_disk(true, false, why), 0);
		assert_int_equal(open_disk(true, true, why), 0);
	}
}

static void raw_is_raw(void **state)
{
	char why[BLK_WHY_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(raw); i++) {
		make(&raw[i], SIZE);
		if (open_disk(false, false, why))
			fail_msg("%s: \"%s\"", raw[i].name, why);
	}
}

/* Files that end in the middle of what is looked for: no byte past the end is. */
static void short_files(void **state)
{
	static const size_t sizes[] = {0, 1, 3, 67, 127, 511};
	const struct sample qcow2 = {.bytes = "QFI\xfb\0\0\0\3", .len = 8};
	const struct blk_format *format;
	uint8_t *exact;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		make(&qcow2, sizes[i]);
		assert_int_equal(blk_format_probe(fd, sizes[i], &format), 0);
		assert_true(!format == (sizes[i] < 4));
		/* On a heap of its own, which a sanitizer watches. */
		exact = malloc(sizes[i] ? sizes[i] : 1);
		memset(exact, 0, sizes[i]);
		assert_null(blk_format_find(exact, sizes[i] < BLK_FORMAT_HEAD ? sizes[i] : 0, exact,
					    sizes[i]));
		free(exact);
	}
}

/* What cannot be read cannot be judged. */
static void unreadable(void **state)
{
	const struct blk_format *format;

	(void)state;
	assert_int_equal(blk_format_probe(-1, 512, &format), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_are_named),
		cmocka_unit_test(raw_is_raw),
		cmocka_unit_test(short_files),
		cmocka_unit_test(unreadable),
	};

	fd = memfd_create("disk", MFD_CLOEXEC);
	if (fd < 0)
		return 1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return cmocka_run_group_tests_name("virtio_blk_format", tests, NULL, NULL);
}
