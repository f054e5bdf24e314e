/*
 * Ctrl-C while a command is at work that must not be left without a word: SIGINT, SIGTERM and
 * SIGHUP call the work off, and what they are is told afterwards. A second one ends the process.
 */
#ifndef CMD_INTERRUPT_H
#define CMD_INTERRUPT_H

#include "base/attr.h"
#include "base/error.h"
#include "http/cancel.h"

struct interrupt;

/* From now on. To be called before other threads are started: they take over that the signals are
 * not theirs. cancel: borrowed until interrupt_end(). Owned: interrupt_end(). */
MUST_USE bool interrupt_begin(struct http_cancel *cancel, struct interrupt **interrupt,
			      struct error *err);
/* Lines to write to standard error when the first comes, and when the second ends the process;
 * NULL: none. Borrowed until the next call or interrupt_end(). */
void interrupt_say(struct interrupt *interrupt, const char *first, const char *second);
/* Which signal came; 0: none so far. */
int interrupt_signal(const struct interrupt *interrupt);
/* The signals do again what they did before. NULL is fine. */
void interrupt_end(struct interrupt *interrupt);

#endif
