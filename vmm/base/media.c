/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/base/media.h"

#include <elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mm/host/file.h"
#include "mm/util.h"
#include "virtio/blk/format.h"

#define HEAD 1024u

/* How far the headers of both may lie from a file's start, and how they are aligned. */
#define MULTIBOOT_END    8192u
#define MULTIBOOT_MAGIC  0x1badb002u
#define MULTIBOOT2_END   32768u
#define MULTIBOOT2_MAGIC 0xe85250d6u

#define IS(name_, offset_, bytes_)                         \
	{                                                  \
		name_, offset_, sizeof(bytes_) - 1, bytes_ \
	}

/* The first that fits counts. */
static const struct {
	const char *name;
	unsigned int offset, len;
	const char *bytes;
} magics[] = {
	IS("an ELF file", 0, "\177ELF"),
	IS("a Linux kernel (a bzImage)", 0x202, "HdrS"),
	IS("a Linux kernel for ARM64 (an Image)", 56, "ARM\x64"),
	IS("a Linux kernel for RISC-V (an Image)", 48, "RISCV\0\0\0"),
	IS("a Linux kernel for ARM (a zImage)", 36, "\x18\x28\x6f\x01"),
	IS("a compressed EFI kernel (zboot)", 4, "zimg"),
	IS("a U-Boot image", 0, "\x27\x05\x19\x56"),
	IS("a device tree or FIT image", 0, "\xd0\x0d\xfe\xed"),
	IS("a cpio archive", 0, "070701"),
	IS("a cpio archive", 0, "070702"),
	IS("a cpio archive", 0, "070707"),
	IS("a tar archive", 257, "ustar"),
	IS("a Debian package", 0, "!<arch>\ndebian-binary"),
	IS("an archive of object files", 0, "!<arch>\n"),
	IS("an RPM package", 0, "\xed\xab\xee\xdb"),
	IS("a script", 0, "#!"),
	IS("a PNG picture", 0, "\x89PNG\r\n\x1a\n"),
	IS("a JPEG picture", 0, "\xff\xd8\xff"),
	IS("a PDF document", 0, "%PDF-"),
	IS("a disk or its boot sector", 510, "\x55\xaa"),
	IS("a PE program, as of EFI or Windows", 0, "MZ"),
};

static bool is_text(const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (at[i] != '\t' && at[i] != '\n' && at[i] != '\r' &&
		    (at[i] < 0x20 || at[i] > 0x7e))
			return false;
	return true;
}

static const struct blk_format *format_of(const uint8_t *head, size_t len)
{
	return blk_format_find(head, len, NULL, 0);
}

const char *media_name(int fd, char *name)
{
	const struct blk_format *format;
	const char *found = NULL;
	uint8_t head[HEAD];
	ssize_t n = file_read_at(fd, head, sizeof(head), 0);

	if (n < 0)
		return NULL;
	format = format_of(head, (size_t)n);
	if (format)
		found = format->name;
	for (size_t i = 0; !found && i < ARRAY_SIZE(magics); i++)
		if ((size_t)n >= magics[i].offset + magics[i].len &&
		    !memcmp(head + magics[i].offset, magics[i].bytes, magics[i].len))
			found = magics[i].name;
	if (!found && !n)
		found = "empty";
	if (!found && is_text(head, (size_t)n))
		found = "text";
	if (!found)
		return NULL;
	snprintf(name, MEDIA_NAME_MAX, "%s", found);
	return name;
}

const char *media_unpack(int fd)
{
	const struct blk_format *format;
	uint8_t head[BLK_FORMAT_HEAD];
	ssize_t n = file_read_at(fd, head, sizeof(head), 0);

	if (n < 0)
		return NULL;
	format = format_of(head, (size_t)n);
	return format ? format->make : NULL;
}

/* Three words, or for the second four, of which the last makes the sum 0. */
static bool is_header(const uint8_t *at, size_t room, uint32_t magic, unsigned int words)
{
	uint32_t word;
	uint32_t sum = 0;

	if (room < words * sizeof(word))
		return false;
	for (unsigned int i = 0; i < words; i++) {
		memcpy(&word, at + i * sizeof(word), sizeof(word));
		if (!i && word != magic)
			return false;
		sum += word;
	}
	return !sum;
}

const char *media_multiboot(int fd)
{
	uint8_t *head = malloc(MULTIBOOT2_END);
	const char *found = NULL;
	ssize_t n;

	if (!head)
		return NULL;
	n = file_read_at(fd, head, MULTIBOOT2_END, 0);
	for (size_t at = 0; n > 0 && !found && at < (size_t)n; at += 4) {
		if (at < MULTIBOOT_END && is_header(head + at, (size_t)n - at, MULTIBOOT_MAGIC, 3))
			found = "Multiboot";
		else if (at % 8 == 0 && is_header(head + at, (size_t)n - at, MULTIBOOT2_MAGIC, 4))
			found = "Multiboot2";
	}
	free(head);
	return found;
}

const char *media_machine(unsigned int machine, char *name)
{
	static const struct {
		unsigned int machine;
		const char *name;
	} machines[] = {
		{EM_386, "x86 of 32 bits"}, {EM_X86_64, "x86-64"}, {EM_ARM, "ARM"},
		{EM_AARCH64, "ARM64"},      {EM_RISCV, "RISC-V"},  {EM_PPC64, "POWER"},
		{EM_S390, "s390"},          {EM_MIPS, "MIPS"},     {258, "LoongArch"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (machines[i].machine == machine)
			return machines[i].name;
	snprintf(name, MEDIA_NAME_MAX, "machine %u", machine);
	return name;
}
