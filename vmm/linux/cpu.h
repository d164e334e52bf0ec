/* SPDX-License-Identifier: BSD-2-Clause */
/* The vCPUs of a Linux guest: CPUID, the MSRs that firmware sets, and the state in which
 * the kernel is entered. */
#ifndef VMM_LINUX_CPU_H
#define VMM_LINUX_CPU_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>

struct run_config;

/* Where a kernel is entered, and what it is told. Guest-physical. */
struct linux_entry {
	uint64_t rip;
	uint64_t params; /* boot_params, or PVH's start info */
	bool pvh;
};

/* The node of a vCPU: they are dealt out to the nodes in blocks. */
unsigned int linux_cpu_node(const struct run_config *config, unsigned int index);

/*
 * The APIC id of a vCPU, which is its number as KVM has it. With several nodes each that
 * has vCPUs is a package of its own, since the kernel holds that a package, and the
 * last-level cache within it, is of one node. Below 255.
 */
unsigned int linux_cpu_apic_id(const struct run_config *config, unsigned int index);

/*
 * Adapts a CPUID that holds what the host supports for a vCPU: packages of cores with
 * one thread each; KVM's own leaves stay, so that the guest has kvm-clock.
 */
void linux_cpu_cpuid(struct kvm_cpuid2 *cpuid, const struct run_config *config, unsigned int index);

/* Whether KVM gives guests performance counters; one that does not say is taken to. It is asked
 * before the monitor may open nothing any more. */
bool linux_cpu_has_counters(void);

/*
 * For where KVM has no performance counters: an access to those that every AMD CPU has, which is
 * how Linux finds out, is answered by an exception, without a line in the host's log.
 * Returns 0 or -errno.
 */
int linux_cpu_filter_msrs(int vm_fd);

/* Writes GDT and page tables, which map the first 4 GiB to themselves, to RAM. */
void linux_cpu_tables(uint8_t *ram);

/* Returns 0 or -errno. */
int linux_cpu_msrs(int vcpu_fd);

/*
 * Puts the vCPU at the kernel's entry: in 64-bit mode, with linux_cpu_tables() and
 * boot_params in RSI, or as PVH has it: in 32-bit mode without paging, start info in EBX.
 * Returns 0 or -errno.
 */
int linux_cpu_enter(int vcpu_fd, const struct linux_entry *entry);

#endif
