/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of a region's windows: as large as what of the region has had I/O. */
#include <errno.h>
#include <stdlib.h>

#include "virtio/io/window_priv.h"

static uint64_t chunks_of(const struct zone *zone)
{
	return (zone->nr + CHUNK_PLACES - 1) / CHUNK_PLACES;
}

int io_places_create(struct zone *zone)
{
	zone->chunk = calloc(chunks_of(zone) + 1, sizeof(*zone->chunk));
	return zone->chunk ? 0 : -ENOMEM;
}

void io_places_destroy(struct io_windows *set, struct zone *zone)
{
	for (uint64_t c = 0; zone->chunk && c < chunks_of(zone); c++) {
		set->nr_chunks -= zone->chunk[c].place != NULL;
		free(zone->chunk[c].place);
	}
	free(zone->chunk);
	zone->chunk = NULL;
}

struct place *io_place_find(const struct zone *zone, uint64_t i)
{
	struct place *place = zone->chunk[i / CHUNK_PLACES].place;

	return place ? &place[i % CHUNK_PLACES] : NULL;
}

struct place *io_place_make(struct io_windows *set, struct zone *zone, uint64_t i)
{
	struct chunk *chunk = &zone->chunk[i / CHUNK_PLACES];

	if (!chunk->place) {
		if (chunk->holds || set->nr_chunks == CHUNKS_MAX)
			return NULL;
		chunk->place = calloc(CHUNK_PLACES, sizeof(*chunk->place));
		if (!chunk->place)
			return NULL;
		set->nr_chunks++;
	}
	return &chunk->place[i % CHUNK_PLACES];
}

void io_places_age(struct io_windows *set)
{
	for (unsigned int z = 0; z < set->config->nr_regions; z++) {
		const struct zone *zone = &set->zone[z];

		for (uint64_t c = 0; zone->chunk && c < chunks_of(zone); c++)
			for (unsigned int i = 0; zone->chunk[c].place && i < CHUNK_PLACES; i++)
				zone->chunk[c].place[i].uses /= 2;
	}
}
