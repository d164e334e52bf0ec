/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who called whom, as a vCPU's stack tells. Programs are compiled with frame pointers, but
 * a function that calls none may do without, and at its first instructions none has its
 * own yet: there the caller's frame is the innermost, and the return address on top of the
 * stack is missing from the chain. A backtrace is for a person to read: what the guest has
 * ruined or forged yields wrong addresses, and no more than that.
 */
#ifndef VMM_REPORT_BACKTRACE_H
#define VMM_REPORT_BACKTRACE_H

#include <stdint.h>

#include "vmm/report/fault.h"

struct vcpu;

#define BACKTRACE_MAX 16

/* The registers that it starts from. */
struct backtrace_regs {
	uint64_t rip, rsp, rbp;
	enum fault_rip where; /* what rip is of the instruction at fault */
};

/*
 * Follows the frame pointers through the page tables of the vCPU, which must not run.
 * Stores up to BACKTRACE_MAX return addresses, the innermost first, and returns how many.
 */
unsigned int backtrace_walk(const struct vcpu *cpu, const struct backtrace_regs *regs,
			    uint64_t *trace);

/*
 * Puts the return address on top of the stack before the count addresses of trace, which
 * has room for BACKTRACE_MAX, where the function at rip has no frame of its own. Returns
 * how many addresses there are then.
 */
unsigned int backtrace_add_caller(const struct vcpu *cpu, const struct backtrace_regs *regs,
				  uint64_t *trace, unsigned int count);

#endif
