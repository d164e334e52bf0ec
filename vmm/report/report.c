/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/base/cli.h"
#include "vmm/base/log_limit.h"
#include "vmm/elf/symbols.h"
#include "vmm/machine/run.h"

#define LINE 1024u

/* Copies a line, a name after every address of the program's image. */
static void add_names(const struct elf_image *elf, const char *from, char *to, size_t room)
{
	char name[SYMBOL_NAME_MAX];
	unsigned long long addr;
	size_t used = 0;
	size_t len;
	char *end;

	while (*from && used + 1 < room) {
		if (strncmp(from, "0x", 2) != 0) {
			to[used++] = *from++;
			continue;
		}
		addr = strtoull(from, &end, 16);
		len = (size_t)(end - from);
		if (addr >= PLATFORM_IMAGE_VA)
			snprintf(to + used, room - used, "%.*s (%s)", (int)len, from,
				 symbol_name_after(elf, addr, name));
		else
			snprintf(to + used, room - used, "%.*s", (int)len, from);
		used += strlen(to + used);
		from = end;
	}
	to[used] = '\0';
}

void report_heap(void *opaque, const char *text)
{
	struct run *run = opaque;
	char line[LINE];
	char named[LINE];
	char all[4 * LINE] = "";
	size_t used = 0;
	size_t len;

	if (!log_limit_may(&run->heap_log))
		return;
	for (; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		add_names(&run->elf, cli_sanitise(line), named, sizeof(named));
		snprintf(all + used, sizeof(all) - used, "%s%s\n",
			 used ? "" : "slabvisor: guest memory: ", named);
		used += strlen(all + used);
	}
	cli_text(all);
}
