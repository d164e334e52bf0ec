/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/linux/acpi.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "vmm/linux/acpi_dsdt.h"

#define LAPIC_ADDRESS  0xfee00000u
#define IOAPIC_ADDRESS 0xfec00000u
#define MAX_TABLES     8

/* IAPC_BOOT_ARCH (table 5.11): none of the legacy devices; no VGA, no MSI, no CMOS clock. */
#define BOOT_ARCH 0x2c
/* Flags (table 5.10): WBINVD works; C1 is there; the sleep button is not of the fixed hardware,
 * as the power button is, nor is the clock's alarm; RESET_REG works. */
#define FADT_FLAGS    (1u << 0 | 1u << 2 | 1u << 5 | 1u << 6 | 1u << 10)
#define NO_C2_LATENCY 101
#define NO_C3_LATENCY 1001

#define GAS_IO 1

struct header {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char oem_id[6], oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} __attribute__((packed));

struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt, length;
	uint64_t xsdt;
	uint8_t extended_checksum, reserved[3];
} __attribute__((packed));

struct gas {
	uint8_t space, bits, offset, access;
	uint64_t address;
} __attribute__((packed));

struct facs {
	char signature[4];
	uint32_t length, hardware_signature, waking_vector, global_lock, flags;
	uint64_t x_waking_vector;
	uint8_t version, reserved[31];
} __attribute__((packed));

/* Fields that are not named are zero: no such hardware. */
struct fadt {
	struct header header;
	uint32_t facs, dsdt;
	uint8_t reserved1, profile;
	uint16_t sci;
	uint32_t smi_command;
	uint8_t acpi_enable, acpi_disable, s4bios, pstate;
	uint32_t pm1a_event, pm1b_event, pm1a_control, pm1b_control, pm2_control, pm_timer, gpe0,
		gpe1;
	uint8_t pm1_event_len, pm1_control_len, pm2_control_len, pm_timer_len, gpe0_len, gpe1_len,
		gpe1_base, cst;
	uint16_t c2_latency, c3_latency, flush_size, flush_stride;
	uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
	uint16_t boot_arch;
	uint8_t reserved2;
	uint32_t flags;
	struct gas reset;
	uint8_t reset_value;
	uint16_t arm_boot_arch;
	uint8_t minor_revision;
	uint64_t x_facs, x_dsdt;
	struct gas x_pm1a_event, x_pm1b_event, x_pm1a_control, x_pm1b_control, x_pm2_control,
		x_pm_timer, x_gpe0, x_gpe1, sleep_control, sleep_status;
	uint64_t hypervisor;
} __attribute__((packed));

struct madt {
	struct header header;
	uint32_t lapic_address, flags;
} __attribute__((packed));

struct madt_lapic {
	uint8_t type, length, uid, apic_id;
	uint32_t flags;
} __attribute__((packed));

struct madt_ioapic {
	uint8_t type, length, id, reserved;
	uint32_t address, gsi_base;
} __attribute__((packed));

struct madt_override {
	uint8_t type, length, bus, source;
	uint32_t gsi;
	uint16_t flags;
} __attribute__((packed));

struct madt_nmi {
	uint8_t type, length, uid;
	uint16_t flags;
	uint8_t lint;
} __attribute__((packed));

struct srat {
	struct header header;
	uint32_t one;
	uint64_t reserved;
} __attribute__((packed));

struct srat_cpu {
	uint8_t type, length, domain, apic_id;
	uint32_t flags;
	uint8_t sapic_eid, domain_high[3];
	uint32_t clock_domain;
} __attribute__((packed));

struct srat_memory {
	uint8_t type, length;
	uint32_t domain;
	uint16_t reserved1;
	uint64_t base, size;
	uint32_t reserved2, flags;
	uint64_t reserved3;
} __attribute__((packed));

_Static_assert(sizeof(struct header) == 36, "table header layout");
_Static_assert(sizeof(struct rsdp) == 36, "RSDP layout");
_Static_assert(sizeof(struct facs) == 64, "FACS layout");
_Static_assert(offsetof(struct fadt, boot_arch) == 109, "FADT layout");
_Static_assert(offsetof(struct fadt, x_dsdt) == 140, "FADT layout");
_Static_assert(sizeof(struct fadt) == 276, "FADT layout");
_Static_assert(sizeof(struct srat_memory) == 40, "SRAT layout");

struct builder {
	uint8_t *mem;
	size_t size, used;
	uint64_t base;
	bool full;
	uint64_t table[MAX_TABLES]; /* those that the XSDT names */
	unsigned int nr_tables;
};

/* Takes len zero bytes of the area, aligned as FACS wants it. NULL: no room. */
static void *acpi_take(struct builder *b, size_t len)
{
	size_t at = (b->used + 63) & ~(size_t)63;

	if (b->full || at > b->size || len > b->size - at) {
		b->full = true;
		return NULL;
	}
	b->used = at + len;
	return b->mem + at;
}

/* Adds an entry to the table that is being written, right behind what there is. */
static void append(struct builder *b, const void *entry, size_t len)
{
	if (b->full || len > b->size - b->used) {
		b->full = true;
		return;
	}
	memcpy(b->mem + b->used, entry, len);
	b->used += len;
}

static uint64_t address_of(const struct builder *b, const void *at)
{
	return b->base + (uint64_t)((const uint8_t *)at - b->mem);
}

static uint8_t checksum(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	uint8_t sum = 0;

	while (len--)
		sum = (uint8_t)(sum + *at++);
	return (uint8_t)-sum;
}

/* Fills in the header of a table that reaches to the end of what is used. */
static void finish(struct builder *b, struct header *h, const char *signature, uint8_t revision)
{
	if (b->full)
		return;
	memcpy(h->signature, signature, sizeof(h->signature));
	h->length = htole32((uint32_t)(b->mem + b->used - (uint8_t *)h));
	h->revision = revision;
	memcpy(h->oem_id, "SLBVSR", sizeof(h->oem_id));
	memcpy(h->oem_table_id, "SLABVISR", sizeof(h->oem_table_id));
	h->oem_revision = htole32(1);
	memcpy(h->creator_id, "SLBV", sizeof(h->creator_id));
	h->creator_revision = htole32(1);
	h->checksum = 0;
	h->checksum = checksum(h, le32toh(h->length));
}

static void finish_named(struct builder *b, struct header *h, const char *signature,
			 uint8_t revision)
{
	finish(b, h, signature, revision);
	if (!b->full)
		b->table[b->nr_tables++] = address_of(b, h);
}

static uint64_t build_facs(struct builder *b)
{
	struct facs *facs = acpi_take(b, sizeof(*facs));

	if (!facs)
		return 0;
	memcpy(facs->signature, "FACS", sizeof(facs->signature));
	facs->length = htole32(sizeof(*facs));
	facs->version = 2;
	return address_of(b, facs);
}

static uint64_t build_dsdt(struct builder *b, const struct acpi_config *config)
{
	struct header *h = acpi_take(b, sizeof(*h));
	long len;

	if (!h)
		return 0;
	len = acpi_dsdt(config, b->mem + b->used, b->size - b->used);
	if (len < 0) {
		b->full = true;
		return 0;
	}
	b->used += (size_t)len;
	finish(b, h, "DSDT", 2);
	return address_of(b, h);
}

static struct gas io(uint16_t port, uint8_t bits)
{
	return (struct gas){
		.space = GAS_IO,
		.bits = bits,
		.access = bits == 8 ? 1 : 2, /* bytes, words */
		.address = htole64(port),
	};
}

static void build_fadt(struct builder *b, uint64_t facs, uint64_t dsdt)
{
	struct fadt *f = acpi_take(b, sizeof(*f));

	if (!f)
		return;
	f->facs = htole32((uint32_t)facs);
	f->dsdt = htole32((uint32_t)dsdt);
	f->x_dsdt = htole64(dsdt);
	f->sci = htole16(ACPI_SCI_IRQ);
	f->pm1a_event = htole32(ACPI_PM1_EVENT);
	f->pm1_event_len = 4;
	f->x_pm1a_event = io(ACPI_PM1_EVENT, 32);
	f->pm1a_control = htole32(ACPI_PM1_CONTROL);
	f->pm1_control_len = 2;
	f->x_pm1a_control = io(ACPI_PM1_CONTROL, 16);
	f->c2_latency = htole16(NO_C2_LATENCY);
	f->c3_latency = htole16(NO_C3_LATENCY);
	f->boot_arch = htole16(BOOT_ARCH);
	f->flags = htole32(FADT_FLAGS);
	f->reset = io(ACPI_RESET, 8);
	f->reset_value = ACPI_RESET_VALUE;
	f->minor_revision = 4;
	memcpy(&f->hypervisor, "Slabvisr", sizeof(f->hypervisor));
	finish_named(b, &f->header, "FACP", 6);
}

static void build_madt(struct builder *b, const struct acpi_config *config)
{
	struct madt *m = acpi_take(b, sizeof(*m));
	const struct madt_ioapic ioapic = {
		.type = 1,
		.length = sizeof(ioapic),
		.id = (uint8_t)config->cpus,
		.address = htole32(IOAPIC_ADDRESS),
	};
	/* Active high, level-triggered. */
	const struct madt_override sci = {
		.type = 2,
		.length = sizeof(sci),
		.source = ACPI_SCI_IRQ,
		.gsi = htole32(ACPI_SCI_IRQ),
		.flags = htole16(0x0d),
	};
	const struct madt_nmi nmi = {.type = 4, .length = sizeof(nmi), .uid = 0xff, .lint = 1};

	if (!m)
		return;
	m->lapic_address = htole32(LAPIC_ADDRESS);
	m->flags = htole32(1); /* the two 8259 are there as well */
	for (unsigned int i = 0; i < config->cpus; i++) {
		const struct madt_lapic lapic = {
			.length = sizeof(lapic),
			.uid = (uint8_t)i,
			.apic_id = config->apic_id[i],
			.flags = htole32(1),
		};

		append(b, &lapic, sizeof(lapic));
	}
	append(b, &ioapic, sizeof(ioapic));
	append(b, &sci, sizeof(sci));
	append(b, &nmi, sizeof(nmi));
	finish_named(b, &m->header, "APIC", 5);
}

static void build_srat(struct builder *b, const struct acpi_config *config)
{
	struct srat *s = acpi_take(b, sizeof(*s));

	if (!s)
		return;
	s->one = htole32(1);
	for (unsigned int i = 0; i < config->cpus; i++) {
		const struct srat_cpu cpu = {
			.length = sizeof(cpu),
			.domain = config->cpu_node[i],
			.apic_id = config->apic_id[i],
			.flags = htole32(1),
		};

		append(b, &cpu, sizeof(cpu));
	}
	for (unsigned int i = 0; i < config->nr_ranges; i++) {
		const struct acpi_range *r = &config->range[i];
		const struct srat_memory memory = {
			.type = 1,
			.length = sizeof(memory),
			.domain = htole32(r->node),
			.base = htole64(r->base),
			.size = htole64(r->size),
			.flags = htole32(1 | (r->hotplug ? 2 : 0)),
		};

		append(b, &memory, sizeof(memory));
	}
	finish_named(b, &s->header, "SRAT", 3);
}

static uint64_t build_xsdt(struct builder *b)
{
	struct header *h = acpi_take(b, sizeof(*h));
	uint64_t at;

	if (!h)
		return 0;
	for (unsigned int i = 0; i < b->nr_tables; i++) {
		at = htole64(b->table[i]);
		append(b, &at, sizeof(at));
	}
	finish(b, h, "XSDT", 1);
	return address_of(b, h);
}

long acpi_build(const struct acpi_config *config, uint8_t *tables, size_t size, uint64_t base)
{
	struct builder b = {.mem = tables, .size = size, .base = base};
	struct rsdp *rsdp = acpi_take(&b, sizeof(*rsdp));
	uint64_t facs;
	uint64_t dsdt;

	if (!rsdp)
		return -ENOSPC;
	facs = build_facs(&b);
	dsdt = build_dsdt(&b, config);
	build_fadt(&b, facs, dsdt);
	build_madt(&b, config);
	if (config->nodes > 1)
		build_srat(&b, config);
	memcpy(rsdp->signature, "RSD PTR ", sizeof(rsdp->signature));
	memcpy(rsdp->oem_id, "SLBVSR", sizeof(rsdp->oem_id));
	rsdp->revision = 2;
	rsdp->length = htole32(sizeof(*rsdp));
	rsdp->xsdt = htole64(build_xsdt(&b));
	/* The first checksum is of what ACPI 1.0 had. */
	rsdp->checksum = checksum(rsdp, offsetof(struct rsdp, length));
	rsdp->extended_checksum = checksum(rsdp, sizeof(*rsdp));
	return b.full ? -ENOSPC : (long)b.used;
}
