# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# A libvirt domain with a disk and a memory service that the hook starts, and what one asks of it.
# Sourced from the top of the source tree, as root in a mount namespace, after tests/libvirt/daemon.sh.
# shellcheck disable=SC2154,SC2034,SC2317 # what is set there, and what is here for others

. tests/libvirt/window.sh

kernel=$B/nested/cloud
kmem=/run/slabvisor/t-kmem.sock
disk=/run/slabvisor/t-data.sock
image=$here/$(mktemp -d "$B/libvirt.XXXXXX")/disk.img
at_end "rm -rf '${image%/*}'"

# make_initrd FILE...: $work/initrd, with the module, its self-test and files.
make_initrd() {
	local module
	mkdir -p "$B/nested"
	tests/nested/kernel.sh "$kernel" linux-image-cloud-amd64 >&2 || return 1
	module=$B/module/$(<"$kernel/release")
	tests/libvirt/initramfs.sh "$kernel" "$work/initrd" "$module/slabvisor.ko" "$module/slabvisor_selftest.ko" "$@"
}

# domain MACHINE [OS-ELEMENTS]: its XML; the disk is served by the process that serves memory, or with
# processes=2 by one of its own.
domain() {
	local within="<slabvisor:disk socket='$disk' file='$image' queues='2'/>" beside=''
	[ "${processes:-1}" = 1 ] || beside=$within within=''
	cat <<-END
	<domain type='qemu'>
	  <name>t</name>
	  <metadata>
	    <slabvisor:disks xmlns:slabvisor='urn:slabvisor:libvirt:1'>
	      <slabvisor:memory socket='$kmem' size='4G' max='1G' user='1G' queues='2' name='t'>
	        $within
	      </slabvisor:memory>
	      $beside
	    </slabvisor:disks>
	  </metadata>
	  <memory unit='MiB'>768</memory>
	  <memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>
	  <vcpu>2</vcpu>
	  <os>
	    <type arch='x86_64' machine='$1'>hvm</type>
	    ${2:-}
	    <kernel>$here/$kernel/vmlinuz</kernel>
	    <initrd>$work/initrd</initrd>
	    <cmdline>console=ttyS0 quiet panic=-1 no_timer_check</cmdline>
	  </os>
	  <features><acpi/></features>
	  <on_reboot>destroy</on_reboot>
	  <devices>
	    <emulator>$emulator</emulator>
	    <disk type='vhostuser' device='disk'>
	      <driver name='qemu' type='raw' queues='2'/>
	      <source type='unix' path='$disk'><reconnect enabled='yes' timeout='1'/></source>
	      <target dev='vdb' bus='virtio'/>
	    </disk>
	    <shmem name='slabvisor'>
	      <model type='ivshmem-doorbell'/>
	      <server path='$kmem'/>
	      <msi vectors='3' ioeventfd='on'/>
	    </shmem>
	    <serial type='file'><source path='$work/console'/><target port='0'/></serial>
	    <serial type='unix'><source mode='bind' path='/run/t.serial'/><target port='1'/></serial>
	    <memballoon model='none'/>
	  </devices>
	</domain>
	END
}

ready() { tests/libvirt/guest.py --retry /run/t.serial "${limit:-300}" true >"$out" 2>"$err"; }

# boots NAME: has libvirt start what is in $work/domain.xml, or there is nothing to go on with.
boots() {
	check "$1: the domain is defined" virsh define "$work/domain.xml"
	check "$1: the hook and the domain start" virsh start t
	check "$1: the domain boots" ready || {
		virsh destroy t
		echo 'Bail out! no domain to go on with'
		exit 1
	}
}

# asked NAME: what the service says of it.
asked() { "$SLABVISOR" ctl t query-memory 2>/dev/null | sed -n "s/^ *\"$1\": \([0-9]*\),*$/\1/p"; }
nothing_in_use() { [ "$(asked frames-in-use)" = 0 ]; }
# unloads: the module goes from the domain, within a minute.
# shellcheck disable=SC2016 # expanded in the domain
unloads() { guest 'for i in $(seq 60); do rmmod slabvisor && exit 0; sleep 1; done; exit 1'; }
# memory_service: its process, which may have the disk as well.
memory_service() { pgrep -f '^[^ ]*/slabvisor serve --kmem'; }
# stored: KiB that the window has memory for.
stored() { window_kib "$(memory_service)"; }
