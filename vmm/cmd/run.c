/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mm/host/clock.h"
#include "virtio/io/engine.h"
#include "vmm/base/cli.h"
#include "vmm/base/fds.h"
#include "vmm/base/log_limit.h"
#include "vmm/cmd/commands.h"
#include "vmm/cmd/kind.h"
#include "vmm/cmd/loop.h"
#include "vmm/cmd/native.h"
#include "vmm/config/options.h"
#include "vmm/machine/end.h"
#include "vmm/machine/kind.h"
#include "vmm/machine/kvm.h"
#include "vmm/machine/vm.h"
#include "vmm/option/help.h"
#include "vmm/qmp/qmp.h"
#include "vmm/qmp/server.h"
#include "vmm/report/report.h"
#include "vmm/report/stats.h"
#include "vmm/sandbox/sandbox.h"

static enum exit_status print_help(void)
{
	printf("usage: slabvisor run [options] PROGRAM [ARGS...]\n"
	       "       slabvisor run [options] --kernel FILE [--initrd FILE] [--append TEXT]\n"
	       "\n"
	       "Runs PROGRAM, a freestanding x86-64 ELF, as the guest of a virtual machine. Its\n"
	       "memory comes from the host's allocators, page by page as it asks for it. What\n"
	       "it prints goes to standard output, and standard input is its input; reports go\n"
	       "to standard error. ARGS are the program's own.\n"
	       "\n"
	       "Options:\n");
	opt_help(stdout, run_options, 0);
	printf("\n"
	       "SIZE is a number of bytes, or of K, M, G or T (1024, 1024^2, ...).\n"
	       "\n"
	       "A configuration file is a YAML mapping with the names of the options as keys,\n"
	       "without the dashes, but for config, dry-run and help; program and args name the\n"
	       "program and its arguments. Where the command line has numa, module, disk or\n"
	       "virtio-port, all that the file says of that option is left out.\n"
	       "\n"
	       "Exit status:\n"
	       "  0-119   the program's own; 119 also when that was above 119\n"
	       "  120     the program faulted: an exception, a triple fault, or an access to\n"
	       "          memory that it does not own\n"
	       "  121     the program's runtime found a bug and said so, or --slab-debug did\n"
	       "  122     /dev/kvm is missing or unusable: see slabvisor doctor\n"
	       "  123     the host cannot give the memory asked for\n"
	       "  124     the program, the kernel, a module or a disk is unreadable or unfit\n"
	       "  125     wrong usage: an unknown option, a bad value\n"
	       "  126     the configuration file is wrong\n"
	       "  127     another error of the host\n"
	       "  130     ended by Ctrl-C (SIGINT); 143 by SIGTERM, or by quit at --qmp; 129 by\n"
	       "          SIGHUP. A second signal ends the monitor at once. A Linux guest that\n"
	       "          listens to its power button has it pressed by the first SIGTERM\n"
	       "  141     nobody reads its output any more (SIGPIPE)\n"
	       "  142     --timeout is over\n"
	       "  159     the sandbox ended it\n"
	       "\n"
	       "Examples:\n"
	       "  slabvisor run --module words.txt --cpus 2 wordfreq\n"
	       "  slabvisor run --numa heap=512M --numa heap=512M --stats selftest\n"
	       "  slabvisor run --config guest.yaml --dry-run\n");
	return 0;
}

/* What a dry run has of a machine: memory, where its kind builds what the guest starts from. */
static enum exit_status dry_build(struct vm *vm)
{
	const struct run *run = vm->run;
	enum exit_status status;

	vm->kvm.fd = -1;
	vm->nr_cpus = run->config->cpus;
	vm->ring = run->config->guest_ring == 0 ? 0 : 3;
	status = memory_create(&vm->mem, run->config, run->kind, MEMORY_NO_LIMIT, NULL, NULL);
	if (status)
		return status;
	vm->platform = mmap(NULL, MM_FRAME_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vm->platform == MAP_FAILED) {
		status = cli_fail(STATUS_HOST_ERROR, "out of memory");
	} else {
		status = run->kind->build(vm);
		munmap(vm->platform, MM_FRAME_SIZE);
	}
	memory_destroy(&vm->mem);
	return status;
}

/* Everything that can be checked without a virtual machine. */
static enum exit_status dry_run(struct run *run)
{
	char text[MEMORY_BOUND_TEXT];
	struct vm *vm = calloc(1, sizeof(*vm));
	enum exit_status status;

	if (!vm)
		return cli_fail(STATUS_HOST_ERROR, "out of memory");
	vm->run = run;
	status = dry_build(vm);
	if (!status)
		status = disks_check(run->config);
	if (!status) {
		printf("# the host's memory: %s\n", memory_bound_format(&vm->mem.bound, text));
		if (run_config_print(run->config))
			status = cli_fail(STATUS_HOST_ERROR, "out of memory");
	}
	free(vm);
	return status;
}

/* How many descriptors a machine takes. */
static unsigned int run_descriptors(const struct run *run)
{
	const struct run_config *config = run->config;
	/* /dev/kvm, the machine, its end, the program, signals, the heap, our account, the
	 * sandbox's rules; and three at a time of what is read and closed again. */
	unsigned int n = 8 + 3 + config->cpus + run->kind->descriptors(config);

	if (config->qmp || config->name)
		n += QMP_DESCRIPTORS;
	if (config->nr_disks) /* ring, wake-up; two of each file */
		n += 2 + 2 * config->nr_disks;
	if (config->nr_ports) /* wake-up; socket, client */
		n += 1 + 2 * config->nr_ports;
	if (config->pressure)
		n += PRESSURE_DESCRIPTORS;
	return n;
}

/* The guest's status, or what it is in view of what debug modes found. */
static int judged_status(struct vm *vm)
{
	struct mm_stats heap;

	if (vm->status < 0 || vm->status > STATUS_GUEST_MAX ||
	    vm->run->config->slab_findings == RUN_FINDINGS_COUNT)
		return vm->status;
	mm_stats(vm->mem.heap, 0, &heap);
	if (!heap.findings)
		return vm->status;
	return cli_fail(STATUS_GUEST_BUG,
			"debug modes found %" PRIu64 " error%s: the status is 121, not the "
			"program's own, %d (which --slab-findings count gives)",
			heap.findings, heap.findings == 1 ? "" : "s", vm->status);
}

/* Boots the guest in the machine that exists, and sees it through to its end. Returns its status or
 * VM_REBOOT. */
static int run_guest(struct run *run)
{
	const struct run_config *config = run->config;
	struct vm *vm = run->vm;
	struct stats stats;
	int status;
	int fd = -1;

	stats_start(&stats, &vm->mem);
	/* Files may be pipes that nobody writes to: until a machine is built, and again while the
	 * next one is, signals end the process. */
	status = run->kind->build(vm);
	if (status)
		goto out;
	fds_close_inherited();
	fd = signals_setup();
	if (fd < 0) {
		status = cli_fail(STATUS_HOST_ERROR, "signals cannot be taken: %s", strerror(-fd));
		goto out;
	}
	if (run->kernel_is_emulated && !run->restarted)
		cli_note(NATIVE_NO_LINUX);
	status = run->kind->start(vm);
	if (!status) {
		/* All threads are there, and nothing of the guest's has been looked at. */
		status = jail_close(&run->jail);
		if (!status)
			status = sandbox_close(run->sandbox,
					       run->kind->reboots ? SANDBOX_REBUILD : SANDBOX_MAIN);
		if (status)
			vm_end(vm, status);
		/* Who has seen the guest run may command it. */
		qmp_attach(run->qmp, vm);
		vm_release(vm);
		signals_wait_end(vm, fd);
		qmp_detach(run->qmp);
		if (run->kind->stop)
			run->kind->stop(vm);
		status = judged_status(vm);
		/* What is under way ends before the account is taken. */
		disks_pause(&vm->devices.disks);
		if (config->stats)
			stats_end(&stats, vm, run->smaps);
	}
out:
	devices_destroy(&vm->devices);
	if (fd >= 0)
		signals_release(fd);
	if (config->stats && vm_is_ending(vm) &&
	    (status != VM_REBOOT || log_limit_may(&run->machine_log)))
		stats_print(&stats, vm);
	return status;
}

/* One life of the guest. Returns as run_guest(). */
static int run_once(struct run *run)
{
	int status = vm_create(run, report_heap);

	if (status)
		return status;
	status = run_guest(run);
	vm_destroy(run);
	return status;
}

/* Opens what all machines of a run have, but for its disks, which need memory to be opened. */
static enum exit_status open_all(struct run *run)
{
	const struct run_config *config = run->config;
	struct qmp_place place = {
		.path = config->qmp,
		.name = config->name,
		.runs = config->kernel ? config->kernel : config->arg[0],
	};
	char why[KVM_WHY_MAX];
	enum exit_status status;

	run->kvm_fd = kvm_open(config->kvm_device, why);
	if (run->kvm_fd < 0)
		return cli_fail(STATUS_NO_KVM, "%s: %s", config->kvm_device, why);
	run->kernel_is_emulated = config->kernel && native_is_missing(run->kvm_fd);
	if (config->stats)
		run->smaps = stats_open();
	status = qmp_place_open(&place);
	if (status)
		return status;
	if (config->sandbox)
		status = sandbox_create(&run->sandbox);
	if (config->kernel)
		sandbox_guard_console();
	/* Kernel, initrd, program and disks are opened by root's rights all the same. */
	if (!status)
		status = jail_begin(&run->jail, config->jail, config->jail_cgroup,
				    run_descriptors(run), config->nr_disks ? IO_MAX_FILES : 0,
				    run->sandbox);
	/* Of the control group that it is in from here on. */
	if (!status && config->pressure && config->reclaim_delay_ms >= 0)
		pressure_open(&run->pressure, &pressure_paths, monotonic_ms());
	if (!status)
		status = channels_open(run);
	if (!status && (config->qmp || config->name))
		status = qmp_create(&place, NULL, run->sandbox, &run->qmp);
	else
		qmp_place_close(&place);
	return status;
}

static void close_all(struct run *run)
{
	qmp_destroy(run->qmp);
	disks_close(run);
	channels_close(run);
	sandbox_destroy(run->sandbox);
	pressure_close(&run->pressure);
	if (run->smaps)
		fclose(run->smaps);
	if (run->kvm_fd >= 0)
		close(run->kvm_fd);
}

static enum exit_status run_machines(struct run *run)
{
	int status;

	status = fds_make_room(run_descriptors(run), run->config->nr_disks ? IO_MAX_FILES : 0);
	if (status)
		return status;
	status = open_all(run);
	if (!status)
		while ((status = run_once(run)) == VM_REBOOT)
			run->restarted = true;
	close_all(run);
	return status;
}

/* Runs a guest, or looks at whether it could be, as config says. */
static enum exit_status run_as(const struct run_config *config)
{
	struct run run;
	enum exit_status status;

	if (run_init(&run, config, guest_kind_of(config)))
		return cli_fail(STATUS_HOST_ERROR, "out of memory");
	status = run.kind->open ? run.kind->open(&run) : 0;
	if (!status) {
		status = config->dry_run ? dry_run(&run) : run_machines(&run);
		if (run.kind->close)
			run.kind->close(&run);
	}
	run_fini(&run);
	return status;
}

enum exit_status cmd_run(int argc, char **argv)
{
	struct run_config config;
	enum exit_status status;

	if (run_config_init(&config))
		return cli_fail(STATUS_HOST_ERROR, "out of memory");
	status = run_config_parse(&config, argc, argv);
	if (!status)
		status = config.help ? print_help() : run_as(&config);
	run_config_free(&config);
	return status;
}
