/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/cmd/native.h"

#include <unistd.h>

#include "vmm/cmd/kind.h"
#include "vmm/config/options.h"
#include "vmm/machine/vm.h"
#include "vmm/report/report.h"

/* Of the smallest guest there is, a program. */
static enum exit_status measure_in(const struct run_config *config, int kvm_fd, double *ns)
{
	struct run run;
	enum exit_status status;

	if (run_init(&run, config, guest_kind_of(config)))
		return cli_fail(STATUS_HOST_ERROR, "out of memory");
	run.kvm_fd = kvm_fd;
	status = vm_create(&run, report_heap);
	if (!status) {
		*ns = run.vm->ring ? run.vm->ring_ns : 0;
		devices_destroy(&run.vm->devices);
		vm_destroy(&run);
	}
	run_fini(&run);
	return status;
}

enum exit_status native_measure(int kvm_fd, double *ns)
{
	struct run_config config;
	enum exit_status status = STATUS_HOST_ERROR;

	if (run_config_init(&config))
		return cli_fail(status, "out of memory");
	config.memory = RUN_MIN_MEMORY;
	config.heap = MM_HUGE_SIZE;
	config.node[0] = (struct run_node){.heap = config.heap, .host_node = -1};
	config.nr_nodes = 1;
	status = measure_in(&config, kvm_fd, ns);
	run_config_free(&config);
	return status;
}

bool native_is_missing(int kvm_fd)
{
	double ns = 0;

	if (!access("/sys/module/kvm_intel", F_OK) || !access("/sys/module/kvm_amd", F_OK))
		return false;
	return !native_measure(kvm_fd, &ns) && ns > 0;
}
