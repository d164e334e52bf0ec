/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of `run` whose values are read another way than any other's; see struct opt. */
#ifndef VMM_CONFIG_OWN_H
#define VMM_CONFIG_OWN_H

#include <stdbool.h>
#include <stdio.h>

/* unix:PATH, with what QEMU's users write behind it and is so anyway. */
int own_qmp_parse(void *base, const char *value, char *why);
bool own_qmp_write(const void *base, FILE *to);

/* SIZE[,user=SIZE]. */
int own_heap_parse(void *base, const char *value, char *why);
bool own_heap_write(const void *base, FILE *to);

/* [MODES[,CACHE...]][;...]. A file also says true, as "", or false. */
int own_slab_debug_parse(void *base, const char *value, char *why);
bool own_slab_debug_write(const void *base, FILE *to);

/* A NUMA node of this machine that has memory for this process. */
int own_host_node_check(const char *value, char *why);

#endif
