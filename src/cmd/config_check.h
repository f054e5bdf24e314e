/* Inside cmd/: the word check of the command config. */
#ifndef CMD_CONFIG_CHECK_H
#define CMD_CONFIG_CHECK_H

#include "cmd/cmd.h"

/* Says what is wrong and what is odd: lines on standard error, or an object on standard output.
 * Answers the exit status. */
int config_check(const struct options *options, bool json);

#endif
