#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=dash
# The init of the Linux guests of module.sh: loads the module, has its self-test and a program test
# it, runs programs on its memory, unloads it, and prints for module.sh to judge. The kernel's command
# line has svtest=PATH, the program, and perhaps attack=PATH attacks=N, preload=PATH, giveback=PATH,
# interrupts=N; or scribble=N alone: then the module is loaded N times, and its queues are ruined.
# bench=N has it measure, killed=1 keep memory under load while the host's service is killed, and refused=1
# say what the module has against the devices that are there: and nothing else. stays=1: it waits for a
# line before it powers off, and misuses nothing. uncached=1: it first sees the module refuse a window that
# an uncachable range has, and takes such ranges away.
/bin/busybox --install -s
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t debugfs debugfs /sys/kernel/debug
mount -t tmpfs tmpfs /run
ln -s /proc/self/fd /dev/fd
ip link set lo up
svtest='' attack='' attacks=2000 preload='' giveback='' bench='' killed='' stays='' refused='' uncached='' interrupts=2000 scribble=''
read -r words </proc/cmdline
for word in $words; do
	case $word in
	svtest=*) svtest=${word#*=} ;;
	attacks=*) attacks=${word#*=} ;;
	attack=*) attack=${word#*=} ;;
	preload=*) preload=${word#*=} ;;
	bench=*) bench=${word#*=} ;;
	killed=*) killed=${word#*=} ;;
	stays=*) stays=${word#*=} ;;
	refused=*) refused=${word#*=} ;;
	uncached=*) uncached=${word#*=} ;;
	giveback=*) giveback=${word#*=} ;;
	interrupts=*) interrupts=${word#*=} ;;
	scribble=*) scribble=${word#*=} ;;
	esac
done
debug=/sys/kernel/debug/slabvisor
say() {
	sed "s/^/guest: $1 /"
}
free() {
	awk '$1 == "MemFree:" { print $2 }' /proc/meminfo
}

echo "guest: init, kernel $(uname -r), $(nproc) CPUs"
# Whichever way devices are reached here.
modprobe virtio_mmio 2>/dev/null
modprobe virtio_pci 2>/dev/null
modprobe virtio_blk
if [ -n "$scribble" ]; then
	# Which tells the monitor of a panic.
	modprobe pvpanic-mmio
	for seed in $(seq "$scribble"); do
		modprobe slabvisor && echo "guest: garbage $seed"
		modprobe slabvisor_selftest scribble=200 seed="$seed"
		rmmod slabvisor_selftest
		rmmod slabvisor
	done
	echo 'guest: powers off'
	poweroff -f
fi
if [ -n "$uncached" ]; then
	modprobe slabvisor
	dmesg | sed -n 's/.*\(slabvisor .*\)/guest: uncached \1/p'
	rmmod slabvisor
	dmesg -c >/dev/null
	# As configs/libvirt/README.md has it.
	awk '/base=0x[1-9a-f].* uncachable/ { print "disable=" substr($1, 4) + 0 >"/proc/mtrr"; close("/proc/mtrr") }' /proc/mtrr
	say mtrr </proc/mtrr
fi
before=$(free)
modprobe slabvisor && echo 'guest: loaded slabvisor'
if [ -c /dev/slabvisor ] && [ -z "$killed" ]; then
	for state in freeze disk; do
		sh -c "echo $state >/sys/power/state" 2>&1 | grep -q busy && echo "guest: does not sleep: $state"
	done
fi
echo "guest: loading took $((before - $(free))) KiB"
if [ -n "$refused" ]; then
	dmesg | sed -n 's/.*\(slabvisor.*\)/guest: dmesg \1/p'
	poweroff -f
fi
say stats <$debug/stats
# ktap WORD: what the self-test has printed to the kernel's log.
ktap() {
	dmesg | sed -n "s/^\(\[[^]]*\] *\)\{0,1\}\(KTAP\|ok \|not ok \|# \|1\.\.\)/guest: $1 \2/p"
}
# The host kills its service where it hears that there is a load.
if [ -n "$killed" ]; then
	mkfifo /run/more
	"$svtest" </run/more >/run/kept 2>&1 &
	exec 3>/run/more
	while ! grep -q 'ok 1' /run/kept; do sleep 0.1; done
	modprobe slabvisor_selftest hold=1
	echo 'guest: is under load'
	while read -r line && [ "$line" != go ]; do
		echo >&3
		say stats <$debug/stats
		echo "guest: heard $line"
	done
	rmmod slabvisor_selftest
	exec 3>&-
	wait
	say program </run/kept
	ktap ktap
	say stats <$debug/stats
	rmmod slabvisor && echo 'guest: unloaded slabvisor'
	dmesg | sed -n 's/.*\(slabvisor: .*\)/guest: dmesg \1/p'
	dmesg -r | grep '^<[0-4]>' | sed 's/^/guest: complaint /'
	echo 'guest: powers off'
	poweroff -f
fi
if [ -n "$bench" ]; then
	# What pairs ask of the host lies between the two.
	modprobe slabvisor_selftest bench=1 only_pairs=1
	rmmod slabvisor_selftest
	say before <$debug/queues
	modprobe slabvisor_selftest bench="$bench" only_pairs=1
	rmmod slabvisor_selftest
	say after <$debug/queues
	modprobe slabvisor_selftest bench="$bench"
	dmesg | sed -n 's/.*bench: /guest: bench /p'
	echo 'guest: is idle'
	poweroff -f
fi
modprobe slabvisor_selftest interrupts="$interrupts" && echo 'guest: the self-test is well'
ktap ktap
rmmod slabvisor_selftest
[ -z "$svtest" ] || "$svtest" /dev/vda 2>&1 | say program
[ -z "$attack" ] || "$attack" "$attacks" 2>&1 | say attack
# runs NAME COMMAND...: does it, preloaded and not, say the same?
runs() {
	local name=$1
	shift
	"$@" >/run/plain 2>&1
	LD_PRELOAD=$preload "$@" >/run/preloaded 2>&1
	if [ -s /run/plain ] && cmp /run/plain /run/preloaded; then
		echo "guest: $name does the same"
	else
		say "$name" </run/preloaded
	fi
}
if [ -n "$preload" ]; then
	# shellcheck disable=SC2016 # perl's, and bash's
	runs perl perl -e 'my %h; $h{$_} = "x" x ($_ % 100) for 1 .. 20000; delete $h{$_ * 2} for 1 .. 5000;
		my $pid = fork; if (!$pid) { $h{1} = "child"; print length(join "", values %h), "\n"; exit 0 }
		waitpid $pid, 0; print "$?\n", scalar(keys %h), " $h{1}\n"; system "echo system"'
	# shellcheck disable=SC2016
	runs bash bash -c 'for i in {1..3000}; do a[i]=$(((i * 7919) % 3001)); done; echo "${#a[@]} ${a[*]}" | md5sum'
	runs sqlite3 sqlite3 :memory: 'create table t(a integer primary key, b text);
		with recursive c(x) as (values(1) union all select x + 1 from c where x < 20000)
		insert into t select x, hex(x * 7919) from c; create index i on t(b);
		select count(*), sum(a), max(b) from t where b > 5; delete from t where a % 3; vacuum;
		select count(*), min(b) from t;'
	# shellcheck disable=SC2016
	PYTHONMALLOC=malloc runs python3 python3 -I -S -c 'import os, re, json
d = {i: ("key%d " % i) * (i % 37) for i in range(6000)}
for i in range(0, 6000, 2): del d[i]
pid = os.fork()
if not pid:
	d[1] = "child"; print(len("".join(d.values())), flush=True); os._exit(0)
print(os.waitpid(pid, 0)[1], d[1], len(re.sub("k(e)y", r"\1", json.dumps(d))))'
	# It asks who root is. What did not start says nothing, which is not taken for the same.
	mkdir -p /etc
	echo 'root:x:0:0::/:/bin/sh' >/etc/passwd
	cat >/run/memcached.sh <<-'END'
	memcached -u root -l 127.0.0.1 -m 16 -t 2 2>/dev/null &
	for _ in $(seq 300); do
		echo quit | nc 127.0.0.1 11211 && break
		sleep 0.1
	done 2>/dev/null
	awk 'BEGIN {
		for (text = "x"; length(text) < 4096;) text = text text
		for (i = 0; i < 2000; i++)
			printf "set key%d 0 0 %d\r\n%s\r\n", i, i % 3000, substr(text, 1, i % 3000)
		for (i = 0; i < 2000; i += 3) printf "delete key%d\r\n", i
		for (i = 0; i < 2000; i++) printf "get key%d\r\n", i
		printf "set n 0 0 1\r\n7\r\nincr n 35\r\nquit\r\n"
	}' | nc 127.0.0.1 11211 2>/dev/null
	kill $!
	wait $!
	END
	! command -v memcached >/dev/null || runs memcached sh /run/memcached.sh
	LD_PRELOAD=$preload perl -e 'my @a = map { "x" x 1000 } 1 .. 16000;
		system "cat /sys/kernel/debug/slabvisor/stats"; @a = ();' | sed -n 's/^pages_out/guest: perl has pages/p'
fi
# Frees half of what it has, and the host is to notice while it goes on: module.sh says when.
# Not by sed, which busybox has read a line ahead before it prints one.
[ -z "$giveback" ] || LD_PRELOAD=$preload "$giveback" 24 first | while read -r line; do
	echo "guest: memory $line"
done
say stats <$debug/stats
# What magazines and depots keep is asked back from outside.
echo 'guest: is idle'
read -r _
awk '$2 > 0' $debug/slabinfo | say slabinfo
say queues <$debug/queues
# What it complains of is to be right, up to here. Misuse it complains of, and goes on.
dmesg -r | grep '^<[0-4]>' | sed 's/^/guest: complaint /'
dmesg -c >/dev/null
if [ -z "$stays" ]; then
	modprobe slabvisor_selftest misuse=1
	ktap misuse
	rmmod slabvisor_selftest
	dmesg -c | grep -e slabvisor: -e svm_ | say warned
fi
# What is freed goes back by a worker, and the module stays until it has.
for _ in $(seq 600); do
	rmmod slabvisor 2>/run/rmmod && echo 'guest: unloaded slabvisor' && break
	sleep 0.1
done
cat /run/rmmod
dmesg -r | grep '^<[0-4]>' | sed 's/^/guest: complaint /'
echo 'guest: is done'
[ -z "$stays" ] || read -r _
echo 'guest: powers off'
poweroff -f
