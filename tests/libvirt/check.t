#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A libvirt domain (QEMU's TCG, Debian's cloud kernel) on a disk that `slabvisor serve` serves,
# started and stopped by the hook. libvirtd is the test's own: it runs in a mount namespace
# with /run, /etc/libvirt and /var/lib/libvirt of the test, and ends with it.
set -u

. tests/libvirt/namespace.sh
. tests/lib.sh
. tests/libvirt/daemon.sh

socket=/run/slabvisor/t-data.sock
image=$here/$(mktemp -d "$B/libvirt.XXXXXX")/disk.img
files=${image%/*}
at_end "rm -rf '$files'"
size_mib=256

kernel=$B/nested/cloud
mkdir -p "$B/nested"
tests/nested/kernel.sh "$kernel" linux-image-cloud-amd64 >&2 || exit 1
tests/libvirt/initramfs.sh "$kernel" "$work/initrd" || exit 1
truncate -s ${size_mib}M "$image"

disk_xml() {
	cat <<-END
	<disk type='vhostuser' device='disk'>
	  <driver name='qemu' type='raw' queues='2'/>
	  <source type='unix' path='$socket'><reconnect enabled='yes' timeout='1'/></source>
	  <target dev='vdb' bus='virtio'/>
	</disk>
	END
}

cat >"$work/domain.xml" <<END
<domain type='qemu'>
  <name>t</name>
  <metadata>
    <slabvisor:disks xmlns:slabvisor='urn:slabvisor:libvirt:1'>
      <slabvisor:disk socket='$socket' file='$image' queues='2' serial='from-libvirt'/>
    </slabvisor:disks>
  </metadata>
  <memory unit='MiB'>768</memory>
  <memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>
  <vcpu>2</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>$here/$kernel/vmlinuz</kernel>
    <initrd>$work/initrd</initrd>
    <cmdline>console=ttyS0 quiet panic=-1</cmdline>
  </os>
  <features><acpi/></features>
  <on_reboot>destroy</on_reboot>
  <devices>
    <emulator>$emulator</emulator>
    $(disk_xml)
    <serial type='file'><source path='$work/console'/><target port='0'/></serial>
    <serial type='unix'><source mode='bind' path='/run/t.serial'/><target port='1'/></serial>
    <memballoon model='none'/>
  </devices>
</domain>
END
disk_xml >"$work/disk.xml"

start_daemons

virsh define "$work/domain.xml"
ok $? 'the domain is defined'
check 'the hook and the domain start' virsh start t
runs() { service >/dev/null; }
check 'the service runs' runs
is "$(stat -c '%a %G' "$socket")" '660 kvm' "and its socket is that of QEMU's group"
ready() { tests/libvirt/guest.py --retry /run/t.serial 300 true >"$out" 2>"$err"; }
check 'the domain boots' ready || {
	virsh destroy t
	echo 'Bail out! no domain to go on with'
	exit 1
}
# shellcheck disable=SC2016 # expanded in the domain
guest 'echo "$(cat /sys/block/vda/serial)"; cat /sys/block/vda/size; ls /sys/block/vda/mq | wc -l'
is "$(xargs <"$out")" "from-libvirt $((size_mib * 2048)) 2" 'it sees serial, size and queues'

check 'mkfs' guest 'mkfs.ext4 -q -F /dev/vda && mount -t ext4 /dev/vda /mnt'
verify='fio --name=v --directory=/mnt --size=24m --rw=randrw --bsrange=4k-64k --direct=1 --ioengine=io_uring --iodepth=16 --numjobs=2 --verify=crc32c --verify_fatal=1 --verify_backlog=64 --randrepeat=0'
check 'verified fio' guest "$verify --time_based --runtime=6"
check 'fsck finds nothing' guest 'umount /mnt && fsck.ext4 -f -n /dev/vda && mount -t ext4 /dev/vda /mnt'

check 'suspend' virsh suspend t
is "$(state)" paused 'it is paused'
check 'resume' virsh resume t
check 'and goes on' guest 'cp /mnt/v.0.0 /mnt/copy && sync && cmp /mnt/v.0.0 /mnt/copy'

# Killed under load, which lasts until it is told to end: the hook's loop starts it again, QEMU
# connects again.
run="$verify --time_based --runtime=5 >/tmp/fio 2>&1"
guest "(s=0; while [ ! -e /tmp/stop ] && [ \$s = 0 ]; do $run; s=\$?; done; echo \$s >/tmp/done) &"
busy() { [ "$(awk '{ print $14 + $15 }' "/proc/$(service)/stat" 2>/dev/null)" -gt 20 ]; }
kills=0
while [ $kills -lt 5 ] && until_true 120 busy; do
	old=$(service)
	kill -KILL "$old"
	kills=$((kills + 1))
	came_back() { new=$(service) && [ "$new" != "$old" ]; }
	until_true 120 came_back || break
done
is $kills 5 'killed five times under load'
check 'which goes on' until_true 120 busy
limit=600
# shellcheck disable=SC2016 # expanded in the domain
check 'fio ends, having read what it wrote' guest 'touch /tmp/stop; for i in $(seq 500); do [ -e /tmp/done ] && break; sleep 1; done; cat /tmp/fio; [ "$(cat /tmp/done)" = 0 ]'
check 'no I/O error was seen' guest '! dmesg | grep -iE "I/O error|blk_update|ext4.*error"'
check 'fsck finds nothing' guest 'umount /mnt && fsck.ext4 -f -n /dev/vda && mount -t ext4 /dev/vda /mnt'
check 'sums of what is on it' guest 'cd /mnt && sha256sum v.0.0 v.1.0 copy >/tmp/sums && cd / && umount /mnt'
resumed=$(cat "$work"/log/*.log 2>/dev/null | grep -c 'in flight are taken again')
# How often depends on where it was killed; tests/serve/serve.t sees to it that it happens.
echo "# requests in flight were taken again by $resumed of 5 services"

truncate -s $((size_mib + 64))M "$image"
kill -HUP "$(service)"
grown() { guest "[ \$(cat /sys/block/vda/size) = $(((size_mib + 64) * 2048)) ]"; }
check 'a disk that was made larger is larger in the domain' until_true 120 grown

check 'unplug' virsh detach-device t "$work/disk.xml" --live
gone() { guest '! [ -e /dev/vda ]'; }
check 'the disk goes' until_true 120 gone
check 'plug' virsh attach-device t "$work/disk.xml" --live
come() { guest '[ -e /dev/vda ]'; }
check 'the disk comes' until_true 120 come
check 'with what was on it' guest 'mount -t ext4 -o ro /dev/vda /mnt && cd /mnt && sha256sum -c /tmp/sums && cd / && umount /mnt'

if virsh save t "$work/saved"; then
	ok 0 'save'
	check 'restore' virsh restore "$work/saved"
	check 'and it reads' guest 'mount -t ext4 -o ro /dev/vda /mnt && cd /mnt && sha256sum -c /tmp/sums && cd / && umount /mnt'
else
	skip 'save and restore' "libvirt does not: $(tr '\n' ' ' <"$err")"
fi

check 'shutdown' virsh shutdown t --mode acpi
check 'it is off' until_true 120 is_state 'shut off'
check 'and the service has ended' until_true 120 no_service
check 'started again' virsh start t
check 'it boots' ready
check 'destroy' virsh destroy t
check 'the service has ended' until_true 120 no_service

# A domain whose disk is not there does not start, and says why.
mv "$image" "$image.away"
! virsh start t && grep -q 'nothing listens there: .*No such file' "$err"
ok $? 'without the disk the domain does not start, and says why'
check 'and no service is left' no_service
virsh undefine t
ok $? 'undefined'

end_daemons

done_testing
