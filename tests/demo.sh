#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Counts the words of Perl's manual in a guest whose memory comes from the host and whose
# disk has the text, shows the answer and the host's account of it, and compares the answer with that of tr,
# sort and uniq. Ends with 0 if they are equal.
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C
B=${B:-build}
dir=$B/demo
cpus=$(nproc)
[ "$cpus" -le 16 ] || cpus=16

mkdir -p "$dir"
dpkg -L perl-doc | grep '\.pod$' | sort | tr '\n' '\0' | xargs -0 cat >"$dir/text"
bytes=$(stat -c %s "$dir/text")
# A disk is whole blocks.
cp "$dir/text" "$dir/disk"
truncate -s %4096 "$dir/disk"

number() {
	printf '%s\n' "$1" | sed -e ':a' -e 's/\([0-9]\)\([0-9]\{3\}\)\($\|,\)/\1,\2\3/' -e 'ta'
}
account() {
	number "$(awk -v name="$1" '$1 == name { print $2 }' "$dir/account")"
}

echo "The words of Perl's manual ($(number "$bytes") bytes), counted in a guest with $cpus vCPUs:"
echo
start=$(date +%s%N)
status=0
"$B/slabvisor" run --stats --timeout 60 --cpus "$cpus" --disk "path=$dir/disk,readonly=on" \
	"$B/guests/wordfreq" -d "$bytes" -a \
	>"$dir/answer" 2>"$dir/account" || status=$?
took=$((($(date +%s%N) - start) / 1000000))
if [ "$status" -ne 0 ]; then
	cat "$dir/answer" "$dir/account" >&2
	echo "demo: the guest ended with status $status" >&2
	exit 1
fi
head -n 11 "$dir/answer" | awk 'NR == 1 { print "  " $0 } NR > 1 { printf "  %8d  %s\n", $1, $2 }'

cat <<END

Every table, node and string of that came from the host's allocators. Their account:
  $(account objects_allocated) objects were handed to the guest, $(account objects_freed) came back; $(account objects_active) are still out
  $(number "$(account bytes_allocated)") bytes is what these objects came to
  $(account requests) requests carried them, many objects each; $(account request_errors) were refused
  $(account exits) times the guest left the CPU to the monitor, for requests, console and start-up
  $(account pages_given) pages of 4 KiB were given to the guest and $(account pages_taken) were taken back
  $(account frames_in_use_start) pages were in use before, $(account frames_in_use_after) are in use after it

The text came from a disk image straight into the guest's pinned pages:
  $(account blk_bytes_read) bytes were moved by $(account blk_reads) requests, $(account blk_bytes_copied) of them copied by the monitor
  $(account blk_pins) pages were pinned for them; $(account window_hits) operations found their memory registered, $(account window_misses) did not
  $(account blk_doorbells) doorbells told the disk of the requests
  the guest took $(number "$took") ms from start to end
END

tests/word_counts.sh "$dir/text" >"$dir/expected"
echo
if ! cmp "$dir/answer" "$dir/expected"; then
	diff "$dir/answer" "$dir/expected" | head >&2
	echo 'demo: the guest counted otherwise than tr, sort and uniq' >&2
	exit 1
fi
echo "tr, sort and uniq on the host give the same $(number $(($(wc -l <"$dir/expected") - 1))) counts."
