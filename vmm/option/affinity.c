/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/option/affinity.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/option/option.h"

/* Reads a number and moves on behind it. */
static bool number(const char **at, unsigned long *value)
{
	char *end;

	if (!isdigit((unsigned char)**at))
		return false;
	*value = strtoul(*at, &end, 10);
	*at = end;
	return true;
}

static int add_range(unsigned long first, unsigned long last, cpu_set_t *set, char *why)
{
	char text[AFFINITY_TEXT_MAX];
	cpu_set_t ours;

	CPU_ZERO(&ours);
	if (sched_getaffinity(0, sizeof(ours), &ours))
		return opt_why(why, "the CPUs of this process cannot be told: %s", strerror(errno));
	for (; first <= last; first++) {
		if (first >= CPU_SETSIZE || !CPU_ISSET(first, &ours))
			return opt_why(why, "CPU %lu is not among those of this process (%s)",
				       first, affinity_format(&ours, text));
		CPU_SET(first, set);
	}
	return 0;
}

int affinity_parse(const char *text, cpu_set_t *set, char *why)
{
	unsigned long first;
	unsigned long last;
	cpu_set_t result;
	int ret;

	CPU_ZERO(&result);
	do {
		if (!number(&text, &first))
			goto malformed;
		last = first;
		if (*text == '-' && (text++, !number(&text, &last) || last < first))
			goto malformed;
		if (*text && *text != ',')
			goto malformed;
		ret = add_range(first, last, &result, why);
		if (ret)
			return ret;
	} while (*text++ == ',');
	*set = result;
	return 0;
malformed:
	return opt_why(why, "give numbers of CPUs and ranges, as in 0,2-3");
}

const char *affinity_format(const cpu_set_t *set, char text[AFFINITY_TEXT_MAX])
{
	size_t len = 0;
	int last;
	int n;

	text[0] = '\0';
	for (int first = 0; first < CPU_SETSIZE; first = last + 1) {
		last = first;
		if (!CPU_ISSET(first, set))
			continue;
		while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, set))
			last++;
		n = first == last ? snprintf(text + len, AFFINITY_TEXT_MAX - len, "%s%d",
					     len ? "," : "", first)
				  : snprintf(text + len, AFFINITY_TEXT_MAX - len, "%s%d-%d",
					     len ? "," : "", first, last);
		if (n < 0 || (size_t)n >= AFFINITY_TEXT_MAX - len) {
			text[len] = '\0';
			break;
		}
		len += (size_t)n;
	}
	return text;
}

void affinity_pick(const cpu_set_t *set, unsigned int i, cpu_set_t *one)
{
	int cpu = -1;

	for (i %= (unsigned int)CPU_COUNT(set), i++; i; i--)
		do
			cpu++;
		while (!CPU_ISSET(cpu, set));
	CPU_ZERO(one);
	CPU_SET(cpu, one);
}
