/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI Machine Language by hand: what ACPI 6.4, chapter 20, says of each term, written
 * one after the other into a buffer. A term with a package length is opened and
 * closed; terms in between are its contents.
 */
#ifndef VMM_LINUX_AML_H
#define VMM_LINUX_AML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct aml {
	uint8_t *buf;
	size_t size, len;
	bool full; /* something did not fit: what is there is not to be used */
};

/* Scope (name) { ... }: a path of one name segment in the root's, "_SB_" for \_SB.
 * Returns what aml_close() wants. */
size_t aml_open_scope(struct aml *aml, const char *segment);

/* Device (name) { ... }. */
size_t aml_open_device(struct aml *aml, const char *segment);

/* Package () { ... } of count elements, as a value. */
size_t aml_open_package(struct aml *aml, uint8_t count);

void aml_close(struct aml *aml, size_t mark);

/* Name (segment, the term that follows). */
void aml_name(struct aml *aml, const char *segment);

/* An integer in the shortest form that has it. */
void aml_integer(struct aml *aml, uint32_t value);

/* A string, up to its NUL. */
void aml_string(struct aml *aml, const char *text);

/* EisaId ("PNP0501"): three capital letters and four hexadecimal digits. */
void aml_eisa_id(struct aml *aml, const char *id);

/*
 * A resource template under construction (ACPI 6.4, section 6.4): its descriptors are
 * collected first and written as a buffer by aml_resources().
 */
struct aml_resources {
	uint8_t byte[64];
	size_t len;
	bool full;
};

/* IO (Decode16, base, base, 1, length). */
void aml_add_io(struct aml_resources *res, uint16_t base, uint8_t length);

/* IRQNoFlags () {irq}: edge-triggered, active high; irq is below 16. */
void aml_add_irq(struct aml_resources *res, unsigned int irq);

/* Memory32Fixed (ReadWrite, base, size). */
void aml_add_memory(struct aml_resources *res, uint32_t base, uint32_t size);

/* Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) {gsi}. */
void aml_add_interrupt(struct aml_resources *res, uint32_t gsi);

/* The template, with its end tag, as a value. */
void aml_resources(struct aml *aml, const struct aml_resources *res);

#endif
