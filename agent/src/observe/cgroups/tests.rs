//! Paths as runtimes make them, and a tree of folders.

use super::*;

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const UID: &str = "1f2e3d4c-0000-4444-8888-abcdefabcdef";

fn named(path: &str) -> (String, String) {
    let Workload { namespace, pod, container } = workload(Path::new(path));
    assert_eq!(namespace, None, "no path tells it");
    (pod.unwrap_or_default(), container.unwrap_or_default())
}

fn pair(pod: &str, container: &str) -> (String, String) {
    (pod.to_owned(), container.to_owned())
}

#[test]
fn pods_and_their_containers() {
    let slices = UID.replace('-', "_");
    for path in [
        format!("kubepods/burstable/pod{UID}/{ID}"),
        format!(
            "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{slices}.slice/cri-containerd-{ID}.scope"
        ),
        format!("kubepods.slice/kubepods-pod{slices}.slice/crio-{ID}.scope/container"),
        format!("kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod{slices}.slice/docker-{ID}.scope"),
        format!(
            "kubepods-besteffort-pod{slices}.slice:cri-containerd:{ID}/kubepods.slice/kubepods-pod{slices}.slice/{ID}"
        ),
    ] {
        assert_eq!(named(&path), pair(UID, "0123456789ab"), "{path}");
    }
    assert_eq!(named(&format!("kubepods/pod{UID}")), pair(UID, ""), "the pod's own");
    let hash = "d".repeat(32);
    assert_eq!(
        named(&format!("kubepods/burstable/pod{hash}/{ID}")),
        pair(&hash, "0123456789ab"),
        "a static pod"
    );
}

#[test]
fn containers_without_kubernetes() {
    for path in [
        format!("docker/{ID}"),
        format!("system.slice/docker-{ID}.scope"),
        format!("machine.slice/libpod-{ID}.scope/container"),
        format!("system.slice/containerd.service/k8s.io/{ID}"),
    ] {
        assert_eq!(named(&path), pair("", "0123456789ab"), "{path}");
    }
}

#[test]
fn units_and_the_rest() {
    for (path, container) in [
        ("system.slice/ssh.service", "ssh.service"),
        ("user.slice/user-1000.slice/session-2.scope", "session-2.scope"),
        ("user.slice/user-1000.slice/user@1000.service/app.slice/app-x.service", "app-x.service"),
        ("system.slice/system-getty.slice", "system-getty.slice"),
        ("system.slice/cron.service/child", "cron.service"),
        ("k8s.io/web", "k8s.io/web"),
        ("a/b/c", "b/c"),
        ("batch", "batch"),
        ("", "/"),
        ("podium/pod1", "podium/pod1"),
        ("x\u{7}y", "x?y"),
    ] {
        assert_eq!(named(path), pair("", container), "{path}");
    }
    assert_eq!(named(&"n".repeat(255)).1.len(), MOST_NAME);
}

#[test]
fn ids_are_inode_numbers() {
    let tree = tempfile::tempdir().unwrap();
    let inner = tree.path().join("a.slice/b.service");
    fs::create_dir_all(&inner).unwrap();
    fs::write(tree.path().join("cgroup.procs"), "").unwrap();
    let ino = |path: &Path| fs::metadata(path).unwrap().ino();
    let (root, id, file) = (ino(tree.path()), ino(&inner), ino(&tree.path().join("cgroup.procs")));
    let mut cgroups = Cgroups::new(Some(tree.path().to_owned()));
    assert_eq!(cgroups.path(id), None, "not looked for yet");
    cgroups.find([root, id, file].into_iter());
    assert_eq!(cgroups.path(id), Some(Path::new("a.slice/b.service")));
    assert_eq!(cgroups.path(root), Some(Path::new("")));
    assert_eq!(cgroups.path(file), None, "no cgroup");
    assert!(cgroups.is_alive(id) && cgroups.is_alive(root) && !cgroups.is_alive(file));
    fs::remove_dir(&inner).unwrap();
    assert!(!cgroups.is_alive(id));
    cgroups.find([id].into_iter());
    assert_eq!(cgroups.workload(id).unwrap().container.as_deref(), Some("b.service"), "its name stays");
    let mut nowhere = Cgroups::new(None);
    nowhere.find([id].into_iter());
    assert_eq!(nowhere.workload(id), None);
}

#[test]
fn the_mount_of_each_hierarchy() {
    let hybrid = "\
30 24 0:26 / /sys/fs/cgroup rw shared:9 - tmpfs tmpfs rw,mode=755
31 30 0:27 / /sys/fs/cgroup/unified rw,nosuid shared:10 - cgroup2 cgroup2 rw
35 30 0:31 / /sys/fs/cgroup/cpu,cpuacct rw shared:14 - cgroup cgroup rw,cpu,cpuacct
36 30 0:32 / /sys/fs/cgroup/memory rw shared:15 - cgroup cgroup rw,memory
";
    let at = |text: &str, hierarchy| mount_point(text, hierarchy);
    assert_eq!(at(hybrid, Hierarchy::V2), Some(PathBuf::from("/sys/fs/cgroup/unified")));
    assert_eq!(at(hybrid, Hierarchy::V1Memory), Some(PathBuf::from("/sys/fs/cgroup/memory")));
    assert_eq!(at(hybrid, Hierarchy::None), None);
    let two = "\
40 24 0:27 /kubepods/x /sys/fs/cgroup ro - cgroup2 cgroup rw
41 24 0:27 / /host/cgroup ro - cgroup2 cgroup rw
";
    assert_eq!(
        at(two, Hierarchy::V2),
        Some(PathBuf::from("/host/cgroup")),
        "the whole is better than a part"
    );
    let in_container = "\
40 24 0:27 / /sys/fs/cgroup ro - cgroup2 cgroup rw
41 24 0:27 /../../.. /host/sys/fs/cgroup ro - cgroup2 cgroup rw
";
    assert_eq!(at(in_container, Hierarchy::V2), Some(PathBuf::from("/host/sys/fs/cgroup")), "the node's");
    assert_eq!(at("", Hierarchy::V2), None);
}

#[test]
fn containers_with_their_whole_id() {
    let pod = format!("/kubepods/burstable/pod{UID}");
    for path in
        [&format!("{pod}/{ID}"), &format!("/system.slice/docker-{ID}.scope"), &format!("/crio-{ID}.scope/a")]
    {
        assert_eq!(container(path), Some(ID), "{path}");
    }
    for path in [&pod, "/system.slice/falco.service", ""] {
        assert_eq!(container(path), None, "{path}");
    }
}
