/* SPDX-License-Identifier: BSD-2-Clause */
/* The patterns of Linux's lib/ts_fsm.c: tokens, each a kind of character and how often. */
#ifndef GUEST_LINUX_TEXTSEARCH_FSM_H
#define GUEST_LINUX_TEXTSEARCH_FSM_H

#include <linux/types.h>

enum {
	TS_FSM_SPECIFIC,
	TS_FSM_WILDCARD,
	TS_FSM_DIGIT,
	TS_FSM_XDIGIT,
	TS_FSM_PRINT,
	TS_FSM_ALPHA,
	TS_FSM_ALNUM,
	TS_FSM_ASCII,
	TS_FSM_CNTRL,
	TS_FSM_GRAPH,
	TS_FSM_LOWER,
	TS_FSM_UPPER,
	TS_FSM_PUNCT,
	TS_FSM_SPACE,
	__TS_FSM_TYPE_MAX,
};
#define TS_FSM_TYPE_MAX (__TS_FSM_TYPE_MAX - 1)

enum {
	TS_FSM_SINGLE,      /* once */
	TS_FSM_PERHAPS,     /* once or never */
	TS_FSM_ANY,         /* any number */
	TS_FSM_MULTI,       /* once or more */
	TS_FSM_HEAD_IGNORE, /* what comes before the first token does not count */
	__TS_FSM_RECUR_MAX,
};
#define TS_FSM_RECUR_MAX (__TS_FSM_RECUR_MAX - 1)

struct ts_fsm_token {
	__u16 type;
	__u8 recur;
	__u8 value; /* of a TS_FSM_SPECIFIC */
};

#endif
