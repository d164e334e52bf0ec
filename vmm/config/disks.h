/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of options that the disks of `run` and those of `serve` have alike: each is of `struct of`,
 * stored in the member of that name, and by default what `when` says. */
#ifndef VMM_CONFIG_DISKS_H
#define VMM_CONFIG_DISKS_H

#include "virtio/blk/blk.h"
#include "vmm/option/option.h"

extern const struct opt_word disk_formats[], disk_block_sizes[];

#define DISK_DIRECT(of)                                                                            \
	{                                                                                          \
		.name = "direct", .type = OPT_FLAG, OPT_AT(of, direct), .metavar = "on|off",       \
		.init = "on", .help = "past the host's page cache, by O_DIRECT, where that can be" \
	}

#define DISK_SERIAL(of)                                                                          \
	{                                                                                        \
		.name = "serial", .type = OPT_STRING, OPT_AT(of, serial), .max = BLK_SERIAL_MAX, \
		.help = "the disk's serial number"                                               \
	}

#define DISK_QUEUES(of, when, text)                                                 \
	{                                                                           \
		.name = "queues", .type = OPT_NUMBER, OPT_AT(of, queues), .min = 1, \
		.max = BLK_MAX_QUEUES, .init = (when), .help = (text)               \
	}

#define DISK_FORMAT(of)                                                                       \
	{                                                                                     \
		.name = "format", .type = OPT_CHOICE, OPT_AT(of, raw), .words = disk_formats, \
		.say = "disks are raw: say raw, or nothing; another format is made raw "      \
		       "by `qemu-img convert -O raw FILE NEW`",                               \
		.help = "the file's very bytes are the disk, even if it looks like an "       \
			"image of another format, or compressed, which is refused "           \
			"otherwise"                                                           \
	}

#define DISK_BLOCK_SIZE(of)                                                         \
	{                                                                           \
		.name = "block-size", .type = OPT_CHOICE, .flags = OPT_SIZES,       \
		OPT_AT(of, block_size), .words = disk_block_sizes,                  \
		.say = "sectors are of 512 or of 4096 bytes",                       \
		.help = "the guest sees sectors of so many bytes; else those of a " \
			"device, and 512 of a file"                                 \
	}

#define DISK_POLL_US(of, unless, more)                                                      \
	{                                                                                   \
		.name = "poll-us", .type = OPT_NUMBER, OPT_AT(of, poll_us), .max = 1000000, \
		.unit = "microseconds", unless,                                             \
		.help = "how long the thread of disks polls for work before it sleeps, "    \
			"at most; 0: not at all" more                                       \
	}

#endif
