/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/cmd/kind.h"

#include "vmm/config/options.h"
#include "vmm/linux/kind.h"
#include "vmm/program/kind.h"

const struct guest_kind *guest_kind_of(const struct run_config *config)
{
	return config->kernel ? &linux_kind : &program_kind;
}
