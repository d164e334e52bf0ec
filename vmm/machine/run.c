/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/machine/run.h"

/* Reports of the heap's debug modes at once: as many as somebody reads. */
#define HEAP_REPORTS 256u

int run_init(struct run *run, const struct run_config *config, const struct guest_kind *kind)
{
	int ret;

	*run = (struct run){.config = config, .kind = kind, .elf.fd = -1, .kvm_fd = -1};
	pressure_init(&run->pressure);
	for (unsigned int i = 0; i < RUN_MAX_DISKS; i++)
		run->disk_file[i].cached_fd = run->disk_file[i].direct_fd = -1;
	ret = log_limit_init(&run->heap_log, "guest memory", HEAP_REPORTS);
	if (ret)
		return ret;
	ret = log_limit_init(&run->machine_log, "machines that begin anew", LOG_LIMIT_BURST);
	if (ret)
		log_limit_fini(&run->heap_log);
	return ret;
}

void run_fini(struct run *run)
{
	log_limit_settle(&run->heap_log, true);
	log_limit_settle(&run->machine_log, true);
	log_limit_fini(&run->machine_log);
	log_limit_fini(&run->heap_log);
}
