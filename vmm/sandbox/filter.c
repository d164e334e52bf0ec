/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules of a kind of threads as a seccomp filter, and what becomes of a call that it does
 * not let through.
 *
 * The filter asks for one call after the other, in the order of the rules, and for the arguments
 * where the number is right. It takes microseconds to make, which a library's does not, and a
 * monitor that runs a program for some milliseconds makes several.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "vmm/base/cli.h"
#include "vmm/sandbox/priv.h"

/* Of <asm/siginfo.h>, which does not go with <signal.h>. */
#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

#define X32_BIT 0x40000000u
/* The longest jump of an instruction. */
#define MAX_JUMP 255u

/* For the report: it may not be asked for any more then. */
static _Thread_local char thread_name[16];

static void put(struct sandbox_filter *f, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	/* What does not fit is counted, for the end. */
	if (f->nr < SANDBOX_FILTER_MAX)
		f->code[f->nr] = (struct sock_filter){code, jt, jf, k};
	f->nr++;
}

static void put_load(struct sandbox_filter *f, size_t offset)
{
	put(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void put_return(struct sandbox_filter *f, uint32_t action)
{
	put(f, BPF_RET | BPF_K, action, 0, 0);
}

/* Half of an argument, which is looked at if any of its bits matters. */
static void put_half(struct sandbox_filter *f, size_t offset, uint32_t mask, uint32_t value)
{
	if (!mask)
		return;
	put_load(f, offset);
	if (mask != UINT32_MAX)
		put(f, BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
	/* To be aimed at what comes after the rule. */
	put(f, BPF_JMP | BPF_JEQ | BPF_K, value, 0, MAX_JUMP);
}

static void put_arg(struct sandbox_filter *f, const struct sandbox_arg *arg)
{
	const size_t at = offsetof(struct seccomp_data, args) + arg->n * sizeof(uint64_t);

	put_half(f, at, (uint32_t)arg->mask, (uint32_t)arg->value);
	put_half(f, at + sizeof(uint32_t), (uint32_t)(arg->mask >> 32),
		 (uint32_t)(arg->value >> 32));
}

/* One rule of a call whose number is right: the end, or on to what follows. */
static void put_rule(struct sandbox_filter *f, const struct sandbox_rule *rule)
{
	struct sandbox_arg console[SANDBOX_CONSOLE_ARGS];
	const unsigned int begin = f->nr;

	if (rule->console && !sandbox_console_call(console))
		return;
	for (unsigned int i = 0; rule->console && i < SANDBOX_CONSOLE_ARGS; i++)
		put_arg(f, &console[i]);
	if (rule->own)
		put_arg(f, &(struct sandbox_arg){0, UINT64_MAX, (uint64_t)getpid()});
	for (unsigned int i = 0; i < rule->nr_args; i++)
		put_arg(f, &rule->arg[i]);
	put_return(f, rule->error ? SECCOMP_RET_ERRNO | (uint32_t)rule->error : SECCOMP_RET_ALLOW);
	for (unsigned int i = begin; i < f->nr && f->nr <= SANDBOX_FILTER_MAX; i++)
		if (f->code[i].code == (BPF_JMP | BPF_JEQ | BPF_K))
			f->code[i].jf = (uint8_t)(f->nr - i - 1);
}

/* All rules of a call. Returns 0 or -E2BIG. */
static int put_call(struct sandbox_filter *f, int call, enum sandbox_thread kind)
{
	const unsigned int test = f->nr;

	put(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 0);
	for (size_t i = 0; i < sandbox_nr_rules; i++)
		if (sandbox_rules[i].call == call && sandbox_rules[i].threads & 1u << kind)
			put_rule(f, &sandbox_rules[i]);
	put_return(f, SECCOMP_RET_TRAP);
	if (f->nr > SANDBOX_FILTER_MAX || f->nr - test - 1 > MAX_JUMP)
		return -E2BIG;
	f->code[test].jf = (uint8_t)(f->nr - test - 1);
	return 0;
}

static bool is_first(size_t rule, enum sandbox_thread kind)
{
	for (size_t i = 0; i < rule; i++)
		if (sandbox_rules[i].call == sandbox_rules[rule].call &&
		    sandbox_rules[i].threads & 1u << kind)
			return false;
	return true;
}

int sandbox_filter_make(enum sandbox_thread kind, struct sandbox_filter *f)
{
	int ret = 0;

	f->nr = 0;
	/* The numbers are those of one ABI: a thread has no use for another. */
	put_load(f, offsetof(struct seccomp_data, arch));
	put(f, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
	put_return(f, SECCOMP_RET_KILL_PROCESS);
	put_load(f, offsetof(struct seccomp_data, nr));
	put(f, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
	put_return(f, SECCOMP_RET_KILL_PROCESS);
	for (size_t i = 0; i < sandbox_nr_rules && !ret; i++)
		if (sandbox_rules[i].threads & 1u << kind && is_first(i, kind))
			ret = put_call(f, sandbox_rules[i].call, kind);
	put_return(f, SECCOMP_RET_TRAP);
	return f->nr > SANDBOX_FILTER_MAX ? -E2BIG : ret;
}

int sandbox_filter_load(const struct sandbox_filter *f)
{
	const struct sock_fprog program = {f->nr, (struct sock_filter *)(uintptr_t)f->code};
	sigset_t set;
	long ret;

	/* A thread that has it blocked would be killed without a word. */
	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	pthread_getname_np(pthread_self(), thread_name, sizeof(thread_name));
	/* Kernels before 5.16 else turn speculative store bypass off with a filter; no foreign
	 * code runs in this process. One that does not know the flag does no such thing. */
	ret = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		      &program);
	if (ret && errno == EINVAL)
		ret = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
	return ret ? -errno : 0;
}

static void on_sigsys(int sig, siginfo_t *info, void *context)
{
	const greg_t *r = ((const ucontext_t *)context)->uc_mcontext.gregs;
	char line[320];
	int n;

	/* Sent by somebody: it ends the process as it does any. */
	if (info->si_code != SYS_SECCOMP)
		_exit(STATUS_SIGNAL + sig);
	/* Of numbers and short strings it makes a line without locks or memory. */
	n = snprintf(
		line, sizeof(line),
		"slabvisor: sandbox: thread %s made system call %d (%#llx, %#llx, %#llx, %#llx), "
		"which it may not: the monitor ends. --sandbox off runs without; please "
		"report it\n",
		thread_name, info->si_syscall, r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10]);
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		_exit(STATUS_SIGNAL + sig);
	sandbox_console_restore();
	_exit(STATUS_SIGNAL + sig);
}

int sandbox_trap(void)
{
	struct sigaction action = {.sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO};

	sigfillset(&action.sa_mask);
	return sigaction(SIGSYS, &action, NULL) ? -errno : 0;
}
