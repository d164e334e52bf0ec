/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Usage: wordfreq [-d BYTES] [-n COUNT | -a]
 * Counts the words of the texts given with --module, or with -d of the first BYTES of the
 * first disk, read into pinned user pages a piece at a time, on all vCPUs, and prints how
 * many there are, how many different ones, and the COUNT most frequent (10), or all
 * with -a, as `count word`, words of equal count in byte order. A word is a maximal
 * run of A-Z and a-z, case folded.
 */
#include "table.h"
#include "text.h"
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <slabvisor/platform.h>

static struct {
	struct table table[PLATFORM_MAX_CPUS]; /* one a vCPU */
	const char *text;
	size_t size;
	unsigned int cpus;
	u32 moved[PLATFORM_MAX_CPUS]; /* words that a vCPU moved into table[0] */
	int status;                   /* the first error of any vCPU */
} job;

static void fail(int status)
{
	int none = 0;

	__atomic_compare_exchange_n(&job.status, &none, status, false, __ATOMIC_RELAXED,
				    __ATOMIC_RELAXED);
}

/* Where share i of the text begins: a word belongs to the share it begins in. */
static size_t share_start(unsigned int i)
{
	size_t at = job.size / job.cpus * i;

	if (i == job.cpus)
		return job.size;
	while (at > 0 && at < job.size && is_letter(job.text[at - 1]) && is_letter(job.text[at]))
		at++;
	return at;
}

static void count_share(void *arg)
{
	unsigned int cpu = smp_processor_id();
	size_t start = share_start(cpu);
	int ret;

	(void)arg;
	ret = table_count(&job.table[cpu], job.text + start, share_start(cpu + 1) - start);
	if (ret)
		fail(ret);
}

/* Each vCPU merges its part of the buckets of all tables into the first table. */
static void merge_share(void *arg)
{
	unsigned int cpu = smp_processor_id();
	u64 buckets = (u64)job.table[0].mask + 1;
	u32 first = (u32)(buckets * cpu / job.cpus);
	u32 last = (u32)(buckets * (cpu + 1) / job.cpus);

	(void)arg;
	for (unsigned int i = 1; i < job.cpus; i++)
		job.moved[cpu] += table_move(&job.table[0], &job.table[i], first, last);
}

static int count_text(const char *text, size_t size)
{
	u32 buckets = 0;
	int ret;

	job.text = text;
	job.size = size;
	smp_call_all(count_share, NULL);
	if (job.status)
		return job.status;
	for (unsigned int i = 0; i < job.cpus; i++)
		buckets = max(buckets, job.table[i].mask + 1);
	for (unsigned int i = 0; i < job.cpus; i++) {
		ret = table_grow(&job.table[i], buckets);
		if (ret)
			return ret;
		job.moved[i] = 0;
	}
	smp_call_all(merge_share, NULL);
	for (unsigned int i = 0; i < job.cpus; i++) {
		job.table[0].distinct += job.moved[i];
		if (!i)
			continue;
		job.table[0].words += job.table[i].words;
		job.table[i].words = 0;
		job.table[i].distinct = 0;
	}
	return 0;
}

/* More frequent first, then byte order. */
static bool before(const struct word *a, const struct word *b)
{
	return a->count != b->count ? a->count > b->count : strcmp(a->text, b->text) < 0;
}

static void sift_down(struct word **w, u32 at, u32 n)
{
	struct word *down = w[at];
	u32 child;

	while ((child = 2 * at + 1) < n) {
		if (child + 1 < n && before(w[child], w[child + 1]))
			child++;
		if (!before(down, w[child]))
			break;
		w[at] = w[child];
		at = child;
	}
	w[at] = down;
}

static void heap_sort(struct word **w, u32 n)
{
	struct word *last;

	for (u32 i = n / 2; i > 0; i--)
		sift_down(w, i - 1, n);
	for (u32 i = n; i > 1; i--) {
		last = w[i - 1];
		w[i - 1] = w[0];
		w[0] = last;
		sift_down(w, 0, i - 1);
	}
}

static int print_words(const struct table *table, u32 most)
{
	struct word **sorted;
	struct word *word;
	u32 n = 0;

	if (!table->distinct)
		return 0;
	sorted = kvmalloc_array(table->distinct, sizeof(struct word *), GFP_KERNEL);
	if (!sorted)
		return -ENOMEM;
	for (u32 i = 0; i <= table->mask; i++)
		for (word = table->bucket[i]; word; word = word->next)
			sorted[n++] = word;
	heap_sort(sorted, n);
	for (u32 i = 0; i < n && i < most; i++) {
		printk("%llu ", sorted[i]->count);
		console_write(sorted[i]->text, sorted[i]->length);
		putchar('\n');
	}
	kvfree(sorted);
	return 0;
}

static int run(u32 most, u64 disk_bytes)
{
	struct kmem_cache *nodes;
	int ret = 0;

	job.cpus = num_online_cpus();
	nodes = kmem_cache_create("wordfreq_word", sizeof(struct word), 0, 0, NULL);
	if (!nodes)
		return -ENOMEM;
	for (unsigned int i = 0; i < job.cpus && !ret; i++)
		ret = table_init(&job.table[i], nodes);
	if (!ret && disk_bytes)
		ret = text_from_disk(disk_bytes, count_text);
	for (unsigned int i = 0; i < platform()->modules && !ret && !disk_bytes; i++) {
		size_t size;
		const char *text = platform_module(i, &size);

		ret = count_text(text, size);
	}
	if (!ret) {
		printk("%llu words, %u different\n", job.table[0].words, job.table[0].distinct);
		ret = print_words(&job.table[0], most);
	}
	for (unsigned int i = 0; i < job.cpus; i++)
		table_destroy(&job.table[i]);
	kmem_cache_destroy(nodes);
	return ret;
}

/* Reads the arguments; false if they are not understood. */
static bool read_arguments(int argc, char **argv, u32 *most, u64 *disk_bytes)
{
	for (int i = 1; i < argc; i++) {
		bool value = i + 1 < argc;

		if (!strcmp(argv[i], "-a"))
			*most = ~0u;
		else if (value &&
			 ((!strcmp(argv[i], "-n") && !kstrtou32(argv[i + 1], 10, most)) ||
			  (!strcmp(argv[i], "-d") && !kstrtou64(argv[i + 1], 10, disk_bytes))))
			i++;
		else
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	u64 disk_bytes = 0;
	u32 most = 10;
	int ret;

	if (!read_arguments(argc, argv, &most, &disk_bytes)) {
		printk("usage: wordfreq [-d BYTES] [-n COUNT | -a]\n"
		       "Counts the words of the files that slabvisor run --module gives it.\n"
		       "  -d BYTES  and of the first BYTES of the disk\n"
		       "  -n COUNT  prints so many of the most frequent, else 10; -a all of them\n");
		return 2;
	}
	if (!platform()->modules && !disk_bytes) {
		printk("wordfreq: no text: give one with --module FILE, or on a disk\n");
		return 2;
	}
	ret = run(most, disk_bytes);
	if (ret == -ENOMEM)
		printk("wordfreq: out of memory: a larger --heap is needed\n");
	else if (ret)
		printk("wordfreq: the disk cannot be read: error %d\n", -ret);
	return ret != 0;
}
