/* SPDX-License-Identifier: BSD-2-Clause */
/* `slabvisor top`: guests and services as they change, on a terminal or as text. */
#include <curses.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "mm/host/clock.h"
#include "vmm/client/names.h"
#include "vmm/client/options.h"
#include "vmm/option/help.h"
#include "vmm/option/line.h"
#include "vmm/view/screen.h"
#include "vmm/view/terminal.h"
#include "vmm/view/view.h"

/* 128 MiB of the map in a row. What else a script reads is not cut. */
#define BATCH_COLUMNS 64

struct top {
	const struct top_config *config;
	struct watched *guest;
	unsigned int nr;
	struct screen screen;
	struct screen_view view;
	unsigned int left; /* screens; 0: any number */
	bool quit;
};

static volatile sig_atomic_t ended;

static void note_end(int sig)
{
	(void)sig;
	ended = 1;
}

/* The guests that are asked for, or all that have a name. Returns 0 or the exit status. */
static enum exit_status find_guests(struct top *t)
{
	const struct guests *wanted = &t->config->guests;
	const char *const *name = (const char *const *)wanted->guest;
	struct names names = {.nr = 0};
	unsigned int nr = wanted->nr;
	enum exit_status status = 0;

	if (!nr) {
		names_read(&names);
		name = (const char *const *)names.name;
		nr = names.nr;
	}
	t->guest = calloc(nr ? nr : 1, sizeof(*t->guest));
	for (unsigned int i = 0; t->guest && i < nr && !status; i++) {
		struct watched *w = &t->guest[t->nr];

		status = peer_find(&w->peer, name[i]);
		w->guest = strdup(name[i]);
		t->nr++;
		/* One that was named is to be there, at first. */
		if (status || !w->guest)
			status = cli_fail(status ? status : STATUS_HOST_ERROR, "%s", w->peer.why);
	}
	names_free(&names);
	if (!t->guest)
		return cli_fail(STATUS_HOST_ERROR, "out of memory");
	return status;
}

static void take_all(struct top *t)
{
	for (unsigned int i = 0; i < t->nr; i++)
		sample_take(&t->guest[i]);
}

/* Waits for the next screen, or for a key of whoever types. Returns whether one was typed. */
static bool rest(const struct top *t, int fd)
{
	struct pollfd key = {.fd = fd, .events = POLLIN};

	return poll(&key, 1, (int)t->config->delay_ms) > 0;
}

/* Screen after screen, as text. columns: 0: as many as a script may want. */
static void print_screens(struct top *t, unsigned int rows, unsigned int columns)
{
	take_all(t);
	while (!ended && !t->quit) {
		rest(t, -1);
		if (ended)
			break;
		take_all(t);
		t->screen.rows = rows;
		t->screen.columns = columns ? columns : SCREEN_COLUMNS;
		t->screen.map_columns = columns ? columns : BATCH_COLUMNS;
		screen_draw(&t->screen, t->guest, t->nr, &t->view);
		for (unsigned int i = 0; i < t->screen.nr; i++)
			puts(t->screen.line[i].text);
		putchar('\n');
		t->quit = fflush(stdout) || (t->left && !--t->left);
	}
}

static attr_t look_of(const struct screen_line *line)
{
	switch (line->look) {
	case SCREEN_TITLE:
		return A_BOLD;
	case SCREEN_HEAD:
		return A_REVERSE;
	default:
		return A_NORMAL;
	}
}

/* The color of a letter of the map, where there are colors: what the host has memory behind stands
 * out, and of that what is pinned. */
static attr_t look_of_letter(char c)
{
	if (!has_colors())
		return A_NORMAL;
	switch (c | 0x20) {
	case 's':
		return COLOR_PAIR(1);
	case 'r':
		return COLOR_PAIR(2);
	case 'm':
		return COLOR_PAIR(3);
	case 'p':
		return COLOR_PAIR(4);
	default:
		return A_NORMAL;
	}
}

static void show(struct top *t)
{
	int rows;
	int columns;

	getmaxyx(stdscr, rows, columns);
	t->screen.rows = rows > 1 ? (unsigned int)rows - 1 : 1;
	t->screen.columns = columns > 0 ? (unsigned int)columns : 1;
	t->screen.map_columns = t->screen.columns;
	screen_draw(&t->screen, t->guest, t->nr, &t->view);
	erase();
	for (unsigned int i = 0; i < t->screen.nr && (int)i < rows - 1; i++) {
		const struct screen_line *line = &t->screen.line[i];

		move((int)i, 0);
		if (line->look == SCREEN_MAP) {
			for (const char *c = line->text; *c; c++)
				addch((chtype)(unsigned char)*c | look_of_letter(*c));
			continue;
		}
		attrset(look_of(line));
		addnstr(line->text, columns);
		attrset(A_NORMAL);
	}
	/* 80 columns have it whole. */
	mvaddnstr(rows - 1, 0,
		  "q quit  Tab guest  sort: c SIZE a ACTIVE o OBJS s OBJ l SLABS u USE n NAME r /s",
		  columns);
	refresh();
}

static void take_key(struct top *t, int key)
{
	static const char keys[] = "caoslunr";
	static const int sorts[] = {TOP_SORT_BYTES, TOP_SORT_ACTIVE, TOP_SORT_OBJECTS,
				    TOP_SORT_SIZE,  TOP_SORT_SLABS,  TOP_SORT_USE,
				    TOP_SORT_NAME,  TOP_SORT_RATE};
	const char *at = key > 0 && key < 128 ? strchr(keys, key) : NULL;

	if (at) {
		t->view.sort = sorts[at - keys];
		t->view.scroll = 0;
	} else if (key == 'q' || key == 3) {
		t->quit = true;
	} else if (key == '\t') {
		t->view.only = t->nr ? (t->view.only + 1) % (t->nr + 1) : 0;
		t->view.scroll = 0;
	} else if (key == KEY_DOWN || key == 'j') {
		t->view.scroll++;
	} else if ((key == KEY_UP || key == 'k') && t->view.scroll) {
		t->view.scroll--;
	}
}

static void begin_screen(void)
{
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	if (has_colors() && !getenv("NO_COLOR")) {
		start_color();
		use_default_colors();
		init_pair(1, COLOR_GREEN, -1);
		init_pair(2, COLOR_CYAN, -1);
		init_pair(3, COLOR_YELLOW, -1);
		init_pair(4, COLOR_RED, -1);
	}
}

static void show_screens(struct top *t)
{
	int64_t next = monotonic_ms();

	begin_screen();
	while (!ended && !t->quit) {
		int64_t left = next - monotonic_ms();
		int key;

		if (left <= 0) {
			take_all(t);
			show(t);
			if (t->left && !--t->left)
				break;
			next = monotonic_ms() + t->config->delay_ms;
			continue;
		}
		/* A terminal of another size is a key, too: KEY_RESIZE. */
		timeout((int)left);
		key = getch();
		if (key == ERR)
			continue;
		take_key(t, key);
		if (key == ' ')
			next = 0;
		show(t);
	}
	endwin();
}

static void run(struct top *t)
{
	struct sigaction act = {.sa_handler = note_end};
	struct winsize size = {.ws_row = 0};
	SCREEN *terminal;

	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGHUP, &act, NULL);
	t->left = t->config->iterations;
	t->view.sort = t->config->sort;
	if (t->config->batch || !isatty(STDOUT_FILENO)) {
		print_screens(t, 0, 0);
	} else if (!terminal_moves() || !(terminal = newterm(NULL, stdout, stdin))) {
		/* One that cannot move its cursor has its screens one below the other. */
		if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row)
			size = (struct winsize){.ws_row = 24, .ws_col = 80};
		print_screens(t, size.ws_row - 1u, size.ws_col);
	} else {
		show_screens(t);
		delscreen(terminal);
	}
}

static enum exit_status print_help(void)
{
	printf("usage: slabvisor top [options] [GUEST...]\n"
	       "\n"
	       "Shows guests and services as they change: memory, exits of vCPUs, disks with rates\n"
	       "and times, a map of the heap, and the caches with slabtop's columns.\n"
	       "\n");
	opt_help_operands(stdout, top_operands);
	opt_help(stdout, top_options, 0);
	printf("\n"
	       "Keys: q ends it; Tab shows one guest after the other, then all; Space looks anew; j\n"
	       "and k, or the arrows, move caches; c, a, o, s, l, u, n and r order them by size of\n"
	       "cache, active objects, objects, size of object, slabs, use, name, and rate.\n"
	       "\n"
	       "The map has a letter for each 2 MiB of the heap, or for several: . not backed by the\n"
	       "host's memory, - backed and idle, s in slabs, r in runs, m in both, p with a pinned\n"
	       "frame; a large letter where all of it is in use.\n"
	       "\n"
	       "Exit status: 0; 125 wrong usage; 127 there is no such guest\n"
	       "\n"
	       "Examples:\n"
	       "  slabvisor top\n"
	       "  slabvisor top words disks\n"
	       "  slabvisor top -b -n 1 --sort rate words\n");
	return 0;
}

enum exit_status view_top(int argc, char **argv)
{
	struct top_config config = {.help = false};
	struct opt_scope scope = {.rows = top_options, .base = &config};
	struct opt_line line = {
		.command = "slabvisor top",
		.scope = &scope,
		.nr_scopes = 1,
		.operands = top_operands,
		.argc = argc,
		.argv = argv,
	};
	struct top t = {.config = &config};
	enum exit_status status;

	if (opt_init(top_options, &config)) {
		status = cli_fail(STATUS_HOST_ERROR, "out of memory");
	} else if (opt_line_read(&line, OPT_PASS_WINS) ||
		   (!config.help && opt_line_read(&line, OPT_PASS_ALL))) {
		status = cli_fail(STATUS_USAGE, "%s", line.error);
	} else if (config.help) {
		status = print_help();
	} else {
		status = find_guests(&t);
		if (!status)
			run(&t);
	}
	while (t.nr) {
		sample_free(&t.guest[--t.nr]);
		free((char *)t.guest[t.nr].guest);
	}
	free(t.guest);
	screen_free(&t.screen);
	opt_free(top_options, &config);
	opt_free(top_operands, &config);
	return status;
}
