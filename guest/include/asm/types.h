/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux's name for the sized types of <linux/types.h>. */
#ifdef SLABVISOR_HOSTED
#include_next <asm/types.h>
#else
#include <linux/types.h>
#endif
