/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "virtio/io/engine.h"
#include "vmm/base/cli.h"
#include "vmm/base/fds.h"
#include "vmm/base/log_limit.h"
#include "vmm/cmd/commands.h"
#include "vmm/cmd/kind.h"
#include "vmm/cmd/loop.h"
#include "vmm/config/options.h"
#include "vmm/machine/end.h"
#include "vmm/machine/kind.h"
#include "vmm/machine/kvm.h"
#include "vmm/machine/vm.h"
#include "vmm/qmp/qmp.h"
#include "vmm/report/report.h"
#include "vmm/report/stats.h"

/* Reports of the heap's debug modes at once: as many as somebody reads. */
#define HEAP_REPORTS 256u

static void print_option(const struct run_option *o)
{
	char left[64];

	if (!o->metavar)
		snprintf(left, sizeof(left), "  --%s", o->name);
	else if (o->metavar[0] == '[')
		snprintf(left, sizeof(left), "  --%s[=%.*s", o->name, (int)strlen(o->metavar) - 1,
			 o->metavar + 1);
	else
		snprintf(left, sizeof(left), "  --%s %s", o->name, o->metavar);
	cli_print_option(left, o->help);
}

static enum exit_status print_help(void)
{
	size_t i;

	printf("usage: slabvisor run [options] PROGRAM [ARGS...]\n"
	       "       slabvisor run [options] --kernel FILE [--initrd FILE] [--append TEXT]\n"
	       "\n"
	       "Runs PROGRAM, a freestanding x86-64 ELF, as the guest of a virtual machine. Its\n"
	       "memory comes from the host's allocators, page by page as it asks for it. What\n"
	       "it prints goes to standard output, and standard input is its input; reports go\n"
	       "to standard error. ARGS are the program's own.\n"
	       "\n"
	       "Options:\n");
	for (i = 0; i < RUN_OPTIONS; i++)
		print_option(&run_options[i]);
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
	       "  121     the program's runtime found a bug and said so\n"
	       "  122     /dev/kvm is missing or unusable: see slabvisor doctor\n"
	       "  123     the host cannot give the memory asked for\n"
	       "  124     the program, a module or a disk is unreadable or unfit\n"
	       "  125     wrong usage: an unknown option, a bad value\n"
	       "  126     the configuration file is wrong\n"
	       "  127     another error of the host\n"
	       "  130     ended by Ctrl-C (SIGINT); 143 by SIGTERM, or by quit at --qmp; 129 by\n"
	       "          SIGHUP. A second signal ends the monitor at once. A Linux guest that\n"
	       "          listens to its power button has it pressed by the first SIGTERM\n"
	       "  141     nobody reads its output any more (SIGPIPE)\n"
	       "  142     --timeout is over\n"
	       "\n"
	       "Examples:\n"
	       "  slabvisor run --module words.txt --cpus 2 wordfreq\n"
	       "  slabvisor run --numa heap=512M --numa heap=512M --stats selftest\n"
	       "  slabvisor run --config guest.yaml --dry-run\n");
	return 0;
}

/* Everything that can be checked without a virtual machine. */
static enum exit_status dry_run(struct vm *vm)
{
	char text[MEMORY_BOUND_TEXT];
	enum exit_status status;

	vm->fd = -1;
	vm->nr_cpus = vm->config->cpus;
	vm->ring = vm->config->guest_ring == 0 ? 0 : 3;
	status = memory_create(&vm->mem, vm->config, vm->kind, MEMORY_NO_LIMIT, NULL, NULL);
	if (status)
		return status;
	vm->platform = mmap(NULL, MM_FRAME_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vm->platform == MAP_FAILED) {
		status = cli_fail(STATUS_HOST_ERROR, "out of memory");
	} else {
		status = vm->kind->build(vm);
		if (!status)
			status = disks_check(vm->config);
		munmap(vm->platform, MM_FRAME_SIZE);
	}
	memory_destroy(&vm->mem);
	if (!status) {
		printf("# the host's memory: %s\n", memory_bound_format(&vm->mem.bound, text));
		run_config_print(vm->config);
	}
	return status;
}

/* How many descriptors a machine takes. */
static unsigned int descriptors(const struct vm *vm)
{
	const struct run_config *config = vm->config;
	/* /dev/kvm, the machine, its end, the program, signals, the heap; and three at a time of
	 * what is read and closed again. */
	unsigned int n = 6 + 3 + config->cpus + vm->kind->descriptors(config);

	if (config->qmp) /* socket, wake-up, client */
		n += 3;
	if (config->nr_disks) /* ring, wake-up; two of each file */
		n += 2 + 2 * config->nr_disks;
	if (config->nr_ports) /* wake-up; socket, client */
		n += 1 + 2 * config->nr_ports;
	return n;
}

/* Boots the guest in a machine that exists, and sees it through to its end. */
static int run_guest(struct vm *vm)
{
	/* What is opened again when the guest reboots. */
	const char *again[2 + RUN_MAX_DISKS] = {vm->config->kernel, vm->config->initrd};
	struct stats stats;
	int status, fd = -1;
	unsigned int i;

	stats_start(&stats, vm);
	/* Files may be pipes that nobody writes to: signals still end the process. */
	status = vm->kind->build(vm);
	if (status)
		goto out;
	for (i = 0; i < vm->config->nr_disks; i++)
		again[2 + i] = vm->config->disk[i].path;
	fds_close_inherited(again, 2 + i);
	fd = signals_setup();
	if (fd < 0) {
		status = cli_fail(STATUS_HOST_ERROR, "signals cannot be taken: %s", strerror(-fd));
		goto out;
	}
	status = vm->kind->start(vm);
	if (!status) {
		qmp_attach(vm->qmp, vm);
		signals_wait_end(vm, fd);
		qmp_detach(vm->qmp);
		if (vm->kind->stop)
			vm->kind->stop(vm);
		status = vm->status;
		/* What is under way ends before the account is taken. */
		disks_pause(vm);
		if (vm->config->stats)
			stats_end(&stats, vm);
	}
out:
	devices_destroy(vm);
	if (fd >= 0)
		signals_release(fd);
	if (vm->config->stats && vm_is_ending(vm) &&
	    (status != VM_REBOOT || log_limit_may(vm->machine_log)))
		stats_print(&stats, vm);
	return status;
}

/* Leaves what a machine is made from. */
static void forget_machine(struct vm *vm)
{
	const struct run_config *config = vm->config;
	const struct guest_kind *kind = vm->kind;
	struct elf_image elf = vm->elf;
	struct log_limit *heap_log = vm->heap_log, *machine_log = vm->machine_log;
	struct qmp *qmp = vm->qmp;
	int kvm_fd = vm->kvm_fd;

	memset(vm, 0, sizeof(*vm));
	vm->config = config;
	vm->kind = kind;
	vm->elf = elf;
	vm->heap_log = heap_log;
	vm->machine_log = machine_log;
	vm->qmp = qmp;
	vm->kvm_fd = kvm_fd;
	vm->restarted = true;
}

static enum exit_status run_machines(struct vm *vm)
{
	char why[KVM_WHY_MAX];
	int status;

	status = fds_make_room(descriptors(vm), vm->config->nr_disks ? IO_MAX_FILES : 0);
	if (status)
		return status;
	vm->kvm_fd = kvm_open(vm->config->kvm_device, why);
	if (vm->kvm_fd < 0)
		return cli_fail(STATUS_NO_KVM, "%s: %s", vm->config->kvm_device, why);
	if (vm->config->qmp) {
		status = qmp_create(vm->config->qmp, &vm->qmp);
		if (status)
			goto out;
	}
	do {
		status = vm_create(vm, report_heap);
		if (!status) {
			status = run_guest(vm);
			vm_destroy(vm);
		}
		forget_machine(vm);
	} while (status == VM_REBOOT);
	qmp_destroy(vm->qmp);
out:
	close(vm->kvm_fd);
	return status;
}

/* What is said of the machines, and what they share: see struct vm. */
static enum exit_status run_vm(struct vm *vm)
{
	struct log_limit *log = calloc(2, sizeof(*log));
	enum exit_status status;

	if (!log || log_limit_init(&log[0], "guest memory", HEAP_REPORTS))
		goto fail_free;
	if (log_limit_init(&log[1], "machines that begin anew", LOG_LIMIT_BURST))
		goto fail_first;
	vm->heap_log = &log[0];
	vm->machine_log = &log[1];
	status = run_machines(vm);
	log_limit_settle(&log[0], true);
	log_limit_settle(&log[1], true);
	log_limit_fini(&log[1]);
	log_limit_fini(&log[0]);
	free(log);
	return status;
fail_first:
	log_limit_fini(&log[0]);
fail_free:
	free(log);
	return cli_fail(STATUS_HOST_ERROR, "out of memory");
}

enum exit_status cmd_run(int argc, char **argv)
{
	struct run_config config;
	struct vm *vm;
	enum exit_status status;

	vm = calloc(1, sizeof(*vm));
	if (!vm || run_config_init(&config)) {
		free(vm);
		return cli_fail(STATUS_HOST_ERROR, "out of memory");
	}
	vm->config = &config;
	status = run_config_parse(&config, argc, argv);
	if (status)
		goto out;
	if (config.help) {
		status = print_help();
		goto out;
	}
	vm->elf.fd = -1;
	vm->kind = guest_kind_of(&config);
	status = vm->kind->open ? vm->kind->open(vm) : 0;
	if (status)
		goto out;
	status = config.dry_run ? dry_run(vm) : run_vm(vm);
	if (vm->kind->close)
		vm->kind->close(vm);
out:
	run_config_free(&config);
	free(vm);
	return status;
}
