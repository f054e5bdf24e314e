/* Ctrl-C while a command is at work: it calls the work off, and afterwards all is as before. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "cmd/interrupt.h"

enum { PATIENCE_MS = 10000 };

static void a_signal_calls_the_work_off(void **state)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		struct http_cancel *cancel = http_cancel_new();
		struct interrupt *interrupt;
		struct error err;

		assert_true(interrupt_begin(cancel, &interrupt, &err));
		assert_int_equal(interrupt_signal(interrupt), 0);
		assert_false(http_cancelled(cancel));
		assert_int_equal(kill(getpid(), signals[i]), 0);
		assert_true(http_cancel_wait_ms(cancel, PATIENCE_MS));
		assert_int_equal(interrupt_signal(interrupt), signals[i]);
		interrupt_end(interrupt);
		http_cancel_free(cancel);
	}
}

static void without_a_signal_nothing_is_called_off(void **state)
{
	struct http_cancel *cancel = http_cancel_new();
	struct interrupt *interrupt;
	struct error err;

	(void)state;
	assert_true(interrupt_begin(cancel, &interrupt, &err));
	interrupt_say(interrupt, "never", "never");
	/* Somebody else's: it is not for us. */
	assert_int_equal(kill(getpid(), SIGUSR1), 0);
	clock_sleep_ms(50);
	interrupt_end(interrupt);
	assert_false(http_cancelled(cancel));
	http_cancel_free(cancel);
	interrupt_end(NULL);
}

static void the_mask_is_as_before(void **state)
{
	struct http_cancel *cancel = http_cancel_new();
	struct interrupt *interrupt;
	struct error err;
	sigset_t mask;

	(void)state;
	assert_true(interrupt_begin(cancel, &interrupt, &err));
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	assert_true(sigismember(&mask, SIGINT));
	interrupt_end(interrupt);
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	assert_false(sigismember(&mask, SIGINT));
	http_cancel_free(cancel);
}

/* In a process of its own: how it ends, and what it said to standard error. */
static int end_of_child(char said[256])
{
	int ends[2];
	int status = 0;
	ssize_t len;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct http_cancel *cancel = http_cancel_new();
		struct interrupt *interrupt;
		struct error err;

		dup2(ends[1], STDERR_FILENO);
		if (!interrupt_begin(cancel, &interrupt, &err))
			_exit(99);
		interrupt_say(interrupt, "the first", "the second");
		kill(getpid(), SIGINT);
		http_cancel_wait_ms(cancel, PATIENCE_MS);
		kill(getpid(), SIGTERM);
		clock_sleep_ms(PATIENCE_MS);
		_exit(98);
	}
	close(ends[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	len = read(ends[0], said, 255);
	said[len < 0 ? 0 : len] = '\0';
	close(ends[0]);
	return status;
}

static void a_second_one_ends_the_process(void **state)
{
	char said[256];
	int status = end_of_child(said);

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	assert_string_equal(said, "the first\nthe second\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signal_calls_the_work_off),
		cmocka_unit_test(without_a_signal_nothing_is_called_off),
		cmocka_unit_test(the_mask_is_as_before),
		cmocka_unit_test(a_second_one_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
