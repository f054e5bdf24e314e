/* Masking: secrets that follow a name or a command without "=". */
#include <stdint.h>
#include <string.h>

#include "palette/mask_words.h"

struct words_command {
	const char *name;
	const char *second;  /* NULL: it needs none */
	const char *letters; /* of its options with a secret */
	bool attached;       /* "-px" */
	bool separate;       /* "-p x" */
};

static const struct words_command commands[] = {
	{"mysql", NULL, "p", true, false},      {"mysqldump", NULL, "p", true, false},
	{"mysqladmin", NULL, "p", true, false}, {"mariadb", NULL, "p", true, false},
	{"sshpass", NULL, "p", true, true},     {"docker", "login", "p", false, true},
	{"podman", "login", "p", false, true},  {"nerdctl", "login", "p", false, true},
	{"helm", "login", "p", false, true},    {"oras", "login", "p", false, true},
	{"az", "login", "p", false, true},      {"useradd", NULL, "p", false, true},
	{"usermod", NULL, "p", false, true},    {"redis-cli", NULL, "a", false, true},
	{"ldapsearch", NULL, "w", false, true}, {"ldapadd", NULL, "w", false, true},
	{"ldapmodify", NULL, "w", false, true}, {"mongosh", NULL, "p", false, true},
	{"sqlcmd", NULL, "P", false, true},     {"ipmitool", NULL, "P", false, true},
	{"openssl", NULL, "kK", false, true},   {"htpasswd", NULL, "", false, false},
	{"net", NULL, "U", false, false},       {"smbclient", NULL, "U", false, false},
};

/* "-u name:password", as curl has it. */
bool words_login(struct words *w, struct text run, size_t end)
{
	size_t start = end;
	size_t colon = SIZE_MAX;

	if (!text_is(run, "-u") && !text_is(run, "--user"))
		return false;
	while (words_is_blank(words_byte(w, start)) || words_byte(w, start) == '=')
		start++;
	if (words_one_of(words_byte(w, start), "\"'"))
		start++;
	for (end = start; end < w->text.len && !words_is_space(w->text.ptr[end]) &&
			  !words_one_of(w->text.ptr[end], "\"'");
	     end++)
		if (w->text.ptr[end] == ':' && colon == SIZE_MAX)
			colon = end;
	if (colon == SIZE_MAX)
		return false;
	words_hide(w, colon + 1, end);
	return true;
}

/* ---- commands ---- */

/* Behind the argument at at, which may stand in quotes; *start: behind its quote. */
static size_t argument_end(struct words *w, size_t at, size_t *start)
{
	size_t stop = words_stop(w, at);
	char quote = '\0';
	size_t marks = at < stop ? words_quote(w, at, &quote) : 0;
	size_t end = at + marks;

	*start = end;
	while (end < stop &&
	       (marks > 0 ? w->text.ptr[end] != quote : !words_is_space(w->text.ptr[end])))
		end++;
	while (marks == 0 && end > *start && words_one_of(w->text.ptr[end - 1], "\"'`,;)]}"))
		end--;
	while (marks > 1 && end > *start && w->text.ptr[end - 1] == '\\')
		end--;
	return end;
}

static bool hide_argument(struct words *w, size_t at)
{
	size_t start;
	size_t end = argument_end(w, at, &start);

	if (end == start)
		return false;
	words_hide(w, start, end);
	return true;
}

/* The same of what stands behind a mark in it: "admin:x". */
static bool hide_behind(struct words *w, size_t at, char mark)
{
	size_t start;
	size_t end = argument_end(w, at, &start);
	size_t behind = text_find(text_slice(w->text, start, end - start), mark);

	if (behind == SIZE_MAX || start + behind + 1 >= end)
		return false;
	words_hide(w, start + behind + 1, end);
	return true;
}

/* Whether what this line writes goes to something that reads a password. */
static bool is_piped(struct words *w, size_t at)
{
	static const char *const readers[] = {"chpasswd", "password-stdin", "passwd --stdin"};
	struct text rest;
	size_t stop = words_stop(w, at);

	if (at < w->piped_end)
		return w->piped;
	rest = text_slice(w->text, at, stop - at);
	w->piped = false;
	w->piped_end = stop;
	for (size_t i = 0; i < ARRAY_LEN(readers) && rest.len > 0; i++)
		w->piped = w->piped ||
			   memmem(rest.ptr, rest.len, readers[i], strlen(readers[i])) != NULL;
	return w->piped;
}

/* "echo x | docker login --password-stdin", "echo root:x | chpasswd". */
static bool take_echo(struct words *w, size_t end)
{
	size_t at = words_skip(w, end);

	if (!is_piped(w, end))
		return false;
	while (words_byte(w, at) == '-') {
		while (at < w->text.len && !words_is_space(w->text.ptr[at]))
			at++;
		at = words_skip(w, at);
	}
	return hide_behind(w, at, ':') || hide_argument(w, at);
}

/* "htpasswd -bc file user x": the last of three. */
static bool take_htpasswd(struct words *w, struct text run, size_t end)
{
	size_t stop = words_stop(w, end);
	size_t skip = text_find(run, 'n') == SIZE_MAX ? 2 : 1;
	size_t at = words_skip(w, end);

	if (text_find(run, 'b') == SIZE_MAX)
		return false;
	w->command = NULL;
	while (at < stop && (skip > 0 || w->text.ptr[at] == '-')) {
		if (w->text.ptr[at] != '-')
			skip--;
		while (at < stop && !words_is_space(w->text.ptr[at]))
			at++;
		at = words_skip(w, at);
	}
	return at < stop && hide_argument(w, at);
}

static bool take_option(struct words *w, struct text run, size_t start, size_t end)
{
	const struct words_command *c = w->command;
	size_t at = words_skip(w, end);

	if (run.len < 2 || run.ptr[0] != '-' || run.ptr[1] == '-')
		return false;
	if (text_is(text_of(c->name), "htpasswd"))
		return take_htpasswd(w, run, end);
	if (!words_one_of(run.ptr[1], c->letters))
		return false;
	if (run.ptr[1] == 'U')
		return hide_behind(w, at, '%');
	if (c->attached && (run.len > 2 || !words_is_space(words_byte(w, end))))
		return hide_argument(w, start + 2);
	return c->separate && run.len == 2 && words_byte(w, at) != '-' && hide_argument(w, at);
}

bool words_of_command(struct words *w, struct text run, size_t start, size_t end)
{
	if (w->command == NULL || !w->command_ready)
		for (size_t i = 0; i < ARRAY_LEN(commands); i++)
			if (text_is(run, commands[i].name)) {
				w->command = &commands[i];
				w->command_ready = commands[i].second == NULL;
				return false;
			}
	if (text_is(run, "echo") || text_is(run, "printf"))
		return take_echo(w, end);
	if (w->command == NULL)
		return false;
	if (!w->command_ready) {
		w->command_ready = text_is(run, w->command->second);
		return false;
	}
	if (text_is(run, "pass") && words_byte(w, end) == ':')
		return hide_argument(w, end + 1);
	return take_option(w, run, start, end);
}

/* ---- a name and its value without anything between ---- */

/* Words that stand in sentences too. */
static bool is_common(struct text run)
{
	static const char *const list[] = {
		"password", "passwords",   "pass",          "token", "tokens", "secret",
		"secrets",  "auth",        "key",           "keys",  "pin",    "credential",
		"pat",      "credentials", "authorization", "cert",  "bearer", "passphrase",
		"passwd",   "pwd",         "sig",           "creds",
	};

	for (size_t i = 0; i < ARRAY_LEN(list); i++)
		if (text_equal_nocase(run, text_of(list[i])))
			return true;
	return false;
}

/* Whether it is no word of a sentence: with digits, or capitals behind small letters. */
static bool is_odd(struct text value)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		if (words_is_digit(c) || (i > 0 && c >= 'A' && c <= 'Z' &&
					  value.ptr[i - 1] >= 'a' && value.ptr[i - 1] <= 'z'))
			return true;
	}
	return false;
}

static bool is_word(struct text run, const char *word)
{
	return text_equal_nocase(run, text_of(word));
}

/* "IDENTIFIED BY 'x'". */
static bool is_identified(const struct words *w, size_t start)
{
	return start >= 11 && is_word(text_slice(w->text, start - 11, 10), "identified");
}

/* "jdbc:oracle:thin:scott/x@". */
static bool take_oracle(struct words *w, size_t end)
{
	enum { LONGEST = 256 };
	size_t limit = w->word_end - end > LONGEST ? end + LONGEST : w->word_end;
	size_t at = end;
	size_t slash;

	while (at < limit && !words_one_of(w->text.ptr[at], "/@"))
		at++;
	slash = at;
	while (at < limit && w->text.ptr[at] != '@')
		at++;
	if (at >= limit || w->text.ptr[slash] != '/' || at == slash + 1)
		return false;
	words_hide(w, slash + 1, at);
	return true;
}

bool words_pair(struct words *w, struct text run, size_t start, size_t end)
{
	bool starts = words_at_start(w, start);
	bool variable = !starts && (w->text.ptr[start - 1] == '$' ||
				    (start >= 4 && words_starts(w, start - 4, "ENV ")));
	size_t at = words_skip(w, end);
	size_t stop;
	size_t from;
	size_t to;

	if (text_is(run, "thin") && words_byte(w, end) == ':')
		return take_oracle(w, end);
	if (at == end || at >= w->text.len || words_one_of(w->text.ptr[at], "=:-{[|<>(\n"))
		return false;
	if (is_word(run, "by"))
		return is_identified(w, start) && words_one_of(w->text.ptr[at], "'\"") &&
		       hide_argument(w, at);
	to = argument_end(w, at, &from);
	stop = words_stop(w, at);
	if (to == from || (to + 2 < stop && from == at) ||
	    (to < stop && !words_one_of(w->text.ptr[to], "\"'`;")))
		return false;
	if (text_is(run, "auth") && !words_starts(w, at, "http") && hide_behind(w, at, ':'))
		return true;
	if (words_starts(w, at, "http") || mask_name_of(run) != MASK_NAME_SECRET)
		return false;
	if (!variable && !is_odd(text_slice(w->text, from, to - from)) &&
	    (is_common(run) || !starts))
		return false;
	words_hide(w, from, to);
	return true;
}

bool words_pgpass(struct words *w)
{
	size_t stop = words_stop(w, w->at);
	size_t colons[4];
	size_t count = 0;
	struct text port;

	for (size_t at = w->at; at < stop && count < 4; at++) {
		if (words_is_space(w->text.ptr[at]) || words_one_of(w->text.ptr[at], "/\"'"))
			return false;
		if (w->text.ptr[at] == ':')
			colons[count++] = at;
	}
	if (count < 4 || colons[3] + 1 >= stop)
		return false;
	port = text_slice(w->text, colons[0] + 1, colons[1] - colons[0] - 1);
	for (size_t i = 0; i < port.len; i++)
		if (!words_is_digit(port.ptr[i]) && !text_is(port, "*"))
			return false;
	if (port.len == 0 || (port.len < 3 && !text_is(port, "*")))
		return false;
	words_hide(w, colons[3] + 1, stop);
	return true;
}
