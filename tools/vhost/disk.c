/* SPDX-License-Identifier: BSD-2-Clause */
/* vhost_disk: prints libvirt's <disk> element for a vhost-user-blk service that runs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vhost/client.h"
#include "vmm/base/cli.h"

static int usage(int status)
{
	fprintf(status ? stderr : stdout,
		"usage: vhost_disk SOCKET [TARGET [QUEUES]]\n"
		"\n"
		"Prints the <disk> element by which a libvirt domain uses the service that listens\n"
		"at SOCKET, as TARGET (vdb). A service that a machine is using already cannot be\n"
		"asked for its queues: give QUEUES then.\n");
	return status;
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

int main(int argc, char **argv)
{
	const char *target = argc > 2 ? argv[2] : "vdb";
	unsigned int queues = 0;
	char *path;
	uint64_t value;
	int ret;

	if (argc < 2 || argc > 4 || argv[1][0] == '-')
		return usage(argc == 2 && !strcmp(argv[1], "--help") ? 0 : 2);
	path = realpath(argv[1], NULL);
	if (!path) {
		fprintf(stderr, "vhost_disk: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	if (argc > 3) {
		if (cli_parse_number(argv[3], 1, CLIENT_MAX_QUEUES, &value))
			return usage(2);
		queues = (unsigned int)value;
	} else {
		ret = ask_queues(path, &queues);
		if (ret) {
			fprintf(stderr, "vhost_disk: %s: %s\n", path,
				ret == -EAGAIN ? "in use: say how many queues it has"
					       : strerror(-ret));
			free(path);
			return 1;
		}
	}
	printf("<disk type='vhostuser' device='disk'>\n"
	       "  <driver name='qemu' type='raw' queues='%u'/>\n"
	       "  <source type='unix' path='",
	       queues);
	print_quoted(path);
	printf("'>\n"
	       "    <reconnect enabled='yes' timeout='1'/>\n"
	       "  </source>\n"
	       "  <target dev='");
	print_quoted(target);
	printf("' bus='virtio'/>\n"
	       "</disk>\n");
	free(path);
	return 0;
}
