/* YAML to a tree: the events of libyaml, with the checks that libyaml leaves to its user. */
#include "config/yaml.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

enum {
	MAX_ANCHORS = 1000, /* in one file; their search is linear */
	FIRST_ANCHORS = 8,
};

static const char unknown_tag[] =
	"a tag that has no meaning here; those of YAML's core schema have: "
	"!!str, !!int, !!float, !!bool, !!null, !!map, !!seq";

struct anchor {
	const char *name;
	struct node *node;
	size_t weight;   /* nodes in it, itself included */
	unsigned height; /* levels in it, itself included */
	bool open;       /* still being read: an alias now would be inside itself */
};

/* A map or list that is being read. */
struct frame {
	struct node *node;
	size_t anchor; /* index, or SIZE_MAX */
	size_t weight;
	unsigned height;
	bool has_key;
	struct text key;
	struct place key_place;
};

struct reader {
	struct arena *arena;
	const char *file;
	struct text document;
	size_t *budget;
	struct error *err;
	bool strict; /* tags count */
	yaml_parser_t parser;
	struct node *root;
	struct frame frames[TREE_MAX_DEPTH];
	unsigned depth;
	struct anchor *anchors; /* arena */
	size_t anchor_count;
	size_t anchor_room;
};

static struct place place_of(const struct reader *r, yaml_mark_t mark)
{
	return (struct place){r->file, (unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

static bool refuse(struct reader *r, yaml_mark_t mark, const char *why)
{
	return error_set(r->err, ERROR_INPUT, "%s:%zu:%zu: %s", r->file, mark.line + 1,
			 mark.column + 1, why);
}

/* Counted as libyaml counts, for what it gives as a byte. */
static yaml_mark_t mark_of(struct text document, size_t offset)
{
	yaml_mark_t mark = {.index = offset};

	for (size_t i = 0; i < offset && i < document.len; i++) {
		char c = document.ptr[i];

		if (c == '\n' ||
		    (c == '\r' && (i + 1 == document.len || document.ptr[i + 1] != '\n'))) {
			mark.line++;
			mark.column = 0;
		} else if (((unsigned char)c & 0xC0) != 0x80) {
			mark.column++;
		}
	}
	return mark;
}

/* For the two that people meet most, what to do about them; NULL for the others. */
static const char *in_plain_words(const char *problem)
{
	if (strcmp(problem, "found a tab character that violates indentation") == 0)
		return "a tab at the start of a line: indent with spaces";
	if (strcmp(problem, "did not find expected node content") == 0)
		return "a value is missing here";
	if (strcmp(problem, "found character that cannot start any token") == 0)
		return "no value can start with this character: indent with spaces, not tabs, and "
		       "put what starts with @, ` or % in quotes";
	return NULL;
}

/* What was begun and has no end, or no comma where one belongs: the person looks for its beginning.
 */
static const struct {
	const char *context;
	const char *name;
} begun[] = {
	{"while scanning a quoted scalar", "quoted text"},
	{"while parsing a flow sequence", "list in [ ]"},
	{"while parsing a flow mapping", "map in { }"},
};

/* Whether that is the fault, and was said. */
static bool refuse_unclosed(struct reader *r, const char *problem)
{
	const yaml_parser_t *p = &r->parser;
	bool quoted = strcmp(p->context, begun[0].context) == 0;

	if (strcmp(problem, "found unexpected end of stream") != 0 &&
	    strncmp(problem, "did not find expected ','", 25) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(begun); i++)
		if (strcmp(p->context, begun[i].context) == 0)
			return !refuse(r, p->context_mark,
				       arena_printf(r->arena, "this %s is not closed%s",
						    begun[i].name,
						    quoted ? "" : ", or a comma is missing in it"));
	return false;
}

/* What libyaml has to say; it never quotes the document. */
static bool refuse_syntax(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *problem = p->problem == NULL ? "not YAML" : p->problem;
	const char *plain = in_plain_words(problem);

	if (p->error == YAML_MEMORY_ERROR)
		arena_out_of_memory(0);
	if (p->error == YAML_READER_ERROR)
		return refuse(r, mark_of(r->document, p->problem_offset), problem);
	if (plain != NULL && p->problem_mark.index >= r->document.len)
		return refuse(r, p->problem_mark,
			      "the end, and a value is missing, or the end of a list in [ ] or a "
			      "map in { }");
	if (plain != NULL)
		return refuse(r, p->problem_mark, plain);
	if (p->context != NULL && refuse_unclosed(r, problem))
		return false;
	if (p->context != NULL)
		return error_set(r->err, ERROR_INPUT, "%s:%zu:%zu: %s: %s", r->file,
				 p->problem_mark.line + 1, p->problem_mark.column + 1, p->context,
				 problem);
	return refuse(r, p->problem_mark, problem);
}

static struct text text_of_event(const yaml_event_t *event)
{
	return (struct text){(const char *)event->data.scalar.value, event->data.scalar.length};
}

static bool take_key(struct reader *r, struct frame *map, struct text key, yaml_mark_t mark)
{
	if (config_node_get(map->node, key) != NULL)
		return refuse(r, mark,
			      arena_printf(r->arena, "the key '%.*s' is in this map already",
					   (int)(key.len > 100 ? 100 : key.len), key.ptr));
	if (map->node->count >= TREE_MAX_KEYS)
		return refuse(r, mark, "more than 4096 keys in one map");
	map->key = arena_copy_text(r->arena, key);
	map->key_place = place_of(r, mark);
	map->has_key = true;
	return true;
}

static bool wants_key(const struct reader *r)
{
	const struct frame *top = r->depth == 0 ? NULL : &r->frames[r->depth - 1];

	return top != NULL && top->node->type == NODE_MAP && !top->has_key;
}

/* Puts a finished value where it belongs: into the map or list being read, or at the root. */
static void attach(struct reader *r, struct node *value, size_t weight, unsigned height)
{
	struct frame *top;

	if (r->depth == 0) {
		r->root = value;
		return;
	}
	top = &r->frames[r->depth - 1];
	if (top->node->type == NODE_MAP)
		config_node_add(r->arena, top->node, top->key, top->key_place, value);
	else
		config_node_add(r->arena, top->node, TEXT(""), value->place, value);
	top->has_key = false;
	top->weight += weight;
	if (height + 1 > top->height)
		top->height = height + 1;
}

static bool spend(struct reader *r, yaml_mark_t mark, size_t nodes)
{
	if (nodes > *r->budget)
		return refuse(r, mark, "too many values (are aliases piled up?)");
	*r->budget -= nodes;
	return true;
}

/* Most files have none. */
static void make_room_for_anchor(struct reader *r)
{
	size_t room = r->anchor_room == 0 ? FIRST_ANCHORS : r->anchor_room * 2;
	struct anchor *anchors;

	if (r->anchor_count < r->anchor_room)
		return;
	anchors = arena_array(r->arena, struct anchor, room);
	if (r->anchor_count > 0)
		memcpy(anchors, r->anchors, r->anchor_count * sizeof *anchors);
	r->anchors = anchors;
	r->anchor_room = room;
}

/* Remembers an anchor; *index is SIZE_MAX if there is none. */
static bool set_anchor(struct reader *r, const yaml_char_t *name, yaml_mark_t mark,
		       struct node *node, size_t *index)
{
	*index = SIZE_MAX;
	if (name == NULL)
		return true;
	if (r->anchor_count == MAX_ANCHORS)
		return refuse(r, mark, "more than 1000 anchors in one file");
	make_room_for_anchor(r);
	*index = r->anchor_count++;
	r->anchors[*index] = (struct anchor){
		.name = arena_copy(r->arena, text_of((const char *)name)),
		.node = node,
		.weight = 1,
		.height = 1,
	};
	return true;
}

static const struct anchor *find_anchor(const struct reader *r, const yaml_char_t *name)
{
	for (size_t i = r->anchor_count; i > 0; i--)
		if (strcmp(r->anchors[i - 1].name, (const char *)name) == 0)
			return &r->anchors[i - 1];
	return NULL;
}

/* ---- tags ---- */

/* The core schema's, of scalars; NULL and "!" are none. */
static bool is_known_tag(const char *tag)
{
	static const char *const known[] = {YAML_STR_TAG,  YAML_INT_TAG,  YAML_FLOAT_TAG,
					    YAML_BOOL_TAG, YAML_NULL_TAG, "!"};

	for (size_t i = 0; tag != NULL && i < ARRAY_LEN(known); i++)
		if (strcmp(tag, known[i]) == 0)
			return true;
	return tag == NULL;
}

static bool is_whole(struct text number)
{
	return text_starts(number, "0x") ||
	       (text_find(number, '.') == SIZE_MAX && text_find(number, 'e') == SIZE_MAX &&
		text_find(number, 'E') == SIZE_MAX);
}

static bool fits_tag(const struct node *node, const char *tag)
{
	if (tag == NULL)
		return true;
	if (strcmp(tag, YAML_INT_TAG) == 0)
		return node->type == NODE_NUMBER && is_whole(node->text);
	if (strcmp(tag, YAML_FLOAT_TAG) == 0)
		return node->type == NODE_NUMBER;
	if (strcmp(tag, YAML_BOOL_TAG) == 0)
		return node->type == NODE_BOOL;
	return strcmp(tag, YAML_NULL_TAG) != 0 || node->type == NODE_NULL;
}

static bool check_tag(struct reader *r, const yaml_event_t *event, const struct node *node)
{
	const char *tag = (const char *)event->data.scalar.tag;

	if (!r->strict)
		return true;
	if (tag != NULL && strcmp(tag, "tag:yaml.org,2002:binary") == 0)
		return refuse(r, event->start_mark,
			      "binary values (!!binary) have no place here: write text");
	if (!is_known_tag(tag))
		return refuse(r, event->start_mark, unknown_tag);
	if (!fits_tag(node, tag))
		return refuse(r, event->start_mark, "the value is not what its tag says");
	return true;
}

static bool check_collection_tag(struct reader *r, yaml_mark_t mark, const yaml_char_t *tag,
				 const char *expected)
{
	const char *given = (const char *)tag;

	if (!r->strict || given == NULL || strcmp(given, expected) == 0 || strcmp(given, "!") == 0)
		return true;
	return refuse(r, mark, unknown_tag);
}

/* ---- events ---- */

static struct node *make_scalar(struct reader *r, const yaml_event_t *event)
{
	const char *tag = (const char *)event->data.scalar.tag;
	struct place place = place_of(r, event->start_mark);
	struct text text = text_of_event(event);
	bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	if (tag != NULL)
		plain = strcmp(tag, YAML_INT_TAG) == 0 || strcmp(tag, YAML_FLOAT_TAG) == 0 ||
			strcmp(tag, YAML_BOOL_TAG) == 0 || strcmp(tag, YAML_NULL_TAG) == 0;
	return plain ? config_node_plain(r->arena, text, place)
		     : config_node_string(r->arena, text, place);
}

/* What YAML 1.1 puts a map's members into another with; here it would be a name like another, and
 * the members be missing. */
static bool is_merge_key(const struct reader *r, const yaml_event_t *event)
{
	return r->strict && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       text_is(text_of_event(event), "<<");
}

static bool on_scalar(struct reader *r, const yaml_event_t *event)
{
	struct node *node;
	size_t anchor;

	if (!spend(r, event->start_mark, 1))
		return false;
	node = make_scalar(r, event);
	if (!check_tag(r, event, node))
		return false;
	if (!set_anchor(r, event->data.scalar.anchor, event->start_mark, node, &anchor))
		return false;
	if (wants_key(r) && is_merge_key(r, event))
		return refuse(
			r, event->start_mark,
			"YAML 1.2 has no merge keys (<<): write the members out, or \"<<\" in "
			"quotes if that is a name");
	if (wants_key(r))
		return take_key(r, &r->frames[r->depth - 1], node->text, event->start_mark);
	attach(r, node, 1, 1);
	return true;
}

static bool on_alias(struct reader *r, const yaml_event_t *event)
{
	const struct anchor *anchor = find_anchor(r, event->data.alias.anchor);
	yaml_mark_t mark = event->start_mark;

	if (anchor == NULL)
		return refuse(r, mark, "this alias names no anchor above it");
	if (anchor->open)
		return refuse(r, mark, "this alias stands inside the value it names");
	if (r->depth + anchor->height > TREE_MAX_DEPTH)
		return refuse(r, mark, "more than 64 levels deep");
	if (!spend(r, mark, anchor->weight))
		return false;
	if (!wants_key(r)) {
		attach(r, anchor->node, anchor->weight, anchor->height);
		return true;
	}
	if (anchor->node->type == NODE_MAP || anchor->node->type == NODE_LIST)
		return refuse(r, mark, "a key must be a plain word or a string");
	return take_key(r, &r->frames[r->depth - 1], anchor->node->text, mark);
}

static bool on_begin(struct reader *r, const yaml_event_t *event, enum node_type type,
		     const yaml_char_t *anchor_name)
{
	yaml_mark_t mark = event->start_mark;
	struct node *node;
	size_t anchor;

	if (wants_key(r))
		return refuse(r, mark, "a key must be a plain word or a string");
	if (r->depth == TREE_MAX_DEPTH)
		return refuse(r, mark, "more than 64 levels deep");
	if (!spend(r, mark, 1))
		return false;
	node = config_node_new(r->arena, type, place_of(r, mark));
	if (!set_anchor(r, anchor_name, mark, node, &anchor))
		return false;
	if (anchor != SIZE_MAX)
		r->anchors[anchor].open = true;
	r->frames[r->depth++] = (struct frame){
		.node = node,
		.anchor = anchor,
		.weight = 1,
		.height = 1,
	};
	return true;
}

static void on_end(struct reader *r)
{
	struct frame done = r->frames[--r->depth];

	if (done.anchor != SIZE_MAX) {
		r->anchors[done.anchor].weight = done.weight;
		r->anchors[done.anchor].height = done.height;
		r->anchors[done.anchor].open = false;
	}
	attach(r, done.node, done.weight, done.height);
}

static bool on_document(struct reader *r, const yaml_event_t *event)
{
	const yaml_version_directive_t *version = event->data.document_start.version_directive;

	if (r->root != NULL)
		return refuse(r, event->start_mark, "a second document; one is allowed");
	if (version != NULL && version->minor < 2)
		return refuse(r, event->start_mark,
			      "this file asks for YAML 1.1, which reads values differently; "
			      "remove the %YAML line");
	return true;
}

static bool on_event(struct reader *r, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return on_document(r, event);
	case YAML_SCALAR_EVENT:
		return on_scalar(r, event);
	case YAML_ALIAS_EVENT:
		return on_alias(r, event);
	case YAML_SEQUENCE_START_EVENT:
		return check_collection_tag(r, event->start_mark, event->data.sequence_start.tag,
					    YAML_SEQ_TAG) &&
		       on_begin(r, event, NODE_LIST, event->data.sequence_start.anchor);
	case YAML_MAPPING_START_EVENT:
		return check_collection_tag(r, event->start_mark, event->data.mapping_start.tag,
					    YAML_MAP_TAG) &&
		       on_begin(r, event, NODE_MAP, event->data.mapping_start.anchor);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		on_end(r);
		return true;
	default:
		return true;
	}
}

static bool read_events(struct reader *r)
{
	bool more = true;
	bool ok = true;

	while (ok && more) {
		yaml_event_t event;

		if (!yaml_parser_parse(&r->parser, &event))
			return refuse_syntax(r);
		more = event.type != YAML_STREAM_END_EVENT;
		ok = on_event(r, &event);
		yaml_event_delete(&event);
	}
	return ok;
}

/* How many bytes there are before the first that is no part of UTF-8. */
static size_t count_valid(struct text document)
{
	size_t at = 0;

	while (at < document.len) {
		unsigned char lead = (unsigned char)document.ptr[at];
		size_t len = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
		struct text character = text_slice(document, at, len);

		if (character.len < len || !text_is_utf8(character))
			break;
		at += len;
	}
	return at;
}

static bool read(struct arena *a, size_t *budget, const char *file, struct text document,
		 bool strict, struct node **root, struct error *err)
{
	struct reader *r;
	bool ok;

	r = heap_alloc(sizeof *r);
	r->arena = a;
	r->file = file;
	r->document = document;
	r->budget = budget;
	r->err = err;
	r->strict = strict;
	if (!yaml_parser_initialize(&r->parser))
		arena_out_of_memory(0);
	yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r->parser, (const unsigned char *)document.ptr, document.len);
	ok = read_events(r);
	if (ok)
		*root = r->root != NULL ? r->root
					: config_node_new(a, NODE_NULL, (struct place){file, 1, 1});
	yaml_parser_delete(&r->parser);
	free(r);
	return ok;
}

static bool read_utf8(struct arena *a, size_t *budget, const char *file, struct text document,
		      bool strict, struct node **root, struct error *err)
{
	if (text_starts(document, "\xEF\xBB\xBF")) /* a byte order mark, which UTF-8 needs not */
		document = text_slice(document, 3, document.len);
	if (!text_is_utf8(document)) {
		yaml_mark_t mark = mark_of(document, count_valid(document));

		return error_set(err, ERROR_INPUT, "%s:%zu:%zu: not UTF-8", file, mark.line + 1,
				 mark.column + 1);
	}
	return read(a, budget, file, document, strict, root, err);
}

bool yaml_read(struct arena *a, size_t *budget, const char *file, struct text document,
	       struct node **root, struct error *err)
{
	return read_utf8(a, budget, file, document, false, root, err);
}

bool yaml_read_strictly(struct arena *a, size_t *budget, const char *file, struct text document,
			struct node **root, struct error *err)
{
	return read_utf8(a, budget, file, document, true, root, err);
}
