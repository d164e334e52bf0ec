/* SPDX-License-Identifier: BSD-2-Clause */
/* The balloon by QMP, as QEMU has it: sizes are what the guest has, not what the balloon has. */
#include <errno.h>

#include "virtio/balloon/balloon.h"
#include "vmm/machine/devices.h"
#include "vmm/qmp/commands.h"
#include "vmm/qmp/target.h"

/* The balloon of a call's machine; NULL: there is none, and the call has failed. */
static struct virtio_device *balloon_of(struct qmp_call *call)
{
	const struct devices *devices = qmp_devices(call);

	if (devices && !devices->channels.balloon)
		qmp_fail(call, QMP_NOT_ACTIVE, "No balloon device has been activated");
	return devices ? devices->channels.balloon : NULL;
}

int qmp_balloon(struct qmp_call *call)
{
	struct virtio_device *balloon = balloon_of(call);
	json_int_t value = json_integer_value(json_object_get(call->args, "value"));

	if (!balloon)
		return -EINVAL;
	switch (balloon_dev_set_target(balloon, value > 0 ? (uint64_t)value : 0)) {
	case 0:
		return 0;
	case -EINVAL:
		return qmp_fail(call, QMP_GENERIC, "Parameter 'value' expects a size");
	default:
		return qmp_fail(
			call, QMP_GENERIC,
			"RAM that is there from the start (--hugepages, --prefault) stays the "
			"guest's: its balloon cannot take any");
	}
}

int qmp_query_balloon(struct qmp_call *call)
{
	struct virtio_device *balloon = balloon_of(call);

	if (!balloon)
		return -EINVAL;
	call->result = json_pack("{s:I}", "actual", (json_int_t)balloon_dev_actual(balloon));
	return 0;
}
