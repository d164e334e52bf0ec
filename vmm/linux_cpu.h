/* SPDX-License-Identifier: BSD-2-Clause */
/* The vCPUs of a Linux guest: CPUID, the MSRs that firmware sets, and the state in which
 * the kernel is entered. */
#ifndef VMM_LINUX_CPU_H
#define VMM_LINUX_CPU_H

#include <linux/kvm.h>
#include <stdint.h>

struct vcpu;

/*
 * Adapts a CPUID that holds what the host supports: one package of cpus cores, of
 * which this is number index; KVM's own leaves stay, so that the guest has kvm-clock.
 */
void linux_cpu_cpuid(struct kvm_cpuid2 *cpuid, unsigned int index, unsigned int cpus);

/* Writes GDT and page tables, which map the first 4 GiB to themselves, to RAM. */
void linux_cpu_tables(uint8_t *ram);

/* Returns 0 or -errno. */
int linux_cpu_msrs(const struct vcpu *cpu);

/* Puts the vCPU at the kernel's entry, in 64-bit mode, with boot_params at params. Returns 0 or
 * -errno. */
int linux_cpu_enter(const struct vcpu *cpu, uint64_t entry, uint64_t params);

#endif
