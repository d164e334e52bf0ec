#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Every call and every edge of the guest's allocator, at CPL 0 and CPL 3, on one, two
# and eight vCPUs, with two NUMA nodes, and with all debug modes on.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

calls='kmalloc kmalloc_array kcalloc kzalloc kzalloc_node kmem_cache_alloc
kmem_cache_alloc_node kmem_cache_free kfree ksize kfree_const kstrdup_const kstrdup
kstrndup kmemdup memdup_user get_user_pages_fast'

# selftest NAME [options]: one run and its checks.
selftest() {
	local name=$1 planned missing='' call
	shift
	guest --heap 64M "$@" "$B/guests/selftest" start_number=7
	is "$status" 0 "selftest, $name: status 0" || say_output
	! grep '^not ok' -A 1 "$out" | diag 2>&1 | grep .
	ok $? "selftest, $name: every check holds"
	planned=$(sed -n 's/^1\.\.//p' "$out" | tail -n 1) # the plan before is that of its KUnit suite
	is "$(grep -cE '^(not )?ok [0-9]+ - ' "$out")" "${planned:-no plan}" \
		"selftest, $name: as many checks as planned"
	for call in $calls; do
		grep -qE "^ok [0-9]+ - ${call}[:,]" "$out" || missing="$missing $call"
	done
	is "$missing" '' "selftest, $name: every call is named"
	grep -q '^ok [0-9]* - module_param: 7$' "$out"
	ok $? "selftest, $name: an argument sets a parameter"
	all_given_back
	ok $? "selftest, $name: nothing is left behind" || say_output
}

for ring in 0 3; do
	for cpus in 1 2 8; do
		selftest "CPL $ring, $cpus vCPU" --guest-ring $ring --cpus $cpus
	done
done
selftest 'two nodes' --guest-ring 3 --cpus 2 --numa heap=32M --numa heap=32M
selftest 'a part for user space' --guest-ring 3 --cpus 2 --numa heap=64M,user=16M
selftest 'such parts of two nodes' --guest-ring 3 --cpus 2 --numa heap=32M,user=8M --numa heap=32M,user=8M
selftest 'memfd' --guest-ring 3 --cpus 2 --backing memfd
selftest 'memory given back at once' --guest-ring 3 --cpus 2 --reclaim-delay 0
selftest 'debug modes' --guest-ring 3 --cpus 2 --slab-debug=FZPU

done_testing
