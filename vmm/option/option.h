/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options, as tables. A row says all that there is to know of an option: its name, what values it
 * takes, where the value is stored, and its help. From the rows come the reading of the command
 * line (line.h), of YAML files (yaml.h) and of comma lists, --help (help.h), the printing of a
 * configuration (print.h), and the words of errors. So an option is one row, and whatever else is
 * to be made of all options (a shell's completion, a manual page) is a loop over rows:
 *
 *	for (o = rows; o->name; o++)
 *		... o->name, opt_metavar(o, ...), o->help, opt_range(o, ...), o->sub ...
 *
 * A table is an array of at most OPT_MAX_ROWS rows, ended by one without a name. It is constant:
 * what is configured lies in a structure of the caller's, `base` below, and a row holds offsets
 * into it. The structure is zeroed before opt_init().
 */
#ifndef VMM_OPTION_OPTION_H
#define VMM_OPTION_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define OPT_WHY_MAX  256
#define OPT_TEXT_MAX 256 /* of what opt_metavar() and opt_range() write */
#define OPT_MAX_ROWS 64

enum opt_type {
	OPT_NUMBER = 1, /* an integer of 4 or 8 bytes: decimal, from min to max, or one of words */
	OPT_SIZE,       /* an integer of 4 or 8 bytes: bytes, with K, M, G or T, from min to max, a
			   multiple of step */
	OPT_FLAG,       /* bool: true or false, on or off; the option alone is true */
	OPT_CHOICE,     /* an integer of 1, 4 or 8 bytes: the value of one of words */
	OPT_STRING,     /* char *, the configuration's own: min to max bytes; max 0: any number */
	OPT_CPUS,       /* cpu_set_t: host CPUs that this process may run on, as in 0,2-3 */
	OPT_LIST,       /* a structure: KEY=VALUE,KEY=VALUE, the keys being rows of sub */
	OPT_MAPS,       /* structures: in a file alone, a list of mappings with the rows of sub */
	OPT_OWN,        /* what parse and write make of it */
};

enum opt_flag {
	/* May be given several times, each an element of an array; all of OPT_LIST and OPT_MAPS. */
	OPT_REPEATS = 1 << 0,
	OPT_LINE_ONLY = 1 << 1, /* of the command line, not of files */
	OPT_FILE_ONLY = 1 << 2, /* of files, not of the command line */
	OPT_EARLY = 1 << 3,     /* heeded before the file is read, which it names */
	OPT_WINS = 1 << 4,      /* heeded before all else, whatever that may be: --help */
	OPT_ONCE = 1 << 5,  /* a flag that is not to be given twice, as options with values are */
	OPT_SIZES = 1 << 6, /* a choice whose words are sizes: 4096 and 4K are one */
};

/* A word that stands for a value. */
struct opt_word {
	const char *text; /* NULL: the end */
	int64_t value;
	bool hidden; /* taken, and named in no help; such come last */
};

struct opt {
	const char *name; /* --NAME, `NAME:` of a file, NAME= of a comma list */
	const char *also; /* --ALSO is taken for --NAME: what another tool calls it; NULL: none */
	enum opt_type type;
	unsigned int flags;  /* of enum opt_flag */
	unsigned int tags;   /* a caller's, see struct opt_scope */
	char letter;         /* -L; 0: none */
	const char *metavar; /* what stands for the value in help; NULL: as the type has it, which
				is nothing for a flag. A flag with one needs a value */
	const char *bare;    /* what the option alone stands for: then a value follows a `=` only */
	const char *help;    /* what it does, without range and default; a newline breaks a line */
	const char *init;    /* the default, as a user would write it; NULL: unset */
	const char *say;     /* what would be right, for errors; NULL: made of type and range */
	const char
		*need; /* of rows of sub: what is said if it is not given; NULL: may be left out */
	const char *unit;  /* of a number: "milliseconds"; NULL: "a number" */
	const char *many;  /* with OPT_REPEATS: "disks" */
	const char *keys;  /* with OPT_MAPS: which keys there are, for errors */
	uint64_t min, max; /* max 0 with min: no upper bound */
	uint64_t step;
	int64_t unset;                /* what a number is when nobody gave one; outside its range */
	const struct opt_word *words; /* of a choice; of a number: what it may be beside numbers */
	const struct opt *sub;        /* rows of scalars */
	size_t at, width;             /* the member, or an element of the array */
	size_t count_at;              /* with OPT_REPEATS: an unsigned int */
	unsigned int room;            /* with OPT_REPEATS: elements */
	size_t given_at;              /* a bool that is set where the option is given; 0: none */

	/* Tells whether a value of the right form is right. Returns 0, or -EINVAL and what would be
	 * right in why, OPT_WHY_MAX bytes. NULL: it is. */
	int (*check)(const char *value, char *why);
	/* In place of what the type does: checks value and stores it in base. As check. */
	int (*parse)(void *base, const char *value, char *why);
	/* Writes what parse() takes. Returns false where the option is unset. */
	bool (*write)(const void *base, FILE *to);
};

/* Where a row's value lies: in `member` of `struct type`. */
#define OPT_AT(type, member) \
	.at = offsetof(struct type, member), .width = sizeof(((struct type *)0)->member)
/* ... of an option that repeats: in the array `member`, whose first `count` elements are set. */
#define OPT_ARRAY(type, member, count)                                                       \
	.at = offsetof(struct type, member), .width = sizeof(((struct type *)0)->member[0]), \
	.room = sizeof(((struct type *)0)->member) / sizeof(((struct type *)0)->member[0]),  \
	.count_at = offsetof(struct type, count)
/* The row of --help and -h, which sets the bool `help` of `struct config`. */
#define OPT_HELP(config)                                                                    \
	.name = "help", .type = OPT_FLAG, .flags = OPT_LINE_ONLY | OPT_WINS, .letter = 'h', \
	OPT_AT(config, help), .help = "prints this text"
/* The row of --version and -V, which sets the bool `version` of `struct config`. */
#define OPT_VERSION(config)                                                                    \
	.name = "version", .type = OPT_FLAG, .flags = OPT_LINE_ONLY | OPT_WINS, .letter = 'V', \
	OPT_AT(config, version), .help = "prints the version"
#define OPT_GIVEN(type, member) .given_at = offsetof(struct type, member)

/* Sets the defaults. Returns 0, or -ENOMEM, when opt_free() has to follow all the same. */
int opt_init(const struct opt *rows, void *base);

/* Frees what the configuration owns, and leaves it unset. */
void opt_free(const struct opt *rows, void *base);

/*
 * Gives an option a value; NULL: there is the option alone. Returns 0; -EINVAL with what would be
 * right in why (OPT_WHY_MAX bytes), as in "give a number from 1 to 16"; -ENOMEM, said there too.
 */
int opt_set(const struct opt *o, void *base, const char *value, char *why);

/* Makes an option that repeats have no elements. */
void opt_clear(const struct opt *o, void *base);

/* How many values an option has: of one that does not repeat 1, set or not. */
unsigned int opt_count(const struct opt *o, const void *base);

/* Writes value i of an option as opt_set() takes it. Returns false, with nothing written, where it
 * is unset. */
bool opt_write(const struct opt *o, const void *base, unsigned int i, FILE *to);

/* The row of that name, or NULL. */
const struct opt *opt_find(const struct opt *rows, const char *name);

/* What stands for the value in help, as in "SIZE" or "on|off"; "": it takes none. Returns text. */
const char *opt_metavar(const struct opt *o, char text[OPT_TEXT_MAX]);

/* Range, default and how often, as in "4M to 1T, default 64M"; "": there is nothing to say.
 * Returns text. */
const char *opt_range(const struct opt *o, char text[OPT_TEXT_MAX]);

/* How a comma list is written, as in "path=FILE[,direct=on|off]". Returns text. */
const char *opt_shape(const struct opt *sub, char *text, size_t room);

/* Writes what would be right to why (OPT_WHY_MAX bytes). Returns -EINVAL. */
int opt_why(char *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
