/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/view/screen.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/base/cli.h"
#include "vmm/client/options.h"

#define MAX_CACHES 256

__attribute__((format(printf, 3, 4))) static void put(struct screen *s, enum screen_look look,
						      const char *fmt, ...)
{
	struct screen_line *line;
	va_list args;

	if (s->nr == s->room) {
		line = realloc(s->line, (2 * s->room + 64) * sizeof(*line));
		if (!line)
			return;
		s->line = line;
		s->room = 2 * s->room + 64;
	}
	line = &s->line[s->nr++];
	line->look = look;
	va_start(args, fmt);
	vsnprintf(line->text, sizeof(line->text), fmt, args);
	va_end(args);
	/* Names are a guest's own, and a terminal obeys what it is sent. */
	cli_sanitise(line->text);
	if (s->columns < SCREEN_COLUMNS)
		line->text[s->columns] = '\0';
}

/* Bytes in four digits and a suffix, as slabtop's K. */
static const char *bytes(double n, char text[16])
{
	static const char suffix[] = " KMGTP";
	unsigned int i = 0;

	while (n >= 9999.5 && i < 5) {
		n /= 1024;
		i++;
	}
	snprintf(text, 16, i ? "%.0f%c" : "%.0f", n, suffix[i]);
	return text;
}

static const char *duration(uint64_t ns, char text[16])
{
	if (!ns)
		snprintf(text, 16, "-");
	else if (ns < 1000000)
		snprintf(text, 16, "%.0fus", (double)ns / 1e3);
	else if (ns < 1000000000)
		snprintf(text, 16, "%.1fms", (double)ns / 1e6);
	else
		snprintf(text, 16, "%.1fs", (double)ns / 1e9);
	return text;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "-";
}

static void draw_title(struct screen *s, const struct watched *w)
{
	const json_t *m = w->now.monitor;
	int64_t up = sample_number(m, "uptime-ms") / 1000;
	const char *name = json_string_value(json_object_get(m, "name"));

	if (!w->answers) {
		put(s, SCREEN_TITLE, "%s: nothing answers", w->guest);
		return;
	}
	put(s, SCREEN_TITLE, "%s  %s %s  up %" PRId64 ":%02d:%02d  %s", name ? name : w->guest,
	    text_of(m, "kind"), text_of(w->now.status, "status"), up / 3600, (int)(up / 60 % 60),
	    (int)(up % 60), text_of(m, "runs"));
}

static void draw_memory(struct screen *s, const struct watched *w)
{
	const json_t *m = w->now.memory;
	char heap[16];
	char backed[16];
	char used[16];
	char ram[16];
	char windows[16];

	put(s, SCREEN_PLAIN,
	    "ram %s  heap %s  backed %s  in use %s  pins %" PRId64 "  registered %s",
	    bytes((double)sample_number(m, "ram"), ram),
	    bytes((double)sample_number(m, "heap"), heap),
	    bytes((double)sample_number(m, "frames-backed") * 4096, backed),
	    bytes((double)sample_number(m, "frames-in-use") * 4096, used),
	    sample_number(m, "pages-pinned"),
	    bytes((double)sample_number(w->now.pins, "window-bytes"), windows));
}

/* As many in a line as it takes. */
static void draw_vcpus(struct screen *s, const struct watched *w)
{
	static const char head[] = "exits/s ";
	const size_t columns = s->columns < SCREEN_COLUMNS ? s->columns : SCREEN_COLUMNS;
	char text[SCREEN_COLUMNS + 1] = "";
	const json_t *cpu;
	size_t len = 0;
	size_t i;

	json_array_foreach(w->now.vcpus, i, cpu)
	{
		char one[48];
		int n = snprintf(
			one, sizeof(one), " vcpu%" PRId64 " %.0f", sample_number(cpu, "cpu-index"),
			sample_rate(w, cpu, sample_before(w->before.vcpus, cpu, "cpu-index"),
				    "exits"));

		if (len && len + (size_t)n > columns) {
			put(s, SCREEN_PLAIN, "%s", text);
			len = 0;
		}
		if (!len)
			len = (size_t)snprintf(text, sizeof(text), "%*s", (int)sizeof(head) - 1,
					       i ? "" : head);
		if (len + sizeof(one) <= sizeof(text))
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", one);
	}
	if (len)
		put(s, SCREEN_PLAIN, "%s", text);
}

static void draw_disks(struct screen *s, const struct watched *w)
{
	const json_t *disk;
	size_t i;

	if (json_array_size(w->now.disks))
		put(s, SCREEN_HEAD, "%-8s %8s %8s %7s %7s %8s %8s %8s %8s", "DISK", "READ/s",
		    "WRITE/s", "rB/s", "wB/s", "rd p50", "rd p99", "wr p50", "wr p99");
	json_array_foreach(w->now.disks, i, disk)
	{
		const json_t *now = json_object_get(disk, "stats");
		const json_t *old =
			json_object_get(sample_before(w->before.disks, disk, "device"), "stats");
		char text[6][16];

		put(s, SCREEN_PLAIN, "%-8.8s %8.0f %8.0f %7s %7s %8s %8s %8s %8s",
		    text_of(disk, "device"), sample_rate(w, now, old, "rd_operations"),
		    sample_rate(w, now, old, "wr_operations"),
		    bytes(sample_rate(w, now, old, "rd_bytes"), text[0]),
		    bytes(sample_rate(w, now, old, "wr_bytes"), text[1]),
		    duration(sample_percentile(now, old, "rd", 50), text[2]),
		    duration(sample_percentile(now, old, "rd", 99), text[3]),
		    duration(sample_percentile(now, old, "wr", 50), text[4]),
		    duration(sample_percentile(now, old, "wr", 99), text[5]));
	}
}

/* What several huge frames are shown as: what is most of note among them; in small letters unless
 * all of them are full. */
static char joined(const char *map, size_t n)
{
	static const char rank[] = ".-srmp";
	size_t best = 0;
	bool full = true;

	for (size_t i = 0; i < n; i++) {
		bool large = map[i] >= 'A' && map[i] <= 'Z';
		const char *at = strchr(rank, large ? map[i] - 'A' + 'a' : map[i]);

		full &= large;
		if (at && *at && (size_t)(at - rank) > best)
			best = (size_t)(at - rank);
	}
	return full && best > 1 ? (char)(rank[best] - 'a' + 'A') : rank[best];
}

/* The map of the heap in so many rows at most. */
static void draw_map(struct screen *s, const struct watched *w, unsigned int rows)
{
	const size_t len = w->now.map ? strlen(w->now.map) : 0;
	const size_t columns = s->map_columns < SCREEN_COLUMNS ? s->map_columns : SCREEN_COLUMNS;
	size_t each = 1;
	char row[SCREEN_COLUMNS + 1];
	size_t n = 0;

	if (!len || !rows || !columns)
		return;
	while ((len + each - 1) / each > rows * columns)
		each *= 2;
	put(s, SCREEN_HEAD,
	    "HEAP, %zu MiB each: . bare - idle s slabs r runs m both p pinned, "
	    "LARGE full",
	    2 * each);
	for (size_t at = 0; at < len; at += each) {
		row[n++] = joined(w->now.map + at, at + each <= len ? each : len - at);
		if (n == columns || at + each >= len) {
			row[n] = '\0';
			put(s, SCREEN_MAP, "%s", row);
			n = 0;
		}
	}
}

/* A cache as a row. */
struct row {
	const char *name;
	double objects, active, use, size, slabs, per_slab, bytes, allocated, freed;
};

static int sort_by; /* enum top_sort; of one thread */

static double key_of(const struct row *r)
{
	switch (sort_by) {
	case TOP_SORT_ACTIVE:
		return r->active;
	case TOP_SORT_OBJECTS:
		return r->objects;
	case TOP_SORT_SIZE:
		return r->size;
	case TOP_SORT_SLABS:
		return r->slabs;
	case TOP_SORT_USE:
		return r->use;
	case TOP_SORT_RATE:
		return r->allocated + r->freed;
	default:
		return r->bytes;
	}
}

static int compare(const void *a, const void *b)
{
	const struct row *x = a;
	const struct row *y = b;
	double d = sort_by == TOP_SORT_NAME ? 0 : key_of(y) - key_of(x);

	return d > 0 ? 1 : d < 0 ? -1 : strcmp(x->name, y->name);
}

static void draw_caches(struct screen *s, const struct watched *w, const struct screen_view *view,
			unsigned int rows)
{
	static struct row row[MAX_CACHES];
	const json_t *cache;
	unsigned int nr = 0;
	size_t i;

	json_array_foreach(w->now.caches, i, cache)
	{
		const json_t *old = sample_before(w->before.caches, cache, "cache");
		struct row *r = &row[nr];

		/* Caches of which nothing is there say nothing. */
		if (nr == MAX_CACHES || !sample_number(cache, "num-slabs"))
			continue;
		nr++;
		r->name = text_of(cache, "name");
		r->objects = (double)sample_number(cache, "num-objs");
		r->active = (double)sample_number(cache, "active-objs");
		/* As slabtop: a hundred is all of them. */
		r->use = r->objects > 0 ? floor(100 * r->active / r->objects) : 0;
		r->size = (double)sample_number(cache, "objsize");
		r->slabs = (double)sample_number(cache, "num-slabs");
		r->per_slab = (double)sample_number(cache, "objperslab");
		r->bytes = r->slabs * (double)sample_number(cache, "pagesperslab") * 4096;
		r->allocated = sample_rate(w, cache, old, "allocated");
		r->freed = sample_rate(w, cache, old, "freed");
	}
	sort_by = view->sort;
	qsort(row, nr, sizeof(row[0]), compare);
	put(s, SCREEN_HEAD, "%8s %8s %4s %6s %6s %4s %6s %7s %7s  %s", "OBJS", "ACTIVE", "USE",
	    "OBJ", "SLABS", "O/S", "SIZE", "ALLOC/s", "FREE/s", "NAME");
	for (unsigned int r = view->scroll; r < nr && rows; r++, rows--) {
		char size[16];
		char all[16];

		put(s, SCREEN_PLAIN, "%8.0f %8.0f %3.0f%% %6s %6.0f %4.0f %6s %7.0f %7.0f  %s",
		    row[r].objects, row[r].active, row[r].use, bytes(row[r].size, size),
		    row[r].slabs, row[r].per_slab, bytes(row[r].bytes, all), row[r].allocated,
		    row[r].freed, row[r].name);
	}
}

/* One guest, in so many rows. */
static void draw_guest(struct screen *s, const struct watched *w, const struct screen_view *view,
		       unsigned int rows)
{
	unsigned int first = s->nr;

	draw_title(s, w);
	if (!w->answers)
		return;
	if (w->now.memory) {
		draw_memory(s, w);
		draw_vcpus(s, w);
	}
	draw_disks(s, w);
	if (!w->now.memory)
		return;
	/* A third of it, so that caches have their place. */
	draw_map(s, w, rows / 3 > 1 ? rows / 3 - 1 : 1);
	if (s->nr + 1 < first + rows)
		draw_caches(s, w, view, first + rows - s->nr - 1);
}

void screen_draw(struct screen *s, const struct watched *guests, unsigned int nr,
		 const struct screen_view *view)
{
	unsigned int shown = view->only ? 1 : nr;
	unsigned int rows = s->rows && shown ? s->rows / shown : MAX_CACHES;

	s->nr = 0;
	for (unsigned int i = 0; i < nr; i++) {
		if (view->only && view->only != i + 1)
			continue;
		/* A blank line between two, where they have the room. */
		if (s->nr && rows > 3)
			put(s, SCREEN_PLAIN, "%s", "");
		draw_guest(s, &guests[i], view, rows < 3 ? 3 : rows - (i && rows > 3));
	}
	if (!nr)
		put(s, SCREEN_PLAIN,
		    "no guest and no service has a name: slabvisor run --name NAME");
}

void screen_free(struct screen *s)
{
	free(s->line);
	s->line = NULL;
	s->nr = s->room = 0;
}
