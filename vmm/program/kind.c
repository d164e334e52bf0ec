/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/program/kind.h"

#include <endian.h>
#include <string.h>
#include <time.h>

#include "vmm/base/cli.h"
#include "vmm/exits/loop.h"
#include "vmm/machine/kvm.h"
#include "vmm/machine/vm.h"
#include "vmm/program/access.h"
#include "vmm/program/boot.h"
#include "vmm/program/cpu.h"
#include "vmm/program/ring_probe.h"

static enum exit_status program_open(struct run *run)
{
	char why[ELF_WHY_MAX];

	if (elf_open(run->config->arg[0], &run->elf, why))
		return cli_fail(STATUS_BAD_IMAGE, "%s: %s", run->config->arg[0], why);
	return 0;
}

static void program_close(struct run *run)
{
	elf_close(&run->elf);
}

static unsigned int program_descriptors(const struct run_config *config)
{
	(void)config;
	return 0;
}

static unsigned int program_vcpu_id(const struct run_config *config, unsigned int index)
{
	(void)config;
	return index;
}

static int program_choose_ring(struct vm *vm)
{
	int ret;

	vm->ring = vm->run->config->guest_ring;
	if (vm->ring != RUN_RING_AUTO)
		return 0;
	ret = ring_probe(&vm->vcpu[0], &vm->mem, &vm->ring_ns);
	vm->ring = vm->ring_ns < RING_PROBE_NATIVE_NS ? 0 : 3;
	return ret;
}

static enum exit_status program_build(struct vm *vm)
{
	const struct boot_from from = {
		.config = vm->run->config,
		.elf = &vm->run->elf,
		.mem = &vm->mem,
		.platform = vm->platform,
		.cpus = vm->nr_cpus,
		.devices = vm->devices.count,
		.ring = vm->ring,
	};

	return boot_build(&from, &vm->page_table);
}

/* The program starts its other vCPUs itself, by a doorbell. */
static enum exit_status program_start(struct vm *vm)
{
	struct timespec now;
	int khz;
	int ret;

	for (unsigned int i = 0; i < vm->nr_cpus; i++) {
		ret = program_cpu_reset(&vm->vcpu[i], vm->run->elf.entry, vm->page_table, vm->ring);
		if (ret)
			goto fail;
	}
	khz = kvm_call(vm->vcpu[0].fd, KVM_GET_TSC_KHZ, 0);
	vm->platform->tsc_khz = htole64(khz > 0 ? (uint64_t)khz : 0);
	clock_gettime(CLOCK_REALTIME, &now);
	vm->platform->wall_ns = htole64((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec);
	return vcpus_start(vm, 1);
fail:
	return cli_fail(STATUS_HOST_ERROR, "the vCPUs cannot be set up: %s", strerror(-ret));
}

const struct guest_kind program_kind = {
	.open = program_open,
	.close = program_close,
	.descriptors = program_descriptors,
	.page_array = true,
	.vcpu_id = program_vcpu_id,
	.choose_ring = program_choose_ring,
	.build = program_build,
	.start = program_start,
	.mmio = access_memory,
	.io = access_port,
};
