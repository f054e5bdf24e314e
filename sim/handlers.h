/* The handlers that palette_routes[] names; each file holds one resource's. */
#ifndef SIM_HANDLERS_H
#define SIM_HANDLERS_H

#include "parts.h"

typedef void handler(struct request *r, struct reply *a);

/* palette_people.c */
handler health_ping, user_me, user_info, user_projects, user_roles, keys_list, key_read;
handler projects_list, projects_metadata, project_read, api_keys;

/* palette_clusters.c */
handler clusters_meta, clusters_metadata, clusters_search, clusters_schema, cluster_summary;
handler cluster_read, cluster_status;

/* palette_events.c */
handler cluster_events;

/* palette_nodes.c */
handler cloud_config, machines_list, machine_read;

/* palette_packs.c */
handler packs_search, pack_read, pack_of_registry;

/* palette_metadata.c */
handler cluster_set_metadata, profile_set_metadata, cluster_variables;

/* palette_assets.c */
handler cluster_kubeconfig, cluster_kubeconfig_client, cluster_admin_kubeconfig;
handler cluster_profiles, cluster_manifest;

/* palette_create.c */
handler cluster_create, cluster_validate, cluster_rate, cluster_name_check;

/* palette_profiles.c */
handler profiles_list, profiles_metadata, profile_summary, profile_read, profile_packs;
handler profile_variables;

/* palette_accounts.c */
handler accounts_list, accounts_summary, accounts_metadata, account_read;
handler vsphere_datacenters, vsphere_resources;

/* palette_groups.c */
handler groups_list, groups_metadata, group_read, group_clusters;
handler overlords_list, overlord_read, overlord_pools;

/* Reads a boolean query parameter; false: refused. */
bool query_bool(struct request *r, const char *name, bool *value, struct reply *a);

#endif
