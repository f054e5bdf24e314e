/* How many files and sockets the process may have open, and who gets them. */
#ifndef APP_DESCRIPTORS_H
#define APP_DESCRIPTORS_H

#include "config/config.h"

/*
 * Raises the soft limit to the hard one. How many client connections there may be then, so that
 * calls to Palette always find a descriptor: config's number, or fewer, with a warning in the log.
 */
unsigned descriptors_for_clients(const struct config *config);

#endif
