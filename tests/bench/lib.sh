# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the benchmarks share that take `name value unit` lines of several rounds.

# For awk, before the rest of a program: reads the lines; order[1..n] has the names as they
# came, unit[name] the units, and median(name) is the middle one of a name's values.
# shellcheck disable=SC2016,SC2034 # awk expands it; used by who sources this
medians='
	{
		if (!($1 in unit)) {
			unit[$1] = $3
			order[++n] = $1
		}
		value[$1, ++count[$1]] = $2
	}
	function median(name,    i, j, v, k) {
		k = count[name]
		for (i = 2; i <= k; i++) {
			v = value[name, i]
			for (j = i; j > 1 && value[name, j - 1] > v; j--)
				value[name, j] = value[name, j - 1]
			value[name, j] = v
		}
		return value[name, int((k + 1) / 2)]
	}'
