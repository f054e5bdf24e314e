/*
 * Inside palette/: what is known of Palette's hosts for as long as the process lives, whatever
 * becomes of its configuration: how much of each host's budget is left (pacer.h), whether each
 * environment answers (circuit.h), and what its last hour was like (telemetry/tally.h).
 */
#ifndef PALETTE_HOSTS_H
#define PALETTE_HOSTS_H

#include <stdatomic.h>

#include "palette/budget.h"
#include "palette/circuit.h"
#include "palette/pacer.h"
#include "palette/palette.h"
#include "telemetry/tally.h"

/* The pacer of the environment's host, with the rates of this configuration; NULL: nothing is
 * paced. Environments of one host have it together. Lives as long as hosts. Any thread. */
struct pacer *palette_hosts_pacer(struct palette_hosts *hosts, const struct config *config,
				  size_t environment);
/* The same of the circuit of an environment, which its name and its host tell apart. */
struct circuit *palette_hosts_circuit(struct palette_hosts *hosts, const struct config *config,
				      size_t environment);
/* Of what is in it: counted up with each change that is made there by any client, so that what was
 * read before is known for that. */
atomic_uint_fast64_t *palette_hosts_version(struct palette_hosts *hosts,
					    const struct config *config, size_t environment);
/* Its last hour. */
struct tally *palette_hosts_tally(struct palette_hosts *hosts, const struct config *config,
				  size_t environment);
/* When its certificate ends; see palette_certificate(). */
atomic_int_fast64_t *palette_hosts_certificate(struct palette_hosts *hosts,
					       const struct config *config, size_t environment);
/* Since when it refuses the apiToken; see palette_token_refused(). */
atomic_int_fast64_t *palette_hosts_token_refused(struct palette_hosts *hosts,
						 const struct config *config, size_t environment);

#endif
