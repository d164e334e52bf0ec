/* SPDX-License-Identifier: BSD-2-Clause */
/* Tracepoints, of a kernel without them. */
#define trace_ma_op(fn, mas)                ((void)(mas))
#define trace_ma_read(fn, mas)              ((void)(mas))
#define trace_ma_write(fn, mas, piv, value) ((void)(mas))
