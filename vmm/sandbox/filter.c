/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules of a kind of threads as a seccomp filter, and what becomes of a call that it does
 * not let through. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "vmm/base/cli.h"
#include "vmm/sandbox/priv.h"

/* Of <asm/siginfo.h>, which does not go with <signal.h>. */
#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

/* By number, in a tree: no rule waits for all others to be looked at. */
#define OPTIMIZE_TREE 2

/* For the report: it may not be asked for any more then. */
static _Thread_local char thread_name[16];

static int add_rule(scmp_filter_ctx filter, const struct sandbox_rule *rule)
{
	struct scmp_arg_cmp arg[SANDBOX_MAX_ARGS + 1];
	unsigned int n = 0;

	if (rule->own)
		arg[n++] = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid());
	memcpy(arg + n, rule->arg, rule->nr_args * sizeof(*arg));
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rule->call, n + rule->nr_args, arg);
}

int sandbox_filter_make(enum sandbox_thread kind, scmp_filter_ctx *out)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
	int ret;

	if (!filter)
		return -ENOMEM;
	ret = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, false);
	if (!ret)
		ret = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, true);
	if (!ret)
		ret = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, OPTIMIZE_TREE);
	/* Kernels before 5.16 else turn speculative store bypass off with a filter; no foreign
	 * code runs in this process. One that does not know it does no such thing. */
	if (!ret)
		seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, true);
	for (size_t i = 0; i < sandbox_nr_rules && !ret; i++)
		if (sandbox_rules[i].threads & 1u << kind)
			ret = add_rule(filter, &sandbox_rules[i]);
	if (ret)
		seccomp_release(filter);
	else
		*out = filter;
	return ret;
}

int sandbox_filter_load(scmp_filter_ctx filter)
{
	sigset_t set;

	/* A thread that has it blocked would be killed without a word. */
	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	pthread_getname_np(pthread_self(), thread_name, sizeof(thread_name));
	return seccomp_load(filter);
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
	_exit(STATUS_SIGNAL + sig);
}

int sandbox_trap(void)
{
	struct sigaction action = {.sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO};

	sigfillset(&action.sa_mask);
	return sigaction(SIGSYS, &action, NULL) ? -errno : 0;
}
