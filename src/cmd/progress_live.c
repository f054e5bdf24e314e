/* Conditions in place: the block of lines at the bottom is taken away and drawn again. */
#include "cmd/progress_live.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/visible.h"

enum {
	MOST_ROWS = 128, /* of conditions; further ones become notes */
	WIDEST_TYPE = 40,
	USUAL_COLUMNS = 80,
	USUAL_LINES = 24,
	LONGEST_DETAIL = 8 * 1024,
};

enum mark { MARK_DONE, MARK_OPEN, MARK_BAD, MARKS };

struct row {
	struct buf type;   /* harmless for a terminal, as detail */
	struct buf detail; /* why it is not done */
	enum mark mark;
};

struct live {
	FILE *to;
	bool coloured;
	const char *const *marks;
	struct row rows[MOST_ROWS];
	size_t count;
	size_t drawn; /* lines of the block that are on the screen */
};

static const char *const utf8_marks[MARKS] = {"\xe2\x9c\x93", "\xe2\x80\xa6", "\xe2\x9c\x97"};
static const char *const plain_marks[MARKS] = {"+", ".", "x"};
static const char *const colours[MARKS] = {"\x1b[32m", "\x1b[2m", "\x1b[31m"};

/* ---- the terminal ---- */

/* What the environment says, whether or not that locale is installed: the terminal draws. */
static bool is_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);

		if (value != NULL && *value != '\0')
			return strcasestr(value, "utf-8") != NULL ||
			       strcasestr(value, "utf8") != NULL;
	}
	return false;
}

static struct winsize size_of(FILE *to)
{
	struct winsize size = {.ws_col = 0};

	if (ioctl(fileno(to), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		size.ws_col = USUAL_COLUMNS;
	if (size.ws_row == 0)
		size.ws_row = USUAL_LINES;
	return size;
}

struct live *live_new(FILE *to)
{
	const char *no_color = getenv("NO_COLOR");
	struct live *live = heap_alloc(sizeof *live);

	live->to = to;
	live->coloured = no_color == NULL || *no_color == '\0';
	live->marks = is_utf8() ? utf8_marks : plain_marks;
	live->count = 0;
	live->drawn = 0;
	return live;
}

void live_free(struct live *live)
{
	if (live == NULL)
		return;
	for (size_t i = 0; i < live->count; i++) {
		buf_fini(&live->rows[i].type);
		buf_fini(&live->rows[i].detail);
	}
	free(live);
}

/* ---- drawing ---- */

static void take_away(struct live *live, struct buf *out)
{
	if (live->drawn > 0)
		buf_printf(out, "\x1b[%zuA\r\x1b[J", live->drawn);
	live->drawn = 0;
}

static void add_mark(const struct live *live, struct buf *out, enum mark mark)
{
	if (live->coloured)
		buf_printf(out, "  %s%s\x1b[0m ", colours[mark], live->marks[mark]);
	else
		buf_printf(out, "  %s ", live->marks[mark]);
}

static void add_spaces(struct buf *out, size_t count)
{
	while (count-- > 0)
		buf_add_char(out, ' ');
}

/* One line of the screen at most, or the next cursor movement would be wrong. */
static void add_row(const struct live *live, struct buf *out, const struct row *row,
		    size_t type_width, size_t columns)
{
	enum { BEFORE = 4, BETWEEN = 2 };
	size_t room = columns > BEFORE + 1 ? columns - BEFORE - 1 : 0;
	struct text type = visible_cut(buf_text(&row->type), room);
	size_t used = visible_columns(type);
	size_t column = (used > type_width ? used : type_width) + BETWEEN;

	add_mark(live, out, row->mark);
	buf_add(out, type);
	if (row->detail.len > 0 && column < room) {
		add_spaces(out, column - used);
		buf_add(out, visible_cut(buf_text(&row->detail), room - column));
	}
	buf_add_char(out, '\n');
}

static size_t width_of_types(const struct live *live)
{
	size_t widest = 0;

	for (size_t i = 0; i < live->count; i++) {
		size_t width = visible_columns(buf_text(&live->rows[i].type));

		if (width > widest && width <= WIDEST_TYPE)
			widest = width;
	}
	return widest;
}

/* Where there are more than fit, those that are done go first. */
static void add_block(struct live *live, struct buf *out)
{
	struct winsize size = size_of(live->to);
	size_t room = size.ws_row > 3 ? (size_t)size.ws_row - 3 : 1;
	size_t hidden = live->count > room ? live->count - room + 1 : 0;
	size_t width = width_of_types(live);

	for (size_t i = 0; i < live->count; i++) {
		bool is_last = live->count - i <= hidden;

		if (hidden > 0 && (live->rows[i].mark == MARK_DONE || is_last)) {
			hidden--;
			continue;
		}
		add_row(live, out, &live->rows[i], width, size.ws_col);
		live->drawn++;
	}
	if (live->drawn < live->count) {
		buf_printf(out, "    and %zu more\n", live->count - live->drawn);
		live->drawn++;
	}
}

static void show(struct live *live, struct buf *out)
{
	fwrite(out->ptr, 1, out->len, live->to);
	fflush(live->to);
}

void live_note(struct live *live, const char *text)
{
	struct buf out;

	buf_init(&out, SIZE_MAX);
	take_away(live, &out);
	buf_printf(&out, "%s\n", text);
	add_block(live, &out);
	show(live, &out);
	buf_fini(&out);
}

/* ---- conditions ---- */

static bool sounds_bad(const char *text)
{
	return strcasestr(text, "fail") != NULL || strcasestr(text, "error") != NULL;
}

/* "False" is both: not done yet, and gone wrong. */
static enum mark mark_of(const struct follow_condition *condition)
{
	if (strcasecmp(condition->status, "True") == 0)
		return MARK_DONE;
	if (strcasecmp(condition->status, "False") == 0 &&
	    (sounds_bad(condition->reason) || sounds_bad(condition->message)))
		return MARK_BAD;
	return MARK_OPEN;
}

static struct row *row_of(struct live *live, const char *type)
{
	struct buf shown;
	struct row *row;

	buf_init(&shown, LONGEST_DETAIL);
	visible_add(&shown, text_of(type));
	for (size_t i = 0; i < live->count; i++)
		if (text_equal(buf_text(&live->rows[i].type), buf_text(&shown))) {
			buf_fini(&shown);
			return &live->rows[i];
		}
	if (live->count == MOST_ROWS) {
		buf_fini(&shown);
		return NULL;
	}
	row = &live->rows[live->count++];
	row->type = shown;
	buf_init(&row->detail, LONGEST_DETAIL);
	return row;
}

/* Why it is not done. */
static void add_detail(struct buf *out, const struct follow_condition *condition)
{
	visible_add(out, text_of(condition->reason));
	if (*condition->reason != '\0' && *condition->message != '\0')
		buf_add_string(out, ": ");
	visible_add(out, text_of(condition->message));
}

/* One that has no row. */
static void note_condition(struct live *live, const struct follow_condition *condition)
{
	struct buf out;

	buf_init(&out, 2 * LONGEST_DETAIL);
	buf_printf(&out, "  %s ", live->marks[mark_of(condition)]);
	visible_add(&out, text_of(condition->type));
	if (mark_of(condition) != MARK_DONE) {
		buf_add_string(&out, "  ");
		add_detail(&out, condition);
	}
	live_note(live, out.ptr);
	buf_fini(&out);
}

void live_condition(struct live *live, const struct follow_condition *condition)
{
	struct row *row = row_of(live, condition->type);
	struct buf out;

	if (row == NULL) {
		note_condition(live, condition);
		return;
	}
	row->mark = mark_of(condition);
	buf_truncate(&row->detail, 0);
	if (row->mark != MARK_DONE)
		add_detail(&row->detail, condition);
	buf_init(&out, SIZE_MAX);
	take_away(live, &out);
	add_block(live, &out);
	show(live, &out);
	buf_fini(&out);
}

void live_end(struct live *live, bool went_well, bool failed, const char *text)
{
	struct buf out;

	for (size_t i = 0; failed && i < live->count; i++)
		if (live->rows[i].mark == MARK_OPEN)
			live->rows[i].mark = MARK_BAD;
	buf_init(&out, SIZE_MAX);
	take_away(live, &out);
	add_block(live, &out);
	if (live->coloured && (went_well || failed))
		buf_printf(&out, "%s%s\x1b[0m\n", colours[went_well ? MARK_DONE : MARK_BAD], text);
	else
		buf_printf(&out, "%s\n", text);
	live->drawn = 0;
	show(live, &out);
	buf_fini(&out);
}
