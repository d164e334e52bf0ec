#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# wordfreq's whole table against tr, sort and uniq, on real text and on odd ones.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
export LC_ALL=C

# compare NAME FILE [options]
compare() {
	local name=$1 text=$2
	shift 2
	tests/word_counts.sh "$text" >"$work/expected"
	guest "$@" --module "$text" "$B/guests/wordfreq" -a
	is "$status" 0 "$name: status 0" || say_output
	cmp "$work/expected" "$out" >&2
	ok $? "$name: every count equals that of tr, sort and uniq"
	all_given_back
	ok $? "$name: everything is given back" || say_output
}

# The same from a disk. compare_disk NAME FILE [options]
compare_disk() {
	local name=$1 text=$2 bytes
	shift 2
	bytes=$(stat -c %s "$text")
	tests/word_counts.sh "$text" >"$work/expected"
	cp "$text" "$work/disk"
	truncate -s %4096 "$work/disk"
	guest --disk "path=$work/disk,readonly=on" "$@" "$B/guests/wordfreq" -d "$bytes" -a
	is "$status" 0 "$name: status 0" || say_output
	cmp "$work/expected" "$out" >&2
	ok $? "$name: every count equals that of tr, sort and uniq"
	is "$(account blk_bytes_copied)" 0 "$name: the monitor copied nothing"
	all_given_back
	ok $? "$name: everything is given back" || say_output
}

mapfile -t pods < <(dpkg -L perl-doc | grep '\.pod$' | sort | head -n 24)
cat -- "${pods[@]}" >"$work/manual"
for cpus in 1 2 3 8; do
	compare "manual, $cpus vCPU" "$work/manual" --cpus $cpus --guest-ring 3
done
head -c 3000 "$work/manual" >"$work/page"
compare 'a page at CPL 0' "$work/page" --cpus 2 --guest-ring 0

: >"$work/empty"
compare 'empty text' "$work/empty" --cpus 2
printf '12 34 \n' >"$work/digits"
compare 'no letters' "$work/digits" --cpus 2
printf 'word' >"$work/word"
compare 'one word, more vCPUs than letters' "$work/word" --cpus 8 --guest-ring 3
printf 'The the THE end\nEnd.The-x' >"$work/case"
compare 'case, and no newline at the end' "$work/case" --cpus 2
head -c 100000 /dev/zero | tr '\0' 'y' >"$work/long"
compare 'one word of 100000 letters' "$work/long" --cpus 4 --guest-ring 3
head -c 200000 "$SLABVISOR" >"$work/binary"
compare 'bytes of all values' "$work/binary" --cpus 2 --guest-ring 3

for cpus in 1 2; do
	compare_disk "manual from a disk, $cpus vCPU" "$work/manual" --cpus $cpus --guest-ring 3
done
compare_disk 'a page from a disk at CPL 0' "$work/page" --guest-ring 0
compare_disk 'one word from a disk' "$work/word" --guest-ring 3
{
	head -c 1048000 /dev/zero | tr '\0' ' '
	cat "$work/long" "$work/manual"
} >"$work/across"
compare_disk 'a word across pieces of a disk' "$work/across" --guest-ring 3
guest --disk "path=$work/disk,readonly=on" "$B/guests/wordfreq" -d 99999999
is "$status" 1 'more text than the disk has: status 1' || say_output
guest --module "$work/case" "$B/guests/wordfreq" -n 1
is "$(cat "$out")" "7 words, 3 different
4 the" '-n 1: the most frequent word only' || say_output
guest "$B/guests/wordfreq"
is "$status" 2 'no text: status 2' || say_output
guest --module "$work/case" "$B/guests/wordfreq" -n many
is "$status" 2 'a count that is no number: status 2' || say_output
seq 100000 | tr 0-9 a-j >"$work/different"
guest --heap 2M --module "$work/different" --guest-ring 3 "$B/guests/wordfreq"
is "$status" 1 'a heap too small: status 1' || say_output
all_given_back
ok $? 'a heap too small: everything is given back' || say_output

done_testing
