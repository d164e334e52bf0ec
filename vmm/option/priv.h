/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of this room share. */
#ifndef VMM_OPTION_PRIV_H
#define VMM_OPTION_PRIV_H

#include "vmm/option/option.h"

/* Says that memory is out. Returns -ENOMEM. */
int opt_no_memory(char *why);

/* What would be right for a scalar: "give WHAT", or, of a comma list's key, "KEY is WHAT". Returns
 * -EINVAL. */
int opt_wrong(const struct opt *o, bool is_key, char *why);

/* Tells whether the option takes a value that may be its next argument. */
bool opt_wants_value(const struct opt *o);

/*
 * Scalars: all types but OPT_LIST and OPT_MAPS. place is where the value lies, in base. As
 * opt_set(); is_key: for errors, as opt_wrong().
 */
int opt_scalar_set(const struct opt *o, void *base, void *place, const char *value, bool is_key,
		   char *why);
/* Leaves it unset. */
void opt_scalar_free(const struct opt *o, void *place);
/* Tells whether there is a value. Of no OPT_OWN: that is known to its write() alone. */
bool opt_scalar_is_set(const struct opt *o, const void *place);
/* As opt_write(). */
bool opt_scalar_write(const struct opt *o, const void *base, const void *place, FILE *to);
/* Rows of scalars alone: as opt_init() and opt_free(). */
int opt_scalars_init(const struct opt *rows, void *base);
void opt_scalars_free(const struct opt *rows, void *base);
/* A row that has to be set and is not, or NULL. */
const struct opt *opt_scalars_missing(const struct opt *rows, const void *base);

/* Reads a comma list into base, which is zeroed first. As opt_set(). */
int opt_list_set(const struct opt *rows, void *base, const char *value, char *why);
/* Writes it so. */
void opt_list_write(const struct opt *rows, const void *base, FILE *to);

/* Element i of the array of an option that repeats. */
static inline void *opt_element(const struct opt *o, void *base, unsigned int i)
{
	return (char *)base + o->at + i * o->width;
}

static inline unsigned int *opt_counter(const struct opt *o, void *base)
{
	return (unsigned int *)((char *)base + o->count_at);
}

#endif
