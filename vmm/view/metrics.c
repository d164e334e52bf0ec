/* SPDX-License-Identifier: BSD-2-Clause */
/* `slabvisor metrics`: what guests and services count, in one text. */
#include "vmm/view/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/client/families.h"
#include "vmm/client/names.h"
#include "vmm/client/peer.h"
#include "vmm/option/help.h"
#include "vmm/option/line.h"
#include "vmm/qmp/openmetrics.h"
#include "vmm/view/http.h"
#include "vmm/view/view.h"

#define PATIENCE_MS 5000

/* Adds what one tells. Returns 0 or the exit status, with *why for the caller to free. */
static enum exit_status add_one(struct families *f, const char *guest, char **why)
{
	struct peer peer;
	json_t *text = NULL;
	enum exit_status status;

	status = peer_find(&peer, guest);
	peer.patience_ms = PATIENCE_MS;
	if (!status)
		status = peer_open(&peer, PATIENCE_MS);
	if (!status)
		status = peer_execute(&peer, "metrics", NULL, &text);
	if (!status && (!json_is_string(text) || families_add(f, json_string_value(text))))
		status = STATUS_HOST_ERROR;
	*why = status ? strdup(*peer.why ? peer.why : "what answers there makes no sense") : NULL;
	json_decref(text);
	peer_close(&peer);
	return status;
}

/* Whether each guest answers, which it cannot tell itself. */
static void add_up(struct families *f, const char *const *guest, const bool *up, unsigned int nr)
{
	char *text = NULL;
	size_t size;
	struct om om = {.to = open_memstream(&text, &size)};

	if (!om.to)
		return;
	om_family(&om, "up", OM_GAUGE, "1 of a guest or a service that answers");
	for (unsigned int i = 0; i < nr; i++) {
		om.guest = guest[i];
		om_sample(&om, OM_GAUGE, NULL, up[i]);
	}
	if (!fclose(om.to))
		families_add(f, text);
	free(text);
}

enum exit_status metrics_gather(const struct guests *wanted, bool old, FILE *to, bool quiet)
{
	const char *const *guest = (const char *const *)wanted->guest;
	bool up[NAMES_MAX] = {false};
	struct families f = {.nr = 0};
	struct names names = {.nr = 0};
	unsigned int nr = wanted->nr;
	enum exit_status status = 0;

	if (!nr) {
		names_read(&names);
		guest = (const char *const *)names.name;
		nr = names.nr;
	}
	for (unsigned int i = 0; i < nr; i++) {
		char *why;
		enum exit_status one = add_one(&f, guest[i], &why);

		up[i] = !one;
		if (one && !quiet)
			cli_fail(one, "%s", why ? why : "out of memory");
		/* One of all that has ended meanwhile is no error. */
		if (one && wanted->nr)
			status = one;
		free(why);
	}
	add_up(&f, guest, up, nr);
	families_write(&f, old, to);
	families_free(&f);
	names_free(&names);
	return status;
}

static enum exit_status print_help(void)
{
	printf("usage: slabvisor metrics [options] [GUEST...]\n"
	       "\n"
	       "Prints what guests and services count, in the OpenMetrics format, or answers with it\n"
	       "by HTTP: what a Prometheus asks for.\n"
	       "\n");
	opt_help_operands(stdout, metrics_operands);
	opt_help(stdout, metrics_options, 0);
	printf("\n"
	       "Exit status: 0; 1 a guest refused; 125 wrong usage; 127 one of those that were named\n"
	       "does not answer, or nothing can listen there\n"
	       "\n"
	       "Examples:\n"
	       "  slabvisor metrics words\n"
	       "  slabvisor metrics --format prometheus | promtool check metrics\n"
	       "  slabvisor metrics --listen 9717\n");
	return 0;
}

enum exit_status view_metrics(int argc, char **argv)
{
	struct metrics_config config = {.help = false};
	struct opt_scope scope = {.rows = metrics_options, .base = &config};
	struct opt_line line = {
		.command = "slabvisor metrics",
		.scope = &scope,
		.nr_scopes = 1,
		.operands = metrics_operands,
		.argc = argc,
		.argv = argv,
	};
	enum exit_status status;

	if (opt_init(metrics_options, &config))
		status = cli_fail(STATUS_HOST_ERROR, "out of memory");
	else if (opt_line_read(&line, OPT_PASS_WINS) ||
		 (!config.help && opt_line_read(&line, OPT_PASS_ALL)))
		status = cli_fail(STATUS_USAGE, "%s", line.error);
	else if (config.help)
		status = print_help();
	else if (config.listen)
		status = http_serve(&config);
	else
		status = metrics_gather(&config.guests, config.format == METRICS_PROMETHEUS, stdout,
					false);
	opt_free(metrics_options, &config);
	opt_free(metrics_operands, &config);
	return status;
}
