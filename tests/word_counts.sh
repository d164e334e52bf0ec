#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# word_counts.sh FILE: what `wordfreq -a` is to print for that text, by tr, sort and uniq.
set -eu
export LC_ALL=C

# shellcheck disable=SC2018,SC2019 # bytes, not letters of a locale
tr -cs 'A-Za-z' '\n' <"$1" | tr 'A-Z' 'a-z' | sed '/^$/d' | sort | uniq -c |
	awk '{ words += $1; line[NR] = $1 " " $2 }
		END { printf "%d words, %d different\n", words, NR
			for (i = 1; i <= NR; i++) print line[i] | "sort -k1,1nr -k2,2" }'
