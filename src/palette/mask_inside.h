/* Inside palette/: what masking is made of. Private. */
#ifndef PALETTE_MASK_INSIDE_H
#define PALETTE_MASK_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/text.h"

enum {
	/* Text in text in text: what lies deeper is masked whole. */
	MASK_MAX_LEVEL = 6,
	/* Collections in collections: what lies deeper is masked. Above JSON_MAX_DEPTH. */
	MASK_MAX_DEPTH = 130,
};

/* ---- names: mask_names.c ---- */

enum mask_name {
	MASK_NAME_PLAIN,
	MASK_NAME_SECRET,
	MASK_NAME_SHALLOW,  /* a secret, but where it names a map its members say for themselves */
	MASK_NAME_HARMLESS, /* speaks of a secret and holds none: secretName */
	MASK_NAME_KEY,      /* "key": a secret, or the key of a label */
};

enum mask_name mask_name_of(struct text name);
/* Whether "key" right below this name is the key of a label or an item. */
bool mask_name_selects(struct text name);
/* Names of maps of which some members are no secrets. */
enum mask_group {
	MASK_GROUP_NONE,
	MASK_GROUP_SETTINGS, /* "auth": also "username" and "role" stay */
	MASK_GROUP_OBJECTS,  /* "secrets": only what says which one */
};

enum mask_group mask_name_groups(struct text name);
/* Whether that member of such a map may stay. */
bool mask_name_belongs(struct text name, enum mask_group group);
/* Names beside which "value" stands, as in the environment of a container. */
bool mask_name_names(struct text name);
/* "value" and what else holds the value beside such a name. */
bool mask_name_holds(struct text name);
/* "isSensitive" and the like. */
bool mask_name_marks(struct text name);
/* What may be shown of a sensitive variable. */
bool mask_name_describes(struct text name);

/* ---- values: mask_words.c ---- */

/* Whether a scalar, without quotes, may stay under a secret name. strict: also true and false go.
 */
bool mask_stays(struct text scalar, bool strict);
/* Masks in any text, word by word; PEM only where mask_pem() was. */
size_t mask_words(struct text text, struct buf *out);
/* Masks private keys in PEM, over any number of lines. */
size_t mask_pem(struct text text, struct buf *out);
/* Masks what INI, TOML and HCL spread over lines. */
size_t mask_spans(struct text text, struct buf *out);
/* Masks in XML. */
size_t mask_xml(struct text text, struct buf *out);

/* ---- the state of one text: mask_state.c ---- */

/* What a value inherits from where it stands. */
struct mask_mood {
	bool secret;
	bool strict;   /* a secret of which also true and false go */
	bool selects;  /* see mask_name_selects() */
	bool shallow;  /* a secret, but members of maps in it are none for that */
	bool pardoned; /* no secret, but members of maps in it are */
	bool listed;   /* an object in it is one of kind Secret */
	enum mask_group group;
};

static inline void mask_mood_set(struct mask_mood *mood)
{
	mood->secret = true;
	mood->shallow = mood->pardoned = false;
	mood->group = MASK_GROUP_NONE;
}

/* What is known of a map only when all of it was read. */
enum {
	MAP_NAMED = 1,     /* its name says that its value is a secret */
	MAP_SENSITIVE = 2, /* it says so itself */
	MAP_SECRET = 4,    /* an object of kind Secret */
	MAP_LIST = 8,      /* an object of kind SecretList */
	MAP_REMOTE = 16,   /* says where a secret is kept */
};

/*
 * A text is read twice: first for what is known of its maps, which are numbered in the order in
 * which they begin, then to be written.
 */
struct mask_state {
	struct text text;
	struct buf *out; /* NULL in the first reading */
	size_t from;     /* up to where text is written already */
	size_t count;
	unsigned level;
	bool json; /* strings are JSON's, nothing else needs care */

	unsigned char *maps;
	size_t map_capacity;
	size_t map_count; /* after the first reading */
	size_t next_map;
	bool alias_in_secret; /* then whatever has an anchor is one */

	/* Searches that failed once are not made again from there on: they would each go to the
	 * end. What stands before is read as it was, however often. */
	size_t no_double_quote; /* from here on none is closed; SIZE_MAX: not known */
	size_t no_single_quote;
	bool no_flow;
	size_t flow_depth; /* of the flow collection that was looked at last */
};

void mask_state_init(struct mask_state *s, struct text text, unsigned level, bool json);
/* From the first reading to the second, which writes to out. */
void mask_second_reading(struct mask_state *s, struct buf *out);
/* Writes what is left; how many values are masked. */
size_t mask_state_fini(struct mask_state *s);

size_t mask_new_map(struct mask_state *s);
/* Remembers what a member says of its map. value: a scalar without its quotes. */
void mask_note_member(struct mask_state *s, size_t map, struct text key, struct text value);
/* The same without a state: what one member says of its map, and the mood of another's value. */
unsigned char mask_member_says(struct text key, struct text value);
unsigned char mask_key_says(struct text key);
struct mask_mood mask_mood_in(unsigned char map, struct text key, struct mask_mood inherited);
/* The mood of the value of a member. */
struct mask_mood mask_mood_of(const struct mask_state *s, size_t map, struct text key,
			      struct mask_mood inherited);
/* Whether the item after this one is a secret: "--password". */
bool mask_item_announces(struct text item);

/* Writes what is not written yet up to there. */
void mask_keep(struct mask_state *s, size_t to);
/* Writes "***" for what lies between, in quotes. */
void mask_hide(struct mask_state *s, size_t start, size_t end);
/* Writes what lies between after mask_words(). */
void mask_keep_words(struct mask_state *s, size_t start, size_t end);

/* ---- templates and quoted scalars: mask_quoted.c ---- */

/* Behind the quoted scalar at start; 0 if it is not closed. */
size_t mask_quoted_end(struct mask_state *s, size_t start);
/* What a quoted scalar reads as, into out; false if it is none or holds NUL. */
bool mask_unquote(struct text quoted, struct buf *out);
/* A quoted scalar as a value. */
void mask_quoted(struct mask_state *s, size_t start, size_t end, struct mask_mood mood);
/* The same as a key: only word by word. */
void mask_quoted_key(struct mask_state *s, size_t start, size_t end);
/* Behind the template "{{ }}" at start, which ends before end; start if none does. */
size_t mask_template_end(struct text text, size_t start, size_t end);

/* ---- flow collections: mask_flow.c ---- */

/* Behind the flow collection at start; 0 if it is not closed. */
size_t mask_flow_end(struct mask_state *s, size_t start);
/* The flow collection between as a value. */
void mask_flow(struct mask_state *s, size_t start, size_t end, struct mask_mood mood);

/* ---- texts: mask_yaml.c, mask_check.c, mask.c ---- */

/* Any text at a level; result is its own buffer. */
size_t mask_text(struct text text, unsigned level, struct buf *out);
/* YAML, or what might be. */
size_t mask_lines(struct text text, unsigned level, struct buf *out);
/* Whether a reader of YAML, if it can read the text at all, finds every secret masked. */
bool mask_is_complete(struct text text);

#endif
