/*
 * oci_full.h - a config.json in which everything there is, is.  It makes no
 * sense as a container.  Quotes are single, to be readable in C.
 */
#ifndef OCI_FULL_H
#define OCI_FULL_H

#include <stdlib.h>

#include "base.h"

static const char oci_full[] =
"{'ociVersion': '1.2.0-rc.1+dev', 'unknown': {'of': ['us']},"
"'process': {"
"  'terminal': true, 'consoleSize': {'height': 25, 'width': 80},"
"  'user': {'uid': 1, 'gid': 2, 'umask': 63, 'additionalGids': [5, 6]},"
"  'args': ['sh', '-c', 'true'], 'env': ['PATH=/bin', 'EMPTY='],"
"  'cwd': '/root',"
"  'capabilities': {'bounding': ['CAP_CHOWN', 'CAP_KILL'],"
"    'effective': ['CAP_KILL'], 'inheritable': ['CAP_KILL'],"
"    'permitted': ['CAP_KILL'], 'ambient': ['CAP_CHECKPOINT_RESTORE']},"
"  'rlimits': [{'type': 'RLIMIT_CORE', 'soft': 0, 'hard': 0},"
"    {'type': 'RLIMIT_NOFILE', 'soft': 1024,"
"     'hard': 18446744073709551615}],"
"  'noNewPrivileges': true, 'oomScoreAdj': -500,"
"  'scheduler': {'policy': 'SCHED_DEADLINE', 'nice': -3, 'priority': 0,"
"    'flags': ['SCHED_FLAG_RESET_ON_FORK', 'SCHED_FLAG_RECLAIM'],"
"    'runtime': 10, 'deadline': 20, 'period': 30},"
"  'ioPriority': {'class': 'IOPRIO_CLASS_IDLE', 'priority': 4},"
"  'selinuxLabel': 'u:r:t:s0', 'apparmorProfile': 'some',"
"  'execCPUAffinity': {'initial': '7', 'final': '0-3,7'}},"
"'root': {'path': 'rootfs', 'readonly': true},"
"'hostname': 'box', 'domainname': 'example.test',"
"'mounts': [{'destination': '/proc', 'type': 'proc', 'source': 'proc'},"
"  {'destination': '/data', 'source': 'data', 'options':"
"     ['rbind', 'ro', 'rnoexec', 'rslave', 'idmap'],"
"   'uidMappings': [{'containerID': 0, 'hostID': 1000, 'size': 10}],"
"   'gidMappings': [{'containerID': 0, 'hostID': 1000, 'size': 10}]}],"
"'hooks': {"
"  'prestart': [{'path': '/h1', 'args': ['h1', 'x'], 'env': ['A=b'],"
"    'timeout': 30}],"
"  'createRuntime': [{'path': '/h2'}], 'createContainer': [{'path': '/h3'}],"
"  'startContainer': [{'path': '/h4'}], 'poststart': [{'path': '/h5'}],"
"  'poststop': [{'path': '/h6'}, {'path': '/h7'}]},"
"'annotations': {'org.example.key': 'value', 'empty': ''},"
"'linux': {"
"  'namespaces': [{'type': 'pid', 'path': '/proc/1/ns/pid'},"
"    {'type': 'network'}, {'type': 'mount'}, {'type': 'ipc'},"
"    {'type': 'uts'}, {'type': 'user'}, {'type': 'cgroup'},"
"    {'type': 'time'}],"
"  'uidMappings': [{'containerID': 0, 'hostID': 1000, 'size': 32000}],"
"  'gidMappings': [{'containerID': 0, 'hostID': 1000, 'size': 1},"
"    {'containerID': 1, 'hostID': 100000, 'size': 65536}],"
"  'timeOffsets': {'boottime': {'secs': -5, 'nanosecs': 999999999},"
"    'monotonic': {'secs': 172800}},"
"  'devices': [{'path': '/dev/fuse', 'type': 'c', 'major': 10,"
"    'minor': 229, 'fileMode': 8630, 'uid': 1, 'gid': 2},"
"    {'path': '/pipe', 'type': 'p'}],"
"  'netDevices': {'eth1': {'name': 'inner%d'}, 'eth2': {}},"
"  'cgroupsPath': '/my/box',"
"  'resources': {"
"    'memory': {'limit': 536870912, 'reservation': 268435456,"
"      'swap': 1073741824, 'kernel': -1, 'kernelTCP': -1, 'swappiness': 0,"
"      'disableOOMKiller': false, 'useHierarchy': true,"
"      'checkBeforeUpdate': true},"
"    'cpu': {'shares': 1024, 'quota': 1000000, 'burst': 1000,"
"      'period': 500000, 'realtimeRuntime': 950000,"
"      'realtimePeriod': 1000000, 'cpus': '2-3', 'mems': '0', 'idle': 0},"
"    'pids': {'limit': 32771},"
"    'blockIO': {'weight': 10, 'leafWeight': 11,"
"      'weightDevice': [{'major': 8, 'minor': 0, 'weight': 500,"
"        'leafWeight': 300}],"
"      'throttleReadBpsDevice': [{'major': 8, 'minor': 0, 'rate': 600}],"
"      'throttleWriteBpsDevice': [{'major': 8, 'minor': 16, 'rate': 601}],"
"      'throttleReadIOPSDevice': [{'major': 8, 'minor': 0, 'rate': 602}],"
"      'throttleWriteIOPSDevice': [{'major': 8, 'minor': 16,"
"        'rate': 603}]},"
"    'hugepageLimits': [{'pageSize': '2MB', 'limit': 209715200}],"
"    'network': {'classID': 1048577, 'priorities': [{'name': 'eth0',"
"      'priority': 500}]},"
"    'rdma': {'mlx5_1': {'hcaHandles': 3, 'hcaObjects': 10000}},"
"    'unified': {'memory.high': '1000000'},"
"    'devices': [{'allow': false, 'access': 'rwm'},"
"      {'allow': true, 'type': 'c', 'major': 10, 'minor': 229,"
"       'access': 'rw'}]},"
"  'rootfsPropagation': 'slave',"
"  'seccomp': {'defaultAction': 'SCMP_ACT_ERRNO', 'defaultErrnoRet': 38,"
"    'architectures': ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X32'],"
"    'flags': ['SECCOMP_FILTER_FLAG_LOG'], 'listenerPath': '/run/agent',"
"    'listenerMetadata': 'opaque',"
"    'syscalls': [{'names': ['read', 'write'],"
"      'action': 'SCMP_ACT_ALLOW'},"
"      {'names': ['mkdir'], 'action': 'SCMP_ACT_NOTIFY'},"
"      {'names': ['clone'], 'action': 'SCMP_ACT_ERRNO', 'errnoRet': 1,"
"       'args': [{'index': 0, 'value': 18446744073709551488,"
"         'valueTwo': 0, 'op': 'SCMP_CMP_MASKED_EQ'}]}]},"
"  'sysctl': {'net.core.somaxconn': '256', 'kernel.shmmax': '1'},"
"  'maskedPaths': ['/proc/kcore'], 'readonlyPaths': ['/proc/sys'],"
"  'mountLabel': 'u:o:t:s0',"
"  'personality': {'domain': 'LINUX32', 'flags': []},"
"  'intelRdt': {'closID': 'group', 'l3CacheSchema': 'L3:0=7f0',"
"    'memBwSchema': 'MB:0=20', 'schemata': ['L3:0=7f0', 'MB:0=20'],"
"    'enableCMT': true, 'enableMBM': true, 'enableMonitoring': true},"
"  'memoryPolicy': {'mode': 'MPOL_BIND', 'nodes': '0',"
"    'flags': ['MPOL_F_STATIC_NODES']}}}";

/* With the quotes that JSON has; the caller frees. */
static inline char *
oci_quoted(const char *single)
{
	char *copy = copy_text(single);
	for (char *at = copy; *at; at++)
		if (*at == '\'')
			*at = '"';
	return copy;
}

#endif
