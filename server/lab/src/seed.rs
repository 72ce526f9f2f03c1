//! The files a new estate begins with: small, real, and different from host to host.

use crate::{
    LabError, address, image,
    model::{Host, migration::Image, nim::Resource},
    old_logs,
    store::Store,
    tree,
};

/// Writes the files of every host; their directories and mounts are there.
pub(crate) fn files(store: &Store, hosts: &[Host]) -> Result<(), LabError> {
    let Some(master) = hosts.first() else { return Ok(()) };
    for (index, host) in hosts.iter().enumerate() {
        let root = store.root(&host.name);
        // The master knows all, a client itself and the master.
        let known = hosts.iter().enumerate().filter(|(at, _)| index == 0 || *at == 0 || *at == index);
        tree::write(&root, "etc/hosts", &address::hosts_file(known.map(|(at, host)| (at, host.name.as_str()))))?;
        for (path, text) in system(host, master) {
            tree::write(&root, path, &text)?;
        }
        for path in ["tmp", "admin/tmp", "var/adm/ras/livedump", "opt", "home/guest"] {
            let path = root.join(path);
            std::fs::create_dir_all(&path).map_err(LabError::file("create", &path))?;
        }
    }
    let root = store.root(&master.name);
    let alt_mig = root.join("var/adm/ras/alt_mig");
    std::fs::create_dir_all(&alt_mig).map_err(LabError::file("create", &alt_mig))?;
    for resource in master.nim.iter().flat_map(|nim| &nim.resources) {
        for (path, text) in contents(resource) {
            tree::write(&root, &path, &text)?;
        }
        if resource.kind == "mksysb"
            && let Some(host) = hosts.iter().find(|host| Some(&host.name) == resource.source.as_ref())
        {
            let (group, system) = host.rootvg()?;
            let made = Image { system: system.clone(), volumes: group.lvs.clone(), pp_mib: group.pp_mib };
            image::write(&root.join(resource.location.trim_start_matches('/')), &made, &store.root(&host.name))?;
        }
    }
    old_logs::write(&root)
}

fn system(host: &Host, master: &Host) -> Vec<(&'static str, String)> {
    let (name, nim) = (&host.name, &master.name);
    let level = host.rootvg().map(|(_, system)| system.level().to_string()).unwrap_or_default();
    let mut files = vec![
        ("etc/passwd", "root:!:0:0::/:/usr/bin/ksh\ndaemon:!:1:1::/etc:\nguest:*:100:100::/home/guest:\noracle:!:203:203::/home/oracle:/usr/bin/ksh\n".to_owned()),
        ("etc/group", "system:!:0:root\nstaff:!:1:oracle\ndba:!:203:oracle\n".to_owned()),
        ("etc/security/passwd", format!("root:\n\tpassword = {{ssha512}}06${name}\n\tlastupdate = 1735689600\n")),
        ("etc/security/user", "default:\n\tadmin = false\n\tlogin = true\n\trlogin = true\n".to_owned()),
        ("etc/security/limits", "default:\n\tfsize = 2097151\n\tnofiles = 2000\n".to_owned()),
        ("etc/resolv.conf", format!("nameserver {}\ndomain {}\n", address::NAME_SERVER, address::DOMAIN)),
        ("etc/netsvc.conf", "hosts = local, bind\n".to_owned()),
        ("etc/inittab", "init:2:initdefault:\nbrc::sysinit:/sbin/rc.boot 3\nrc:23456789:wait:/etc/rc 2>&1\ncron:23456789:respawn:/usr/sbin/cron\n".to_owned()),
        ("etc/rc.tcpip", "start /usr/sbin/syslogd \"$src_running\"\nstart /usr/sbin/sshd \"$src_running\"\n".to_owned()),
        ("etc/environment", "PATH=/usr/bin:/etc:/usr/sbin:/usr/ucb:/sbin\nTZ=UTC0\nLANG=C\n".to_owned()),
        ("etc/motd", format!("Welcome to AIX on {name}\n")),
        ("etc/ntp.conf", "broadcastclient\ndriftfile /etc/ntp.drift\n".to_owned()),
        ("etc/exports", String::new()),
        ("etc/exclude.rootvg", "^./tmp/\n".to_owned()),
        ("etc/ssh/sshd_config", "Port 22\nPermitRootLogin without-password\n".to_owned()),
        ("etc/ssh/ssh_host_rsa_key.pub", format!("ssh-rsa AAAA{name} root@{name}\n")),
        ("etc/tunables/nextboot", "vmo:\n\tmaxpin% = \"80\"\n".to_owned()),
        ("var/spool/cron/crontabs/root", "0 3 * * * /usr/bin/errclear -d S,O 30\n".to_owned()),
        ("var/adm/ras/bosinstlog", format!("installed at {level}\n")),
        ("home/oracle/.profile", "export ORACLE_HOME=/opt/oracle\n".to_owned()),
        ("usr/lib/boot/unix_64", format!("kernel of {level}\n")),
        ("usr/lpp/bos/README", format!("AIX {level}\n")),
    ];
    let role = if host.nim.is_some() { "master" } else { "client" };
    files.push(("etc/niminfo", format!("export NIM_NAME={name}\nexport NIM_CONFIGURATION={role}\nexport NIM_MASTER_HOSTNAME={nim}\nexport NIM_SHELL=nimsh\nexport NIM_MASTER_PORT=1058\n")));
    files
}

/// What lies at the location of a resource.
fn contents(resource: &Resource) -> Vec<(String, String)> {
    let level = resource.level.map(|level| level.to_string()).unwrap_or_default();
    let at = |path: &str, text: &str| vec![(format!("{}{path}", resource.location), text.to_owned())];
    match (resource.kind.as_str(), resource.name.as_str()) {
        ("lpp_source", _) => at("/installp/ppc/.toc", &format!("0 {level}\n")),
        ("spot", _) => at("/lpp/bos/README", &format!("SPOT of {level}\n")),
        ("exclude_files", _) => at("", "^./home/guest/\n^./var/adm/ras/livedump/\n"),
        ("installp_bundle", _) => at("", "# bundle of the lab\nI:openssh.base.server\nI:openssl.base\n"),
        ("bosinst_data", _) => at("", "control_flow:\n    PROMPT = no\n    ACCEPT_LICENSES = yes\n"),
        ("image_data", _) => at(
            "",
            "lv_data:\n    LOGICAL_VOLUME= hd2\n    LPs= 56\n\nfs_data:\n    FS_NAME= /opt/monitor\n    FS_LV= /dev/monagent\n",
        ),
        ("script", "pre_migration") => at(
            "",
            "#!/bin/sh\n# $1 is the root of the new system.\necho \"pre_migration: saving the site configuration\"\nmkdir -p \"$1/var/site\" && cp \"$1/etc/motd\" \"$1/var/site/motd.before\"\n",
        ),
        ("script", _) => at(
            "",
            "#!/bin/sh\n# $1 is the root of the new system.\necho \"post_migration: leaving a note in etc/motd\"\necho \"Migrated by nimadm\" >>\"$1/etc/motd\"\n",
        ),
        _ => Vec::new(),
    }
}
