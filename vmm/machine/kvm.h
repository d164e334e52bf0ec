/* SPDX-License-Identifier: BSD-2-Clause */
/* The KVM device: opening it, what it can do, virtual machines and their memory
 * slots (Linux, Documentation/virt/kvm/api.rst). */
#ifndef VMM_MACHINE_KVM_H
#define VMM_MACHINE_KVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vmm/base/cli.h"

/*
 * ioctl() of one of KVM's descriptors, once more when it was interrupted. What takes long or looks
 * at signals does nothing and fails with EINTR where one is pending (KVM_CREATE_VM registers an MMU
 * notifier, which does; KVM_RUN always): a handler's, a debugger's, or that of a process that is
 * stopped and goes on. KVM_RUN goes on where it was. A vCPU's loop, which is kicked by signals, has
 * none of this.
 */
#define kvm_call(fd, request, arg) ((int)TEMP_FAILURE_RETRY(ioctl(fd, request, arg)))

struct kvm_cpuid2;

/* A virtual machine as KVM has it. */
struct kvm_vm {
	int fd;                   /* -1: of a dry run, which has none */
	struct kvm_cpuid2 *cpuid; /* what the host supports */
	size_t run_size;          /* bytes of a vCPU's struct kvm_run mapping */
	unsigned int nr_slots;
};

/* A capability that guests cannot do without. */
struct kvm_need {
	int cap;
	const char *name;
};

extern const struct kvm_need kvm_needs[];
extern const size_t kvm_need_count;

/*
 * Opens the device at path and checks its version and the capabilities. Returns a
 * file descriptor, or -errno with the reason and the remedy in why (KVM_WHY_MAX
 * bytes).
 */
#define KVM_WHY_MAX 200
int kvm_open(const char *path, char *why);

/* Makes a machine with the device that is open as kvm_fd, called device in errors, and reads the
 * host's CPUID. Returns 0 or the exit status, the error having been reported. */
enum exit_status kvm_create_vm(struct kvm_vm *vm, int kvm_fd, const char *device);

/* Its vCPUs are closed; what lies behind its slots may go afterwards. */
void kvm_destroy_vm(struct kvm_vm *vm);

/* The first physical address that a CPU of this CPUID cannot reach. */
uint64_t kvm_address_limit(const struct kvm_cpuid2 *cpuid);

/* Bounds what KVM keeps of the page tables of a guest with so much memory. Before its slots are
 * added. Returns 0 or -errno. */
int kvm_bound_pages(int vm_fd, uint64_t guest_bytes);

/* Gives the guest size bytes of host memory at addr, all page-aligned. Returns 0 or
 * -errno. */
int kvm_add_slot(struct kvm_vm *vm, uint64_t addr, const void *host, uint64_t size, bool readonly);

#endif
