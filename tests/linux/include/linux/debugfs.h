/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files by which a test of Linux's is spoken to: open() of tests/linux/libc.h finds them by their
 * names, and ioctl() calls what they have for it.
 */
#ifndef TESTS_LINUX_DEBUGFS_H
#define TESTS_LINUX_DEBUGFS_H

#include <linux/types.h>

struct dentry;
struct inode;

struct file {
	const struct file_operations *f_op;
	void *private_data;
};

struct file_operations {
	int (*open)(struct inode *inode, struct file *file);
	long (*unlocked_ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
};

int nonseekable_open(struct inode *inode, struct file *file);
/* name is the last part of the path, below /sys/kernel/debug. */
struct dentry *debugfs_create_file_unsafe(const char *name, umode_t mode, struct dentry *parent,
					  void *data, const struct file_operations *ops);

/* Numbers of requests, as Linux's <asm-generic/ioctl.h> makes them. */
#define _IOC_SIZE(nr)            (((nr) >> 16) & 0x3fff)
#define _IOWR(type, nr, argtype) (3u << 30 | sizeof(argtype) << 16 | (type) << 8 | (nr))

#endif
