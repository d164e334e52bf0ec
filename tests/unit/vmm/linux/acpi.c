/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ACPI tables of Linux guests, as a reader of them finds them. With a folder in
 * ACPI_TABLES each table of three machines goes to a file there, for iasl to judge.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "mm/util.h"
#include "vmm/linux/acpi.h"
#include "vmm/linux/aml.h"

static _Alignas(64) uint8_t area[ACPI_SIZE];

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return le32toh(value);
}

static uint64_t get64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return le64toh(value);
}

static uint8_t *at_address(uint64_t address)
{
	assert_in_range(address, ACPI_BASE, ACPI_BASE + ACPI_SIZE - 36);
	return area + (address - ACPI_BASE);
}

static uint8_t sum(const uint8_t *at, size_t len)
{
	uint8_t total = 0;

	while (len--)
		total = (uint8_t)(total + *at++);
	return total;
}

/* The index-th table of the XSDT, or NULL; checks the way there. */
static uint8_t *table(unsigned int index)
{
	uint8_t *xsdt;

	assert_memory_equal(area, "RSD PTR ", 8);
	assert_int_equal(sum(area, 20), 0);
	assert_int_equal(sum(area, 36), 0);
	xsdt = at_address(get64(area + 24));
	assert_memory_equal(xsdt, "XSDT", 4);
	assert_int_equal(sum(xsdt, get32(xsdt + 4)), 0);
	if (36 + 8 * index >= get32(xsdt + 4))
		return NULL;
	return at_address(get64(xsdt + 36 + (size_t)8 * index));
}

static uint8_t *find(const char *signature)
{
	uint8_t *t;

	for (unsigned int i = 0; (t = table(i)); i++)
		if (!memcmp(t, signature, 4)) {
			assert_int_equal(sum(t, get32(t + 4)), 0);
			return t;
		}
	return NULL;
}

static void write_table(const char *machine, const uint8_t *t)
{
	const char *dir = getenv("ACPI_TABLES");
	char path[256];
	int fd;

	if (!dir)
		return;
	snprintf(path, sizeof(path), "%s/%s-%.4s.aml", dir, machine, (const char *)t);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, t, get32(t + 4)), get32(t + 4));
	close(fd);
}

static void build(struct acpi_config *config, const char *machine)
{
	uint8_t *fadt;

	for (unsigned int i = 0; i < config->cpus; i++) {
		config->apic_id[i] = (uint8_t)(16 * i);
		config->cpu_node[i] = (uint8_t)(i * config->nodes / config->cpus);
	}
	for (unsigned int i = 0; i < config->devices; i++)
		config->gsi[i] = 5 + i % 19;
	memset(area, 0, sizeof(area));
	assert_true(acpi_build(config, area, sizeof(area), ACPI_BASE) > 0);
	for (unsigned int i = 0; table(i); i++)
		write_table(machine, table(i));
	fadt = find("FACP");
	assert_non_null(fadt);
	write_table(machine, at_address(get64(fadt + 140)));
	write_table(machine, at_address(get32(fadt + 36)));
}

static void entries(const uint8_t *t, size_t first, unsigned int *count, unsigned int types)
{
	size_t at = first;
	size_t len = get32(t + 4);

	memset(count, 0, types * sizeof(*count));
	while (at < len) {
		assert_true(t[at] < types && t[at + 1] >= 2 && at + t[at + 1] <= len);
		count[t[at]]++;
		at += t[at + 1];
	}
}

static void small_machine(void **state)
{
	struct acpi_config config = {.cpus = 1, .devices = 1, .nodes = 1};
	unsigned int count[5];

	(void)state;
	build(&config, "small");
	assert_null(find("SRAT"));
	entries(find("APIC"), 44, count, 5);
	assert_int_equal(count[0], 1);
	assert_int_equal(count[1], 1);
}

static void large_machine(void **state)
{
	struct acpi_config config = {.cpus = 16, .devices = 17, .nodes = 3, .nr_ranges = 4};
	unsigned int count[5];
	uint8_t *srat;

	(void)state;
	for (unsigned int i = 0; i < config.nr_ranges; i++)
		config.range[i] = (struct acpi_range){
			.base = (uint64_t)i << 30,
			.size = 1 << 30,
			.node = i % 3,
			.hotplug = i == 3,
		};
	build(&config, "large");
	entries(find("APIC"), 44, count, 5);
	assert_int_equal(count[0], 16);
	srat = find("SRAT");
	entries(srat, 48, count, 5);
	assert_int_equal(count[0], 16);
	assert_int_equal(count[1], 4);
	/* The first CPU and the last. */
	assert_int_equal(srat[48 + 2], 0);
	assert_int_equal(srat[48 + 15 * 16 + 2], 2);
	assert_int_equal(srat[48 + 15 * 16 + 3], 240);
	/* The last range: its base, and that it is pluggable. */
	assert_int_equal(get64(srat + 48 + 16 * 16 + 3 * 40 + 8), 3ull << 30);
	assert_int_equal(get32(srat + 48 + 16 * 16 + 3 * 40 + 28), 3);
}

static void every_device_is_named(void **state)
{
	struct acpi_config config = {.cpus = 2, .devices = PLATFORM_MMIO_MAX, .nodes = 1};
	const uint8_t *dsdt;
	unsigned int found = 0;
	size_t len;

	(void)state;
	build(&config, "full");
	dsdt = at_address(get64(find("FACP") + 140));
	len = get32(dsdt + 4);
	for (size_t i = 36; i + 8 <= len; i++)
		found += !memcmp(dsdt + i, "LNRO0005", 8);
	assert_int_equal(found, PLATFORM_MMIO_MAX);
}

static void no_room(void **state)
{
	struct acpi_config config = {.cpus = 4, .devices = 8, .nodes = 2};
	long used;

	(void)state;
	used = acpi_build(&config, area, sizeof(area), ACPI_BASE);
	assert_true(used > 0);
	for (size_t size = 0; size < (size_t)used; size++) {
		uint8_t *exact = calloc(1, size + 1);

		assert_int_equal(acpi_build(&config, exact, size, ACPI_BASE), -ENOSPC);
		free(exact);
	}
}

/* A package's length has one byte up to 63, then two, then three. */
static void package_lengths(void **state)
{
	static const size_t bodies[] = {61, 62, 63, 4092, 4093, 4094, 70000};
	uint8_t *buf = calloc(1, 80000);
	size_t n;
	size_t length;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		struct aml aml = {.buf = buf, .size = 80000};
		size_t mark = aml_open_device(&aml, "ABCD");

		for (size_t j = 4; j < bodies[i]; j++)
			aml_integer(&aml, 0);
		aml_close(&aml, mark);
		assert_false(aml.full);
		n = buf[2] >> 6;
		length = n ? buf[2] & 0xf : buf[2];
		for (size_t j = 0; j < n; j++)
			length |= (size_t)buf[3 + j] << (4 + 8 * j);
		assert_int_equal(length, bodies[i] + 1 + n);
		assert_memory_equal(buf + 3 + n, "ABCD", 4);
		assert_int_equal(aml.len, 2 + length);
	}
	free(buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_machine),         cmocka_unit_test(large_machine),
		cmocka_unit_test(every_device_is_named), cmocka_unit_test(no_room),
		cmocka_unit_test(package_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
