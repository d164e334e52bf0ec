/* SPDX-License-Identifier: BSD-2-Clause */
/* A screen of top as lines of text, for a terminal of any size or none. */
#ifndef VMM_VIEW_SCREEN_H
#define VMM_VIEW_SCREEN_H

#include <stddef.h>

#include "vmm/view/sample.h"

#define SCREEN_COLUMNS 400 /* at most */

enum screen_look {
	SCREEN_PLAIN,
	SCREEN_TITLE, /* of a guest */
	SCREEN_HEAD,  /* of a table */
	SCREEN_MAP,
};

struct screen_line {
	enum screen_look look;
	char text[SCREEN_COLUMNS + 1];
};

struct screen {
	struct screen_line *line;
	unsigned int nr, room;
	unsigned int rows, columns; /* that there are; rows 0: as many as it takes */
	unsigned int map_columns;   /* of them, for the map */
};

struct screen_view {
	int sort;            /* enum top_sort */
	unsigned int only;   /* the number of the one guest that is shown, from 1; 0: all */
	unsigned int scroll; /* caches that are left out at the top */
};

/* Draws all guests. The rows that there are go to them evenly. */
void screen_draw(struct screen *screen, const struct watched *guests, unsigned int nr,
		 const struct screen_view *view);

void screen_free(struct screen *screen);

#endif
