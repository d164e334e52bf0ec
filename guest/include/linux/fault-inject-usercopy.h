/* SPDX-License-Identifier: BSD-2-Clause */
/* Failures of copies that Linux can be told to make: none here. */
#ifndef GUEST_LINUX_FAULT_INJECT_USERCOPY_H
#define GUEST_LINUX_FAULT_INJECT_USERCOPY_H

#define should_fail_usercopy() 0

#endif
