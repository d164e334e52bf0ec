/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints what the sandbox allows, for used.pl: a line each of thread kind, call,
 * conditions of the form ARGUMENT:MASK:VALUE, and why it is there although no test sees it; tabs
 * between.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "vmm/sandbox/priv.h"

static void print_conditions(const struct sandbox_rule *rule)
{
	if (rule->own)
		printf("0:own:own ");
	for (unsigned int i = 0; i < rule->nr_args; i++) {
		const struct scmp_arg_cmp *c = &rule->arg[i];

		if (c->op == SCMP_CMP_EQ)
			printf("%u:%#" PRIx64 ":%#" PRIx64 " ", c->arg, UINT64_MAX, c->datum_a);
		else
			printf("%u:%#" PRIx64 ":%#" PRIx64 " ", c->arg, c->datum_a, c->datum_b);
	}
}

int main(void)
{
	for (size_t i = 0; i < sandbox_nr_rules; i++) {
		const struct sandbox_rule *rule = &sandbox_rules[i];
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, rule->call);

		for (unsigned int kind = 0; kind < SANDBOX_KINDS; kind++) {
			if (!(rule->threads & 1u << kind))
				continue;
			printf("%s\t%s\t", sandbox_names[kind], name);
			print_conditions(rule);
			printf("\t%s\n", rule->seldom ? rule->seldom : "");
		}
		free(name);
	}
	return 0;
}
