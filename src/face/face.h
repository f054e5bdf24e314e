/* The ways in: HTTP for frontends and Backstage, and the documents that describe it. */
#ifndef FACE_FACE_H
#define FACE_FACE_H

#include "base/buf.h"
#include "face/rest.h"

/* The API as an OpenAPI 3.1 document (JSON), from the table of operations. */
void face_openapi(struct buf *out);
/* The table of operations as a page for people (Markdown). */
void face_operations_page(struct buf *out);
/* The fields of flat cluster bodies, the same. */
void face_clusters_page(struct buf *out);
/* The tools of agents, the same. */
void face_tools_page(struct buf *out);
/* Events and fields of the audit trail, the same. */
void face_audit_page(struct buf *out);
/* The modules of the log, the same. */
void face_log_page(struct buf *out);

/* Where the plugin is mounted; the first is the one that Backstage uses. */
extern const char *const face_mounts[];

#endif
