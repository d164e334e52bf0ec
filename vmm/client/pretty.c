/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/client/pretty.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vmm/base/cli.h"

#define MAX_COLUMNS 32
#define MAX_DEPTH   8
#define LINE        78u /* columns of a list */

/* A scalar as a word; what is none as compact JSON. The caller frees it. */
static char *word_of(const json_t *value)
{
	char *text;

	if (json_is_string(value))
		text = strdup(json_string_value(value));
	else
		text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	return text ? cli_sanitise(text) : strdup("?");
}

/* Text of several lines is printed as it is, but for control characters. */
static void print_text(const char *text, FILE *to)
{
	for (; *text; text++)
		fputc((*text < 0x20 && *text != '\n') || *text == 0x7f ? '?' : *text, to);
	fputc('\n', to);
}

static void print_value(const json_t *value, unsigned int depth, FILE *to);

static void print_object(const json_t *object, unsigned int depth, FILE *to)
{
	const char *key;
	json_t *value;
	int width = 0;

	json_object_foreach((json_t *)object, key, value)
		if (strlen(key) > (size_t)width && strlen(key) < 40)
			width = (int)strlen(key);
	json_object_foreach((json_t *)object, key, value) {
		char *name = strdup(key);

		if ((json_is_object(value) || json_is_array(value)) && depth < MAX_DEPTH) {
			fprintf(to, "%*s%s:\n", 2 * (int)depth, "",
				name ? cli_sanitise(name) : "?");
			print_value(value, depth + 1, to);
		} else {
			char *word = word_of(value);

			fprintf(to, "%*s%-*s  %s\n", 2 * (int)depth, "", width,
				name ? cli_sanitise(name) : "?", word);
			free(word);
		}
		free(name);
	}
}

/* Whether all that is in an array are objects of scalars, with the keys of the first. */
static bool is_table(const json_t *array)
{
	const json_t *first = json_array_get(array, 0);
	const json_t *row;
	const char *key;
	json_t *value;
	size_t i;

	if (!json_is_object(first) || json_object_size(first) > MAX_COLUMNS)
		return false;
	json_array_foreach(array, i, row)
	{
		if (!json_is_object(row) || json_object_size(row) != json_object_size(first))
			return false;
		json_object_foreach((json_t *)row, key, value)
			if (!json_object_get(first, key) || json_is_object(value) ||
			    json_is_array(value))
				return false;
	}
	return true;
}

static void print_table(const json_t *array, unsigned int depth, FILE *to)
{
	json_t *first = json_array_get(array, 0);
	int width[MAX_COLUMNS] = {0};
	const json_t *row;
	const char *key;
	json_t *value;
	unsigned int n = 0;
	size_t i;

	json_object_foreach(first, key, value) {
		width[n] = (int)strlen(key);
		json_array_foreach(array, i, row)
		{
			char *word = word_of(json_object_get(row, key));

			if (strlen(word) > (size_t)width[n])
				width[n] = (int)strlen(word);
			free(word);
		}
		n++;
	}
	n = 0;
	fprintf(to, "%*s", 2 * (int)depth, "");
	json_object_foreach(first, key, value) {
		char *name = strdup(key);
		/* Numbers stand to the right, and so do their headings. */
		int w = json_is_string(value) ? -width[n] : width[n];

		fprintf(to, "%s%*s", n ? "  " : "", w, name ? cli_sanitise(name) : "?");
		free(name);
		n++;
	}
	json_array_foreach(array, i, row)
	{
		n = 0;
		fprintf(to, "\n%*s", 2 * (int)depth, "");
		json_object_foreach(first, key, value) {
			char *word = word_of(json_object_get(row, key));

			fprintf(to, "%s%*s", n ? "  " : "",
				json_is_string(value) ? -width[n] : width[n], word);
			free(word);
			n++;
		}
	}
	fputc('\n', to);
}

/* Words one beside the other, in lines that a terminal has. */
static void print_list(const json_t *array, unsigned int depth, FILE *to)
{
	const json_t *element;
	size_t width = 0;
	size_t i;

	json_array_foreach(array, i, element)
	{
		char *word = word_of(element);

		if (i && width + 1 + strlen(word) > LINE) {
			fputc('\n', to);
			width = 0;
		}
		width += (size_t)fprintf(to, "%*s%s", width ? 1 : 2 * (int)depth, "", word);
		free(word);
	}
	fputc('\n', to);
}

static void print_value(const json_t *value, unsigned int depth, FILE *to)
{
	const json_t *element;
	size_t i;

	if (json_is_object(value)) {
		print_object(value, depth, to);
	} else if (json_is_array(value) && json_array_size(value) && is_table(value)) {
		print_table(value, depth, to);
	} else if (json_is_array(value) && json_is_object(json_array_get(value, 0))) {
		json_array_foreach(value, i, element)
		{
			if (i)
				fputc('\n', to);
			print_value(element, depth, to);
		}
	} else if (json_is_array(value) && json_array_size(value)) {
		print_list(value, depth, to);
	} else {
		char *word = word_of(value);

		fprintf(to, "%*s%s\n", 2 * (int)depth, "", word);
		free(word);
	}
}

void pretty_print(const json_t *value, FILE *to)
{
	if (json_is_string(value))
		print_text(json_string_value(value), to);
	else if (!json_is_object(value) || json_object_size(value))
		print_value(value, 0, to);
}

void pretty_event(const json_t *message, FILE *to)
{
	const json_t *stamp = json_object_get(message, "timestamp");
	time_t seconds = (time_t)json_integer_value(json_object_get(stamp, "seconds"));
	char *name = word_of(json_object_get(message, "event"));
	const json_t *data = json_object_get(message, "data");
	char *what = data ? word_of(data) : NULL;
	char when[32] = "?";
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(when, sizeof(when), "%H:%M:%S", &tm);
	fprintf(to, "%s %s%s%s\n", when, name, what ? " " : "", what ? what : "");
	free(name);
	free(what);
}
