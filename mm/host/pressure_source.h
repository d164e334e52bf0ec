/* SPDX-License-Identifier: BSD-2-Clause */
/* Where pressure.c has it from. */
#ifndef MM_HOST_PRESSURE_SOURCE_H
#define MM_HOST_PRESSURE_SOURCE_H

#include "mm/host/pressure.h"

/* Open what tells it of all the host, and of this process's control group, and set pressure->host
 * and group. */
void pressure_open_host(struct pressure *pressure, const struct pressure_paths *paths);
void pressure_open_group(struct pressure *pressure, const struct pressure_paths *paths);

/* Has one descriptor tell what its trigger names, or closes it. */
void pressure_arm_fd(struct pressure *pressure, struct pressure_fd *fd);

/* Looks at what is left, where nobody tells. */
enum pressure_level pressure_look(struct pressure *pressure);

#endif
