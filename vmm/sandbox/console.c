/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The terminal that is a guest's console, which whoever ends the process from within a handler has
 * to give back: nothing else of the monitor runs then.
 *
 * The mode is in the kernel's form and at one place for the process's life, since a filter that
 * lets it be set (struct sandbox_rule, `console`) asks for the address. An attacker in a thread
 * could have the main thread set another mode as it ends, by writing to what is restored there; the
 * call gives no more than that.
 */
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "vmm/sandbox/priv.h"

/* struct termios of <asm/termbits.h>, which does not go with <termios.h>. */
static struct {
	tcflag_t iflag, oflag, cflag, lflag;
	cc_t line;
	cc_t cc[19];
} mode;

static bool guarded;
/* The terminal has another mode than this. */
static atomic_bool is_raw;

void sandbox_guard_console(void)
{
	guarded = isatty(STDIN_FILENO);
}

void sandbox_console_raw(const struct termios *saved)
{
	/* Seldom called, so in the order that is easiest to see: a mode is not written while a
	 * handler may set it. */
	atomic_store(&is_raw, false);
	if (!saved)
		return;
	mode.iflag = saved->c_iflag;
	mode.oflag = saved->c_oflag;
	mode.cflag = saved->c_cflag;
	mode.lflag = saved->c_lflag;
	mode.line = saved->c_line;
	_Static_assert(sizeof(mode.cc) <= sizeof(saved->c_cc), "the C library knows as many");
	memcpy(mode.cc, saved->c_cc, sizeof(mode.cc));
	atomic_store(&is_raw, true);
}

bool sandbox_console_call(struct sandbox_arg arg[SANDBOX_CONSOLE_ARGS])
{
	arg[0] = (struct sandbox_arg){0, UINT64_MAX, STDIN_FILENO};
	arg[1] = (struct sandbox_arg){1, UINT64_MAX, TCSETS};
	arg[2] = (struct sandbox_arg){2, UINT64_MAX, (uintptr_t)&mode};
	return guarded;
}

void sandbox_console_restore(void)
{
	/* By number: a library's function would have a copy of the mode, elsewhere. */
	if (guarded && atomic_load(&is_raw))
		(void)syscall(SYS_ioctl, STDIN_FILENO, TCSETS, &mode);
}
