/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/view/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mm/host/clock.h"

#define PATIENCE_MS 2000

static void clear(struct sample *s)
{
	json_decref(s->monitor);
	json_decref(s->status);
	json_decref(s->memory);
	json_decref(s->pins);
	json_decref(s->caches);
	json_decref(s->vcpus);
	json_decref(s->disks);
	free(s->map);
	*s = (struct sample){.ms = 0};
}

/* Returns whether the other side is still there: a refusal leaves *result NULL. */
static bool ask(struct watched *w, const char *command, json_t *args, json_t **result)
{
	enum exit_status status = peer_execute(&w->peer, command, args, result);

	return !status || status == PEER_REFUSED;
}

/* The map of a heap, piece by piece. */
static bool ask_map(struct watched *w, char **map)
{
	size_t len = 0;
	char *all = NULL;
	bool more = true;

	while (more && len < SAMPLE_MAX_FRAMES) {
		json_t *args = json_pack("{s:I}", "first", (json_int_t)len);
		json_t *piece = NULL;
		const char *text;
		char *grown;

		if (!ask(w, "query-frames", args, &piece)) {
			json_decref(args);
			free(all);
			return false;
		}
		text = json_string_value(json_object_get(piece, "map"));
		more = text && *text;
		grown = more ? realloc(all, len + strlen(text) + 1) : NULL;
		if (grown) {
			strcpy(grown + len, text);
			len += strlen(text);
			all = grown;
		}
		more = grown &&
		       (json_int_t)len < json_integer_value(json_object_get(piece, "total"));
		json_decref(args);
		json_decref(piece);
	}
	*map = all;
	return true;
}

static bool ask_all(struct watched *w, struct sample *s)
{
	const char *kind;
	bool ok;

	ok = ask(w, "query-monitor", NULL, &s->monitor) &&
	     ask(w, "query-status", NULL, &s->status) &&
	     ask(w, "query-blockstats", NULL, &s->disks);
	kind = json_string_value(json_object_get(s->monitor, "kind"));
	if (!ok || !kind || strcmp(kind, "guest") != 0)
		return ok;
	return ask(w, "query-memory", NULL, &s->memory) && ask(w, "query-pins", NULL, &s->pins) &&
	       ask(w, "query-slabinfo", NULL, &s->caches) &&
	       ask(w, "query-vcpus", NULL, &s->vcpus) && ask_map(w, &s->map);
}

void sample_take(struct watched *w)
{
	struct sample s = {.ms = 0};

	w->answers = w->peer.fd >= 0;
	if (!w->answers && w->peer.label) {
		peer_close(&w->peer);
		w->answers = !peer_find(&w->peer, w->guest) && !peer_open(&w->peer, PATIENCE_MS);
	}
	w->peer.patience_ms = PATIENCE_MS;
	if (w->answers)
		w->answers = ask_all(w, &s);
	if (!w->answers) {
		/* A guest that comes back begins at 0 again. */
		clear(&s);
		clear(&w->before);
		clear(&w->now);
		peer_hang_up(&w->peer);
		return;
	}
	s.ms = monotonic_ms();
	clear(&w->before);
	w->before = w->now;
	w->now = s;
}

void sample_free(struct watched *w)
{
	clear(&w->now);
	clear(&w->before);
	peer_close(&w->peer);
}

int64_t sample_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

double sample_rate(const struct watched *w, const json_t *now, const json_t *before,
		   const char *key)
{
	int64_t ms = w->now.ms - w->before.ms;
	int64_t grown = sample_number(now, key) - sample_number(before, key);

	return w->before.ms && before && ms > 0 && grown > 0 ? (double)grown * 1000 / (double)ms
							     : 0;
}

const json_t *sample_before(const json_t *array, const json_t *entry, const char *key)
{
	const json_t *wanted = json_object_get(entry, key);
	const json_t *one;
	size_t i;

	json_array_foreach(array, i, one)
	{
		if (json_equal(json_object_get(one, key), wanted))
			return one;
	}
	return NULL;
}

/* Adds a histogram's bins, which begin where buckets do. */
static void add_bins(uint64_t bucket[BLK_LATENCY_BUCKETS], const json_t *histogram, int sign)
{
	const json_t *bounds = json_object_get(histogram, "boundaries");
	const json_t *bins = json_object_get(histogram, "bins");

	for (size_t i = 0; i < json_array_size(bins); i++) {
		json_int_t from = i ? json_integer_value(json_array_get(bounds, i - 1)) : 0;
		uint64_t n = (uint64_t)json_integer_value(json_array_get(bins, i));

		bucket[blk_latency_bucket(from > 0 ? (uint64_t)from : 0)] += sign > 0 ? n : -n;
	}
}

uint64_t sample_percentile(const json_t *now, const json_t *before, const char *op,
			   unsigned int percent)
{
	uint64_t bucket[BLK_LATENCY_BUCKETS] = {0};
	uint64_t all = 0;
	uint64_t seen = 0;
	char key[32];

	snprintf(key, sizeof(key), "%s_latency_histogram", op);
	add_bins(bucket, json_object_get(now, key), 1);
	add_bins(bucket, json_object_get(before, key), -1);
	for (unsigned int b = 0; b < BLK_LATENCY_BUCKETS; b++) {
		/* What an answer that makes no sense has less than before is nothing. */
		if (bucket[b] >> 63)
			bucket[b] = 0;
		all += bucket[b];
	}
	for (unsigned int b = 0; b < BLK_LATENCY_BUCKETS && all; b++) {
		seen += bucket[b];
		if (seen * 100 >= all * percent)
			return blk_latency_from(b + 1);
	}
	return 0;
}
