/* SPDX-License-Identifier: BSD-2-Clause */
/* Constants that assemblers read, too, as in Linux's <linux/const.h>. */
#ifndef GUEST_LINUX_CONST_H
#define GUEST_LINUX_CONST_H

#ifdef __ASSEMBLY__
#define _AC(x, suffix) x
#define _AT(type, x)   x
#else
#define _AC(x, suffix)  __ac(x, suffix)
#define __ac(x, suffix) (x##suffix)
#define _AT(type, x)    ((type)(x))
#endif
#define UL(x)      _AC(x, UL)
#define ULL(x)     _AC(x, ULL)
#define _UL(x)     _AC(x, UL)
#define _ULL(x)    _AC(x, ULL)
#define _BITUL(x)  (_UL(1) << (x))
#define _BITULL(x) (_ULL(1) << (x))

#endif
