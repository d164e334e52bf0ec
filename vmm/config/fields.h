/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values of options that are lists of fields, KEY=VALUE,KEY=VALUE. A comma of a value is written
 * twice. A key that is not one of those, or stands there twice, is refused by its name: what is
 * left unread would be taken for something else than it was meant for.
 */
#ifndef VMM_CONFIG_FIELDS_H
#define VMM_CONFIG_FIELDS_H

#include <stddef.h>
#include <stdint.h>

struct fields {
	const char *const *keys; /* at most 32, and NULL */
	const char *shape;       /* how the whole is written, for errors: "path=FILE[,...]" */
	char *text, *rest;
	uint32_t seen;
};

/* Begins to read text, of which it makes a copy; keys and shape stay. Returns 0 or -ENOMEM. */
int fields_open(struct fields *f, const char *text, const char *const *keys, const char *shape);
void fields_close(struct fields *f);

/*
 * The next field: *key is one of keys, *value lives until fields_close(). Returns 1; 0 at the end;
 * or -EINVAL with what would be right in why, room bytes.
 */
int fields_next(struct fields *f, const char **key, const char **value, char *why, size_t room);

/* Cuts what stands before the first single comma off *rest, doubled ones made single; *rest moves
 * on behind it, to NULL at the end. Returns it, or NULL when *rest is. */
char *fields_cut(char **rest);

/* Writes text to `to`, which has twice its room and one byte, with its commas doubled. Returns
 * where it ends. */
char *fields_put(char *to, const char *text);

#endif
