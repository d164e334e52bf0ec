/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/config/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "vmm/base/cli.h"
#include "vmm/config/disks.h"
#include "vmm/config/fields.h"
#include "vmm/config/linux.h"
#include "vmm/config/memory.h"
#include "vmm/machine/channels.h"
#include "vmm/option/affinity.h"

#define HUGE_MASK (MM_HUGE_SIZE - 1)

int run_why(char *why, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, RUN_WHY_MAX, fmt, args);
	va_end(args);
	return -EINVAL;
}

static int set_string(char **to, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*to);
	*to = copy;
	return 0;
}

static int apply_cpus(struct run_config *config, const char *value, char *why)
{
	uint64_t n;

	if (cli_parse_number(value, 1, PLATFORM_MAX_CPUS, &n))
		return run_why(why, "give a number from 1 to %d", PLATFORM_MAX_CPUS);
	config->cpus = (unsigned int)n;
	return 0;
}

static int apply_vcpu_cpus(struct run_config *config, const char *value, char *why)
{
	return affinity_parse(value, &config->vcpu_cpus, why);
}

static int apply_io_cpus(struct run_config *config, const char *value, char *why)
{
	return affinity_parse(value, &config->io_cpus, why);
}

static int apply_guest_ring(struct run_config *config, const char *value, char *why)
{
	if (!strcmp(value, "auto"))
		config->guest_ring = RUN_RING_AUTO;
	else if (!strcmp(value, "0"))
		config->guest_ring = 0;
	else if (!strcmp(value, "3"))
		config->guest_ring = 3;
	else
		return run_why(why, "give auto, 0 or 3");
	return 0;
}

static int apply_module(struct run_config *config, const char *value, char *why)
{
	if (!*value)
		return run_why(why, "give the path of a file");
	if (config->nr_modules == PLATFORM_MAX_MODULES)
		return run_why(why, "at most %d modules", PLATFORM_MAX_MODULES);
	config->module[config->nr_modules] = strdup(value);
	if (!config->module[config->nr_modules])
		return -ENOMEM;
	config->nr_modules++;
	return 0;
}

static void forget_modules(struct run_config *config)
{
	while (config->nr_modules)
		free(config->module[--config->nr_modules]);
}

static int apply_pin_budget(struct run_config *config, const char *value, char *why)
{
	uint64_t size;

	if (cli_parse_size(value, &size) || size > RUN_MAX_HEAP || size & HUGE_MASK)
		return run_why(why, "give a size from 0 to 400G, a multiple of 2M");
	config->pin_budget = size;
	return 0;
}

static int apply_poll_us(struct run_config *config, const char *value, char *why)
{
	uint64_t n;

	if (cli_parse_number(value, 0, 1000000, &n))
		return run_why(why, "give microseconds from 0 to 1000000");
	config->poll_us = (unsigned int)n;
	return 0;
}

static int apply_timeout(struct run_config *config, const char *value, char *why)
{
	uint64_t n;

	if (cli_parse_number(value, 1, 1000000, &n))
		return run_why(why, "give whole seconds from 1 to 1000000");
	config->timeout_ms = (unsigned int)n * 1000;
	return 0;
}

int run_flag(bool *flag, const char *value, char *why)
{
	if (!value || !strcmp(value, "true") || !strcmp(value, "on"))
		*flag = true;
	else if (!strcmp(value, "false") || !strcmp(value, "off"))
		*flag = false;
	else
		return run_why(why, "give true or false");
	return 0;
}

static int apply_stats(struct run_config *config, const char *value, char *why)
{
	return run_flag(&config->stats, value, why);
}

static int apply_dry_run(struct run_config *config, const char *value, char *why)
{
	return run_flag(&config->dry_run, value, why);
}

static int apply_help(struct run_config *config, const char *value, char *why)
{
	return run_flag(&config->help, value, why);
}

static int apply_slab_debug(struct run_config *config, const char *value, char *why)
{
	struct mm_config modes = {0};
	const char *reason;

	/* In a file a flag without letters reads `slab-debug: true`. */
	if (!value || !strcmp(value, "true"))
		value = "";
	if (strcmp(value, "false") != 0 && mm_debug_parse(value, &modes, &reason))
		return run_why(why, "%s", reason);
	config->slab_debug = modes.debug;
	config->nr_slab_rules = modes.nr_rules;
	memcpy(config->slab_rule, modes.rule, sizeof(modes.rule));
	return 0;
}

static int apply_reclaim_delay(struct run_config *config, const char *value, char *why)
{
	uint64_t n;

	if (!strcmp(value, "never")) {
		config->reclaim_delay_ms = -1;
		return 0;
	}
	if (cli_parse_number(value, 0, 1000000, &n))
		return run_why(why, "give milliseconds from 0 to 1000000, or never");
	config->reclaim_delay_ms = (int)n;
	return 0;
}

static int apply_config(struct run_config *config, const char *value, char *why)
{
	return *value ? set_string(&config->config, value)
		      : run_why(why, "give the path of a file");
}

static int apply_kvm_device(struct run_config *config, const char *value, char *why)
{
	(void)why;
	return set_string(&config->kvm_device, value);
}

/* QEMU's way to write what this socket does: it listens, and the guest does not wait for a client. */
static bool listens_anyway(const char *word)
{
	return !strcmp(word, "server=on") || !strcmp(word, "server") || !strcmp(word, "wait=off") ||
	       !strcmp(word, "nowait");
}

static int apply_qmp(struct run_config *config, const char *value, char *why)
{
	const struct sockaddr_un *addr = NULL;
	char *text, *rest, *path, *word;
	int ret = 0;

	if (strncmp(value, "unix:", 5) != 0)
		return run_why(why, "write unix:PATH, as in unix:/run/guest.sock");
	text = strdup(value + 5);
	if (!text)
		return -ENOMEM;
	rest = text;
	path = fields_cut(&rest);
	while (!ret && (word = fields_cut(&rest)))
		if (!listens_anyway(word))
			ret = run_why(
				why,
				"`%.40s` is nothing that it can do: it listens, and the guest "
				"does not wait. A comma of the path is written twice",
				word);
	if (ret)
		goto out;
	if (!*path)
		ret = run_why(why, "write unix:PATH, as in unix:/run/guest.sock");
	else if (strlen(path) >= sizeof(addr->sun_path))
		ret = run_why(why, "a socket's path has at most %zu bytes",
			      sizeof(addr->sun_path) - 1);
	else
		ret = set_string(&config->qmp, path);
out:
	free(text);
	return ret;
}

const struct run_option run_options[RUN_OPTIONS] = {
	{.name = "memory",
	 .metavar = "SIZE",
	 .help = "RAM for the program, its stacks and its modules: 4M to 3328M, default 64M; "
		 "of a Linux guest: all its RAM, 4M to 1T, default 512M",
	 .apply = memory_option_memory},
	{.name = "hugepages",
	 .metavar = "[2M|1G]",
	 .help = "RAM is of the host's pool of hugetlb pages of 2M (the default) or 1G, and "
		 "reserved at start: too few of them are an error. They stay the guest's "
		 "till its end. The heap is not meant: see --backing",
	 .apply = memory_option_hugepages},
	{.name = "prefault",
	 .help = "all RAM is there before the guest starts, or it does not start, and stays "
		 "the guest's till its end. The heap comes as it is handed out all the same",
	 .apply = memory_option_prefault},
	{.name = "heap",
	 .metavar = "SIZE",
	 .help = "the window of memory that the service hands out, a multiple of 2M, default "
		 "1G, with --kernel 64M; it costs host memory only as pages are handed out",
	 .apply = memory_option_heap},
	{.name = "cpus",
	 .metavar = "N",
	 .help = "virtual CPUs, 1 to 16, default 1",
	 .apply = apply_cpus},
	{.name = "vcpu-cpus",
	 .metavar = "LIST",
	 .help = "CPUs of the host for the virtual ones, as in 0,2-3: each is kept on one of "
		 "them, in turn",
	 .apply = apply_vcpu_cpus},
	{.name = "io-cpus",
	 .metavar = "LIST",
	 .help = "CPUs of the host that the disks' thread may run on. One that takes the "
		 "disk's interrupts, and none of the virtual CPUs', serves best",
	 .apply = apply_io_cpus},
	{.name = "numa",
	 .metavar = "SPEC",
	 .help = "a NUMA node of the guest, up to 15 times; the first is node 0: "
		 "[memory=SIZE][,heap=SIZE][,host=N]. memory and heap are its parts of RAM "
		 "and heap: together they are --memory and --heap, which may be left out. "
		 "Where no node says, they are dealt out in equal parts. host=N takes both "
		 "from the host's node N alone",
	 .repeats = true,
	 .apply = memory_option_numa,
	 .forget = memory_option_forget_nodes},
	{.name = "guest-ring",
	 .metavar = "RING",
	 .help = "privilege level of the program: 0, 3, or auto (the default), which takes 0 "
		 "unless this host's KVM only emulates it",
	 .apply = apply_guest_ring},
	{.name = "module",
	 .metavar = "FILE",
	 .help = "lays a file into the guest's memory, named by its base name; up to 16 "
		 "times",
	 .repeats = true,
	 .apply = apply_module,
	 .forget = forget_modules},
	{.name = "disk",
	 .metavar = "SPEC",
	 .help = "a virtio-blk disk on a raw file or a block device, up to 15 times:\n"
		 "path=FILE[,direct=on|off][,readonly=on|off][,serial=S]\n"
		 "[,queues=N][,packed=on|off][,format=raw]\n"
		 "[,block-size=512|4096]\n"
		 "direct=on, the default: by O_DIRECT. queues: default one a vCPU. "
		 "packed=on, the default: rings may be packed ones. A file that is an image "
		 "of another format, or compressed, is refused, unless format=raw says that "
		 "its very bytes are the disk. block-size: of the sectors that the guest "
		 "sees, default those of a device, and 512 of a file. A comma of a value is "
		 "written twice",
	 .repeats = true,
	 .apply = disk_option_apply,
	 .forget = disk_option_forget},
	{.name = "pin-budget",
	 .metavar = "SIZE",
	 .help = "guest memory that may be registered for disks at once, a multiple of 2M, "
		 "default 256M; 0: none. I/O on other memory works as well",
	 .apply = apply_pin_budget},
	{.name = "poll-us",
	 .metavar = "N",
	 .help = "how long the disks' thread polls for work before it sleeps, at most: "
		 "microseconds, default 200; 0: not at all",
	 .apply = apply_poll_us},
	{.name = "kernel",
	 .metavar = "FILE",
	 .help = "runs a kernel instead of a program: Linux, as bzImage or vmlinux, or any "
		 "ELF with a PVH note, 32 or 64 bits. One with the note is entered by it. "
		 "The console is a serial port, ttyS0; Ctrl-A x ends it",
	 .apply = linux_option_kernel},
	{.name = "initrd",
	 .metavar = "FILE",
	 .help = "its initial RAM disk, which PVH names its only module",
	 .apply = linux_option_initrd},
	{.name = "append",
	 .metavar = "TEXT",
	 .help = "its command line",
	 .apply = linux_option_append},
	{.name = "virtio-port",
	 .metavar = "SPEC",
	 .help = "a port of virtio-console, up to 8 times, with a Unix socket on this side: "
		 "name=NAME,path=SOCKET[,console=on]. console=on makes it a console "
		 "(hvc0...), else it is /dev/virtio-ports/NAME",
	 .repeats = true,
	 .apply = channel_option_apply,
	 .forget = channel_option_forget},
	{.name = "backing",
	 .metavar = "KIND",
	 .help = "what the heap is made of: anon (the default), memfd (other processes can "
		 "map it), hugetlb (the host's pool of 2 MiB pages). RAM is not meant: see "
		 "--hugepages",
	 .apply = memory_option_backing},
	{.name = "reclaim-delay",
	 .metavar = "MS",
	 .help = "memory that the guest freed goes back to the host after so many "
		 "milliseconds, default 1000; 0: at once; never: only at the end",
	 .apply = apply_reclaim_delay},
	{.name = "slab-debug",
	 .metavar = "[MODES[,CACHE...]]",
	 .help = "debug modes, letters as in Linux's slab_debug: F sanity checks, Z red "
		 "zones, P poison, U owners (default FZPU), and W wipe, Q quarantine, R "
		 "random order, G guards; after a comma names of caches that they are for (a "
		 "* at the end stands for anything), after a semicolon more such",
	 .apply = apply_slab_debug},
	{.name = "timeout",
	 .metavar = "SECONDS",
	 .help = "ends the guest after so long, with status 142",
	 .apply = apply_timeout},
	{.name = "stats",
	 .help = "prints the service's account on stderr when the guest has ended",
	 .apply = apply_stats},
	{.name = "qmp",
	 .metavar = "unix:PATH",
	 .help = "a control socket that speaks QMP, for slabvisor ctl and other clients: to "
		 "stop and end the guest, resize its disks, have memory back of it and the like; "
		 "mode 0600",
	 .apply = apply_qmp},
	{.name = "kvm-device",
	 .metavar = "PATH",
	 .help = "the KVM device, default /dev/kvm",
	 .apply = apply_kvm_device},
	{.name = "config",
	 .metavar = "FILE",
	 .help = "reads options from a YAML file first; the command line's word counts",
	 .command_line_only = true,
	 .early = true,
	 .apply = apply_config},
	{.name = "dry-run",
	 .help = "checks everything, the program and the modules included, prints what the "
		 "guest can come to of the host's memory and the configuration, and starts "
		 "nothing",
	 .command_line_only = true,
	 .apply = apply_dry_run},
	{.name = "help",
	 .help = "prints this text",
	 .command_line_only = true,
	 .early = true,
	 .apply = apply_help},
};

const struct run_option *run_option_find(const char *name)
{
	size_t i;

	for (i = 0; i < RUN_OPTIONS; i++)
		if (!strcmp(run_options[i].name, name))
			return &run_options[i];
	return NULL;
}
