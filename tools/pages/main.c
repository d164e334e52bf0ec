/* SPDX-License-Identifier: BSD-2-Clause */
/* option_pages WHAT [NAME]: prints a part of a page or of a script. */
#include <string.h>

#include "mm/util.h"
#include "tools/pages/pages.h"

int main(int argc, char **argv)
{
	static const struct {
		const char *what;
		void (*all)(FILE *to);
		void (*one)(FILE *to, const struct command *c);
	} parts[] = {
		{"options", NULL, roff_options}, {"operands", NULL, roff_operands},
		{"keys", NULL, roff_keys},       {"commands", roff_commands, NULL},
		{"qmp", roff_qmp, NULL},         {"bash", bash_functions, NULL},
		{"zsh", zsh_functions, NULL},
	};
	const struct command *c = argc > 2 ? pages_find(argv[2]) : NULL;

	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(parts); i++) {
		if (strcmp(parts[i].what, argv[1]) != 0)
			continue;
		if (parts[i].all)
			parts[i].all(stdout);
		else if (c)
			parts[i].one(stdout, c);
		else
			break;
		return fflush(stdout) || ferror(stdout);
	}
	fprintf(stderr, "option_pages: options, operands or keys of a command, or commands, bash "
			"or zsh would be right\n");
	return 2;
}
