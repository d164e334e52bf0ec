/* SPDX-License-Identifier: BSD-2-Clause */
/* `slabvisor ctl`: a command to the control socket of a guest or a service, or its events. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/base/cli.h"
#include "vmm/client/args.h"
#include "vmm/client/guide.h"
#include "vmm/client/peer.h"
#include "vmm/client/pretty.h"
#include "vmm/cmd/commands.h"
#include "vmm/cmd/view.h"
#include "vmm/option/help.h"
#include "vmm/option/line.h"

#define PATIENCE_MS 10000 /* for the greeting; a command takes its time */

#define MAX_WORDS 16

struct ctl_config {
	char *guest, *command;
	char *word[MAX_WORDS];
	unsigned int nr_words;
	bool pretty, watch;
	bool help;
};

const struct opt ctl_options[] = {
	{.name = "pretty",
	 .letter = 'p',
	 .type = OPT_FLAG,
	 .flags = OPT_LINE_ONLY,
	 OPT_AT(ctl_config, pretty),
	 .help = "prints aligned lines and tables in the place of JSON"},
	{.name = "watch",
	 .letter = 'w',
	 .type = OPT_FLAG,
	 .flags = OPT_LINE_ONLY,
	 OPT_AT(ctl_config, watch),
	 .help = "prints events, a line each, until the guest ends; after the command's answer, if "
		 "there is one"},
	{OPT_HELP(ctl_config)},
	{0},
};

const struct opt ctl_operands[] = {
	{.name = "GUEST",
	 .type = OPT_STRING,
	 OPT_AT(ctl_config, guest),
	 .min = 1,
	 .say = "give a name, as slabvisor list shows them, or the path of a control socket",
	 .help = "a guest or a service: its name, or the path that --qmp gives it"},
	{.name = "COMMAND",
	 .type = OPT_STRING,
	 OPT_AT(ctl_config, command),
	 .min = 1,
	 .say = "give a command, as in query-status",
	 .help = "one of QMP's: help lists them, and help COMMAND tells what one takes; without it "
		 "a shell of commands, or the lines of standard input"},
	{.name = "ARGUMENTS",
	 .type = OPT_STRING,
	 .flags = OPT_REPEATS,
	 OPT_ARRAY(ctl_config, word, nr_words),
	 .many = "arguments",
	 .help = "the command's: KEY=VALUE each, as in size=10G, or one JSON object"},
	{0},
};

static enum exit_status print_help(void)
{
	printf("usage: slabvisor ctl [options] GUEST [COMMAND [ARGUMENTS]]\n"
	       "\n"
	       "Sends a command to the control socket of a guest or a service (slabvisor run or\n"
	       "serve with --name NAME or --qmp unix:PATH) and prints what it returns, as JSON.\n"
	       "Without a command it reads commands: at a terminal with history and completion.\n"
	       "\n");
	opt_help_operands(stdout, ctl_operands);
	opt_help(stdout, ctl_options, 0);
	printf("\n"
	       "Exit status: 0; 1 the command was refused; 125 wrong usage; 127 there is no\n"
	       "such control socket, or it broke off\n"
	       "\n"
	       "Examples:\n"
	       "  slabvisor ctl words help\n"
	       "  slabvisor ctl /run/guest.sock query-status\n"
	       "  slabvisor ctl --pretty words query-slabinfo\n"
	       "  slabvisor ctl --watch words\n"
	       "  slabvisor ctl /run/guest.sock heap-reclaim\n"
	       "  slabvisor ctl words block_resize device=disk0 size=10G\n"
	       "  slabvisor ctl words block_resize '{\"device\": \"disk0\", \"size\": 10737418240}'\n");
	return 0;
}

/* One by one as they come, so that who reads them has them. */
static void print_event(void *opaque, const json_t *message)
{
	const struct ctl_config *config = opaque;

	if (config->pretty) {
		pretty_event(message, stdout);
	} else {
		json_dumpf(message, stdout, JSON_COMPACT);
		putchar('\n');
	}
	fflush(stdout);
}

static enum exit_status watch(struct peer *peer)
{
	enum exit_status status;
	json_t *message;
	bool over = false;

	while (!over && !(status = peer_receive(peer, &message))) {
		const char *name = json_string_value(json_object_get(message, "event"));

		if (name) {
			print_event(peer->opaque, message);
			over = !strcmp(name, "SHUTDOWN");
		}
		json_decref(message);
	}
	return over ? 0 : cli_fail(status, "%s", peer->why);
}

/* The words of ARGUMENTS in one. The caller frees it; NULL: out of memory. */
static char *join(const struct ctl_config *config)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	for (unsigned int i = 0; i < config->nr_words; i++)
		fprintf(to, "%s%s", i ? " " : "", config->word[i]);
	if (!fclose(to))
		return text;
	free(text);
	return NULL;
}

/* The commands that there are. Returns 0 or the exit status; the caller releases them. */
static enum exit_status ask_commands(struct peer *peer, json_t **known)
{
	enum exit_status status = peer_execute(peer, "query-commands", NULL, known);

	return status ? cli_fail(status, "%s", peer->why) : 0;
}

/* `help`, which is a client's own: what can be asked there. */
static enum exit_status print_guide(struct peer *peer, const struct ctl_config *config)
{
	json_t *known = NULL;
	enum exit_status status = ask_commands(peer, &known);

	if (!status && !config->nr_words)
		guide_all(known, stdout);
	else if (!status && !guide_one(known, config->word[0], stdout))
		status = cli_fail(STATUS_USAGE, "%s: no such command: see slabvisor ctl %s help",
				  config->word[0], config->guest);
	json_decref(known);
	return status;
}

/* There is no such command. What there is instead is worth no more than a short wait. */
static void say_unknown(struct peer *peer, const struct ctl_config *config)
{
	json_t *known = NULL;
	const char *near;

	peer->patience_ms = PATIENCE_MS;
	peer_execute(peer, "query-commands", NULL, &known);
	near = guide_nearest(known, config->command);
	cli_fail(PEER_REFUSED, "%s: no such command: %s%s%s", config->command,
		 near ? "did you mean " : "see slabvisor ctl ", near ? near : config->guest,
		 near ? "?" : " help");
	json_decref(known);
}

/* Arguments as KEY=VALUE: of which type a value is, the other side knows. Returns 0 or the exit
 * status. */
static enum exit_status read_words(struct peer *peer, const struct ctl_config *config,
				   json_t **args)
{
	json_t *known = NULL;
	enum exit_status status = ask_commands(peer, &known);
	char *text = join(config);
	char why[256];

	if (!status && !text)
		status = cli_fail(STATUS_HOST_ERROR, "out of memory");
	else if (!status &&
		 args_read(args_command(known, config->command), text, args, why, sizeof(why)))
		status = cli_fail(STATUS_USAGE, "%s: %s", config->command, why);
	json_decref(known);
	free(text);
	return status;
}

static enum exit_status print_result(const struct ctl_config *config, const json_t *result)
{
	if (config->pretty) {
		pretty_print(result, stdout);
		return 0;
	}
	if (json_dumpf(result, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY) || putchar('\n') == EOF)
		return cli_fail(STATUS_HOST_ERROR, "the answer cannot be printed");
	return 0;
}

/* Whether what stands as the command is a guest, and what stands as the guest is none. */
static bool is_swapped(const struct ctl_config *config)
{
	struct peer other;
	struct stat st;
	bool found = config->command && !peer_find(&other, config->command) &&
		     !lstat(other.path, &st) && S_ISSOCK(st.st_mode);

	if (config->command)
		peer_close(&other);
	return found;
}

/* args: NULL: none were given as JSON. */
static enum exit_status run_command(struct peer *peer, const struct ctl_config *config,
				    json_t *args)
{
	json_t *words = NULL;
	json_t *result = NULL;
	enum exit_status status;

	status = peer_find(peer, config->guest);
	if (status && is_swapped(config))
		return cli_fail(STATUS_USAGE,
				"the guest stands before the command: slabvisor ctl %s %s",
				config->command, config->guest);
	if (!status)
		status = peer_open(peer, PATIENCE_MS);
	if (status)
		return cli_fail(status, "%s", peer->why);
	if (config->command && !strcmp(config->command, "help"))
		return print_guide(peer, config);
	if (config->watch) {
		peer->event = print_event;
		peer->opaque = (void *)config;
	}
	if (config->nr_words && !args)
		status = read_words(peer, config, &words);
	if (!status && config->command) {
		status = peer_execute(peer, config->command, args ? args : words, &result);
		if (status == PEER_REFUSED && peer->unknown)
			say_unknown(peer, config);
		else
			status = status ? cli_fail(status, "%s", peer->why)
					: print_result(config, result);
		fflush(stdout);
	}
	json_decref(words);
	json_decref(result);
	return !status && config->watch ? watch(peer) : status;
}

/* Returns 0 or the exit status. */
static enum exit_status parse(struct ctl_config *config, int argc, char **argv, json_t **args)
{
	struct opt_scope scope = {.rows = ctl_options, .base = config};
	struct opt_line line = {
		.command = "slabvisor ctl",
		.scope = &scope,
		.nr_scopes = 1,
		.operands = ctl_operands,
		.argc = argc,
		.argv = argv,
	};
	const char *text;
	json_error_t error;
	char why[256];

	if (opt_line_read(&line, OPT_PASS_WINS) ||
	    (!config->help && opt_line_read(&line, OPT_PASS_ALL)))
		return cli_fail(STATUS_USAGE, "%s", line.error);
	if (config->help)
		return 0;
	if (!config->guest)
		return cli_fail(STATUS_USAGE, "slabvisor ctl GUEST [COMMAND [ARGUMENTS]]: see "
					      "slabvisor ctl --help");
	if (config->command && *config->command == '{')
		return cli_fail(STATUS_USAGE,
				"%.512s: a command is given by its name, its arguments behind it: "
				"slabvisor ctl %s query-status",
				config->command, config->guest);
	if (!config->command || !config->nr_words)
		return 0;
	text = config->word[0];
	/* Words that have a = are for the other side to judge. */
	if ((*text != '{' && strchr(text, '=')) || !strcmp(config->command, "help"))
		return 0;
	if (config->nr_words > 1)
		return cli_fail(STATUS_USAGE,
				"%.512s: arguments are KEY=VALUE, or one JSON object and no more",
				*text == '{' ? config->word[1] : text);
	*args = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (json_is_object(*args))
		return 0;
	if (*args)
		snprintf(why, sizeof(why), "arguments are a JSON object, or KEY=VALUE");
	else
		args_say_json(text, error.text, why, sizeof(why));
	return cli_fail(STATUS_USAGE, "%.512s: %s", text, why);
}

/* A shell, which is another program's. */
static enum exit_status start_shell(const struct ctl_config *config)
{
	char *args[] = {(char *)"ctl", config->guest, (char *)(config->pretty ? "pretty" : "json"),
			NULL};

	/* Who types reads tables; a script has JSON, unless it asks. */
	if (isatty(STDIN_FILENO))
		args[2] = (char *)"pretty";
	return cmd_view(3, args);
}

static enum exit_status send_one(const struct ctl_config *config, json_t *args)
{
	struct peer peer;
	enum exit_status status;

	if (!config->command && !config->watch)
		return start_shell(config);
	status = run_command(&peer, config, args);
	peer_close(&peer);
	return status;
}

enum exit_status cmd_ctl(int argc, char **argv)
{
	struct ctl_config config = {0};
	json_t *args = NULL;
	enum exit_status status;

	status = parse(&config, argc, argv, &args);
	if (!status)
		status = config.help ? print_help() : send_one(&config, args);
	json_decref(args);
	opt_free(ctl_operands, &config);
	return status;
}
