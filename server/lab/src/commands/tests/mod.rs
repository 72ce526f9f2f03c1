//! Software and system commands, one call at a time against a model that the test holds too: what `aix` reads back is what the
//! model says. How they work together over time is tested from outside, in `tests/`.

mod machine;
mod software;

use super::{Context, LabError, Output, names, run};
use crate::{
    clock, filesets,
    model::{Estate, Host, State, System, estate::Address, estate::FORMAT},
    personas,
    store::Store,
};

const HOSTS: [&str; 5] = ["nim1", "lpar61", "lpar71", "lpar72", "lpar73"];

/// An estate with the five hosts of the reference.
struct Lab {
    store: Store,
    _dir: tempfile::TempDir,
}

/// What a command did.
struct Done {
    code: u8,
    stdout: String,
    stderr: String,
}

impl Lab {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().canonicalize().unwrap());
        let made = personas::estate(clock::now_ms(), 4, 1);
        let hosts = made.hosts.iter().map(|host| Address { name: host.name.clone(), port: 0 }).collect();
        let estate = Estate { format: FORMAT, speed: 1_000_000, seed: 1, hosts };
        store.create(&estate, &made.hosts, &made.clients).unwrap();
        Self { store, _dir: dir }
    }

    /// Runs a command; single quotes hold words together.
    fn run(&self, host: &str, call: &str) -> Done {
        let quoted = call.split('\'').enumerate();
        let words = quoted.flat_map(|(at, part)| match at % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
            _ => vec![part.to_owned()],
        });
        let words: Vec<_> = words.collect();
        let context = Context { store: self.store.clone(), host: host.to_owned() };
        let mut out = Output::default();
        let code = run(&context, &words[0], &words[1..], &mut out).unwrap();
        Done { code, stdout: out.stdout, stderr: out.stderr }
    }

    /// Standard output of a command that succeeds and complains of nothing.
    fn ask(&self, host: &str, call: &str) -> String {
        let done = self.run(host, call);
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{host}: {call}");
        done.stdout
    }

    fn host(&self, name: &str) -> Host {
        self.store.host(name).unwrap()
    }

    fn change(&self, host: &str, change: impl FnOnce(&mut Host)) {
        let changed = self.store.update(host, |host| {
            change(host);
            Ok::<_, LabError>(())
        });
        changed.unwrap();
    }

    fn system(&self, host: &str) -> System {
        self.host(host).rootvg().unwrap().1.clone()
    }

    fn state(&self, host: &str, fileset: &str, state: State) {
        self.change(host, |host| host.system_mut().unwrap().filesets.get_mut(fileset).unwrap().state = state);
    }

    /// Puts a fileset to the level it had when its release was new.
    fn lag(&self, host: &str, fileset: &str) {
        let level = self.system(host).level();
        let old = filesets::level_of(fileset, filesets::level(level.version, level.release, 0, 0, 0));
        self.change(host, |host| host.system_mut().unwrap().filesets.get_mut(fileset).unwrap().level = old);
    }
}

/// The commands of these tests.
const OWN: &str = "alog bosboot clcmd date emgr entstat errclear errpt genkex hdcryptmgr host hostname ifconfig installp \
                   instfix lparstat lppchk lsconf lslpp lsmcode lssrc lswpar manage_disk_drivers netstat no odmget oslevel \
                   prtconf ps refresh rpcinfo rpm startsrc stopsrc trustchk tuncheck uname uptime vmo";

#[test]
fn an_unknown_option_is_never_a_silent_success() {
    let lab = Lab::new();
    for command in OWN.split_whitespace() {
        assert!(names(false).any(|name| name == command), "{command} is on no host");
        let done = lab.run("lpar71", &format!("{command} -~"));
        assert!(done.code != 0 && done.stdout.is_empty() && !done.stderr.is_empty(), "{command}: {}", done.stdout);
    }
}
