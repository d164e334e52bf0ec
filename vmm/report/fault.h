/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports of how a guest failed, on stderr: a line that says what and where, then
 * registers and a backtrace. Each ends the guest; of several at once the first is
 * reported. Text from the guest is stripped of control characters.
 */
#ifndef VMM_REPORT_FAULT_H
#define VMM_REPORT_FAULT_H

#include <stdint.h>

struct platform_fault;
struct vcpu;

#define FAULT_TEXT_MAX 160

/* Where RIP points when KVM tells of an access. */
enum fault_rip {
	FAULT_RIP_AT,    /* at the instruction */
	FAULT_RIP_AFTER, /* past it */
	FAULT_RIP_CALL,  /* the return address of a call that never returns */
};

/* What the guest's runtime says of itself: PLATFORM_FAULT. */
void fault_report_guest(struct vcpu *cpu, const struct platform_fault *fault);

/* The vCPU did what it may not; the registers are KVM's. */
void fault_report_vcpu(struct vcpu *cpu, const char *what, enum fault_rip rip);

/* The vCPU shut down: a triple fault. */
void fault_report_shutdown(struct vcpu *cpu);

/* A doorbell was rung with the address of what is not the guest's memory. */
void fault_report_argument(struct vcpu *cpu, const char *doorbell, uint64_t addr);

#endif
