/* Inside op/: the rows of each resource, for the table. Each array ends with name NULL. */
#ifndef OP_ROWS_H
#define OP_ROWS_H

#include "op/op.h"

extern const struct op service_ops[];
extern const struct op user_ops[];
extern const struct op cluster_ops[];
extern const struct op cluster_create_ops[];
extern const struct op cluster_event_ops[];
extern const struct op virtual_cluster_ops[];
extern const struct op cluster_group_ops[];
extern const struct op project_ops[];
extern const struct op profile_ops[];
extern const struct op cloud_account_ops[];
extern const struct op overlord_ops[];
extern const struct op session_token_ops[];
extern const struct op host_ops[];
extern const struct op registry_ops[];
extern const struct op mcp_ops[];
extern const struct op metrics_ops[];
extern const struct op status_ops[];
extern const struct op mcp_resource_ops[];
extern const struct op agent_list_ops[];
extern const struct op agent_health_ops[];
extern const struct op agent_cluster_ops[];
extern const struct op agent_create_ops[];
extern const struct op agent_profile_ops[];
extern const struct op agent_operation_ops[];
extern const struct op agent_machine_ops[];
extern const struct op agent_node_ops[];
extern const struct op agent_pack_ops[];
extern const struct op agent_tag_ops[];

/* ---- answers that several resources have ---- */

/* A kubeconfig by the parameters clusterUid, projectUid and frp, as a file of that name's end. */
bool answer_kubeconfig(struct call *c, const char *suffix, struct result *res, struct error *err);

/* Palette's ObjectMeta, as far as anybody may rely on it. */
extern const struct field metadata_fields[];
/* One object of Palette's. */
extern const struct field palette_object[];
#endif
