// The structures that our programs in the kernel read, for a kernel that has been built without its types: tools/kernels/types.ts.
#include <linux/dcache.h>
#include <linux/fdtable.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/mm_types.h>
#include <linux/mount.h>
#include <linux/net.h>
#include <linux/sched.h>
#include <net/af_unix.h>
#include <net/sock.h>

// The beginning of it: no header of a package has it, and it has been the same from 3.3 on.
struct mount {
  struct hlist_node hash;
  struct mount *mnt_parent;
  struct dentry *mnt_mountpoint;
  struct vfsmount mnt;
};

struct task_struct *task;
struct mm_struct *memory;
struct fs_struct *directories;
struct file *file;
struct dentry *entry;
struct vfsmount *place;
struct mount *mounted;
struct files_struct *files;
struct fdtable *table;
struct socket *socket;
struct sock *sock;
struct unix_sock *named;
struct unix_address *name;
