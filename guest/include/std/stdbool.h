/* SPDX-License-Identifier: BSD-2-Clause */
/* C11, 7.18. */
#ifndef GUEST_STD_STDBOOL_H
#define GUEST_STD_STDBOOL_H

#define bool _Bool
#define true 1
#define false 0
#define __bool_true_false_are_defined 1

#endif
