/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints what the sandbox allows, for used.pl: a line each of thread kind, call,
 * conditions of the form ARGUMENT:MASK:VALUE, and why it is there although no test sees it; tabs
 * between.
 */
#include <inttypes.h>
#include <stdio.h>

#include "vmm/sandbox/priv.h"

static void print_conditions(const struct sandbox_rule *rule)
{
	struct sandbox_arg console[SANDBOX_CONSOLE_ARGS];

	if (rule->own)
		printf("0:own:own ");
	/* The address is another process's. */
	sandbox_console_call(console);
	if (rule->console)
		for (unsigned int i = 0; i < SANDBOX_CONSOLE_ARGS - 1; i++)
			printf("%u:%#" PRIx64 ":%#" PRIx64 " ", console[i].n, console[i].mask,
			       console[i].value);
	for (unsigned int i = 0; i < rule->nr_args; i++) {
		const struct sandbox_arg *arg = &rule->arg[i];

		printf("%u:%#" PRIx64 ":%#" PRIx64 " ", arg->n, arg->mask, arg->value);
	}
}

/* Why a rule is there that no test sees used; empty: one does. */
static const char *reason(const struct sandbox_rule *rule, unsigned int kind)
{
	const unsigned int made = 1u << SANDBOX_VCPU | 1u << SANDBOX_CONSOLE |
				  1u << SANDBOX_TERMINAL;

	/* What who rebuilds a machine has for the threads that it makes, those use. */
	if (kind == SANDBOX_REBUILD && rule->threads & made)
		return "a thread of a later machine";
	return rule->seldom ? rule->seldom : "";
}

int main(void)
{
	for (size_t i = 0; i < sandbox_nr_rules; i++) {
		const struct sandbox_rule *rule = &sandbox_rules[i];

		for (unsigned int kind = 0; kind < SANDBOX_KINDS; kind++) {
			if (!(rule->threads & 1u << kind))
				continue;
			printf("%s\t%s\t", sandbox_names[kind], rule->name);
			print_conditions(rule);
			printf("\t%s\n", reason(rule, kind));
		}
	}
	return 0;
}
