/* SPDX-License-Identifier: BSD-2-Clause */
/* Sections of the kernel's own image; nothing to a guest program. */
#ifndef GUEST_LINUX_INIT_H
#define GUEST_LINUX_INIT_H

#define __init
#define __exit
#define __initdata
#define __initconst
#define __ro_after_init

#endif
