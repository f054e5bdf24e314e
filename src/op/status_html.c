/* Values as they stand in the status page. Whatever was not written here goes through html_text().
 */
#include "op/status.h"

#include <string.h>

#include "base/clock.h"

static void put_char(struct buf *out, char c)
{
	switch (c) {
	case '&':
		buf_add_string(out, "&amp;");
		break;
	case '<':
		buf_add_string(out, "&lt;");
		break;
	case '>':
		buf_add_string(out, "&gt;");
		break;
	case '"':
		buf_add_string(out, "&quot;");
		break;
	case '\'':
		buf_add_string(out, "&#39;");
		break;
	default:
		/* HTML has no way to write the others. */
		if ((unsigned char)c >= ' ' || c == '\n' || c == '\t')
			buf_add_char(out, c);
		else
			buf_add_string(out, "&#xFFFD;");
	}
}

void html_text(struct buf *out, const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		put_char(out, *c);
}

void html_name(struct buf *out, const char *name)
{
	for (const char *c = name; *c != '\0'; c++) {
		put_char(out, *c);
		if ((*c == '.' || *c == '/') && c[1] != '\0')
			buf_add_string(out, "<wbr>");
	}
}

void html_count(struct buf *out, uint64_t count)
{
	if (count >= 1000) {
		html_count(out, count / 1000);
		buf_printf(out, ",%03u", (unsigned)(count % 1000));
	} else {
		buf_printf(out, "%u", (unsigned)count);
	}
}

/* Three digits say all that buckets know. */
void html_duration(struct buf *out, int64_t us)
{
	double ms = (double)us / 1000;

	if (us < 0)
		buf_add_string(out, "–");
	else if (ms < 10)
		buf_printf(out, "%.1f ms", ms);
	else if (ms < 1000)
		buf_printf(out, "%.0f ms", ms);
	else
		buf_printf(out, "%.1f s", ms / 1000);
}

void html_bytes(struct buf *out, double bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	size_t unit = 0;

	while (bytes >= 1024 && unit + 1 < ARRAY_LEN(units)) {
		bytes /= 1024;
		unit++;
	}
	buf_printf(out, "%.*f %s", unit == 0 || bytes >= 100 ? 0 : 1, bytes, units[unit]);
}

void html_time(struct buf *out, int64_t calendar_ms)
{
	char iso[CLOCK_ISO_SIZE];

	clock_format_iso(calendar_ms, iso);
	buf_printf(out, "<time datetime=\"%s\">%.10s %.8s UTC</time>", iso, iso,
		   iso + strlen("2026-01-31T"));
}

void html_day(struct buf *out, int64_t calendar_ms)
{
	char iso[CLOCK_ISO_SIZE];

	clock_format_iso(calendar_ms, iso);
	buf_printf(out, "<time datetime=\"%s\">%.10s</time>", iso, iso);
}

/* Each has a form of its own, for who does not tell the colours apart. */
void html_icon(struct buf *out, enum status_level level)
{
	static const char *const shapes[] = {
		[STATUS_GOOD] = "<circle cx=\"10\" cy=\"10\" r=\"9\"/>"
				"<path d=\"M5.8 10.4l2.9 2.9 5.6-6\"/>",
		[STATUS_WARNING] = "<path class=\"f\" d=\"M10 1.2 19.4 18H.6z\"/>"
				   "<path d=\"M10 7.2v5M10 14.6v.6\"/>",
		[STATUS_BAD] =
			"<path class=\"f\" d=\"M6.3 1h7.4L19 6.3v7.4L13.7 19H6.3L1 13.7V6.3z\"/>"
			"<path d=\"M6.7 6.7l6.6 6.6M13.3 6.7l-6.6 6.6\"/>",
	};

	buf_printf(out,
		   "<svg class=\"icon %s\" viewBox=\"0 0 20 20\" aria-hidden=\"true\" "
		   "focusable=\"false\">%s</svg>",
		   status_level_word(level), shapes[level]);
}
