/* Inside cmd/: what the checks of Palette share. */
#ifndef CMD_DOCTOR_PALETTE_H
#define CMD_DOCTOR_PALETTE_H

#include "cmd/doctor.h"

/* A view of the task's environment, with its apiToken: palette_close(). False: it has been said why
 * there is none. */
MUST_USE bool doctor_palette_open(struct doctor_task *t, struct palette **p);
/* Says what a failure means, and what to do about it. */
void doctor_palette_failed(struct doctor_task *t, const struct error *err);

#endif
