/*
 * The graph of an hour: bars of requests, their failed part hatched at the foot, and below them
 * lines of how long the middle one and the slowest of twenty took. Only presentation attributes and
 * classes: the page's policy allows no style that stands in an attribute.
 */
#include "op/status.h"

enum {
	STEP = 6, /* a minute */
	BAR = 5,
	WIDTH = HISTORY_MINUTES * STEP,
	BARS_TOP = 16,
	BARS_HEIGHT = 64,
	BARS_FOOT = BARS_TOP + BARS_HEIGHT,
	LINES_TOP = BARS_FOOT + 24,
	LINES_HEIGHT = 40,
	LINES_FOOT = LINES_TOP + LINES_HEIGHT,
	HEIGHT = LINES_FOOT + 18,
};

/* The largest of all minutes; at least 1, as it is divided by. */
struct peaks {
	uint64_t requests;
	int64_t us;
};

static struct peaks peaks_of(const struct status_load *load)
{
	struct peaks peaks = {.requests = 1, .us = 1};

	for (size_t m = 0; m < HISTORY_MINUTES; m++) {
		if (load->minutes[m].requests > peaks.requests)
			peaks.requests = load->minutes[m].requests;
		if (load->minutes[m].p95_us > peaks.us)
			peaks.us = load->minutes[m].p95_us;
	}
	return peaks;
}

/* What there is is seen, however little it is. */
static double height_of(uint64_t count, uint64_t most, double room)
{
	double height = (double)count / (double)most * room;

	return count > 0 && height < 1.5 ? 1.5 : height;
}

static void put_bar(struct buf *out, const char *class, size_t minute, double foot, double height)
{
	if (height > 0)
		buf_printf(out,
			   "<rect class=\"%s\" x=\"%zu\" y=\"%.1f\" width=\"%d\" height=\"%.1f\"/>",
			   class, minute * STEP, foot - height, BAR, height);
}

static void put_bars(struct buf *out, const struct status_load *load, const struct peaks *peaks,
		     const char *id)
{
	for (size_t m = 0; m < HISTORY_MINUTES; m++) {
		const struct status_minute *minute = &load->minutes[m];
		double all = height_of(minute->requests, peaks->requests, BARS_HEIGHT);
		double failed = height_of(minute->failures, peaks->requests, BARS_HEIGHT);

		put_bar(out, "ok", m, BARS_FOOT - failed, all - failed);
		if (failed > 0)
			buf_printf(out,
				   "<rect class=\"failed\" x=\"%zu\" y=\"%.1f\" width=\"%d\" "
				   "height=\"%.1f\"/><rect x=\"%zu\" y=\"%.1f\" width=\"%d\" "
				   "height=\"%.1f\" fill=\"url(#%s-h)\"/>",
				   m * STEP, BARS_FOOT - failed, BAR, failed, m * STEP,
				   BARS_FOOT - failed, BAR, failed, id);
	}
}

static int64_t duration_of(const struct status_load *load, size_t minute, bool p95)
{
	if (minute >= HISTORY_MINUTES) /* also before the first one */
		return -1;
	return p95 ? load->minutes[minute].p95_us : load->minutes[minute].median_us;
}

/* Through the middles of minutes. Those without a request interrupt it; one that stands alone is a
 * short dash. */
static void put_line(struct buf *out, const char *class, const struct status_load *load,
		     const struct peaks *peaks, bool p95)
{
	buf_printf(out, "<path class=\"%s\" d=\"", class);
	for (size_t m = 0; m < HISTORY_MINUTES; m++) {
		int64_t us = duration_of(load, m, p95);
		double y = LINES_FOOT - (double)us / (double)peaks->us * LINES_HEIGHT;
		bool begins = duration_of(load, m - 1, p95) < 0;

		if (us < 0)
			continue;
		if (begins && duration_of(load, m + 1, p95) < 0)
			buf_printf(out, "M%zu %.1fh%d", m * STEP, y, BAR);
		else
			buf_printf(out, "%s%.1f %.1f", begins ? "M" : "L",
				   (double)(m * STEP) + BAR / 2.0, y);
	}
	buf_add_string(out, "\"/>");
}

static void put_frame(struct buf *out)
{
	buf_printf(out,
		   "<path class=\"axis\" d=\"M0 %d.5h%dM0 %d.5h%dM0 %d.5v3M%d.5 %d.5v3M%d.5 "
		   "%d.5v3\"/><text y=\"%d\">1 hour ago</text>"
		   "<text class=\"mid\" x=\"%d\" y=\"%d\">30 min</text>"
		   "<text class=\"end\" x=\"%d\" y=\"%d\">now</text>",
		   BARS_FOOT, WIDTH, LINES_FOOT, WIDTH, LINES_FOOT, WIDTH / 2, LINES_FOOT,
		   WIDTH - 1, LINES_FOOT, HEIGHT - 3, WIDTH / 2, HEIGHT - 3, WIDTH, HEIGHT - 3);
}

/* What the marks mean, each beside one of its kind. */
static void put_legend(struct buf *out, const struct status_load *load, const struct peaks *peaks,
		       const char *id)
{
	buf_printf(out, "<rect class=\"ok\" y=\"2\" width=\"8\" height=\"8\"/>"
			"<text x=\"13\" y=\"10\">requests a minute</text>");
	if (load->failures > 0)
		buf_printf(out,
			   "<rect class=\"failed\" x=\"114\" y=\"2\" width=\"8\" height=\"8\"/>"
			   "<rect x=\"114\" y=\"2\" width=\"8\" height=\"8\" fill=\"url(#%s-h)\"/>"
			   "<text x=\"127\" y=\"10\">failed</text>",
			   id);
	buf_printf(out, "<text class=\"end\" x=\"%d\" y=\"10\">peak ", WIDTH);
	html_count(out, load->requests == 0 ? 0 : peaks->requests);
	buf_printf(out,
		   "</text><path class=\"median\" d=\"M0 %dh12\"/><text x=\"17\" "
		   "y=\"%d\">median</text>"
		   "<path class=\"p95\" d=\"M62 %dh14\"/><text x=\"81\" y=\"%d\">95th "
		   "percentile</text>"
		   "<text class=\"end\" x=\"%d\" y=\"%d\">peak ",
		   LINES_TOP - 10, LINES_TOP - 6, LINES_TOP - 10, LINES_TOP - 6, WIDTH,
		   LINES_TOP - 6);
	html_duration(out, load->p95_us < 0 ? -1 : peaks->us);
	buf_add_string(out, "</text>");
}

static void put_description(struct buf *out, const char *id, const char *what,
			    const struct status_load *load, const struct peaks *peaks)
{
	buf_printf(out, "<title id=\"%s-t\">", id);
	html_text(out, what);
	buf_printf(out, ": the last hour by minute</title><desc id=\"%s-d\">", id);
	html_count(out, load->requests);
	buf_add_string(out, load->requests == 1 ? " request, " : " requests, ");
	html_count(out, load->failures);
	buf_add_string(out, " failed. At most ");
	html_count(out, load->requests == 0 ? 0 : peaks->requests);
	buf_add_string(out, " in a minute");
	if (load->median_us >= 0) {
		buf_add_string(out, "; half of them took up to ");
		html_duration(out, load->median_us);
		buf_add_string(out, ", 95 of 100 up to ");
		html_duration(out, load->p95_us);
	}
	buf_add_string(out, ".</desc>");
}

void status_graph(struct buf *out, const char *id, const char *what, const struct status_load *load)
{
	struct peaks peaks = peaks_of(load);

	buf_printf(out,
		   "<svg class=\"graph\" viewBox=\"0 0 %d %d\" role=\"img\" "
		   "aria-labelledby=\"%s-t %s-d\">",
		   WIDTH, HEIGHT, id, id);
	put_description(out, id, what, load, &peaks);
	buf_printf(out,
		   "<defs><pattern id=\"%s-h\" width=\"4\" height=\"4\" "
		   "patternUnits=\"userSpaceOnUse\"><path class=\"hatch\" d=\"M-1 1l2-2M0 4l4-4M3 "
		   "5l2-2\"/>"
		   "</pattern></defs>",
		   id);
	put_bars(out, load, &peaks, id);
	put_frame(out);
	put_legend(out, load, &peaks, id);
	put_line(out, "p95", load, &peaks, true);
	put_line(out, "median", load, &peaks, false);
	buf_add_string(out, "</svg>\n");
}

void status_bar(struct buf *out, double value, double most, enum status_level level)
{
	double part = most <= 0 ? 0 : value / most * 100;

	if (part > 100)
		part = 100;
	buf_printf(out,
		   "<svg class=\"bar %s\" viewBox=\"0 0 100 6\" preserveAspectRatio=\"none\" "
		   "aria-hidden=\"true\" focusable=\"false\"><rect class=\"track\" width=\"100\" "
		   "height=\"6\"/>"
		   "<rect class=\"part\" width=\"%.1f\" height=\"6\"/></svg>",
		   status_level_word(level), part < 0 ? 0 : part);
}
