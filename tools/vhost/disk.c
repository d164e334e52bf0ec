/* SPDX-License-Identifier: BSD-2-Clause */
/* slabvisor-vhost-disk: prints libvirt's <disk> element for a vhost-user-blk service that runs. */
#include "tools/vhost/disk.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vhost/client.h"
#include "vmm/base/cli.h"
#include "vmm/option/help.h"
#include "vmm/option/line.h"

static int print_help(void)
{
	printf("usage: slabvisor-vhost-disk SOCKET [TARGET [QUEUES]]\n"
	       "\n"
	       "Prints the <disk> element by which a libvirt domain uses a vhost-user-blk\n"
	       "service that listens.\n"
	       "\n");
	opt_help_operands(stdout, disk_operands);
	opt_help(stdout, disk_options, 0);
	return 0;
}

static int print_version(void)
{
	puts("slabvisor-vhost-disk " SLABVISOR_VERSION);
	return 0;
}

static int usage(char *error)
{
	fprintf(stderr, "slabvisor-vhost-disk: %s\n", cli_sanitise(error));
	return 2;
}

static int fail(const char *path, const char *why)
{
	char line[PATH_MAX + 64];

	snprintf(line, sizeof(line), "slabvisor-vhost-disk: %s: %s", path, why);
	fprintf(stderr, "%s\n", cli_sanitise(line));
	return 1;
}

/* The queues that a service offers. Returns 0 or a negative errno. */
static int ask_queues(const char *path, unsigned int *queues)
{
	struct client client;
	int ret;

	ret = client_init(&client, 4096);
	if (ret)
		return ret;
	client.timeout_ms = 1000;
	ret = client_connect(&client, path, 0);
	if (!ret)
		*queues = client.max_queues;
	client_fini(&client);
	return ret;
}

static void print_quoted(const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", stdout);
			break;
		case '\'':
			fputs("&apos;", stdout);
			break;
		case '<':
			fputs("&lt;", stdout);
			break;
		default:
			putchar(*text);
		}
	}
}

static void print_element(const struct disk_config *config, const char *path)
{
	printf("<disk type='vhostuser' device='disk'>\n"
	       "  <driver name='qemu' type='raw' queues='%u'/>\n"
	       "  <source type='unix' path='",
	       config->queues);
	print_quoted(path);
	printf("'>\n"
	       "    <reconnect enabled='yes' timeout='1'/>\n"
	       "  </source>\n"
	       "  <target dev='");
	print_quoted(config->target);
	printf("' bus='virtio'/>\n"
	       "</disk>\n");
}

static int run(struct disk_config *config)
{
	char *path = realpath(config->socket, NULL);
	int ret = 0;

	if (!path)
		return fail(config->socket, strerror(errno));
	if (!config->queues)
		ret = ask_queues(path, &config->queues);
	if (ret)
		ret = fail(path,
			   ret == -EAGAIN ? "in use: say how many queues it has" : strerror(-ret));
	else
		print_element(config, path);
	free(path);
	return ret;
}

int main(int argc, char **argv)
{
	struct disk_config config = {0};
	struct opt_scope scope = {.rows = disk_options, .base = &config};
	struct opt_line line = {
		.command = "slabvisor-vhost-disk",
		.scope = &scope,
		.nr_scopes = 1,
		.operands = disk_operands,
		.argc = argc,
		.argv = argv,
		.error = "out of memory",
	};
	int status;

	if (opt_init(disk_options, &config) || opt_init(disk_operands, &config) ||
	    opt_line_read(&line, OPT_PASS_WINS) ||
	    (!config.help && !config.version && opt_line_read(&line, OPT_PASS_ALL)))
		status = usage(line.error);
	else if (config.help)
		status = print_help();
	else if (config.version)
		status = print_version();
	else if (!config.socket)
		status = usage((char[]){"SOCKET is needed: see slabvisor-vhost-disk --help"});
	else
		status = run(&config);
	opt_free(disk_operands, &config);
	return status;
}
