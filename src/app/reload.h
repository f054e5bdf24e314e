/*
 * The thread that reads the configuration again: when it is asked to, or a file has changed. The
 * new one is checked as a whole and put in the place of the old one, or refused with the reason. It
 * also closes what was replaced, once nobody works with it any more.
 */
#ifndef APP_RELOAD_H
#define APP_RELOAD_H

#include "app/generation.h"
#include "base/attr.h"
#include "base/error.h"
#include "config/config.h"

struct reloader;

struct reloader_options {
	struct generations *generations;
	const struct generation_base *base;
	const struct config_options *source;
	/* Hands a configuration that has come into force to those that live as long as the process;
	 * borrowed for the call. */
	void (*adopt)(void *context, const struct config *config);
	void *context;
};

/*
 * Starts the thread. It works while the service serves: not while it starts, nor once it is about
 * to stop. reloader  out, owned: reloader_close(). What is in options is borrowed until then.
 */
MUST_USE bool reloader_open(const struct reloader_options *options, struct reloader **reloader,
			    struct error *err);

/* Has the configuration read again. From any thread or a signal handler. */
void reloader_ask(struct reloader *reloader);

/* Asks it to end, and waits for that, but not for long: it may be waiting for Backstage. False if
 * it has not ended. NULL is fine. */
bool reloader_ends(struct reloader *reloader);

/* Ends and releases it, however long that takes; before the generations. NULL is fine. */
void reloader_close(struct reloader *reloader);

#endif
