/* SPDX-License-Identifier: BSD-2-Clause */
/* `slabvisor ctl GUEST`: a shell of commands, with history and completion where it is typed at a
 * terminal; else a line of standard input is a command. */
#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mm/util.h"
#include "vmm/client/args.h"
#include "vmm/client/guide.h"
#include "vmm/client/peer.h"
#include "vmm/client/pretty.h"
#include "vmm/view/view.h"

#define BLANKS      " \t\r\n"
#define PATIENCE_MS 10000
#define MAX_HISTORY 1000

struct shell {
	struct peer peer;
	json_t *commands; /* query-commands */
	char prompt[64];
	bool json; /* answers are printed as JSON */
	bool quit;
	enum exit_status status; /* of the last command */
};

static const struct {
	const char *name, *help;
} own[] = {
	{"help", "lists the commands; help COMMAND tells what one takes"},
	{"json", "prints answers as JSON from here on; json off as tables"},
	{"watch", "prints events until the guest ends or Ctrl-C is typed"},
	{"exit", "leaves this shell; the guest goes on"},
};

#define NR_OWN ARRAY_SIZE(own)

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void print_event(void *opaque, const json_t *message)
{
	(void)opaque;
	pretty_event(message, stdout);
	fflush(stdout);
}

static void help(const struct shell *s, const char *name)
{
	if (*name) {
		if (!guide_one(s->commands, name, stdout))
			printf("%s: no such command\n", name);
		return;
	}
	guide_all(s->commands, stdout);
	for (size_t i = 0; i < NR_OWN; i++)
		printf("  %-18s %s\n", own[i].name, own[i].help);
	printf("Arguments are KEY=VALUE, or one JSON object: block_resize device=disk0 size=10G\n");
}

static void watch(struct shell *s)
{
	json_t *message;

	while (!(s->status = peer_receive(&s->peer, &message))) {
		bool last = !strcmp(text_of(message, "event"), "SHUTDOWN");

		print_event(NULL, message);
		json_decref(message);
		if (last)
			break;
	}
	s->quit = true;
}

static void execute(struct shell *s, const char *name, const char *rest)
{
	const json_t *command = args_command(s->commands, name);
	json_t *args = NULL;
	json_t *result = NULL;
	char why[256];

	if (command && args_read(command, rest, &args, why, sizeof(why))) {
		s->status = cli_fail(STATUS_USAGE, "%s: %s", name, why);
		return;
	}
	s->status = peer_execute(&s->peer, name, args, &result);
	json_decref(args);
	if (s->status)
		cli_fail(s->status, "%s", s->peer.why);
	else if (s->json && !json_dumpf(result, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY))
		putchar('\n');
	else if (!s->json)
		pretty_print(result, stdout);
	json_decref(result);
	/* Refusals leave the connection as it was. */
	if (s->status && s->status != PEER_REFUSED)
		s->quit = true;
}

/* A line, which it cuts. */
static void run_line(struct shell *s, char *line)
{
	char *name = line + strspn(line, BLANKS);
	size_t len = strcspn(name, BLANKS);
	char *rest = name + len;

	if (!len || *name == '#')
		return;
	if (*rest)
		*rest++ = '\0';
	rest += strspn(rest, BLANKS);
	rest[strcspn(rest, "\r\n")] = '\0';
	if (!strcmp(name, "help") || !strcmp(name, "?"))
		help(s, rest);
	else if (!strcmp(name, "exit"))
		s->quit = true;
	else if (!strcmp(name, "json"))
		s->json = strcmp(rest, "off") != 0;
	else if (!strcmp(name, "watch"))
		watch(s);
	else
		execute(s, name, rest);
	fflush(stdout);
}

/* Completion: the names of commands, then those of a command's arguments. What is common to all
 * that fit is inserted, and where nothing is they are shown. */
struct candidates {
	const char *word;
	size_t len;
	char common[128];
	unsigned int nr;
	bool show;
};

static void offer(struct candidates *c, const char *text)
{
	size_t same = 0;

	if (strncmp(text, c->word, c->len) != 0)
		return;
	if (c->show) {
		printf("%s  ", text);
		return;
	}
	if (!c->nr++) {
		snprintf(c->common, sizeof(c->common), "%s", text);
		return;
	}
	while (c->common[same] && c->common[same] == text[same])
		same++;
	c->common[same] = '\0';
}

static void offer_all(const struct shell *s, struct candidates *c, const json_t *command,
		      bool first)
{
	const json_t *entry;
	size_t i;

	if (!first) {
		json_array_foreach(json_object_get(command, "arguments"), i, entry)
		{
			offer(c, text_of(entry, "name"));
		}
		return;
	}
	json_array_foreach(s->commands, i, entry)
	{
		offer(c, text_of(entry, "name"));
	}
	for (i = 0; i < NR_OWN; i++)
		offer(c, own[i].name);
}

static unsigned char complete(EditLine *el, int ch)
{
	const LineInfo *line = el_line(el);
	struct candidates c = {.nr = 0};
	const json_t *command = NULL;
	struct shell *s = NULL;
	char text[1024];
	char *name;
	char *word;
	bool first;

	(void)ch;
	el_get(el, EL_CLIENTDATA, &s);
	snprintf(text, sizeof(text), "%.*s", (int)(line->cursor - line->buffer), line->buffer);
	name = text + strspn(text, BLANKS);
	word = text + strlen(text);
	while (word > name && !strchr(BLANKS, word[-1]))
		word--;
	c.word = word;
	c.len = strlen(word);
	first = word == name || !strncmp(name, "help ", 5);
	if (!first) {
		name[strcspn(name, BLANKS)] = '\0';
		command = args_command(s->commands, name);
	}
	offer_all(s, &c, command, first);
	if (!c.nr)
		return CC_REFRESH_BEEP;
	if (strlen(c.common) > c.len || c.nr == 1) {
		snprintf(text, sizeof(text), "%s%s", c.common + c.len,
			 c.nr > 1 ? ""
			 : first  ? " "
				  : "=");
		return el_insertstr(el, text) ? CC_ERROR : CC_REFRESH;
	}
	c.show = true;
	putchar('\n');
	offer_all(s, &c, command, first);
	putchar('\n');
	fflush(stdout);
	return CC_REDISPLAY;
}

static char *prompt(EditLine *el)
{
	struct shell *s = NULL;

	el_get(el, EL_CLIENTDATA, &s);
	return s->prompt;
}

/* What is typed at a terminal. */
static void interact(struct shell *s)
{
	EditLine *el = el_init("slabvisor", stdin, stdout, stderr);
	History *past = history_init();
	HistEvent event;
	const char *line;
	int n;

	if (!el || !past) {
		s->status = cli_fail(STATUS_HOST_ERROR, "out of memory");
		goto out;
	}
	history(past, &event, H_SETSIZE, MAX_HISTORY);
	history(past, &event, H_SETUNIQUE, 1);
	el_set(el, EL_CLIENTDATA, s);
	el_set(el, EL_PROMPT, prompt);
	el_set(el, EL_EDITOR, "emacs");
	el_set(el, EL_SIGNAL, 1);
	el_set(el, EL_HIST, history, past);
	el_set(el, EL_ADDFN, "complete", "completes a command", complete);
	el_set(el, EL_BIND, "^I", "complete", NULL);
	printf("%s: help lists the commands, Tab completes them, exit leaves.\n", s->peer.label);
	while (!s->quit && (line = el_gets(el, &n)) && n > 0) {
		char *copy = strdup(line);

		if (copy && line[strspn(line, BLANKS)])
			history(past, &event, H_ENTER, line);
		if (copy)
			run_line(s, copy);
		free(copy);
	}
out:
	if (past)
		history_end(past);
	if (el)
		el_end(el);
}

static void read_lines(struct shell *s)
{
	char *line = NULL;
	size_t room = 0;

	while (!s->quit && getline(&line, &room, stdin) > 0) {
		run_line(s, line);
		/* A script ends at its first command that fails. */
		s->quit |= s->status != 0;
	}
	free(line);
}

enum exit_status view_shell(int argc, char **argv)
{
	struct shell s = {.quit = false};
	enum exit_status status;

	if (argc != 3)
		return cli_fail(STATUS_USAGE, "slabvisor ctl starts this shell");
	s.json = !strcmp(argv[2], "json");
	status = peer_find(&s.peer, argv[1]);
	if (!status)
		status = peer_open(&s.peer, PATIENCE_MS);
	if (!status)
		status = peer_execute(&s.peer, "query-commands", NULL, &s.commands);
	if (status) {
		cli_fail(status, "%s", s.peer.why);
	} else {
		s.peer.event = print_event;
		snprintf(s.prompt, sizeof(s.prompt), "%.32s> ", argv[1]);
		if (isatty(STDIN_FILENO))
			interact(&s);
		else
			read_lines(&s);
		status = isatty(STDIN_FILENO) ? 0 : s.status;
	}
	json_decref(s.commands);
	peer_close(&s.peer);
	return status;
}
