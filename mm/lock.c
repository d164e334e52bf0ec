/* SPDX-License-Identifier: BSD-2-Clause */
#include "mm/lock.h"

#ifdef MM_CHECK
_Thread_local unsigned int mm_locks_held;
#endif
