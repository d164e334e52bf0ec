/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_VIEW_TERMINAL_H
#define VMM_VIEW_TERMINAL_H

#include <stdbool.h>

/* Tells whether standard output is a terminal that can move its cursor, without which there are no
 * screens, and standard input one that keys come from. */
bool terminal_moves(void);

#endif
