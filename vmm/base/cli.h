/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every command of the monitor shares: exit statuses, error lines, and the
 * reading of sizes and numbers.
 */
#ifndef VMM_BASE_CLI_H
#define VMM_BASE_CLI_H

#include <stddef.h>
#include <stdint.h>

/* Exit statuses, and what functions return that may end a command with one: 0 when all is well.
 * `slabvisor run` also ends with the guest's own (0..119). */
enum exit_status {
	STATUS_OK = 0,
	STATUS_GUEST_MAX = 119,   /* also: the guest's own status was above it */
	STATUS_GUEST_FAULT = 120, /* exception, triple fault, foreign memory */
	STATUS_GUEST_BUG = 121,   /* the runtime's own report */
	STATUS_NO_KVM = 122,      /* /dev/kvm is missing or unusable */
	STATUS_NO_MEMORY = 123,   /* the host cannot give the memory asked for */
	STATUS_BAD_IMAGE = 124,   /* program or module unreadable or unfit */
	STATUS_USAGE = 125,       /* unknown option, bad value */
	STATUS_BAD_CONFIG = 126,  /* the configuration file is wrong */
	STATUS_HOST_ERROR = 127,  /* anything else that the host refused */
	STATUS_SIGNAL = 128,      /* + the signal that ended the guest */
};

/*
 * Looks whether standard error is the journal of systemd ($JOURNAL_STREAM). There each line begins
 * with a priority, which the journal takes off: <3>, of an error, <4>, of a note, or <6>, of what
 * goes on. Called once, at the start, before there are other threads.
 */
void cli_find_journal(void);

/* Prints `slabvisor: ` and the message as one line on stderr; control characters
 * in it become '?'. Returns status, so that a caller can return it in turn. */
enum exit_status cli_fail(enum exit_status status, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The same for what is worth saying but ends nothing. */
void cli_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ... and for what goes on as it should, such as that a machine has come. */
void cli_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Prints whole lines of an error's, as they are, without other threads' lines between them. */
void cli_text(const char *text);

/* Replaces every byte of text that is not printable ASCII by '?'. Returns text. */
char *cli_sanitise(char *text);

/*
 * Reads a size in bytes: a decimal number and an optional K, M, G or T.
 * Returns 0, -EINVAL if text is not that, -ERANGE beyond 64 bits.
 */
int cli_parse_size(const char *text, uint64_t *size);

/* Reads a decimal number from min to max. Returns 0, -EINVAL or -ERANGE. */
int cli_parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *value);

/* Makes *to a copy of value, and frees what it was. Returns 0, or -ENOMEM with *to as it was. */
int cli_set_string(char **to, const char *value);

/* Writes size with the largest suffix that divides it. Returns buf. */
char *cli_format_size(char *buf, size_t room, uint64_t size);

#endif
