/* SPDX-License-Identifier: BSD-2-Clause */
/* C11, 7.15. */
#ifndef GUEST_STD_STDALIGN_H
#define GUEST_STD_STDALIGN_H

#define alignas _Alignas
#define alignof _Alignof
#define __alignas_is_defined 1
#define __alignof_is_defined 1

#endif
