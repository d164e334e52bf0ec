/* SPDX-License-Identifier: BSD-2-Clause */
/* What only a Linux guest has, but for its devices: vm->guest of a machine of linux_kind. */
#ifndef VMM_LINUX_GUEST_H
#define VMM_LINUX_GUEST_H

#include "vmm/linux/cpu.h"
#include "vmm/linux/ports.h"
#include "vmm/linux/terminal.h"
#include "vmm/machine/vm.h"

struct linux_guest {
	struct linux_entry entry;
	struct ports ports;
	struct terminal terminal;
};

static inline struct linux_guest *linux_guest(const struct vm *vm)
{
	return vm->guest;
}

#endif
