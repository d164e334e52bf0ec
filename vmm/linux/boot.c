/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/linux/boot.h"

#include <asm/bootparam.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mm/host/file.h"
#include "vmm/base/cli.h"
#include "vmm/linux/acpi.h"
#include "vmm/linux/cpu.h"
#include "vmm/linux/image.h"
#include "vmm/linux/irqchip.h"
#include "vmm/linux/map.h"
#include "vmm/linux/pvh.h"
#include "vmm/machine/memory.h"

#define PAGE 4096ull
/* Below the first MiB: what is read once, before the kernel has its own of it. */
#define PVH_INFO     0x6000ull
#define BOOT_PARAMS  0x7000ull
#define CMDLINE      0x20000ull
#define CMDLINE_ROOM 0x10000ull

_Static_assert(PVH_INFO + sizeof(struct pvh_info) <= BOOT_PARAMS, "one after the other");

struct boot {
	const struct run_config *config;
	const struct memory *mem;
	unsigned int devices; /* virtio-mmio devices */
	uint8_t *ram;
	uint64_t ram_low;
	struct linux_image image;
	uint64_t initrd, initrd_size;
};

static enum exit_status load_kernel(struct boot *b)
{
	int ret;

	if (b->image.end > b->ram_low)
		return cli_fail(STATUS_BAD_IMAGE,
				"--kernel %s: needs RAM up to %llu MiB while it starts: "
				"raise --memory",
				b->config->kernel, (unsigned long long)(b->image.end >> 20) + 1);
	ret = linux_image_load(&b->image, b->ram);
	if (ret)
		return cli_fail(STATUS_BAD_IMAGE, "--kernel %s: cannot be read: %s",
				b->config->kernel, strerror(-ret));
	return 0;
}

/* As high as it may lie, so that the kernel has room above itself. */
static enum exit_status place_initrd(struct boot *b, int fd, uint64_t size)
{
	const char *path = b->config->initrd;
	uint64_t top = b->ram_low < b->image.initrd_limit ? b->ram_low : b->image.initrd_limit;
	uint64_t at;
	ssize_t n;

	top &= ~(PAGE - 1);
	if (size > top || ((top - size) & ~(PAGE - 1)) < b->image.end)
		return cli_fail(STATUS_BAD_IMAGE,
				"--initrd %s: does not fit in RAM above the kernel: raise --memory",
				path);
	at = (top - size) & ~(PAGE - 1);
	n = file_read_at(fd, b->ram + at, size, 0);
	if (n < 0 || (uint64_t)n != size)
		return cli_fail(STATUS_BAD_IMAGE, "--initrd %s: cannot be read: %s", path,
				n < 0 ? strerror((int)-n) : "it became shorter");
	b->initrd = at;
	b->initrd_size = size;
	return 0;
}

static enum exit_status load_initrd(struct boot *b, int fd)
{
	const char *path = b->config->initrd;
	struct stat st;

	if (fd < 0)
		return 0;
	if (fstat(fd, &st))
		return cli_fail(STATUS_BAD_IMAGE, "--initrd %s: cannot be read: %s", path,
				strerror(errno));
	if (!S_ISREG(st.st_mode))
		return cli_fail(STATUS_BAD_IMAGE, "--initrd %s: not a file: give a cpio archive",
				path);
	return place_initrd(b, fd, (uint64_t)st.st_size);
}

static enum exit_status put_cmdline(struct boot *b)
{
	const char *text = b->config->append ? b->config->append : "";
	size_t len = strlen(text);
	size_t max = b->image.cmdline_max;

	if (max >= CMDLINE_ROOM)
		max = CMDLINE_ROOM - 1;
	if (len > max)
		return cli_fail(STATUS_USAGE, "--append: %zu bytes: this kernel takes %zu", len,
				max);
	memcpy(b->ram + CMDLINE, text, len + 1);
	return 0;
}

static enum exit_status put_acpi(struct boot *b)
{
	struct acpi_config acpi = {
		.cpus = b->config->cpus,
		.devices = b->devices,
		.nodes = b->config->nr_nodes,
	};
	long ret;

	for (unsigned int i = 0; i < acpi.cpus; i++) {
		acpi.apic_id[i] = (uint8_t)linux_cpu_apic_id(b->config, i);
		acpi.cpu_node[i] = (uint8_t)linux_cpu_node(b->config, i);
	}
	for (unsigned int i = 0; i < acpi.devices; i++)
		acpi.gsi[i] = irqchip_gsi(i);
	linux_map_ranges(b->mem, &acpi);
	ret = acpi_build(&acpi, b->ram + ACPI_BASE, ACPI_SIZE, ACPI_BASE);
	if (ret < 0)
		return cli_fail(STATUS_HOST_ERROR, "the ACPI tables: %s", strerror((int)-ret));
	return 0;
}

static void put_boot_params(struct boot *b)
{
	struct boot_params *params = (struct boot_params *)(b->ram + BOOT_PARAMS);

	params->hdr = b->image.header;
	params->hdr.cmd_line_ptr = CMDLINE;
	params->hdr.ramdisk_image = (uint32_t)b->initrd;
	params->hdr.ramdisk_size = (uint32_t)b->initrd_size;
	params->acpi_rsdp_addr = ACPI_BASE;
	linux_map_e820(b->mem, params);
}

static void put_pvh_info(struct boot *b)
{
	struct linux_map map;
	const struct pvh_config config = {
		.map = &map,
		.cmdline = CMDLINE,
		.rsdp = ACPI_BASE,
		.initrd = b->initrd,
		.initrd_size = b->initrd_size,
	};

	linux_map_fill(&map, b->mem);
	pvh_fill((struct pvh_info *)(b->ram + PVH_INFO), PVH_INFO, &config);
}

/* What the kernel is told, and how it is entered. */
static void prepare_entry(struct boot *b, struct linux_entry *entry)
{
	*entry = (struct linux_entry){
		.rip = b->image.entry,
		.pvh = b->image.pvh,
		.params = b->image.pvh ? PVH_INFO : BOOT_PARAMS,
	};
	if (b->image.pvh) {
		put_pvh_info(b);
	} else {
		put_boot_params(b);
		linux_cpu_tables(b->ram);
	}
}

enum exit_status linux_files_open(const struct run_config *config, struct linux_files *files)
{
	char why[LINUX_WHY_MAX];

	files->initrd_fd = -1;
	if (linux_image_open(config->kernel, &files->kernel, why))
		return cli_fail(STATUS_BAD_IMAGE, "--kernel %s: %s", config->kernel, why);
	if (!config->initrd)
		return 0;
	files->initrd_fd = open(config->initrd, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (files->initrd_fd >= 0)
		return 0;
	linux_image_close(&files->kernel);
	return cli_fail(STATUS_BAD_IMAGE, "--initrd %s: cannot be read: %s", config->initrd,
			strerror(errno));
}

void linux_files_close(struct linux_files *files)
{
	linux_image_close(&files->kernel);
	if (files->initrd_fd >= 0)
		close(files->initrd_fd);
}

enum exit_status linux_boot_build(const struct run_config *config, const struct linux_files *files,
				  const struct memory *mem, unsigned int devices,
				  struct linux_entry *entry)
{
	struct boot b = {
		.config = config,
		.image = files->kernel,
		.mem = mem,
		.devices = devices,
		.ram = mem->ram,
		.ram_low = mem->ram_low,
	};
	enum exit_status status;

	status = load_kernel(&b);
	if (!status)
		status = load_initrd(&b, files->initrd_fd);
	if (!status)
		status = put_cmdline(&b);
	if (!status)
		status = put_acpi(&b);
	if (!status)
		prepare_entry(&b, entry);
	return status;
}
