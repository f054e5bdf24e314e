/*
 * From a flat body to Palette's entity: the example of each kind, where each field goes, and every
 * rule with the exact place of its fault.
 */
#include "base/clock.h"
#include "unit/palette/entity_examples.h"
#include "unit/palette/entity_fixture.h"

/* ---- examples ---- */

static const struct {
	const char *kind;
	const char *flat;
	const char *entity;
} examples[] = {
	{"eks", flat_eks, entity_eks},
	{"aws", flat_aws, entity_aws},
	{"aks", flat_aks, entity_aks},
	{"azure", flat_azure, entity_azure},
	{"vsphere", flat_vsphere, entity_vsphere},
	{"virtual", flat_virtual, entity_virtual},
};

static void each_kind_becomes_its_entity(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
		struct outcome o = go(quoted(examples[i].flat));

		if (!o.ok)
			fail_msg("%s: %s", examples[i].kind, o.err.message);
		assert_string_equal(o.kind->name, examples[i].kind);
		assert_same_json(o.entity, examples[i].entity);
	}
}

static void an_entity_passes_untouched(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
		struct text body = quoted(examples[i].entity);
		struct outcome o = go(body);

		if (!o.ok)
			fail_msg("%s: %s", examples[i].kind, o.err.message);
		assert_text(o.entity, body);
		assert_int_equal(o.repairs.count, 0);
	}
}

/* ---- changed examples ---- */

/* RFC 7386, where "pool" stands for the first machine pool. */
static void merge(json_t *target, const json_t *patch)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)patch, key, value)
	{
		json_t *old =
			strcmp(key, "pool") == 0
				? json_array_get(json_object_get(target, "machinePoolConfig"), 0)
				: json_object_get(target, key);

		if (json_is_null(value))
			json_object_del(target, key);
		else if (json_is_object(value) && json_is_object(old))
			merge(old, value);
		else
			json_object_set(target, key, value);
	}
}

static struct text changed(const char *kind, const char *patch)
{
	for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
		json_t *tree;
		json_t *with;
		struct text out;

		if (strcmp(examples[i].kind, kind) != 0)
			continue;
		tree = tree_of(quoted(examples[i].flat));
		with = tree_of(quoted(patch));
		merge(tree, with);
		out = text_of_tree(tree);
		json_decref(tree);
		json_decref(with);
		return out;
	}
	fail_msg("no example of %s", kind);
	return TEXT("");
}

#define LONG_NAME "a23456789b123456789c123456789d123456789e123456789f123456789g1234"

static const struct {
	const char *kind;
	const char *patch;
	const char *pointers;
} bad[] = {
	/* what every kind has */
	{"eks", "{'name':null}", "/name"},
	{"eks", "{'name':''}", "/name"},
	{"eks", "{'name':7}", "/name"},
	{"eks", "{'name':'Demo'}", "/name"},
	{"eks", "{'name':'-demo'}", "/name"},
	{"eks", "{'name':'demo-'}", "/name"},
	{"eks", "{'name':'de.mo'}", "/name"},
	{"eks", "{'name':'" LONG_NAME "'}", "/name"},
	{"eks", "{'description':5}", "/description"},
	{"eks", "{'tags':'dev'}", "/tags"},
	{"eks", "{'tags':['a',1]}", "/tags/1"},
	{"eks", "{'tags':['a:1','b',' a : 2']}", "/tags/2"},
	{"eks", "{'tags':[':x']}", "/tags/0"},
	{"eks", "{'cloudAccountUid':null}", "/cloudAccountUid"},
	{"vsphere", "{'cloudAccountUid':''}", "/cloudAccountUid"},
	{"eks", "{'profileUids':null,'profileVariables':null}", "/profileUids"},
	{"eks", "{'profileUids':[],'profileVariables':null}", "/profileUids"},
	{"eks", "{'profileUids':['a','']}", "/profileUids/1"},
	{"eks", "{'profileUids':['a','b','a']}", "/profileUids/2"},
	{"eks", "{'profileUids':'a'}", "/profileUids"},
	{"eks", "{'profileVariables':{'a':[]}}", "/profileVariables/a"},
	{"eks", "{'profileVariables':['a']}", "/profileVariables"},
	{"eks", "{'profileVariables':{'nobody/knows~':1}}", "/profileVariables/nobody~1knows~0"},
	{"eks", "{'clusterVariables':{'nobody':true}}", "/clusterVariables/nobody"},
	{"eks", "{'clusterVariables':{'timezone':1,'updateWorkerPoolsInParallel':'yes'}}",
	 "/clusterVariables/timezone /clusterVariables/updateWorkerPoolsInParallel"},
	{"eks", "{'nmae':'x'}", "/nmae"},
	{"eks", "{'vsphere':{}}", "/vsphere"},
	{"eks", "{'cloudConfig':{'regoin':'x','region':null}}",
	 "/cloudConfig/region /cloudConfig/regoin"},
	/* machine pools */
	{"eks", "{'machinePoolConfig':null}", "/machinePoolConfig"},
	{"eks", "{'machinePoolConfig':[]}", "/machinePoolConfig"},
	{"eks", "{'machinePoolConfig':{'name':'x'}}", "/machinePoolConfig"},
	{"eks", "{'machinePoolConfig':['x']}", "/machinePoolConfig/0"},
	{"eks", "{'pool':{'name':null}}", "/machinePoolConfig/0/name"},
	{"eks", "{'pool':{'count':null}}", "/machinePoolConfig/0/count"},
	{"eks", "{'pool':{'count':-1}}", "/machinePoolConfig/0/count"},
	{"eks", "{'pool':{'count':5001}}", "/machinePoolConfig/0/count"},
	{"eks", "{'pool':{'count':1.5}}", "/machinePoolConfig/0/count"},
	{"eks", "{'pool':{'count':'3'}}", "/machinePoolConfig/0/count"},
	{"eks", "{'pool':{'instanceType':null}}", "/machinePoolConfig/0/instanceType"},
	{"eks", "{'pool':{'instanceType':{'numCPUs':1}}}", "/machinePoolConfig/0/instanceType"},
	{"eks", "{'pool':{'minCount':1}}", "/machinePoolConfig/0/maxCount"},
	{"eks", "{'pool':{'maxCount':1}}", "/machinePoolConfig/0/minCount"},
	{"eks", "{'pool':{'minCount':0,'maxCount':2}}", "/machinePoolConfig/0/minCount"},
	{"eks", "{'pool':{'minCount':3,'maxCount':2}}", "/machinePoolConfig/0/maxCount"},
	{"eks", "{'pool':{'labels':{'a':1}}}", "/machinePoolConfig/0/labels/a"},
	{"eks", "{'pool':{'labels':['a']}}", "/machinePoolConfig/0/labels"},
	{"eks", "{'pool':{'annotations':{'':'x'}}}", "/machinePoolConfig/0/annotations"},
	{"eks", "{'pool':{'taints':[{'key':'k','value':'v','effect':'Never'}]}}",
	 "/machinePoolConfig/0/taints/0/effect"},
	{"eks", "{'pool':{'taints':[{'value':'v'}]}}",
	 "/machinePoolConfig/0/taints/0/key /machinePoolConfig/0/taints/0/effect"},
	{"eks", "{'pool':{'taints':['x']}}", "/machinePoolConfig/0/taints/0"},
	{"eks", "{'pool':{'taints':[{'key':'k','effect':'NoExecute','time':1}]}}",
	 "/machinePoolConfig/0/taints/0/time"},
	{"eks", "{'pool':{'updateStrategy':'Rolling'}}", "/machinePoolConfig/0/updateStrategy"},
	{"eks", "{'pool':{'updateStrategy':{'maxSurge':'1'}}}",
	 "/machinePoolConfig/0/updateStrategy/type"},
	{"eks", "{'pool':{'updateStrategy':{'type':'OverrideScaling','maxSurge':'1'}}}",
	 "/machinePoolConfig/0/updateStrategy"},
	{"eks", "{'pool':{'updateStrategy':7}}", "/machinePoolConfig/0/updateStrategy"},
	{"eks", "{'pool':{'controlPlane':'yes'}}", "/machinePoolConfig/0/controlPlane"},
	{"eks", "{'pool':{'archType':'mips'}}", "/machinePoolConfig/0/archType"},
	{"eks", "{'pool':{'replicas':3}}", "/machinePoolConfig/0/replicas"},
	{"aws",
	 "{'machinePoolConfig':[{'name':'a','instanceType':'x','count':1},{'name':'a',"
	 "'instanceType':'x','count':1},{'name':'a','instanceType':'x','count':1}]}",
	 "/machinePoolConfig/1/name /machinePoolConfig/2/name"},
	{"aws",
	 "{'machinePoolConfig':[{'name':'control-plane-pool','instanceType':'x','count':1}]}",
	 "/machinePoolConfig/0/name"},
	{"aws", "{'pool':{'controlPlane':true,'count':2}}", "/machinePoolConfig/0/count"},
	{"aws", "{'pool':{'controlPlane':true,'count':7}}", "/machinePoolConfig/0/count"},
	{"aws", "{'pool':{'controlPlane':true,'minCount':1,'maxCount':3}}",
	 "/machinePoolConfig/0/minCount"},
	{"aws", "{'pool':{'controlPlane':true,'nodeRepaveInterval':5}}",
	 "/machinePoolConfig/0/nodeRepaveInterval"},
	/* eks, aws */
	{"eks", "{'cloudConfig':null}", "/cloudConfig/region"},
	{"eks", "{'cloudConfig':'x'}", "/cloudConfig"},
	{"eks", "{'pool':{'controlPlane':true}}", "/machinePoolConfig/0/controlPlane"},
	{"eks", "{'cloudConfig':{'endpointAccess':'none'}}", "/cloudConfig/endpointAccess"},
	{"eks", "{'cloudConfig':{'azSubnets':{'a':1}}}", "/cloudConfig/azSubnets/a"},
	{"eks", "{'cloudConfig':{'azSubnets':{'a':'s'}},'pool':{'name':'cp-pool'}}",
	 "/machinePoolConfig/0/name"},
	{"eks", "{'cloudConfig':{'fargateProfiles':[{'selectors':[{}]}]}}",
	 "/cloudConfig/fargateProfiles/0/name "
	 "/cloudConfig/fargateProfiles/0/selectors/0/namespace"},
	{"eks", "{'pool':{'diskSizeGb':2001}}", "/machinePoolConfig/0/diskSizeGb"},
	{"eks", "{'pool':{'diskSizeGb':0}}", "/machinePoolConfig/0/diskSizeGb"},
	{"eks", "{'pool':{'capacityType':'free'}}", "/machinePoolConfig/0/capacityType"},
	{"eks", "{'pool':{'maxPrice':'1.0'}}", "/machinePoolConfig/0/maxPrice"},
	{"eks", "{'pool':{'subnets':{'a':'s'}}}", "/machinePoolConfig/0/subnets"},
	{"aws", "{'cloudConfig':null}", "/cloudConfig/region /cloudConfig/sshKeyName"},
	{"aws", "{'pool':{'azs':null,'subnets':{'a':'s'}}}", "/machinePoolConfig/0/subnets"},
	{"aws", "{'pool':{'securityGroups':[1]}}", "/machinePoolConfig/0/securityGroups/0"},
	{"aws", "{'cloudConfig':{'controlPlaneLoadBalancer':'external'}}",
	 "/cloudConfig/controlPlaneLoadBalancer"},
	/* aks, azure */
	{"aks", "{'cloudConfig':null}",
	 "/cloudConfig/subscriptionId /cloudConfig/location /cloudConfig/resourceGroup "
	 "/cloudConfig/sshKey"},
	{"aks", "{'pool':{'name':'System'}}", "/machinePoolConfig/0/name"},
	{"aks", "{'pool':{'name':'a-b'}}", "/machinePoolConfig/0/name"},
	{"aks", "{'pool':{'name':'a234567890123'}}", "/machinePoolConfig/0/name"},
	{"aks", "{'pool':{'osType':'Windows'}}", "/machinePoolConfig/0/osType"},
	{"aks", "{'pool':{'osType':'Plan9'}}", "/machinePoolConfig/0/osType"},
	{"aks",
	 "{'machinePoolConfig':[{'name':'a','instanceType':'x','count':1,"
	 "'isSystemNodePool':false}]}",
	 "/machinePoolConfig"},
	{"aks", "{'cloudConfig':{'controlPlaneSubnet':{}}}",
	 "/cloudConfig/controlPlaneSubnet/name"},
	{"azure", "{'cloudConfig':null}",
	 "/cloudConfig/subscriptionId /cloudConfig/location /cloudConfig/resourceGroup "
	 "/cloudConfig/sshKey"},
	{"azure", "{'pool':{'isSystemNodePool':true}}", "/machinePoolConfig/0/isSystemNodePool"},
	{"azure", "{'pool':{'osType':'Windows'}}", "/machinePoolConfig/0/osType"},
	{"azure", "{'cloudConfig':{'vnetName':'v','workerSubnet':{'name':'w'}}}",
	 "/cloudConfig/vnetResourceGroup /cloudConfig/vnetCidrBlock "
	 "/cloudConfig/controlPlaneSubnet"},
	{"azure", "{'cloudConfig':{'privateApiServer':{'staticIp':'10.0.0.1'}}}",
	 "/cloudConfig/privateApiServer/resourceGroup "
	 "/cloudConfig/privateApiServer/privateDnsZone"},
	/* vsphere */
	{"vsphere", "{'vsphere':null,'cloudConfig':null}",
	 "/vsphere/datacenter /vsphere/folder /vsphere/datastore /vsphere/network "
	 "/cloudConfig/computeCluster /cloudConfig/sshKeys /cloudConfig/controlPlaneEndpoint"},
	{"vsphere", "{'cloudConfig':{'sshKeys':[]}}", "/cloudConfig/sshKeys"},
	{"vsphere", "{'cloudConfig':{'controlPlaneEndpoint':{'host':null}}}",
	 "/cloudConfig/controlPlaneEndpoint/host"},
	{"vsphere", "{'cloudConfig':{'controlPlaneEndpoint':{'type':'DDNS'}}}",
	 "/cloudConfig/controlPlaneEndpoint/ddnsSearchDomain"},
	{"vsphere", "{'cloudConfig':{'controlPlaneEndpoint':{'type':'vip'}}}",
	 "/cloudConfig/controlPlaneEndpoint/type"},
	{"vsphere", "{'cloudConfig':{'network':{}}}", "/cloudConfig/network"},
	{"vsphere", "{'pool':{'instanceType':'t3.large'}}", "/machinePoolConfig/0/instanceType"},
	{"vsphere", "{'pool':{'instanceType':{'numCPUs':0,'memoryMiB':1024}}}",
	 "/machinePoolConfig/0/instanceType/numCPUs /machinePoolConfig/0/instanceType/diskGiB"},
	{"vsphere", "{'pool':{'placement':{'dataStore':'x','network':''}}}",
	 "/machinePoolConfig/0/placement/network /machinePoolConfig/0/placement/dataStore"},
	/* virtual */
	{"virtual", "{'clusterGroupUid':null,'clusterGroupName':null}", "/clusterGroupUid"},
	{"virtual", "{'clusterGroupUid':''}", "/clusterGroupUid"},
	{"virtual", "{'clusterGroupUid':5}", "/clusterGroupUid"},
	{"virtual", "{'hostClusterUid':'h'}", "/hostClusterUid"},
	{"virtual", "{'hostClusterUid':'h','clusterGroupUid':null}", "/clusterGroupName"},
	{"virtual", "{'cpuCores':3}", "/cpuCores"},
	{"virtual", "{'memoryGiB':3}", "/memoryGiB"},
	{"virtual", "{'memoryGiB':'8'}", "/memoryGiB"},
	{"virtual", "{'storageGiB':1}", "/storageGiB"},
	{"virtual", "{'endpointType':'NodePort'}", "/endpointType"},
	{"virtual", "{'ingress':{'host':'h','port':70000}}", "/ingress/port /ingress"},
	{"virtual", "{'cloudAccountUid':'a'}", "/cloudAccountUid"},
	{"virtual", "{'machinePoolConfig':[]}", "/machinePoolConfig"},
	{"virtual", "{'profileVariables':{'x':1}}", "/profileVariables/x"},
	/* all at once */
	{"eks",
	 "{'name':'X','tags':1,'pool':{'count':-1,'instanceType':''},'cloudConfig':{'region':"
	 "null,'x':1}}",
	 "/tags /machinePoolConfig/0/count /machinePoolConfig/0/instanceType /cloudConfig/region "
	 "/cloudConfig/x /name"},
};

static void faults_are_named_where_they_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct outcome o = go(changed(bad[i].kind, bad[i].patch));
		struct text pointers = pointers_of(&o.faults);

		if (o.ok || !text_is(pointers, bad[i].pointers))
			fail_msg("%s %s\ngot    %s\nwanted %s", bad[i].kind, bad[i].patch,
				 pointers.ptr, bad[i].pointers);
		assert_int_equal(o.err.kind, ERROR_INPUT);
	}
}

/* Bodies that no example is near to. */
static const struct {
	const char *body;
	const char *message; /* a part of it */
	const char *pointers;
} refused[] = {
	{"{}", "Invalid cluster configuration: cloudType is required", "/cloudType"},
	{"{'cloudType':''}", "cloudType is required", "/cloudType"},
	{"{'spec':{}}", "Invalid cluster configuration: cloudType is required", "/spec/cloudType"},
	{"{'cloudType':'eks','spec':{}}", "cloudType is required", "/spec/cloudType"},
	{"{'spec':[]}", "cloudType is required", "/cloudType"},
	{"{'cloudType':'gcp'}", "one of: eks, aws, aks, azure, vsphere, virtual", "/cloudType"},
	{"{'cloudType':'eks\\u0000'}", "must be one of", "/cloudType"},
	{"{'cloudType':null}", "must be a string", "/cloudType"},
	{"{'spec':{'cloudType':5}}", "must be a string", "/spec/cloudType"},
	{"{'spec':{'cloudType':'gke'}}", "must be one of", "/spec/cloudType"},
	{"{'spec':{'cloudType':'nested','clusterConfig':{}}}", "metadata.name is required",
	 "/metadata/name"},
	{"{'metadata':{'name':null},'spec':{'cloudType':'nested','clusterConfig':{}}}",
	 "is required", "/metadata/name"},
	{"{'metadata':{'name':''},'spec':{'cloudType':'nested','clusterConfig':{}}}", "empty",
	 "/metadata/name"},
	{"{'metadata':{'name':'De.mo'},'spec':{'cloudType':'nested','clusterConfig':{}}}",
	 "lower-case", "/metadata/name"},
	{"{'metadata':{'name':{}},'spec':{'cloudType':'nested','clusterConfig':{}}}", "string",
	 "/metadata/name"},
	{"{'cloudType':'eks','cloudType':'aws'}", "more than once", "/cloudType"},
	{"{'cloudType':'eks','\\u0063loudType':'aws'}", "more than once", "/cloudType"},
	{"{'a':[{'b':1},{'b':{'c/~':1,'c/~':2,'c/~':3}}]}", "more than once", "/a/1/b/c~1~0"},
	{"{'spec':{'':1,'':2}}", "more than once", "/spec/"},
	{"{'a\\u0000b':1}", "holds \\u0000", ""},
	{"{'metadata':{'name':'n'},'spec':{'cloudType':'eks','machinePoolConfig':[],"
	 "'cloudAccountUid':'a','cloudConfig':{'region':'r'},'machinepoolconfig':[]}}",
	 "cannot go together", "/spec/machinePoolConfig"},
	{"{'metadata':{'name':'n'},'spec':{'cloudType':'aws','cloudAccountUid':'a',"
	 "'cloudConfig':{'region':'r','workerPools':[{'name':'w','size':-1,'instanceType':'t','"
	 "colour':1},{'size':1},7]}}}",
	 "workerPools[0].size",
	 "/spec/cloudConfig/workerPools/0/size /spec/cloudConfig/workerPools/0/colour "
	 "/spec/cloudConfig/workerPools/1/name /spec/cloudConfig/workerPools/1/instanceType "
	 "/spec/cloudConfig/workerPools/2"},
	{"{'metadata':{'name':'n'},'spec':{'cloudType':'azure','cloudAccountUid':'a',"
	 "'cloudConfig':{'subscriptionId':'s','location':'l','sshKey':'k','controlPlane':{'"
	 "instanceType':'t','count':2},'workerPools':[{'name':'w','size':1,'instanceType':'t',"
	 "'useAutoscaler':true,'minSize':3}]}}}",
	 "controlPlane.count",
	 "/spec/cloudConfig/controlPlane/count /spec/cloudConfig/workerPools/0/maxSize"},
	{"{'metadata':{'name':'n'},'spec':{'cloudType':'eks','cloudAccountUid':'a',"
	 "'cloudConfig':{'region':'r','workerPools':{}}}}",
	 "must be an array", "/spec/cloudConfig/workerPools"},
};

static void pointers_in_details(struct text details, const char *wanted)
{
	struct json_walk walk;
	const char *list = "";
	struct text faults;
	struct text fault;

	assert_true(json_member(details, "faults", &faults));
	walk = json_walk_begin(faults);
	while (json_walk_item(&walk, &fault)) {
		assert_non_null(json_string_at(&arena, fault, "/message", NULL));
		list = arena_printf(&arena, "%s%s%s", list, *list == '\0' ? "" : " ",
				    json_string_at(&arena, fault, "/pointer", "(none)"));
	}
	assert_string_equal(list, wanted);
}

static void other_bodies_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct outcome o = go(quoted(refused[i].body));

		if (o.ok || strstr(o.err.message, refused[i].message) == NULL)
			fail_msg("%s: %s", refused[i].body, o.ok ? "passed" : o.err.message);
		assert_int_equal(o.err.kind, ERROR_INPUT);
		pointers_in_details(o.err.details, refused[i].pointers);
	}
}

static void a_message_says_all(void **state)
{
	struct outcome o = go(
		changed("eks", "{'name':null,'nmae':'x','cloudConfig':null,'pool':{'count':-1}}"));

	(void)state;
	assert_string_equal(o.err.message,
			    "Invalid cluster configuration: name is required; "
			    "machinePoolConfig[0].count must be a whole number from 0 to 5000; "
			    "cloudConfig.region is required; "
			    "nmae is an unknown field; did you mean name?");
}

static void a_message_names_the_other_bound(void **state)
{
	(void)state;
	assert_string_equal(go(changed("eks", "{'pool':{'minCount':1}}")).err.message,
			    "Invalid cluster configuration: machinePoolConfig[0].maxCount is "
			    "required with minCount");
	assert_string_equal(go(changed("eks", "{'pool':{'maxCount':1}}")).err.message,
			    "Invalid cluster configuration: machinePoolConfig[0].minCount is "
			    "required with maxCount");
	assert_string_equal(go(changed("eks", "{'pool':{'minCount':3,'maxCount':2}}")).err.message,
			    "Invalid cluster configuration: machinePoolConfig[0].maxCount must not "
			    "be less than minCount");
}

static void many_faults_are_counted(void **state)
{
	char body[4096] = "{\"cloudType\":\"eks\"";
	struct outcome o;

	(void)state;
	for (int i = 0; i < 200; i++)
		snprintf(body + strlen(body), sizeof body - strlen(body), ",\"unknown%d\":0", i);
	strcat(body, "}");
	o = go(text_of(body));
	assert_false(o.ok);
	assert_int_equal(o.faults.count, ENTITY_MOST_FAULTS);
	assert_non_null(strstr(o.err.message, "more faults"));
	assert_non_null(strstr(o.err.details.ptr, "\"moreFaults\":105"));
}

static void a_long_name_is_cut_in_a_pointer(void **state)
{
	char body[4096];
	char name[2000];
	struct outcome o;

	(void)state;
	memset(name, 'x', sizeof name);
	snprintf(body, sizeof body, "{\"cloudType\":\"eks\",\"%.*s\":1}", (int)sizeof name, name);
	o = go(text_of(body));
	assert_false(o.ok);
	assert_true(strlen(o.faults.items[o.faults.count - 1].pointer) < 520);
}

/* ---- what the examples do not show ---- */

static const struct {
	const char *kind;
	const char *patch;
	const char *pointer; /* into the entity */
	const char *value;   /* NULL: nothing there */
} good[] = {
	{"eks", "{'description':null}", "/metadata/annotations/description", "''"},
	{"eks", "{'tags':null}", "/metadata/labels", NULL},
	{"eks", "{'tags':[' a ','','b: c:d ','e:']}", "/metadata/labels",
	 "{'a':'spectro__tag','b':'c:d','e':''}"},
	{"eks", "{'cloudType':'EKS'}", "/spec/cloudType", "'eks'"},
	{"virtual", "{'cloudType':'nested'}", "/spec/cloudType", "'nested'"},
	{"eks", "{'clusterVariables':{'timezone':'UTC','updateWorkerPoolsInParallel':true}}",
	 "/spec/clusterConfig", "{'timezone':'UTC','updateWorkerPoolsInParallel':true}"},
	{"eks", "{'profileVariables':{'k8s_replicas':1.0,'size':9007199254740993,'on':true}}",
	 "/spec/profiles/0/variables",
	 "[{'name':'k8s_replicas','value':'1.0'},{'name':'size','value':'9007199254740993'},"
	 "{'name':'on','value':'true'}]"},
	{"eks", "{'profileVariables':{'both':'old'},'clusterVariables':{'both':'new'}}",
	 "/spec/profiles",
	 "[{'uid':'65f0aa00000000000000f001','packValues':[],'variables':[{'name':'k8s_replicas',"
	 "'value':'3'},{'name':'both','value':'new'}]},{'uid':'65f0aa00000000000000f002',"
	 "'packValues':[],'variables':[{'name':'both','value':'new'}]}]"},
	{"eks", "{'pool':{'count':null,'minCount':2,'maxCount':5}}",
	 "/spec/machinepoolconfig/0/poolConfig/size", "2"},
	{"eks", "{'pool':{'minCount':2,'maxCount':5}}",
	 "/spec/machinepoolconfig/0/poolConfig/maxSize", "5"},
	{"eks", "{'pool':{'count':0}}", "/spec/machinepoolconfig/0/poolConfig/size", "0"},
	{"eks", "{}", "/spec/machinepoolconfig/0/poolConfig/minSize", NULL},
	{"eks", "{'pool':{'annotations':{'a':'b'}}}",
	 "/spec/machinepoolconfig/0/poolConfig/additionalAnnotations", "{'a':'b'}"},
	{"eks", "{'pool':{'updateStrategy':'RollingUpdateScaleIn'}}",
	 "/spec/machinepoolconfig/0/poolConfig/updateStrategy", "{'type':'RollingUpdateScaleIn'}"},
	{"eks",
	 "{'pool':{'updateStrategy':{'type':'OverrideScaling','maxSurge':'1','maxUnavailable':'0'}}"
	 "}",
	 "/spec/machinepoolconfig/0/poolConfig/updateStrategy",
	 "{'type':'OverrideScaling','maxSurge':'1','maxUnavailable':'0'}"},
	{"eks", "{'pool':{'archType':'arm64'}}",
	 "/spec/machinepoolconfig/0/poolConfig/machinePoolProperties", "{'archType':'arm64'}"},
	{"eks", "{'pool':{'capacityType':'spot'}}",
	 "/spec/machinepoolconfig/0/cloudConfig/spotMarketOptions", "{'maxPrice':'0.0'}"},
	{"eks", "{'pool':{'capacityType':'spot','maxPrice':'0.3'}}",
	 "/spec/machinepoolconfig/0/cloudConfig/spotMarketOptions", "{'maxPrice':'0.3'}"},
	{"eks", "{'pool':{'azs':null,'subnets':{'a':'s1','b':'s2'}}}",
	 "/spec/machinepoolconfig/0/cloudConfig/subnets",
	 "[{'az':'a','id':'s1'},{'az':'b','id':'s2'}]"},
	{"eks", "{'pool':{'azs':null,'subnets':{'a':'s1','b':'s2'}}}",
	 "/spec/machinepoolconfig/0/cloudConfig/azs", "['a','b']"},
	{"eks", "{'cloudConfig':{'endpointAccess':'private','privateAccessCidrs':['10.0.0.0/8']}}",
	 "/spec/cloudConfig/endpointAccess",
	 "{'public':false,'private':true,'privateCIDRs':['10.0.0.0/8']}"},
	{"eks", "{'cloudConfig':{'endpointAccess':'private_and_public'}}",
	 "/spec/cloudConfig/endpointAccess", "{'public':true,'private':true}"},
	{"eks", "{'cloudConfig':{'vpcId':'','sshKeyName':'k','encryptionKeyArn':'arn'}}",
	 "/spec/cloudConfig",
	 "{'region':'us-east-1','bastionDisabled':true,'endpointAccess':{'public':true,'private':"
	 "false},'sshKeyName':'k','encryptionConfig':{'isEnabled':true,'provider':'arn'}}"},
	{"eks", "{'cloudConfig':{'azSubnets':{'a':'s'}}}", "/spec/machinepoolconfig/0",
	 "{'cloudConfig':{'capacityType':'spot','spotMarketOptions':{'maxPrice':'0.0'},'azs':['a'],"
	 "'subnets':[{'az':'a','id':'s'}]},'poolConfig':{'name':'cp-pool','size':0,"
	 "'isControlPlane':true,'useControlPlaneAsWorker':false,'labels':['control-plane'],"
	 "'additionalLabels':{},'taints':[],'updateStrategy':{'type':'RollingUpdateScaleOut'}}}"},
	{"eks", "{'cloudConfig':{'azSubnets':{'a':'s'}}}",
	 "/spec/machinepoolconfig/1/poolConfig/name", "'worker-pool-1'"},
	{"eks",
	 "{'cloudConfig':{'fargateProfiles':[{'name':'f','selectors':[{'namespace':'n'}]}]}}",
	 "/spec/fargateProfiles", "[{'name':'f','selectors':[{'namespace':'n'}]}]"},
	{"aws",
	 "{'machinePoolConfig':[{'name':'w','instanceType':'t3.large','count':2,'azs':['z'],"
	 "'capacityType':'spot'}]}",
	 "/spec/machinepoolconfig/0",
	 "{'cloudConfig':{'instanceType':'t3.large','capacityType':'on-demand','rootDeviceSize':65,"
	 "'azs':['z']},'poolConfig':{'name':'control-plane-pool','size':1,'isControlPlane':true,"
	 "'useControlPlaneAsWorker':false,'labels':['control-plane'],'additionalLabels':{},"
	 "'taints':[],'updateStrategy':{'type':'RollingUpdateScaleOut'}}}"},
	{"aws", "{'cloudConfig':{'vpcId':'v'},'pool':{'azs':null,'subnets':{'a':'s'}}}",
	 "/spec/machinepoolconfig/1/cloudConfig/azs", "['a']"},
	{"aws", "{'pool':{'securityGroups':['a','b']}}",
	 "/spec/machinepoolconfig/1/cloudConfig/additionalSecurityGroups",
	 "[{'id':'a'},{'id':'b'}]"},
	{"aws", "{'cloudConfig':{'controlPlaneLoadBalancer':''}}",
	 "/spec/cloudConfig/controlPlaneLoadBalancer", "''"},
	{"azure",
	 "{'machinePoolConfig':[{'name':'w','instanceType':'D2','count':2,'osType':"
	 "'Windows','azs':['2']}]}",
	 "/spec/machinepoolconfig/0/cloudConfig",
	 "{'instanceType':'D2','osDisk':{'diskSizeGB':60,'managedDisk':{'storageAccountType':"
	 "'Standard_LRS'},'osType':'Linux'},'isSystemNodePool':false,'azs':['2']}"},
	{"azure", "{'cloudConfig':{'privateApiServer':{'resourceGroup':'r','privateDnsZone':'z'}}}",
	 "/spec/cloudConfig/infraLBConfig/apiServerLB",
	 "{'type':'Internal','privateDNSName':'z','privateDNSZoneResourceGroup':'r',"
	 "'ipAllocationMethod':'Dynamic'}"},
	{"azure",
	 "{'cloudConfig':{'privateApiServer':{'resourceGroup':'r','privateDnsZone':'z',"
	 "'staticIp':'10.0.0.9'}}}",
	 "/spec/cloudConfig/infraLBConfig/apiServerLB",
	 "{'type':'Internal','privateDNSName':'z','privateDNSZoneResourceGroup':'r',"
	 "'apiServerLBStaticIP':'10.0.0.9','ipAllocationMethod':'Static'}"},
	{"aks", "{'pool':{'isSystemNodePool':false}}",
	 "/spec/machinepoolconfig/1/managedPoolConfig/isSystemNodePool", "true"},
	{"aks", "{'cloudConfig':{'privateCluster':true,'workerSubnet':{'name':'w'}}}",
	 "/spec/cloudConfig/workerSubnet", "{'name':'w'}"},
	{"vsphere", "{'vsphere':{'ipPoolUid':'','resourcePool':null}}",
	 "/spec/machinepoolconfig/1/cloudConfig/placements",
	 "[{'cluster':'cluster-1','resourcePool':'','datastore':'ds1','network':{'networkName':"
	 "'network1','staticIp':false}}]"},
	{"vsphere", "{'vsphere':{'ipPoolUid':null}}", "/spec/cloudConfig/staticIp", "false"},
	{"vsphere", "{'vsphere':{'ipPoolUid':null},'pool':{'placement':{'ipPoolUid':'p'}}}",
	 "/spec/cloudConfig/staticIp", "true"},
	{"vsphere",
	 "{'pool':{'placement':{'computeCluster':'c','resourcePool':'r','datastore':'d',"
	 "'network':'n','ipPoolUid':'p'}}}",
	 "/spec/machinepoolconfig/0/cloudConfig/placements",
	 "[{'cluster':'c','resourcePool':'r','datastore':'d','network':{'networkName':'n',"
	 "'staticIp':true,'parentPoolUid':'p'}}]"},
	{"vsphere", "{'pool':{'placement':{'ipPoolUid':''}}}",
	 "/spec/machinepoolconfig/1/cloudConfig/placements/0/network",
	 "{'networkName':'network1','staticIp':false}"},
	{"vsphere", "{'pool':{'instanceType':{'numCPUs':8,'memoryMiB':16384,'diskGiB':100}}}",
	 "/spec/machinepoolconfig/0/cloudConfig/instanceType",
	 "{'numCPUs':8,'memoryMiB':16384,'diskGiB':100}"},
	{"virtual", "{'cpuCores':null,'memoryGiB':16,'storageGiB':null}",
	 "/spec/machinepoolconfig/0/cloudConfig/instanceType",
	 "{'minCPU':4,'maxCPU':4,'minMemInMiB':16384,'maxMemInMiB':16384,'minStorageGiB':20,"
	 "'maxStorageGiB':20}"},
	{"virtual", "{'clusterGroupUid':null,'clusterGroupName':null,'hostClusterUid':'h'}",
	 "/spec/clusterConfig/hostClusterConfig/hostCluster", "{'uid':'h'}"},
	{"virtual", "{'endpointType':'Ingress','ingress':{'host':'h','port':443}}",
	 "/spec/clusterConfig/hostClusterConfig/clusterEndpoint",
	 "{'type':'Ingress','config':{'ingressConfig':{'host':'h','port':443}}}"},
	{"virtual", "{'profileUids':['a']}", "/spec/profiles",
	 "[{'uid':'a','packValues':[],'variables':[]}]"},
	{"virtual", "{'cloudConfig':{'helmRelease':{'values':'a: 1'}}}",
	 "/spec/cloudConfig/helmRelease", "{'values':'a: 1'}"},
};

static void fields_go_where_their_row_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct text entity = go_well(changed(good[i].kind, good[i].patch));
		struct text value;
		bool found = json_at(entity, good[i].pointer, &value);

		if (found != (good[i].value != NULL))
			fail_msg("%s %s: %s", good[i].kind, good[i].patch, entity.ptr);
		if (found)
			assert_same_json(value, good[i].value);
	}
}

static void strings_keep_their_bytes(void **state)
{
	struct text entity =
		go_well(changed("eks", "{'description':'\\u00e9\\ud83d\\ude00\\n\\/ \\u0041'}"));
	struct outcome o;

	(void)state;
	assert_non_null(entity.ptr);
	/* As they stand in the body, not as a library would write them. */
	o = go(quoted("{'cloudType':'virtual','name':'a','clusterGroupUid':'\\u0067\\/',"
		      "'description':'\\u00e9'}"));
	assert_true(o.ok);
	assert_non_null(strstr(o.entity.ptr, "\"uid\":\"\\u0067\\/\""));
	assert_non_null(strstr(o.entity.ptr, "\"description\":\"\\u00e9\""));
}

/* ---- the rows themselves ---- */

static void check_rows(const struct entity_field *fields)
{
	for (const struct entity_field *f = fields; f->name != NULL; f++) {
		bool is_array = f->type == ENTITY_TEXTS || f->type == ENTITY_OBJECTS ||
				f->type == ENTITY_POOLS;
		bool is_object = f->type == ENTITY_OBJECT || f->type == ENTITY_OBJECTS ||
				 f->type == ENTITY_POOLS;

		assert_non_null(f->help);
		if (f->type != ENTITY_SCALARS) /* may have some members with rows */
			assert_int_equal(f->fields != NULL, is_object);
		assert_true(f->goes == NULL || (f->goes[0] == '/' && f->target == NULL));
		assert_int_equal(f->choices != NULL, f->type == ENTITY_CHOICE);
		assert_true(!is_array || f->max > 0);
		assert_true(f->target == NULL || f->target[0] == '/');
		assert_true(f->item_key == NULL || f->target != NULL);
		for (const struct entity_field *other = f + 1; other->name != NULL; other++)
			assert_string_not_equal(f->name, other->name);
		if (f->fields != NULL)
			check_rows(f->fields);
	}
}

static void rows_are_sound(void **state)
{
	(void)state;
	for (const struct entity_kind *k = entity_kinds; k->name != NULL; k++) {
		check_rows(k->fields);
		assert_ptr_equal(entity_kind_named(text_of(k->name)), k);
	}
}

/* Tags are compared with each other, which would take minutes for as many as a body has room for.
 */
static void too_many_tags_are_not_looked_at(void **state)
{
	enum { TAGS = 100 * 1000, MOST_MS = 5000 };
	int64_t started_ms = clock_now_ms();
	struct entity_draft draft;
	struct entity_faults faults;
	struct text body;
	struct buf b;

	(void)state;
	buf_init(&b, 16 * 1024 * 1024);
	buf_add_string(&b, "{'cloudType':'eks','tags':['t'");
	for (size_t i = 1; i < TAGS; i++)
		buf_printf(&b, ",'t%zu'", i);
	buf_add_string(&b, "]}");
	body = quoted(b.ptr);
	buf_fini(&b);
	entity_faults_init(&faults, &arena, "");
	entity_draft(&arena, entity_kind_named(TEXT("eks")), body, &faults, &draft);
	assert_true(faults.count > 0);
	for (size_t i = 0; i < faults.count; i++)
		assert_false(text_starts(text_of(faults.items[i].pointer), "/tags/"));
	assert_true(clock_now_ms() - started_ms < MOST_MS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(each_kind_becomes_its_entity),
		TEST(an_entity_passes_untouched),
		TEST(faults_are_named_where_they_are),
		TEST(other_bodies_are_refused),
		TEST(a_message_says_all),
		TEST(a_message_names_the_other_bound),
		TEST(many_faults_are_counted),
		TEST(a_long_name_is_cut_in_a_pointer),
		TEST(fields_go_where_their_row_says),
		TEST(strings_keep_their_bytes),
		TEST(too_many_tags_are_not_looked_at),
		TEST(rows_are_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
