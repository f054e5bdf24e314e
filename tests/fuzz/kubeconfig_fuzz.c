/*
 * Verdicts over any bytes: always one; and a file that is free holds nothing of what was planted.
 *
 * The bytes stand between the lines of a kubeconfig, with a password after a marker wherever they
 * hold one. However they are read, a file that shows the password must not be free.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "palette/kubeconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* Judges; answers whether it is free. */
static bool is_free(struct text file)
{
	struct kubeconfig_verdict verdict = {.access = NULL};
	bool holds = kubeconfig_holds_credential(file, &verdict);

	must(verdict.access != NULL, "there is a verdict");
	must(holds == (verdict.why != NULL), "a file that holds something says what");
	must(holds == (strcmp(verdict.access, "credential") == 0), "the access says so too");
	return !holds;
}

/* None of these can be written into a file that is free, whatever stands around them. */
static const char *const planted[] = {
	"-----BEGIN PRIVATE KEY-----",
	"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
	"://user:hunter2@host",
	"client-key-data: aHVudGVyMg==",
	"token: hunter2",
	"--password=hunter2",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text file = {(const char *)data, size};
	struct buf around;
	struct buf with;

	is_free(file);
	buf_init(&around, size + 4096);
	buf_add_string(&around, "apiVersion: v1\nkind: Config\n");
	buf_add(&around, file);
	is_free(buf_text(&around));
	for (size_t i = 0; i < ARRAY_LEN(planted); i++) {
		size_t at = text_find(file, '$');

		buf_init(&with, size + 4096);
		buf_add_string(&with, "apiVersion: v1\nkind: Config\n");
		buf_add(&with, text_slice(file, 0, at));
		buf_add_string(&with, planted[i]);
		if (at < file.len)
			buf_add(&with, text_slice(file, at + 1, file.len));
		must(!is_free(buf_text(&with)), planted[i]);
		buf_fini(&with);
	}
	buf_fini(&around);
	return 0;
}
