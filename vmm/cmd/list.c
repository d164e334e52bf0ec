/* SPDX-License-Identifier: BSD-2-Clause */
/* `slabvisor list`: the guests and services that have a name. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "vmm/base/cli.h"
#include "vmm/client/names.h"
#include "vmm/client/peer.h"
#include "vmm/cmd/commands.h"
#include "vmm/option/help.h"
#include "vmm/option/line.h"

#define PATIENCE_MS 2000 /* one that does not answer is listed all the same */

struct list_config {
	bool json, help;
};

const struct opt list_options[] = {
	{.name = "json",
	 .type = OPT_FLAG,
	 OPT_AT(list_config, json),
	 .flags = OPT_LINE_ONLY | OPT_ONCE,
	 .help = "prints a JSON array, with all that is known of each"},
	{OPT_HELP(list_config)},
	{0},
};

static enum exit_status print_help(void)
{
	printf("usage: slabvisor list [options]\n"
	       "\n"
	       "Lists the guests and services of this user that have a name (slabvisor run --name,\n"
	       "slabvisor serve --name). What a process that has ended left in the run directory is\n"
	       "removed there.\n"
	       "\n");
	opt_help(stdout, list_options, 0);
	printf("\n"
	       "STATUS is running, paused, prelaunch (a guest that is being started, also anew),\n"
	       "shutdown (one that ends), or silent: nothing answers. UP is in days, hours, minutes\n"
	       "and seconds.\n"
	       "\n"
	       "Exit status: 0; 125 wrong usage\n"
	       "\n"
	       "Examples:\n"
	       "  slabvisor run --name words --module words.txt wordfreq &\n"
	       "  slabvisor list\n"
	       "  slabvisor ctl words query-memory\n");
	return 0;
}

/* What one says of itself; *info is the caller's to release. */
static void ask(const char *name, json_t **info)
{
	struct peer peer;
	json_t *status = NULL;
	json_t *monitor = NULL;

	*info = json_pack("{s:s,s:s}", "name", name, "status", "silent");
	if (!peer_find(&peer, name)) {
		peer.patience_ms = PATIENCE_MS;
		json_object_set_new(*info, "path", json_string(peer.path));
		if (!peer_open(&peer, PATIENCE_MS) &&
		    !peer_execute(&peer, "query-status", NULL, &status) &&
		    !peer_execute(&peer, "query-monitor", NULL, &monitor)) {
			json_object_update_missing(*info, monitor);
			json_object_set(*info, "status", json_object_get(status, "status"));
		}
		if (peer_pid(&peer))
			json_object_set_new(*info, "pid", json_integer(peer_pid(&peer)));
	}
	json_decref(status);
	json_decref(monitor);
	peer_close(&peer);
}

static const char *text_of(const json_t *info, const char *key)
{
	const char *text = json_string_value(json_object_get(info, key));

	return text ? text : "-";
}

static const char *up(const json_t *info, char text[24])
{
	int64_t s = json_integer_value(json_object_get(info, "uptime-ms")) / 1000;
	int n = 0;

	if (s < 0 || !json_object_get(info, "uptime-ms"))
		return "-";
	if (s >= 86400)
		n = snprintf(text, 24, "%" PRId64 "-", s / 86400);
	snprintf(text + n, 24 - (size_t)n, "%02d:%02d:%02d", (int)(s / 3600 % 24),
		 (int)(s / 60 % 60), (int)(s % 60));
	return text;
}

static void print_line(const json_t *info)
{
	char since[24];
	char pid[24] = "-";
	char line[1024];
	json_int_t number = json_integer_value(json_object_get(info, "pid"));

	if (number)
		snprintf(pid, sizeof(pid), "%" JSON_INTEGER_FORMAT, number);
	snprintf(line, sizeof(line), "%-16s %-8s %8s %-10s %12s  %s", text_of(info, "name"),
		 text_of(info, "kind"), pid, text_of(info, "status"), up(info, since),
		 text_of(info, "runs"));
	puts(cli_sanitise(line));
}

static enum exit_status list(const struct list_config *config)
{
	struct names names;
	json_t *all = json_array();
	json_t *info;

	names_read(&names);
	if (!config->json)
		printf("%-16s %-8s %8s %-10s %12s  %s\n", "NAME", "KIND", "PID", "STATUS", "UP",
		       "RUNS");
	for (unsigned int i = 0; i < names.nr; i++) {
		ask(names.name[i], &info);
		if (config->json) {
			json_array_append_new(all, info);
			continue;
		}
		print_line(info);
		json_decref(info);
	}
	if (config->json) {
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(all);
	names_free(&names);
	return 0;
}

enum exit_status cmd_list(int argc, char **argv)
{
	struct list_config config = {0};
	struct opt_scope scope = {.rows = list_options, .base = &config};
	struct opt_line line = {
		.command = "slabvisor list",
		.scope = &scope,
		.nr_scopes = 1,
		.argc = argc,
		.argv = argv,
	};

	if (opt_line_read(&line, OPT_PASS_WINS) ||
	    (!config.help && opt_line_read(&line, OPT_PASS_ALL)))
		return cli_fail(STATUS_USAGE, "%s", line.error);
	if (!config.help && line.next < argc)
		return cli_fail(STATUS_USAGE, "%s: no such argument: see slabvisor list --help",
				argv[line.next]);
	return config.help ? print_help() : list(&config);
}
