/* SPDX-License-Identifier: BSD-2-Clause */
/* What each case does that a program must not do; main.c runs one of them. */
#ifndef NEGATIVE_CASES_H
#define NEGATIVE_CASES_H

#include <linux/types.h>

struct negative_case {
	const char *name;
	void (*run)(void);
};

/* Ends with a name of NULL. */
extern const struct negative_case negative_cases[];

/* Bytes of the object that case_double_free() and case_overrun() take: at least 8. */
extern size_t negative_size;

/* What a case does wrong, hidden from the compiler. */
static inline void *hide(const void *p)
{
	void *q;

	asm volatile("" : "=r"(q) : "0"(p));
	return q;
}

/* Each is a function of its own with a name, for the report to show. */
#define CASE __attribute__((__noinline__, __noclone__)) void

CASE case_null_read(void);
CASE case_null_write(void);
CASE case_null_call(void);
CASE case_rodata_write(void);
CASE case_text_write(void);
CASE case_data_exec(void);
CASE case_heap_exec(void);
CASE case_stack_overflow(void);
CASE case_divide(void);
CASE case_opcode(void);
CASE case_noncanonical(void);
CASE case_port(void);
CASE case_unmapped_read(void);
CASE case_leaf(void);
CASE case_first_instruction(void);
CASE case_tail_call(void);
CASE case_stale_stack(void);
CASE case_other_vcpu(void);
CASE case_bug(void);
CASE case_exit_large(void);
CASE case_exit_wild(void);
CASE case_wild_console(void);
CASE case_wild_wait(void);
CASE case_wild_wake(void);
CASE case_wild_read(void);
CASE case_wild_fault(void);
CASE case_pagemap_write(void);
CASE case_heap_unhanded(void);
CASE case_no_device(void);
CASE case_spin(void);
CASE case_spin_all(void);
CASE case_sleep(void);

CASE case_double_free(void);
CASE case_double_free_scattered(void);
CASE case_double_free_pages(void);
CASE case_free_foreign(void);
CASE case_free_user(void);
CASE case_free_stack(void);
CASE case_free_image(void);
CASE case_free_interior(void);
CASE case_free_unhanded(void);
CASE case_overrun(void);
CASE case_use_after_free(void);
CASE case_destroy_in_use(void);

#endif
