/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: the configuration files of `run` and of `serve`. The input is the file, as either
 * command reads it. One that is refused is so by one line. What `run` takes it prints as a
 * file, as --dry-run does; that one must be taken too, and say the same.
 */
#include <string.h>

#include "tests/fuzz/input_file.h"
#include "vmm/config/options.h"
#include "vmm/serve/serve.h"

/* What is printed by something goes to memory instead. */
struct capture {
	FILE **stream, *before;
	char *text;
	size_t len;
};

static void begin(struct capture *c, FILE **stream)
{
	*c = (struct capture){.stream = stream, .before = *stream};
	*stream = open_memstream(&c->text, &c->len);
	must(*stream);
}

static void end(struct capture *c)
{
	must(!fclose(*c->stream));
	*c->stream = c->before;
}

/* An error is one line, and no success has one. */
static void check_report(const struct capture *c, int status)
{
	const char *line = memchr(c->text, '\n', c->len);

	must(status ? line == c->text + c->len - 1 : !c->len);
}

/* Reads a file as `run` does. Returns what it prints of it, or NULL. */
static char *run(const char *path, size_t *len)
{
	char *argv[] = {(char *)"run", (char *)"--config", (char *)path, NULL};
	struct run_config config;
	struct capture err;
	struct capture out = {.text = NULL};
	int status;

	must(!run_config_init(&config));
	begin(&err, &stderr);
	status = run_config_parse(&config, 3, argv);
	end(&err);
	check_report(&err, status);
	free(err.text);
	if (!status) {
		begin(&out, &stdout);
		run_config_print(&config);
		end(&out);
	}
	run_config_free(&config);
	*len = out.len;
	return out.text;
}

static void serve(const char *path)
{
	char *argv[] = {(char *)"serve", (char *)"--config", (char *)path, NULL};
	struct serve_config config;
	struct capture err;
	int status;

	begin(&err, &stderr);
	status = serve_config_parse(&config, 3, argv);
	end(&err);
	check_report(&err, status);
	free(err.text);
	must(config.nr_disks <= SERVE_MAX_DISKS);
	serve_config_free(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = input_file(data, size);
	char *printed;
	char *again;
	size_t len;
	size_t len_again;

	serve(path);
	printed = run(path, &len);
	if (!printed)
		return 0;
	again = run(input_file((uint8_t *)printed, len), &len_again);
	must(again && len == len_again && !memcmp(printed, again, len));
	free(again);
	free(printed);
	return 0;
}
