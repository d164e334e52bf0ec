/* SPDX-License-Identifier: BSD-2-Clause */
/* Debug modes as text, and the caches that they are for. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "mm/slab/debug.h"

#define PARSE_DEFAULT (MM_DEBUG_SANITY | MM_DEBUG_REDZONE | MM_DEBUG_POISON | MM_DEBUG_OWNER)

#define PARSE_FIRST_BIT 8 /* of MM_DEBUG_ALL: the first letter's */

static const char letters[] = "FZPUWQRG";

static unsigned int parse_letter(char letter)
{
	const char *at = letter ? strchr(letters, letter) : NULL;

	return at ? 1u << (PARSE_FIRST_BIT + (at - letters)) : 0;
}

/* One block: letters, then names. */
static int parse_block(const char *text, size_t len, struct mm_config *config, const char **why)
{
	unsigned int modes = 0;
	size_t i = 0;

	for (; i < len && text[i] != ','; i++) {
		unsigned int mode = parse_letter(text[i]);

		*why = "give letters of FZPUWQRG: F sanity, Z red zones, P poison, U owners, "
		       "W wipe, Q quarantine, R random order, G guards";
		if (!mode)
			return -EINVAL;
		modes |= mode;
	}
	if (!modes)
		modes = PARSE_DEFAULT;
	if (i == len) {
		config->debug |= modes;
		return 0;
	}
	*why = "guards are for the whole heap: give G without names of caches";
	if (modes & MM_HARDEN_GUARD)
		return -EINVAL;
	while (i < len) {
		struct mm_debug_rule *rule = &config->rule[config->nr_rules];
		size_t start = ++i;

		while (i < len && text[i] != ',')
			i++;
		*why = "give names of 1 to 31 characters after the comma";
		if (i == start || i - start >= sizeof(rule->name))
			return -EINVAL;
		*why = "give at most 16 names of caches";
		if (config->nr_rules == MM_MAX_DEBUG_RULES)
			return -EINVAL;
		rule->modes = modes;
		memcpy(rule->name, text + start, i - start);
		rule->name[i - start] = 0;
		config->nr_rules++;
	}
	return 0;
}

int mm_debug_parse(const char *text, struct mm_config *config, const char **why)
{
	for (;;) {
		size_t len = strcspn(text, ";");
		int err = parse_block(text, len, config, why);

		if (err || !text[len])
			return err;
		text += len + 1;
	}
}

/* One block more; returns how long the text is then. */
static size_t format_block(char *text, size_t len, unsigned int modes, const char *cache)
{
	char *at = text + len;

	if (len)
		*at++ = ';';
	for (unsigned int i = 0; letters[i]; i++)
		if (modes >> (PARSE_FIRST_BIT + i) & 1)
			*at++ = letters[i];
	*at = 0;
	if (cache) {
		*at++ = ',';
		at = stpcpy(at, cache);
	}
	return (size_t)(at - text);
}

void mm_debug_format(const struct mm_config *config, char *text)
{
	size_t len = 0;

	*text = 0;
	if (config->debug)
		len = format_block(text, len, config->debug, NULL);
	for (unsigned int i = 0; i < config->nr_rules; i++)
		len = format_block(text, len, config->rule[i].modes, config->rule[i].name);
}

static bool name_matches(const char *pattern, const char *name)
{
	size_t len = strlen(pattern);

	if (len && pattern[len - 1] == '*')
		return !strncmp(pattern, name, len - 1);
	return !strcmp(pattern, name);
}

bool debug_is_wanted(const struct mm_config *config)
{
	return config->debug & ~MM_HARDEN_GUARD || config->nr_rules;
}

unsigned int debug_modes_of(const struct mm_config *config, const char *name)
{
	unsigned int modes = config->debug;

	for (unsigned int i = 0; i < config->nr_rules; i++) {
		if (name_matches(config->rule[i].name, name))
			modes |= config->rule[i].modes;
	}
	return modes & MM_DEBUG_ALL;
}
