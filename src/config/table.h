/* One row a setting: what it is called, what it may be, where it goes, what it does. */
#ifndef CONFIG_TABLE_H
#define CONFIG_TABLE_H

#include <stdint.h>

#include "config/config.h"

enum setting_type {
	SETTING_FOREIGN = 0, /* of other plugins that share the section: accepted, never read */
	SETTING_STRING,      /* const char * */
	SETTING_SECRET,      /* struct secret */
	SETTING_BASE64,      /* struct secret: what the string stands for */
	SETTING_BOOL,        /* bool */
	SETTING_INT,         /* int, as are the next three */
	SETTING_SIZE_BYTES,
	SETTING_DURATION_MS,
	SETTING_ENUM,
	SETTING_STRINGS,  /* struct config_strings */
	SETTING_WORDS,    /* an array of const char *, and their count: a string or list of strings,
			     in which spaces and commas separate words; none: NULL */
	SETTING_URL,      /* const char *; no trailing '/' but where it may have a query */
	SETTING_FILE,     /* const char *; readable, as seen from the directory of the load */
	SETTING_LIST,     /* a pointer to an array of structs, and their count; none: NULL */
	SETTING_TARGET,   /* of a struct config_endpoint both addresses: one URL, or a map */
	SETTING_EXTERNAL, /* backend.auth.externalAccess, which external.c reads */
	SETTING_OLD_KEYS, /* backend.auth.keys, likewise */
	SETTING_READ      /* whatever the row's read() makes of it; shown as it was
			     written, unless the row is secret */
};

/* What a URL may have besides http or https, a host, a port and a path. */
enum setting_url {
	URL_QUERY = 1,
	URL_SRV = 2,       /* http+srv and https+srv; those without a port */
	URL_PLUGIN_ID = 4, /* {{pluginId}}, anywhere */
};

struct check;
struct node;

struct setting_choice {
	const char *name; /* NULL ends a list */
	int value;
};

struct setting_list {
	const struct setting *rows; /* relative to one element */
	size_t element_size;
	bool strict; /* a key that no row knows is a fault: it may have been meant to restrict */
};

/* Columns left out are 0 or NULL: not required, no default, not limited. */
struct setting {
	const char *path; /* NULL ends a table */
	enum setting_type type;
	size_t into;          /* offset in the struct of the table */
	size_t count_into;    /* of WORDS and LIST: size_t, the count */
	const char *fallback; /* the default as one would write it */
	bool required;
	bool (*needed)(const struct config *config); /* required if so, otherwise not read */
	bool unique;  /* no two elements of a list may have the same */
	bool narrows; /* a fault if it depends on a variable that is not set: more would be allowed
			 than was meant */
	bool fixed;   /* it cannot change while the service runs */
	bool apart;   /* of FILE: who uses it sees by itself that it changes */
	int64_t min;  /* of numbers, in the unit of the type; of STRINGS and LIST: how many */
	int64_t max;
	unsigned url; /* enum setting_url */
	const struct setting_choice *choices;
	const char *variable; /* an environment variable that beats the default */
	/* A further check: of a string, of each of several, or of what a file holds. */
	bool (*accepts)(struct text t);
	const char *wants; /* what accepts() wants, in words */
	const struct setting_list *list;
	/* Of READ: reads into the row's place, or reports a fault; and what it is, in words. */
	void (*read)(struct check *c, const struct setting *row, const struct node *value,
		     const char *path, void *into);
	const char *kind;
	bool secret;            /* of READ: shown as *** */
	const char *deprecated; /* what to write instead */
	const char *help;
};

extern const struct setting settings[];             /* into struct config */
extern const struct setting environment_settings[]; /* into struct config_environment */
extern const struct setting external_settings[];    /* into struct config_external */
/* backend.auth.keys; into struct config_external. */
extern const struct setting old_key_settings[];
#define CONFIG_OLD_KEY_SUBJECT "external:backstage-plugin"
/* The target of an endpoint, where it is a map; into struct config_endpoint. */
extern const struct setting target_settings[];
/* By enum config_external_type: what external_settings leaves to the type. */
extern const struct setting *const external_options[];

extern const struct setting_list environment_list, rate_list, endpoint_list, plugin_key_list,
	action_include_list, action_exclude_list;

/* ---- what rows share: accepts.c ---- */

/* Visible ASCII, at least one character. */
bool accepts_token(struct text t);
/* The same, of at least 8 characters. */
bool accepts_long_token(struct text t);
/* Not longer than a request can name: 1 to CONFIG_LONGEST_NAME characters. */
bool accepts_name(struct text t);
#define NAME_WANTED "a string of 1 to 256 characters, without control characters"
bool accepts_dns_name(struct text t);
/* The beginning of a path of Palette's API, "/v1/" and whole segments; "*" is any one. */
bool accepts_api_path(struct text t);
/* HOST:PORT, [IPV6]:PORT or unix:PATH. */
bool accepts_listen_address(struct text t);
bool accepts_absolute_path(struct text t);
/* At least one PEM certificate, among whatever else. */
bool accepts_certificates(struct text content);
#define CERTIFICATES_WANTED "a file with at least one PEM certificate"
/* A PEM public key (SPKI), or private key (PKCS#8). */
bool accepts_public_key(struct text content);
bool accepts_private_key(struct text content);

/* What one of these wants of a string, as a regular expression of ECMAScript, as far as one can say
 * it; NULL: it is about what a file holds. */
const char *accepts_pattern(bool (*accepts)(struct text t));
/* debug to error; telemetry.c. */
extern const struct setting_choice log_level_choices[];

/* ---- what a row says: row.c ---- */

/* The last name of its path. */
struct text setting_name(const struct setting *row);
/* The choice of an ENUM called so, NULL if there is none. */
const struct setting_choice *setting_find_choice(const struct setting *row, struct text name);
/* The name of an ENUM's value. */
const char *setting_choice_name(const struct setting *row, int value);
/* What a row wants, in words: "a number from 1 to 1024"; arena. */
const char *setting_wants(struct arena *a, const struct setting *row);

#endif
