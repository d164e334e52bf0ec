/* SPDX-License-Identifier: BSD-2-Clause */
/* Which kinds of guest there are. */
#ifndef VMM_CMD_KIND_H
#define VMM_CMD_KIND_H

struct guest_kind;
struct run_config;

/* The kind of guest that config describes. */
const struct guest_kind *guest_kind_of(const struct run_config *config);

#endif
