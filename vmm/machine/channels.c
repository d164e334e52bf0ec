/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/machine/channels.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "virtio/balloon/balloon.h"
#include "virtio/io/engine.h"
#include "virtio/rng.h"
#include "vmm/base/cli.h"
#include "vmm/base/listen.h"
#include "vmm/machine/memory.h"
#include "vmm/machine/run.h"
#include "vmm/sandbox/sandbox.h"

enum exit_status channels_open(struct run *run)
{
	static const struct listen_access who = {.mode = 0777, .group = LISTEN_OWN_GROUP};
	const struct run_config *config = run->config;
	int fd;

	for (; run->nr_ports < config->nr_ports; run->nr_ports++) {
		/* One client is served at a time; a second one waits. */
		fd = listen_unix(config->port[run->nr_ports].path, &who);
		if (fd < 0)
			return cli_fail(STATUS_HOST_ERROR,
					"--virtio-port path=%s: cannot listen there: %s",
					config->port[run->nr_ports].path, listen_why(-fd));
		run->port_fd[run->nr_ports] = fd;
	}
	return 0;
}

void channels_close(struct run *run)
{
	while (run->nr_ports)
		close(run->port_fd[--run->nr_ports]);
}

static void settle(void *opaque)
{
	sandbox_enter(opaque, SANDBOX_CONSOLE);
}

static enum exit_status create_console(struct channels *ch, struct run *run)
{
	const struct run_config *config = run->config;
	struct console_port_config port[RUN_MAX_PORTS];
	int ret;

	for (unsigned int i = 0; i < run->nr_ports; i++)
		port[i] = (struct console_port_config){
			.name = config->port[i].name,
			.console = config->port[i].console,
			.listen_fd = run->port_fd[i],
		};
	sandbox_expect(run->sandbox);
	ret = console_dev_create(port, run->nr_ports, settle, run->sandbox, &ch->console);
	if (ret)
		return cli_fail(STATUS_HOST_ERROR, "virtio-console: cannot be set up: %s",
				strerror(-ret));
	return 0;
}

static void discard(void *opaque, const struct iovec *range, unsigned int n)
{
	(void)opaque;
	/* One that fails keeps its memory, which does no harm. */
	for (unsigned int i = 0; i < n; i++)
		madvise(range[i].iov_base, range[i].iov_len, MADV_DONTNEED);
}

static enum exit_status create_balloon(struct channels *ch, const struct run_config *from,
				       struct memory *mem, struct io_engine *engine)
{
	/* What was taken before the start was wanted to be there; and of a pool's pages only whole
	 * ones could go, by which the guest would lose their reservation. */
	const bool stays = from->hugepages || from->prefault;
	const struct balloon_dev_config config = {
		.engine = engine,
		.discard = stays ? NULL : discard,
		.host_ptr = memory_ram_of,
		.opaque = mem,
		.ram = mem->ram_size,
	};
	int ret = balloon_dev_create(&config, &ch->balloon);

	if (ret)
		return cli_fail(STATUS_HOST_ERROR, "virtio-balloon: cannot be set up: %s",
				strerror(-ret));
	return 0;
}

enum exit_status channels_create(struct channels *ch, struct run *run, struct memory *mem,
				 struct io_engine *engine)
{
	enum exit_status status;
	int ret;

	ret = rng_dev_create(&ch->rng);
	if (ret)
		return cli_fail(STATUS_HOST_ERROR, "virtio-rng: cannot be set up: %s",
				strerror(-ret));
	status = create_balloon(ch, run->config, mem, engine);
	return !status && run->nr_ports ? create_console(ch, run) : status;
}

void channels_destroy(struct channels *ch)
{
	virtio_device_destroy(ch->console);
	virtio_device_destroy(ch->balloon);
	virtio_device_destroy(ch->rng);
	ch->console = ch->balloon = ch->rng = NULL;
}
