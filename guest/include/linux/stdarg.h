/* SPDX-License-Identifier: BSD-2-Clause */
/* Arguments of variable number: the compiler's. */
#include <stdarg.h>
