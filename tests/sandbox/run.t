#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The sandbox of a monitor: what /proc says of its threads while a guest runs, also after a reboot;
# and what comes of code that makes calls of an attacker's choice within, there and in services.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
. tests/wait.sh
ATTACKER=$B/tests/sandbox/attacker.so
needs "$SLABVISOR" "$ATTACKER" "$B/tests/asm/loop" "$B/tests/asm/reset"

# Not in memory: tmpfs has no direct I/O.
disks=$(mktemp -d "$B/jail.XXXXXX")
disk=$disks/disk
pid=
# shellcheck disable=SC2317 # called at the end
leave() {
	[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null
	rm -rf "$disks"
}
at_end leave
truncate -s 16M "$disk"

said() { # N LINE: it has been said so often
	[ "$(grep -c "^$2" "$out")" -eq "$1" ]
}

# Every thread: a filter, no capability, nothing to get one by.
held() { # NAME THREADS
	local status_of wrong='' field names
	# But for workers that KVM has in the process, which are the kernel's.
	names=$(cat "/proc/$pid"/task/*/comm | grep -v '^kvm-' | sort | tr '\n' ' ')
	is "$names" "$2 " "$1: it has the threads that it should"
	for status_of in "/proc/$pid"/task/*/status; do
		grep -q '^Name:.kvm-' "$status_of" && continue
		for field in Seccomp:2 NoNewPrivs:1 CapInh:0 CapPrm:0 CapEff:0 CapAmb:0 CapBnd:0; do
			# The set that bounds what may be got is root's to give up.
			[ "$field" = CapBnd:0 ] && [ "$(id -u)" -ne 0 ] && continue
			grep -Eqx "${field%:*}:.0*${field#*:}" "$status_of" ||
				wrong="$wrong $(grep "^Name:\|^${field%:*}:" "$status_of" | tr '\n\t' '  ')"
		done
	done
	is "$wrong" '' '... each within, without a capability'
}

# Nothing is open but what was named, and what a machine is made of.
open_files() {
	local fd
	for fd in "/proc/$pid/fd"/*; do
		readlink "$fd"
	done | sed 's/^socket:.*/socket/' | sort
}

# What tells of the host's memory (mm/host/pressure.h) is by the host; of a control group of version 1 it
# is two events.
tells='/proc/pressure/memory|/proc/meminfo|/sys/fs/cgroup/.*/memory\.(pressure|current|usage_in_bytes|stat)'

# The sandbox is not in builds with sanitizers: this is about the one that ships.
exec 9</etc/passwd
"$SLABVISOR" run --cpus 3 --memory 64M --heap 128M --qmp "unix:$work/qmp" --disk "path=$disk" \
	"$B/tests/asm/loop" >"$out" 2>"$err" </dev/null &
pid=$!
exec 9<&-
until_true 60 said 1 looping
ok $? 'a program runs' || say_output
held 'a program' 'io qmp slabvisor vcpu0 vcpu1 vcpu2'
wanted=$(printf '%s\n' /dev/null "$out" "$err" "$(realpath "$B/tests/asm/loop")" \
	"$(realpath "$disk")" "$(realpath "$disk")" /dev/kvm anon_inode:kvm-vm \
	anon_inode:kvm-vcpu:0 anon_inode:kvm-vcpu:1 anon_inode:kvm-vcpu:2 \
	'anon_inode:[io_uring]' 'anon_inode:[signalfd]' socket | sort)
is "$(open_files | grep -vxE "$tells|anon_inode:\[eventfd\]")" "$wanted" \
	'... and has open what it was given, and nothing else'
events=$(open_files | grep -cxF 'anon_inode:[eventfd]')
[ "$events" -eq 3 ] || [ "$events" -eq 5 ]
ok $? '... but events and what tells of the host'\''s memory' "$events events" "$(open_files)"
kib=$(awk '/^Size:/ { size = $2 } /^VmFlags:.* dd( |$)/ { sum += size } END { print sum + 0 }' \
	"/proc/$pid/smaps")
[ "$kib" -ge $((192 << 10)) ]
ok $? '... RAM and heap are in no dump of it' "$kib KiB are not"
"$SLABVISOR" ctl "$work/qmp" quit >/dev/null 2>>"$err"
wait "$pid"
status=$?
pid=
is "$status" 143 '... which ends as it would outside' || say_output

mkfifo "$work/keys"
"$SLABVISOR" run --cpus 2 --stats --qmp "unix:$work/qmp" --disk "path=$disk" \
	--virtio-port "name=port,path=$work/port" --kernel "$B/tests/asm/reset" \
	>"$out" 2>"$err" <"$work/keys" &
pid=$!
exec 4>"$work/keys"
until_true 60 said 1 up
held 'a kernel' 'console io qmp slabvisor terminal vcpu0 vcpu1'
before=$(open_files)
image=$(realpath "$disk")
# What is opened by name when it reboots is not what is there by then.
mv "$disk" "$disk.old"
truncate -s 1M "$disk"
for time in 2 3; do
	printf r >&4
	until_true 60 said $time up
	ok $? 'a kernel reboots' || say_output
	held '... which' 'console io qmp slabvisor terminal vcpu0 vcpu1'
	is "$(open_files)" "${before//"$image"/"$image.old"}" '... and has open what it had before'
done
kill -TERM "$pid"
wait "$pid"
status=$?
pid=
exec 4>&-
is "$status" 143 '... and ends by a signal' || say_output
[ "$(account io_sqes)" -gt 0 ]
ok $? '... in order, with its account' || say_output

# under_attack THREAD CALL COMMAND: in the foreground, for a minute at most. Sets status.
under_attack() {
	LD_PRELOAD=$ATTACKER ATTACK_THREAD=$1 ATTACK_CALL=$2 timeout -s KILL 60 "$SLABVISOR" "${@:3}" \
		>"$out" 2>"$err" </dev/null
	status=$?
}

# attack THREAD COMMAND: each call, by name, number and arguments, ends the process, which says so. But for
# the one that $may names.
attack() {
	local thread=$1 name number arguments named=$1
	shift
	# A main thread has the program's name.
	[ "$thread" != main ] || named=slabvisor
	while read -r name number arguments; do
		[ "$name" != "${may:-}" ] || continue
		under_attack "$thread" "$number $arguments" "$@"
		is "$status" 159 "$1, $thread: $name ends it" || say_output
		grep -q "^slabvisor: sandbox: thread $named.* made system call $number (" "$err"
		ok $? '... which is said' || say_output
	done <<-END
		open 2 path 0
		openat 257 -100 path 0
		openat2 437 -100 path page 24
		creat 85 path 0
		open_by_handle_at 304 -100 page 0
		io_uring_setup 425 8 page
		socket 41 1 1 0
		socketpair 53 1 1 0 page
		connect 42 0 page 16
		bind 49 0 page 16
		execve 59 path 0 0
		execveat 322 -100 path 0 0 0
		fork 57
		vfork 58
		clone 56 17 0
		clone3 435 page 88
		ptrace 101 16 1 0 0
		process_vm_readv 310 1 page 1 page 1 0
		process_vm_writev 311 1 page 1 page 1 0
		pidfd_open 434 1 0
		pidfd_getfd 438 0 0 0
		kill 62 1 0
		kill-all 62 -1 0
		tkill 200 1 0
		tgkill 234 1 1 10
		rt_sigqueueinfo 129 1 10 page
		mmap-exec 9 0 4096 7 34 -1 0
		mmap-file 9 0 4096 5 2 0 0
		mprotect-exec 10 page 4096 5
		pkey_mprotect 329 page 4096 5 -1
		memfd_create 319 path 0
		userfaultfd 323 0
		bpf 321 0 page 0
		perf_event_open 298 page 0 -1 -1 0
		unlinkat 263 -100 path 0
		rename 82 path path
		mount 165 path path path 0 0
		unshare 272 0x10000000
		setns 308 0 0
		chroot 161 path
		setuid 105 0
		capset 126 page page
		prctl 157 4 1 0 0 0
		prlimit64 302 0 7 0 0
		keyctl 250 0 0 0 0 0
		init_module 175 page 0 path
		dup 32 0
		fcntl-dup 72 0 0 3
		ioctl-tiocsti 16 0 0x5412 page
		ioctl-create-vm 16 3 0xae01 0
	END
}

for thread in vcpu io qmp main; do
	attack $thread run --qmp "unix:$work/qmp" --disk "path=$disk" "$B/tests/asm/loop"
done
for thread in io qmp; do
	attack $thread serve --qmp "unix:$work/qmp" --blk-file "$disk" --socket-path "$work/socket"
done
# It makes memory files for what a front end has under way.
for thread in serve main; do
	may=memfd_create attack $thread serve --blk-file "$disk" --socket-path "$work/socket"
done
attack kmem serve --kmem-size 4G --socket-path "$work/kmem"
# By the way of a check: this is what one looks like that is let through.
under_attack vcpu '257 -100 path 0' run --sandbox off "$B/tests/asm/loop"
is "$status" 42 'without the sandbox the same call comes back'
grep -q '^attacker: 257 came back with [0-9]' "$err"
ok $? '... and has opened a file'

done_testing
