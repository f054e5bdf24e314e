/* Signals that call work off, taken by a thread that waits for them. */
#include "cmd/interrupt.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

struct interrupt {
	struct http_cancel *cancel;
	pthread_t thread;
	sigset_t before;
	atomic_int signal;
	atomic_bool ending;
	_Atomic(const char *) first;
	_Atomic(const char *) second;
};

/* SIGUSR1 is how interrupt_end() has the thread end; nobody else sends it to this process. */
static const int ending_signal = SIGUSR1;

static sigset_t signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, ending_signal);
	return set;
}

/* As if nobody had caught it. */
static void die_of(int number)
{
	sigset_t set;

	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	raise(number);
}

static void say(_Atomic(const char *) *line)
{
	const char *text = atomic_load(line);

	if (text != NULL)
		fprintf(stderr, "%s\n", text);
}

static void *wait_for_signals(void *context)
{
	struct interrupt *interrupt = context;
	const sigset_t set = signals();
	int number;

	while (sigwait(&set, &number) == 0) {
		if (atomic_load(&interrupt->ending))
			break;
		if (number == ending_signal)
			continue;
		if (atomic_exchange(&interrupt->signal, number) != 0) {
			say(&interrupt->second);
			die_of(number);
		}
		say(&interrupt->first);
		http_cancel_set(interrupt->cancel);
	}
	return NULL;
}

bool interrupt_begin(struct http_cancel *cancel, struct interrupt **interrupt, struct error *err)
{
	struct interrupt *i = heap_alloc(sizeof *i);
	const sigset_t set = signals();
	int failed;

	i->cancel = cancel;
	atomic_init(&i->signal, 0);
	atomic_init(&i->ending, false);
	atomic_init(&i->first, NULL);
	atomic_init(&i->second, NULL);
	pthread_sigmask(SIG_BLOCK, &set, &i->before);
	failed = pthread_create(&i->thread, NULL, wait_for_signals, i);
	if (failed != 0) {
		pthread_sigmask(SIG_SETMASK, &i->before, NULL);
		free(i);
		return error_set(err, ERROR_INTERNAL, "cannot start a thread: %s",
				 strerror(failed));
	}
	*interrupt = i;
	return true;
}

void interrupt_say(struct interrupt *interrupt, const char *first, const char *second)
{
	atomic_store(&interrupt->first, first);
	atomic_store(&interrupt->second, second);
}

int interrupt_signal(const struct interrupt *interrupt)
{
	return atomic_load(&interrupt->signal);
}

void interrupt_end(struct interrupt *interrupt)
{
	if (interrupt == NULL)
		return;
	atomic_store(&interrupt->ending, true);
	pthread_kill(interrupt->thread, ending_signal);
	pthread_join(interrupt->thread, NULL);
	pthread_sigmask(SIG_SETMASK, &interrupt->before, NULL);
	free(interrupt);
}
