/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/linux/kind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/base/cli.h"
#include "vmm/exits/loop.h"
#include "vmm/linux/boot.h"
#include "vmm/linux/guest.h"
#include "vmm/linux/irqchip.h"
#include "vmm/linux/pm1.h"
#include "vmm/machine/end.h"

static unsigned int linux_descriptors(const struct run_config *config)
{
	/* Interrupts of disks, kmem, rng, balloon, console; the terminal; kernel and initrd. */
	return 5 + config->nr_disks + 2;
}

/* What all machines of a run have. */
struct linux_kept {
	bool has_counters; /* KVM gives them to guests */
	bool is_open;      /* files are: the first machine opens them, when it has its memory */
	struct linux_files files;
};

static enum exit_status linux_open(struct run *run)
{
	struct linux_kept *kept = calloc(1, sizeof(*kept));

	if (!kept)
		return cli_fail(STATUS_HOST_ERROR, "out of memory");
	kept->has_counters = linux_cpu_has_counters();
	run->kept = kept;
	return 0;
}

static void linux_close(struct run *run)
{
	struct linux_kept *kept = run->kept;

	if (kept->is_open)
		linux_files_close(&kept->files);
	free(kept);
	run->kept = NULL;
}

static int linux_create(struct vm *vm)
{
	const struct linux_kept *kept = vm->run->kept;
	int ret;

	vm->guest = calloc(1, sizeof(struct linux_guest));
	if (!vm->guest)
		return -ENOMEM;
	ret = ports_create(&linux_guest(vm)->ports, vm);
	if (ret)
		goto fail_free;
	ret = irqchip_create(vm->kvm.fd);
	if (!ret && !kept->has_counters)
		ret = linux_cpu_filter_msrs(vm->kvm.fd);
	if (ret)
		goto fail_ports;
	return 0;
fail_ports:
	ports_destroy(&linux_guest(vm)->ports);
fail_free:
	free(vm->guest);
	vm->guest = NULL;
	return ret;
}

static void linux_destroy(struct vm *vm)
{
	ports_destroy(&linux_guest(vm)->ports);
	free(vm->guest);
	vm->guest = NULL;
}

/* The kernel is entered at CPL 0, as on any machine. */
static int linux_choose_ring(struct vm *vm)
{
	vm->ring = 0;
	return 0;
}

static int linux_irq(int vm_fd, unsigned int i)
{
	return i < IRQCHIP_DEVICES ? irqchip_eventfd(vm_fd, irqchip_gsi(i)) : -ENOSPC;
}

static enum exit_status linux_build(struct vm *vm)
{
	struct linux_entry entry;
	struct linux_kept *kept = vm->run->kept;
	enum exit_status status;

	status = kept->is_open ? 0 : linux_files_open(vm->run->config, &kept->files);
	kept->is_open = !status;
	if (!status)
		status = linux_boot_build(vm->run->config, &kept->files, &vm->mem,
					  vm->devices.count, &entry);
	/* A dry run enters nothing. */
	if (!status && vm->guest)
		linux_guest(vm)->entry = entry;
	return status;
}

static void linux_stop(struct vm *vm)
{
	terminal_stop(&linux_guest(vm)->terminal);
}

static bool linux_power_button(struct vm *vm)
{
	return pm1_power_button(&linux_guest(vm)->ports.pm1);
}

/* The others wait for INIT and SIPI, as KVM has made them. */
static int linux_reset_vcpus(struct vm *vm)
{
	int ret = 0;

	for (unsigned int i = 0; i < vm->nr_cpus && !ret; i++)
		ret = linux_cpu_msrs(vm->vcpu[i].fd);
	return ret ? ret : linux_cpu_enter(vm->vcpu[0].fd, &linux_guest(vm)->entry);
}

/* Linux starts its other vCPUs itself: their threads wait within KVM. */
static enum exit_status linux_start(struct vm *vm)
{
	int ret;

	ret = linux_reset_vcpus(vm);
	if (!ret)
		ret = terminal_start(&linux_guest(vm)->terminal, &linux_guest(vm)->ports.serial,
				     vm);
	if (ret)
		return cli_fail(STATUS_HOST_ERROR, "the vCPUs cannot be set up: %s",
				strerror(-ret));
	if (!vcpus_start(vm, vm->nr_cpus))
		return 0;
	linux_stop(vm);
	return STATUS_HOST_ERROR;
}

/* Linux probes for hardware: what is not there reads as ones and takes stores. */
static bool linux_mmio(struct vcpu *cpu)
{
	struct kvm_run *run = cpu->run;
	uint32_t len = run->mmio.len;
	uint64_t value = 0;

	if (!run->mmio.is_write) {
		memset(run->mmio.data, 0xff, sizeof(run->mmio.data));
	} else if (len <= sizeof(value)) {
		memcpy(&value, run->mmio.data, len);
		cpu->unfinished = devices_write(&cpu->vm->devices, cpu->index, run->mmio.phys_addr,
						value, len) == DEVICES_AGAIN;
	}
	return true;
}

static int linux_input(struct vm *vm, enum guest_input what)
{
	struct terminal *t = &linux_guest(vm)->terminal;

	switch (what) {
	case INPUT_TAKE:
		return terminal_take(t);
	case INPUT_RELEASE:
		terminal_release(t);
		break;
	case INPUT_FORGET:
		terminal_forget(t);
		break;
	case INPUT_RESTORE:
		terminal_restore(t);
		break;
	}
	return -1;
}

const struct guest_kind linux_kind = {
	.open = linux_open,
	.close = linux_close,
	.reboots = true,
	.descriptors = linux_descriptors,
	.create = linux_create,
	.destroy = linux_destroy,
	.vcpu_id = linux_cpu_apic_id,
	.cpuid = linux_cpu_cpuid,
	.choose_ring = linux_choose_ring,
	.irq = linux_irq,
	.channels = true,
	.build = linux_build,
	.start = linux_start,
	.stop = linux_stop,
	.mmio = linux_mmio,
	.io = ports_serve,
	.power_button = linux_power_button,
	.input = linux_input,
};
