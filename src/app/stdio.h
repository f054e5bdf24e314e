/*
 * The Model Context Protocol over a pair of pipes: one message a line, in and out. Whoever started
 * the process is the client, and what it may do is what the configuration's tokens may.
 */
#ifndef APP_STDIO_H
#define APP_STDIO_H

#include "app/app.h"

/*
 * Serves until `in` ends or nobody reads `out` any more; then calls off what runs. Calls of tools
 * run side by side; how many, and how many wait, is bounded.
 *
 * app  of app_open_alone(); borrowed. The process must ignore SIGPIPE.
 * Fails with ERROR_INTERNAL where there are no threads, or `in` cannot be read.
 */
MUST_USE bool stdio_serve(const struct app *app, int in, int out, struct error *err);

#endif
