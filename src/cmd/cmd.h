/* The subcommands. Only these print to a terminal. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/error.h"
#include "config/config.h"

/* ---- the table: what there is, for the parser, --help, completion and the manual ---- */

/* What a shell offers where a value is wanted. */
enum completes {
	COMPLETES_NOTHING,
	COMPLETES_FILES,
	COMPLETES_SETTINGS, /* PATH= of the settings that are one value */
	COMPLETES_TOOLS,    /* names of the tools of agents */
	COMPLETES_USERS,
	COMPLETES_CHECKS, /* names of doctor's checks, with commas between them */
};

/* One option. Columns left out are 0 or NULL. */
struct option_row {
	const char *name; /* without the dashes; NULL ends a table */
	char letter;      /* "-f"; 0: none */
	/* What stands for its value: "FILE". NULL: it takes none, and is given or not. */
	const char *argument;
	/* Offset in the struct that the command reads its options into: of a bool without argument,
	 * else of a const char * that is NULL before, or of a struct repeated. */
	size_t into;
	bool repeated;
	unsigned words;             /* WORD()s of the command that take it; 0: all of them */
	const char *const *choices; /* its values, if there are only these; ends with NULL */
	enum completes completes;
	const char *help;
};

/* Bit of the word at that place of a command's words. */
#define WORD(place) (1u << (place))

/* What a command is told to do first: "check" of config. */
struct command_word {
	const char *name;         /* NULL ends a table */
	const char *arguments;    /* for the usage line: "NAME"; NULL: it takes none */
	const char *needs;        /* likewise, an option that it cannot do without: "-f FILE" */
	enum completes completes; /* what its arguments are */
	bool plain;               /* it takes no options but --help */
	const char *help;
};

struct exit_row {
	const char *status; /* "130"; NULL ends a table */
	const char *meaning;
};

struct example_row {
	const char *line; /* NULL ends a table */
	const char *what; /* it does */
};

enum common_options {
	OPTIONS_CONFIGURATION = 1, /* it reads the configuration: --config and --set */
	OPTIONS_LISTEN = 2,        /* and an address of its own makes a difference */
};

/*
 * One subcommand. All strings are static. Of help and of the texts in rows each line is a paragraph
 * and is broken to fit; one that fits stands as it is.
 */
struct command {
	const char *name;
	/* For the usage line of a command; NULL: they follow from its words and options. */
	const char *arguments;
	const char *summary;
	const struct command_word *words;
	const struct option_row *options; /* its own */
	unsigned common;                  /* enum common_options */
	const char *help;                 /* what else there is to say; NULL: nothing */
	const struct exit_row *exits;     /* NULL: as everywhere, see command_usual_exits */
	const struct example_row *examples;
	int (*run)(int argc, char **argv); /* argv[0] is the subcommand; the exit status */
};

extern const struct command *const command_table[]; /* all, ends with NULL; commands.c */
extern const struct exit_row command_usual_exits[];

extern const struct command command_action;
extern const struct command command_cluster;
extern const struct command command_completion;
extern const struct command command_serve;
extern const struct command command_config;
extern const struct command command_docs;
extern const struct command command_doctor;
extern const struct command command_mcp;
extern const struct command command_operations;
extern const struct command command_sessions;

/* The option at that place of all that a command takes: its own, then those that several commands
 * have, then --help. NULL behind the last. */
const struct option_row *command_option(const struct command *command, size_t index);
/* The words that take an option, as bits; 0: all of them. */
unsigned option_words(const struct command *command, const struct option_row *row);
/* Whether the word at that place takes the option. */
bool option_is_of(const struct command *command, const struct option_row *row, size_t word);

/* How many words a command has. */
size_t command_count_words(const struct command *command);
/* How many lines of usage it has, one or one a word; and such a line, without the program; arena.
 */
size_t command_count_usages(const struct command *command);
const char *command_usage(struct arena *a, const struct command *command, size_t index);

/* ---- options.c: what every subcommand that reads the configuration takes ---- */

enum { MOST_FILES = 32, MOST_OVERRIDES = 64 };

struct options {
	const char *files[MOST_FILES];
	size_t file_count;
	const char *overrides[MOST_OVERRIDES];
	size_t override_count;
	bool help;
	bool alone; /* set by a command that runs without the service: see options_load() */
	int rest;   /* index of the first argument that is no option */
};

/* Reads --config, --set, --listen, --help. On a mistake prints it and returns false. */
MUST_USE bool options_read(int argc, char **argv, struct options *options);

enum { MOST_OWN_OPTIONS = 16, MOST_REPEATED = 256 };

/* The values of an option that may be repeated, in their order; borrowed from argv. */
struct repeated {
	const char *items[MOST_REPEATED];
	size_t count;
};

/* The same for a command that takes options alone, and for --help. False where that was all or went
 * wrong; *status is then what the command ends with. */
MUST_USE bool options_begin(const struct command *command, int argc, char **argv,
			    struct options *options, int *status);

/* An option of one command: one that takes a value, one that takes a value and may be repeated, or
 * with neither of the two one that is given or not. */
struct own_option {
	const char *name;      /* without the dashes */
	char letter;           /* "-f"; 0: none */
	const char **value;    /* out, borrowed from argv; NULL before, and where it is not given */
	struct repeated *many; /* out, added to */
	bool *given;           /* out, as value */
};

/* Both, for a command that takes options of its own. */
MUST_USE bool options_begin_with(const struct command *command, int argc, char **argv,
				 const struct own_option *own, size_t own_count,
				 struct options *options, int *status);

/* The same with options of the command's own. Here they may also stand behind arguments, which go
 * to the end of argv. */
MUST_USE bool options_read_with(int argc, char **argv, const struct own_option *own,
				size_t own_count, struct options *options);
/* Those that several commands have: the row at that place and what it belongs to, enum
 * common_options or 0. NULL behind the last. */
const struct option_row *options_common(size_t index, unsigned *of);

/* What was typed behind the name of a command. */
struct command_line {
	struct options options;
	size_t word; /* place in the command's words; 0 if it has none */
	char **arguments;
	size_t argument_count;
};

/*
 * Reads all of it by the command's rows. argv[0] is the command.
 *
 * how  the struct that the rows' offsets are of; the caller has zeroed it. NULL: no own options.
 *
 * False where that was all (--help), or a mistake, which is printed: a word there is not, an option
 * of another word, arguments where the word takes none. *status is then what the command ends with.
 */
MUST_USE bool command_read(const struct command *command, int argc, char **argv, void *how,
			   struct command_line *typed, int *status);

/* Loads the configuration; prints its notices to standard error, and the faults if it fails. With
 * options->alone, faults in what only the service reads are passed over. */
MUST_USE bool options_load(const struct options *options, struct config **config);
/* The same; *warnings: how many notices there were. */
MUST_USE bool options_load_counting(const struct options *options, struct config **config,
				    size_t *warnings);

/* How that is done, for who does it again. Borrows from options. */
struct config_options options_source(const struct options *options);

/* The same, and its notices are the caller's to say; they live as long as config. */
MUST_USE bool options_load_unsaid(const struct options *options, struct config **config,
				  struct config_notices *notices);
/* The same without its notices, which may be none of a command's business: the faults alone. */
MUST_USE bool options_load_quietly(const struct options *options, struct config **config);

/* For commands that hold tokens while others work with them: the process leaves no core file and
 * lets nobody look. */
void command_protect_memory(void);

/* The opposite, for who looks for a defect: a core file may be written, as large as the hard limit
 * allows. The variables of the environment are not in it, nor what is in a struct secret; other
 * copies of tokens can be. Again after a change of the user, which forbids it anew. */
void command_allow_core_files(void);

/* ---- help.c ---- */

/* "-f, --file FILE"; arena. */
const char *option_term(struct arena *a, const struct option_row *row);
/* "Options of create and wait", of the words that these bits are; arena. */
const char *options_title(struct arena *a, const struct command *command, unsigned words);
/* Whether some word of a command has options that others have not. */
bool options_differ(const struct command *command);
/* What --help prints. */
void command_print_help(const struct command *command);
void command_add_help(struct buf *out, const struct command *command);
/* What the program prints without a command. */
void commands_add_usage(struct buf *out);

#endif
