/* SPDX-License-Identifier: BSD-2-Clause */
/* The name that <asm/unaligned.h> has since Linux 6.12. */
#include <asm/unaligned.h>
