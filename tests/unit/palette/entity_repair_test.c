/* Palette's own body: the repairs, and that they leave every other byte alone. */
#include "unit/palette/entity_fixture.h"

/* ---- repairs ---- */

/* What Palette requires of each, so that only the repairs are to be seen. */
#define ACCOUNT "'cloudAccountUid':'a'"
#define POOL    "{'poolConfig':{'name':'w','size':1,'labels':[]}}"
#define VM                                                                                         \
	"{'poolConfig':{'name':'w','size':1,'labels':[]},'cloudConfig':{'instanceType':{'numCPUs'" \
	":"                                                                                        \
	"4,'memoryMiB':8192,'diskGiB':60}}}"
#define EKS "'cloudConfig':{'region':'r'}"
#define N   "{'metadata':{'name':'n'},"

static const struct {
	const char *body;
	const char *entity; /* NULL: as it came */
	const char *repair; /* a part of what is told; NULL: nothing */
} mended[] = {
	{" {'metadata' : {'name':'n','x':9007199254740993} , 'spec':{ 'cloudType':'eks' , 'a':1.0,"
	 "'b':'\\u00e9\\/','a2':1E+2,'cloudConfig':{'region':''}, 'cloudAccountUid':'\\u0061',"
	 "'machinepoolconfig':[ " POOL "]},'z':[ ] }",
	 "{'metadata' : {'name':'n','x':9007199254740993} , 'spec':{ 'cloudType':'eks' , 'a':1.0,"
	 "'b':'\\u00e9\\/','a2':1E+2,'cloudConfig':{'region':''}, 'cloudAccountUid':'\\u0061',"
	 "'machinepoolconfig':[ " POOL "]},'z':[ ] }",
	 NULL},
	{N "'spec':{'x':1 , 'cloudType' : 'EKS','y':2," ACCOUNT "," EKS
	   ",'machinepoolconfig':[" POOL "]}}",
	 N "'spec':{'x':1 , 'cloudType' : 'eks','y':2," ACCOUNT "," EKS
	   ",'machinepoolconfig':[" POOL "]}}",
	 "spec.cloudType"},
	{N "'spec':{'clusterConfig':{},'cloudType':'Virtual','cloudAccountUid':''}}",
	 N "'spec':{'clusterConfig':{},'cloudType':'nested'}}", "spec.cloudType"},
	{N "'spec':{ 'cloudAccountUid':'', 'cloudType':'nested','clusterConfig':{}}}",
	 N "'spec':{ 'cloudType':'nested','clusterConfig':{}}}", "cloudAccountUid"},
	{N "'spec':{'cloudAccountUid':'','cloudType':'eks'," EKS ",'machinepoolconfig':[" POOL
	   "]}}",
	 NULL, NULL},
	{N "'spec':{'cloudAccountUid':'a','cloudType':'nested','clusterConfig':{}}}", NULL, NULL},
	{N "'spec':{'cloudType':'eks'," ACCOUNT "," EKS ",'machinePoolConfig' : [ " POOL " ]}}",
	 N "'spec':{'cloudType':'eks'," ACCOUNT "," EKS ",'machinepoolconfig' : [ " POOL " ]}}",
	 "machinePoolConfig"},
	{N "'spec':{'cloudType':'vsphere','cloudConfig':{'placement':{},'network':{'a':1} },"
	   "'machinepoolconfig':[" VM "]}}",
	 N "'spec':{'cloudType':'vsphere','cloudConfig':{'placement':{} },"
	   "'machinepoolconfig':[" VM "]}}",
	 "network"},
	{N "'spec':{'cloudType':'nested','clusterConfig':{},'cloudConfig':{'network':{'a':1} }}}",
	 N "'spec':{'cloudType':'nested','clusterConfig':{},'cloudConfig':{ }}}", "network"},
	{N "'spec':{'cloudType':'vsphere','cloudConfig':{'placement':{}, 'network':2, 'b':3},"
	   "'machinepoolconfig':[" VM "]}}",
	 N "'spec':{'cloudType':'vsphere','cloudConfig':{'placement':{}, 'b':3},"
	   "'machinepoolconfig':[" VM "]}}",
	 "network"},
	{N "'spec':{'cloudType':'vsphere','cloudConfig':{ 'network':2 , 'placement':{}},"
	   "'machinepoolconfig':[" VM "]}}",
	 N "'spec':{'cloudType':'vsphere','cloudConfig':{ 'placement':{}},"
	   "'machinepoolconfig':[" VM "]}}",
	 "network"},
	{N "'spec':{'cloudType':'eks'," ACCOUNT ",'machinepoolconfig':[" POOL
	   "],'cloudConfig':{'network':1,'region':'r'}}}",
	 N "'spec':{'cloudType':'eks'," ACCOUNT ",'machinepoolconfig':[" POOL
	   "],'cloudConfig':{'region':'r'}}}",
	 "network"},
	{N "'spec':{'cloudType':'eks'," ACCOUNT ",'machinepoolconfig':[" POOL
	   "],'cloudConfig':{'region':'r','workerPools':[{'name':'x'}]}}}",
	 NULL, NULL},
	{N "'spec':{'cloudType':'vsphere','cloudConfig':{'placement':{},'workerPools':[]},"
	   "'machinepoolconfig':[" VM "]}}",
	 NULL, NULL},
	{N "'spec':{'cloudType':'eks'," ACCOUNT ",'machinepoolconfig': [ ],'cloudConfig':{"
	   "'network':1,'region':'x','controlPlane':{'instanceType':'m'},'workerPools':[{'name':"
	   "'w','size':2,'instanceType':'t\\/','diskSize':80,'minSize':1,'maxSize':3,"
	   "'useAutoscaler':false}]}}}",
	 N "'spec':{'cloudType':'eks'," ACCOUNT ",'machinepoolconfig': [{'poolConfig':{"
	   "'name':'w','size':2,'additionalLabels':{},'taints':[],'isControlPlane':false,"
	   "'useControlPlaneAsWorker':false,'updateStrategy':{'type':'RollingUpdateScaleOut'},"
	   "'labels':['worker']},'cloudConfig':{'instanceType':'t\\/','rootDeviceSize':80,"
	   "'capacityType':'on-demand','amiType':'AL2023_x86_64_STANDARD'}}],'cloudConfig':{"
	   "'region':'x'}}}",
	 "network"},
};

static void repairs_touch_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(mended); i++) {
		struct text body = quoted(mended[i].body);
		struct outcome o = go(body);

		if (!o.ok)
			fail_msg("%s: %s", mended[i].body, o.err.message);
		assert_text(o.entity, mended[i].entity == NULL ? body : quoted(mended[i].entity));
		if (mended[i].repair == NULL) {
			assert_int_equal(o.repairs.count, 0);
			continue;
		}
		assert_true(o.repairs.count > 0);
		assert_non_null(strstr(o.repairs.messages[0], mended[i].repair));
	}
}

static void interface_pools_become_pools(void **state)
{
	struct text entity = go_well(
		quoted("{'metadata':{'name':'n'},'spec':{'cloudType':'aws','cloudAccountUid':'a',"
		       "'cloudConfig':{'region':'r',"
		       "'controlPlane':{'instanceType':'m5.large','count':3,'diskSize':70},"
		       "'workerPools':[{'name':'w','size':9,'instanceType':'t3','minSize':1,"
		       "'maxSize':4,'useAutoscaler':true}]}}}"));
	struct text value;

	(void)state;
	assert_true(json_at(entity, "/spec/machinepoolconfig/0/poolConfig/size", &value));
	assert_true(text_is(value, "3"));
	assert_true(json_at(entity, "/spec/machinepoolconfig/0/poolConfig/isControlPlane", &value));
	assert_true(text_is(value, "true"));
	assert_true(
		json_at(entity, "/spec/machinepoolconfig/0/cloudConfig/rootDeviceSize", &value));
	assert_true(text_is(value, "70"));
	assert_true(json_at(entity, "/spec/machinepoolconfig/1/poolConfig/size", &value));
	assert_true(text_is(value, "1"));
	assert_true(json_at(entity, "/spec/machinepoolconfig/1/poolConfig/maxSize", &value));
	assert_true(text_is(value, "4"));
	assert_true(json_at(entity, "/spec/cloudConfig", &value));
	assert_true(text_is(value, "{\"region\":\"r\"}"));
}

/* ---- the route of virtual clusters ---- */

static struct outcome go_virtual(const char *json)
{
	struct outcome o = {.kind = entity_kind_named(TEXT("virtual"))};

	entity_faults_init(&o.faults, &arena, "/clusterConfig");
	o.ok = entity_repair(&arena, o.kind, quoted(json), true, &o.faults, &o.repairs, &o.entity);
	assert_int_equal(o.ok, o.faults.count == 0);
	o.ok = entity_faults_none(&o.faults, &o.err);
	return o;
}

static void a_virtual_cluster_needs_its_group(void **state)
{
	struct outcome o = go_virtual("{'spec':{}}");

	(void)state;
	assert_false(o.ok);
	assert_text(pointers_of(&o.faults),
		    TEXT("/clusterConfig/metadata/name "
			 "/clusterConfig/spec/clusterConfig/hostClusterConfig/clusterGroup/uid"));
	o = go_virtual("{'metadata':{'name':'v'},'spec':5}");
	assert_false(o.ok);
	o = go_virtual("{'metadata':{'name':'v'},'spec':{'cloudType':'eks','clusterConfig':{"
		       "'hostClusterConfig':{'clusterGroup':{'uid':'g'}}}}}");
	assert_text(pointers_of(&o.faults), TEXT("/clusterConfig/spec/cloudType"));
}

static void a_virtual_cluster_gets_its_type(void **state)
{
	struct outcome o = go_virtual("{'metadata':{'name':'v'},'spec':{'cloudAccountUid':'',"
				      "'clusterConfig':{'hostClusterConfig':{'clusterGroup':{'uid':"
				      "'g'}}}}}");

	(void)state;
	assert_true(o.ok);
	assert_int_equal(o.repairs.count, 2);
	assert_text(o.entity,
		    quoted("{'metadata':{'name':'v'},'spec':{'cloudType':'nested','clusterConfig':{"
			   "'hostClusterConfig':{'clusterGroup':{'uid':'g'}}}}}"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(repairs_touch_nothing_else),
		TEST(interface_pools_become_pools),
		TEST(a_virtual_cluster_needs_its_group),
		TEST(a_virtual_cluster_gets_its_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
