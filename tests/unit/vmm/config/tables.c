/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables that ship: each row of theirs is sound, and one row more is an option more. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/vhost/disk.h"
#include "tools/vhost/load.h"
#include "vmm/config/options.h"
#include "vmm/option/help.h"
#include "vmm/option/line.h"
#include "vmm/option/print.h"
#include "vmm/option/yaml.h"
#include "vmm/serve/serve.h"

/* A configuration of `run` with one option more. */
struct extended {
	struct run_config config;
	unsigned int wings;
};

static const struct opt wings = {
	.name = "wings",
	.type = OPT_NUMBER,
	OPT_AT(extended, wings),
	.min = 2,
	.max = 8,
	.init = "4",
	.help = "how many wings the guest has",
};

/* A copy of run's table with the row of wings before its end. */
static struct opt rows[OPT_MAX_ROWS];

static int set_up(void **state)
{
	struct extended *e = calloc(1, sizeof(*e));
	size_t n;

	assert_non_null(e);
	for (n = 0; run_options[n].name; n++)
		memcpy(&rows[n], &run_options[n], sizeof(rows[n]));
	assert_true(n + 1 < OPT_MAX_ROWS);
	memcpy(&rows[n], &wings, sizeof(wings));
	memset(&rows[n + 1], 0, sizeof(rows[0]));
	assert_int_equal(opt_init(rows, e), 0);
	*state = e;
	return 0;
}

static int tear_down(void **state)
{
	opt_free(rows, *state);
	free(*state);
	return 0;
}

/* Reads one argument. Returns what is wrong, or "". */
static const char *read_argument(struct extended *e, const char *arg)
{
	static struct opt_line line;
	struct opt_scope scope = {.rows = rows, .base = e};
	char *argv[] = {(char *)"run", (char *)arg, NULL};

	line = (struct opt_line){.command = "slabvisor run",
				 .scope = &scope,
				 .nr_scopes = 1,
				 .argc = 2,
				 .argv = argv};
	return opt_line_read(&line, OPT_PASS_ALL) ? line.error : "";
}

/* Reads a file. Returns what is said of it behind its name, or "". */
static const char *read_file(struct extended *e, const char *yaml)
{
	static char said[512];
	int fd = memfd_create("yaml", 0);
	FILE *before = stderr;
	char path[40];

	assert_true(fd >= 0);
	assert_int_equal(write(fd, yaml, strlen(yaml)), strlen(yaml));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	said[0] = '\0';
	stderr = fmemopen(said, sizeof(said), "w");
	assert_non_null(stderr);
	opt_yaml_read(path, rows, e, "the options of slabvisor run");
	fclose(stderr);
	stderr = before;
	close(fd);
	return *said ? said + strlen("slabvisor: ") + strlen(path) : "";
}

/* What help and a dry run print; the caller frees it. */
static char *text_of(const struct extended *e)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	if (e)
		assert_int_equal(opt_print(to, rows, e), 0);
	else
		opt_help(to, rows, 0);
	fclose(to);
	return text;
}

static void a_new_option_is_one_row(void **state)
{
	struct extended *e = *state;
	char *text;

	assert_int_equal(e->wings, 4);
	assert_string_equal(read_argument(e, "--wings=6"), "");
	assert_int_equal(e->wings, 6);
	assert_string_equal(read_file(e, "wings: 8\n"), "");
	assert_int_equal(e->wings, 8);

	text = text_of(NULL);
	assert_non_null(strstr(
		text,
		"\n  --wings N               how many wings the guest has (2 to 8, default 4)\n"));
	free(text);
	text = text_of(e);
	assert_non_null(strstr(text, "\nwings: 8\n"));
	free(text);

	assert_string_equal(read_argument(e, "--wings=9"), "--wings 9: give a number from 2 to 8");
	assert_string_equal(read_argument(e, "--wings=two"),
			    "--wings two: give a number from 2 to 8");
	assert_string_equal(read_argument(e, "--wigns=2"),
			    "unknown option '--wigns': did you mean '--wings'?");
	assert_string_equal(read_file(e, "wings: 1\n"),
			    ":1: wings: 1: give a number from 2 to 8\n");
	assert_string_equal(read_file(e, "wings: two\n"),
			    ":1: wings: two: give a number from 2 to 8\n");
	assert_string_equal(read_file(e, "winsg: 2\n"),
			    ":1: winsg: unknown key: did you mean `wings`?\n");
	assert_int_equal(e->wings, 8);
}

static void without_its_row_there_is_no_such_option(void **state)
{
	struct extended *e = *state;
	char *text;
	size_t n;

	for (n = 0; strcmp(rows[n].name, "wings") != 0; n++)
		;
	memset(&rows[n], 0, sizeof(rows[n]));
	assert_string_equal(read_argument(e, "--wings=6"),
			    "unknown option '--wings': see slabvisor run --help");
	assert_non_null(strstr(read_file(e, "wings: 8\n"), "wings: unknown key"));
	text = text_of(NULL);
	assert_null(strstr(text, "wings"));
	free(text);
	text = text_of(e);
	assert_null(strstr(text, "wings"));
	free(text);
}

/* Tells whether a row can be what it says; table is its name, for the error. */
static void check_row(const char *table, const struct opt *o, bool is_key)
{
	const bool is_list = o->type == OPT_LIST || o->type == OPT_MAPS;
	const bool has_words = o->type == OPT_CHOICE;
	bool good = o->type && o->help && *o->help;

	good &= is_list == (o->sub != NULL) && (!is_list || !is_key);
	good &= !(o->flags & OPT_REPEATS) || (o->room && o->many && !is_key);
	good &= !is_list || o->flags & OPT_REPEATS;
	good &= !has_words || o->words;
	/* A text or a size may have parts of its own. */
	good &= (o->type == OPT_OWN) == (o->parse && o->write) || o->type == OPT_STRING ||
		o->type == OPT_SIZE;
	good &= o->type == OPT_OWN || o->width;
	/* Only the command line has a second name. */
	good &= !o->also || !is_key;
	if (!good)
		fail_msg("%s: the row of %s is wrong", table, o->name);
}

/* All of a table, and, in a structure of size bytes, its defaults. */
static void check_table(const char *table, const struct opt *t, size_t size, bool is_key)
{
	void *base = calloc(1, size);
	size_t n;

	assert_non_null(base);
	for (n = 0; t[n].name; n++) {
		check_row(table, &t[n], is_key);
		assert_ptr_equal(opt_find(t, t[n].name), &t[n]);
		assert_true(!t[n].also || !opt_find(t, t[n].also));
		assert_true(t[n].at + t[n].width * (t[n].room ? t[n].room : 1) <= size);
		if (t[n].sub)
			check_table(t[n].name, t[n].sub, t[n].width, true);
	}
	assert_true(n && n <= OPT_MAX_ROWS);
	if (opt_init(t, base))
		fail_msg("%s: a default is none", table);
	opt_free(t, base);
	free(base);
}

static void the_tables_that_ship_are_sound(void **state)
{
	(void)state;
	check_table("run", run_options, sizeof(struct run_config), false);
	check_table("serve", serve_options, sizeof(struct serve_config), false);
	check_table("slabvisor-vhost-load", load_options, sizeof(struct load_config), false);
	check_table("slabvisor-vhost-disk", disk_options, sizeof(struct disk_config), false);
	check_table("its arguments", disk_operands, sizeof(struct disk_config), false);
	check_table("a disk of serve", serve_disk_options, sizeof(struct serve_disk), false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_option_is_one_row),
		TEST(without_its_row_there_is_no_such_option),
		cmocka_unit_test(the_tables_that_ship_are_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
