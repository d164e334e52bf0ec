/* SPDX-License-Identifier: BSD-2-Clause */
/* The arguments, by names of its own and by fio's, which most who measure disks know. */
#include "options.h"
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <slabvisor/blk.h>
#include <slabvisor/platform.h>

enum kind {
	NUMBER,
	SIZE,    /* bytes, with k, m or g */
	MS,      /* a time, with ms, s or m; without any milliseconds */
	SECONDS, /* ... without any seconds */
	MODE,
	MEMORY,
	FORMAT
};

/* An argument is name=value; --name=value is the same. */
static const struct word {
	const char *name, *also; /* also: fio's, where that is another; or NULL */
	enum kind kind;
	size_t at, width; /* the member of struct options */
	u64 min, max;     /* max 0: any */
	u64 step;
	const char *right;
} words[] = {
#define AT(member) offsetof(struct options, member), sizeof(((struct options *)0)->member)
	{"rw", "readwrite", MODE, 0, 0, 0, 0, 1,
	 "read, write, randread, randwrite, randrw, rw or pins"},
	{"rwmixread", NULL, NUMBER, AT(mix_read), 0, 100, 1, "a number from 0 to 100"},
	{"fsync", NULL, NUMBER, AT(fsync), 0, ~0u, 1, "writes before a flush, 0 for none"},
	{"bs", "blocksize", SIZE, AT(bs), BLK_SECTOR_SIZE, 256 << 10, BLK_SECTOR_SIZE,
	 "a multiple of 512 up to 256k"},
	{"depth", "iodepth", NUMBER, AT(depth), 1, 128, 1, "a number from 1 to 128"},
	{"cpus", "numjobs", NUMBER, AT(cpus), 1, PLATFORM_MAX_CPUS, 1,
	 "a number from 1 to that of --cpus"},
	{"ms", NULL, MS, AT(runtime_ms), 1, 86400000, 1, "milliseconds, from 1"},
	{"runtime", NULL, SECONDS, AT(runtime_ms), 1, 86400000, 1, "seconds, or as in 500ms"},
	{"size", NULL, SIZE, AT(size), 0, 0, 1, "a size, as in 64m; 0: all of the disk"},
	{"buffers", NULL, SIZE, AT(buffers), 0, 0, 1, "a size, as in 64m"},
	{"mem", NULL, MEMORY, 0, 0, 0, 0, 1, "pages or user"},
	{"disk", NULL, NUMBER, AT(disk), 0, PLATFORM_MMIO_MAX, 1, "the number of a disk, from 0"},
	{"poll", NULL, NUMBER, AT(poll_us), 0, 1000000, 1, "microseconds, up to 1000000"},
	{"seed", "randseed", NUMBER, AT(seed), 0, ~0u, 1, "a number"},
	{"output-format", NULL, FORMAT, 0, 0, 0, 0, 1,
	 "normal, json or json+, or normal,json or normal,json+"},
#undef AT
};

/* What a number may have behind it. */
static const struct suffix {
	const char *text;
	u64 times;
} sizes[] = {{"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}, {NULL, 1}},
  times[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {NULL, 1}}, none[] = {{NULL, 1}};

/* A number and one of the suffixes, in any case, or times `otherwise`. */
static bool read_number(const char *text, const struct suffix *suffix, u64 otherwise, u64 *value)
{
	char number[32];
	size_t digits = 0;

	while (text[digits] >= '0' && text[digits] <= '9')
		digits++;
	if (!digits || digits >= sizeof(number))
		return false;
	memcpy(number, text, digits);
	number[digits] = '\0';
	if (kstrtou64(number, 10, value))
		return false;
	if (text[digits]) {
		while (suffix->text && strcasecmp(text + digits, suffix->text) != 0)
			suffix++;
		if (!suffix->text)
			return false;
		otherwise = suffix->times;
	}
	return !__builtin_mul_overflow(*value, otherwise, value);
}

static bool read_mode(struct options *o, const char *value)
{
	o->pins = !strcmp(value, "pins");
	o->random = !strncmp(value, "rand", 4);
	if (o->random)
		value += 4;
	o->mixed = !strcmp(value, "rw") || (!o->random && !strcmp(value, "readwrite"));
	o->write = o->mixed || !strcmp(value, "write");
	return o->pins || o->write || !strcmp(value, "read");
}

static bool read_memory(struct options *o, const char *value)
{
	o->user = !strcmp(value, "user");
	return o->user || !strcmp(value, "pages");
}

static bool read_format(struct options *o, const char *value)
{
	o->lines = !strncmp(value, "normal", 6);
	if (o->lines) {
		value += 6;
		if (!*value) {
			o->json = false;
			return true;
		}
		if (*value++ != ',')
			return false;
	}
	o->bins = !strcmp(value, "json+");
	o->json = o->bins || !strcmp(value, "json");
	return o->json;
}

const char *options_mode(const struct options *o)
{
	if (o->mixed)
		return o->random ? "randrw" : "rw";
	if (o->write)
		return o->random ? "randwrite" : "write";
	return o->random ? "randread" : "read";
}

static bool read_word(struct options *o, const struct word *w, const char *value)
{
	const struct suffix *suffix = w->kind == SIZE ? sizes : w->kind == NUMBER ? none : times;
	u64 n;

	if (w->kind == MODE)
		return read_mode(o, value);
	if (w->kind == MEMORY)
		return read_memory(o, value);
	if (w->kind == FORMAT)
		return read_format(o, value);
	if (!read_number(value, suffix, w->kind == SECONDS ? 1000 : 1, &n) || n < w->min ||
	    (w->max && n > w->max) || n % w->step)
		return false;
	if (w->width == sizeof(u32))
		*(u32 *)((char *)o + w->at) = (u32)n;
	else
		*(u64 *)((char *)o + w->at) = n;
	return true;
}

static const struct word *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i].name, name) || (words[i].also && !strcmp(words[i].also, name)))
			return &words[i];
	return NULL;
}

static void usage(void)
{
	printk("usage: zcbench [WORD=VALUE...]\n");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		printk("  %s%s%s: %s\n", words[i].name, words[i].also ? " or " : "",
		       words[i].also ? words[i].also : "", words[i].right);
}

static bool read_argument(struct options *o, char *arg)
{
	char *name = strncmp(arg, "--", 2) ? arg : arg + 2;
	char *eq = strchr(name, '=');
	const struct word *w;

	if (eq)
		*eq = '\0';
	w = find(name);
	if (!w || !eq)
		printk("zcbench: %s: %s\n", name,
		       w ? "a value is missing, behind a =" : "there is no such word");
	else if (read_word(o, w, eq + 1))
		return true;
	else
		printk("zcbench: %s=%s: give %s\n", name, eq + 1, w->right);
	if (!w || !eq)
		usage();
	return false;
}

bool options_read(struct options *o, int argc, char **argv)
{
	*o = (struct options){
		.random = true,
		.mix_read = 50,
		.bs = 4096,
		.depth = 32,
		.cpus = 1,
		.runtime_ms = 1000,
		.poll_us = 1000,
		.seed = 1,
		.lines = true,
	};
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help")) {
			usage();
			return false;
		}
		if (!read_argument(o, argv[i]))
			return false;
	}
	if (o->cpus <= num_online_cpus())
		return true;
	printk("zcbench: cpus=%u: the guest has %u: give slabvisor run more --cpus\n", o->cpus,
	       num_online_cpus());
	return false;
}
