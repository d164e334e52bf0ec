# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the soak tests share: following a guest that runs rounds.c, and watching how much of its
# memory the host keeps. Sourced; the guest's console is fd 4, its input fd 3.

ROUNDS=build/soak/rounds
COUNT=${COUNT:-6}

# follow IMAGE DATA SCRATCH LOG SAMPLES EACH: until the guest has done all of it, ended or said
# nothing for five minutes. It compares each checksum with that of the image; and it lets the guest
# go on when EACH MiB of memory for each checksum so far have come back, by SAMPLES, or in a
# minute. Sets sums and wrong: how many there were and were not right; the same of what was written
# as the guest reads it again (again, wrong_again) and as it is in the image (written,
# wrong_written); zeroes: words of zero that the guest has read; changed: how often its own memory was
# not what it should have been; ended: it has done all; given, least: by SAMPLES as they were then,
# since what goes with the machine was not given back.
# shellcheck disable=SC2034 # for who sources this
follow() {
	local image=$1 data=$2 scratch=$3 log=$4 samples=$5 each=$6 right line word kind sum other limit
	sums=0 wrong=0 again=0 wrong_again=0 written=0 wrong_written=0 zeroes=0 changed=0 ended=0 given=0 least=0
	right=$($ROUNDS sum "$image" 0 "$data")
	while IFS= read -t 300 -r line <&4; do
		line=${line%$'\r'}
		printf '%s\n' "$line" >>"$log"
		read -r word kind sum other _ <<<"$line"
		[ "$word" = soak: ] || continue
		case $kind in
		read)
			sums=$((sums + 1)) zeroes=$((zeroes + other))
			[ "$sum" = "$right" ] || wrong=$((wrong + 1))
			;;
		wrote)
			again=$((again + 1)) written=$((written + 1))
			[ "$other" = "$sum" ] || wrong_again=$((wrong_again + 1))
			[ "$($ROUNDS sum "$image" "$data" "$scratch")" = "$sum" ] ||
				wrong_written=$((wrong_written + 1))
			limit=$((SECONDS + 60))
			until [ "$(given_back "$samples")" -ge $((each * sums)) ] || [ $SECONDS -ge $limit ]; do
				read -rt 0.2 <> <(:)
			done
			echo go >&3
			;;
		memory) changed=$((changed + 1)) ;;
		ends) ended=1 given=$(given_back "$samples") least=$(least "$samples") ;;
		esac
	done
}

# watch FILE: writes a line for each look at what resident() says, KiB, until it is killed.
watch() {
	local kib
	while kib=$(resident); do
		echo "$kib"
		read -rt 0.2 <> <(:)
	done >"$1"
}

# The most of a file of looks, the least after that, and the sum of all that it fell by; in MiB.
most() {
	awk '$1 > most { most = $1 } END { print int(most / 1024) }' "$1"
}

least() {
	awk '$1 > most { most = least = $1 } $1 < least { least = $1 } END { print int(least / 1024) }' "$1"
}

given_back() {
	awk 'NR > 1 && $1 < last { sum += last - $1 } { last = $1 } END { print int(sum / 1024) }' "$1"
}

# figure_lines NAME: what follow() and watch() have found.
figure_lines() {
	cat <<-END
	# soak_$1_sums $sums checksums
	# soak_$1_wrong $wrong checksums
	# soak_$1_zero_words $zeroes words
	# soak_$1_written $written checksums
	# soak_$1_wrong_again $wrong_again checksums
	# soak_$1_wrong_on_disk $wrong_written checksums
	# soak_$1_most $(most "$2") MiB
	# soak_$1_least_then $least MiB
	# soak_$1_given_back $given MiB
	END
}
