/* Inside cmd/: the pages of the manual, in man(7) macros. */
#ifndef CMD_MAN_H
#define CMD_MAN_H

#include "base/buf.h"

/* spectrocloud-backend(1): the commands, from their table. */
void man_commands(struct buf *out);
/* spectrocloud-backend(5): the configuration, from the reference page that config_document() makes
 * of the settings' rows. */
void man_configuration(struct buf *out);

/* The title line. */
void man_begin(struct buf *out, const char *section, const char *what);
/* What both pages have at their ends: the process's surroundings. */
void man_environment(struct buf *out);
void man_files(struct buf *out);

#endif
