/* SPDX-License-Identifier: BSD-2-Clause */
/* What has to be so whatever the input: a fuzzer ends with a finding where it is not. */
#ifndef FUZZ_MUST_H
#define FUZZ_MUST_H

#include <stdbool.h>
#include <stdlib.h>

static inline void must(bool truth)
{
	if (!truth)
		abort();
}

#endif
