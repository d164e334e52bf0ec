/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <slabvisor/blk.h>
#include <slabvisor/platform.h>

/* A number and an optional k, m or g. */
static bool read_size(const char *text, u64 *value)
{
	char number[32];
	size_t len = strlen(text);
	unsigned int shift = 0;

	if (!len || len >= sizeof(number))
		return false;
	memcpy(number, text, len + 1);
	if (number[len - 1] == 'k')
		shift = 10;
	else if (number[len - 1] == 'm')
		shift = 20;
	else if (number[len - 1] == 'g')
		shift = 30;
	if (shift)
		number[len - 1] = '\0';
	if (kstrtou64(number, 10, value) || *value > ~0ull >> shift)
		return false;
	*value <<= shift;
	return true;
}

static bool read_mode(struct options *o, const char *value)
{
	o->pins = !strcmp(value, "pins");
	o->random = !strncmp(value, "rand", 4);
	if (o->random)
		value += 4;
	o->write = !strcmp(value, "write");
	return o->pins || o->write || !strcmp(value, "read");
}

static bool read_one(struct options *o, const char *key, const char *value)
{
	u64 n;

	if (!strcmp(key, "rw"))
		return read_mode(o, value);
	if (!strcmp(key, "mem")) {
		o->user = !strcmp(value, "user");
		return o->user || !strcmp(value, "pages");
	}
	if (!read_size(value, &n))
		return false;
	if (!strcmp(key, "bs"))
		o->bs = (u32)n;
	else if (!strcmp(key, "depth"))
		o->depth = (unsigned int)n;
	else if (!strcmp(key, "cpus"))
		o->cpus = (unsigned int)n;
	else if (!strcmp(key, "ms"))
		o->runtime_ms = n;
	else if (!strcmp(key, "size"))
		o->size = n;
	else if (!strcmp(key, "buffers"))
		o->buffers = n;
	else if (!strcmp(key, "disk"))
		o->disk = (unsigned int)n;
	else if (!strcmp(key, "poll"))
		o->poll_us = (u32)n;
	else if (!strcmp(key, "seed"))
		o->seed = (u32)n;
	else
		return false;
	return true;
}

static bool fits(const struct options *o)
{
	if (o->bs < BLK_SECTOR_SIZE || o->bs % BLK_SECTOR_SIZE || o->bs > 256 << 10)
		printk("zcbench: bs is a multiple of 512 up to 256k\n");
	else if (!o->depth || o->depth > 128)
		printk("zcbench: depth is a number from 1 to 128\n");
	else if (!o->cpus || o->cpus > num_online_cpus())
		printk("zcbench: cpus is a number from 1 to %u\n", num_online_cpus());
	else
		return true;
	return false;
}

bool options_read(struct options *o, int argc, char **argv)
{
	*o = (struct options){
		.random = true,
		.bs = 4096,
		.depth = 32,
		.cpus = 1,
		.runtime_ms = 1000,
		.poll_us = 1000,
		.seed = 1,
	};
	for (int i = 1; i < argc; i++) {
		char *eq = strchr(argv[i], '=');

		if (eq)
			*eq = '\0';
		if (!eq || !read_one(o, argv[i], eq + 1)) {
			printk("usage: zcbench [rw=read|write|randread|randwrite|pins] [bs=SIZE] "
			       "[depth=N]\n"
			       "  [cpus=N] [ms=N] [size=SIZE] [buffers=SIZE] [mem=pages|user] "
			       "[disk=N] [poll=US] "
			       "[seed=N]\n");
			return false;
		}
	}
	return fits(o);
}
