/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where one JSON value of a stream ends and the next begins: brackets and strings are followed,
 * no more; whether it is JSON is for the parser to say. A value may span lines. So that a
 * broken one does not swallow what follows, a line's end also ends a value that is
 * not an object or a list, and one that is in the middle of a string.
 */
#ifndef VMM_QMP_FRAME_H
#define VMM_QMP_FRAME_H

#include <stdbool.h>
#include <stddef.h>

/* Brackets within each other: a parser recurses at each. */
#define QMP_MAX_DEPTH 64u

struct qmp_frame {
	char *text;  /* the value so far */
	size_t len;  /* bytes of it */
	size_t most; /* bytes that a value may have */
	size_t room;
	unsigned int depth;
	bool in_string, escaped, complete;
};

/* Starts a stream whose values have at most `most` bytes. Nothing is allocated yet. */
void qmp_frame_init(struct qmp_frame *frame, size_t most);
void qmp_frame_fini(struct qmp_frame *frame);

/*
 * Takes bytes of buf until a value is complete or all len are taken; *taken says how many.
 * Returns 1 with a value in text and len, which stands until the next call; 0 without;
 * -EMSGSIZE: the value is too long or too deep; -ENOMEM. The stream cannot be used after
 * an error.
 */
int qmp_frame_feed(struct qmp_frame *frame, const char *buf, size_t len, size_t *taken);

#endif
