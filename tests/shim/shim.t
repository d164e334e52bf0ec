#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The preloadable malloc: its contract at the edges, threads and forks, and the system's
# own programs, which must say the same as without it.
cd "$(dirname "$0")/../.." || exit
. tests/lib.sh

library=$PWD/$B/libslabvisor-malloc.so
export PYTHONMALLOC=malloc # every object of Python's, not its own arenas

# preloaded COMMAND...: its status in $status, what it said in $out and $err
preloaded() {
	LD_PRELOAD=$library timeout -s KILL 600 "$@" >"$out" 2>"$err" </dev/null
	status=$?
}

# case_ok PROGRAM NAME DESCRIPTION
case_ok() {
	preloaded "$B/tests/shim/$1" "$2"
	ok "$status" "$3" || diag <"$err"
}

# bug PROGRAM NAME PATTERN DESCRIPTION: it is stopped, and told why
bug() {
	{ preloaded "$B/tests/shim/$1" "$2"; } 2>/dev/null
	if [ "$status" -ge 128 ] && grep -Eq "^slabvisor-malloc: .*$3" "$err"; then
		ok 0 "$4"
	else
		ok 1 "$4"
		say_output
	fi
}

# same DESCRIPTION COMMAND...: its output and status are what they are without the shim
same() {
	local name=$1 wanted
	shift
	"$@" >"$work/wanted" 2>&1 </dev/null
	wanted=$?
	LD_PRELOAD=$library timeout -s KILL 600 "$@" >"$out" 2>&1 </dev/null
	status=$?
	if [ $status -eq $wanted ] && cmp -s "$work/wanted" "$out"; then
		ok 0 "$name"
	else
		ok 1 "$name"
		diff "$work/wanted" "$out" | head -20 | diag
	fi
}

# with PROGRAM DESCRIPTION COMMAND...: as same, where the program is there
with() {
	local name=$2
	if ! command -v "$1" >/dev/null; then
		skip "$name" "no $1 here"
		return
	fi
	shift 2
	same "$name" "$@"
}

case_ok edges preloaded 'the malloc is ours'
case_ok edges zero 'requests of nothing'
case_ok edges overflow 'requests that overflow'
case_ok edges errno 'errno is kept'
case_ok edges alignment 'alignments'
case_ok edges contents 'what is allocated, and calloc'
case_ok edges resize 'realloc through all sizes'
case_ok edges given_back 'freed memory goes back to the host'

bug edges double_free 'not allocated|double free' 'a double free is found'
bug edges double_free_at_once 'double free' '... at once if nothing came in between'
bug edges double_free_huge 'not allocated' '... of a mapping'
bug edges free_inside 'not the start of an object' 'a free of the inside of an object is found'
bug edges free_off_slot 'not the start of an object' '... even if it is aligned'
bug edges free_foreign 'not allocated' "a free of what is not malloc's is found"

case_ok threads ownership 'objects change hands between threads'
case_ok threads many 'two hundred threads at once'
case_ok threads come_and_go 'threads that end leave nothing behind'
case_ok threads destructors "allocation in a thread's last moments"
case_ok threads tiny_stacks 'threads on the smallest stacks'
case_ok threads forks 'forks in the middle of it'
case_ok threads depots 'depots learn to keep what is asked back, where there are threads'

for window in lots 63M 64 64m 64K 64MB 0x40M -64M ' 64M' 9T 1e9 18446744073709551616; do
	SLABVISOR_MALLOC_HEAP=$window bug edges zero "=$window: 64M to 8T would be right" \
		"a window of '$window' is refused, and told what is right"
done
for window in 64M 8T 1073741825 ''; do
	SLABVISOR_MALLOC_HEAP=$window case_ok edges zero "a window of '$window' is taken"
done
SLABVISOR_MALLOC_HEAP=64M case_ok edges resize 'a small window: the rest is mapped'
SLABVISOR_MALLOC_HEAP=64M case_ok edges window_full \
	'with the window full what there is of memory is aligned as asked'

# limited KIB NAME DESCRIPTION: a case, in so much address space
limited() {
	{
		(
			ulimit -v "$1"
			preloaded "$B/tests/shim/edges" "$2"
			exit "$status"
		)
	} 2>/dev/null
	ok $? "$3" || diag <"$err"
}
limited 4000000 alignment '4 GB of address space: a smaller window'
limited 300000 addresses_end '300 MB: what there is of memory is aligned as asked'
limited 80000 addresses_end '80 MB: the same'
limited 20000 zero '20 MB are enough to start'

# shellcheck disable=SC2016 # Perl's variables, and Python's
{
	same 'ls' ls -lR tests mm
	same 'sort' sort -r --parallel=2 -S 8M mm/heap.c mm/slab/slab.c mm/slab/cache.c
	with perl 'perl' perl -e 'my %h; $h{$_ % 5003} .= "x" for 1..100000;
		print join(",", map { length $h{$_} } sort keys %h), "\n"; my @a = map { [$_] } 1..100000;
		print scalar(@a), "\n"; if (fork) { wait; print $?, "\n" } else { exit 3 }'
	with python3 'python3 with threads' python3 -c '
import threading, hashlib, os
total = [0] * 8
def work(n):
    kept = []
    for i in range(30000):
        kept.append(("%d" % (i * n)) * (i % 40))
        if i % 3 == 0:
            kept[i // 2] = bytearray(i % 9000)
    total[n] = sum(len(k) for k in kept)
threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
for t in threads: t.start()
for t in threads: t.join()
print(total)
pid = os.fork()
if not pid:
    os._exit(len({i: str(i) for i in range(10000)}) % 251)
print(os.waitpid(pid, 0)[1])
print(hashlib.sha256(b"x" * 20000000).hexdigest())'
	with sqlite3 'sqlite3 in memory' sqlite3 :memory: '
		create table t (a integer primary key, b text);
		with recursive n(i) as (select 1 union all select i + 1 from n where i < 50000)
			insert into t select i, hex(i * i) || printf("%050d", i) from n;
		create index x on t (b);
		select count(*), min(b), max(b), sum(length(b)) from t where b > "5";'
}
compile=(gcc -O2 -c -I. -D_GNU_SOURCE mm/slab/slab.c -o)
same 'gcc' "${compile[@]}" "$work/preloaded.o" &&
	LD_PRELOAD=$library "${compile[@]}" "$work/preloaded.o" && "${compile[@]}" "$work/wanted.o" &&
	cmp "$work/preloaded.o" "$work/wanted.o"
ok $? '... to the same object'

git_repository() {
	git -C "$work" init -q repository &&
		cp -r mm "$work/repository/mm" &&
		git -C "$work/repository" add . &&
		git -C "$work/repository" -c user.name=a -c user.email=a@b commit -qm first &&
		echo more >>"$work/repository/mm/heap.c"
}
if command -v git >/dev/null; then
	(
		export LD_PRELOAD=$library
		git_repository
	) 2>"$err"
	ok $? 'git makes a repository' || diag <"$err"
	same 'git status' git -C "$work/repository" status
	same 'git log' git -C "$work/repository" log -p --stat
	same 'git fsck' git -C "$work/repository" fsck --full --strict
	same 'git gc' git -C "$work/repository" gc -q
else
	skip git 'no git here'
fi
done_testing
