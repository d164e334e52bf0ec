/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux's name for a part of <linux/compiler.h>, which has all of it here. */
#include <linux/compiler.h>
