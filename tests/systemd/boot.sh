#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Process 1 of the container, at first: it lays down what its systemd starts, and becomes that.
set -eu

mkdir -p /etc/systemd/system /etc/slabvisor /etc/sysusers.d
# It asks questions at the console.
ln -s /dev/null /etc/systemd/system/systemd-firstboot.service
cp /opt/slabvisor/lib/systemd/system/* /etc/systemd/system/
cat >/etc/sysusers.d/slabvisor.conf <<-END
	g kvm -
	u slabvisor - "Slabvisor disks"
	m slabvisor kvm
END
cat >/etc/systemd/system/check.service <<-END
	[Unit]
	SuccessAction=exit-force
	FailureAction=exit-force
	[Service]
	Type=oneshot
	WorkingDirectory=/run/tree
	ExecStart=/bin/bash tests/systemd/inside.sh
	StandardOutput=file:/run/inside/tap
	StandardError=file:/run/inside/err
END
exec /lib/systemd/systemd --unit=check.service
