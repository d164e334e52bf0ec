/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/view/gather.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/client/families.h"
#include "vmm/client/names.h"
#include "vmm/client/peer.h"
#include "vmm/qmp/openmetrics.h"

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
