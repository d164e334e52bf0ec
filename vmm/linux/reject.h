/* SPDX-License-Identifier: BSD-2-Clause */
/* Why a file is no kernel that can be started. */
#ifndef VMM_LINUX_REJECT_H
#define VMM_LINUX_REJECT_H

#define LINUX_WHY_MAX 256

/* Writes why an image is unfit to why (LINUX_WHY_MAX bytes). Returns -ENOEXEC. */
int linux_reject(char *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
