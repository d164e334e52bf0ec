/* SPDX-License-Identifier: BSD-2-Clause */
/* Freestanding programs as a kind of guest. */
#ifndef VMM_PROGRAM_KIND_H
#define VMM_PROGRAM_KIND_H

#include "vmm/machine/kind.h"

extern const struct guest_kind program_kind;

#endif
