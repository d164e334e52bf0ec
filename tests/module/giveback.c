/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that frees half of what it has, as any would, by malloc() and free(): to be run under
 * libslabvisor-malloc.so and without. It waits for a line of input before it frees, and for
 * another before it ends.
 *   giveback MIB first|last|scattered
 *                  what it frees: that half of its objects, or every second
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE 1024ul

static void say_and_wait(const char *what)
{
	char line[80];

	printf("giveback %s\n", what);
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		exit(1);
}

int main(int argc, char **argv)
{
	size_t n = argc == 3 ? strtoul(argv[1], NULL, 10) * (1 << 20) / SIZE : 0;
	const char *how = argc == 3 ? argv[2] : "";
	size_t step = strcmp(how, "scattered") ? 1 : 2;
	size_t start = strcmp(how, "last") ? 0 : n / 2;
	char **object = calloc(n, sizeof(*object));

	if (!n || !object)
		return 2;
	for (size_t i = 0; i < n; i++) {
		object[i] = malloc(SIZE);
		if (!object[i])
			return 1;
		memset(object[i], 1 + (int)i % 200, SIZE);
	}
	say_and_wait("has all");
	for (size_t i = 0; i < n / 2; i++) {
		free(object[start + i * step]);
		object[start + i * step] = NULL;
	}
	say_and_wait("has half");
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; object[i] && k < SIZE; k++) {
			if (object[i][k] != (char)(1 + (int)i % 200))
				return 1;
		}
	}
	printf("giveback is well\n");
	return 0;
}
