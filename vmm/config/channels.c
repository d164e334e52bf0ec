/* SPDX-License-Identifier: BSD-2-Clause */
/* --virtio-port, on the command line and in a configuration file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "vmm/config/fields.h"
#include "vmm/machine/channels.h"

#define SHAPE "name=NAME,path=SOCKET[,console=on], as in name=agent,path=agent.sock"

static const char *const keys[] = {"name", "path", "console", NULL};

static int field(struct run_port *port, const char *key, const char *value, char *why)
{
	if (!strcmp(key, "name")) {
		if (!*value || strlen(value) > CONSOLE_NAME_MAX)
			return run_why(why, "name has 1 to %d bytes", CONSOLE_NAME_MAX);
		free(port->name);
		port->name = strdup(value);
		return port->name ? 0 : -ENOMEM;
	}
	if (!strcmp(key, "path")) {
		if (!*value || strlen(value) >= sizeof(((struct sockaddr_un *)0)->sun_path))
			return run_why(why, "path has 1 to %zu bytes, as a Unix socket's may",
				       sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
		free(port->path);
		port->path = strdup(value);
		return port->path ? 0 : -ENOMEM;
	}
	if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
		return run_why(why, "console is on or off");
	port->console = !strcmp(value, "on");
	return 0;
}

static int parse(struct run_port *port, struct fields *fields, char *why)
{
	const char *key, *value;
	int ret;

	while ((ret = fields_next(fields, &key, &value, why, RUN_WHY_MAX)) > 0) {
		ret = field(port, key, value, why);
		if (ret)
			return ret;
	}
	if (!ret && (!port->name || !port->path))
		return run_why(why, "write " SHAPE);
	return ret;
}

int channel_option_apply(struct run_config *config, const char *value, char *why)
{
	struct run_port port = {.console = false};
	struct fields fields;
	int ret;

	if (config->nr_ports == RUN_MAX_PORTS)
		return run_why(why, "at most %d ports", RUN_MAX_PORTS);
	if (fields_open(&fields, value, keys, SHAPE))
		return -ENOMEM;
	ret = parse(&port, &fields, why);
	fields_close(&fields);
	if (ret) {
		free(port.name);
		free(port.path);
		return ret;
	}
	config->port[config->nr_ports++] = port;
	return 0;
}

void channel_option_forget(struct run_config *config)
{
	while (config->nr_ports) {
		config->nr_ports--;
		free(config->port[config->nr_ports].name);
		free(config->port[config->nr_ports].path);
	}
}
