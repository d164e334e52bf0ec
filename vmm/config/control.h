/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows of options by which `run` and `serve` get a control socket (vmm/qmp/qmp.h); `struct of`
 * has the members qmp and name, strings. */
#ifndef VMM_CONFIG_CONTROL_H
#define VMM_CONFIG_CONTROL_H

#include "vmm/option/option.h"

/* Reads unix:PATH, and what QEMU's command lines add to it, into *path. As struct opt.parse. */
int control_parse(char **path, const char *value, char *why);

/* Writes what that reads. As struct opt.write. */
bool control_write(const char *path, FILE *to);

/* As struct opt.check. */
int control_check_name(const char *value, char *why);

/* parse and write call those above for the member qmp. */
#define CONTROL_QMP(of, parse_qmp, write_qmp, what)                                         \
	{                                                                                   \
		.name = "qmp", .type = OPT_STRING, OPT_AT(of, qmp), .metavar = "unix:PATH", \
		.parse = (parse_qmp), .write = (write_qmp),                                 \
		.help = "a control socket that speaks QMP, for slabvisor ctl, top and "     \
			"metrics and other clients: " what "; mode 0600"                    \
	}

#define CONTROL_NAME(of, what)                                                                     \
	{                                                                                          \
		.name = "name", .type = OPT_STRING, OPT_AT(of, name), .check = control_check_name, \
		.say = "give a name of letters, digits, `.`, `_` and `-`, 32 at most, which "      \
		       "begins with a letter or a digit",                                          \
		.help = "makes a control socket in the run directory (/run/slabvisor, or of who "  \
			"is not root $XDG_RUNTIME_DIR/slabvisor), by which slabvisor list shows "  \
			"the " what " and ctl, top and metrics find it"                            \
	}

#endif
