/* SPDX-License-Identifier: BSD-2-Clause */
/* C11, 7.23. */
#ifndef GUEST_STD_STDNORETURN_H
#define GUEST_STD_STDNORETURN_H

#define noreturn _Noreturn

#endif
