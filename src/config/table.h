/* One row a setting: what it is called, what it may be, where it goes, what it does. */
#ifndef CONFIG_TABLE_H
#define CONFIG_TABLE_H

#include <stdint.h>

#include "config/config.h"

enum setting_type {
	SETTING_FOREIGN = 0, /* of other plugins that share the section: accepted, never read */
	SETTING_UNSUPPORTED, /* a safeguard this version lacks: refused unless false or empty */
	SETTING_STRING,      /* const char * */
	SETTING_SECRET,      /* struct secret */
	SETTING_BOOL,        /* bool */
	SETTING_INT,         /* int, as are the next three */
	SETTING_SIZE_BYTES,
	SETTING_DURATION_MS,
	SETTING_ENUM,
	SETTING_STRINGS, /* struct config_strings */
	SETTING_URL,     /* const char *; http or https, no trailing '/' */
	SETTING_FILE,    /* const char *; readable, as seen from the directory of the load */
	SETTING_LIST,    /* a pointer to an array of structs, and their count */
	SETTING_EXTERNAL /* backend.auth.externalAccess, which external.c reads */
};

struct setting_choice {
	const char *name; /* NULL ends a list */
	int value;
};

struct setting_list {
	const struct setting *rows; /* relative to one element */
	size_t element_size;
	size_t count_into; /* size_t */
};

/* Columns left out are 0 or NULL: not required, no default, not limited. */
struct setting {
	const char *path; /* NULL ends a table */
	enum setting_type type;
	size_t into;          /* offset in the struct of the table */
	const char *fallback; /* the default as one would write it */
	bool required;
	int64_t min; /* of numbers, in the unit of the type */
	int64_t max;
	const struct setting_choice *choices;
	const char *variable;           /* an environment variable that beats the default */
	bool (*accepts)(struct text t); /* a further check: of a string, or of what a file holds */
	const char *wants;              /* what accepts() wants, in words */
	const struct setting_list *list;
	const char *help;
};

extern const struct setting settings[];             /* into struct config */
extern const struct setting environment_settings[]; /* into struct config_environment */
extern const struct setting external_settings[];    /* into struct config_external */

/* The name of an ENUM's value. */
const char *setting_choice_name(const struct setting *row, int value);
/* What a row wants, in words: "a number from 1 to 1024"; arena. */
const char *setting_wants(struct arena *a, const struct setting *row);

#endif
