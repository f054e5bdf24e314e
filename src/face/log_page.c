/* The modules of the log as a page for people. */
#include "base/log.h"
#include "face/face.h"

static void put_words(struct buf *out, const char *words)
{
	struct text rest = text_of(words);
	struct text word;

	for (bool first = true; text_next(&rest, ' ', &word); first = false)
		buf_printf(out, "%s`%.*s`", first ? "" : ", ", (int)word.len, word.ptr);
}

void face_log_page(struct buf *out)
{
	buf_add_string(
		out, "# Modules of the log\n\n"
		     "What `spectrocloud.telemetry.logLevels` can name; "
		     "[observability.md](../observability.md#levels) says how. This\npage is made "
		     "from the program's own table by `./dev docs`.\n\n"
		     "| module | events that begin with | about |\n|---|---|---|\n");
	for (const struct log_module *m = log_modules; m->name != NULL; m++) {
		buf_printf(out, "| `%s` | ", m->name);
		put_words(out, m->events);
		buf_printf(out, " | %s |\n", m->help);
	}
}
