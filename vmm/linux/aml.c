/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/linux/aml.h"

#include <string.h>

/* Opcodes (ACPI 6.4, table 20.3). */
#define OP_ZERO     0x00
#define OP_ONE      0x01
#define OP_NAME     0x08
#define OP_BYTE     0x0a
#define OP_WORD     0x0b
#define OP_DWORD    0x0c
#define OP_STRING   0x0d
#define OP_SCOPE    0x10
#define OP_BUFFER   0x11
#define OP_PACKAGE  0x12
#define OP_EXTENDED 0x5b
#define EXT_DEVICE  0x82
#define ROOT_CHAR   0x5c

/* Resource descriptors (section 6.4.2, 6.4.3). */
#define RES_IRQ       0x22 /* small, two bytes: no flags */
#define RES_IO        0x47 /* small, seven bytes */
#define RES_END       0x79 /* small, one byte */
#define RES_MEMORY32  0x86
#define RES_INTERRUPT 0x89
/* Consumer, edge-triggered; active high and exclusive are zeros. */
#define INTERRUPT_FLAGS 0x03

static void aml_put_bytes(struct aml *aml, const void *bytes, size_t len)
{
	if (aml->full || len > aml->size - aml->len) {
		aml->full = true;
		return;
	}
	memcpy(aml->buf + aml->len, bytes, len);
	aml->len += len;
}

static void put8(struct aml *aml, uint8_t value)
{
	aml_put_bytes(aml, &value, sizeof(value));
}

/* The PkgLength of a body: it counts itself (section 20.2.4). */
static size_t package_length(size_t body, uint8_t out[4])
{
	size_t n;
	size_t total;

	if (body + 1 < 0x40) {
		out[0] = (uint8_t)(body + 1);
		return 1;
	}
	n = body + 2 < 1u << 12 ? 2 : body + 3 < 1u << 20 ? 3 : 4;
	total = body + n;
	out[0] = (uint8_t)((n - 1) << 6 | (total & 0xf));
	for (size_t i = 1; i < n; i++)
		out[i] = (uint8_t)(total >> (8 * i - 4));
	return n;
}

void aml_close(struct aml *aml, size_t mark)
{
	size_t body = aml->len - mark;
	size_t n;
	uint8_t length[4];

	if (aml->full)
		return;
	n = package_length(body, length);
	aml_put_bytes(aml, length, n);
	if (aml->full)
		return;
	memmove(aml->buf + mark + n, aml->buf + mark, body);
	memcpy(aml->buf + mark, length, n);
}

size_t aml_open_scope(struct aml *aml, const char *segment)
{
	size_t mark;

	put8(aml, OP_SCOPE);
	mark = aml->len;
	put8(aml, ROOT_CHAR);
	aml_put_bytes(aml, segment, 4);
	return mark;
}

size_t aml_open_device(struct aml *aml, const char *segment)
{
	size_t mark;

	put8(aml, OP_EXTENDED);
	put8(aml, EXT_DEVICE);
	mark = aml->len;
	aml_put_bytes(aml, segment, 4);
	return mark;
}

size_t aml_open_package(struct aml *aml, uint8_t count)
{
	size_t mark;

	put8(aml, OP_PACKAGE);
	mark = aml->len;
	put8(aml, count);
	return mark;
}

void aml_name(struct aml *aml, const char *segment)
{
	put8(aml, OP_NAME);
	aml_put_bytes(aml, segment, 4);
}

void aml_integer(struct aml *aml, uint32_t value)
{
	/* Little-endian, as AML is. */
	const uint8_t byte[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
				 (uint8_t)(value >> 24)};

	if (value <= 1) {
		put8(aml, value ? OP_ONE : OP_ZERO);
	} else if (value <= UINT8_MAX) {
		put8(aml, OP_BYTE);
		aml_put_bytes(aml, byte, 1);
	} else if (value <= UINT16_MAX) {
		put8(aml, OP_WORD);
		aml_put_bytes(aml, byte, 2);
	} else {
		put8(aml, OP_DWORD);
		aml_put_bytes(aml, byte, 4);
	}
}

void aml_string(struct aml *aml, const char *text)
{
	put8(aml, OP_STRING);
	aml_put_bytes(aml, text, strlen(text) + 1);
}

static unsigned int hex_digit(char c)
{
	return (unsigned int)(c <= '9' ? c - '0' : c - 'A' + 10);
}

/* Five bits a letter, four a digit, most significant first, and the whole in
 * big-endian order (section 19.3.4). */
void aml_eisa_id(struct aml *aml, const char *id)
{
	uint32_t value = 0;
	unsigned int i;

	for (i = 0; i < 3; i++)
		value = value << 5 | (uint32_t)(id[i] - '@');
	for (; i < 7; i++)
		value = value << 4 | hex_digit(id[i]);
	aml_integer(aml, __builtin_bswap32(value));
}

static void aml_add_resource(struct aml_resources *res, const uint8_t *bytes, size_t len)
{
	if (res->full || len > sizeof(res->byte) - res->len) {
		res->full = true;
		return;
	}
	memcpy(res->byte + res->len, bytes, len);
	res->len += len;
}

void aml_add_io(struct aml_resources *res, uint16_t base, uint8_t length)
{
	const uint8_t low = (uint8_t)base;
	const uint8_t high = (uint8_t)(base >> 8);
	/* Decode16, lowest and highest base, alignment, length. */
	const uint8_t io[] = {RES_IO, 1, low, high, low, high, 1, length};

	aml_add_resource(res, io, sizeof(io));
}

void aml_add_irq(struct aml_resources *res, unsigned int irq)
{
	const uint16_t mask = (uint16_t)(1u << irq);
	const uint8_t desc[] = {RES_IRQ, (uint8_t)mask, (uint8_t)(mask >> 8)};

	aml_add_resource(res, desc, sizeof(desc));
}

static void store32(uint8_t *at, uint32_t value)
{
	for (unsigned int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

void aml_add_memory(struct aml_resources *res, uint32_t base, uint32_t size)
{
	uint8_t desc[12] = {RES_MEMORY32, 9, 0, 1};

	store32(desc + 4, base);
	store32(desc + 8, size);
	aml_add_resource(res, desc, sizeof(desc));
}

void aml_add_interrupt(struct aml_resources *res, uint32_t gsi)
{
	uint8_t desc[9] = {RES_INTERRUPT, 6, 0, INTERRUPT_FLAGS, 1};

	store32(desc + 5, gsi);
	aml_add_resource(res, desc, sizeof(desc));
}

void aml_resources(struct aml *aml, const struct aml_resources *res)
{
	/* No checksum: it is taken as right. */
	const uint8_t end[] = {RES_END, 0};
	size_t mark;

	if (res->full)
		aml->full = true;
	put8(aml, OP_BUFFER);
	mark = aml->len;
	aml_integer(aml, (uint32_t)(res->len + sizeof(end)));
	aml_put_bytes(aml, res->byte, res->len);
	aml_put_bytes(aml, end, sizeof(end));
	aml_close(aml, mark);
}
