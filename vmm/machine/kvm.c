/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/machine/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mm/util.h"
#include "vmm/base/cli.h"
#include "vmm/machine/bound.h"

#define CPUID_ENTRIES     256
#define DEFAULT_PHYS_BITS 36 /* what a CPU has that does not say */
/* Three pages that KVM needs on older Intel CPUs, in the hole below 4 GiB. */
#define TSS_ADDRESS 0xfffbd000ul

const struct kvm_need kvm_needs[] = {
	{KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY"},
	{KVM_CAP_READONLY_MEM, "KVM_CAP_READONLY_MEM"},
	{KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT"},
	{KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID"},
	{KVM_CAP_SET_TSS_ADDR, "KVM_CAP_SET_TSS_ADDR"},
};
const size_t kvm_need_count = ARRAY_SIZE(kvm_needs);

static const char *open_remedy(int err)
{
	switch (err) {
	case ENOENT:
		return "load kvm_intel or kvm_amd, and turn virtualisation on in the firmware";
	case EACCES:
	case EPERM:
		return "join the group that owns it, usually kvm";
	default:
		return "see slabvisor doctor";
	}
}

int kvm_open(const char *path, char *why)
{
	int fd;
	int version;
	int ret;

	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		ret = -errno;
		snprintf(why, KVM_WHY_MAX, "cannot be opened (%s): %s", strerror(-ret),
			 open_remedy(-ret));
		return ret;
	}
	version = kvm_call(fd, KVM_GET_API_VERSION, 0);
	if (version != KVM_API_VERSION) {
		snprintf(why, KVM_WHY_MAX, "%s: a Linux host with KVM is needed",
			 version < 0 ? "not a KVM device" : "KVM of a foreign version");
		ret = -ENODEV;
		goto fail;
	}
	for (size_t i = 0; i < kvm_need_count; i++)
		if (kvm_call(fd, KVM_CHECK_EXTENSION, kvm_needs[i].cap) <= 0) {
			snprintf(why, KVM_WHY_MAX, "lacks %s: a newer kernel is needed",
				 kvm_needs[i].name);
			ret = -EOPNOTSUPP;
			goto fail;
		}
	return fd;
fail:
	close(fd);
	return ret;
}

static struct kvm_cpuid2 *supported_cpuid(int kvm_fd)
{
	struct kvm_cpuid2 *cpuid;

	cpuid = calloc(1, sizeof(*cpuid) + CPUID_ENTRIES * sizeof(cpuid->entries[0]));
	if (!cpuid)
		return NULL;
	cpuid->nent = CPUID_ENTRIES;
	if (kvm_call(kvm_fd, KVM_GET_SUPPORTED_CPUID, cpuid)) {
		free(cpuid);
		return NULL;
	}
	return cpuid;
}

enum exit_status kvm_create_vm(struct kvm_vm *vm, int kvm_fd, const char *device)
{
	int size;

	*vm = (struct kvm_vm){.fd = -1};
	vm->fd = kvm_call(kvm_fd, KVM_CREATE_VM, 0);
	if (vm->fd < 0)
		return cli_fail(STATUS_NO_KVM, "%s: no virtual machine can be made: %s", device,
				strerror(errno));
	size = kvm_call(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	vm->cpuid = supported_cpuid(kvm_fd);
	if (size < (int)sizeof(struct kvm_run) || !vm->cpuid ||
	    kvm_call(vm->fd, KVM_SET_TSS_ADDR, TSS_ADDRESS)) {
		kvm_destroy_vm(vm);
		return cli_fail(STATUS_NO_KVM, "%s: a virtual machine cannot be set up: %s", device,
				strerror(errno));
	}
	vm->run_size = (size_t)size;
	return 0;
}

void kvm_destroy_vm(struct kvm_vm *vm)
{
	free(vm->cpuid);
	close(vm->fd);
}

uint64_t kvm_address_limit(const struct kvm_cpuid2 *cpuid)
{
	unsigned int bits = DEFAULT_PHYS_BITS;

	for (unsigned int i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == 0x80000008)
			bits = cpuid->entries[i].eax & 0xff;
	return 1ull << (bits < 52 ? bits : 52);
}

int kvm_bound_pages(int vm_fd, uint64_t guest_bytes)
{
	return kvm_call(vm_fd, KVM_SET_NR_MMU_PAGES, bound_kvm_pages(guest_bytes)) ? -errno : 0;
}

int kvm_add_slot(struct kvm_vm *vm, uint64_t addr, const void *host, uint64_t size, bool readonly)
{
	struct kvm_userspace_memory_region region = {
		.slot = vm->nr_slots,
		.flags = readonly ? KVM_MEM_READONLY : 0,
		.guest_phys_addr = addr,
		.memory_size = size,
		.userspace_addr = (uintptr_t)host,
	};

	if (kvm_call(vm->fd, KVM_SET_USER_MEMORY_REGION, &region))
		return -errno;
	vm->nr_slots++;
	return 0;
}
