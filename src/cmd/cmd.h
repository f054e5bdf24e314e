/* The subcommands. Only these print to a terminal. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/error.h"
#include "config/config.h"

/* One subcommand. All strings are static. */
struct command {
	const char *name;
	const char *arguments; /* for the usage line */
	const char *summary;
	const char *help;                  /* what --help prints below the usage line */
	int (*run)(int argc, char **argv); /* argv[0] is the subcommand; the exit status */
};

extern const struct command command_action;
extern const struct command command_cluster;
extern const struct command command_serve;
extern const struct command command_config;
extern const struct command command_docs;
extern const struct command command_doctor;
extern const struct command command_mcp;
extern const struct command command_operations;
extern const struct command command_sessions;

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

enum { MOST_OWN_OPTIONS = 8, MOST_REPEATED = 256 };

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

/* "spectrocloud-backend serve [OPTIONS]" and the help text. */
void command_print_help(const struct command *command);

#endif
