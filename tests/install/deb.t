#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The packages that `make deb` has built, in a clean Debian: they install, what they have works there, and
# purged they leave nothing.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
. tests/readme.sh

debs=$(realpath "$B/deb")
root=$work/root
version=$(build/slabvisor --version | cut -d ' ' -f 2)
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP root is needed, for a root folder of its own'; exit 0; }

mkdir "$root"
tests/install/root.sh "$root" 2>"$err"
ok $? 'there is a clean Debian to install into' || {
	say_output
	done_testing
	exit 1
}

# inside COMMAND...: runs it there, in namespaces of its own: what it mounts and starts ends with it.
inside() {
	# shellcheck disable=SC2016 # of the inner shell
	unshare --mount --pid --fork --kill-child --propagation private sh -c '
		mount -t proc none "$1/proc" && mount -t tmpfs none "$1/tmp" && mount -t tmpfs none "$1/run" &&
			touch "$1/dev/kvm" && mount --bind /dev/kvm "$1/dev/kvm" &&
			for device in null zero urandom full tty; do
				touch "$1/dev/$device" && mount --bind "/dev/$device" "$1/dev/$device" || exit
			done
		[ -z "$2" ] || { mkdir "$1/tmp/debs" && mount --bind "$2" "$1/tmp/debs"; }
		root=$1
		shift 2
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
			chroot "$root" "$@"' inside "$root" "$debs" "$@"
}

# All that is there but for what the package manager and man keep for themselves, and the users: the one
# of the services stays, so that nobody else has its files.
everything() {
	(cd "$root" && find . -path ./var/lib/dpkg -prune -o -path ./var/cache -prune -o -path ./var/log -prune -o \
		-path ./var/lib/systemd -prune -o -path ./var/lib/apt -prune -o -path ./dev -prune -o -path ./etc/ld.so.cache -prune -o \
		-path './etc/*-' -prune -o -path ./etc/.pwd.lock -prune -o \
		-regex './etc/\(passwd\|group\|shadow\|gshadow\)' -prune -o -printf '%y %m %u %g %p %l\n' | sort)
}
inside true
everything >"$work/before"

# The one for libvirt is installed without libvirt, which the others do without.
others=(slabvisor-libvirt)
packages=(slabvisor slabvisor-tools slabvisor-guest-dev libslabvisor0 libslabvisor-dev)
# shellcheck disable=SC2016
inside sh -c 'apt-get install --no-install-recommends -y $(for p; do echo /tmp/debs/${p}_*.deb; done)' \
	sh "${packages[@]}" >"$out" 2>"$err"
is $? 0 'the packages install, and ask for nothing else' || say_output
inside sh -c 'dpkg -i --ignore-depends=libvirt-daemon-system /tmp/debs/slabvisor-libvirt_*.deb' >"$out" 2>"$err"
is $? 0 '... as does that for libvirt, beside a libvirt' || say_output
# This one is for a guest with a compiler and the kernel's headers.
inside sh -c 'dpkg --unpack /tmp/debs/slabvisor-dkms_*.deb && systemd-sysusers slabvisor-dkms.conf' >"$out" 2>"$err"
is $? 0 '... and that for the kernel of a guest unpacks' || say_output
# shellcheck disable=SC2016 # dpkg-query's
is "$(inside dpkg-query -W -f '${Version} ${db:Status-Status}\n' "${packages[@]}" "${others[@]}" | sort -u)" \
	"$version installed" 'they are of the version that the program says'
is "$(inside slabvisor --version) $(inside slabvisor-vhost-load --version) $(inside slabvisor-vhost-disk --version)" \
	"slabvisor $version slabvisor-vhost-load $version slabvisor-vhost-disk $version" 'so are the programs'
inside getent passwd slabvisor >/dev/null && inside getent group kvm >/dev/null
ok $? 'the units have their user and their group'

# README's commands, as they are for who has installed it.
cat >"$root/root/commands.sh" <<'END'
set -u
cd /root || exit 1
cp /usr/share/doc/slabvisor/README.md .
listening() { awk -v path="$1" '$8 == path && $4 == "00010000" { found = 1 } END { exit !found }' /proc/net/unix; }
answers() { # COMMAND SOCKET
	case $1 in
	*--qmp* | *--name*) slabvisor ctl "$2" query-memory >/dev/null 2>&1 ;;
	*) listening "$2" ;;
	esac
}
while IFS='|' read -r socket command; do
	if [ -n "$socket" ]; then
		# What stays goes on writing: it has a file of its own.
		: >log
		bash -c "exec ${command%&}" </dev/null >>log.stays 2>&1 &
		tries=3000
		until answers "$command" "$socket" || [ $((tries -= 1)) = 0 ]; do sleep 0.02; done
		answers "$command" "$socket"
	else
		timeout -s KILL 600 bash -c "$command" </dev/null >log 2>&1
	fi
	echo "$?|$command"
	sed 's/^/# /' log | head -n 20
done <commands
END
readme_commands | sed -e 's|build/slabvisor|slabvisor|g' -e 's|build/tools/||g' -e 's|build/guests/|/usr/lib/slabvisor/guests/|g' \
	-e 's|configs/|/usr/share/slabvisor/|g' |
	grep -vE '^(make|apt|gcc|tools/|~|slabvisor run hello)|--kernel' >"$work/commands"
while read -r command; do
	echo "$(readme_socket_of "$command")|$command"
done <"$work/commands" >"$root/root/commands"
inside bash /root/commands.sh >"$work/ran" 2>"$err"
is "$(grep -ac '^[0-9]*|' "$work/ran")" "$(wc -l <"$work/commands")" "each of README's commands is run" || diag <"$work/ran"
while IFS='|' read -r status command; do
	wanted=0
	case $command in *null_read) wanted=120 ;; esac
	is "$status" $wanted "$command" || grep -a -A 20 -F "|$command" "$work/ran" | diag
done < <(grep -a '^[0-9]*|' "$work/ran")

# The README's program, built by what is installed with this machine's compiler.
# shellcheck disable=SC2016 # backquotes of Markdown
sed -n '/^```c$/,/^```$/p' README.md | sed '1d;$d' >"$work/hello.c"
words() { PKG_CONFIG_PATH=$root/usr/share/pkgconfig pkg-config "$1" slabvisor-guest | sed "s|/usr/|$root/usr/|g"; }
# shellcheck disable=SC2046 # words
gcc -O2 $(words --cflags) -o "$root/root/hello" "$work/hello.c" $(words --libs) >"$work/log" 2>&1
ok $? "the README's program builds with the installed library" || diag <"$work/log"
is "$(inside slabvisor run /root/hello Ada)" 'Hello, Ada!' '... and runs'

# What a Linux guest has: the library is found by the linker and at run time, the module's source is whole,
# and its device is the group's.
printf '#include <slabvisor.h>\nint main(void) { struct slabvisor *s; return slabvisor_open(&s) == -2 ? 0 : 1; }\n' >"$work/user.c"
words() { PKG_CONFIG_PATH=$(echo "$root"/usr/lib/*/pkgconfig) PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 pkg-config "$1" slabvisor | sed "s|/usr/|$root/usr/|g"; }
# shellcheck disable=SC2046 # words
gcc $(words --cflags) -o "$root/root/user" "$work/user.c" $(words --libs) >"$work/log" 2>&1
ok $? 'a program builds with the installed libslabvisor' || diag <"$work/log"
inside /root/user
ok $? '... finds it, and is told that there is no device'
tools/module_source.sh "$work/module" "$version"
rm "$work/module/LICENSE"
diff -r "$work/module" "$root/usr/src/slabvisor-$version" >"$work/log" 2>&1
ok $? "the module's source is that which is built here" || diag <"$work/log"
inside getent group slabvisor >/dev/null && grep -q 'GROUP="slabvisor"' "$root/lib/udev/rules.d/60-slabvisor.rules"
ok $? "its device is the group slabvisor's"

# Manual pages: each program has one, and man finds it.
for name in $(cd "$root/usr/bin" && echo slabvisor*) slabvisor-run slabvisor-serve slabvisor-ctl slabvisor-doctor \
	slabvisor-list slabvisor.yaml libslabvisor slabvisor-guest slabvisor-kmem slabvisor-stats; do
	inside sh -c "man $name | head -n 4" >"$out" 2>"$err"
	grep -qE "^ *(slabvisor_open|$name)" "$out"
	ok $? "man $name" || say_output
done
inside sh -c 'man slabvisor | cat' 2>/dev/null | grep -oE '/usr[a-z/.A-Z-]+[a-zA-Z]' | sort -u | while read -r path; do
	[ -e "$root$path" ] || [ -e "$root$path.gz" ] || echo "$path"
done >"$work/log"
[ ! -s "$work/log" ]
ok $? 'the paths that slabvisor(1) names are there' || diag <"$work/log"

# Completion, as the shells of Debian find it.
# shellcheck disable=SC2016 # of that shell
is "$(inside bash -c '. /usr/share/bash-completion/bash_completion; _completion_loader "$0"
	COMP_LINE=$1 COMP_POINT=${#1}; _slabvisor; echo "${COMPREPLY[@]}"' slabvisor 'slabvisor run --guest-ri' 2>"$err")" \
	'--guest-ring' 'bash finds its completion' || say_output
# shellcheck disable=SC2016 # of that shell
is "$(inside bash -c '. /usr/share/bash-completion/bash_completion; _completion_loader "$0"; complete -p "$0"' \
	slabvisor-vhost-load 2>"$err" | awk '{ print $3 }')" _slabvisor '... that of the tools, too' || say_output
# shellcheck disable=SC2016
is "$(inside zsh -fc 'autoload -Uz compinit && compinit -u -D; echo $_comps[slabvisor] $_comps[slabvisor-vhost-load]' 2>"$err")" \
	'_slabvisor _slabvisor' 'zsh finds its completion' || say_output

# Units, with the pages that they name, if any.
inside systemd-analyze verify slabvisor-blk@disk.socket slabvisor-blk@disk.service >"$out" 2>"$err"
is "$? $(cat "$err")" '0 ' 'systemd-analyze verify has nothing to say of the installed units' || say_output

# The hook: where libvirt looks, and of use there. It is asked for a domain without disks of ours.
[ -x "$root/etc/libvirt/hooks/qemu.d/slabvisor" ]
ok $? "libvirt's hook is where libvirt looks for it"
inside sh -c 'echo "<domain/>" | /etc/libvirt/hooks/qemu.d/slabvisor vm1 prepare begin -' >"$out" 2>"$err"
is "$? $(cat "$out" "$err")" '0 ' '... and has nothing to do for a domain without such disks'
grep -q '^PROGRAM = .*"/usr/bin/slabvisor"' "$root/etc/libvirt/hooks/qemu.d/slabvisor"
ok $? '... and calls the installed program'

# The rule for AppArmor: its syntax, where libvirt's abstraction has it.
mkdir -p "$work/apparmor/abstractions"
cp -r "$root/etc/apparmor.d/abstractions/libvirt-qemu.d" "$work/apparmor/abstractions/"
printf 'profile machine {\n  #include <abstractions/libvirt-qemu.d>\n}\n' >"$work/apparmor/machine"
apparmor_parser --base "$work/apparmor" --skip-kernel-load --skip-cache --debug "$work/apparmor/machine" >"$out" 2>"$err" && grep -q 'slabvisor/\*\.sock' "$out"
ok $? 'apparmor_parser takes the rule for the sockets' || say_output

# What an administrator has made of it is configuration, too.
echo BLK_FILE=/srv/vm1.img >"$root/etc/slabvisor/vm1.conf"
inside apt-get purge -y "${packages[@]}" "${others[@]}" slabvisor-dkms >"$out" 2>"$err"
is $? 0 'the packages are purged' || say_output
rm -rf "$root/root/"{commands,commands.sh,hello,user,log,log.stays,README.md,disk.img}
everything >"$work/after"
diff "$work/before" "$work/after" >"$work/log"
is "$? $(cat "$work/log")" '0 ' 'nothing of them is left'

done_testing
