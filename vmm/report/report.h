/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints what the debug modes of the heap find, with names for the program's
 * addresses. */
#ifndef VMM_REPORT_REPORT_H
#define VMM_REPORT_REPORT_H

/* An mm_report_fn, its opaque the struct run. A guest can cause any number of these:
 * the first few hundred are printed. From any thread. */
void report_heap(void *run, const char *text);

#endif
