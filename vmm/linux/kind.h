/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux as a kind of guest. */
#ifndef VMM_LINUX_KIND_H
#define VMM_LINUX_KIND_H

#include "vmm/machine/kind.h"

extern const struct guest_kind linux_kind;

#endif
