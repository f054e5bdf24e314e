/*
 * A flat body of each kind, and the entity it has to become, with ' for ". All six entities are of
 * the form that Palette's published API takes.
 */
#ifndef ENTITY_EXAMPLES_H
#define ENTITY_EXAMPLES_H

static const char flat_eks[] =
	"{'cloudType':'eks','name':'demo','description':'demo cluster','tags':['dev','owner:b"
	"ob'],'cloudAccountUid':'65f0aa00000000000000ac01','profileUids':['65f0aa000000000000"
	"00f001','65f0aa00000000000000f002'],'profileVariables':{'k8s_replicas':'3'},'machine"
	"PoolConfig':[{'name':'worker-pool-1','instanceType':'t3.large','count':3,'labels':{'"
	"role':'worker'},'taints':[{'key':'dedicated','value':'gpu','effect':'NoSchedule'}],'"
	"azs':['us-east-1a','us-east-1b']}],'cloudConfig':{'region':'us-east-1'}}";

static const char entity_eks[] =
	"{'metadata':{'name':'demo','labels':{'dev':'spectro__tag','owner':'bob'},'annotation"
	"s':{'description':'demo cluster'}},'spec':{'cloudType':'eks','cloudAccountUid':'65f0"
	"aa00000000000000ac01','cloudConfig':{'region':'us-east-1','bastionDisabled':true,'en"
	"dpointAccess':{'public':true,'private':false}},'machinepoolconfig':[{'cloudConfig':{"
	"'instanceType':'t3.large','capacityType':'on-demand','rootDeviceSize':60,'amiType':'"
	"AL2023_x86_64_STANDARD','azs':['us-east-1a','us-east-1b']},'poolConfig':{'name':'wor"
	"ker-pool-1','size':3,'isControlPlane':false,'useControlPlaneAsWorker':false,'labels'"
	":['worker'],'additionalLabels':{'role':'worker'},'taints':[{'key':'dedicated','value"
	"':'gpu','effect':'NoSchedule'}],'updateStrategy':{'type':'RollingUpdateScaleOut'}}}]"
	",'profiles':[{'uid':'65f0aa00000000000000f001','packValues':[],'variables':[{'name':"
	"'k8s_replicas','value':'3'}]},{'uid':'65f0aa00000000000000f002','packValues':[],'var"
	"iables':[]}],'clusterConfig':{},'policies':{}}}";

static const char flat_aws[] =
	"{'cloudType':'aws','name':'demo','description':'demo cluster','tags':['dev','owner:b"
	"ob'],'cloudAccountUid':'65f0aa00000000000000ac01','profileUids':['65f0aa000000000000"
	"00f001','65f0aa00000000000000f002'],'profileVariables':{'k8s_replicas':'3'},'machine"
	"PoolConfig':[{'name':'worker-pool-1','instanceType':'t3.large','count':3,'labels':{'"
	"role':'worker'},'taints':[{'key':'dedicated','value':'gpu','effect':'NoSchedule'}],'"
	"azs':['us-east-1a']},{'name':'control-plane-pool','instanceType':'m5.large','count':"
	"1,'controlPlane':true,'azs':['us-east-1a']}],'cloudConfig':{'region':'us-east-1','ss"
	"hKeyName':'default'}}";

static const char entity_aws[] =
	"{'metadata':{'name':'demo','labels':{'dev':'spectro__tag','owner':'bob'},'annotation"
	"s':{'description':'demo cluster'}},'spec':{'cloudType':'aws','cloudAccountUid':'65f0"
	"aa00000000000000ac01','cloudConfig':{'region':'us-east-1','sshKeyName':'default'},'m"
	"achinepoolconfig':[{'cloudConfig':{'instanceType':'m5.large','capacityType':'on-dema"
	"nd','rootDeviceSize':65,'azs':['us-east-1a']},'poolConfig':{'name':'control-plane-po"
	"ol','size':1,'isControlPlane':true,'useControlPlaneAsWorker':false,'labels':['contro"
	"l-plane'],'additionalLabels':{},'taints':[],'updateStrategy':{'type':'RollingUpdateS"
	"caleOut'}}},{'cloudConfig':{'instanceType':'t3.large','capacityType':'on-demand','ro"
	"otDeviceSize':65,'azs':['us-east-1a']},'poolConfig':{'name':'worker-pool-1','size':3"
	",'isControlPlane':false,'useControlPlaneAsWorker':false,'labels':['worker'],'additio"
	"nalLabels':{'role':'worker'},'taints':[{'key':'dedicated','value':'gpu','effect':'No"
	"Schedule'}],'updateStrategy':{'type':'RollingUpdateScaleOut'}}}],'profiles':[{'uid':"
	"'65f0aa00000000000000f001','packValues':[],'variables':[{'name':'k8s_replicas','valu"
	"e':'3'}]},{'uid':'65f0aa00000000000000f002','packValues':[],'variables':[]}],'cluste"
	"rConfig':{},'policies':{}}}";

static const char flat_aks[] =
	"{'cloudType':'aks','name':'demo','description':'demo cluster','tags':['dev','owner:b"
	"ob'],'cloudAccountUid':'65f0aa00000000000000ac02','profileUids':['65f0aa000000000000"
	"00f001','65f0aa00000000000000f002'],'profileVariables':{'k8s_replicas':'3'},'machine"
	"PoolConfig':[{'name':'systempool','instanceType':'Standard_D4s_v3','count':1},{'name"
	"':'workerpool1','instanceType':'Standard_D2s_v3','count':3,'labels':{'role':'worker'"
	"},'taints':[{'key':'dedicated','value':'gpu','effect':'NoSchedule'}]}],'cloudConfig'"
	":{'subscriptionId':'00000000-0000-4000-8000-000000000001','location':'eastus','resou"
	"rceGroup':'demo-rg','sshKey':'ssh-rsa AAAAB3Nza... user@host'}}";

static const char entity_aks[] =
	"{'metadata':{'name':'demo','labels':{'dev':'spectro__tag','owner':'bob'},'annotation"
	"s':{'description':'demo cluster'}},'spec':{'cloudType':'aks','cloudAccountUid':'65f0"
	"aa00000000000000ac02','cloudConfig':{'subscriptionId':'00000000-0000-4000-8000-00000"
	"0000001','location':'eastus','resourceGroup':'demo-rg','sshKey':'ssh-rsa AAAAB3Nza.."
	". user@host','apiServerAccessProfile':{'enablePrivateCluster':false}},'machinepoolco"
	"nfig':[{'cloudConfig':{'instanceType':'Standard_D4s_v3','osDisk':{'diskSizeGB':60,'m"
	"anagedDisk':{'storageAccountType':'Standard_LRS'},'osType':'Linux'},'isSystemNodePoo"
	"l':true},'managedPoolConfig':{'isSystemNodePool':true,'osType':'Linux'},'poolConfig'"
	":{'name':'systempool','size':1,'isControlPlane':false,'useControlPlaneAsWorker':fals"
	"e,'labels':['worker'],'additionalLabels':{},'taints':[],'updateStrategy':{'type':'Ro"
	"llingUpdateScaleOut'}}},{'cloudConfig':{'instanceType':'Standard_D2s_v3','osDisk':{'"
	"diskSizeGB':60,'managedDisk':{'storageAccountType':'Standard_LRS'},'osType':'Linux'}"
	",'isSystemNodePool':false},'managedPoolConfig':{'isSystemNodePool':false,'osType':'L"
	"inux'},'poolConfig':{'name':'workerpool1','size':3,'isControlPlane':false,'useContro"
	"lPlaneAsWorker':false,'labels':['worker'],'additionalLabels':{'role':'worker'},'tain"
	"ts':[{'key':'dedicated','value':'gpu','effect':'NoSchedule'}],'updateStrategy':{'typ"
	"e':'RollingUpdateScaleOut'}}}],'profiles':[{'uid':'65f0aa00000000000000f001','packVa"
	"lues':[],'variables':[{'name':'k8s_replicas','value':'3'}]},{'uid':'65f0aa0000000000"
	"0000f002','packValues':[],'variables':[]}],'clusterConfig':{},'policies':{}}}";

static const char flat_azure[] =
	"{'cloudType':'azure','name':'demo','description':'demo cluster','tags':['dev','owner"
	":bob'],'cloudAccountUid':'65f0aa00000000000000ac02','profileUids':['65f0aa0000000000"
	"0000f001','65f0aa00000000000000f002'],'profileVariables':{'k8s_replicas':'3'},'machi"
	"nePoolConfig':[{'name':'control-plane-pool','instanceType':'Standard_D4s_v3','count'"
	":1,'controlPlane':true,'azs':['1']},{'name':'worker-pool-1','instanceType':'Standard"
	"_D2s_v3','count':3,'labels':{'role':'worker'},'taints':[{'key':'dedicated','value':'"
	"gpu','effect':'NoSchedule'}],'azs':['1']}],'cloudConfig':{'subscriptionId':'00000000"
	"-0000-4000-8000-000000000001','location':'eastus','resourceGroup':'demo-rg','sshKey'"
	":'ssh-rsa AAAAB3Nza... user@host'}}";

static const char entity_azure[] =
	"{'metadata':{'name':'demo','labels':{'dev':'spectro__tag','owner':'bob'},'annotation"
	"s':{'description':'demo cluster'}},'spec':{'cloudType':'azure','cloudAccountUid':'65"
	"f0aa00000000000000ac02','cloudConfig':{'subscriptionId':'00000000-0000-4000-8000-000"
	"000000001','location':'eastus','resourceGroup':'demo-rg','sshKey':'ssh-rsa AAAAB3Nza"
	"... user@host'},'machinepoolconfig':[{'cloudConfig':{'instanceType':'Standard_D4s_v3"
	"','osDisk':{'diskSizeGB':60,'managedDisk':{'storageAccountType':'Standard_LRS'},'osT"
	"ype':'Linux'},'isSystemNodePool':false,'azs':['1']},'managedPoolConfig':{'isSystemNo"
	"dePool':false,'osType':'Linux'},'poolConfig':{'name':'control-plane-pool','size':1,'"
	"isControlPlane':true,'useControlPlaneAsWorker':false,'labels':['control-plane'],'add"
	"itionalLabels':{},'taints':[],'updateStrategy':{'type':'RollingUpdateScaleOut'}}},{'"
	"cloudConfig':{'instanceType':'Standard_D2s_v3','osDisk':{'diskSizeGB':60,'managedDis"
	"k':{'storageAccountType':'Standard_LRS'},'osType':'Linux'},'isSystemNodePool':false,"
	"'azs':['1']},'managedPoolConfig':{'isSystemNodePool':false,'osType':'Linux'},'poolCo"
	"nfig':{'name':'worker-pool-1','size':3,'isControlPlane':false,'useControlPlaneAsWork"
	"er':false,'labels':['worker'],'additionalLabels':{'role':'worker'},'taints':[{'key':"
	"'dedicated','value':'gpu','effect':'NoSchedule'}],'updateStrategy':{'type':'RollingU"
	"pdateScaleOut'}}}],'profiles':[{'uid':'65f0aa00000000000000f001','packValues':[],'va"
	"riables':[{'name':'k8s_replicas','value':'3'}]},{'uid':'65f0aa00000000000000f002','p"
	"ackValues':[],'variables':[]}],'clusterConfig':{},'policies':{}}}";

static const char flat_vsphere[] =
	"{'cloudType':'vsphere','name':'demo','description':'demo cluster','tags':['dev','own"
	"er:bob'],'cloudAccountUid':'65f0aa00000000000000ac03','profileUids':['65f0aa00000000"
	"000000f001','65f0aa00000000000000f002'],'profileVariables':{'k8s_replicas':'3'},'mac"
	"hinePoolConfig':[{'name':'worker-pool-1','count':3,'labels':{'role':'worker'},'taint"
	"s':[{'key':'dedicated','value':'gpu','effect':'NoSchedule'}]}],'vsphere':{'datacente"
	"r':'dc1','folder':'folder1','resourcePool':'pool1','datastore':'ds1','network':'netw"
	"ork1','ipPoolUid':'65f0aa00000000000000ee01'},'cloudConfig':{'computeCluster':'clust"
	"er-1','sshKeys':['ssh-rsa AAAAB3Nza... user@host'],'controlPlaneEndpoint':{'type':'V"
	"IP','host':'10.0.0.100'}}}";

static const char entity_vsphere[] =
	"{'metadata':{'name':'demo','labels':{'dev':'spectro__tag','owner':'bob'},'annotation"
	"s':{'description':'demo cluster'}},'spec':{'cloudType':'vsphere','cloudAccountUid':'"
	"65f0aa00000000000000ac03','cloudConfig':{'placement':{'datacenter':'dc1','folder':'f"
	"older1','imageTemplateFolder':'spectro-templates'},'controlPlaneEndpoint':{'type':'V"
	"IP','host':'10.0.0.100'},'sshKeys':['ssh-rsa AAAAB3Nza... user@host'],'ntpServers':["
	"],'staticIp':true},'machinepoolconfig':[{'cloudConfig':{'instanceType':{'numCPUs':4,"
	"'memoryMiB':8192,'diskGiB':60},'placements':[{'cluster':'cluster-1','resourcePool':'"
	"pool1','datastore':'ds1','network':{'networkName':'network1','staticIp':true,'parent"
	"PoolUid':'65f0aa00000000000000ee01'}}]},'poolConfig':{'name':'control-plane-pool','s"
	"ize':1,'isControlPlane':true,'useControlPlaneAsWorker':false,'labels':['control-plan"
	"e'],'additionalLabels':{},'taints':[],'updateStrategy':{'type':'RollingUpdateScaleOu"
	"t'}}},{'cloudConfig':{'instanceType':{'numCPUs':4,'memoryMiB':8192,'diskGiB':60},'pl"
	"acements':[{'cluster':'cluster-1','resourcePool':'pool1','datastore':'ds1','network'"
	":{'networkName':'network1','staticIp':true,'parentPoolUid':'65f0aa00000000000000ee01"
	"'}}]},'poolConfig':{'name':'worker-pool-1','size':3,'isControlPlane':false,'useContr"
	"olPlaneAsWorker':false,'labels':['worker'],'additionalLabels':{'role':'worker'},'tai"
	"nts':[{'key':'dedicated','value':'gpu','effect':'NoSchedule'}],'updateStrategy':{'ty"
	"pe':'RollingUpdateScaleOut'}}}],'profiles':[{'uid':'65f0aa00000000000000f001','packV"
	"alues':[],'variables':[{'name':'k8s_replicas','value':'3'}]},{'uid':'65f0aa000000000"
	"00000f002','packValues':[],'variables':[]}],'clusterConfig':{},'policies':{}}}";

static const char flat_virtual[] =
	"{'cloudType':'virtual','name':'demo','description':'demo cluster','tags':['dev','own"
	"er:bob'],'clusterGroupUid':'65f0aa00000000000000c601','clusterGroupName':'beehive','"
	"endpointType':'LoadBalancer','cpuCores':4,'memoryGiB':8,'storageGiB':20}";

static const char entity_virtual[] =
	"{'metadata':{'name':'demo','labels':{'dev':'spectro__tag','owner':'bob'},'annotation"
	"s':{'description':'demo cluster'}},'spec':{'cloudType':'nested','cloudConfig':{'kube"
	"rnetesVersion':''},'clusterConfig':{'hostClusterConfig':{'clusterGroup':{'kind':'Clu"
	"sterGroup','name':'beehive','uid':'65f0aa00000000000000c601'},'clusterEndpoint':{'ty"
	"pe':'LoadBalancer'}}},'machinepoolconfig':[{'cloudConfig':{'instanceType':{'minCPU':"
	"4,'maxCPU':4,'minMemInMiB':8192,'maxMemInMiB':8192,'minStorageGiB':20,'maxStorageGiB"
	"':20}}}],'profiles':[]}}";

#endif
